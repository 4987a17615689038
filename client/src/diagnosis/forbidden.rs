//! 403: authenticated but not allowed, by the function, the gate or the platform.

use loopback::is_loopback;
use serde_json::Value;

use super::unreached::app;
use super::{Case, Certainty, Code, Expected, Finding, Sent, gate};

use crate::provenance::Source;
use crate::scope::SCOPE;
use crate::token::Decoded;

/// The platform's pages: words, and what they mean. `{app}` is filled.
const PAGES: &[(&str, &str)] = &[
    (
        "site is disabled",
        "the app is stopped: az functionapp start {app}",
    ),
    (
        "web app is stopped",
        "the app is stopped: az functionapp start {app}",
    ),
    (
        "ip forbidden",
        "this address is refused: see the app's Networking, Access restrictions",
    ),
    (
        "private endpoint",
        "the app answers its private endpoint only: call from its network",
    ),
];

/// The body of the gate's 403 on Windows.
const WINDOWS_GATE: &str = "you do not have permission to view this directory or page";

/// The causes of a 403.
pub(super) fn findings(case: &Case<'_>) -> Vec<Finding> {
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
    if let Some((words, fix)) = PAGES.iter().find(|(words, _)| body.contains(words)) {
        let finding = Finding::proved(
            Code::HostForbidden,
            "the platform refused before the gate and the function",
            fix.replace("{app}", &app(case.url)),
        );
        return vec![finding.saw("body", *words, Value::Null, Source::Answer)];
    }
    let from_gate = case.answer.from_gate || body.contains(WINDOWS_GATE);
    match case.sent {
        Sent::Nothing if !from_gate => vec![before_authentication(case)],
        Sent::Nothing => vec![gate::no_token().saw(
            "status",
            403,
            "401 (unauthenticatedClientAction: Return401)",
            Source::Default,
        )],
        Sent::Unreadable(why) => vec![gate::unreadable(why)],
        Sent::Token(token) => {
            // With Return403 the gate answers 403 to unauthenticated callers as well.
            let unknown = gate::of_sent(case);
            if unknown.iter().any(|f| f.certainty == Certainty::Proved) {
                unknown
            } else {
                not_allowed(token, case)
            }
        }
    }
}

fn before_authentication(case: &Case<'_>) -> Finding {
    Finding::likely(
        Code::HostForbidden,
        "refused before any authentication: the app is stopped, or does not allow this address",
        format!(
            "az functionapp show {} --query state; then see the app's Networking, Access restrictions",
            app(case.url)
        ),
    )
    .saw(
        "Server",
        case.answer.server.clone(),
        Value::Null,
        Source::Answer,
    )
}

/// The gate's lists. Its answer does not say which; without its settings the list of clients is
/// the likelier one.
fn not_allowed(token: &Decoded, case: &Case<'_>) -> Vec<Finding> {
    let settings = case.expected.settings.as_ref();
    let client = token
        .text("azp")
        .or_else(|| token.text("appid"))
        .unwrap_or("(none)");
    let user = token.text("oid").unwrap_or("(none)");
    let (try_it, restart) = if is_loopback(case.url) {
        (
            format!(", or try it: greeting-local up --allow-client {client}"),
            "; then start greeting-local again".to_owned(),
        )
    } else {
        (
            String::new(),
            // One team found theirs unchanged until then (pnp/Microsoft365-Analytics-Insights#264).
            format!(
                "; then restart the app, which may keep the settings that it started with: az functionapp restart {}",
                app(case.url)
            ),
        )
    };
    let client_fix = format!(
        "add {client} to validation.defaultAuthorizationPolicy.allowedApplications, and to jwtClaimChecks.allowedClientApplications if that is there, in the auth settings (portal: Client application requirement){restart}{try_it}"
    );
    let user_fix = format!(
        "add {user}, or one of the user's groups, to validation.defaultAuthorizationPolicy.allowedPrincipals in the auth settings (portal: Identity requirement){restart}"
    );
    let client_finding = Finding::likely(
        Code::ClientNotAllowed,
        "the gate itself refused: the client that signed in is not among the allowed client applications",
        client_fix,
    );
    let user_finding = Finding::likely(
        Code::PrincipalNotAllowed,
        "the gate itself refused: the user is not among the allowed principals or groups",
        user_fix,
    );
    let Some(settings) = settings else {
        return vec![
            client_finding.saw(
                "azp",
                client,
                "an allowed client application",
                Source::Default,
            ),
            user_finding.saw(
                "oid",
                user,
                "an allowed identity or group; --auth-settings FILE shows which list it is",
                Source::Default,
            ),
        ];
    };
    let mut findings = Vec::new();
    let among = |list: &[String], id: &str| list.iter().any(|item| item.eq_ignore_ascii_case(id));
    if let Some(clients) = settings
        .clients
        .as_ref()
        .filter(|list| !among(list, client))
    {
        let finding = client_finding.saw("azp", client, clients.clone(), Source::Settings);
        findings.push(finding.sure());
    }
    let groups = token.texts("groups");
    let limited = !settings.identities.is_empty() || !settings.groups.is_empty();
    let in_group = groups.iter().any(|group| among(&settings.groups, group));
    if limited && !among(&settings.identities, user) && !in_group {
        let mut finding =
            user_finding.saw("oid", user, settings.identities.clone(), Source::Settings);
        if !settings.groups.is_empty() {
            finding = finding.saw("groups", groups, settings.groups.clone(), Source::Settings);
        }
        findings.push(finding.sure());
    }
    findings
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
    let programs_own = !roles.is_empty()
        || token.text("idtyp") == Some("app")
        || token.text("azpacr").is_some_and(|proof| proof != "0");
    if scopes.is_empty() && programs_own {
        let finding = Finding::proved(
            Code::AppOnlyToken,
            "the token was issued to an application (client credentials), not to a user; app roles are not scopes",
            "sign in as a user: --credential device-code; or have the API accept an app role",
        );
        return Some(finding.saw("scp", Value::Null, SCOPE, Source::Default).saw(
            "roles",
            roles,
            Value::Null,
            Source::Default,
        ));
    }
    let summary = match scopes.iter().find(|scope| near(scope)) {
        Some(near) => {
            format!(
                "the token carries {near}; the function compares scopes exactly and wants {SCOPE}"
            )
        }
        None => format!("the token does not carry the scope {SCOPE}"),
    };
    let finding = Finding::proved(
        Code::MissingScope,
        summary,
        format!("ask for it, and consent: --scope api://{api}/{SCOPE}"),
    );
    Some(finding.saw("scp", scopes, SCOPE, Source::Default))
}

/// The same letters, or all but one or two of them.
fn near(scope: &str) -> bool {
    let (a, b) = (scope.to_lowercase(), SCOPE.to_lowercase());
    a.contains(&b)
        || b.contains(&a) && a.len() > 6
        || a.len().abs_diff(b.len()) < 2
            && a.chars().zip(b.chars()).filter(|(x, y)| x != y).count() <= 2
}
