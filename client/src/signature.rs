//! A token's signature against the issuer's published keys. Only public documents are fetched;
//! the token itself is not sent.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::diagnosis::{Code, Finding, Signature, authority_unreached};
use crate::discovery::challenge;
use crate::discovery::trust::Authority;
use crate::http::{self, Clients};
use crate::token::Decoded;

#[derive(Deserialize)]
struct Discovery {
    jwks_uri: String,
}

/// Asks `authority` (an origin that is trusted already) for the keys of `tenant` and checks.
/// [`Signature::Unchecked`] where the keys can't be fetched.
pub(crate) async fn signature(
    clients: &Clients,
    authority: &str,
    tenant: &str,
    token: &str,
) -> Signature {
    match keys(clients, authority, tenant).await {
        Ok(keys) => check(&keys, token),
        Err(_) => Signature::Unchecked,
    }
}

/// The issuer's published keys, by its discovery document (`OpenID` Connect Discovery 1.0).
///
/// # Errors
/// Why they can't be fetched.
pub(crate) async fn keys(
    clients: &Clients,
    authority: &str,
    tenant: &str,
) -> Result<JwkSet, Box<Finding>> {
    let strange = || {
        Box::new(Finding::proved(
            Code::AuthorityRefused,
            format!("{authority} publishes no keys for tenant {tenant}"),
            "name the authority and the tenant: greeting-cli call URL --authority-host AUTHORITY --tenant TENANT",
        ))
    };
    let base = Url::parse(authority).map_err(|_| strange())?;
    let get = async |url: Url| {
        http::get(clients, &url, None)
            .await
            .map_err(|unreached| Box::new(authority_unreached(&url, &unreached)))
    };
    let discovery = base
        .join(&format!("/{tenant}/v2.0/.well-known/openid-configuration"))
        .map_err(|_| strange())?;
    let answer = get(discovery).await?;
    let Discovery { jwks_uri } = serde_json::from_str(&answer.body).map_err(|_| strange())?;
    let jwks_uri = Url::parse(&jwks_uri).map_err(|_| strange())?;
    // Keys from elsewhere would prove nothing.
    if jwks_uri.origin() != base.origin() {
        return Err(strange());
    }
    let answer = get(jwks_uri).await?;
    serde_json::from_str(&answer.body).map_err(|_| strange())
}

/// Where the token's own issuer publishes its keys, where it is trusted:
/// Microsoft's, or this machine's for a call to this machine.
pub(crate) fn issuer(token: &Decoded, url: &Url) -> Option<(String, String)> {
    let issuer = Url::parse(token.text("iss")?).ok()?;
    let tenant = issuer
        .path_segments()?
        .next()
        .filter(|tenant| !tenant.is_empty())?
        .to_owned();
    let authority = challenge::authority(&issuer);
    (Authority::of(&authority, url) != Authority::Foreign).then_some((authority, tenant))
}

/// RS256 only; the claims are not checked here.
fn check(keys: &JwkSet, token: &str) -> Signature {
    let Ok(decoded) = Decoded::parse(token) else {
        return Signature::Unchecked;
    };
    let kid = decoded.header.get("kid").and_then(Value::as_str);
    let Some(key) = kid.and_then(|kid| keys.find(kid)) else {
        return Signature::UnknownKey;
    };
    let Ok(key) = DecodingKey::from_jwk(key) else {
        return Signature::Unchecked;
    };
    let mut validation = Validation::new(Algorithm::RS256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    match jsonwebtoken::decode::<Value>(token, &key, &validation) {
        Ok(_) => Signature::Valid,
        Err(_) => Signature::Wrong,
    }
}
