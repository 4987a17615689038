//! Whether to act on what a function claims: its authority and its API. Discovery is not trust.

use std::io::{IsTerminal as _, Write as _};

use serde_json::Value;

use crate::challenge::Challenge;
use crate::credential::scope_of;
use crate::diagnosis::{Finding, Source};
use crate::http::without_query;
use crate::memory;
use crate::report::{printable, tell};
use crate::session::Session;
use crate::trust::{self, Trust};

impl Session {
    /// The rule that discovery is not trust. What a person said explicitly is not discovered.
    pub(crate) fn believe(&self, challenge: &Challenge) -> Result<(), Box<Finding>> {
        let origin = self.url.origin().ascii_serialization();
        let claim = |finding: Finding| {
            Box::new(
                finding
                    .saw(
                        "authority",
                        challenge.authority.as_str(),
                        Value::Null,
                        Source::Challenge,
                    )
                    .saw(
                        "resource",
                        challenge.resource.as_str(),
                        Value::Null,
                        Source::Challenge,
                    ),
            )
        };
        let trust = match &self.args.authority_host {
            Some(authority) => trust::judge_api(&self.url, authority, challenge),
            None => trust::judge(&self.url, challenge),
        };
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
        let scope = challenge
            .scope
            .clone()
            .unwrap_or_else(|| scope_of(&challenge.resource));
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
                    without_query(&self.url)
                ),
            )));
        }
        tell(&format!("{origin} asks for a token:"));
        for (name, value) in [
            ("authority", &challenge.authority),
            ("tenant", &challenge.tenant),
            ("API", &challenge.resource),
            ("scope", &scope),
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
            Ok(())
        } else {
            Err(Box::new(Finding::proved(
                "resource-not-confirmed",
                "you did not agree to send a token there",
                "run it again and answer y, or give --scope",
            )))
        }
    }
}
