//! A token, decoded to be explained. Nothing here is verified: that is for the gate.

mod not_a_token;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::{Map, Value};

pub(crate) use self::not_a_token::NotAToken;
use crate::clock::{how_long, utc};
use crate::known_clients::client_name;

/// A decoded JWT. Holds no signature, so it can be printed.
#[derive(Debug, Clone)]
pub(crate) struct Decoded {
    pub(crate) header: Map<String, Value>,
    pub(crate) claims: Map<String, Value>,
}

/// Why something is not a JWT, in words that don't repeat it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// Not a token: where it is wrong.
    Malformed(String),
    /// Complete, but not an access token.
    OtherToken(String),
    /// No token of any kind.
    NotAToken(NotAToken),
}

impl Unreadable {
    pub(crate) fn why(&self) -> &str {
        match self {
            Self::Malformed(why) | Self::OtherToken(why) => why,
            Self::NotAToken(what) => what.why(),
        }
    }
}

impl Decoded {
    /// Decodes without verifying.
    ///
    /// # Errors
    /// Which part is wrong, in words that don't repeat it.
    pub(crate) fn parse(token: &str) -> Result<Self, Unreadable> {
        use Unreadable::{Malformed, OtherToken};
        if let Some(what) = NotAToken::of(token) {
            return Err(Unreadable::NotAToken(what));
        }
        if token
            .get(..7)
            .is_some_and(|start| start.eq_ignore_ascii_case("bearer "))
        {
            return Err(Malformed(
                "it begins with \"Bearer \": send only what follows".into(),
            ));
        }
        if let Some(at) = token.find(|c: char| c.is_whitespace() || c == '"' || c == '\'') {
            return Err(Malformed(format!(
                "there is a space or a quote at byte {at}"
            )));
        }
        if secret_forms::is_client_secret(token) {
            return Err(OtherToken("it is a client secret of Entra".into()));
        }
        // No JWT begins so: its header is JSON in base64url.
        if matches!(
            token.as_bytes(),
            [b'0'..=b'9', b'.', b'A', ..] | [b'M', b'.', b'C' | b'R', ..]
        ) {
            return Err(OtherToken("it is a refresh token of Entra".into()));
        }
        let parts: Vec<&str> = token.split('.').collect();
        match parts.len() {
            3 => {}
            5 => {
                return Err(OtherToken(
                    "it is encrypted (JWE, five parts), so that only its API can read it".into(),
                ));
            }
            // The beginning of every JWT.
            1 if token.starts_with("eyJ") => {
                return Err(Malformed("it ends within its header; is it cut?".into()));
            }
            2 if token.starts_with("eyJ") => {
                return Err(Malformed(
                    "it ends within its payload (part 2); is it cut?".into(),
                ));
            }
            1 => {
                return Err(OtherToken(
                    "it has no dots: it is a refresh token, a secret or another opaque value"
                        .into(),
                ));
            }
            n => return Err(Malformed(format!("it has {n} parts and not three"))),
        }
        let part = |index: usize, name: &str| -> Result<Map<String, Value>, Unreadable> {
            let bytes = URL_SAFE_NO_PAD.decode(parts[index]).map_err(|_| {
                Malformed(format!(
                    "its {name} (part {}) is not base64url; is it cut?",
                    index + 1
                ))
            })?;
            serde_json::from_slice(&bytes).map_err(|_| {
                Malformed(format!(
                    "its {name} (part {}) is not a JSON object",
                    index + 1
                ))
            })
        };
        let decoded = Self {
            header: part(0, "header")?,
            claims: part(1, "payload")?,
        };
        if URL_SAFE_NO_PAD.decode(parts[2]).is_err() {
            return Err(Malformed(
                "its signature (part 3) is not base64url; is it cut?".into(),
            ));
        }
        Ok(decoded)
    }

