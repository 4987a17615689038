//! The tokens' claims, v1 and v2, and those with a defect that somebody asked for.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Map, Value, json};

use super::directory::{User, UserState};
use super::keys::{KeyError, SigningKeys, WithX5t};
use super::{Authority, TokenVersion};

/// An access token's life in seconds; Entra's is 60 to 90 minutes.
pub(crate) const LIFETIME: i64 = 3600;

/// Who signs guests in: a tenant that is not this one.
const GUESTS_HOME: &str = "https://sts.windows.net/b9d2f6a1-3c84-4e57-8a10-5f6e7d8c9b02/";

/// How a minted token is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MintAlgorithm {
    Rs256,
    /// `alg: none`, RFC 7515 appendix A.5: a verifier must not take it.
    None,
    /// HMAC keyed by the public modulus, the classic confusion.
    Hs256ByPublicKey,
    /// The right key, and algorithms that Entra does not sign with.
    Rs512,
    Ps256,
}

/// A token with any chosen property or defect. The default is one that opens the door.
#[derive(Debug, Clone)]
pub(crate) struct MintSpec {
    /// Sign-in name; alice when absent.
    pub(crate) user: Option<String>,
    /// `aud`; the API when absent.
    pub(crate) audience: Option<String>,
    /// `Greeting.Read` when absent.
    pub(crate) scopes: Option<Vec<String>>,
    pub(crate) roles: Vec<String>,
    /// A daemon's token: no user and no scope.
    pub(crate) app_only: bool,
    pub(crate) version: TokenVersion,
    /// Seconds from now; negative for one that has expired.
    pub(crate) lifetime_seconds: i64,
    pub(crate) algorithm: MintAlgorithm,
    pub(crate) bad_signature: bool,
    /// Signed by a key that is not published, under its own id.
    pub(crate) unknown_key: bool,
    /// The claims say one thing more than what was signed.
    pub(crate) tampered: bool,
    /// Set last; null removes.
    pub(crate) claims: Vec<(String, Value)>,
}

impl Default for MintSpec {
    fn default() -> Self {
        Self {
            user: None,
            audience: None,
            scopes: None,
            roles: Vec::new(),
            app_only: false,
            version: TokenVersion::V2,
            lifetime_seconds: LIFETIME,
            algorithm: MintAlgorithm::Rs256,
            bad_signature: false,
            unknown_key: false,
            tampered: false,
            claims: Vec::new(),
        }
    }
}

/// What an access token is for.
pub(crate) struct Grant<'a> {
    pub(crate) user: &'a User,
    pub(crate) client: &'a str,
    /// The resource as it was asked for; v1 tokens repeat it.
    pub(crate) resource: &'a str,
    pub(crate) scopes: &'a [String],
    pub(crate) version: TokenVersion,
    pub(crate) issued: i64,
    pub(crate) expires: i64,
}

