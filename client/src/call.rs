//! `call` and `token get`.

use std::io::{IsTerminal as _, Read as _, Write as _};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use azure_core::credentials::Secret;
use reqwest::Client;
use url::Url;

use crate::cache::Cache;
use crate::challenge::Challenge;
use crate::cli::{CallArgs, CredentialKind, Output};
use crate::credential::{Request, Seeker, scope_of};
use crate::diagnosis::{self, Case, Expected, Finding, Sent, Signature, Source};
use crate::http::{self, Answer};
use crate::report::{Outcome, Report, json, printable, say, tell};
use crate::token::Decoded;
use crate::trust::{self, Trust};
use crate::{memory, verify};

/// `call`
pub(crate) async fn run(args: CallArgs) -> ExitCode {
    let (session, report) = match Session::new(args) {
        Ok(session) => {
            let report = session.call().await;
            (session, report)
        }
        Err(usage) => return bad_usage(&usage),
    };
    report.print(session.args.output);
    ExitCode::from(report.exit())
}

/// `token get`: the token alone on stdout.
pub(crate) async fn get_token(args: CallArgs) -> ExitCode {
    let session = match Session::new(args) {
        Ok(session) => session,
        Err(usage) => return bad_usage(&usage),
    };
    let outcome = match session.learn().await {
        Ok(known) => session
            .token(&known)
            .await
            .map_err(|finding| Box::new(session.no_token(*finding, known.challenge))),
        Err(report) => Err(report),
    };
    match outcome {
        Ok(token) => {
            say(token.secret());
            ExitCode::SUCCESS
        }
        Err(report) => {
            // stdout is for the token; a program that wants JSON gets it all the same.
            report.print(session.args.output);
            ExitCode::from(report.exit())
        }
    }
}

/// `login`: a token for later calls.
pub(crate) async fn login(args: CallArgs) -> ExitCode {
    let session = match Session::new(args) {
        Ok(session) => session,
        Err(usage) => return bad_usage(&usage),
    };
    let outcome = match session.learn().await {
        Ok(known) => match session.token(&known).await {
            Ok(_) => Ok(known),
            Err(finding) => Err(Box::new(session.no_token(*finding, known.challenge))),
        },
        Err(report) => Err(report),
    };
    match outcome {
        Ok(known) => {
            let user = session
                .seeker(&known.request)
                .kept()
                .await
                .and_then(|entry| entry.user);
            match session.args.output {
                Output::Json => say(&json(
                    &serde_json::json!({"outcome": "ok", "user": user, "scope": known.request.scope}),
                )),
                Output::Human => say(&format!(
                    "ready to call as {}",
                    printable(user.as_deref().unwrap_or("an unnamed user"))
                )),
            }
            ExitCode::SUCCESS
        }
        Err(report) => {
            report.print(session.args.output);
            ExitCode::from(report.exit())
        }
    }
}

