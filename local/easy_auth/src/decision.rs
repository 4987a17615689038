//! The gate's decision, pure: settings, what the request is, what its token says, the time.
//!
//! Signatures are checked in `bearer.rs`, sessions in `browser/`; here claims are already their
//! issuer's own.

use std::sync::Arc;

use serde_json::Value;

use super::behaviour::Behaviour;
use super::claims::{Claims, time};
use super::reason::{Reason, is_graph};
use super::settings::{
    ALLOWED_APPLICATIONS, ALLOWED_CLIENT_APPLICATIONS, Settings, UnauthenticatedAction,
};
use super::verified::Verified;

/// Clock skew that `exp` and `nbf` are allowed, in seconds (observed on Azure: five minutes).
const SKEW: i64 = 300;
/// Where RFC 9728 puts a resource's metadata; the resource's own path may follow.
pub(crate) const METADATA: &str = "/.well-known/oauth-protected-resource";

/// What the decision needs to know of a request.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts<'a> {
    /// Without the query.
    pub path: &'a str,
    /// A browser that wants a page, and is sent to sign in.
    pub wants_page: bool,
    /// It came over plain HTTP where HTTPS is to be had.
    pub plain_http: bool,
    /// Why another site's page may have sent it with the session's cookie.
    pub cross_site: Option<&'a Reason>,
}

/// What the request shows of its caller.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Evidence {
    /// No token and no session, or one that does not hold.
    None(Reason),
    /// A bearer token that the issuer signed. `issuers` are the names that it may go by.
    Token {
        caller: Arc<Verified>,
        issuers: Arc<[String]>,
    },
    /// A browser session: these claims were checked when it began.
    Session(Arc<Verified>),
}

/// What the gate does with a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Easy Auth is off: on to the app as it came.
    Off,
    /// The same URL over HTTPS.
    UseHttps,
    /// One of the gate's own pages, below the API prefix.
    Own,
    /// The metadata of RFC 9728.
    Metadata,
    /// On to the app, with this caller's principal.
    Pass(Arc<Verified>),
    /// On to the app, with no principal, and why there is none.
    Anonymous(Reason),
    /// 401 with the challenge.
    Unauthorized(Reason),
    /// 403.
    Forbidden(Reason),
    /// 404.
    NotFound(Reason),
    /// 302 to the sign-in page.
    SignIn(Reason),
}

/// The decision, in the documented order.
pub(crate) fn decide(
    settings: &Settings,
    behaviour: &Behaviour,
    facts: Facts<'_>,
    evidence: Evidence,
    now: i64,
) -> Verdict {
    if !settings.platform.enabled {
        return Verdict::Off;
    }
    if facts.plain_http && settings.http_settings.require_https {
        return Verdict::UseHttps;
    }
    if is_below(facts.path, &settings.http_settings.routes.api_prefix)
        || settings.login.routes.logout_endpoint.as_deref() == Some(facts.path)
    {
        return Verdict::Own;
    }
    if behaviour.metadata_scopes.is_some() && is_below(facts.path, METADATA) {
        return Verdict::Metadata;
    }
    let is_session = matches!(evidence, Evidence::Session(_));
    let (caller, reason) = match evidence {
        Evidence::None(reason) => (None, reason),
        Evidence::Session(caller) => (Some(caller), Reason::NoSession),
        Evidence::Token { caller, issuers } => {
            match check_claims(settings, &issuers, caller.claims(), now) {
                Ok(()) => (Some(caller), Reason::NoToken),
                Err(reason) => (None, reason),
            }
        }
    };
    if let Some(caller) = caller {
        let claims = caller.claims();
        if let Some(cross_site) = facts.cross_site.filter(|_| is_session) {
            return Verdict::Forbidden(cross_site.clone());
        }
        let client = match client(claims) {
            // A session's ID token names none, and the lists are for access tokens (documented).
            None if is_session => Ok(()),
            client => check_client(settings, client),
        };
        return match client.and_then(|()| check_policy(settings, behaviour, claims)) {
            Ok(()) => Verdict::Pass(caller),
            Err(reason) => Verdict::Forbidden(reason),
        };
    }
    let validation = &settings.global_validation;
    let is_warmup = behaviour.warmup_path.as_deref() == Some(facts.path);
    if is_warmup || settings.is_excluded(facts.path) {
        return Verdict::Anonymous(reason);
    }
    let action = match validation.require_authentication {
        Some(false) => UnauthenticatedAction::AllowAnonymous,
        _ => validation.unauthenticated_client_action,
    };
    let nothing_sent = matches!(reason, Reason::NoToken | Reason::NoSession);
    match action {
        UnauthenticatedAction::AllowAnonymous
            if nothing_sent || behaviour.anonymous_with_invalid_token =>
        {
            Verdict::Anonymous(reason)
        }
        UnauthenticatedAction::RedirectToLoginPage if facts.wants_page => Verdict::SignIn(reason),
        UnauthenticatedAction::Return403 => Verdict::Forbidden(reason),
        UnauthenticatedAction::Return404 => Verdict::NotFound(reason),
        UnauthenticatedAction::Return401
        | UnauthenticatedAction::RedirectToLoginPage
        | UnauthenticatedAction::AllowAnonymous => Verdict::Unauthorized(reason),
    }
}

