// An MCP server by the official SDK for TypeScript: it trusts Easy Auth in front of it, and says
// who called.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";

let release;
const released = new Promise((resolve) => {
  release = resolve;
});
const text = (value) => ({ content: [{ type: "text", text: value }] });

function greeting() {
  const server = new McpServer({ name: "greeting", version: "1.0.0" });
  server.registerTool("who", { description: "Who calls, as Easy Auth has it" }, ({ requestInfo }) =>
    text(requestInfo.headers["x-ms-client-principal-name"] ?? "nobody"),
  );
  // Whoever calls `release` on the progress alone has got it before the end: nothing has kept it.
  server.registerTool("wait", { description: "Progress; ends with `release`" }, async (extra) => {
    const { progressToken } = extra._meta;
    await extra.sendNotification({ method: "notifications/progress", params: { progressToken, progress: 1, total: 2 } });
    await released;
    return text("released");
  });
  server.registerTool("release", { description: "Ends `wait`" }, () => {
    release();
    return text("done");
  });
  return server;
}

const sessions = new Map();
const listener = createServer(async (request, response) => {
  let transport = sessions.get(request.headers["mcp-session-id"]);
  if (!transport) {
    transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => sessions.set(id, transport),
    });
    await greeting().connect(transport);
  }
  await transport.handleRequest(request, response);
});
listener.listen(0, "127.0.0.1", () => console.log(listener.address().port));
