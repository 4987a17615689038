//! One example or more of every cause. The look-alikes stand beside each other.

mod forbidden;
mod others;
mod parties;
mod sign_in;
mod tokens;
mod tools;
mod unauthorized;

use serde_json::{Map, Value, json};
use url::Url;

use super::super::{Content, Outcome, Report};
use crate::auth_settings::Settings;
use crate::diagnosis::{self, Case, Expected, Finding, Sent, Signature};
use crate::discovery::challenge::{Challenge, Version};
use crate::http::Answer;
use crate::known_clients::DEVELOPER_CLIENT;
use crate::provenance::Source;
use crate::token::Decoded;

const NOW: i64 = 1_795_500_000;
const URL: &str = "https://contoso-greeting.azurewebsites.net/api/greeting";
const API: &str = "2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d11";
const TENANT: &str = "6d3c1f0a-8b52-4e7d-9f41-2c5a7be01d93";
const OTHER: &str = "11111111-2222-3333-4444-555555555555";
const AZURE_CLI: &str = DEVELOPER_CLIENT;
const USER: &str = "8e1c4b5a-0d39-4c1e-b3c7-1f0a9e6d2b01";

/// A cause's name in the snapshots, and its report.
pub(super) struct Example {
    pub(super) name: String,
    pub(super) report: Report,
}

fn challenge() -> Challenge {
    Challenge {
        authority: "https://login.microsoftonline.com".into(),
        tenant: TENANT.into(),
        resource: API.into(),
        version: Version::V2,
        scope: None,
        source: Source::Challenge,
    }
}

fn decoded(header: Value, changes: &Value) -> Decoded {
    let mut claims = json!({
        "aud": API, "iss": format!("https://login.microsoftonline.com/{TENANT}/v2.0"), "tid": TENANT,
        "ver": "2.0", "azp": AZURE_CLI, "azpacr": "0", "oid": USER,
        "preferred_username": "alice@contoso.com", "scp": "Greeting.Read",
        "nbf": NOW - 60, "exp": NOW + 3540,
    });
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    Decoded {
        header: header.as_object().unwrap().clone(),
        claims: claims.as_object().unwrap().clone(),
    }
}

/// One call, and what came of it.
struct Call {
    sent: Sent,
    answer: Answer,
    signature: Signature,
    settings: Option<Settings>,
    url: &'static str,
    /// Whether the gate has asked for a token before.
    met: bool,
    /// What the environment says of the tenant.
    tenant: Option<&'static str>,
}

impl Call {
    /// With a good token, changed so; `null` takes a claim away.
    fn with(changes: Value) -> Self {
        Self::sending(Sent::Token(Box::new(decoded(
            json!({"alg": "RS256", "kid": "key-1"}),
            &changes,
        ))))
    }

    fn sending(sent: Sent) -> Self {
        Self {
            sent,
            answer: Answer::default(),
            signature: Signature::Valid,
            settings: None,
            url: URL,
            met: false,
            tenant: None,
        }
    }

    fn text(token: &str) -> Self {
        Self::sending(Sent::Unreadable(Decoded::parse(token).unwrap_err()))
    }

    /// Easy Auth's 401.
    fn refused(mut self) -> Self {
        self.answer.status = 401;
        self.answer.server = Some("Kestrel".into());
        self.answer.challenges = vec![format!(
            "Bearer realm=\"contoso-greeting.azurewebsites.net\" authorization_uri=\"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/authorize\" resource_id=\"{API}\""
        )];
        self
    }

    fn answered(mut self, status: u16, change: impl FnOnce(&mut Answer)) -> Self {
        self.answer.status = status;
        change(&mut self.answer);
        self
    }

    /// The function's own 403.
    fn forbidden(self) -> Self {
        self.answered(403, |answer| {
            answer.challenges =
                vec!["Bearer error=\"insufficient_scope\", scope=\"Greeting.Read\"".into()];
        })
    }

    /// After the gate's challenge to a call without a token.
    fn met(self) -> Self {
        Self { met: true, ..self }
    }

    fn signed(mut self, signature: Signature) -> Self {
        self.signature = signature;
        self
    }

    fn knowing(mut self, validation: Value) -> Self {
        let settings = json!({"identityProviders": {"azureActiveDirectory": {
            "registration": {"clientId": API, "openIdIssuer": "https://login.microsoftonline.com/common/v2.0"}, "validation": validation}}});
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), settings.to_string()).unwrap();
        self.settings = Some(Settings::load(file.path()).unwrap());
        self
    }

    fn report(self) -> Report {
        let url = Url::parse(self.url).unwrap();
        let own = self
            .answer
            .challenges
            .iter()
            .find_map(|header| Challenge::parse(header));
        let met = self.met.then(challenge);
        let told = own.clone().or_else(|| met.clone());
        let expected = told.as_ref().map(Expected::of).unwrap_or_default();
        let expected = expected
            .in_tenant(self.tenant.map(|tenant| (tenant, Source::Environment)))
            .with(self.settings.as_ref());
        let findings = diagnosis::diagnose(&Case {
            url: &url,
            sent: &self.sent,
            own_headers: &[],
            answer: &self.answer,
            challenge: own.as_ref(),
            met: met.as_ref(),
            expected: &expected,
            signature: self.signature,
            now: NOW,
        });
        let status = self.answer.status;
        let outcome = Outcome::of(status, &findings);
        let unexplained = findings.is_empty() && outcome != Outcome::Ok;
        Report {
            outcome,
            status: Some(status),
            url: self.url.into(),
            greeting: (outcome == Outcome::Ok).then(|| self.answer.body.clone()),
            answer: if unexplained {
                diagnosis::everything(&self.answer)
            } else {
                Map::new()
            },
            findings,
            ids: diagnosis::ids(&self.answer),
            token: match &self.sent {
                Sent::Token(token) => Some(token.summary()),
                _ => None,
            },
            challenge: told,
            ..report(Outcome::Ok)
        }
    }
}

fn report(outcome: Outcome) -> Report {
    Report {
        outcome,
        status: None,
        url: URL.into(),
        greeting: None,
        content: Content::default(),
        findings: Vec::new(),
        token: None,
        challenge: None,
        answer: Map::new(),
        time: crate::clock::utc(NOW),
        ids: Map::new(),
        now: NOW,
    }
}

fn no_token(finding: Finding) -> Report {
    Report {
        findings: vec![finding],
        ..report(Outcome::NoToken)
    }
}

pub(super) fn examples() -> Vec<Example> {
    [
        unauthorized::examples(),
        forbidden::examples(),
        parties::examples(),
        tokens::examples(),
        others::examples(),
        sign_in::examples(),
        tools::examples(),
    ]
    .into_iter()
    .flatten()
    .map(|(name, report)| Example {
        name: name.replace(' ', "-"),
        report: report.with_commands(),
    })
    .collect()
}
