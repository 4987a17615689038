//! Sending the token to the function, and nowhere else.

use azure_core::credentials::Secret;

use super::{Session, explain};
use crate::clock::now;
use crate::diagnosis::{self, Expected, Sent, Signature};
use crate::discovery::challenge::Challenge;
use crate::discovery::trust::may_carry_token;
use crate::report::{Outcome, Report};
use crate::token::Decoded;

/// Sends the token to the URL's own origin, and nowhere else.
pub(crate) async fn send(
    session: &Session,
    token: &Secret,
    challenge: Option<Challenge>,
) -> Report {
    if !may_carry_token(&session.url) {
        return explain::in_the_clear(session);
    }
    let text = token.secret();
    let sent = match Decoded::parse(text) {
        Ok(decoded) => Sent::Token(Box::new(decoded)),
        Err(malformed) => Sent::Unreadable(malformed),
    };
    // No header can carry it; its findings are known without a call.
    if text.bytes().any(|byte| !byte.is_ascii_graphic()) {
        let (gate, _) =
            diagnosis::foresee(&sent, &Expected::default(), Signature::Unchecked, now());
        return Report {
            findings: gate,
            ..explain::blank(session, Outcome::NoToken)
        };
    }
    match session.get(Some(text)).await {
        Ok(answer) => explain::explain(session, &sent, &answer, challenge, Some(text)).await,
        Err(unreached) => explain::unreachable(session, &unreached),
    }
}