impl Authority {
    /// A delegated access token's claims, in Entra's order.
    pub(crate) fn access_claims(&self, grant: &Grant<'_>) -> Map<String, Value> {
        let user = grant.user;
        let tenant = self.tenant();
        let subject = pairwise(user.oid, grant.client);
        let scp = grant.scopes.join(" ");
        let (issued, expires) = (grant.issued, grant.expires);
        let claims = match grant.version {
            TokenVersion::V2 => json!({
                "aud": self.api_client_id(), "iss": self.issuer_v2(),
                "iat": issued, "nbf": issued, "exp": expires,
                "aio": opaque(), "azp": grant.client, "azpacr": "0",
                "name": user.name, "oid": user.oid, "preferred_username": user.upn,
                "rh": opaque(), "scp": scp, "sub": subject, "tid": tenant,
                "uti": opaque(), "ver": "2.0",
            }),
            TokenVersion::V1 => json!({
                "aud": grant.resource, "iss": self.issuer_v1(),
                "iat": issued, "nbf": issued, "exp": expires,
                "acr": "1", "aio": opaque(), "amr": ["pwd"],
                "appid": grant.client, "appidacr": "0", "ipaddr": "127.0.0.1",
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
        claims
    }

    /// An ID token's claims.
    pub(crate) fn id_claims(&self, user: &User, client: &str, now: i64) -> Value {
        json!({
            "aud": client, "iss": self.issuer_v2(), "iat": now, "nbf": now, "exp": now + LIFETIME,
            "name": user.name, "oid": user.oid, "preferred_username": user.upn,
            "sub": pairwise(user.oid, client), "tid": self.tenant(), "uti": opaque(), "ver": "2.0",
        })
    }

    /// A token with the properties and defects of `spec`.
    ///
    /// # Errors
    /// An unknown user, or a key that can't sign.
    pub(crate) fn mint(&self, spec: &MintSpec) -> Result<String, MintError> {
        let user = match &spec.user {
            None => &self.directory().users()[0],
            Some(name) => self
                .directory()
                .user(name)
                .ok_or_else(|| MintError::User(name.clone()))?,
        };
        let now = self.clock().now();
        let (issued, expires) = if spec.lifetime_seconds < 0 {
            (
                now + spec.lifetime_seconds - LIFETIME,
                now + spec.lifetime_seconds,
            )
        } else {
            (now, now + spec.lifetime_seconds)
        };
        let scopes = spec
            .scopes
            .clone()
            .unwrap_or_else(|| vec!["Greeting.Read".to_owned()]);
        let resource = format!("api://{}", self.api_client_id());
        let mut claims = self.access_claims(&Grant {
            user,
            client: crate::deploy::CLI_CLIENT_ID,
            resource: &resource,
            scopes: &scopes,
            version: spec.version,
            issued,
            expires,
        });
        if let Some(audience) = &spec.audience {
            claims["aud"] = json!(audience);
        }
        if spec.app_only {
            for name in [
                "name",
                "preferred_username",
                "unique_name",
                "upn",
                "scp",
                "amr",
                "ipaddr",
            ] {
                claims.shift_remove(name);
            }
            claims["sub"] = claims["oid"].clone();
            claims.insert("idtyp".to_owned(), json!("app"));
        }
        if scopes.is_empty() {
            claims.shift_remove("scp");
        }
        if !spec.roles.is_empty() {
            claims.insert("roles".to_owned(), json!(spec.roles));
        }
        for (name, value) in &spec.claims {
            if value.is_null() {
                claims.shift_remove(name);
            } else {
                claims.insert(name.clone(), value.clone());
            }
        }
        self.sign_with_defects(&Value::Object(claims), spec)
    }

    fn sign_with_defects(&self, claims: &Value, spec: &MintSpec) -> Result<String, MintError> {
        let with_x5t = match spec.version {
            TokenVersion::V1 => WithX5t::Yes,
            TokenVersion::V2 => WithX5t::No,
        };
        let token = match spec.algorithm {
            MintAlgorithm::None => {
                let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
                let header = json!({"alg": "none", "typ": "JWT", "kid": self.keys().kid()});
                return Ok(format!("{}.{}.", part(&header), part(claims)));
            }
            MintAlgorithm::Hs256ByPublicKey => {
                let mut header = Header::new(Algorithm::HS256);
                header.kid = Some(self.keys().kid().to_owned());
                let key = EncodingKey::from_secret(self.keys().modulus());
                jsonwebtoken::encode(&header, claims, &key).map_err(KeyError::from)?
            }
            MintAlgorithm::Rs512 => self.keys().sign_with(Algorithm::RS512, claims)?,
            MintAlgorithm::Ps256 => self.keys().sign_with(Algorithm::PS256, claims)?,
            MintAlgorithm::Rs256 if spec.tampered => {
                let signed = self.keys().sign(claims, with_x5t)?;
                let mut changed = claims.clone();
                changed["tampered"] = json!(true);
                let changed = URL_SAFE_NO_PAD.encode(changed.to_string());
                let mut parts: Vec<&str> = signed.split('.').collect();
                // header.claims.signature: that is what signing makes.
                if let Some(claims) = parts.get_mut(1) {
                    *claims = &changed;
                }
                parts.join(".")
            }
            MintAlgorithm::Rs256 if spec.unknown_key => {
                SigningKeys::throw_away()?.sign(claims, with_x5t)?
            }
            // A forger has a key of their own and copies the published id.
            MintAlgorithm::Rs256 if spec.bad_signature => {
                SigningKeys::throw_away()?.sign_as(self.keys().kid(), claims, with_x5t)?
            }
            MintAlgorithm::Rs256 => self.keys().sign(claims, with_x5t)?,
        };
        Ok(token)
    }
}

/// Why no token was made.
#[derive(Debug)]
pub(crate) enum MintError {
    User(String),
    Key(KeyError),
}

impl From<KeyError> for MintError {
    fn from(error: KeyError) -> Self {
        Self::Key(error)
    }
}

impl std::fmt::Display for MintError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::User(name) => write!(f, "the tenant has no user {name:?}"),
            Self::Key(error) => error.fmt(f),
        }
    }
}

/// A subject that differs between clients (OpenID Connect Core section 8.1).
fn pairwise(oid: &str, client: &str) -> String {
    let digest = aws_lc_rs::digest::digest(
        &aws_lc_rs::digest::SHA256,
        format!("{oid}{client}").as_bytes(),
    );
    URL_SAFE_NO_PAD.encode(digest)
}

/// A value that Entra's own services read, and nobody else.
pub(super) fn opaque() -> String {
    URL_SAFE_NO_PAD.encode(uuid::Uuid::new_v4().as_bytes())
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
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
