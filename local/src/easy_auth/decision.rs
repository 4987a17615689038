//! The gate's decision, pure: settings, what the request is, what its token says, the time.
//!
//! Signature checking stands in `bearer.rs`; here a token's claims are already its issuer's own.

use std::fmt;

use serde_json::{Map, Value};

use super::settings::{Settings, UnauthenticatedAction};

/// Clock skew that `exp` and `nbf` are allowed, in seconds (observed on Azure: five minutes).
const SKEW: i64 = 300;

/// The claims of a token, in the order in which its issuer wrote them.
pub(crate) type Claims = Map<String, Value>;

/// Why a caller is not who they must be, or may not do what they ask. Goes to the log, never
/// into the response: Easy Auth does not say it either.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reason {
    NoToken,
    MalformedAuthorization,
    MalformedToken,
    WrongAlgorithm,
    UnknownKey,
    BadSignature,
    KeysUnavailable(String),
    WrongIssuer { seen: String, expected: String },
    WrongAudience { seen: String, expected: Vec<String> },
    Expired { by_seconds: i64 },
    NotYetValid { by_seconds: i64 },
    MissingTime(&'static str),
    ClientNotAllowed,
    PrincipalNotAllowed,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoToken => f.write_str("no-token: no bearer token was sent"),
            Self::MalformedAuthorization => {
                f.write_str("malformed-token: Authorization is not one `Bearer <token>`")
            }
            Self::MalformedToken => f.write_str("malformed-token: not a signed JWT"),
            Self::WrongAlgorithm => f.write_str("wrong-algorithm: the token's alg is not RS256"),
            Self::UnknownKey => f.write_str("unknown-key: the issuer publishes no such kid"),
            Self::BadSignature => f.write_str("bad-signature: not signed by the issuer's key"),
            Self::KeysUnavailable(why) => write!(f, "keys-unavailable: {why}"),
            Self::WrongIssuer { seen, expected } => {
                write!(f, "wrong-issuer: token iss {seen:?} is not {expected:?}")
            }
            Self::WrongAudience { seen, expected } => {
                write!(
                    f,
                    "audience-mismatch: token aud {seen} is not in {expected:?}"
                )
            }
            Self::Expired { by_seconds } => write!(f, "expired: {by_seconds} s ago"),
            Self::NotYetValid { by_seconds } => write!(f, "not-yet-valid: for {by_seconds} s"),
            Self::MissingTime(claim) => write!(f, "malformed-token: {claim} is not a number"),
            Self::ClientNotAllowed => f.write_str("client-not-allowed"),
            Self::PrincipalNotAllowed => f.write_str("principal-not-allowed"),
        }
    }
}

/// What the gate does with a request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Verdict {
    /// On to the app, with the principal of these claims.
    Pass(Claims),
    /// On to the app, with no principal. `reason` says why there is none.
    PassAnonymous,
    /// 401 with the challenge.
    Unauthorized(Reason),
    /// 403.
    Forbidden(Reason),
}

/// Checks what a correctly signed token says. `issuer` is the one that discovery names.
///
/// # Errors
/// The first reason for which Easy Auth would not accept it.
pub(crate) fn check_claims(
    settings: &Settings,
    issuer: &str,
    claims: &Claims,
    now: i64,
) -> Result<(), Reason> {
    let provider = &settings.identity_providers.azure_active_directory;
    let seen = claims.get("iss").and_then(Value::as_str).unwrap_or("");
    if seen != issuer {
        return Err(Reason::WrongIssuer {
            seen: seen.to_owned(),
            expected: issuer.to_owned(),
        });
    }
    let mut expected = vec![provider.registration.client_id.clone()];
    expected.extend(provider.validation.allowed_audiences.iter().cloned());
    let aud = claims.get("aud").unwrap_or(&Value::Null);
    // Entra's access tokens have one audience; an array is not one of them.
    if !aud
        .as_str()
        .is_some_and(|aud| expected.iter().any(|e| e == aud))
    {
        return Err(Reason::WrongAudience {
            seen: aud.to_string(),
            expected,
        });
    }
    let exp = time(claims, "exp").ok_or(Reason::MissingTime("exp"))?;
    if exp.saturating_add(SKEW) <= now {
        return Err(Reason::Expired {
            by_seconds: now.saturating_sub(exp),
        });
    }
    if claims.contains_key("nbf") {
        let nbf = time(claims, "nbf").ok_or(Reason::MissingTime("nbf"))?;
        if nbf > now.saturating_add(SKEW) {
            return Err(Reason::NotYetValid {
                by_seconds: nbf.saturating_sub(now),
            });
        }
    }
    Ok(())
}

