//! Sending the token, and telling what became of it.

use azure_core::credentials::Secret;

use crate::challenge::Challenge;
use crate::diagnosis::{self, Case, Expected, Finding, Sent, Signature};
use crate::http::{self, Answer, without_query};
use crate::report::{Outcome, Report};
use crate::session::{Session, challenge_of, now};
use crate::token::Decoded;
use crate::trust::{self, Trust};
use crate::verify;

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

    /// What became of a call.
    pub(crate) async fn explain(
        &self,
        sent: &Sent,
        answer: &Answer,
        discovered: Option<Challenge>,
        token: Option<&str>,
    ) -> Report {
        let challenge = self.challenge(answer).await.or(discovered);
        let mut expected = challenge.as_ref().map(Expected::of).unwrap_or_default();
        if let Some(tenant) = &self.args.tenant {
            expected.tenant = Some((tenant.clone(), self.args.sources.get("tenant")));
        }
        let expected = expected.with(self.settings.as_ref());
        let signature = match (sent, token) {
            (Sent::Token(decoded), Some(token)) if matches!(answer.status, 401 | 403) => {
                let challenge = challenge.as_ref();
                self.signature(decoded, token, challenge).await
            }
            _ => Signature::Unchecked,
        };
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

    /// Checks against the keys of the function's authority, else of the token's own issuer.
    async fn signature(
        &self,
        decoded: &Decoded,
        token: &str,
        challenge: Option<&Challenge>,
    ) -> Signature {
        let believed =
            challenge.filter(|it| trust::judge(&self.url, it) != Trust::ForeignAuthority);
        let issuer = match (believed, challenge) {
            (Some(challenge), _) => Some((challenge.authority.clone(), challenge.tenant.clone())),
            (None, Some(_)) => None,
            (None, None) => verify::issuer(decoded, &self.url),
        };
        match issuer {
            Some((authority, tenant)) => {
                verify::signature(&self.http, &authority, &tenant, token).await
            }
            None => Signature::Unchecked,
        }
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
            now: now(),
        }
    }

    pub(crate) fn unreachable(&self, unreached: &http::Unreached) -> Report {
        let mut report = self.report(Outcome::Unreachable);
        report
            .findings
            .push(diagnosis::unreached(&self.url, unreached));
        report
    }

    pub(crate) fn no_token(&self, finding: Finding, challenge: Option<Challenge>) -> Report {
        let mut report = self.report(Outcome::NoToken);
        report.findings.push(finding);
        report.challenge = challenge;
        report
    }

    /// A token would travel where others can read it.
    pub(crate) fn in_the_clear(&self) -> Report {
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
        report
    }
}
