//! What is known of one call: what was sent, answered and expected.

use url::Url;

use crate::auth_settings::Settings;
use crate::discovery::challenge::Challenge;
use crate::http::Answer;
use crate::provenance::Source;
use crate::token::{Decoded, Unreadable};

/// What was sent as a token.
#[derive(Debug, Clone)]
pub(crate) enum Sent {
    Nothing,
    /// Not a JWT.
    Unreadable(Unreadable),
    Token(Box<Decoded>),
}

/// The signature, checked with the issuer's published keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signature {
    /// Not checked, or the keys could not be fetched.
    Unchecked,
    Valid,
    Wrong,
    /// No published key has the token's `kid`.
    UnknownKey,
}

/// What is expected of a token, with where that comes from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Expected {
    /// The API's id.
    pub(crate) resource: Option<(String, Source)>,
    pub(crate) tenant: Option<(String, Source)>,
    /// Whether the gate wants tokens of the v2 endpoint.
    pub(crate) v2: Option<(bool, Source)>,
    /// Every audience that the gate's settings accept.
    pub(crate) audiences: Option<Vec<String>>,
    pub(crate) settings: Option<Settings>,
}

impl Expected {
    /// What a challenge says.
    pub(crate) fn of(challenge: &Challenge) -> Self {
        let source = challenge.source();
        Self {
            resource: Some((challenge.resource.clone(), source)),
            tenant: Some((challenge.tenant.clone(), source)),
            v2: Some((challenge.v2, source)),
            ..Self::default()
        }
    }

    /// The gate's settings take precedence over its answers.
    pub(crate) fn with(mut self, settings: Option<&Settings>) -> Self {
        let Some(settings) = settings else {
            return self;
        };
        let resource = self.resource.as_ref().map(|(id, _)| id.as_str());
        self.audiences = settings.audiences(resource);
        if let (None, Some(audiences)) = (&self.resource, &self.audiences) {
            let id = audiences.first().cloned();
            self.resource = id.map(|id| (id, Source::Settings));
        }
        if let Some(v2) = settings.v2 {
            self.v2 = Some((v2, Source::Settings));
        }
        self.settings = Some(settings.clone());
        self
    }
}

/// Everything that is known of one call.
#[derive(Debug)]
pub(crate) struct Case<'a> {
    pub(crate) url: &'a Url,
    pub(crate) sent: &'a Sent,
    pub(crate) answer: &'a Answer,
    pub(crate) challenge: Option<&'a Challenge>,
    pub(crate) expected: &'a Expected,
    pub(crate) signature: Signature,
    /// This machine's clock, seconds since 1970.
    pub(crate) now: i64,
}