/// A NumericDate (RFC 7519 section 2), which has to be a JSON number.
fn time(claims: &Claims, name: &str) -> Option<i64> {
    let value = claims.get(name)?;
    #[allow(clippy::cast_possible_truncation)] // a float cast saturates, which is what is wanted
    value.as_i64().or_else(|| value.as_f64().map(|t| t as i64))
}

/// The decision. `token` is the outcome of looking at the request's bearer token.
pub(crate) fn decide(settings: &Settings, path: &str, token: Result<Claims, Reason>) -> Verdict {
    if !settings.platform.enabled {
        return Verdict::PassAnonymous;
    }
    let reason = match token {
        Ok(claims) => {
            return match check_policy(settings, &claims) {
                Ok(()) => Verdict::Pass(claims),
                Err(reason) => Verdict::Forbidden(reason),
            };
        }
        Err(reason) => reason,
    };
    let validation = &settings.global_validation;
    if settings.is_excluded(path) || !validation.require_authentication {
        return Verdict::PassAnonymous;
    }
    match validation.unauthenticated_client_action {
        UnauthenticatedAction::AllowAnonymous => Verdict::PassAnonymous,
        UnauthenticatedAction::Return401 => Verdict::Unauthorized(reason),
        UnauthenticatedAction::Return403 => Verdict::Forbidden(reason),
    }
}

