//! The HTTP clients, and what went wrong when nothing answered.

mod exchange;
pub(crate) mod proxy;
mod unreached;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use loopback::is_loopback;
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use url::Url;

pub(crate) use self::exchange::{Broken, Reply, call_again};
use self::unreached::chain;
pub(crate) use self::unreached::{Unreached, UnreachedKind};

/// How much of an answer is read, in bytes: more than any page that a finding is made from.
const BODY_LIMIT: usize = 256 * 1024;

/// The clients for this machine and for others, each made when it is first needed: reading the
/// system's certificates takes longer than all else that a call to this machine does.
#[derive(Debug)]
pub(crate) struct Clients {
    certificates: Vec<reqwest::Certificate>,
    timeout: Duration,
    /// Through the environment's proxies.
    outside: OnceLock<Client>,
    /// Through no proxy: requests to this machine must not leave it.
    loopback: OnceLock<Client>,
    /// The same for plain http. It follows no redirect, so that it meets no certificate.
    loopback_http: OnceLock<Client>,
}

impl Clients {
    /// Clients that follow no redirect, so that a token stays with the origin it is for.
    ///
    /// # Errors
    /// The CA file can't be read or is not PEM.
    pub(crate) fn new(ca_cert: Option<&Path>, timeout: Duration) -> Result<Self, NoCertificates> {
        Ok(Self {
            certificates: ca_cert.map(certificates).transpose()?.unwrap_or_default(),
            timeout,
            outside: OnceLock::new(),
            loopback: OnceLock::new(),
            loopback_http: OnceLock::new(),
        })
    }

    /// The client for this URL.
    ///
    /// # Errors
    /// The system's certificates, or the proxy that is named for the URL, can't be used.
    pub(crate) fn of(&self, url: &Url) -> Result<&Client, Unreached> {
        proxy::of(url)?;
        let to = To::of(url);
        let cell = match to {
            To::ThisMachine => &self.loopback_http,
            To::ThisMachineByTls => &self.loopback,
            To::Others => &self.outside,
        };
        if let Some(client) = cell.get() {
            return Ok(client);
        }
        let builder = Client::builder()
            .redirect(Policy::none())
            .timeout(self.timeout)
            .user_agent(concat!("greeting-cli/", env!("CARGO_PKG_VERSION")));
        let certificates = || self.certificates.clone();
        let builder = match to {
            // The system's certificates are not read.
            To::ThisMachine => builder.no_proxy().tls_certs_only([]),
            To::ThisMachineByTls => builder.no_proxy().tls_certs_merge(certificates()),
            To::Others => builder.tls_certs_merge(certificates()),
        };
        let client = builder.build().map_err(|error| Unreached {
            kind: UnreachedKind::TlsUntrusted,
            why: format!("no HTTPS client: {}", chain(&error)),
            proxy: None,
        })?;
        Ok(cell.get_or_init(|| client))
    }
}

/// Where a request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum To {
    /// In the clear.
    ThisMachine,
    ThisMachineByTls,
    Others,
}

impl To {
    fn of(url: &Url) -> Self {
        match (is_loopback(url), url.scheme()) {
            (true, "http") => Self::ThisMachine,
            (true, _) => Self::ThisMachineByTls,
            (false, _) => Self::Others,
        }
    }
}

/// Why a CA file can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoCertificates {
    #[error("the CA file {} can't be read: {error}", path.display())]
    NotRead {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error("{} holds no PEM certificate", .0.display())]
    NotPem(PathBuf),
}

fn certificates(path: &Path) -> Result<Vec<reqwest::Certificate>, NoCertificates> {
    let pem = ::state_folder::read_named(path).map_err(|error| NoCertificates::NotRead {
        path: path.to_owned(),
        error,
    })?;
    reqwest::Certificate::from_pem_bundle(&pem)
        .ok()
        .filter(|certificates| !certificates.is_empty())
        .ok_or_else(|| NoCertificates::NotPem(path.to_owned()))
}

/// A URL as it is printed: its query may hold a secret (a function key).
pub(crate) fn without_query(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}