/// `logout`: forgets every token and every agreement.
pub(crate) async fn logout() -> ExitCode {
    let outcome = match Cache::open() {
        Some(cache) => cache.clear().await,
        None => Ok(false),
    };
    match outcome {
        Ok(true) => tell("forgot every token; az and azd keep theirs (az logout, azd auth logout)"),
        Ok(false) => tell("there was no token to forget"),
        Err(error) => {
            tell(&format!(
                "error: the tokens could not be removed: {error}\n\n  fix  remove the greeting-cli folder in your state folder by hand"
            ));
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

pub(crate) fn bad_usage(why: &str) -> ExitCode {
    tell(&format!(
        "error: {why}\n\nFor more information, try '--help'."
    ));
    ExitCode::from(2)
}

/// What has to be known to ask for a token.
pub(crate) struct Known {
    pub(crate) request: Request,
    pub(crate) challenge: Option<Challenge>,
}

/// One command's work.
pub(crate) struct Session {
    pub(crate) args: CallArgs,
    pub(crate) url: Url,
    pub(crate) http: Client,
}

impl Session {
    pub(crate) fn new(args: CallArgs) -> Result<Self, String> {
        let url = Url::parse(&args.url).ok().filter(|url| matches!(url.scheme(), "http" | "https")).ok_or_else(|| {
            format!("{:?} is not an http or https URL; write the scheme too: https://…/api/greeting", args.url)
        })?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(
                "the URL holds a user or a password: a function is called with a token".into(),
            );
        }
        if args
            .access_token
            .as_deref()
            .is_some_and(|value| value != "-")
        {
            return Err("--access-token takes only -, and reads the token from stdin: what is written as an argument, others can see (ps, shell history)".into());
        }
        let http = http::client(args.ca_cert.as_deref(), args.timeout)?;
        Ok(Self { args, url, http })
    }

    async fn call(&self) -> Report {
        if let Some(token) = match self.provided() {
            Ok(token) => token,
            Err(finding) => return self.no_token(finding, None),
        } {
            return self.send(&token, None).await;
        }
        if self.args.credential == CredentialKind::None {
            return match self.get(None).await {
                Ok(answer) => self.explain(&Sent::Nothing, &answer, None, None).await,
                Err(unreached) => self.unreachable(&unreached),
            };
        }
        let known = match self.learn().await {
            Ok(known) => known,
            Err(report) => return *report,
        };
        match self.token(&known).await {
            Ok(token) => self.send(&token, known.challenge).await,
            Err(finding) => self.no_token(*finding, known.challenge),
        }
    }

    /// One call to the function's own origin.
    pub(crate) async fn get(&self, token: Option<&str>) -> Result<Answer, http::Unreached> {
        let with = if token.is_some() {
            "Authorization: Bearer (not shown)"
        } else {
            "no token"
        };
        self.verbose(|| format!("> GET {} {with}", without_query(&self.url)));
        let outcome = http::get_again(&self.http, &self.url, token, self.args.retry, tell).await;
        match &outcome {
            Ok(answer) => {
                self.verbose(|| {
                    format!(
                        "< {} {}",
                        answer.status,
                        answer.server.as_deref().unwrap_or_default()
                    )
                    .trim_end()
                    .to_owned()
                });
                for challenge in &answer.challenges {
                    self.verbose(|| format!("< WWW-Authenticate: {challenge}"));
                }
            }
            Err(unreached) => self.verbose(|| format!("< nothing: {}", unreached.why)),
        }
        outcome
    }

    fn verbose(&self, line: impl Fn() -> String) {
        if self.args.verbose {
            tell(&printable(&line()));
        }
    }

    async fn token(&self, known: &Known) -> Result<Secret, Box<Finding>> {
        self.seeker(&known.request).get().await
    }

    pub(crate) fn seeker<'a>(&'a self, request: &'a Request) -> Seeker<'a> {
        Seeker {
            kind: self.args.credential,
            http: &self.http,
            request,
            output: self.args.output,
            cache: if self.args.no_cache {
                None
            } else {
                Cache::open()
            },
        }
    }

    /// A token that somebody brings: from stdin, or the environment.
    pub(crate) fn provided(&self) -> Result<Option<Secret>, Finding> {
        let text = if self.args.access_token.is_some() {
            let mut text = String::new();
            if std::io::stdin().is_terminal() {
                tell("Paste the token, then Ctrl-D:");
            }
            // Larger than any header that a server takes.
            let read = std::io::stdin().take(256 * 1024).read_to_string(&mut text);
            if read.is_err() || text.trim().is_empty() {
                return Err(Finding::proved(
                    "no-token",
                    "stdin held no token",
                    "pipe one in: az account get-access-token … --query accessToken -o tsv | greeting-cli call URL --access-token -",
                ));
            }
            text
        } else if let Some(text) = std::env::var("GREETING_ACCESS_TOKEN")
            .ok()
            .filter(|text| !text.trim().is_empty())
        {
            text
        } else {
            return Ok(None);
        };
        Ok(Some(Secret::new(text.trim().to_owned())))
    }

    /// Authority, tenant and scope: what was said, else what the function's challenge says, as far
    /// as it may be believed.
    pub(crate) async fn learn(&self) -> Result<Known, Box<Report>> {
        self.safe_to_send()?;
        if let (Some(scope), Some(tenant)) = (&self.args.scope, &self.args.tenant) {
            let authority = self
                .args
                .authority_host
                .clone()
                .unwrap_or_else(|| "https://login.microsoftonline.com".into());
            let request = self.request(authority, tenant.clone(), scope.clone());
            return Ok(Known {
                request,
                challenge: None,
            });
        }
        let answer = match self.get(None).await {
            Ok(answer) => answer,
            Err(unreached) => return Err(Box::new(self.unreachable(&unreached))),
        };
        let challenge = challenge_of(&answer);
        let Some(challenge) = challenge.filter(|_| answer.status == 401) else {
            return Err(Box::new(
                self.explain(&Sent::Nothing, &answer, None, None).await,
            ));
        };
        if let Err(finding) = self.believe(&challenge) {
            return Err(Box::new(self.no_token(*finding, Some(challenge))));
        }
        let request = self.request(
            self.args
                .authority_host
                .clone()
                .unwrap_or_else(|| challenge.authority.clone()),
            self.args
                .tenant
                .clone()
                .unwrap_or_else(|| challenge.tenant.clone()),
            self.args
                .scope
                .clone()
                .unwrap_or_else(|| scope_of(&challenge.resource)),
        );
        Ok(Known {
            request,
            challenge: Some(challenge),
        })
    }

    fn request(&self, authority: String, tenant: String, scope: String) -> Request {
        let request = Request {
            authority: authority.trim_end_matches('/').to_owned(),
            tenant,
            client_id: self.args.client_id.clone(),
            scope,
        };
        let given = |id: &str| match self.args.sources.get(id) {
            Source::Flag => "flag",
            Source::Environment => "environment",
            _ if id == "client_id" => "default",
            _ => "the function's challenge",
        };
        for (name, id, value) in [
            ("authority", "authority_host", &request.authority),
            ("tenant", "tenant", &request.tenant),
            ("client", "client_id", &request.client_id),
            ("scope", "scope", &request.scope),
        ] {
            self.verbose(|| format!("* {name:<9} {value} ({})", given(id)));
        }
        request
    }

    fn safe_to_send(&self) -> Result<(), Box<Report>> {
        if trust::may_carry_token(&self.url) {
            return Ok(());
        }
        let mut report = self.report(Outcome::Unreachable);
        report.findings.push(Finding::proved(
            "http-not-https",
            "a token is not sent over plain http to another machine",
            format!(
                "https://{}{}",
                self.url.host_str().unwrap_or_default(),
                self.url.path()
            ),
        ));
        Err(Box::new(report))
    }

    /// The rule that discovery is not trust. What a person said explicitly is not discovered.
    pub(crate) fn believe(&self, challenge: &Challenge) -> Result<(), Box<Finding>> {
        let origin = self.url.origin().ascii_serialization();
        let claim = |finding: Finding| {
            Box::new(
                finding
                    .saw(
                        "authority",
                        challenge.authority.as_str(),
                        serde_json::Value::Null,
                        Source::Challenge,
                    )
                    .saw(
                        "resource",
                        challenge.resource.as_str(),
                        serde_json::Value::Null,
                        Source::Challenge,
                    ),
            )
        };
        let mut trust = trust::judge(&self.url, challenge);
        if trust == Trust::ForeignAuthority && self.args.authority_host.is_some() {
            trust = Trust::Ask;
        }
        match trust {
            Trust::Local => Ok(()),
            Trust::FirstParty(_) | Trust::Ask if self.args.scope.is_some() => Ok(()),
            Trust::ForeignAuthority => Err(claim(Finding::proved(
                "untrusted-authority",
                format!(
                    "{origin} names an authority that is not Microsoft's, and nobody signs in there because a web page says so"
                ),
                "if it is yours: --authority-host and --tenant, or AZURE_AUTHORITY_HOST",
            ))),
            Trust::FirstParty(name) => Err(claim(Finding::proved(
                "first-party-resource",
                format!("{origin} asks for a token for {name}, which is not its own API"),
                "do not send one; if this is your function, set its client id in deploy/authsettingsV2.json",
            ))),
            Trust::Ask if self.args.yes || memory::agreed(&self.url, challenge) => {
                self.keep(challenge)
            }
            Trust::Ask => self
                .ask(challenge)
                .map_err(|finding| claim(*finding))
                .and_then(|()| self.keep(challenge)),
        }
    }

    fn keep(&self, challenge: &Challenge) -> Result<(), Box<Finding>> {
        if let Err(why) = memory::remember(&self.url, challenge) {
            tell(&format!("warning: the answer was not kept: {why}"));
        }
        Ok(())
    }

    fn ask(&self, challenge: &Challenge) -> Result<(), Box<Finding>> {
        let origin = self.url.origin().ascii_serialization();
        let scope = scope_of(&challenge.resource);
        let elsewhere = memory::elsewhere(&self.url, challenge);
        if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
            let named = elsewhere.map_or(String::new(), |other| {
                format!(", which {other} stands for already")
            });
            return Err(Box::new(Finding::proved(
                "resource-not-confirmed",
                format!(
                    "{origin} names an API for the first time{named}, and there is no terminal to ask"
                ),
                format!(
                    "if it is right: greeting-cli call {} --scope {scope}",
                    self.url
                ),
            )));
        }
        tell(&format!(
            "{origin} asks for a token:\n  authority  {}\n  tenant     {}\n  API        {}",
            challenge.authority, challenge.tenant, challenge.resource
        ));
        if let Some(other) = elsewhere {
            tell(&format!(
                "  careful: the same API was agreed for {other} before"
            ));
        }
        let _ = write!(std::io::stderr(), "Get one and send it there? [y/N] ");
        let mut answer = String::new();
        let _ = std::io::stdin().read_line(&mut answer);
        if matches!(answer.trim(), "y" | "Y" | "yes" | "Yes") {
            Ok(())
        } else {
            Err(Box::new(Finding::proved(
                "resource-not-confirmed",
                "you did not agree to send a token there",
                "run it again and answer y, or give --scope",
            )))
        }
    }

    /// Sends the token to the URL's own origin, and nowhere else.
    pub(crate) async fn send(&self, token: &Secret, challenge: Option<Challenge>) -> Report {
        if let Err(report) = self.safe_to_send() {
            return *report;
        }
        let text = token.secret();
        let sent = match Decoded::parse(text) {
            Ok(decoded) => Sent::Token(Box::new(decoded)),
            Err(malformed) => Sent::Unreadable(malformed),
        };
        // What no header can carry can't be sent; the gate would say the same as to nothing.
        if text.bytes().any(|byte| !(0x21..0x7f).contains(&byte))
            && let Sent::Unreadable(_) = sent
        {
            let (gate, _) =
                diagnosis::foresee(&sent, &Expected::default(), Signature::Unchecked, now());
            let mut report = self.report(Outcome::NoToken);
            report.findings = gate;
            return report;
        }
        match self.get(Some(text)).await {
            Ok(answer) => self.explain(&sent, &answer, challenge, Some(text)).await,
            Err(unreached) => self.unreachable(&unreached),
        }
    }

    async fn explain(
        &self,
        sent: &Sent,
        answer: &Answer,
        discovered: Option<Challenge>,
        token: Option<&str>,
    ) -> Report {
        let challenge = challenge_of(answer).or(discovered);
        let mut expected = challenge.as_ref().map(Expected::of).unwrap_or_default();
        if let Some(tenant) = &self.args.tenant {
            expected.tenant = Some((tenant.clone(), self.args.sources.get("tenant")));
        }
        let mut signature = Signature::Unchecked;
        if answer.status == 401
            && let (Some(challenge), Some(token), Sent::Token(_)) = (&challenge, token, sent)
            && trust::judge(&self.url, challenge) != Trust::ForeignAuthority
        {
            signature =
                verify::signature(&self.http, &challenge.authority, &challenge.tenant, token).await;
        }
        let findings = diagnosis::diagnose(&Case {
            url: &self.url,
            sent,
            answer,
            challenge: challenge_of(answer).as_ref(),
            expected: &expected,
            signature,
            now: now(),
        });
        let mut report = self.report(match answer.status {
            200..=299 => Outcome::Ok,
            401 | 403 => Outcome::Refused,
            _ => Outcome::Unexpected,
        });
        report.status = Some(answer.status);
        report.greeting = (report.outcome == Outcome::Ok).then(|| answer.body.clone());
        report.findings = findings;
        report.token = match sent {
            Sent::Token(token) => Some(token.summary()),
            _ => None,
        };
        report.challenge = challenge;
        report
    }

    fn report(&self, outcome: Outcome) -> Report {
        Report {
            outcome,
            status: None,
            url: without_query(&self.url),
            greeting: None,
            findings: Vec::new(),
            token: None,
            challenge: None,
        }
    }

    fn unreachable(&self, unreached: &http::Unreached) -> Report {
        let mut report = self.report(Outcome::Unreachable);
        report
            .findings
            .push(diagnosis::unreached(&self.url, unreached));
        report
    }

    fn no_token(&self, finding: Finding, challenge: Option<Challenge>) -> Report {
        let mut report = self.report(Outcome::NoToken);
        report.findings.push(finding);
        report.challenge = challenge;
        report
    }
}

/// A query may hold what is nobody's business (a function key).
fn without_query(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}

pub(crate) fn challenge_of(answer: &Answer) -> Option<Challenge> {
    answer
        .challenges
        .iter()
        .find_map(|header| Challenge::parse(header))
}

/// This machine's clock, seconds since 1970.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