    /// A claim that is text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name).and_then(Value::as_str)
    }

    /// Who signed in, by the name that they know.
    pub(crate) fn user(&self) -> Option<&str> {
        ["preferred_username", "upn", "unique_name"]
            .iter()
            .find_map(|name| self.text(name))
    }

    /// The audience: one name, or several.
    pub(crate) fn audiences(&self) -> Vec<String> {
        match self.claims.get("aud") {
            Some(Value::String(one)) => vec![one.clone()],
            Some(Value::Array(several)) => several
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            _ => Vec::new(),
        }
    }

    /// A claim that is a time, in seconds since 1970.
    pub(crate) fn time(&self, name: &str) -> Option<i64> {
        self.claims.get(name).and_then(Value::as_i64)
    }

    /// The delegated scopes.
    pub(crate) fn scopes(&self) -> Vec<String> {
        self.text("scp")
            .unwrap_or("")
            .split_ascii_whitespace()
            .map(str::to_owned)
            .collect()
    }

    /// The app roles.
    pub(crate) fn roles(&self) -> Vec<String> {
        self.texts("roles")
    }

    /// The texts of a claim that is an array.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        match self.claims.get(name) {
            Some(Value::Array(items)) => items
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The token in a report.
    pub(crate) fn summary(&self) -> Summary {
        Summary {
            aud: self.claims.get("aud").cloned().unwrap_or(Value::Null),
            iss: self.text("iss").map(str::to_owned),
            tid: self.text("tid").map(str::to_owned),
            scp: self.scopes(),
            roles: self.roles(),
            expires_at: self.time("exp").and_then(utc),
            exp: self.time("exp"),
            user: self.user().map(str::to_owned),
            client: self
                .text("azp")
                .or_else(|| self.text("appid"))
                .map(str::to_owned),
        }
    }
}

/// What a report says about a token.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Summary {
    aud: Value,
    iss: Option<String>,
    tid: Option<String>,
    scp: Vec<String>,
    roles: Vec<String>,
    expires_at: Option<String>,
    #[serde(skip)]
    exp: Option<i64>,
    #[serde(skip)]
    user: Option<String>,
    #[serde(skip)]
    client: Option<String>,
}

impl Summary {
    /// The claims that a gate or an app compares, as text.
    pub(crate) fn claims(&self) -> Vec<(&'static str, String)> {
        let aud = match &self.aud {
            Value::String(aud) => aud.clone(),
            other => other.to_string(),
        };
        let or_none = |text: Option<&String>| text.cloned().unwrap_or_else(|| "(none)".into());
        let list = |items: &[String]| {
            let text = items.join(" ");
            if text.is_empty() {
                "(none)".into()
            } else {
                text
            }
        };
        vec![
            ("aud", aud),
            ("iss", or_none(self.iss.as_ref())),
            ("tid", or_none(self.tid.as_ref())),
            ("scp", list(&self.scp)),
            ("roles", list(&self.roles)),
            ("client", or_none(self.client.as_ref())),
            ("exp", or_none(self.expires_at.as_ref())),
        ]
    }

    /// What to know beside the findings: how long it is valid by a clock that is in no doubt, and
    /// whose it is.
    pub(crate) fn also(&self, clock: Option<i64>) -> Option<String> {
        let left = self.exp.zip(clock).filter(|(exp, now)| exp > now);
        let left =
            left.map(|(exp, now)| format!("expires in {}", how_long(exp.saturating_sub(now))));
        let user = self.user.as_ref().map(|user| format!("to {user}"));
        let client = self
            .client
            .as_ref()
            .map(|client| match client_name(client) {
                Some(name) => format!("by {client} ({name})"),
                None => format!("by {client}"),
            });
        let issued: Vec<String> = [user, client].into_iter().flatten().collect();
        let issued = (!issued.is_empty()).then(|| format!("issued {}", issued.join(" ")));
        let parts: Vec<String> = [left, issued].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

#[cfg(test)]
mod tests;
