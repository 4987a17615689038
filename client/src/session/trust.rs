//! Whether to act on what a function claims: its authority and its API. Discovery is not trust.

use std::io::{IsTerminal as _, Write as _};

use super::{Session, scope};
use crate::credential::Person;
use crate::diagnosis::{
    Code, Finding, claimed, first_party, foreign_authority, origin, unconfirmed,
};
use crate::discovery::agreements;
use crate::discovery::challenge::Challenge;
use crate::discovery::trust::{self, Trust};
use crate::terminal::{printable, tell};

/// Applies the rule that discovery is not trust. What the user gave is not discovered.
///
/// # Errors
/// Why no token is asked for.
pub(super) fn agree(session: &Session, challenge: &Challenge) -> Result<(), Box<Finding>> {
    let trust = match &session.args.authority_host {
        Some(authority) => trust::judge_api(&session.url, authority, challenge),
        None => trust::judge(&session.url, challenge),
    };
    match trust {
        Trust::Local => Ok(()),
        Trust::FirstParty(_) | Trust::Ask if scope::named(session).is_some() => Ok(()),
        Trust::ForeignAuthority => Err(Box::new(foreign_authority(&session.url, challenge))),
        Trust::FirstParty(name) => Err(Box::new(first_party(&session.url, challenge, name))),
        Trust::Ask => {
            if !session.args.yes && !agreements::agreed(&session.url, challenge) {
                ask(session, challenge)?;
            }
            keep(session, challenge);
            Ok(())
        }
    }
}

fn keep(session: &Session, challenge: &Challenge) {
    if let Err(why) = agreements::remember(&session.url, challenge) {
        tell(&format!("warning: the answer was not kept: {why}"));
    }
}

fn ask(session: &Session, challenge: &Challenge) -> Result<(), Box<Finding>> {
    let elsewhere = agreements::elsewhere(&session.url, challenge);
    if session.person == Person::Absent || !std::io::stdin().is_terminal() {
        return Err(Box::new(unconfirmed(
            &session.url,
            challenge,
            &scope::asked(session, challenge),
            elsewhere.as_deref(),
        )));
    }
    tell(&format!("{} asks for a token:", origin(&session.url)));
    for (name, value) in [
        ("authority", &challenge.authority),
        ("tenant", &challenge.tenant),
        ("API", &challenge.resource),
        ("scope", &scope::asked(session, challenge)),
    ] {
        tell(&format!("  {name:<9}  {}", printable(value)));
    }
    if let Some(other) = elsewhere {
        tell(&format!(
            "  warning: you agreed to the same API for {other} before"
        ));
    }
    let _ = write!(std::io::stderr(), "Get a token and send it there? [y/N] ");
    let mut answer = String::new();
    let _ = std::io::stdin().read_line(&mut answer);
    if matches!(answer.trim(), "y" | "Y" | "yes" | "Yes") {
        return Ok(());
    }
    let finding = Finding::proved(
        Code::ResourceNotConfirmed,
        "you did not agree to send a token there",
        "run it again and answer y, or name the API: greeting-cli call URL --scope api://<the API's client id>/Greeting.Read",
    );
    Err(Box::new(claimed(finding, challenge)))
}
