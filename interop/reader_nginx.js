// Who called, in nginx' own JavaScript (njs): the principal is decoded as its documentation has it.
function who(request) {
  const header = request.headersIn["X-MS-CLIENT-PRINCIPAL"];
  const principal = JSON.parse(Buffer.from(header, "base64").toString());
  const claim = (typ) => principal.claims.filter((it) => it.typ === typ).map((it) => it.val)[0];
  const object = "http://schemas.microsoft.com/identity/claims/objectidentifier";
  const name = request.headersIn["X-MS-CLIENT-PRINCIPAL-NAME"];
  request.return(200, JSON.stringify({ id: claim(object), name }));
}

export default { who };
