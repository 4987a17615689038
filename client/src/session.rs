//! One command's work: what was said on the command line, the client, and what is learnt of the
//! function before a token is asked for.

use std::io::{IsTerminal as _, Read as _};
use std::time::{SystemTime, UNIX_EPOCH};

use azure_core::credentials::Secret;
use url::Url;

use crate::cache::Cache;
use crate::challenge::Challenge;
use crate::cli::CallArgs;
use crate::credential::{Person, Request, Reuse, Seeker};
use crate::diagnosis::{self, Finding, Sent, Source};
use crate::http::{self, Answer, Clients};
use crate::report::{Report, printable, tell};
use crate::settings::Settings;
use crate::trust;

/// More than any header that a server takes.
const LONGEST_TOKEN: u64 = 256 * 1024;

/// The authority of whoever says nothing else.
const PUBLIC_CLOUD: &str = "https://login.microsoftonline.com";

/// One command's work.
pub(crate) struct Session {
    pub(crate) args: CallArgs,
    pub(crate) url: Url,
    pub(crate) http: Clients,
    /// What the gate was told, where the person says so.
    pub(crate) settings: Option<Settings>,
    pub(crate) person: Person,
}

/// What has to be known to ask for a token.
pub(crate) struct Known {
    pub(crate) request: Request,
    pub(crate) challenge: Option<Challenge>,
}

impl Session {
    /// # Errors
    /// A mistake on the command line, in words.
    pub(crate) fn new(args: CallArgs) -> Result<Self, String> {
        let url = function_url(&args.url)?;
        if args
            .access_token
            .as_deref()
            .is_some_and(|value| value != "-")
        {
            return Err("--access-token takes only -, and reads the token from stdin: what is written as an argument, others can see (ps, shell history)".into());
        }
        let settings = args
            .auth_settings
            .as_deref()
            .map(Settings::load)
            .transpose()?;
        let http = Clients::new(args.ca_cert.as_deref(), args.timeout)?;
        Ok(Self {
            args,
            url,
            http,
            settings,
            person: Person::here(),
        })
    }

    /// One call to the function's own origin.
    pub(crate) async fn get(&self, token: Option<&str>) -> Result<Answer, http::Unreached> {
        let with = match token {
            Some(_) => "Authorization: Bearer (not shown)",
            None => "no token",
        };
        self.verbose(|| format!("> GET {} {with}", http::without_query(&self.url)));
        let outcome = http::get_again(&self.http, &self.url, token, self.args.retry, tell).await;
        match &outcome {
            Ok(answer) => {
                for line in answer.told() {
                    self.verbose(|| line.clone());
                }
            }
            Err(unreached) => self.verbose(|| format!("< nothing: {}", unreached.why)),
        }
        outcome
    }

    pub(crate) fn verbose(&self, line: impl Fn() -> String) {
        if self.args.verbose {
            tell(&printable(&line()));
        }
    }

    /// # Errors
    /// Why there is none.
    pub(crate) async fn token(&self, known: &Known) -> Result<Secret, Box<Finding>> {
        self.seeker(&known.request).get().await
    }

    pub(crate) fn seeker<'a>(&'a self, request: &'a Request) -> Seeker<'a> {
        Seeker {
            kind: self.args.credential,
            http: &self.http,
            request,
            user: self.args.user.as_deref(),
            output: self.args.output,
            person: self.person,
            reuse: Reuse::Kept,
            cache: if self.args.no_cache {
                None
            } else {
                Cache::open()
            },
        }
    }

    /// A token that somebody brings: from stdin, or the environment.
    ///
    /// # Errors
    /// stdin held none.
    pub(crate) fn provided(&self) -> Result<Option<Secret>, Finding> {
        let text = if self.args.access_token.is_some() {
            let text = pasted().unwrap_or_default();
            if text.trim().is_empty() {
                return Err(Finding::proved(
                    "no-token",
                    "stdin held no token",
                    "pipe one in: az account get-access-token … --query accessToken -o tsv | greeting-cli call URL --access-token -",
                ));
            }
            self.verbose(|| "* token     stdin".to_owned());
            text
        } else if let Some(text) = std::env::var("GREETING_ACCESS_TOKEN")
            .ok()
            .filter(|text| !text.trim().is_empty())
        {
            self.verbose(|| "* token     environment (GREETING_ACCESS_TOKEN)".to_owned());
            text
        } else {
            return Ok(None);
        };
        Ok(Some(Secret::new(text.trim().to_owned())))
    }

