// Answers with the path that it was asked for, as this server reads it. Prints its port.
import { createServer } from "node:http";

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, "http://localhost");
  response.end(JSON.stringify([pathname, decodeURIComponent(pathname)]));
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
