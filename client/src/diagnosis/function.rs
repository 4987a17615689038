//! 403, authenticated but not allowed, and every other answer.

use serde_json::Value;

use super::{Case, Expected, Finding, SCOPE, Sent, Source};
use crate::token::Decoded;

/// The causes of a 403: the function's own, else the gate's or the platform's.
pub(super) fn forbidden(case: &Case<'_>) -> Vec<Finding> {
    let from_function = case
        .answer
        .challenges
        .iter()
        .any(|challenge| challenge.contains("insufficient_scope"));
    if let (true, Sent::Token(token)) = (from_function, case.sent)
        && let Some(finding) = scope(token, &api(case.expected, token))
    {
        return vec![finding];
    }
    let body = case.answer.body.to_lowercase();
    for (words, what) in [
        (
            "site is disabled",
            "the app is stopped: az functionapp start",
        ),
        (
            "web app is stopped",
            "the app is stopped: az functionapp start",
        ),
        (
            "ip forbidden",
            "this address is refused: the app's Networking, Access restrictions",
        ),
        (
            "private endpoint",
            "the app answers its private endpoint only: call from its network",
        ),
    ] {
        if body.contains(words) {
            return vec![
                Finding::proved(
                    "host-forbidden",
                    "the platform refused before the gate and the function",
                    what,
                )
                .saw("body", words, Value::Null, Source::Answer),
            ];
        }
    }
    let Sent::Token(token) = case.sent else {
        return vec![
            Finding::likely("host-forbidden", "refused before anybody asked who calls: the app is stopped, or this address is not let in", "az functionapp show --query state; then the app's Networking, Access restrictions")
                .saw("Server", case.answer.server.clone(), Value::Null, Source::Answer),
        ];
    };
    // The gate tells neither list; the client's is the commoner one.
    let client = token
        .text("azp")
        .or_else(|| token.text("appid"))
        .unwrap_or("(none)");
    let user = token
        .text("oid")
        .or_else(|| token.text("sub"))
        .unwrap_or("(none)");
    vec![
        Finding::likely("client-not-allowed", "the gate itself refused: the client that signed in is not among the allowed client applications", format!("add {client} to validation.jwtClaimChecks.allowedClientApplications and defaultAuthorizationPolicy.allowedApplications in deploy/authsettingsV2.json (an empty list allows nobody)"))
            .saw("azp", client, "an allowed client application", Source::Default),
        Finding::likely("principal-not-allowed", "or the user is not among the allowed principals or groups", "add the user or a group of theirs to validation.defaultAuthorizationPolicy.allowedPrincipals")
            .saw("oid", user, "an allowed identity or group", Source::Default),
    ]
}

/// The API in a scope: the expected one, else the token's own.
pub(super) fn api(expected: &Expected, token: &Decoded) -> String {
    let id = match &expected.resource {
        Some((id, _)) => id.clone(),
        None => token.audiences().into_iter().next().unwrap_or_default(),
    };
    id.strip_prefix("api://").map_or(id.clone(), str::to_owned)
}

/// What the function would miss in a token that the gate accepts.
pub(super) fn scope(token: &Decoded, api: &str) -> Option<Finding> {
    let scopes = token.scopes();
    if scopes.iter().any(|scope| scope == SCOPE) {
        return None;
    }
    let roles = token.roles();
    if scopes.is_empty()
        && (!roles.is_empty()
            || token.text("idtyp") == Some("app")
            || token.text("azpacr").is_some_and(|a| a != "0"))
    {
        return Some(
            Finding::proved("app-only-token", "the token is a program's own (client credentials), with no user behind it; app roles are not scopes", "sign in as a user: --credential device-code; or have the API accept an app role")
                .saw("scp", Value::Null, SCOPE, Source::Default)
                .saw("roles", roles, Value::Null, Source::Default),
        );
    }
    let near = scopes.iter().find(|scope| near(scope));
    let summary = match near {
        Some(near) => {
            format!("the token carries {near}, and scopes are compared to the letter: {SCOPE}")
        }
        None => format!("the token does not carry the scope {SCOPE}"),
    };
    Some(
        Finding::proved(
            "missing-scope",
            summary,
            format!("ask for it, and consent: --scope api://{api}/{SCOPE}"),
        )
        .saw("scp", scopes, SCOPE, Source::Default),
    )
}

/// The same letters, or all but one or two of them.
fn near(scope: &str) -> bool {
    let (a, b) = (scope.to_lowercase(), SCOPE.to_lowercase());
    a.contains(&b)
        || b.contains(&a) && a.len() > 6
        || a.len().abs_diff(b.len()) < 2
            && a.chars().zip(b.chars()).filter(|(x, y)| x != y).count() <= 2
}

/// 200 with nothing sent.
pub(super) fn easy_auth_off(case: &Case<'_>) -> Finding {
    Finding::proved("easy-auth-off", "the function answered a caller without a token: it is open to the world", "turn App Service Authentication on, with requireAuthentication: true (deploy/authsettingsV2.json)")
        .saw("status without a token", case.answer.status, 401, Source::Answer)
}

/// Neither success, 401 nor 403.
pub(super) fn other(case: &Case<'_>) -> Finding {
    let answer = case.answer;
    let status = answer.status;
    let begins: String = answer.body.chars().take(120).collect();
    match status {
        300..=399 => {
            let location = answer.location.clone().unwrap_or_default();
            let target = case.url.join(&location).ok();
            let sign_in = location.contains("/.auth/login") || location.contains("/oauth2/");
            // Its query may hold state or a nonce.
            let shown = target.as_ref().map_or("(none)".to_owned(), |url| format!("{}{}", url.origin().ascii_serialization(), url.path()));
            if sign_in {
                Finding::proved("easy-auth-redirect", "the app sends callers to a sign-in page: it answers browsers, not APIs", "set unauthenticatedClientAction to Return401 (portal: Unauthenticated requests: HTTP 401)")
                    .saw("Location", shown, "401", Source::Answer)
            } else {
                Finding::proved("stripped-authorization", "the answer is a redirect, and a token is never sent after one", "call the address it names, if it is yours")
                    .saw("Location", shown, "an answer from this origin", Source::Answer)
            }
        }
        404 => Finding::likely("not-found", "the host answers, but has no such function or route", "check the path (default: /api/greeting) and that the function is deployed: az functionapp function list")
            .saw("path", case.url.path(), "/api/greeting", Source::Default),
        500 if answer.body.contains("Easy Auth") => Finding::proved("easy-auth-off", "the function refuses to answer since Easy Auth is off where it runs", "turn App Service Authentication on (deploy/authsettingsV2.json), or run it behind greeting-local up")
            .saw("body", begins, Value::Null, Source::Answer),
        502..=504 => Finding::likely("handler-down", "the host has no handler that answers", "see its log: az functionapp log, Log stream; locally the terminal of greeting-local up")
            .saw("status", status, 200, Source::Answer)
            .saw("body", begins, Value::Null, Source::Answer),
        _ => Finding::likely("unexpected-answer", format!("nothing in the catalogue explains a {status}"), "read the body below; the function's log has more")
            .saw("status", status, 200, Source::Answer)
            .saw("body", begins, Value::Null, Source::Answer),
    }
}
