//! Tokens with any property or defect that is chosen, to see which part refuses them.

use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Map, Value, json};

use super::claims::{Credential, Grant, LIFETIME, insert_sorted};
use super::directory::{Directory, TokenKind, User, fitting};
use super::keys::{KeyError, SigningKeys, WithX5t};
use super::resources::Resource;
use super::{Authority, TokenVersion};

/// How a minted token is signed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Signature {
    /// As the authority signs.
    #[default]
    Good,
    /// By another key, under the authority's key id.
    Forged,
    /// By a key that is not published, under its own id.
    UnknownKey,
    /// Good, but the header does not say by which key.
    NoKeyId,
    /// The claims say one thing more than what was signed.
    Tampered,
    /// `alg: none`, RFC 7515 appendix A.5: a verifier must not take it.
    None,
    /// HMAC keyed by the public modulus, the classic confusion.
    Hs256ByPublicKey,
    /// The right key, and algorithms that Entra does not sign with.
    Rs512,
    /// The same key, with RSA-PSS padding.
    Ps256,
}

/// What kind of thing is minted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shape {
    /// An access token.
    #[default]
    Access,
    /// An ID token: for the client, not for the API.
    Id,
    /// What a refresh token looks like: it says nothing.
    Opaque,
    /// Five parts, as an encrypted token has (RFC 7516); it can't be decrypted.
    Encrypted,
    /// An access token, copied in part.
    Truncated,
}

/// A token with any chosen property or defect. The default is one that gate and function accept.
#[derive(Debug, Clone, PartialEq)]
pub struct MintSpec {
    /// Sign-in name; alice when absent.
    pub user: Option<String>,
    /// `aud`; the API when there is none. More than one make a list, which no token of Entra's has.
    pub audiences: Vec<String>,
    /// The scopes that the API's registration has enabled when absent.
    pub scopes: Option<Vec<String>>,
    /// App roles.
    pub roles: Vec<String>,
    /// Groups, by id or by the name that the directory has; those of the user when there are none.
    pub groups: Vec<String>,
    /// A daemon's token: no user and no scope.
    pub app_only: bool,
    /// `azp` or `appid`; `Directory::usual_client` when absent.
    pub client: Option<String>,
    /// `tid` and the issuer's tenant; this one when absent.
    pub tenant: Option<String>,
    /// The shape of its claims; what the API's registration asks for when absent.
    pub version: Option<TokenVersion>,
    /// Seconds from now until it is valid.
    pub starts_in_seconds: i64,
    /// Seconds from then until it ends; negative for one that has expired.
    pub lifetime_seconds: i64,
    /// How it is signed.
    pub signature: Signature,
    /// What kind of thing it is.
    pub shape: Shape,
    /// Set last; null removes.
    pub claims: Vec<(String, Value)>,
}

impl Default for MintSpec {
    fn default() -> Self {
        Self {
            user: None,
            audiences: Vec::new(),
            scopes: None,
            roles: Vec::new(),
            groups: Vec::new(),
            app_only: false,
            client: None,
            tenant: None,
            version: None,
            starts_in_seconds: 0,
            lifetime_seconds: LIFETIME,
            signature: Signature::Good,
            shape: Shape::Access,
            claims: Vec::new(),
        }
    }
}

impl MintSpec {
    fn client<'a>(&'a self, directory: &'a Directory) -> &'a str {
        self.client.as_deref().unwrap_or(directory.usual_client())
    }

    /// When it is issued, and when it ends.
    fn times(&self, now: i64) -> (i64, i64) {
        let starts = now.saturating_add(self.starts_in_seconds);
        let ends = starts.saturating_add(self.lifetime_seconds);
        (starts.min(ends.saturating_sub(LIFETIME)), ends)
    }
}

