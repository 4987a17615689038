//! Sending the token to the function, and nowhere else.

use azure_core::credentials::Secret;

use super::{Called, Session, explain, scope};
use crate::clock::now;
use crate::diagnosis::{self, Expected, Insistence, Named, Sent, Signature};
use crate::discovery::challenge::Challenge;
use crate::discovery::trust::may_carry_token;
use crate::report::{Outcome, Report};
use crate::token::Decoded;

/// Where a token is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The person brings it.
    Brought,
    /// It was asked for, as the command line and the function's challenge say.
    AskedFor,
}

/// Sends the token to the URL's own origin, and nowhere else; and only what is for an API.
pub(crate) async fn send(
    session: &Session,
    token: &Secret,
    origin: Origin,
    challenge: Option<Challenge>,
) -> Called {
    if !may_carry_token(&session.url) {
        return explain::in_the_clear(session).into();
    }
    let text = token.secret();
    let sent = match Decoded::parse(text) {
        Ok(decoded) => Sent::Token(Box::new(decoded)),
        Err(malformed) => Sent::Unreadable(malformed),
    };
    let expected = challenge.as_ref().map(Expected::of).unwrap_or_default();
    let expected = expected.with(session.settings.as_ref());
    let named = named(session, origin);
    let why = diagnosis::withheld(&sent, &expected, named, insistence(session), now());
    if !why.is_empty() {
        return Report {
            findings: why,
            token: match &sent {
                Sent::Token(token) => Some(token.summary()),
                _ => None,
            },
            challenge,
            ..explain::blank(session, Outcome::NotSent)
        }
        .into();
    }
    // What no header can carry can't be sent; the gate would say the same as to nothing.
    if text.bytes().any(|byte| !byte.is_ascii_graphic()) {
        let (gate, _) =
            diagnosis::foresee(&sent, &Expected::default(), Signature::Unchecked, now());
        return Report {
            findings: gate,
            ..explain::blank(session, Outcome::NotSent)
        }
        .into();
    }
    match session.call(Some(text)).await {
        Ok(reply) => {
            let answer = &reply.answer;
            let report = explain::explain(session, &sent, answer, challenge, Some(text)).await;
            Called {
                report,
                reply: Some(reply),
            }
        }
        Err(unreached) => explain::unreachable(session, &unreached).into(),
    }
}

/// A scope that has no API in its name leaves the API to the function.
fn named(session: &Session, origin: Origin) -> Named {
    match origin {
        Origin::Brought => Named::ByPerson,
        Origin::AskedFor if scope::named(session).is_some() => Named::ByPerson,
        Origin::AskedFor => Named::ByFunction,
    }
}

fn insistence(session: &Session) -> Insistence {
    if session.args.send_anyway {
        Insistence::SendAnyway
    } else {
        Insistence::None
    }
}
