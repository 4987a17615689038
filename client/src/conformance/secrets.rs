//! The last look at what is about to be printed or written: nothing of a token that was sent, and
//! nothing that has the form of a secret, an address or a person's name. A hit writes nothing.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv6Addr};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// A run of this many bytes of a token is more than chance.
const RUN: usize = 16;

/// Claims that name an API, an issuer or a right: they stand in challenges too.
const PUBLIC: [&str; 11] = [
    "appid", "aud", "azp", "idp", "idtyp", "iss", "roles", "scp", "tid", "typ", "ver",
];

/// What must not be in a text.
#[derive(Default)]
pub(crate) struct Secrets {
    /// Every run of that length in what was sent.
    runs: HashSet<[u8; RUN]>,
    /// Claims' values.
    values: HashSet<String>,
}

/// What was found. It does not repeat it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hit {
    PartOfWhatWasSent,
    ClaimOfAToken,
    Secret(&'static str),
    Mail,
    Address,
}

impl Hit {
    /// In words that stand after "it holds".
    pub(crate) fn what(self) -> &'static str {
        match self {
            Self::PartOfWhatWasSent => "a part of a token or secret that was sent",
            Self::ClaimOfAToken => "the value of a claim of a token that was sent",
            Self::Secret(what) => what,
            Self::Mail => "an e-mail address",
            Self::Address => "an IP address",
        }
    }
}

impl Secrets {
    /// A token or a secret that was sent.
    pub(crate) fn add(&mut self, sent: &str) {
        for part in sent.split('.') {
            let windows = part.as_bytes().windows(RUN);
            self.runs
                .extend(windows.filter_map(|run| <[u8; RUN]>::try_from(run).ok()));
            let object = URL_SAFE_NO_PAD
                .decode(part)
                .ok()
                .and_then(|bytes| serde_json::from_slice::<Map<String, Value>>(&bytes).ok());
            for (name, value) in object.into_iter().flatten() {
                if !PUBLIC.contains(&name.as_str()) {
                    self.add_value(&value);
                }
            }
        }
    }

    fn add_value(&mut self, value: &Value) {
        match value {
            // Shorter ones are in too many words.
            Value::String(text) if text.len() >= 6 => {
                self.values.insert(text.clone());
            }
            Value::Array(items) => items.iter().for_each(|item| self.add_value(item)),
            Value::Object(object) => object.values().for_each(|item| self.add_value(item)),
            _ => {}
        }
    }

    /// The first thing that must not be in the text.
    pub(crate) fn find(&self, text: &str) -> Option<Hit> {
        let mut windows = text.as_bytes().windows(RUN);
        if windows.any(|window| self.runs.contains(window)) {
            return Some(Hit::PartOfWhatWasSent);
        }
        if self
            .values
            .iter()
            .any(|value| text.contains(value.as_str()))
        {
            return Some(Hit::ClaimOfAToken);
        }
        let words = || text.split(|c: char| c.is_whitespace() || "\"'`,;<>(){}[]\\".contains(c));
        if let Some(what) = words().find_map(secret_forms::secret) {
            return Some(Hit::Secret(what));
        }
        if text.match_indices("eyJ").any(|(at, _)| {
            let run = text[at..].bytes().take_while(u8::is_ascii_alphanumeric);
            run.count() >= 8
        }) {
            return Some(Hit::Secret("a token"));
        }
        if words().any(is_mail) {
            return Some(Hit::Mail);
        }
        if words().any(has_address) {
            return Some(Hit::Address);
        }
        None
    }
}

/// `name@host.tld`, also at the end of a path or a parameter.
fn is_mail(word: &str) -> bool {
    word.match_indices('@').any(|(at, _)| {
        let before = word[..at].ends_with(|c: char| c.is_alphanumeric());
        let host = word[at + 1..]
            .split(|c: char| !(c.is_alphanumeric() || "-.".contains(c)))
            .next()
            .unwrap_or_default();
        before && host.trim_matches('.').contains('.')
    })
}

/// This machine's own says nothing; a product's version has a slash before it.
fn has_address(word: &str) -> bool {
    let of_v4 = |c: char| c.is_ascii_digit() || c == '.';
    let mut rest = word;
    while let Some(from) = rest.find(of_v4) {
        let run = &rest[from..];
        let run = &run[..run.find(|c| !of_v4(c)).unwrap_or(run.len())];
        let version = rest[..from].ends_with(|c: char| c == '/' || c.is_alphanumeric())
            && !rest[..from].ends_with("//");
        let address = run.trim_matches('.').parse::<IpAddr>();
        if !version && address.is_ok_and(|address| !address.is_loopback()) {
            return true;
        }
        rest = &rest[from + run.len()..];
    }
    word.split(|c: char| !(c.is_ascii_hexdigit() || c == ':'))
        .filter(|run| run.matches(':').count() >= 2 && run.len() > 4)
        .any(|run| run.parse::<Ipv6Addr>().is_ok_and(|it| !it.is_loopback()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> String {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        format!(
            "{}.{}.{}",
            part(r#"{"alg":"RS256","kid":"key-of-the-issuer"}"#),
            part(
                r#"{"aud":"api://the-very-own-api","name":"Ann Example","oid":"the-oid-of-ann","groups":["group-one"]}"#
            ),
            part("a signature of forty bytes, more or less")
        )
    }

    #[test]
    fn each_kind_of_hit_is_found() {
        let mut secrets = Secrets::default();
        secrets.add(&token());
        secrets.add("a-secret-of-an-app-by-stdin");
        let signature = token().split('.').nth(2).unwrap()[7..30].to_owned();
        for (text, hit) in [
            (format!("x{signature}y"), Hit::PartOfWhatWasSent),
            ("-secret-of-an-app-".to_owned(), Hit::PartOfWhatWasSent),
            ("Hello Ann Example".to_owned(), Hit::ClaimOfAToken),
            ("of group-one".to_owned(), Hit::ClaimOfAToken),
            ("\"eyJ0eXAiOiJ\"".to_owned(), Hit::Secret("a token")),
            ("user=bob@contoso.com&x".to_owned(), Hit::Mail),
            ("from 203.0.113.7.".to_owned(), Hit::Address),
            ("http://203.0.113.7/".to_owned(), Hit::Address),
            ("[2001:db8::17]".to_owned(), Hit::Address),
        ] {
            assert_eq!(secrets.find(&text), Some(hit), "{text}");
        }
    }

    #[test]
    fn what_a_gate_says_of_itself_is_no_hit() {
        let mut secrets = Secrets::default();
        secrets.add(&token());
        for text in [
            "Bearer realm=\"<host>\" resource_id=\"api://the-very-own-api\"",
            "Microsoft-IIS/10.0",
            "gate/1.6.2.0",
            "http://127.0.0.1:1/",
            "<time> 07:00:00",
        ] {
            assert_eq!(secrets.find(text), None, "{text}");
        }
    }
}
