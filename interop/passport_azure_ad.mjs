// A web app with passport-azure-ad's OIDCStrategy as its README has it; Microsoft no longer maintains it.
import express from "express";
import session from "express-session";
import passport from "passport";
import { OIDCStrategy } from "passport-azure-ad";

const { PORT, ISSUER, CLIENT, RESPONSE_TYPE, SECRET, SCOPE } = process.env;
passport.use(
  new OIDCStrategy(
    {
      identityMetadata: `${ISSUER}/.well-known/openid-configuration`,
      clientID: CLIENT,
      responseType: RESPONSE_TYPE,
      responseMode: "form_post",
      redirectUrl: `http://localhost:${PORT}/callback`,
      allowHttpForRedirectUrl: true,
      clientSecret: SECRET,
      scope: SCOPE,
      loggingLevel: "error",
    },
    (profile, done) => done(null, profile),
  ),
);
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user, done) => done(null, user));

const app = express();
app.use(express.urlencoded({ extended: false }));
app.use(session({ secret: "a secret of this program's own", resave: false, saveUninitialized: false }));
app.use(passport.session());
const signIn = passport.authenticate("azuread-openidconnect", { failureRedirect: "/failed" });
app.get("/", (request, response, next) => (request.isAuthenticated() ? next() : signIn(request, response, next)));
app.get("/", (request, response) => {
  const { sub, oid, _json: claims } = request.user;
  response.send(`<title>app</title><p id=who>${JSON.stringify({ sub, oid, name: claims.preferred_username })}</p>`);
});
app.post("/callback", signIn, (_, response) => response.redirect("/"));
app.get("/failed", (_, response) => response.send("<title>failed</title>"));
app.listen(Number(PORT), "127.0.0.1", () => console.log("ready"));
