import { PublicClientApplication } from "@azure/msal-node";
const { AZURE_AUTHORITY_HOST: host, AZURE_TENANT_ID: tenant, AZURE_CLIENT_ID: clientId } = process.env;
const app = new PublicClientApplication({
  auth: { clientId, authority: `${host}/${tenant}`, knownAuthorities: [new URL(host).host] },
});
const { accessToken } = await app.acquireTokenByDeviceCode({
  scopes: [process.env.GREETING_SCOPE],
  deviceCodeCallback: ({ message }) => console.log(message),
});
const answer = await fetch(process.env.GREETING_URL, { headers: { Authorization: `Bearer ${accessToken}` } });
console.log(await answer.text());
