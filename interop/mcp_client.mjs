// An MCP client by the official SDK for TypeScript. Its sign-in is a redirect that it follows
// itself (`up --auto-approve`). Prints what came of it as JSON.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { UnauthorizedError, auth } from "@modelcontextprotocol/sdk/client/auth.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const url = new URL(process.env.MCP_URL);
const asked = {};
let code;

const provider = {
  redirectUrl: "http://localhost:3000",
  clientMetadata: { client_name: "interop", redirect_uris: ["http://localhost:3000"] },
  // Entra registers no clients at run time: the client's id is known beforehand.
  clientInformation: () => ({ client_id: process.env.MCP_CLIENT_ID }),
  tokens: () => provider.kept,
  saveTokens: (tokens) => {
    provider.kept = tokens;
  },
  saveCodeVerifier: (verifier) => {
    provider.verifier = verifier;
  },
  codeVerifier: () => provider.verifier,
  async redirectToAuthorization(at) {
    Object.assign(asked, Object.fromEntries(at.searchParams));
    const answer = await fetch(at, { redirect: "manual" });
    const answered = new URL(answer.headers.get("location") ?? "about:blank").searchParams;
    if (answered.has("error")) throw new Error(`${answered.get("error")}: ${answered.get("error_description")}`);
    code = answered.get("code");
  },
};

const connect = async () => {
  const client = new Client({ name: "interop", version: "1.0.0" });
  const transport = new StreamableHTTPClientTransport(url, { authProvider: provider });
  try {
    await client.connect(transport);
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error;
    await transport.finishAuth(code);
    return connect();
  }
  return client;
};
const said = async (client, name, options) => (await client.callTool({ name }, undefined, options)).content[0].text;

let outcome;
try {
  const client = await connect();
  const first = provider.kept.access_token;
  const who = await said(client, "who");
  const streamed = await said(client, "wait", { onprogress: () => said(client, "release") });
  // What the SDK does on a 401 where it has a refresh token.
  const result = await auth(provider, { serverUrl: url });
  outcome = {
    who,
    streamed,
    again: await said(client, "who"),
    refreshed: result === "AUTHORIZED" && provider.kept.access_token !== first,
  };
  await client.close();
} catch (error) {
  outcome = { error: error.message };
}
console.log(JSON.stringify({ ...outcome, resource: asked.resource, scope: asked.scope }));
