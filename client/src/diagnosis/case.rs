//! What is known of one call: what was sent, answered and expected.

use url::Url;

use super::{Code, Finding};
use crate::auth_settings::Settings;
use crate::discovery::challenge::{Challenge, Version};
use crate::guid::is_guid;
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
    /// Of the issuer that the gate wants.
    pub(crate) version: Option<(Version, Source)>,
    /// Every audience that the gate's settings accept.
    pub(crate) audiences: Option<Vec<String>>,
    pub(crate) settings: Option<Settings>,
    /// The scope's name, where somebody says it.
    pub(crate) scope: Option<(String, Source)>,
    /// What else is said of what the gate says, and contradicts it.
    pub(crate) conflicts: Vec<Conflict>,
}

/// Two sources that say different things of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Conflict {
    /// Of what: `tenant`, `API`.
    pub(crate) what: &'static str,
    /// What a flag, the environment or the settings say, and what the function does.
    pub(crate) said: (String, Source),
    pub(crate) function: (String, Source),
}

impl Expected {
    /// What a challenge says.
    pub(crate) fn of(challenge: &Challenge) -> Self {
        let source = challenge.source;
        Self {
            resource: Some((challenge.resource.clone(), source)),
            tenant: Some((challenge.tenant.clone(), source)),
            version: Some((challenge.version, source)),
            scope: challenge.scope.clone().map(|it| (it.scope, it.source)),
            ..Self::default()
        }
    }

    /// What a person says of the tenant: an expectation where the gate names none, and else
    /// something that may contradict the gate.
    pub(crate) fn in_tenant(mut self, said: Option<(&str, Source)>) -> Self {
        let Some((said, source)) = said else {
            return self;
        };
        match &self.tenant {
            Some((named, of)) if is_guid(named) => {
                if is_guid(said) && !said.eq_ignore_ascii_case(named) {
                    self.conflicts.push(Conflict {
                        what: "tenant",
                        said: (said.to_owned(), source),
                        function: (named.clone(), *of),
                    });
                }
            }
            _ => self.tenant = Some((said.to_owned(), source)),
        }
        self
    }

    /// That two sources contradict each other.
    pub(crate) fn conflict(&self) -> Option<Finding> {
        let conflict = self.conflicts.first()?;
        let Conflict {
            what,
            said,
            function,
        } = conflict;
        let (who, fix) = match said.1 {
            Source::Environment => (
                "the environment",
                "unset AZURE_TENANT_ID, or set it to the function's".to_owned(),
            ),
            Source::Settings => (
                "--auth-settings",
                format!("give the settings of this app: {}", settings_file::GET),
            ),
            _ => (
                "the command line",
                "call without --tenant, or with the function's".to_owned(),
            ),
        };
        let summary = format!("{who} names another {what} than the function does");
        Some(
            Finding::proved(Code::ExpectationsConflict, summary, fix).saw(
                *what,
                said.0.as_str(),
                function.0.as_str(),
                function.1,
            ),
        )
    }

    /// The gate's settings take precedence over its answers.
    pub(crate) fn with(mut self, settings: Option<&Settings>) -> Self {
        let Some(settings) = settings else {
            return self;
        };
        let resource = self.resource.as_ref().map(|(id, _)| id.as_str());
        if let (Some(own), Some((named, source))) = (settings.client_id.as_deref(), &self.resource)
            && is_guid(own)
            && is_guid(named)
            && !own.eq_ignore_ascii_case(named)
        {
            self.conflicts.push(Conflict {
                what: "API",
                said: (own.to_owned(), Source::Settings),
                function: (named.clone(), *source),
            });
            // Another app's settings say nothing of this gate.
            return self;
        }
        self.audiences = settings.audiences(resource);
        if let (None, Some(audiences)) = (&self.resource, &self.audiences) {
            let id = audiences.first().cloned();
            self.resource = id.map(|id| (id, Source::Settings));
        }
        if let Some(version) = settings.version {
            self.version = Some((version, Source::Settings));
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
    /// Names of the caller's own headers: one may be a credential of another kind.
    pub(crate) own_headers: &'a [String],
    pub(crate) answer: &'a Answer,
    pub(crate) challenge: Option<&'a Challenge>,
    /// What the gate said when it was asked without a token.
    pub(crate) met: Option<&'a Challenge>,
    pub(crate) expected: &'a Expected,
    pub(crate) signature: Signature,
    /// This machine's clock, seconds since 1970.
    pub(crate) now: i64,
}
