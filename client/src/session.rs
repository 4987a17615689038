//! The course of one call: what is on the command line, what is learnt of the function, whether
//! that is trusted, the sending, and the explanation of the answer.

pub(crate) mod explain;
pub(crate) mod learn;
mod scope;
pub(crate) mod send;
mod trust;

use std::path::PathBuf;

use azure_core::credentials::Secret;
use url::Url;

use crate::auth_settings::Settings;
use crate::caller;
use crate::cli::CallArgs;
use crate::credential::cache::Cache;
use crate::credential::provided::provided;
use crate::credential::{Person, Reuse, TokenRequest, TokenSource};
use crate::diagnosis::Finding;
use crate::discovery::challenge::Challenge;
use crate::discovery::metadata::discover;
use crate::failure::Usage;
use crate::http::{self, Answer, Clients};
use crate::terminal::{printable, tell};

/// What one command needs to call the function.
pub(crate) struct Session {
    pub(crate) args: CallArgs,
    pub(crate) url: Url,
    pub(crate) http: Clients,
    /// The gate's settings, where the user gives them.
    pub(crate) settings: Option<Settings>,
    pub(crate) person: Person,
}

/// What has to be known to ask for a token.
pub(crate) struct Known {
    pub(crate) request: TokenRequest,
    pub(crate) challenge: Option<Challenge>,
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
        self.token_source(&known.request).get().await
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
    match caller::secret(value) {
        Some(what) => Err(Usage::Misplaced {
            argument,
            what,
            begins: caller::beginning(value),
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