impl Authority {
    /// A token with the properties and defects of `spec`.
    ///
    /// # Errors
    /// An unknown user, or a key that can't sign.
    pub fn mint(&self, spec: &MintSpec) -> Result<String, MintError> {
        let user = match &spec.user {
            None => &self.directory().users()[0],
            Some(name) => self
                .directory()
                .user(name)
                .ok_or_else(|| MintError::User(name.clone()))?,
        };
        let mut claims = match spec.shape {
            Shape::Opaque => return random_part(),
            Shape::Encrypted => return encrypted(),
            Shape::Id => self.minted_id_claims(spec, user),
            Shape::Access | Shape::Truncated => self.minted_claims(spec, user),
        };
        if let Some(tenant) = &spec.tenant {
            let here = |issuer: String| issuer.replace(self.tenant(), tenant);
            claims["iss"] = json!(match self.minted_version(spec) {
                TokenVersion::V1 => here(self.issuer_v1()),
                TokenVersion::V2 => here(self.issuer_v2()),
            });
            claims["tid"] = json!(tenant);
        }
        for (name, value) in &spec.claims {
            if value.is_null() {
                claims.shift_remove(name);
            } else {
                claims.insert(name.clone(), value.clone());
            }
        }
        let mut token = self.sign_with_defects(&Value::Object(claims), spec)?;
        if spec.shape == Shape::Truncated {
            // Within the claims: they are longer than the rest.
            token.truncate(token.find('.').unwrap_or(0) + 100);
        }
        Ok(token)
    }

    fn minted_version(&self, spec: &MintSpec) -> TokenVersion {
        spec.version.unwrap_or_else(|| self.version(Resource::Api))
    }

    fn minted_claims(&self, spec: &MintSpec, user: &User) -> Map<String, Value> {
        let (issued, expires) = spec.times(self.clock().now());
        let directory = self.directory();
        let scopes = spec
            .scopes
            .clone()
            .unwrap_or_else(|| directory.scopes().map(str::to_owned).collect());
        let version = self.minted_version(spec);
        let mut claims = self.access_claims(&Grant {
            user,
            client: spec.client(directory),
            credential: match spec.app_only {
                true => Credential::Secret,
                false => Credential::None,
            },
            audience: match version {
                TokenVersion::V1 => directory.api_resource(),
                TokenVersion::V2 => directory.api_client_id(),
            },
            recipient: directory.api_client_id(),
            app: Some(directory.api()).filter(|_| !spec.app_only),
            capabilities: &[],
            scopes: &scopes,
            version,
            issued,
            expires,
        });
        match spec.audiences.as_slice() {
            [] => {}
            [one] => claims["aud"] = json!(one),
            more => claims["aud"] = json!(more),
        }
        if spec.app_only {
            for name in [
                "name",
                "preferred_username",
                "family_name",
                "given_name",
                "unique_name",
                "upn",
                "scp",
                "amr",
                "ipaddr",
            ] {
                claims.shift_remove(name);
            }
            let client = spec.client(self.directory());
            let principal = self.directory().service_principal(client);
            claims["oid"] = json!(principal);
            claims["sub"] = json!(principal);
            claims.insert("idtyp".to_owned(), json!("app"));
        }
        if scopes.is_empty() {
            claims.shift_remove("scp");
        }
        if !spec.roles.is_empty() {
            claims.insert("roles".to_owned(), json!(spec.roles));
        }
        self.set_groups(&mut claims, spec, user, TokenKind::Access(version));
        claims
    }

    fn minted_id_claims(&self, spec: &MintSpec, user: &User) -> Map<String, Value> {
        let (issued, expires) = spec.times(self.clock().now());
        let client = spec.client(self.directory());
        let mut claims =
            match self.id_claims(user, client, TokenKind::Id, &["openid", "profile"], issued) {
                Value::Object(claims) => claims,
                _ => Map::new(),
            };
        claims.insert("exp".to_owned(), json!(expires));
        claims.insert("nonce".to_owned(), json!(super::claims::opaque()));
        if let [one] = spec.audiences.as_slice() {
            claims.insert("aud".to_owned(), json!(one));
        }
        self.set_groups(&mut claims, spec, user, TokenKind::Id);
        claims
    }