    /// Authority, tenant and scope: what was said, else what the function's challenge says, as far
    /// as it may be believed.
    ///
    /// # Errors
    /// The report that ends the command.
    pub(crate) async fn learn(&self) -> Result<Known, Box<Report>> {
        self.safe_to_send()?;
        if self.says_all()
            && let Some(known) = self.known()
        {
            return Ok(known);
        }
        let answer = match self.get(None).await {
            Ok(answer) => answer,
            Err(unreached) => return Err(Box::new(self.unreachable(&unreached))),
        };
        let Some(challenge) = self.challenge(&answer).await else {
            return match self.known() {
                Some(known) => Ok(known),
                None => Err(Box::new(self.nothing_discovered(&answer).await)),
            };
        };
        if let Err(finding) = self.believe(&challenge) {
            return Err(Box::new(self.no_token(*finding, Some(challenge))));
        }
        let told = |said: &Option<String>, challenge: &str| {
            said.clone().unwrap_or_else(|| challenge.to_owned())
        };
        let scope = challenge.scope();
        let request = self.request(
            told(&self.args.authority_host, &challenge.authority),
            told(&self.args.tenant, &challenge.tenant),
            told(&self.args.scope, &scope),
            match challenge.scope {
                Some(_) => "the function's metadata",
                None => "the function's challenge",
            },
        );
        Ok(Known {
            request,
            challenge: Some(challenge),
        })
    }

    /// Whether authority, tenant and scope are said, so that nothing is asked of the function.
    pub(crate) fn says_all(&self) -> bool {
        let args = &self.args;
        args.authority_host.is_some() && args.tenant.is_some() && args.scope.is_some()
    }

    /// What was said, where that is enough to ask for a token.
    fn known(&self) -> Option<Known> {
        let (scope, tenant) = (self.args.scope.clone()?, self.args.tenant.clone()?);
        let named = self.args.authority_host.clone();
        let authority = named.unwrap_or_else(|| PUBLIC_CLOUD.to_owned());
        Some(Known {
            request: self.request(authority, tenant, scope, "default"),
            challenge: None,
        })
    }

    /// What a 401 tells, in its challenge or its metadata.
    pub(crate) async fn challenge(&self, answer: &Answer) -> Option<Challenge> {
        let told = |line: &str| self.verbose(|| line.to_owned());
        discover(&self.http, &self.url, answer, told).await
    }

    /// The answer to a call without a token taught nothing.
    async fn nothing_discovered(&self, answer: &Answer) -> Report {
        let mut report = self.explain(&Sent::Nothing, answer, None, None).await;
        if answer.status == 401 {
            // No token was meant to be sent yet.
            report.findings.retain(|finding| finding.code != "no-token");
            if report.findings.is_empty() {
                report.findings.push(diagnosis::no_challenge(answer));
            }
        }
        report
    }

    fn request(
        &self,
        authority: String,
        tenant: String,
        scope: String,
        else_from: &str,
    ) -> Request {
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
            _ => else_from,
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

    /// # Errors
    /// A token must not travel to this URL.
    pub(crate) fn safe_to_send(&self) -> Result<(), Box<Report>> {
        if trust::may_carry_token(&self.url) {
            return Ok(());
        }
        Err(Box::new(self.in_the_clear()))
    }
}

/// What stdin holds, where a token is wanted from it.
///
/// # Errors
/// It is not text.
pub(crate) fn pasted() -> std::io::Result<String> {
    if std::io::stdin().is_terminal() {
        tell("Paste the token, then Ctrl-D:");
    }
    let mut text = String::new();
    std::io::stdin()
        .take(LONGEST_TOKEN)
        .read_to_string(&mut text)?;
    Ok(text)
}

/// A URL that a function can have.
///
/// # Errors
/// In words, for the command line.
pub(crate) fn function_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))
        .ok_or_else(|| {
            format!(
                "{text:?} is not an http or https URL; write the scheme too: https://…/api/greeting"
            )
        })?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the URL holds a user or a password: a function is called with a token".into());
    }
    Ok(url)
}

/// The challenge of a 401, else what its metadata (RFC 9728) tells; asked for without a token.
pub(crate) async fn discover(
    clients: &Clients,
    url: &Url,
    answer: &Answer,
    told: impl Fn(&str),
) -> Option<Challenge> {
    if answer.status != 401 {
        return None;
    }
    if let Some(challenge) = challenge_of(answer) {
        return Some(challenge);
    }
    let at = answer
        .challenges
        .iter()
        .find_map(|header| Challenge::metadata_url(header, url))?;
    told(&format!("> GET {} no token", http::without_query(&at)));
    let answer = http::get(clients, &at, None).await.ok()?;
    for line in answer.told() {
        told(&line);
    }
    if answer.status != 200 {
        return None;
    }
    Challenge::from_metadata(&answer.body, url)
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
