//! `doctor`: each link between here and the greeting, in order.

use std::process::ExitCode;

use serde::Serialize;
use serde_json::json;

use crate::call::{Session, bad_usage, challenge_of, now};
use crate::challenge::Challenge;
use crate::cli::{CallArgs, CredentialKind, Output};
use crate::diagnosis::{self, Finding, Sent};
use crate::http::{self, Answer};
use crate::prompt::unicode;
use crate::report::{finding_text, json as pretty, printable, say};
use crate::token::{Decoded, how_long};
use crate::trust::{self, Trust};

/// More than this between two clocks refuses tokens, in seconds.
const SKEW: u64 = 300;

#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase", tag = "result")]
enum Outcome {
    Ok { seen: String },
    Failed { finding: Box<Finding> },
    Skipped { because: String },
}

#[derive(Debug, Serialize)]
struct Check {
    link: &'static str,
    #[serde(flatten)]
    outcome: Outcome,
}

#[derive(Default)]
struct Checks(Vec<Check>);

impl Checks {
    fn ok(&mut self, link: &'static str, seen: impl Into<String>) {
        self.0.push(Check {
            link,
            outcome: Outcome::Ok { seen: seen.into() },
        });
    }

    fn failed(&mut self, link: &'static str, finding: Finding) {
        self.0.push(Check {
            link,
            outcome: Outcome::Failed {
                finding: Box::new(finding),
            },
        });
    }

