//! What became of a call.

use super::Session;
use crate::clock::now;
use crate::diagnosis::{self, Case, Expected, Finding, Sent, Signature};
use crate::discovery::challenge::{Challenge, challenge_of};
use crate::discovery::trust::{self, Trust};
use crate::http::{self, Answer, without_query};
use crate::report::{Outcome, Report};
use crate::signature;
use crate::token::Decoded;

impl Session {
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
            (None, None) => signature::issuer(decoded, &self.url),
        };
        match issuer {
            Some((authority, tenant)) => {
                signature::signature(&self.http, &authority, &tenant, token).await
            }
            None => Signature::Unchecked,
        }
    }

    pub(super) fn report(&self, outcome: Outcome) -> Report {
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
}
