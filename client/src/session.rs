//! The course of one call: what is on the command line, what is learnt of the function, whether
//! that is trusted, the sending, and the explanation of the answer.

pub(crate) mod claims;
pub(crate) mod explain;
pub(crate) mod learn;
mod scope;
pub(crate) mod send;
mod trust;

use std::path::PathBuf;

use azure_core::credentials::Secret;
use url::Url;

use crate::auth_settings::Settings;
use crate::cli::CallArgs;
use crate::credential::cache::Cache;
use crate::credential::provided::provided;
use crate::credential::{Person, Reuse, TokenRequest, TokenSource};
use crate::diagnosis::Finding;
use crate::discovery::challenge::Challenge;
use crate::discovery::metadata::{Metadata, discover, published};
use crate::failure::Usage;
use crate::http::{self, Answer, Clients, Reply};
use crate::report::Report;
use crate::request::Request;
use crate::terminal::{printable, tell};

/// What one command needs to call the function.
pub(crate) struct Session {
    pub(crate) args: CallArgs,
    pub(crate) url: Url,
    pub(crate) http: Clients,
    /// The gate's settings, where the user gives them.
    pub(crate) settings: Option<Settings>,
    pub(crate) person: Person,
    /// What the call sends beside its token.
    pub(crate) request: Request,
}

/// What has to be known to ask for a token.
pub(crate) struct Known {
    pub(crate) request: TokenRequest,
    pub(crate) challenge: Option<Challenge>,
}

/// What came of a call.
pub(crate) struct Called {
    pub(crate) report: Report,
    /// None: it was not made, or nothing answered.
    pub(crate) reply: Option<Reply>,
}

impl From<Report> for Called {
    fn from(report: Report) -> Self {
        Self {
            report,
            reply: None,
        }
    }
}

impl Session {
    /// # Errors
    /// A mistake on the command line.
    pub(crate) fn new(args: CallArgs) -> Result<Self, Usage> {
        nothing_misplaced(&args)?;
        let url = function_url(&args.url)?;
        if args
            .access_token
            .as_deref()
            .is_some_and(|value| value != "-")
        {
            return Err(Usage::TokenAsArgument);
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
            request: Request::default(),
        })
    }

    /// The same, for a call with this request.
    pub(crate) fn sending(self, request: Request) -> Self {
        Self { request, ..self }
    }

    /// The question to the function's own origin that is asked without a token: what the caller
    /// wants sent goes only with one.
    pub(crate) async fn ask(&self) -> Result<Answer, http::Unreached> {
        let reply = self.send(None, &Request::default()).await?;
        Ok(reply.answer)
    }

    /// The caller's request, to the function's own origin.
    pub(crate) async fn call(&self, token: Option<&str>) -> Result<Reply, http::Unreached> {
        self.send(token, &self.request).await
    }

    async fn send(&self, token: Option<&str>, request: &Request) -> Result<Reply, http::Unreached> {
        self.verbose(|| told(request, &self.url, token));
        let Self { http, url, .. } = self;
        let outcome = http::call_again(http, url, token, request, self.args.retry, tell).await;
        match &outcome {
            Ok(reply) => {
                for line in reply.answer.told() {
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

    pub(crate) fn token_source<'a>(&'a self, request: &'a TokenRequest) -> TokenSource<'a> {
        TokenSource {
            kind: self.args.credential,
            http: &self.http,
            request,
            user: self.args.user.as_deref(),
            output: self.args.output,
            person: self.person,
            reuse: Reuse::Kept,
            claims: None,
            cache: if self.args.no_cache {
                None
            } else {
                Cache::open()
            },
        }
    }

    /// A token that the user provides: from stdin, or the environment.
    ///
    /// # Errors
    /// stdin held none.
    pub(crate) fn provided(&self) -> Result<Option<Secret>, Finding> {
        let from = |source: &str| self.verbose(|| format!("* token     {source}"));
        provided(self.args.access_token.as_deref(), from)
    }

    /// What a 401 says, in its challenge or its metadata.
    pub(crate) async fn challenge(&self, answer: &Answer) -> Option<Challenge> {
        let told = |line: &str| self.verbose(|| line.to_owned());
        discover(&self.http, &self.url, answer, told).await
    }

    /// The protected resource's metadata, where a client looks for it.
    pub(crate) async fn metadata(&self, answer: &Answer) -> Option<Metadata> {
        let told = |line: &str| self.verbose(|| line.to_owned());
        published(&self.http, &self.url, answer, told).await
    }
}

/// The line that `-v` prints of a request: what its headers hold may be a key.
fn told(request: &Request, url: &Url, token: Option<&str>) -> String {
    let with = match token {
        Some(_) => "Authorization: Bearer (not shown)",
        None => "no token",
    };
    let mut line = format!("> {} {} {with}", request.method, http::without_query(url));
    for name in request.headers.keys() {
        line += &format!(", {name}: (not shown)");
    }
    if let Some(body) = &request.body {
        line += &format!(", {} bytes", body.len());
    }
    line
}

/// A token or a secret where something else belongs would be printed, and sent, in its place.
fn nothing_misplaced(args: &CallArgs) -> Result<(), Usage> {
    let path = |path: &Option<PathBuf>| {
        let path = path.as_ref()?;
        Some(path.to_string_lossy().into_owned())
    };
    for (argument, value) in [
        ("--scope", args.scope.clone()),
        ("--tenant", args.tenant.clone()),
        ("--client-id", Some(args.client_id.clone())),
        ("--authority-host", args.authority_host.clone()),
        ("--user", args.user.clone()),
        ("--auth-settings", path(&args.auth_settings)),
        ("--ca-cert", path(&args.ca_cert)),
    ] {
        not_a_secret(argument, &value.unwrap_or_default())?;
    }
    Ok(())
}

fn not_a_secret(argument: &'static str, value: &str) -> Result<(), Usage> {
    match secret_forms::secret(value) {
        Some(what) => Err(Usage::Misplaced {
            argument,
            what,
            begins: secret_forms::beginning(value),
        }),
        None => Ok(()),
    }
}

/// A URL that a function can have.
///
/// # Errors
/// A mistake on the command line.
pub(crate) fn function_url(text: &str) -> Result<Url, Usage> {
    not_a_secret("the URL", text)?;
    let url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))
        .ok_or_else(|| Usage::Url(text.to_owned()))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Usage::UserInUrl);
    }
    Ok(url)
}