    /// The groups that are asked for, as that many are told of.
    fn set_groups(
        &self,
        claims: &mut Map<String, Value>,
        spec: &MintSpec,
        user: &User,
        kind: TokenKind,
    ) {
        if spec.groups.is_empty() {
            return;
        }
        for name in ["groups", "_claim_names", "_claim_sources"] {
            claims.shift_remove(name);
        }
        let directory = self.directory();
        let ids = spec
            .groups
            .iter()
            .map(|named| directory.group_id(named).to_owned());
        for (name, value) in fitting(ids.collect(), kind).claims(self.tenant(), &user.oid) {
            insert_sorted(claims, &name, value);
        }
    }

    fn sign_with_defects(&self, claims: &Value, spec: &MintSpec) -> Result<String, MintError> {
        let with_x5t = match self.minted_version(spec) {
            TokenVersion::V1 => WithX5t::Yes,
            TokenVersion::V2 => WithX5t::No,
        };
        let keys = self.keys();
        let token = match spec.signature {
            Signature::Good => keys.sign(claims, with_x5t)?,
            // A forger has a key of their own and copies the published id.
            Signature::Forged => {
                SigningKeys::throw_away()?.sign_as(keys.kid(), claims, with_x5t)?
            }
            Signature::UnknownKey => SigningKeys::throw_away()?.sign(claims, with_x5t)?,
            Signature::NoKeyId => keys.sign_without_kid(claims)?,
            Signature::Tampered => tampered(&keys.sign(claims, with_x5t)?, claims),
            Signature::None => {
                let header = json!({"alg": "none", "typ": "JWT", "kid": keys.kid()});
                format!("{}.{}.", part(&header), part(claims))
            }
            Signature::Hs256ByPublicKey => {
                let mut header = Header::new(Algorithm::HS256);
                header.kid = Some(keys.kid().to_owned());
                let key = EncodingKey::from_secret(keys.modulus()).map_err(KeyError::from)?;
                jsonwebtoken::encode(&header, claims, &key).map_err(KeyError::from)?
            }
            Signature::Rs512 => keys.sign_with(Algorithm::RS512, claims)?,
            Signature::Ps256 => keys.sign_with(Algorithm::PS256, claims)?,
        };
        Ok(token)
    }
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// The same token, its claims changed after it was signed.
fn tampered(signed: &str, claims: &Value) -> String {
    let mut changed = claims.clone();
    changed["tampered"] = json!(true);
    let changed = part(&changed);
    let mut parts: Vec<&str> = signed.split('.').collect();
    // header.claims.signature: that is what signing makes.
    if let Some(claims) = parts.get_mut(1) {
        *claims = &changed;
    }
    parts.join(".")
}

fn encrypted() -> Result<String, MintError> {
    let mut parts = vec![part(
        &json!({"alg": "RSA-OAEP", "enc": "A256GCM", "typ": "JWT"}),
    )];
    for _ in 0..4 {
        parts.push(random_part()?);
    }
    Ok(parts.join("."))
}

fn random_part() -> Result<String, MintError> {
    let mut bytes = [0; 48];
    rand::fill(&mut bytes).map_err(KeyError::from)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Why no token was made.
#[derive(Debug, thiserror::Error)]
pub enum MintError {
    /// Its subject is nobody of the tenant.
    #[error("the tenant has no user {0:?}")]
    User(String),
    /// It was not signed.
    #[error(transparent)]
    Key(#[from] KeyError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_has_ended_began_before() {
        let spec = |starts_in_seconds, lifetime_seconds| MintSpec {
            starts_in_seconds,
            lifetime_seconds,
            ..MintSpec::default()
        };
        assert_eq!(spec(0, LIFETIME).times(10_000), (10_000, 13_600));
        assert_eq!(spec(0, -60).times(10_000), (6_340, 9_940));
        assert_eq!(spec(7200, LIFETIME).times(10_000), (17_200, 20_800));
        assert_eq!(spec(0, i64::MAX).times(10_000).1, i64::MAX);
    }
}