/// The authorization policy, for a caller who is authenticated.
fn check_policy(settings: &Settings, claims: &Claims) -> Result<(), Reason> {
    let validation = &settings
        .identity_providers
        .azure_active_directory
        .validation;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let client = text("azp").or_else(|| text("appid"));
    let oid = text("oid");
    let groups: Vec<&str> = match claims.get("groups") {
        Some(Value::Array(groups)) => groups.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let has = |list: &[String], value: Option<&str>| {
        value.is_some_and(|value| list.iter().any(|item| item.eq_ignore_ascii_case(value)))
    };
    let in_groups = |list: &[String]| groups.iter().any(|group| has(list, Some(group)));

    let checks = &validation.jwt_claim_checks;
    let policy = &validation.default_authorization_policy;
    let client_allowed = checks
        .allowed_client_applications
        .as_ref()
        .is_none_or(|list| has(list, client))
        && (policy.allowed_applications.is_empty() || has(&policy.allowed_applications, client));
    if !client_allowed {
        return Err(Reason::ClientNotAllowed);
    }
    let principals = &policy.allowed_principals;
    let unrestricted = principals.identities.is_empty() && principals.groups.is_empty();
    let principal_allowed = checks
        .allowed_groups
        .as_ref()
        .is_none_or(|list| in_groups(list))
        && (unrestricted || has(&principals.identities, oid) || in_groups(&principals.groups));
    if principal_allowed {
        Ok(())
    } else {
        Err(Reason::PrincipalNotAllowed)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ISSUER: &str = "https://localhost:7443/t/v2.0";
    const NOW: i64 = 1_800_000_000;

    fn settings(validation: Value, global: Value) -> Settings {
        let text = json!({
            "globalValidation": global,
            "identityProviders": {"azureActiveDirectory": {
                "registration": {"clientId": "api", "openIdIssuer": ISSUER},
                "validation": validation
            }}
        });
        Settings::parse(&text.to_string(), "test").unwrap()
    }

    fn claims(changes: Value) -> Claims {
        let mut claims = json!({"aud": "api", "iss": ISSUER, "exp": NOW + 3600, "nbf": NOW,
            "azp": "client", "oid": "user", "groups": ["staff"]});
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims.as_object().unwrap().clone()
    }

    #[test]
    fn what_a_token_says_is_checked() {
        let settings = settings(json!({"allowedAudiences": ["api://api"]}), json!({}));
        for (changes, accepted) in [
            (json!({}), true),
            (json!({"aud": "api://api"}), true),
            (json!({"aud": "API"}), false),
            (json!({"aud": ["api"]}), false),
            (json!({"aud": null}), false),
            (json!({"aud": "api://other"}), false),
            (json!({"iss": "https://localhost:7443/t/"}), false),
            (json!({"iss": format!("{ISSUER}/")}), false),
            (json!({"iss": null}), false),
            (json!({"exp": NOW - 299}), true),
            (json!({"exp": NOW - 300}), false),
            (json!({"exp": (NOW + 3600).to_string()}), false),
            (json!({"exp": null}), false),
            (json!({"exp": -1e300}), false),
            (json!({"exp": i64::MAX}), true),
            (json!({"nbf": NOW + 300}), true),
            (json!({"nbf": NOW + 301}), false),
            (json!({"nbf": "0"}), false),
        ] {
            let got = check_claims(&settings, ISSUER, &claims(changes.clone()), NOW);
            assert_eq!(got.is_ok(), accepted, "{changes}: {got:?}");
        }
    }

    #[test]
    fn the_policy_is_403() {
        for (validation, allowed) in [
            (json!({}), true),
            (
                json!({"jwtClaimChecks": {"allowedClientApplications": []}}),
                false,
            ),
            (
                json!({"jwtClaimChecks": {"allowedClientApplications": ["CLIENT"]}}),
                true,
            ),
            (
                json!({"jwtClaimChecks": {"allowedClientApplications": ["other"]}}),
                false,
            ),
            (
                json!({"jwtClaimChecks": {"allowedGroups": ["staff"]}}),
                true,
            ),
            (
                json!({"jwtClaimChecks": {"allowedGroups": ["board"]}}),
                false,
            ),
            (
                json!({"defaultAuthorizationPolicy": {"allowedApplications": []}}),
                true,
            ),
            (
                json!({"defaultAuthorizationPolicy": {"allowedApplications": ["other"]}}),
                false,
            ),
            (
                json!({"defaultAuthorizationPolicy":
                    {"allowedPrincipals": {"identities": ["x"], "groups": ["staff"]}}}),
                true,
            ),
            (
                json!({"defaultAuthorizationPolicy": {"allowedPrincipals": {"identities": ["x"]}}}),
                false,
            ),
        ] {
            let settings = settings(validation.clone(), json!({}));
            let verdict = decide(&settings, "/", Ok(claims(json!({}))));
            assert_eq!(matches!(verdict, Verdict::Pass(_)), allowed, "{validation}");
        }
    }

    #[test]
    fn what_nothing_authenticates_is_handled_as_configured() {
        let refused = Verdict::Unauthorized(Reason::NoToken);
        for (global, path, expected) in [
            (json!({}), "/api/greeting", refused.clone()),
            (
                json!({"excludedPaths": ["/health"]}),
                "/health",
                Verdict::PassAnonymous,
            ),
            (json!({"excludedPaths": ["/health"]}), "/other", refused),
            (
                json!({"unauthenticatedClientAction": "Return403"}),
                "/",
                Verdict::Forbidden(Reason::NoToken),
            ),
            (
                json!({"unauthenticatedClientAction": "AllowAnonymous"}),
                "/",
                Verdict::PassAnonymous,
            ),
            (
                json!({"requireAuthentication": false}),
                "/",
                Verdict::PassAnonymous,
            ),
        ] {
            let settings = settings(json!({}), global.clone());
            assert_eq!(
                decide(&settings, path, Err(Reason::NoToken)),
                expected,
                "{global}"
            );
        }
    }
}
