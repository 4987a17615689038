//! Whether to act on what a function claims: its authority and its API. Discovery is not trust.

use std::io::{IsTerminal as _, Write as _};

use serde_json::Value;
use url::Url;

use crate::challenge::Challenge;
use crate::credential::Person;
use crate::diagnosis::Finding;
use crate::http::without_query;
use crate::memory;
use crate::report::{printable, tell};
use crate::session::Session;
use crate::trust::{self, Trust};

impl Session {
    /// The rule that discovery is not trust. What a person said explicitly is not discovered.
    ///
    /// # Errors
    /// Why no token is asked for.
    pub(crate) fn believe(&self, challenge: &Challenge) -> Result<(), Box<Finding>> {
        let trust = match &self.args.authority_host {
            Some(authority) => trust::judge_api(&self.url, authority, challenge),
            None => trust::judge(&self.url, challenge),
        };
        match trust {
            Trust::Local => Ok(()),
            Trust::FirstParty(_) | Trust::Ask if self.args.scope.is_some() => Ok(()),
            Trust::ForeignAuthority => Err(foreign_authority(&self.url, challenge)),
            Trust::FirstParty(name) => Err(first_party(&self.url, challenge, name)),
            Trust::Ask => {
                if !self.args.yes && !memory::agreed(&self.url, challenge) {
                    self.ask(challenge)?;
                }
                self.keep(challenge);
                Ok(())
            }
        }
    }

    fn keep(&self, challenge: &Challenge) {
        if let Err(why) = memory::remember(&self.url, challenge) {
            tell(&format!("warning: the answer was not kept: {why}"));
        }
    }

    fn ask(&self, challenge: &Challenge) -> Result<(), Box<Finding>> {
        let elsewhere = memory::elsewhere(&self.url, challenge);
        if self.person == Person::Absent || !std::io::stdin().is_terminal() {
            return Err(unconfirmed(&self.url, challenge, elsewhere.as_deref()));
        }
        tell(&format!("{} asks for a token:", origin(&self.url)));
        for (name, value) in [
            ("authority", &challenge.authority),
            ("tenant", &challenge.tenant),
            ("API", &challenge.resource),
            ("scope", &challenge.scope()),
        ] {
            tell(&format!("  {name:<9}  {}", printable(value)));
        }
        if let Some(other) = elsewhere {
            tell(&format!(
                "  careful: the same API was agreed for {other} before"
            ));
        }
        let _ = write!(std::io::stderr(), "Get one and send it there? [y/N] ");
        let mut answer = String::new();
        let _ = std::io::stdin().read_line(&mut answer);
        if matches!(answer.trim(), "y" | "Y" | "yes" | "Yes") {
            return Ok(());
        }
        let finding = Finding::proved(
            "resource-not-confirmed",
            "you did not agree to send a token there",
            "run it again and answer y, or give --scope",
        );
        Err(claimed(finding, challenge))
    }
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

fn claimed(finding: Finding, challenge: &Challenge) -> Box<Finding> {
    let source = challenge.source();
    let finding = finding
        .saw(
            "authority",
            challenge.authority.as_str(),
            Value::Null,
            source,
        )
        .saw("API", challenge.resource.as_str(), Value::Null, source);
    Box::new(finding)
}

/// The sign-in page would be somebody's.
pub(crate) fn foreign_authority(url: &Url, challenge: &Challenge) -> Box<Finding> {
    let finding = Finding::proved(
        "untrusted-authority",
        format!(
            "{} names an authority that is not Microsoft's, and nobody signs in there because a web page says so",
            origin(url)
        ),
        "if it is yours: --authority-host URL and --tenant, or AZURE_AUTHORITY_HOST",
    );
    claimed(finding, challenge)
}

/// The token would open another door.
pub(crate) fn first_party(url: &Url, challenge: &Challenge, name: &str) -> Box<Finding> {
    let finding = Finding::proved(
        "first-party-resource",
        format!(
            "{} asks for a token for {name}, which is not its own API",
            origin(url)
        ),
        "do not send one; if this is your function, set its client id in the auth settings",
    );
    claimed(finding, challenge)
}

/// Nobody has agreed, and nobody can be asked.
pub(crate) fn unconfirmed(
    url: &Url,
    challenge: &Challenge,
    elsewhere: Option<&str>,
) -> Box<Finding> {
    let named = elsewhere.map_or(String::new(), |other| {
        format!(", which {other} stands for already")
    });
    let finding = Finding::proved(
        "resource-not-confirmed",
        format!(
            "{} names an API for the first time{named}, and there is no terminal to ask",
            origin(url)
        ),
        format!(
            "if it is right: greeting-cli call {} --scope {}",
            without_query(url),
            challenge.scope()
        ),
    );
    claimed(finding, challenge)
}
