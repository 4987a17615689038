//! Sends probes: one at a time, to one origin, at most a hundred. Redirects are not followed. An
//! HTTP library folds `..` and refuses `\`, so requests in the clear, which stay on this machine,
//! are written as they are spelled; over https those spellings are not sent.

mod spelled;

use std::time::Duration;

use url::Url;

use super::normal::Raw;
use crate::http::{Clients, Unreached, UnreachedKind};

/// How much of a body is read, in bytes.
const BODY_LIMIT: usize = 256 * 1024;

/// Failed connections in a row, after which no more are tried.
const FAILURES: u8 = 3;

/// How many requests may still be sent.
#[derive(Debug)]
pub(crate) struct Budget(u8);

/// The right to send one request.
#[derive(Debug)]
pub(crate) struct Ticket(());

impl Budget {
    /// For one run, whatever is asked.
    pub(crate) const MOST: u8 = 100;

    /// For the probes of one run; `others` were sent before them.
    pub(crate) fn after(others: u8) -> Self {
        Self(Self::MOST.saturating_sub(others))
    }

    pub(crate) fn take(&mut self) -> Option<Ticket> {
        self.0 = self.0.checked_sub(1)?;
        Some(Ticket(()))
    }
}

/// A request as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query, as they are spelled.
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
}

/// Why a probe got no answer.
#[derive(Debug)]
pub(crate) enum NoAnswer {
    /// It can't be written so.
    NotSendable(&'static str),
    Unreached(Unreached),
    Stopped(Stopped),
}

/// Why nothing more is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// The gate asked for a pause.
    Asked(u16),
    Failures,
    Spent,
}

impl Stopped {
    /// In words that stand after "not asked:".
    pub(crate) fn why(&self) -> String {
        match self {
            Self::Asked(status) => format!("the gate answered {status} and Retry-After before"),
            Self::Failures => format!("{FAILURES} connections in a row failed before"),
            Self::Spent => format!("{} requests were sent before", Budget::MOST),
        }
    }
}

/// Where probes go, and how many more.
pub(crate) struct Sender<'a> {
    clients: &'a Clients,
    /// Its path is not used.
    origin: Url,
    timeout: Duration,
    budget: Budget,
    failures: u8,
    stopped: Option<Stopped>,
}

impl<'a> Sender<'a> {
    pub(crate) fn new(clients: &'a Clients, url: &Url, timeout: Duration, budget: Budget) -> Self {
        Self {
            clients,
            origin: url.clone(),
            timeout,
            budget,
            failures: 0,
            stopped: None,
        }
    }

    /// Sends one request and waits for its answer.
    pub(crate) async fn send(&mut self, request: &Request) -> Result<Raw, NoAnswer> {
        if let Some(stopped) = &self.stopped {
            return Err(NoAnswer::Stopped(stopped.clone()));
        }
        let Some(ticket) = self.budget.take() else {
            return Err(NoAnswer::Stopped(self.stop(Stopped::Spent)));
        };
        let outcome = self.exchange(request, ticket).await;
        match &outcome {
            Ok(raw) => {
                self.failures = 0;
                if matches!(raw.status, 429 | 503) && raw.header("retry-after").is_some() {
                    self.stop(Stopped::Asked(raw.status));
                }
            }
            Err(NoAnswer::Unreached(_)) => {
                self.failures += 1;
                if self.failures == FAILURES {
                    self.stop(Stopped::Failures);
                }
            }
            Err(_) => {}
        }
        outcome
    }

    fn stop(&mut self, stopped: Stopped) -> Stopped {
        self.stopped = Some(stopped.clone());
        stopped
    }

    async fn exchange(&self, request: &Request, _: Ticket) -> Result<Raw, NoAnswer> {
        if self.origin.scheme() == "http" {
            return spelled::send(&self.origin, request, self.timeout)
                .await
                .map_err(NoAnswer::Unreached);
        }
        self.by_library(request).await
    }

    async fn by_library(&self, request: &Request) -> Result<Raw, NoAnswer> {
        let url = whole(&self.origin, &request.target).ok_or(NoAnswer::NotSendable(
            "over https the path can't be written as it is spelled",
        ))?;
        let method = request
            .method
            .parse()
            .map_err(|_| NoAnswer::NotSendable("it has no method that can be sent"))?;
        let client = self.clients.of(&url).map_err(NoAnswer::Unreached)?;
        let mut builder = client.request(method, url.clone());
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        let failed =
            async |error: reqwest::Error| NoAnswer::Unreached(Unreached::of(&error, &url).await);
        let mut response = match builder.send().await {
            Ok(response) => response,
            Err(error) => return Err(failed(error).await),
        };
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() < BODY_LIMIT => body.extend_from_slice(&chunk),
                Ok(_) => break,
                Err(error) => return Err(failed(error).await),
            }
        }
        Ok(Raw {
            status: response.status().as_u16(),
            headers: texts(response.headers()),
            body,
        })
    }
}

/// The URL of a target on this origin. None: it would not be sent as it is spelled.
fn whole(origin: &Url, target: &str) -> Option<Url> {
    let url = Url::parse(&format!(
        "{}{target}",
        origin.origin().ascii_serialization()
    ))
    .ok()?;
    let sent = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    (sent == target && url.origin() == origin.origin()).then_some(url)
}

fn texts(headers: &reqwest::header::HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.to_string(), value)
        })
        .collect()
}

fn unreached(kind: UnreachedKind, why: String) -> Unreached {
    Unreached {
        kind,
        why,
        proxy: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_a_hundred_requests_can_be_sent() {
        let mut budget = Budget::after(2);
        let sent = std::iter::from_fn(|| budget.take()).count();
        assert_eq!(sent, 98);
    }

    #[test]
    fn a_target_goes_to_the_origin_as_it_is_spelled_or_not_at_all() {
        let origin = Url::parse("https://app.example/api").unwrap();
        for target in ["/", "/a//b?x=%2e", "/a;x", "/.auth/me"] {
            let url = whole(&origin, target).unwrap();
            assert_eq!(url.as_str(), format!("https://app.example{target}"));
        }
        for target in [
            "/a/../b",
            "/a/%2e%2e/b",
            "/a\\b",
            "@other.example/",
            ".other.example/",
        ] {
            assert_eq!(whole(&origin, target), None, "{target}");
        }
    }
}
