//! `doctor`: each step between this machine and the function, in order.

mod account;
mod network;

use std::process::ExitCode;

use command_line::characters::{unicode, writable};
use serde::Serialize;
use serde_json::json;

use crate::cli::{CallArgs, Output};
use crate::clock::{how_long, now};
use crate::credential::Person;
use crate::diagnosis::{self, Code, Expected, Finding, Sent, Signature};
use crate::discovery::challenge::Challenge;
use crate::discovery::trust::Authority;
use crate::failure::Failure;
use crate::http::{Answer, without_query};
use crate::report::finding_text;
use crate::scope::is_plain;
use crate::session::Session;
use crate::terminal::{WIDTH, json as pretty, printable, say};

#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase", tag = "result")]
enum CheckResult {
    Ok { seen: String },
    Failed { finding: Box<Finding> },
    Skipped { because: String },
}

#[derive(Debug, Serialize)]
struct Check {
    link: &'static str,
    #[serde(flatten)]
    result: CheckResult,
}

#[derive(Default)]
struct Checks(Vec<Check>);

impl Checks {
    fn push(&mut self, link: &'static str, result: CheckResult) {
        self.0.push(Check { link, result });
    }

    fn ok(&mut self, link: &'static str, seen: impl Into<String>) {
        self.push(link, CheckResult::Ok { seen: seen.into() });
    }

    fn failed(&mut self, link: &'static str, finding: Finding) {
        let finding = Box::new(finding);
        self.push(link, CheckResult::Failed { finding });
    }

