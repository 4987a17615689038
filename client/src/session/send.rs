//! Sending the token to the function, and nowhere else.

use azure_core::credentials::Secret;

use super::Session;
use crate::clock::now;
use crate::diagnosis::{self, Code, Expected, Finding, Sent, Signature};
use crate::discovery::challenge::Challenge;
use crate::discovery::trust;
use crate::report::{Outcome, Report};
use crate::token::Decoded;

impl Session {
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
        if text.bytes().any(|byte| !byte.is_ascii_graphic()) {
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

    /// # Errors
    /// A token must not travel to this URL.
    pub(crate) fn safe_to_send(&self) -> Result<(), Box<Report>> {
        if trust::may_carry_token(&self.url) {
            return Ok(());
        }
        Err(Box::new(self.in_the_clear()))
    }

    /// A token would travel where others can read it.
    pub(crate) fn in_the_clear(&self) -> Report {
        let mut report = self.report(Outcome::Unreachable);
        report.findings.push(Finding::proved(
            Code::HttpNotHttps,
            "a token is not sent over plain http to another machine",
            format!(
                "https://{}{}",
                self.url.host_str().unwrap_or_default(),
                self.url.path()
            ),
        ));
        report
    }
}
