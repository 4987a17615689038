// Tokens by credentials of azure-identity for Node.js, printed as JSON for node_client.py.
import { ClientCertificateCredential, ClientSecretCredential, DeviceCodeCredential } from "@azure/identity";

const { AZURE_AUTHORITY_HOST: authorityHost, AZURE_TENANT_ID: tenantId, GREETING_SCOPE: scope, ...env } = process.env;
const options = { authorityHost, disableInstanceDiscovery: true };
const app = scope.replace(/[^/]*$/, ".default");
const credentials = {
  person: [new DeviceCodeCredential({ tenantId, clientId: env.AZURE_CLIENT_ID, userPromptCallback: () => {}, ...options }), scope],
  secret: [new ClientSecretCredential(tenantId, env.DAEMON, env.DAEMON_SECRET, options), app],
  certificate: [new ClientCertificateCredential(tenantId, env.DAEMON, env.DAEMON_PEM, options), app],
};
const tokens = {};
for (const [name, [credential, scope]] of Object.entries(credentials)) {
  tokens[name] = (await credential.getToken(scope)).token;
}
console.log(JSON.stringify(tokens));
