// The seed's check in Node.js: the principal's header, its provider, its scope.
import { createServer } from "node:http";

const GREETING =
  "Hello, world. You were able to access this because you provided a valid access token with the Greeting.Read scope as a claim.";
const SCOPES = new Set(["scp", "http://schemas.microsoft.com/identity/claims/scope"]);

function decide(header) {
  if (!header) return 401;
  try {
    const principal = JSON.parse(Buffer.from(header, "base64"));
    if (principal.auth_typ !== "aad") return 401;
    const granted = principal.claims.some(({ typ, val }) => SCOPES.has(typ) && val.split(" ").includes("Greeting.Read"));
    return granted ? 200 : 403;
  } catch {
    return 401;
  }
}

createServer((request, response) => {
  const status = decide(request.headers["x-ms-client-principal"]);
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" });
  response.end(status === 200 ? GREETING : "Refused.");
}).listen(process.env.FUNCTIONS_CUSTOMHANDLER_PORT, "127.0.0.1");
