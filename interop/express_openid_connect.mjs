// A web app with express-openid-connect at its defaults: an ID token by a form, no client secret.
import express from "express";
import openid from "express-openid-connect";

const { auth, requiresAuth } = openid;
const { PORT, ISSUER, CLIENT } = process.env;
const app = express();
app.use(
  auth({
    issuerBaseURL: ISSUER,
    baseURL: `http://localhost:${PORT}`,
    clientID: CLIENT,
    secret: "a secret of this program's own, to encrypt its cookies",
  }),
);
app.get("/", requiresAuth(), (request, response) => {
  response.send(`<title>app</title><p id=who>${request.oidc.user.email}</p>`);
});
app.listen(Number(PORT), "127.0.0.1", () => console.log("ready"));
