// Published readers of Easy Auth's headers, each in an app that answers who called: the first
// argument names the reader, the second is the port, the third the gate.
import { createServer } from "node:http";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const [name, port, gate] = process.argv.slice(2);

const readers = {
  // Without a Functions host the package is in its test mode: its request is the real one.
  functions() {
    const { HttpRequest } = require("@azure/functions");
    return ({ method, url, headers }) => new HttpRequest({ method, url: new URL(url, gate).href, headers }).user;
  },
  // As Backstage's auth backend starts and calls it.
  async backstage() {
    const { default: feature, azureEasyAuthAuthenticator } = require(
      "@backstage/plugin-auth-backend-module-azure-easyauth-provider",
    );
    const registered = [];
    const providers = { registerProvider: ({ providerId }) => registered.push(providerId) };
    for (const { init } of feature.getRegistrations()) await init.func({ providers });
    return async ({ headers }) => {
      const req = { header: (header) => headers[header.toLowerCase()] };
      const { result } = await azureEasyAuthAuthenticator.authenticate({ req }, undefined);
      const { profile } = await azureEasyAuthAuthenticator.defaultProfileTransform(result, {});
      return { registered, id: result.fullProfile.id, username: result.fullProfile.username, profile };
    };
  },
  // Mobile Apps' SDK asks the gate itself, with the caller's X-ZUMO-AUTH.
  mobile() {
    const getIdentity = require("azure-mobile-apps/src/auth/getIdentity");
    return ({ headers }) => getIdentity({ issuer: gate }, headers["x-zumo-auth"], "aad");
  },
};

const read = await readers[name]();
const server = createServer(async (request, response) => {
  try {
    response.end(JSON.stringify(await read(request)));
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
});
server.listen(Number(port), "127.0.0.1", () => console.log("listens"));
