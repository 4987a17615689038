//! The report on a call, or on why there was none.

use serde_json::Map;

use super::Session;
use super::learn::Stopped;
use crate::clock::{now, utc};
use crate::diagnosis::{self, Case, Code, Expected, Finding, Sent, Signature};
use crate::discovery::challenge::{Challenge, challenge_of};
use crate::discovery::trust::Authority;
use crate::http::{self, Answer, without_query};
use crate::report::{Content, Outcome, Report};
use crate::signature;
use crate::token::Decoded;

/// Why no token was asked for.
pub(crate) async fn stopped(session: &Session, stopped: Stopped) -> Report {
    match stopped {
        Stopped::InTheClear => in_the_clear(session),
        Stopped::Unreached(why) => unreachable(session, &why),
        Stopped::NothingDiscovered(answer) => nothing_discovered(session, &answer).await,
        Stopped::NotTrusted(finding, challenge) => no_token(session, *finding, Some(challenge)),
    }
}

/// The answer to a call without a token named no API.
async fn nothing_discovered(session: &Session, answer: &Answer) -> Report {
    let mut report = explain(session, &Sent::Nothing, answer, None, None).await;
    if answer.status == 401 {
        // No token was meant to be sent yet.
        report
            .findings
            .retain(|finding| finding.code != Code::NoToken);
        if report.findings.is_empty() {
            report.findings.push(diagnosis::no_challenge(answer));
        }
    }
    report
}

/// The token would be sent over plain http to another machine.
pub(super) fn in_the_clear(session: &Session) -> Report {
    let mut report = blank(session, Outcome::Unreachable);
    report.findings.push(Finding::proved(
        Code::HttpNotHttps,
        "a token is not sent over plain http to another machine",
        format!(
            "https://{}{}",
            session.url.host_str().unwrap_or_default(),
            session.url.path()
        ),
    ));
    report
}

/// The report on an answer.
pub(crate) async fn explain(
    session: &Session,
    sent: &Sent,
    answer: &Answer,
    discovered: Option<Challenge>,
    token: Option<&str>,
) -> Report {
    let own = session.challenge(answer).await;
    let met = match (&own, discovered, sent) {
        (_, Some(discovered), _) => Some(discovered),
        // Whether a gate stands here decides whose refusal this is.
        (None, None, Sent::Token(_)) if matches!(answer.status, 401 | 403) => {
            asked_without_token(session).await
        }
        _ => None,
    };
    let challenge = own.or_else(|| met.clone());
    let expected = expected(session, challenge.as_ref());
    let signature = match (sent, token) {
        (Sent::Token(decoded), Some(token)) if matches!(answer.status, 401 | 403) => {
            let challenge = challenge.as_ref();
            signed(session, decoded, token, challenge).await
        }
        _ => Signature::Unchecked,
    };
    let findings = diagnosis::diagnose(&Case {
        url: &session.url,
        sent,
        own_headers: &session.request.header_names(),
        answer,
        challenge: challenge_of(answer).as_ref(),
        met: met.as_ref(),
        expected: &expected,
        signature,
        now: now(),
    });
    let mut report = blank(session, Outcome::of(answer.status, &findings));
    report.status = Some(answer.status);
    if findings.is_empty() && report.outcome != Outcome::Ok {
        report.answer = diagnosis::everything(answer);
    }
    report.findings = findings;
    report.ids = diagnosis::ids(answer);
    report.token = match sent {
        Sent::Token(token) => Some(token.summary()),
        _ => None,
    };
    report.challenge = challenge;
    report
}

/// What the gate says to a caller without a token.
async fn asked_without_token(session: &Session) -> Option<Challenge> {
    let answer = session.ask().await.ok()?;
    session.challenge(&answer).await
}

/// What is expected of a token: the gate's word first, then what the person says.
fn expected(session: &Session, challenge: Option<&Challenge>) -> Expected {
    let args = &session.args;
    let mut expected = challenge.map(Expected::of).unwrap_or_default();
    // `.default` asks for whatever is consented, and so names no scope.
    let said = args.scope.as_ref().filter(|it| !it.ends_with(".default"));
    if let Some(scope) = said {
        expected.scope = Some((scope.clone(), args.sources.get("scope")));
    }
    let tenant = args.tenant.as_deref();
    expected
        .in_tenant(tenant.map(|tenant| (tenant, args.sources.get("tenant"))))
        .with(session.settings.as_ref())
}

/// Checks against the keys of the function's authority, else of the token's own issuer.
async fn signed(
    session: &Session,
    decoded: &Decoded,
    token: &str,
    challenge: Option<&Challenge>,
) -> Signature {
    let trusted =
        challenge.filter(|it| Authority::of(&it.authority, &session.url) != Authority::Foreign);
    let issuer = match (trusted, challenge) {
        (Some(challenge), _) => Some((challenge.authority.clone(), challenge.tenant.clone())),
        (None, Some(_)) => None,
        (None, None) => signature::issuer(decoded, &session.url),
    };
    match issuer {
        Some((authority, tenant)) => {
            signature::signature(&session.http, &authority, &tenant, token).await
        }
        None => Signature::Unchecked,
    }
}

/// An empty report on this call.
pub(super) fn blank(session: &Session, outcome: Outcome) -> Report {
    Report {
        outcome,
        status: None,
        url: without_query(&session.url),
        greeting: None,
        content: Content::default(),
        findings: Vec::new(),
        token: None,
        challenge: None,
        answer: Map::new(),
        time: utc(now()),
        ids: Map::new(),
        now: now(),
    }
}

pub(crate) fn unreachable(session: &Session, unreached: &http::Unreached) -> Report {
    let mut report = blank(session, Outcome::Unreachable);
    report
        .findings
        .push(diagnosis::unreached(&session.url, unreached));
    report
}

pub(crate) fn no_token(
    session: &Session,
    finding: Finding,
    challenge: Option<Challenge>,
) -> Report {
    // What lies between here and everybody failed: nothing was reached.
    let outcome = match finding.code {
        Code::ProxyFailed | Code::ProxyVariable => Outcome::Unreachable,
        _ => Outcome::NoToken,
    };
    let mut report = blank(session, outcome);
    let from = session.args.sources.get("client_id");
    report.findings.push(diagnosis::with_client_from(
        finding,
        &session.args.client_id,
        from,
    ));
    report
        .findings
        .extend(expected(session, challenge.as_ref()).conflict());
    report.challenge = challenge;
    report
}
