//! What is not sent: it is no access token for this API, and whoever receives it could use it elsewhere.

use serde_json::Value;

use super::{Code, Expected, Finding, Sent, Signature, audience, foresee};
use crate::discovery::trust;
use crate::provenance::Source;
use crate::token::Decoded;

/// Who named the function's API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named {
    /// The person: by a scope, or by the token that they bring.
    ByPerson,
    /// Only the function itself, in its challenge.
    ByFunction,
}

/// Whether the person insists (`--send-anyway`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Insistence {
    None,
    SendAnyway,
}

/// Why this is not sent, as findings. Empty: it may be.
pub(crate) fn withheld(
    sent: &Sent,
    expected: &Expected,
    named: Named,
    insistence: Insistence,
    now: i64,
) -> Vec<Finding> {
    let first_party = matches!(sent, Sent::Token(token) if of_microsoft(token).is_some());
    let told = match (insistence, named) {
        (Insistence::SendAnyway, Named::ByFunction) if first_party => {
            "no, and --send-anyway does not: only the function's own challenge names its API"
        }
        (Insistence::SendAnyway, _) => return Vec::new(),
        (Insistence::None, Named::ByFunction) if first_party => "no",
        (Insistence::None, _) => "no; --send-anyway sends it",
    };
    let other = match sent {
        Sent::Nothing => false,
        Sent::Unreadable(_) => true,
        Sent::Token(token) => audience::not_an_access_token(token, expected).is_some(),
    };
    if !other && !first_party {
        return Vec::new();
    }
    let (mut findings, _) = foresee(sent, expected, Signature::Unchecked, now);
    // A forged token of Graph's is first one that nobody signed.
    if findings.is_empty() {
        findings.extend(of_another(sent));
    }
    findings.truncate(1);
    findings
        .into_iter()
        .map(|finding| finding.saw("sent", told, Value::Null, Source::Default))
        .collect()
}

/// The name of the Microsoft API that a token is for.
fn of_microsoft(token: &Decoded) -> Option<&'static str> {
    let audiences = token.audiences();
    audiences.iter().find_map(|aud| trust::first_party(aud))
}

/// For a function that claims Microsoft's API as its own: nothing else is wrong with the token.
fn of_another(sent: &Sent) -> Option<Finding> {
    let Sent::Token(token) = sent else {
        return None;
    };
    let name = of_microsoft(token)?;
    Some(
        Finding::proved(
            Code::FirstPartyResource,
            format!("the token is for {name}, which is not this function's API"),
            "name the function's own API: greeting-cli call URL --scope api://<the API's client id>/Greeting.Read",
        )
        .saw("aud", token.audiences(), Value::Null, Source::Default),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::token::Unreadable;

    fn token(claims: Value) -> Sent {
        let as_map = |value: Value| value.as_object().cloned().unwrap_or_default();
        Sent::Token(Box::new(Decoded {
            header: as_map(json!({"alg": "RS256", "kid": "k"})),
            claims: as_map(claims),
        }))
    }

    #[test]
    fn point_14_what_is_sent_and_what_is_not() {
        let access = json!({"aud": "r", "scp": "Greeting.Read", "azp": "c", "exp": 2000});
        let graph = json!({"aud": "https://graph.microsoft.com", "scp": "User.Read", "azp": "c", "exp": 2000});
        let id = json!({"aud": "c", "nonce": "n", "exp": 2000});
        let app = json!({"aud": "r", "roles": ["x"], "idtyp": "app", "azp": "c", "exp": 2000});
        let opaque = Sent::Unreadable(Unreadable::OtherToken("opaque".into()));
        for (sent, code) in [
            (token(access), None),
            (token(app), None),
            (Sent::Nothing, None),
            (token(graph), Some(Code::WrongApi)),
            (token(id), Some(Code::NotAnAccessToken)),
            (opaque, Some(Code::NotAnAccessToken)),
        ] {
            let expected = Expected::default();
            let why = |insistence| {
                let why = withheld(&sent, &expected, Named::ByPerson, insistence, 1000);
                why.first().map(|finding| finding.code)
            };
            assert_eq!(why(Insistence::None), code, "{sent:?}");
            assert_eq!(why(Insistence::SendAnyway), None, "{sent:?}");
        }
    }

    #[test]
    fn point_13_no_switch_sends_a_first_party_token_to_a_discovered_function() {
        for aud in [
            json!("00000003-0000-0000-c000-000000000000"),
            json!("https://management.core.windows.net/"),
            json!(["r", "https://graph.microsoft.com"]),
        ] {
            let sent = token(json!({"aud": aud, "scp": "x", "azp": "c", "exp": 2000}));
            // Even where the function claims it for its own.
            for resource in ["r", "00000003-0000-0000-c000-000000000000"] {
                let expected = Expected {
                    resource: Some((resource.to_owned(), Source::Challenge)),
                    ..Expected::default()
                };
                for insistence in [Insistence::None, Insistence::SendAnyway] {
                    let why = withheld(&sent, &expected, Named::ByFunction, insistence, 1000);
                    assert_eq!(why.len(), 1, "{aud} {resource} {insistence:?}");
                }
            }
        }
    }
}
