//! What the gate decides by: settings, what is not in them, the issuer's keys, the time.

use hyper::HeaderMap;
use local_events::Clock;

use super::behaviour::{Behaviour, ClaimNames};
use super::decision::{Claims, Evidence, Facts, Verdict, decide};
use super::issuer::Issuer;
use super::settings::Settings;
use super::{bearer, headers};

/// The rules of one gate.
pub struct Rules {
    /// The Easy Auth settings.
    pub settings: Settings,
    pub(super) behaviour: Behaviour,
    pub(super) issuer: Issuer,
    pub(super) clock: Clock,
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

    /// What a bearer token shows of its caller.
    pub(super) async fn evidence(&self, token: &str) -> Evidence {
        bearer::verify(&self.issuer, token)
            .await
            .unwrap_or_else(Evidence::None)
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

    /// The headers that the app sees of a caller with these claims.
    pub fn headers(&self, claims: &Claims) -> HeaderMap {
        let mut added = HeaderMap::new();
        headers::add(&mut added, claims, &self.behaviour);
        added
    }
}
