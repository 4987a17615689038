//! Who refused before the gate was asked: the platform, or what stands in front of the app. Each
//! is told by what only it writes; the pages were captured in public (2022 to 2026).

use serde_json::Value;

use super::unreached::app;
use super::words::said;
use super::{Case, Code, Finding, Sent};
use crate::discovery::challenge::schemes_of;
use crate::http::Answer;
use crate::provenance::Source;

/// What stands before the gate, by the headers of an answer that is the gate's own: a front that
/// passes calls on, and a second gate that wants another sign-in.
pub(crate) fn standing_in_front(answer: &Answer) -> Vec<String> {
    let mut seen = Vec::new();
    let server = answer.server.as_deref().unwrap_or_default();
    if answer.tell("x-azure-ref").is_some() {
        seen.push("Azure Front Door (x-azure-ref)".to_owned());
    }
    if server.starts_with("Microsoft-Azure-Application-Gateway") {
        seen.push(format!("Application Gateway (Server: {server})"));
    }
    if answer.tell("cf-ray").is_some() {
        seen.push("Cloudflare (cf-ray)".to_owned());
    }
    if let Some(via) = answer.tell("via") {
        seen.push(format!("a proxy or cache (Via: {via})"));
    }
    let schemes = schemes_of(answer);
    let others = schemes.iter().filter(|scheme| !scheme.is("Bearer"));
    let mut names: Vec<&str> = others.map(|scheme| scheme.name.as_str()).collect();
    names.dedup();
    if !names.is_empty() {
        let names = names.join(", ");
        seen.push(format!("a second gate (WWW-Authenticate: {names})"));
    }
    let mut apis: Vec<&str> = schemes
        .iter()
        .filter_map(|scheme| scheme.get("resource_id"))
        .collect();
    apis.dedup();
    if apis.len() > 1 {
        seen.push(format!("a second Easy Auth (API {})", apis[1]));
    }
    seen
}

/// The platform's or the front's refusal, where the answer bears its mark.
pub(super) fn finding(case: &Case<'_>) -> Option<Finding> {
    if case.answer.status < 400 {
        return None;
    }
    let body = case.answer.body.to_lowercase();
    let finding = too_large(case, &body)
        .or_else(|| certificate(case, &body))
        .or_else(|| restricted(case, &body))
        .or_else(|| stopped(case, &body))
        .or_else(|| subscription_key(case))
        .or_else(|| front(case, &body))?;
    Some(said(finding, case.answer))
}

/// Access restrictions: App Service counts "public network access disabled" among them.
fn restricted(case: &Case<'_>, body: &str) -> Option<Finding> {
    let address = case.answer.tell("x-ms-forbidden-ip");
    if case.answer.status != 403 || address.is_none() && !body.contains("has blocked your access") {
        return None;
    }
    let app = app(case.url);
    let whose = address.map_or("this caller's address".to_owned(), |it| {
        format!("the address {it}")
    });
    // A unique local address (RFC 4193) is a caller's in a virtual network.
    let rule = if address
        .is_some_and(|it| it.trim_start_matches('[').to_lowercase().starts_with("fd"))
    {
        format!(
            "az functionapp config access-restriction add {app} --priority 100 --action Allow --vnet-name VNET --subnet SUBNET"
        )
    } else {
        let address = address
            .map(|it| it.trim_matches(['[', ']']))
            .filter(|it| it.parse::<std::net::IpAddr>().is_ok());
        let size = address.map_or("", |it| if it.contains(':') { "/128" } else { "/32" });
        format!(
            "az functionapp config access-restriction add {app} --priority 100 --action Allow --ip-address {}{size}",
            address.unwrap_or("ADDRESS")
        )
    };
    let fix = format!(
        "{rule}; or call from a network that is allowed. With publicNetworkAccess Disabled only the private endpoint is open"
    );
    let summary = format!(
        "the app's access restrictions do not allow {whose}; the call reached neither the gate nor the function"
    );
    let finding = match address {
        Some(_) => Finding::proved(Code::AccessRestricted, summary, fix),
        None => Finding::likely(Code::AccessRestricted, summary, fix),
    };
    Some(finding)
}

fn stopped(case: &Case<'_>, body: &str) -> Option<Finding> {
    let words = [
        "error 403 - this web app is stopped",
        "web app is stopped",
        "site is disabled",
        "private endpoint",
    ]
    .into_iter()
    .find(|words| case.answer.status == 403 && body.contains(words))?;
    let (summary, fix) = if words == "private endpoint" {
        (
            "the page speaks of a private endpoint: the app may be open to its own network only",
            "call from that network, or see the app's Networking, Public network access".to_owned(),
        )
    } else {
        (
            "the platform refused before the gate and the function: the app is stopped",
            format!(
                "az functionapp start {0}; a free plan stops it when its quota is used up: az functionapp show {0} --query usageState",
                app(case.url)
            ),
        )
    };
    Some(if words.starts_with("error 403") {
        Finding::proved(Code::HostForbidden, summary, fix)
    } else {
        Finding::likely(Code::HostForbidden, summary, fix)
    })
}

