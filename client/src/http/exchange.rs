//! A call with a method, headers and a body of the caller's, and its answer to the last byte.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Response, StatusCode, Version};
use tokio::time::timeout;
use url::Url;

use super::unreached::chain;
use super::{Answer, BODY_LIMIT, Clients, Length, Unreached, UnreachedKind, answer, beginning};
use crate::request::Request;

/// What came back. Its body is read as far as findings need it.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) answer: Answer,
    pub(crate) status: StatusCode,
    pub(crate) version: Version,
    pub(crate) headers: HeaderMap,
    beginning: Vec<u8>,
    /// What the rest is read from, and how long each part of it may take.
    rest: Option<(Response, Duration)>,
}

/// Why the rest of a body did not come.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    #[error("the answer broke off after {after} bytes: {why}")]
    Off { after: u64, why: String },
    #[error("the answer is longer than {} MiB", limit / (1024 * 1024))]
    TooLong { limit: usize },
}

impl Reply {
    /// The part of the body that is read already. Later parts come from [`next`](Self::next).
    pub(crate) fn take_beginning(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.beginning)
    }

    /// The next part of the body, `after` so many bytes. None: that was all.
    ///
    /// # Errors
    /// It broke off.
    pub(crate) async fn next(&mut self, after: u64) -> Result<Option<Vec<u8>>, Broken> {
        let Some((response, patience)) = &mut self.rest else {
            return Ok(None);
        };
        let off = |why: String| Broken::Off { after, why };
        match timeout(*patience, response.chunk()).await {
            Ok(Ok(chunk)) => Ok(chunk.map(|bytes| bytes.to_vec())),
            Ok(Err(error)) => Err(off(chain(&error))),
            Err(_) => Err(off(format!("nothing more within {} s", patience.as_secs()))),
        }
    }

    /// The whole body.
    ///
    /// # Errors
    /// It broke off, or is longer than `limit`.
    pub(crate) async fn whole(&mut self, limit: usize) -> Result<Vec<u8>, Broken> {
        let mut bytes = self.take_beginning();
        while let Some(part) = self.next(bytes.len() as u64).await? {
            bytes.extend_from_slice(&part);
            if bytes.len() > limit {
                return Err(Broken::TooLong { limit });
            }
        }
        Ok(bytes)
    }
}

/// Whether the other side may have got a request that was not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    Nothing,
    Perhaps,
}

async fn call(
    clients: &Clients,
    url: &Url,
    token: Option<&str>,
    request: &Request,
) -> Result<Reply, (Unreached, Written)> {
    let client = clients.of(url).map_err(|why| (why, Written::Nothing))?;
    let mut headers = request.headers.clone();
    if let Some(token) = token {
        let value = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| {
            let unreached = Unreached {
                kind: UnreachedKind::Refused,
                why: "no header can carry this token".to_owned(),
                proxy: None,
            };
            (unreached, Written::Nothing)
        })?;
        headers.insert(AUTHORIZATION, sensitive(value));
    }
    let mut sent = client
        .request(request.method.clone(), url.clone())
        .headers(headers)
        // The client's own limit would end a long download too: see below.
        .timeout(Duration::MAX);
    if let Some(body) = &request.body {
        sent = sent.body(body.clone());
    }
    let first = async {
        let mut response = sent.send().await?;
        let (bytes, length) = beginning(&mut response).await?;
        Ok::<_, reqwest::Error>((response, bytes, length))
    };
    let patience = clients.timeout;
    let (response, bytes, length) = match timeout(patience, first).await {
        Ok(Ok(read)) => read,
        Ok(Err(error)) => {
            let written = if error.is_connect() {
                Written::Nothing
            } else {
                Written::Perhaps
            };
            return Err((Unreached::of(&error, url).await, written));
        }
        Err(_) => return Err((Unreached::in_time(url), Written::Perhaps)),
    };
    let shown = &bytes[..bytes.len().min(BODY_LIMIT)];
    Ok(Reply {
        answer: answer(&response, shown),
        status: response.status(),
        version: response.version(),
        headers: response.headers().clone(),
        beginning: bytes,
        // Of a refusal the beginning is enough.
        rest: (length == Length::More && response.status().is_success())
            .then_some((response, patience)),
    })
}

fn sensitive(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}

/// Makes a call, again up to `times` after 429, 503 or a failed connection; after that only what
/// may arrive twice, or of which nothing was written. Waits as long as `Retry-After` asks for (at
/// most five minutes: longer is the user's decision), else one second, then two, four, …
///
/// # Errors
/// Nothing answered the last try.
pub(crate) async fn call_again(
    clients: &Clients,
    url: &Url,
    token: Option<&str>,
    request: &Request,
    times: u8,
    told: impl Fn(&str),
) -> Result<Reply, Unreached> {
    const LONGEST: Duration = Duration::from_mins(5);
    let mut tried = 0;
    loop {
        let outcome = call(clients, url, token, request).await;
        let (why, wait) = match &outcome {
            Ok(reply) if matches!(reply.answer.status, 429 | 503) => {
                (reply.answer.status.to_string(), reply.answer.retry_after)
            }
            Err((why, written))
                if matches!(why.kind, UnreachedKind::Refused | UnreachedKind::Timeout)
                    && (*written == Written::Nothing || request.may_arrive_twice()) =>
            {
                (why.kind.to_string(), None)
            }
            _ => return outcome.map_err(|(why, _)| why),
        };
        let wait = wait.unwrap_or(Duration::from_secs(1 << tried.min(8)));
        if tried >= times || wait > LONGEST {
            return outcome.map_err(|(why, _)| why);
        }
        tried += 1;
        told(&format!(
            "{why}: trying again in {} s ({tried} of {times})",
            wait.as_secs()
        ));
        tokio::time::sleep(wait).await;
    }
}
