//! What is logged of the authority's decisions: client, grant, scopes, and the code with
//! the first sentence of a refusal. No secret, no code, no person's name.

use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use local_events::{EventNote, Outcome};
use serde_json::{Map, Value};

use super::Authority;
use super::error::AuthorityError;
use super::grants::ScopeRequest;
use super::parameters::add_basic;

impl Authority {
    /// What the form of a request asks for.
    pub(super) fn note_of_request(
        &self,
        headers: &HeaderMap,
        pairs: &[(String, String)],
    ) -> EventNote {
        let mut basic = Vec::new();
        add_basic(headers, &mut basic);
        let find = |name: &str| {
            let mut all = pairs.iter().chain(&basic);
            all.find(|(known, value)| known == name && !value.is_empty())
                .map(|(_, value)| value.as_str())
        };
        EventNote::new(Outcome::Answered)
            .grant(find("grant_type"))
            .client(find("client_id").map(|id| {
                let name = self.directory().client_name(id);
                name.map_or_else(|| secret_forms::id(id), str::to_owned)
            }))
            .scope(find("scope"))
    }

    /// What a sign-in asks for.
    pub(super) fn note_of(&self, outcome: Outcome, asked: &ScopeRequest) -> EventNote {
        let name = self.directory().client_name(&asked.client);
        let name = name.map(str::to_owned);
        EventNote::new(outcome)
            .client(name)
            .scope(Some(&asked.full().join(" ")))
    }
}

/// What the device-code endpoint answered.
pub(super) fn started(
    note: EventNote,
    authority: &Authority,
    result: &Result<Value, AuthorityError>,
) -> EventNote {
    let body = match result {
        Err(error) => return refused(note, error),
        Ok(body) => body,
    };
    let code = body["user_code"].as_str().unwrap_or("");
    let now = authority.clock().now();
    if authority.grants().asked(code, now).is_some() {
        note.outcome(Outcome::Asked)
            .because("a person has to enter the code")
    } else {
        note.outcome(Outcome::Approved).because("--auto-approve")
    }
}

/// What the token endpoint answered.
pub(super) fn answered(note: EventNote, result: &Result<Value, AuthorityError>) -> EventNote {
    match result {
        Err(error) => refused(note, error),
        Ok(body) => {
            let token = body["access_token"].as_str().unwrap_or("");
            let why = why_issued(&note);
            let claims = own_claims(token);
            let scp = claims.get("scp").and_then(Value::as_str);
            let roles = claims.get("roles").and_then(Value::as_array);
            let roles = roles.into_iter().flatten();
            let note = note.outcome(Outcome::Issued).issued(
                scp.map(str::to_owned),
                roles
                    .filter_map(|role| role.as_str().map(str::to_owned))
                    .collect(),
            );
            match why {
                Some(why) => note.because(why),
                None => note,
            }
        }
    }
}

/// What was refused, and why.
pub(super) fn refused(note: EventNote, error: &AuthorityError) -> EventNote {
    let outcome = match error {
        AuthorityError::AuthorizationPending | AuthorityError::SlowDown => Outcome::Pending,
        _ => Outcome::Refused,
    };
    note.outcome(outcome).because(first_sentence(&error.line()))
}

impl AuthorityError {
    /// Code and first sentence.
    pub(super) fn first_sentence(&self) -> String {
        first_sentence(&self.line()).to_owned()
    }
}

fn why_issued(note: &EventNote) -> Option<&'static str> {
    match note.asked_grant()? {
        "device_code" => Some("the code was approved"),
        "authorization_code" => Some("code, redirect URI and code verifier are valid"),
        "refresh_token" => Some("the refresh token is valid"),
        "jwt-bearer" => Some("the assertion is a user's token for this client"),
        "client_credentials" => Some("the client has proved itself"),
        _ => None,
    }
}

/// Code and first sentence: the rest is advice. A first one that only names the protocol
/// ("OAuth 2.0 device flow error.") says nothing, so the next one is added.
fn first_sentence(text: &str) -> &str {
    const SHORT: usize = 45;
    let mut ends = text.match_indices(". ").map(|(end, _)| end + 1);
    let end = ends.find(|end| *end > SHORT).unwrap_or(text.len());
    &text[..end]
}

/// The claims of a token that was just made here.
fn own_claims(token: &str) -> Map<String, Value> {
    token
        .split('.')
        .nth(1)
        .and_then(|claims| URL_SAFE_NO_PAD.decode(claims).ok())
        .and_then(|claims| serde_json::from_slice(&claims).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_by_what_it_says_first() {
        for (error, start, end) in [
            (
                AuthorityError::AuthorizationPending,
                "AADSTS70016: ",
                "Authorization is pending.",
            ),
            (
                AuthorityError::TenantUnknown("x".into()),
                "AADSTS90002: ",
                "Tenant 'x' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.",
            ),
            (AuthorityError::UserDisabled, "AADSTS50057: ", "disabled."),
        ] {
            let line = error.line();
            let note = first_sentence(&line);
            assert!(note.starts_with(start) && note.ends_with(end), "{note}");
        }
    }
}