fn certificate(case: &Case<'_>, body: &str) -> Option<Finding> {
    // nginx's words, and so Application Gateway's.
    let gateway = body.contains("no required ssl certificate was sent");
    let platform = case.answer.status == 403 && body.contains("client certificate required");
    if !gateway && !platform {
        return None;
    }
    Some(if gateway {
        Finding::proved(
            Code::ClientCertificate,
            "what stands in front of the app wants a client certificate (mutual TLS), and greeting-cli sends none",
            "call with a program that sends one (curl --cert), or have its TLS profile not ask for one",
        )
    } else {
        Finding::likely(
            Code::ClientCertificate,
            "the app wants a client certificate, and greeting-cli sends none",
            format!(
                "call with a program that sends one (curl --cert); or have the app not require one: az functionapp update {} --set clientCertMode=Optional",
                app(case.url)
            ),
        )
    })
}

/// 431 (RFC 6585 section 5), or a 400 that says so.
fn too_large(case: &Case<'_>, body: &str) -> Option<Finding> {
    let words = [
        "request header or cookie too large",
        "size of the request headers is too long",
        "request header fields too large",
        "request too long",
    ];
    let says = words.into_iter().find(|words| body.contains(words));
    let token = match case.sent {
        Sent::Token(token) => Some(token),
        Sent::Nothing | Sent::Unreadable(_) => None,
    };
    let groups = token.map_or(0, |token| token.texts("groups").len());
    let unsaid = case.answer.status == 400 && groups > 50;
    let status = case.answer.status;
    if status != 431 && !(matches!(status, 400 | 494) && says.is_some()) && !unsaid {
        return None;
    }
    let summary = format!(
        "the request's headers are too large for {}",
        case.answer
            .server
            .as_deref()
            .unwrap_or("whoever answers here")
    );
    let fix = "have the token carry fewer groups: groupMembershipClaims ApplicationGroup in the API's app registration (portal: Token configuration, Groups assigned to the application), then sign in again";
    let finding = if status == 431 || says.is_some() {
        Finding::proved(Code::HeadersTooLarge, summary, fix)
    } else {
        Finding::likely(Code::HeadersTooLarge, summary, fix)
    };
    Some(match token {
        None => finding,
        Some(token) => finding
            .saw(
                "claims",
                format!(
                    "{} bytes",
                    serde_json::Value::Object(token.claims.clone())
                        .to_string()
                        .len()
                ),
                Value::Null,
                Source::Answer,
            )
            .saw("groups", groups, Value::Null, Source::Answer),
    })
}

/// API Management names the header that it wants the key in; its owner may have renamed it.
fn subscription_key(case: &Case<'_>) -> Option<Finding> {
    let schemes = schemes_of(case.answer);
    let wanted = schemes
        .iter()
        .find(|scheme| scheme.is("AzureApiManagementKey"))?;
    let header = wanted.get("name").unwrap_or("Ocp-Apim-Subscription-Key");
    let fix = if header.eq_ignore_ascii_case("authorization") {
        "its key header is Authorization, where a token belongs: its owner has to rename it (the API's settings, Subscription, Header name)".to_owned()
    } else {
        format!(
            "send the key in the header {header}; its owner finds it under the API Management service, Subscriptions"
        )
    };
    let finding = Finding::proved(
        Code::SubscriptionKey,
        "API Management, in front of the function, wants its subscription key, and did not ask for a token",
        fix,
    );
    Some(finding.saw("wants", header, Value::Null, Source::Answer))
}

/// What stands in front of an app, by the page that it writes itself.
fn front(case: &Case<'_>, body: &str) -> Option<Finding> {
    let answer = case.answer;
    let server = answer
        .server
        .as_deref()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let blocked = body.contains("the request is blocked");
    let refused = |name: &str, fix: String| {
        let summary =
            format!("{name} refused this call before it reached the gate and the function");
        Finding::proved(Code::FrontRefused, summary, fix)
    };
    if server.starts_with("microsoft-azure-application-gateway") {
        return Some(if answer.status >= 500 {
            Finding::proved(
                Code::FrontRefused,
                "Application Gateway got no answer that it could use from the app behind it",
                "az network application-gateway show-backend-health --name GATEWAY --resource-group GROUP",
            )
        } else {
            refused(
                "Application Gateway",
                "its owner finds the rule in the gateway's firewall log, by the time of this call"
                    .into(),
            )
        });
    }
    if blocked && let Some(reference) = answer.tell("x-azure-ref") {
        let fix = format!(
            "its owner finds the rule by this reference: FrontDoorWebApplicationFirewallLog, trackingReference {reference}"
        );
        return Some(refused("Front Door's firewall", fix));
    }
    if blocked && answer.tell("x-msedge-ref").is_some() {
        return Some(Finding::likely(
            Code::FrontRefused,
            "Microsoft's own edge refused this call, not a Front Door of the app's",
            "try from another network; support wants the reference",
        ));
    }
    let cloudflare = answer.tell("cf-mitigated").is_some()
        || [
            "you have been blocked",
            "error code: 10",
            "attention required! | cloudflare",
            "just a moment...",
        ]
        .iter()
        .any(|words| body.contains(words));
    if server == "cloudflare" && cloudflare {
        return Some(refused(
            "Cloudflare",
            "its owner finds the rule by the cf-ray".into(),
        ));
    }
    if body.contains("<center>nginx") {
        // It may run inside the app as well.
        return Some(Finding::likely(
            Code::FrontRefused,
            "nginx refused this call with a page of its own: it stands in front of the app, or runs in it",
            "its owner finds the reason in its error log, by the time of this call",
        ));
    }
    None
}
