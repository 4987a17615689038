//! What of an answer is kept, and by which names: rules that take hosts, tenants, ids, times and
//! random values out, so that the captures of two gates can be compared, and no capture names its
//! owner. Applied twice, they change nothing.

mod text;

use std::collections::BTreeSet;

use loopback::is_loopback;
use url::Url;

use super::capture::{App, Body, ECHO_MARK, Seen};
use crate::discovery::challenge::Challenge;

/// The longest body that is kept, in bytes.
const LONGEST_TEXT: usize = 200;

/// Headers whose values are kept, beside CORS's. Of all others the name is.
const KEPT: [&str; 10] = [
    "allow",
    "content-length",
    "content-type",
    "location",
    "retry-after",
    "server",
    "set-cookie",
    "www-authenticate",
    "x-ms-middleware-request-id",
    ECHO_MARK,
];

/// An answer as it came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Raw {
    pub(crate) status: u16,
    /// Names in small letters.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Raw {
    /// The first value of a header; `name` in small letters.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The challenge of Easy Auth's form.
    pub(crate) fn challenge(&self) -> Option<Challenge> {
        self.headers
            .iter()
            .filter(|(name, _)| name == "www-authenticate")
            .find_map(|(_, value)| Challenge::parse(value))
    }
}

/// What the names of a target are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Names {
    /// With a port, and without.
    pub(crate) hosts: Vec<String>,
    /// The authority's host, where it is on this machine: Microsoft's stay, for which of them it
    /// is says something.
    pub(crate) authority: Option<String>,
    pub(crate) tenant: Option<String>,
    pub(crate) client: Option<String>,
}

impl Names {
    /// Of the URL, and of what its 401 names.
    pub(crate) fn of(url: &Url, challenge: Option<&Challenge>) -> Self {
        let host = url.host_str().unwrap_or_default().to_owned();
        let with_port = url.port().map(|port| format!("{host}:{port}"));
        let authority = challenge
            .and_then(|challenge| Url::parse(&challenge.authority).ok())
            .filter(is_loopback)
            .and_then(|url| {
                let host = url.host_str()?.to_owned();
                Some(
                    url.port()
                        .map_or(host.clone(), |port| format!("{host}:{port}")),
                )
            });
        Self {
            hosts: with_port.into_iter().chain([host]).collect(),
            authority,
            tenant: challenge.map(|challenge| challenge.tenant.clone()),
            client: challenge.map(|challenge| challenge.resource.clone()),
        }
    }
}

/// The rules, and which of them changed something so far.
#[derive(Debug)]
pub(crate) struct Normalising {
    names: Names,
    applied: BTreeSet<&'static str>,
}

impl Normalising {
    pub(crate) fn new(names: Names) -> Self {
        Self {
            names,
            applied: BTreeSet::new(),
        }
    }

    /// The names of the rules that changed something.
    pub(crate) fn applied(&self) -> Vec<String> {
        self.applied.iter().map(|name| (*name).to_owned()).collect()
    }

    /// A text without names, ids and times.
    pub(crate) fn text(&mut self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, rule) in text::RULES {
            let changed = rule(&self.names, &text);
            if changed != text {
                self.applied.insert(name);
                text = changed;
            }
        }
        text
    }

    /// What is kept of an answer.
    pub(crate) fn seen(&mut self, probe: &str, raw: &Raw) -> Seen {
        let app = raw.header(ECHO_MARK).and_then(|_| App::of(&raw.body));
        // What an app answers may be about its caller, and so may be its length.
        let of_the_app = (200..300).contains(&raw.status);
        let mut headers = Vec::new();
        let mut other_headers = Vec::new();
        for (name, value) in &raw.headers {
            let kept = KEPT.contains(&name.as_str()) || name.starts_with("access-control-");
            let of_its_page = of_the_app && name == "content-length";
            if of_its_page || !kept {
                other_headers.push(name.clone());
            } else if name == "set-cookie" {
                self.applied.insert("cookie-value");
                let value = text::without_value(value);
                headers.push((name.clone(), self.text(&value)));
            } else {
                headers.push((name.clone(), self.text(value)));
            }
        }
        // Stable: the order within a name is the answer's.
        headers.sort_by(|(one, _), (other, _)| one.cmp(other));
        other_headers.sort();
        other_headers.dedup();
        let text = std::str::from_utf8(&raw.body)
            .ok()
            .filter(|_| !of_the_app && raw.body.len() <= LONGEST_TEXT)
            .map(|text| self.text(text));
        let object = serde_json::from_slice::<serde_json::Map<_, serde_json::Value>>(&raw.body);
        Seen {
            probe: probe.to_owned(),
            status: raw.status,
            headers,
            other_headers,
            body: Body {
                bytes: (!of_the_app || raw.body.is_empty()).then_some(raw.body.len() as u64),
                text,
                keys: object
                    .ok()
                    .filter(|_| app.is_none())
                    .map(|object| object.keys().map(|key| self.text(key)).collect())
                    .unwrap_or_default(),
            },
            app,
        }
    }
}

#[cfg(test)]
mod tests;
