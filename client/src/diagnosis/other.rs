//! Neither 401 nor 403: every other answer.

use serde_json::Value;

use super::unreached::app;
use super::words::{is_html, lines, said};
use super::{Case, Code, Finding, Sent};
use crate::provenance::Source;

/// What greeting-server's own 500 begins with.
const HANDLERS_OWN: &str = "Easy Auth ";

/// A success: the function's answer, unless it is a page for people.
pub(super) fn answered(case: &Case<'_>) -> Vec<Finding> {
    match (page(case), case.sent) {
        (Some(what), _) => {
            let finding = Finding::likely(
                Code::UnexpectedAnswer,
                format!("the answer is {what}, not the function's"),
                "call the function's own path: https://APP.azurewebsites.net/api/greeting; an app that shows a sign-in page answers browsers: unauthenticatedClientAction Return401",
            )
            .saw("Content-Type", case.answer.content_type.clone(), Value::Null, Source::Answer);
            vec![said(finding, case.answer)]
        }
        (None, Sent::Nothing) => vec![easy_auth_off(case)],
        (None, _) => Vec::new(),
    }
}

/// What page a 200 is, if it is none of the function's. An HTML answer of a path that somebody
/// named is its answer.
fn page(case: &Case<'_>) -> Option<&'static str> {
    if !is_html(case.answer) {
        return None;
    }
    let body = case.answer.body.to_lowercase();
    let form = body.contains("<form")
        && (body.contains("type=\"password\"") || body.contains("type='password'"));
    let entra = body.contains("login.microsoftonline.com")
        && (body.contains("<form") || body.contains("urlpost"));
    if form || entra {
        Some("a sign-in page")
    } else if case.url.path() == "/" {
        Some("the app's landing page")
    } else {
        None
    }
}

/// 200 with nothing sent.
fn easy_auth_off(case: &Case<'_>) -> Finding {
    let fix = "turn App Service Authentication on, with requireAuthentication: true (deploy/authsettingsV2.json)";
    let finding = if case.own_headers.is_empty() {
        Finding::proved(
            Code::EasyAuthOff,
            "the function answered a call without a token: anyone who reaches it can call it",
            fix,
        )
    } else {
        Finding::likely(
            Code::EasyAuthOff,
            "the function answered a call without a token; a header of the call may have taken its place",
            fix,
        )
        .saw(
            "headers",
            case.own_headers.to_vec(),
            Value::Null,
            Source::Flag,
        )
    };
    finding.saw("status", case.answer.status, 401, Source::Answer)
}

/// Neither success, 401 nor 403.
pub(super) fn other(case: &Case<'_>) -> Finding {
    let answer = case.answer;
    let status = answer.status;
    let finding = match status {
        300..=399 => redirect(case),
        404 => Finding::likely(
            Code::NotFound,
            "the host answers, but no function has this path and method",
            format!("check the path (default: /api/greeting), the method (-X), and that the function is deployed: az functionapp function list {}", app(case.url)),
        )
        .saw("path", case.url.path(), usual_path(case), Source::Default),
        500 if answer.body.starts_with(HANDLERS_OWN) && answer.body.contains(" is off") => Finding::proved(
            Code::EasyAuthOff,
            "the function refuses to answer because Easy Auth is off",
            "turn App Service Authentication on (deploy/authsettingsV2.json), or run it behind greeting-local up; do not use an app setting WEBSITE_AUTH_ENABLED for it: with authentication off, any caller could then send a principal of its own. Container Apps probably do not set it: with authentication on there, az containerapp update --name APP --resource-group GROUP --set-env-vars WEBSITE_AUTH_ENABLED=true",
        )
        .saw("body", lines(answer), Value::Null, Source::Answer),
        502..=504 => Finding::likely(
            Code::HandlerDown,
            "the host answers, but the handler behind it does not",
            format!("see its log: az webapp log tail {}; or Log stream in the portal; locally, the terminal of greeting-local up", app(case.url)),
        )
        .saw("status", status, 200, Source::Answer),
        _ => Finding::likely(
            Code::UnexpectedAnswer,
            format!("no known cause explains a {status}"),
            "see the function's log; -v shows the request and the answer",
        )
        .saw("status", status, 200, Source::Answer),
    };
    if finding.code == Code::EasyAuthOff
        || finding.code == Code::EasyAuthRedirect
        || finding.code == Code::StrippedAuthorization
    {
        finding
    } else {
        said(finding, answer)
    }
}

/// The default path of this project's function, if the caller used another one.
fn usual_path(case: &Case<'_>) -> Value {
    const USUAL: &str = "/api/greeting";
    if case
        .url
        .path()
        .trim_end_matches('/')
        .eq_ignore_ascii_case(USUAL)
    {
        Value::Null
    } else {
        Value::from(USUAL)
    }
}

fn redirect(case: &Case<'_>) -> Finding {
    let location = case.answer.location.as_deref().unwrap_or_default();
    let target = case.url.join(location).ok();
    // Its query may hold state or a nonce.
    let shown = target.as_ref().map_or("(none)".to_owned(), |url| {
        format!("{}{}", url.origin().ascii_serialization(), url.path())
    });
    // The gate's own address; an app that signs people in itself sends them to an authority too.
    let gates = location.contains("/.auth/login");
    if gates || location.contains("/oauth2/") {
        let finding = Finding::likely(
            Code::EasyAuthRedirect,
            "the app redirects callers to a sign-in page, which works for browsers only",
            "set unauthenticatedClientAction to Return401 (portal: Unauthenticated requests: HTTP 401)",
        )
        .saw("Location", shown, "401", Source::Answer);
        return if gates { finding.sure() } else { finding };
    }
    let finding = Finding::proved(
        Code::StrippedAuthorization,
        "the answer is a redirect, and a token is never sent to another address",
        "call the address it names, if it is yours",
    );
    finding.saw(
        "Location",
        shown,
        "an answer from this origin",
        Source::Answer,
    )
}