/// An answer: what findings are made from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Every `WWW-Authenticate` value.
    pub(crate) challenges: Vec<String>,
    pub(crate) server: Option<String>,
    /// Whether it has Easy Auth's own header (observed on Linux).
    pub(crate) from_gate: bool,
    pub(crate) location: Option<String>,
    /// How long to wait before another try (RFC 9110 section 10.2.3).
    pub(crate) retry_after: Option<Duration>,
    /// The sender's clock, seconds since 1970.
    pub(crate) date: Option<i64>,
    /// Headers by which whoever answers is told, and its owner finds the request in a log.
    pub(crate) tells: Vec<(String, String)>,
    pub(crate) content_type: Option<String>,
    pub(crate) body: String,
}

impl Answer {
    /// The value of one of the headers that tell who answers.
    pub(crate) fn tell(&self, name: &str) -> Option<&str> {
        self.tells
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The lines that `-v` prints of it.
    pub(crate) fn told(&self) -> Vec<String> {
        let server = self.server.as_deref().unwrap_or_default();
        let first = format!("< {} {server}", self.status).trim_end().to_owned();
        let challenges = self
            .challenges
            .iter()
            .map(|challenge| format!("< WWW-Authenticate: {challenge}"));
        std::iter::once(first).chain(challenges).collect()
    }
}

/// `GET url`, with a token or without.
///
/// # Errors
/// Nothing answered.
pub(crate) async fn get(
    clients: &Clients,
    url: &Url,
    token: Option<&str>,
) -> Result<Answer, Unreached> {
    let mut request = clients.of(url)?.get(url.clone());
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let mut response = match request.send().await {
        Ok(response) => response,
        Err(error) => return Err(Unreached::of(&error, url).await),
    };
    match beginning(&mut response).await {
        Ok((body, _)) => Ok(answer(&response, &body)),
        Err(error) => Err(Unreached::of(&error, url).await),
    }
}

/// What findings are made from.
fn answer(response: &Response, body: &[u8]) -> Answer {
    let text = |name: &str| {
        response
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    Answer {
        status: response.status().as_u16(),
        challenges: response
            .headers()
            .get_all("www-authenticate")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .map(str::to_owned)
            .collect(),
        server: text("server"),
        from_gate: response
            .headers()
            .contains_key("x-ms-middleware-request-id"),
        location: text("location"),
        retry_after: text("retry-after").and_then(|value| retry_after(&value)),
        date: text("date")
            .and_then(|date| httpdate::parse_http_date(&date).ok())
            .and_then(|date| date.duration_since(std::time::UNIX_EPOCH).ok())
            .and_then(|since| i64::try_from(since.as_secs()).ok())
            // A cache's answer is older than it is (RFC 9111 section 4.2.3).
            .map(|date| {
                let age = text("age").and_then(|age| age.trim().parse::<u32>().ok());
                date.saturating_add(age.unwrap_or_default().into())
            }),
        tells: tells(response.headers()),
        content_type: text("content-type"),
        body: String::from_utf8_lossy(body).into_owned(),
    }
}

/// What tells who answers. What Easy Auth tells the app of a caller is no caller's business.
fn tells(headers: &reqwest::header::HeaderMap) -> Vec<(String, String)> {
    const NAMES: [&str; 6] = [
        "via",
        "cf-ray",
        "cf-mitigated",
        "x-cache",
        "x-msedge-ref",
        "x-powered-by",
    ];
    let tells = |name: &str| {
        NAMES.contains(&name)
            || name.starts_with("x-azure-")
            || name.starts_with("x-ms-")
                && !name.starts_with("x-ms-client-principal")
                && !name.starts_with("x-ms-token")
    };
    headers
        .iter()
        .filter(|(name, _)| tells(name.as_str()))
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.to_string(), value)
        })
        .collect()
}

/// Seconds, or a date.
fn retry_after(value: &str) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(
        date.duration_since(std::time::SystemTime::now())
            .unwrap_or_default(),
    )
}

/// Whether a body has more than was read of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Length {
    Whole,
    More,
}

/// The beginning of a body.
async fn beginning(response: &mut Response) -> reqwest::Result<(Vec<u8>, Length)> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() >= BODY_LIMIT {
            return Ok((bytes, Length::More));
        }
    }
    Ok((bytes, Length::Whole))
}
