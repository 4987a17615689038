//! What the gate decides by: settings, what is not in them, the issuer's keys, the time.

use std::sync::Arc;

use local_events::Clock;

use super::bearer;
use super::behaviour::{Behaviour, ClaimNames};
use super::claims::Claims;
use super::decision::{Evidence, Facts, Verdict, check_claims, decide, ends_at};
use super::issuer::Issuer;
use super::reason::Reason;
use super::remembered::{Epoch, Remembered};
use super::settings::Settings;
use super::verified::Verified;

/// The rules of one gate.
pub struct Rules {
    /// The Easy Auth settings.
    pub settings: Settings,
    pub(super) behaviour: Behaviour,
    pub(super) issuer: Issuer,
    pub(super) clock: Clock,
    remembered: Remembered,
}

impl Rules {
    /// `http` fetches the issuer's keys, so it has to trust the issuer's certificate.
    pub fn new(
        mut settings: Settings,
        mut behaviour: Behaviour,
        http: reqwest::Client,
        clock: Clock,
    ) -> Self {
        if settings.clear_inbound_claims_mapping {
            behaviour.claims = ClaimNames::Raw;
        }
        settings.login.preserve_url_fragments_for_logins |= behaviour.preserve_url_fragments;
        let issuer = Issuer::new(&settings, &behaviour, http);
        Self {
            settings,
            behaviour,
            issuer,
            clock,
            remembered: Remembered::default(),
        }
    }

    /// Asks the issuer for what it publishes, once. A sentence, where it names itself otherwise
    /// than the settings do.
    ///
    /// # Errors
    /// A sentence: which document could not be had, and why.
    pub async fn reach_issuer(&self) -> Result<Option<String>, String> {
        self.issuer.differs().await
    }

    /// What a bearer token shows of its caller. Its signature is checked once, and remembered while
    /// the issuer's keys stay what they are.
    pub(super) async fn evidence(&self, token: &str) -> Evidence {
        let digest = self.remembered.digest(token);
        if let (Some(digest), Some(epoch)) = (digest, self.epoch())
            && let Some(caller) = self.remembered.get(digest, &epoch, self.clock.now())
        {
            let issuers = epoch.published.issuers.clone();
            return Evidence::Token { caller, issuers };
        }
        let signed = match bearer::verify(&self.issuer, token).await {
            Ok(signed) => signed,
            Err(reason) => return Evidence::None(reason),
        };
        let issuers = signed.by.issuers.clone();
        let caller = Arc::new(self.caller(signed.claims));
        let claims = caller.claims();
        let accepted = check_claims(&self.settings, &issuers, claims, self.clock.now());
        if accepted.is_ok()
            && let (Some(digest), Some(ends_at)) = (digest, ends_at(claims))
            && let Some(epoch) = self.epoch()
            // The keys may have changed meanwhile.
            && Arc::ptr_eq(&epoch.published, &signed.by)
        {
            let kept = caller.clone();
            self.remembered.keep(digest, &epoch, kept, ends_at);
        }
        Evidence::Token { caller, issuers }
    }

    /// Now, as far as what is remembered depends on it; none while the issuer has to be asked.
    fn epoch(&self) -> Option<Epoch> {
        Some(Epoch {
            published: self.issuer.current()?,
            shift: self.clock.shift(),
        })
    }

    /// What the app is told of a caller with these claims.
    pub(super) fn caller(&self, claims: Claims) -> Verified {
        Verified::new(claims, &self.behaviour)
    }

    pub(super) fn verdict(&self, facts: Facts<'_>, evidence: Evidence) -> Verdict {
        decide(
            &self.settings,
            &self.behaviour,
            facts,
            evidence,
            self.clock.now(),
        )
    }

    /// What becomes of an API caller's request for `path` with this token.
    pub async fn judge(&self, path: &str, token: &str) -> Verdict {
        let facts = Facts {
            path,
            ..Facts::default()
        };
        let evidence = self.evidence(token).await;
        self.verdict(facts, evidence)
    }

    /// What becomes of a browser that opens `path` and has not signed in.
    pub fn judge_browser(&self, path: &str) -> Verdict {
        let facts = Facts {
            path,
            wants_page: true,
            ..Facts::default()
        };
        self.verdict(facts, Evidence::None(Reason::NoToken))
    }
}

#[cfg(test)]
mod tests;
