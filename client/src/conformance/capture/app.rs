//! What the app saw, as the echo app answers it: `{"method": …, "target": …, "headers": [[name,
//! value], …]}`, with the header [`ECHO_MARK`] on every answer. Of the values only what says
//! something of the gate is kept, and never a claim's.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The header that the echo app's answers have, whatever was asked.
pub(crate) const ECHO_MARK: &str = "x-greeting-echo";

/// What the probes' forged headers hold; an app that sees it got what only the gate may set.
pub(crate) const FORGED: &str = "greeting-conform-forged";

/// A request as the app saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct App {
    /// The names of its headers as they came, sorted.
    pub(crate) headers: Vec<String>,
    /// The names of those that held what a probe forged.
    pub(crate) forged: Vec<String>,
    /// The principal that the gate set.
    pub(crate) principal: Option<Principal>,
}

/// `X-MS-CLIENT-PRINCIPAL`, without the values of its claims.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Principal {
    pub(crate) auth_typ: Option<String>,
    pub(crate) name_typ: Option<String>,
    pub(crate) role_typ: Option<String>,
    /// The claims' names, in the principal's order.
    pub(crate) claims: Vec<String>,
    /// The object's keys, in its order.
    pub(crate) keys: Vec<String>,
    pub(crate) base64: Base64,
}

/// The alphabet's end, where the text shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Base64 {
    Padded,
    /// Its length asks for padding, and it has none.
    Unpadded,
    /// Its length asks for none.
    NoneNeeded,
}

impl App {
    /// Reads the echo app's answer.
    pub(crate) fn of(body: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Echo {
            headers: Vec<(String, String)>,
        }
        let echo: Echo = serde_json::from_slice(body).ok()?;
        let forged = |value: &str| value.contains(FORGED) || holds_forged(value);
        let mut seen = Self {
            headers: echo.headers.iter().map(|(name, _)| name.clone()).collect(),
            forged: echo
                .headers
                .iter()
                .filter(|(_, value)| forged(value))
                .map(|(name, _)| name.clone())
                .collect(),
            principal: echo
                .headers
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case("x-ms-client-principal"))
                .and_then(|(_, value)| Principal::of(value)),
        };
        seen.headers.sort();
        seen.forged.sort();
        Some(seen)
    }

    /// Whether it had a header of this name, whatever the case of its letters.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.headers
            .iter()
            .any(|header| header.eq_ignore_ascii_case(name))
    }
}

/// A forged principal is base64.
fn holds_forged(value: &str) -> bool {
    decoded(value).is_some_and(|bytes| String::from_utf8_lossy(&bytes).contains(FORGED))
}

fn decoded(value: &str) -> Option<Vec<u8>> {
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(&alphabet::STANDARD, config)
        .decode(value.trim())
        .ok()
}

impl Principal {
    fn of(value: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Claim {
            typ: String,
        }
        let bytes = decoded(value)?;
        let object: Map<String, Value> = serde_json::from_slice(&bytes).ok()?;
        let text = |key: &str| object.get(key).and_then(Value::as_str).map(str::to_owned);
        let claims: Vec<Claim> = object
            .get("claims")
            .and_then(|claims| serde_json::from_value(claims.clone()).ok())
            .unwrap_or_default();
        Some(Self {
            auth_typ: text("auth_typ"),
            name_typ: text("name_typ"),
            role_typ: text("role_typ"),
            claims: claims.into_iter().map(|claim| claim.typ).collect(),
            keys: object.keys().cloned().collect(),
            base64: match value.trim().len() % 4 {
                0 if value.trim().ends_with('=') => Base64::Padded,
                0 => Base64::NoneNeeded,
                _ => Base64::Unpadded,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn echo(headers: &[(&str, &str)]) -> App {
        let body = serde_json::json!({"method": "GET", "target": "/", "headers": headers});
        App::of(body.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_principal_is_kept_by_its_claims_names_alone() {
        let principal = r#"{"auth_typ":"aad","claims":[{"typ":"oid","val":"of-ann"}],"name_typ":"n","role_typ":"r"}"#;
        let app = echo(&[("X-MS-CLIENT-PRINCIPAL", &STANDARD.encode(principal))]);
        let kept = app.principal.clone().unwrap();
        assert_eq!(kept.claims, ["oid"]);
        assert_eq!(kept.keys, ["auth_typ", "claims", "name_typ", "role_typ"]);
        assert_eq!(kept.auth_typ.as_deref(), Some("aad"));
        assert!(!serde_json::to_string(&app).unwrap().contains("of-ann"));
        assert!(app.has("x-ms-client-principal"));
        assert!(app.forged.is_empty());
    }

    #[test]
    fn a_forged_value_is_known_in_the_clear_and_in_base64() {
        let encoded = STANDARD.encode(format!(r#"{{"auth_typ":"{FORGED}"}}"#));
        let app = echo(&[("X_MS_TOKEN", FORGED), ("a", "b"), ("P", &encoded)]);
        assert_eq!(app.forged, ["P", "X_MS_TOKEN"]);
    }

    #[test]
    fn an_answer_of_another_form_is_no_echo() {
        assert_eq!(App::of(b"hello"), None);
        assert_eq!(App::of(b"{}"), None);
    }
}
