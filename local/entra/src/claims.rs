//! The tokens' claims, v1 and v2.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::directory::{Application, TokenKind, User, UserState};
use super::{Authority, TokenVersion};

/// An access token's life in seconds; Entra's is 60 to 90 minutes.
pub const LIFETIME: i64 = 3600;

/// A managed identity's token lives a day (reported: azure-sdk-for-net#27019), the longest of all.
pub(crate) const MANAGED_IDENTITY_LIFETIME: i64 = 24 * 3600;

/// Who signs guests in: a tenant that is not this one.
const GUESTS_HOME: &str = "https://sts.windows.net/b9d2f6a1-3c84-4e57-8a10-5f6e7d8c9b02/";

/// How a client proved itself: `azpacr`, in v1 `appidacr` (documented: access token claims
/// reference).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Credential {
    /// It did not: a public client.
    None,
    Secret,
    Certificate,
}

impl Credential {
    pub(crate) fn acr(self) -> &'static str {
        match self {
            Self::None => "0",
            Self::Secret => "1",
            Self::Certificate => "2",
        }
    }
}

/// What an access token is for.
pub(crate) struct Grant<'a> {
    pub user: &'a User,
    pub client: &'a str,
    pub credential: Credential,
    /// Whom the token is for: a v2 token's is the resource's application id, a v1 token's what it
    /// was asked for by.
    pub audience: &'a str,
    /// The resource's application id, in whichever way the request named it.
    pub recipient: &'a str,
    /// The API's registration, which says what else is in its tokens.
    pub app: Option<&'a Application>,
    /// What the client declares that it can do (`xms_cc` in `claims`).
    pub capabilities: &'a [String],
    pub scopes: &'a [String],
    pub version: TokenVersion,
    pub issued: i64,
    pub expires: i64,
}

impl Authority {
    /// A delegated access token's claims, in Entra's order.
    pub(crate) fn access_claims(&self, grant: &Grant<'_>) -> Map<String, Value> {
        let user = grant.user;
        let tenant = self.tenant();
        let subject = pairwise(&user.oid, grant.recipient);
        let acr = grant.credential.acr();
        let scp = grant.scopes.join(" ");
        let (issued, expires) = (grant.issued, grant.expires);
        let claims = match grant.version {
            TokenVersion::V2 => json!({
                "aud": grant.audience, "iss": self.issuer_v2(),
                "iat": issued, "nbf": issued, "exp": expires,
                "aio": opaque(), "azp": grant.client, "azpacr": acr,
                "name": user.name, "oid": user.oid, "preferred_username": user.upn,
                "rh": opaque(), "scp": scp, "sub": subject, "tid": tenant,
                "uti": opaque(), "ver": "2.0",
            }),
            TokenVersion::V1 => json!({
                "aud": grant.audience, "iss": self.issuer_v1(),
                "iat": issued, "nbf": issued, "exp": expires,
                "acr": "1", "aio": opaque(), "amr": ["pwd"],
                "appid": grant.client, "appidacr": acr, "ipaddr": "127.0.0.1",
                "name": user.name, "oid": user.oid, "rh": opaque(), "scp": scp,
                "sub": subject, "tid": tenant, "unique_name": user.upn, "upn": user.upn,
                "uti": opaque(), "ver": "1.0",
            }),
        };
        let mut claims = object(claims);
        if user.state == UserState::Guest {
            // Only where it differs from the issuer (access token claims reference, `idp`).
            insert_before(&mut claims, "name", "idp", json!(GUESTS_HOME));
        }
        if grant.version == TokenVersion::V1 {
            // Always in v1 tokens (optional claims reference, v2.0-specific ones).
            let names = [
                ("family_name", &user.surname),
                ("given_name", &user.given_name),
            ];
            for (name, value) in names {
                if let Some(value) = value {
                    insert_sorted(&mut claims, name, json!(value));
                }
            }
        }
        if let Some(app) = grant.app {
            let kind = TokenKind::Access(grant.version);
            for (name, value) in app.claims_of(user, kind, tenant, grant.capabilities) {
                insert_sorted(&mut claims, &name, value);
            }
        }
        claims
    }

    /// An ID token's claims; `kind` is how it gets to the client. The scopes of the protocol say
    /// what is in it: `profile` is required for name, object id and user name (documented: ID
    /// token claims reference), `email` for the mail (scopes-oidc).
    pub(crate) fn id_claims<S: AsRef<str>>(
        &self,
        user: &User,
        client: &str,
        kind: TokenKind,
        protocol: &[S],
        now: i64,
    ) -> Value {
        let claims = json!({
            "aud": client, "iss": self.issuer_v2(), "iat": now, "nbf": now, "exp": now + LIFETIME,
            "name": user.name, "oid": user.oid, "preferred_username": user.upn,
            "sub": pairwise(&user.oid, client), "tid": self.tenant(), "uti": opaque(), "ver": "2.0",
        });
        let mut claims = object(claims);
        let has = |scope: &str| protocol.iter().any(|asked| asked.as_ref() == scope);
        if !has("profile") {
            for name in ["name", "oid", "preferred_username"] {
                claims.shift_remove(name);
            }
        }
        if let (true, Some(mail)) = (has("email"), &user.mail) {
            claims.insert("email".to_owned(), json!(mail));
        }
        if let Some(app) = self.directory().application(client) {
            for (name, value) in app.claims_of(user, kind, self.tenant(), &[]) {
                insert_sorted(&mut claims, &name, value);
            }
        }
        Value::Object(claims)
    }
}

/// A subject that differs between those who receive the token (OpenID Connect Core section 8.1):
/// an ID token's is its client's, an access token's its API's, whichever client asks (documented:
/// ID token claims reference, `sub`; reported: azure-docs#71777).
pub(crate) fn pairwise(oid: &str, recipient: &str) -> String {
    let digest = aws_lc_rs::digest::digest(
        &aws_lc_rs::digest::SHA256,
        format!("{oid}{recipient}").as_bytes(),
    );
    URL_SAFE_NO_PAD.encode(digest)
}

/// A value that only Entra's own services read.
pub(super) fn opaque() -> String {
    URL_SAFE_NO_PAD.encode(uuid::Uuid::new_v4().as_bytes())
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Puts a claim in its place, or in place of the one that is there.
pub(super) fn insert_sorted(claims: &mut Map<String, Value>, name: &str, value: Value) {
    if let Some(known) = claims.get_mut(name) {
        *known = value;
        return;
    }
    let registered = ["aud", "iss", "iat", "nbf", "exp"];
    let mut names = claims.keys();
    let index =
        names.position(|known| !registered.contains(&known.as_str()) && known.as_str() > name);
    claims.shift_insert(index.unwrap_or(claims.len()), name.to_owned(), value);
}

/// Entra's order of claims is alphabetical, after the registered ones.
pub(super) fn insert_before(
    claims: &mut Map<String, Value>,
    before: &str,
    name: &str,
    value: Value,
) {
    let index = claims.keys().position(|known| known == before);
    claims.shift_insert(index.unwrap_or(claims.len()), name.to_owned(), value);
}
