//! 403: authenticated but not allowed, by the function, the gate or an app of its own.

use loopback::is_loopback;
use serde_json::Value;

use super::behind::{app_refused, has_words};
use super::missing_scope::{Wanted, scope};
use super::unreached::app;
use super::words::said;
use super::{Case, Certainty, Code, Finding, Sent, gate};
use crate::discovery::challenge::schemes_of;
use crate::provenance::Source;
use crate::token::Decoded;

/// The causes of a 403.
pub(super) fn findings(case: &Case<'_>) -> Vec<Finding> {
    let schemes = schemes_of(case.answer);
    let scoped = schemes
        .iter()
        .find(|scheme| scheme.get("error") == Some("insufficient_scope"));
    if let (Some(scheme), Sent::Token(token)) = (scoped, case.sent) {
        let wanted = Wanted::of(scheme.get("scope"), case.expected);
        let finding =
            scope(token, &wanted, case.expected).unwrap_or_else(|| has_it(token, &wanted));
        // greeting-server's sentence says no more than its challenge.
        let ours = case.answer.body.trim() == "Missing required scope.";
        return vec![if ours {
            finding
        } else {
            said(finding, case.answer)
        }];
    }
    let from_gate = schemes.is_empty() && !has_words(case);
    match case.sent {
        Sent::Nothing
            if from_gate && (case.answer.from_gate || !case.answer.body.trim().is_empty()) =>
        {
            // A page of Windows' that others write too, or a gate that let it through.
            vec![gate::no_token().unsure().saw(
                "status",
                403,
                "401 (unauthenticatedClientAction: Return401)",
                Source::Default,
            )]
        }
        _ if !from_gate => vec![app_refused(case)],
        Sent::Nothing => vec![before_authentication(case)],
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

/// The app wants a scope that the token has.
fn has_it(token: &Decoded, wanted: &Wanted) -> Finding {
    Finding::proved(
        Code::ScopePresent,
        format!("the token carries {}, and the app refuses it all the same", wanted.names.join(" ")),
        "look in the app's own code: it may compare another claim (roles, or the scope's long name), or another spelling",
    )
    .saw("scp", token.scopes(), wanted.names.clone(), wanted.source)
}

fn before_authentication(case: &Case<'_>) -> Finding {
    let finding = Finding::likely(
        Code::HostForbidden,
        "refused before any authentication: the app is stopped, or does not allow this address",
        format!(
            "az functionapp show {} --query state; then see the app's Networking, Access restrictions",
            app(case.url)
        ),
    );
    said(finding, case.answer)
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
        let mut findings = vec![
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
        findings.extend(overage(token));
        return findings;
    };
    let mut findings = Vec::new();
    let among = |list: &[String], id: &str| list.iter().any(|item| item.eq_ignore_ascii_case(id));
    let refusing = settings.clients.iter().find(|list| !among(list, client));
    match refusing.map(Vec::as_slice) {
        Some([]) => findings.push(
            Finding::likely(
                Code::StoredEmptyList,
                "the settings hold an empty list of client applications, which is reported to admit nobody",
                "take validation.jwtClaimChecks.allowedClientApplications out of the settings, or name the clients in it; then restart the app",
            )
            .saw("azp", client, Vec::<String>::new(), Source::Settings),
        ),
        Some(list) => {
            let finding = client_finding.saw("azp", client, list.to_vec(), Source::Settings);
            findings.push(finding.sure());
        }
        None => {}
    }
    let groups = token.texts("groups");
    let in_group = |list: &[String]| groups.iter().any(|group| among(list, group));
    let limited = !settings.identities.is_empty() || !settings.groups.is_empty();
    let principal = limited && !among(&settings.identities, user) && !in_group(&settings.groups);
    let claimed = !settings.claimed_groups.is_empty() && !in_group(&settings.claimed_groups);
    if principal || claimed {
        let list = if principal {
            &settings.groups
        } else {
            &settings.claimed_groups
        };
        let by_group = !list.is_empty();
        // Absent groups are not "in no group".
        let unnamed = by_group && groups.is_empty();
        let mut finding = user_finding;
        if principal {
            finding = finding.saw("oid", user, settings.identities.clone(), Source::Settings);
        }
        if by_group {
            let seen = if unnamed {
                Value::from("(the token names none)")
            } else {
                groups.clone().into()
            };
            finding = finding.saw("groups", seen, list.clone(), Source::Settings);
        }
        match overage(token).filter(|_| unnamed) {
            Some(overage) => findings.push(overage),
            None if unnamed => findings.push(Finding {
                fix: format!("{}; or have tokens name groups: groupMembershipClaims SecurityGroup in the API's app registration", finding.fix),
                ..finding
            }),
            None => findings.push(finding.sure()),
        }
    }
    if findings.is_empty() {
        findings.extend([stored_empty_list(client), settings_stale(case)]);
    }
    findings
}

/// Of more than 200 groups a token names none, and says where they can be read instead.
fn overage(token: &Decoded) -> Option<Finding> {
    let elsewhere = token
        .claims
        .get("_claim_names")
        .and_then(|names| names.get("groups"))
        .is_some();
    let many = token.claims.get("hasgroups").is_some();
    if !elsewhere && !many {
        return None;
    }
    let finding = Finding::likely(
        Code::GroupsOverage,
        "the user is in too many groups for the token to name them, so the gate finds none of its own in it",
        "have the token carry only groups assigned to the app: groupMembershipClaims ApplicationGroup in the API's app registration (portal: Token configuration, Groups assigned to the application); or allow the user instead of a group",
    );
    let name = if elsewhere {
        "_claim_names"
    } else {
        "hasgroups"
    };
    Some(finding.saw(
        name,
        token.claims.get(name).cloned().unwrap_or_default(),
        Value::Null,
        Source::Answer,
    ))
}

/// The file's settings accept the token: then others are in force. Two ways are known.
fn stored_empty_list(client: &str) -> Finding {
    Finding::likely(
        Code::StoredEmptyList,
        "the settings accept this token, and the gate does not: it may hold an empty list that the file does not show",
        "see what is stored: az rest --method get --url /subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/Microsoft.Web/sites/APP/config/authsettingsV2?api-version=2024-04-01 --query properties.identityProviders.azureActiveDirectory.validation",
    )
    .saw("azp", client, Value::Null, Source::Settings)
}

fn settings_stale(case: &Case<'_>) -> Finding {
    Finding::likely(
        Code::SettingsStale,
        "the settings may be newer than the running app, which reads them when it starts",
        format!("az functionapp restart {}", app(case.url)),
    )
}
