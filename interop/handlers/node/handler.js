// A custom handler in Node.js' own modules.
const http = require("http");

const server = http.createServer((request, response) => {
  const target = new URL(request.url, "http://localhost");
  if (target.pathname !== "/api/Hello") {
    response.writeHead(404).end();
    return;
  }
  let body = "";
  request.on("data", (piece) => (body += piece));
  request.on("end", () => {
    const said = {
      language: "node",
      method: request.method,
      name: target.searchParams.get("name") ?? body,
      caller: request.headers["x-ms-client-principal-name"] ?? null,
    };
    response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(said));
  });
});
server.listen(process.env.FUNCTIONS_CUSTOMHANDLER_PORT, "127.0.0.1");
