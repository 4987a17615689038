//! Why a call was refused: each cause one pure function over the evidence, so that each can be
//! tested alone. The codes are stable; scripts match on them.
//!
//! - `gate`: causes of a 401, with `audience` and `times`; `forbidden`: of a 403; `other`: of other
//!   answers
//! - `sign_in`: why there is no token, by `aadsts`, the codes as data

mod aadsts;
mod audience;
mod forbidden;
mod gate;
mod other;
mod sign_in;
mod times;

use serde::Serialize;
use serde_json::Value;
use url::Url;

pub(crate) use aadsts::aadsts_of;
pub(crate) use gate::no_challenge;
pub(crate) use sign_in::{az_failure, azd_failure, refusal};
pub(crate) use times::{clock_skew, is_off};

use crate::catalogue;
use crate::challenge::Challenge;
use crate::http::{Answer, Unreached};
use crate::settings::Settings;
use crate::token::{Decoded, Unreadable};

/// The scope that the function asks for.
pub(crate) const SCOPE: &str = "Greeting.Read";

/// How sure a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Certainty {
    /// The evidence admits nothing else.
    Proved,
    /// It fits, and something else might.
    Likely,
}

/// Where an expectation comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Source {
    Flag,
    Environment,
    Challenge,
    Discovery,
    /// The gate's settings, as a file.
    Settings,
    Default,
    /// What the answer itself says.
    Answer,
}

/// One thing seen beside what was expected.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Evidence {
    pub(crate) what: &'static str,
    pub(crate) seen: Value,
    pub(crate) expected: Value,
    pub(crate) source: Source,
}

/// A cause, with what shows it and what ends it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Finding {
    pub(crate) code: &'static str,
    pub(crate) certainty: Certainty,
    pub(crate) summary: String,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) fix: String,
}

impl Finding {
    pub(crate) fn proved(
        code: &'static str,
        summary: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        debug_assert!(
            catalogue::find(code).is_some(),
            "{code} is not in the catalogue"
        );
        Self {
            code,
            certainty: Certainty::Proved,
            summary: summary.into(),
            evidence: Vec::new(),
            fix: fix.into(),
        }
    }

    pub(crate) fn likely(
        code: &'static str,
        summary: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            certainty: Certainty::Likely,
            ..Self::proved(code, summary, fix)
        }
    }

    /// The same, beyond doubt.
    fn sure(self) -> Self {
        Self {
            certainty: Certainty::Proved,
            ..self
        }
    }

    /// Adds a pair.
    pub(crate) fn saw(
        mut self,
        what: &'static str,
        seen: impl Into<Value>,
        expected: impl Into<Value>,
        source: Source,
    ) -> Self {
        // One shape for programs: a list of what would do, or nothing to compare with.
        let expected = match expected.into() {
            list @ (Value::Array(_) | Value::Null) => list,
            one => Value::Array(vec![one]),
        };
        self.evidence.push(Evidence {
            what,
            seen: seen.into(),
            expected,
            source,
        });
        self
    }
}

/// What was sent for a token.
#[derive(Debug, Clone)]
pub(crate) enum Sent {
    Nothing,
    /// Not a JWT.
    Unreadable(Unreadable),
    Token(Box<Decoded>),
}

/// What the issuer's published keys say of the signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signature {
    /// Nobody looked, or the keys were not to be had.
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
    /// What a challenge tells.
    pub(crate) fn of(challenge: &Challenge) -> Self {
        let source = challenge.source();
        Self {
            resource: Some((challenge.resource.clone(), source)),
            tenant: Some((challenge.tenant.clone(), source)),
            v2: Some((challenge.v2, source)),
            ..Self::default()
        }
    }

    /// What the gate's settings tell counts before what its answers do.
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

/// The causes of this answer: proved before likely, cause before consequence. None for success.
pub(crate) fn diagnose(case: &Case<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = match case.answer.status {
        200..=299 if matches!(case.sent, Sent::Nothing) => vec![other::easy_auth_off(case)],
        200..=299 => Vec::new(),
        401 => gate::findings(case),
        403 => forbidden::findings(case),
        _ => vec![other::other(case)],
    };
    findings.sort_by_key(|finding| finding.certainty); // stable
    findings
}

/// What would refuse this token, with no call made: the gate's causes, then the function's.
pub(crate) fn foresee(
    sent: &Sent,
    expected: &Expected,
    signature: Signature,
    now: i64,
) -> (Vec<Finding>, Vec<Finding>) {
    let gate = match sent {
        Sent::Nothing => vec![gate::no_token()],
        Sent::Unreadable(why) => vec![gate::unreadable(why)],
        Sent::Token(token) => gate::of_token(token, expected, signature, now),
    };
    let function = match sent {
        Sent::Token(token) => forbidden::scope(token, &forbidden::api(expected, token))
            .into_iter()
            .collect(),
        _ => Vec::new(),
    };
    (gate, function)
}

/// The arguments by which az finds the app at this address, as far as its name tells.
fn app(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let name = host
        .strip_suffix(".azurewebsites.net")
        .filter(|name| !name.contains('.'))
        .unwrap_or("APP");
    format!("--name {name} --resource-group GROUP")
}

/// Why nothing answered.
pub(crate) fn unreached(url: &Url, unreached: &Unreached) -> Finding {
    let host = url.host_str().unwrap_or("the host");
    let port = url.port_or_known_default().unwrap_or(0);
    let (summary, fix) = match unreached.code {
        "timeout" => (format!("{host}:{port} did not answer in time"), "check the network; --timeout SECONDS waits longer (a cold start can take a minute)".to_owned()),
        "dns" => (format!("the name {host} does not resolve"), "check the spelling: az functionapp list --query \"[].defaultHostName\" -o tsv".to_owned()),
        "http-not-https" => (format!("{host}:{port} does not speak TLS"), if crate::trust::is_loopback(url) { format!("http://{host}:{port}: on this machine TLS is not needed") } else { "check the port; a token goes nowhere else without TLS".to_owned() }),
        "tls-untrusted" => (format!("the certificate of {host} is not trusted here"), "--ca-cert FILE with its CA (greeting-local env names the development CA); behind a company proxy, the proxy's CA".to_owned()),
        _ => (format!("no connection to {host}:{port}"), if crate::trust::is_loopback(url) { "start it: greeting-local up".to_owned() } else { format!("check the address, the network, and that the app is started: az functionapp show {} --query state", app(url)) }),
    };
    Finding::proved(unreached.code, summary, fix).saw(
        "network",
        unreached.why.clone(),
        Value::Null,
        Source::Answer,
    )
}

#[cfg(test)]
#[path = "../tests/unit/diagnosis.rs"]
mod tests;
