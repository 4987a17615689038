// Tokens by each flow of MSAL for Node.js, printed as JSON for node_client.py.
import { readFileSync } from "node:fs";
import { X509Certificate } from "node:crypto";
import { ConfidentialClientApplication, PublicClientApplication } from "@azure/msal-node";

const env = process.env;
const host = env.AZURE_AUTHORITY_HOST;
const authority = `${host}/${env.AZURE_TENANT_ID}`;
const knownAuthorities = [new URL(host).host];
const scopes = [env.GREETING_SCOPE];
const tokens = {};

const app = new PublicClientApplication({ auth: { clientId: env.AZURE_CLIENT_ID, authority, knownAuthorities } });
const first = await app.acquireTokenByDeviceCode({ scopes, deviceCodeCallback: () => {} });
if (first.account?.username !== "alice@greeting.test") throw new Error("no account");
tokens.first = first.accessToken;
const { account } = first;
const silent = await app.acquireTokenSilent({ account, scopes });
if (!silent.fromCache) throw new Error("not from the cache");
tokens.silent = silent.accessToken;
tokens.refreshed = (await app.acquireTokenSilent({ account, scopes, forceRefresh: true })).accessToken;

const pem = readFileSync(env.DAEMON_PEM, "utf8");
const certificate = new X509Certificate(pem.slice(pem.indexOf("-----BEGIN CERTIFICATE")));
const proofs = {
  secret: { clientSecret: env.DAEMON_SECRET },
  certificate: {
    clientCertificate: {
      thumbprintSha256: certificate.fingerprint256.replaceAll(":", ""),
      privateKey: pem,
      x5c: certificate.toString(),
    },
  },
};
for (const [name, proof] of Object.entries(proofs)) {
  const daemon = new ConfidentialClientApplication({
    auth: { clientId: env.DAEMON, authority, knownAuthorities, ...proof },
  });
  const scope = env.GREETING_SCOPE.replace(/[^/]*$/, ".default");
  tokens[name] = (await daemon.acquireTokenByClientCredential({ scopes: [scope] })).accessToken;
}
console.log(JSON.stringify(tokens));