    fn skip(&mut self, links: &[&'static str], because: &str) {
        for link in links {
            let because = because.to_owned();
            self.push(link, CheckResult::Skipped { because });
        }
    }

    /// With the function's address in the commands of each fix.
    fn with_url(self, url: &str) -> Self {
        let whole = |check: Check| match check.result {
            CheckResult::Failed { finding } => Check {
                result: CheckResult::Failed {
                    finding: Box::new(finding.with_url(url)),
                },
                ..check
            },
            _ => check,
        };
        Self(self.0.into_iter().map(whole).collect())
    }

    /// Nothing failed, and the last step was not skipped.
    fn sound(&self) -> bool {
        let failed = |check: &Check| matches!(check.result, CheckResult::Failed { .. });
        let last = self.0.last();
        !self.0.iter().any(failed)
            && last.is_some_and(|check| matches!(check.result, CheckResult::Ok { .. }))
    }

    fn human(&self, marks: [&str; 2]) -> String {
        let mut text = String::new();
        for Check { link, result } in &self.0 {
            let line = match result {
                CheckResult::Ok { seen } => line(marks[0], link, seen),
                CheckResult::Skipped { because } => line("-", link, &format!("skipped: {because}")),
                CheckResult::Failed { finding } => format!(
                    "{:<2} {link}\n{}",
                    marks[1],
                    finding_text(finding).trim_end()
                ),
            };
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

/// One step, in 80 columns.
fn line(mark: &str, link: &str, said: &str) -> String {
    let begun = format!("{mark:<2} {link:<10} ");
    let options = textwrap::Options::new(WIDTH)
        .initial_indent(&begun)
        .subsequent_indent("              ")
        .break_words(false)
        .wrap_algorithm(textwrap::WrapAlgorithm::FirstFit)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .word_separator(textwrap::WordSeparator::AsciiSpace);
    textwrap::fill(&printable(said), options)
}

/// Checks and prints. Exit 0 only if every check passed.
pub(crate) async fn run(args: CallArgs) -> Result<ExitCode, Failure> {
    // A check asks no question and does not sign in.
    let session = Session {
        person: Person::Absent,
        ..Session::new(args)?
    };
    let mut checks = Checks::default();
    examine(&session, &mut checks).await;
    let checks = checks.with_url(&without_query(&session.url));
    let sound = checks.sound();
    match session.args.output {
        Output::Json => say(&pretty(&json!({"ok": sound, "checks": checks.0})))?,
        Output::Human => {
            let marks = if unicode() {
                ["✓", "✗"]
            } else {
                ["ok", "!!"]
            };
            say(&writable(checks.human(marks).trim_end()))?;
        }
    }
    Ok(ExitCode::from(u8::from(!sound)))
}

const AFTER_NETWORK: [&str; 12] = [
    "clock",
    "in front",
    "Easy Auth",
    "authority",
    "keys",
    "resource",
    "audience",
    "Azure CLI",
    "key store",
    "token",
    "accepted",
    "scope",
];

async fn examine(session: &Session, checks: &mut Checks) {
    let Some(answer) = network::examine(session, checks).await else {
        checks.skip(&AFTER_NETWORK, "nothing answers");
        return;
    };
    clock(&answer, checks);
    in_front(&answer, checks);
    let Some(challenge) = easy_auth(session, &answer, checks).await else {
        checks.skip(&AFTER_NETWORK[3..], "there is no challenge");
        return;
    };
    if !authority(session, &challenge, checks).await {
        checks.skip(&AFTER_NETWORK[5..], "there is no authority to ask");
        return;
    }
    resource(session, &answer, &challenge, checks).await;
    account::examine(session, &challenge, checks).await;
}

/// Whether clients that follow the published metadata get a token of Entra.
async fn resource(session: &Session, answer: &Answer, challenge: &Challenge, checks: &mut Checks) {
    let Some(metadata) = session.metadata(answer).await else {
        checks.skip(&["resource"], "no metadata of it is published (RFC 9728)");
        return;
    };
    let plain =
        is_plain(&metadata.resource) && metadata.scopes_supported.iter().all(|it| is_plain(it));
    let servers = &metadata.authorization_servers;
    let entra = |server: &String| Authority::of(server, &session.url) != Authority::Foreign;
    if !plain || !servers.first().is_some_and(entra) {
        checks.skip(&["resource"], "its metadata names no authority of Entra ID");
        return;
    }
    match diagnosis::resource_of_metadata(&metadata, &challenge.resource) {
        Ok(seen) => checks.ok("resource", seen),
        Err(finding) => checks.failed("resource", *finding),
    }
}

fn clock(answer: &Answer, checks: &mut Checks) {
    match answer.date {
        None => checks.skip(&["clock"], "the answer has no Date"),
        Some(date) if diagnosis::is_off(date, now()) => {
            checks.failed("clock", diagnosis::clock_skew(now(), date));
        }
        Some(date) => {
            let off = how_long(date.abs_diff(now()).cast_signed());
            checks.ok("clock", format!("within {off} of the function's clock"));
        }
    }
}

/// What stands before the gate, as far as it says so.
fn in_front(answer: &Answer, checks: &mut Checks) {
    let seen = diagnosis::standing_in_front(answer);
    if seen.is_empty() {
        checks.ok("in front", "nothing names itself");
    } else {
        let seen = seen.join("; ");
        checks.ok("in front", format!("{seen}: it may refuse by itself"));
    }
}

async fn easy_auth(session: &Session, answer: &Answer, checks: &mut Checks) -> Option<Challenge> {
    let challenge = session.challenge(answer).await;
    if let Some(challenge) = &challenge {
        checks.ok(
            "Easy Auth",
            format!("on: 401, for API {}", challenge.resource),
        );
        return Some(challenge.clone());
    }
    let findings = diagnosis::diagnose(&diagnosis::Case {
        url: &session.url,
        sent: &Sent::Nothing,
        own_headers: &[],
        answer,
        challenge: None,
        met: None,
        expected: &Expected::default(),
        signature: Signature::Unchecked,
        now: now(),
    });
    // This check sends no token on purpose.
    let cause = findings
        .into_iter()
        .find(|finding| finding.code != Code::NoToken);
    let finding = cause.unwrap_or_else(|| diagnosis::no_challenge(answer));
    checks.failed("Easy Auth", finding);
    None
}

async fn authority(session: &Session, challenge: &Challenge, checks: &mut Checks) -> bool {
    if Authority::of(&challenge.authority, &session.url) == Authority::Foreign
        && session.args.authority_host.is_none()
    {
        let finding = diagnosis::foreign_authority(&session.url, challenge);
        checks.failed("authority", finding);
        checks.skip(&["keys"], "the authority is not trusted");
        return false;
    }
    let said = &session.args;
    let authority = said.authority_host.as_ref().unwrap_or(&challenge.authority);
    let tenant = said.tenant.as_ref().unwrap_or(&challenge.tenant);
    match crate::signature::keys(&session.http, authority, tenant).await {
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

#[cfg(test)]
mod tests;