    fn skip(&mut self, links: &[&'static str], because: &str) {
        for link in links {
            self.0.push(Check {
                link,
                outcome: Outcome::Skipped {
                    because: because.to_owned(),
                },
            });
        }
    }
}

/// Checks and prints. Exit 0 only if every link holds.
pub(crate) async fn run(args: CallArgs) -> ExitCode {
    let session = match Session::new(args) {
        Ok(session) => session,
        Err(usage) => return bad_usage(&usage),
    };
    let mut checks = Checks::default();
    examine(&session, &mut checks).await;
    let sound = !checks
        .0
        .iter()
        .any(|check| matches!(check.outcome, Outcome::Failed { .. }))
        && checks
            .0
            .iter()
            .any(|check| check.link == "greeting" && matches!(check.outcome, Outcome::Ok { .. }));
    match session.args.output {
        Output::Json => say(&pretty(&json!({"ok": sound, "checks": checks.0}))),
        Output::Human => {
            let (tick, cross) = if unicode() {
                ("✓", "✗")
            } else {
                ("ok", "!!")
            };
            for Check { link, outcome } in &checks.0 {
                match outcome {
                    Outcome::Ok { seen } => {
                        say(&format!("{tick:<2} {link:<10} {}", printable(seen)))
                    }
                    Outcome::Skipped { because } => {
                        say(&format!("-  {link:<10} skipped: {because}"))
                    }
                    Outcome::Failed { finding } => say(&format!(
                        "{cross:<2} {link}\n{}",
                        finding_text(finding).trim_end()
                    )),
                }
            }
        }
    }
    ExitCode::from(u8::from(!sound))
}

async fn examine(session: &Session, checks: &mut Checks) {
    // Name, TCP and TLS are one step of the client; the finding says which of them failed.
    let answer = match http::get(&session.http, &session.url, None).await {
        Ok(answer) => {
            checks.ok("name", session.url.host_str().unwrap_or_default());
            checks.ok(
                "TCP",
                format!("port {}", session.url.port_or_known_default().unwrap_or(0)),
            );
            match session.url.scheme() {
                "https" => checks.ok("TLS", "the certificate is trusted"),
                _ => checks.skip(&["TLS"], "plain http"),
            }
            answer
        }
        Err(unreached) => {
            let links = ["name", "TCP", "TLS"];
            let at = match unreached.code {
                "dns" => 0,
                "tls-untrusted" | "http-not-https" => 2,
                _ => 1,
            };
            for link in &links[..at] {
                checks.ok(link, session.url.host_str().unwrap_or_default());
            }
            checks.failed(links[at], diagnosis::unreached(&session.url, &unreached));
            checks.skip(&links[at + 1..], "nothing answers");
            checks.skip(
                &[
                    "clock",
                    "Easy Auth",
                    "authority",
                    "keys",
                    "token",
                    "greeting",
                ],
                "nothing answers",
            );
            return;
        }
    };
    clock(&answer, checks);
    let Some(challenge) = easy_auth(session, &answer, checks) else {
        checks.skip(
            &["authority", "keys", "token", "greeting"],
            "there is no challenge to follow",
        );
        return;
    };
    if !authority(session, &challenge, checks).await {
        checks.skip(&["token", "greeting"], "there is no authority to ask");
        return;
    }
    token(session, checks).await;
}

fn clock(answer: &Answer, checks: &mut Checks) {
    match answer.date {
        None => checks.skip(&["clock"], "the answer has no Date"),
        Some(date) if date.abs_diff(now()) > SKEW => {
            checks.failed("clock", diagnosis::clock_skew(now(), date))
        }
        Some(date) => checks.ok(
            "clock",
            format!(
                "within {} of the function's",
                how_long(date.abs_diff(now()).cast_signed())
            ),
        ),
    }
}

fn easy_auth(session: &Session, answer: &Answer, checks: &mut Checks) -> Option<Challenge> {
    let challenge = challenge_of(answer).filter(|_| answer.status == 401);
    match &challenge {
        Some(challenge) => checks.ok(
            "Easy Auth",
            format!("on: 401, for API {}", challenge.resource),
        ),
        None => {
            let expected = diagnosis::Expected::default();
            let case = diagnosis::Case {
                url: &session.url,
                sent: &Sent::Nothing,
                answer,
                challenge: None,
                expected: &expected,
                signature: diagnosis::Signature::Unchecked,
                now: now(),
            };
            for finding in diagnosis::diagnose(&case).into_iter().take(1) {
                checks.failed("Easy Auth", finding);
            }
        }
    }
    challenge
}

async fn authority(session: &Session, challenge: &Challenge, checks: &mut Checks) -> bool {
    if trust::judge(&session.url, challenge) == Trust::ForeignAuthority
        && session.args.authority_host.is_none()
    {
        checks.failed(
            "authority",
            Finding::proved(
                "untrusted-authority",
                format!("{} is not Microsoft's", challenge.authority),
                "if it is yours: --authority-host",
            ),
        );
        checks.skip(&["keys"], "the authority is not trusted");
        return false;
    }
    let authority = session
        .args
        .authority_host
        .as_deref()
        .unwrap_or(&challenge.authority);
    let tenant = session.args.tenant.as_deref().unwrap_or(&challenge.tenant);
    match crate::verify::keys(&session.http, authority, tenant).await {
        Ok(keys) => {
            checks.ok("authority", format!("{authority}, tenant {tenant}"));
            checks.ok("keys", format!("{} published", keys.keys.len()));
            true
        }
        Err(finding) => {
            checks.failed("authority", *finding);
            checks.skip(&["keys"], "no discovery document");
            false
        }
    }
}

/// A kept or brought token only: a check signs nobody in.
async fn token(session: &Session, checks: &mut Checks) {
    let known = match session.learn().await {
        Ok(known) => known,
        Err(report) => {
            for finding in report.findings.into_iter().take(1) {
                checks.failed("token", finding);
            }
            checks.skip(&["greeting"], "there is no token to send");
            return;
        }
    };
    let mut brought = match session.provided() {
        Ok(brought) => brought,
        Err(finding) => {
            checks.failed("token", finding);
            checks.skip(&["greeting"], "there is no token to send");
            return;
        }
    };
    let seeker = session.seeker(&known.request);
    if brought.is_none() {
        let kept = seeker
            .kept()
            .await
            .filter(|entry| entry.expires_at > now() || entry.refresh_token.is_some());
        let quiet = kept.is_some() || session.args.credential == CredentialKind::AzureCli;
        if quiet {
            match seeker.get().await {
                Ok(token) => brought = Some(token),
                Err(finding) => {
                    checks.failed("token", *finding);
                    checks.skip(&["greeting"], "there is no token to send");
                    return;
                }
            }
        }
    }
    let Some(token) = brought else {
        checks.failed(
            "token",
            Finding::proved(
                "no-token",
                "no token is kept for this function",
                format!("greeting-cli login {}", session.url),
            ),
        );
        checks.skip(&["greeting"], "there is no token to send");
        return;
    };
    match Decoded::parse(token.secret()) {
        Ok(decoded) => {
            let left = decoded.time("exp").map_or_else(
                || "an unknown time".to_owned(),
                |exp| how_long(exp.saturating_sub(now()).max(0)),
            );
            checks.ok(
                "token",
                format!("scopes {}, {left} left", decoded.scopes().join(" ")),
            );
        }
        Err(_) => checks.ok("token", "opaque"),
    }
    let report = session.send(&token, known.challenge).await;
    match report.findings.into_iter().next() {
        Some(finding) => checks.failed("greeting", finding),
        None if report.outcome == crate::report::Outcome::Ok => checks.ok(
            "greeting",
            report.greeting.unwrap_or_default().trim().to_owned(),
        ),
        None => checks.failed(
            "greeting",
            Finding::likely(
                "unexpected-answer",
                format!("status {}", report.status.unwrap_or(0)),
                "greeting-cli call -v says more",
            ),
        ),
    }
}