/// Whether `path` is `prefix` or below it.
pub(crate) fn is_below(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Checks what a correctly signed token says. `issuers` are those that discovery names; none
/// means that any will do, as for `common` (documented).
///
/// # Errors
/// The first reason for which Easy Auth would not accept it.
pub(crate) fn check_claims(
    settings: &Settings,
    issuers: &[String],
    claims: &Claims,
    now: i64,
) -> Result<(), Reason> {
    let provider = settings.provider();
    let client_id = &provider.registration.client_id;
    let allowed = &provider.validation.allowed_audiences;
    let expected = std::iter::once(client_id).chain(allowed);
    let aud = claims.get("aud").unwrap_or(&Value::Null);
    // Entra's tokens have one audience; an array is not one of them.
    let audience = match aud.as_str() {
        Some(aud) if expected.clone().any(|e| e == aud) => Ok(()),
        _ => Err(Reason::WrongAudience {
            seen: aud.to_string(),
            expected: expected.cloned().collect(),
        }),
    };
    // Microsoft Graph's tokens are v1, so their issuer is another too: that is not what to mend.
    if aud.as_str().is_some_and(is_graph) {
        audience.clone()?;
    }
    let seen = claims.get("iss").and_then(Value::as_str).unwrap_or("");
    if !issuers.is_empty() && !issuers.iter().any(|issuer| issuer == seen) {
        return Err(Reason::WrongIssuer {
            seen: seen.to_owned(),
            expected: issuers.to_vec(),
        });
    }
    audience?;
    let exp = time(claims, "exp").ok_or(Reason::MissingTime("exp"))?;
    if end(exp) <= now {
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

/// From when on the gate refuses a token that has this `exp`.
fn end(exp: i64) -> i64 {
    exp.saturating_add(SKEW)
}

/// From when on the gate refuses a token of these claims; none where it never accepts it.
pub(crate) fn ends_at(claims: &Claims) -> Option<i64> {
    time(claims, "exp").map(end)
}

/// The client that a token was issued to: `azp` in v2 tokens, `appid` in v1 tokens.
fn client(claims: &Claims) -> Option<&str> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    text("azp").or_else(|| text("appid"))
}

fn has(list: &[String], value: Option<&str>) -> bool {
    value.is_some_and(|value| list.iter().any(|item| item.eq_ignore_ascii_case(value)))
}

/// The lists of clients that may call.
fn check_client(settings: &Settings, client: Option<&str>) -> Result<(), Reason> {
    let validation = &settings.provider().validation;
    // Empty, this one allows everybody (documented), and the other one allows no one (observed).
    let policy = &validation.default_authorization_policy.allowed_applications;
    let policy = Some(policy).filter(|list| !list.is_empty());
    let checks = validation
        .jwt_claim_checks
        .allowed_client_applications
        .as_ref();
    for (list, name) in [
        (policy, ALLOWED_APPLICATIONS),
        (checks, ALLOWED_CLIENT_APPLICATIONS),
    ] {
        if list.is_some_and(|list| !has(list, client)) {
            return Err(match client {
                Some(client) => Reason::ClientNotAllowed {
                    client: client.to_owned(),
                    list: name,
                },
                None => Reason::NoClient { list: name },
            });
        }
    }
    Ok(())
}

/// The authorization policy but for the client, for a caller who is authenticated.
fn check_policy(settings: &Settings, behaviour: &Behaviour, claims: &Claims) -> Result<(), Reason> {
    let validation = &settings.provider().validation;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if settings.is_multi_tenant()
        && let Some(tenants) = &behaviour.allowed_tenants
    {
        let tid = text("tid").unwrap_or("");
        if !tenants
            .iter()
            .any(|tenant| tenant.eq_ignore_ascii_case(tid))
        {
            return Err(Reason::TenantNotAllowed(tid.to_owned()));
        }
    }
    let oid = text("oid");
    if behaviour.require_oid && oid.is_none() {
        return Err(Reason::NoObjectId);
    }
    let groups: Vec<&str> = match claims.get("groups") {
        Some(Value::Array(groups)) => groups.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let in_groups = |list: &[String]| groups.iter().any(|group| has(list, Some(group)));

    let checks = &validation.jwt_claim_checks;
    let policy = &validation.default_authorization_policy;
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
mod tests;
