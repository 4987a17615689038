//! `--upstream`: any app behind the gate, instead of the local Functions host.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Body;
use hyper::{Request, Response, StatusCode};
use local_failure::Failure;
use local_http::arrival::asks_for_websocket;
pub(crate) use local_http::relay::Protocol;
use local_http::relay::{
    self, ANSWER_TIMEOUT, BoxBody, BoxError, Call, Client, Connection, Failed, MAX_HEADERS,
    RelayError, Upgrades, text,
};
use tokio::net::TcpStream;
use url::Url;

/// For the app's machine to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// An app that this program does not run. It need not be started first.
#[derive(Clone)]
pub(crate) struct Upstream {
    host: String,
    port: u16,
    protocol: Protocol,
    client: Arc<Client>,
}

impl Upstream {
    /// Reads `--upstream`'s value: an app that is spoken to in `protocol`.
    ///
    /// # Errors
    /// It is not an `http://host[:port]` URL.
    pub(crate) fn parse(url: &str, protocol: Protocol) -> Result<Self, Failure> {
        let failed = |why: String, fix: &str| {
            Failure::new(format!("--upstream {url} can't be used"), why, fix)
        };
        let parsed = Url::parse(url)
            .map_err(|error| failed(error.to_string(), "write it as http://localhost:8000"))?;
        if !["http", "https"].contains(&parsed.scheme()) {
            return Err(failed(
                format!("{}: is not http", parsed.scheme()),
                "write it as http://localhost:8000",
            ));
        }
        if parsed.scheme() == "https" {
            return Err(failed(
                "the gate calls the app over http only".into(),
                "name the app's http address: TLS ends at the gate, as on App Service (--https turns it on there)",
            ));
        }
        if parsed.path() != "/" || parsed.query().is_some() || !parsed.username().is_empty() {
            return Err(failed(
                "it has more than a host and a port".into(),
                "name the app's origin only: paths are the caller's",
            ));
        }
        // http URLs always have a host, and a default port.
        let host = parsed.host_str().unwrap_or("localhost");
        Ok(Self {
            host: host.trim_matches(['[', ']']).to_owned(),
            port: parsed.port_or_known_default().unwrap_or(80),
            protocol,
            client: Client::new(protocol),
        })
    }

    /// Whether it is on this machine, so that the principal does not cross a network in the clear.
    pub(crate) fn is_loopback(&self) -> bool {
        loopback::is_loopback_host(&self.host)
    }

    /// Its origin.
    pub(crate) fn url(&self) -> String {
        // An IPv6 address stands in brackets (RFC 3986 section 3.2.2).
        if self.host.contains(':') {
            format!("http://[{}]:{}", self.host, self.port)
        } else {
            format!("http://{}:{}", self.host, self.port)
        }
    }

    /// Hands one request on.
    pub(crate) async fn call<B>(&self, request: Request<B>) -> Response<BoxBody>
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<BoxError>,
    {
        if self.protocol == Protocol::Http2 && asks_for_websocket(&request) {
            return text(
                StatusCode::NOT_IMPLEMENTED,
                "With --upstream-http2 no WebSocket passes; start greeting-local without it.\n",
            );
        }
        let mut call = Call::new(request, self.protocol, Upgrades::WebSocket);
        loop {
            let connection = match self.connect().await {
                Ok(connection) => connection,
                Err(answer) => return *answer,
            };
            call = match connection.send(call, ANSWER_TIMEOUT).await {
                Ok(answer) => return answer,
                Err(Failed::Unanswered(why)) => return Box::pin(self.why_not(why)).await,
                Err(Failed::Unsent(call)) => *call,
            };
        }
    }

    /// A connection to the app; or the answer that says why there is none.
    async fn connect(&self) -> Result<Connection, Box<Response<BoxBody>>> {
        if let Some(kept) = self.client.kept() {
            return Ok(kept);
        }
        let app = self.url();
        // Of few calls, whose room the others need not have.
        let connecting = Box::pin(TcpStream::connect((self.host.as_str(), self.port)));
        let answer = match tokio::time::timeout(CONNECT_TIMEOUT, connecting).await {
            Ok(Ok(stream)) => return Ok(self.client.begin(stream)),
            Ok(Err(error)) => not_answered(
                StatusCode::BAD_GATEWAY,
                format!(
                    "The app behind the gate, {app}, can't be reached: {error}.\nStart the app; the gate keeps running meanwhile.\n"
                ),
                "it can't be reached",
            ),
            Err(_) => not_answered(
                StatusCode::GATEWAY_TIMEOUT,
                format!(
                    "The app behind the gate, {app}, did not accept a connection in {} seconds.\n",
                    CONNECT_TIMEOUT.as_secs()
                ),
                "it did not accept a connection in time",
            ),
        };
        Err(Box::new(answer))
    }

    /// The answer to a call that the app did not answer.
    async fn why_not(&self, error: RelayError) -> Response<BoxBody> {
        let error = match error {
            // A server of HTTP/2 may close what is not HTTP/2 without a word.
            RelayError::Broken if self.protocol == Protocol::Http1 && self.speaks_http2().await => {
                RelayError::SpeaksHttp2
            }
            other => other,
        };
        let app = format!(
            "The app behind the gate, http://{}:{},",
            self.host, self.port
        );
        let (status, text, why) = match error {
            RelayError::Broken => (
                StatusCode::BAD_GATEWAY,
                format!(
                    "{app} broke the connection before it answered; the call was not repeated.\n"
                ),
                "it broke the connection before it answered",
            ),
            RelayError::Reset => (
                StatusCode::BAD_GATEWAY,
                format!(
                    "{app} reset the request's HTTP/2 stream before it answered; the call was not repeated.\nWhat the app logged says why.\n"
                ),
                "it reset the HTTP/2 stream before it answered",
            ),
            RelayError::Malformed => (
                StatusCode::BAD_GATEWAY,
                format!(
                    "{app} answered something that is not HTTP/1.1.\nCorrect what the app answers; or another program is on that port.\n"
                ),
                "its answer is not HTTP/1.1",
            ),
            RelayError::TooLarge => (
                StatusCode::BAD_GATEWAY,
                format!(
                    "{app} answered with more headers than are read: {MAX_HEADERS}, or 400 KB in all.\n"
                ),
                "its answer has more headers than are read",
            ),
            RelayError::SpeaksHttp2 => (
                StatusCode::BAD_GATEWAY,
                format!(
                    "{app} speaks HTTP/2 only, as gRPC servers do, and was asked in HTTP/1.1.\nAdd --upstream-http2 to greeting-local up.\n"
                ),
                "it speaks HTTP/2 only; add --upstream-http2 to greeting-local up",
            ),
            RelayError::SpeaksHttp1 => (
                StatusCode::BAD_GATEWAY,
                format!(
                    "{app} speaks HTTP/1.1, and was asked in HTTP/2.\nStart greeting-local up without --upstream-http2.\n"
                ),
                "it speaks HTTP/1.1; start greeting-local up without --upstream-http2",
            ),
            RelayError::Silent => (
                StatusCode::GATEWAY_TIMEOUT,
                format!(
                    "{app} did not answer in {} seconds.\n",
                    ANSWER_TIMEOUT.as_secs()
                ),
                "it did not answer in time",
            ),
            RelayError::Unfinished => (
                StatusCode::BAD_REQUEST,
                "The request's body broke off before its end; send it again, whole.\n".to_owned(),
                "the caller broke off the request's body",
            ),
        };
        not_answered(status, text, why)
    }

    async fn speaks_http2(&self) -> bool {
        relay::speaks_http2((self.host.as_str(), self.port)).await
    }
}

/// Why an answer is not the app's, for the log; an extension of the answer.
#[derive(Clone)]
pub(super) struct NotAnswered(pub(super) &'static str);

fn not_answered(status: StatusCode, body: String, why: &'static str) -> Response<BoxBody> {
    let mut response = text(status, body);
    response.extensions_mut().insert(NotAnswered(why));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_it_takes() {
        for (url, expected) in [
            ("http://localhost:8000", Some(("localhost", 8000, true))),
            ("http://127.0.0.1:8000/", Some(("127.0.0.1", 8000, true))),
            ("http://[::1]:8000", Some(("::1", 8000, true))),
            ("http://172.17.0.2", Some(("172.17.0.2", 80, false))),
            ("https://localhost:8000", None),
            ("localhost:8000", None),
            ("http://localhost:8000/app", None),
            ("http://user@localhost:8000", None),
            ("", None),
        ] {
            let got = Upstream::parse(url, Protocol::Http1).ok();
            let got = got
                .as_ref()
                .map(|u| (u.host.as_str(), u.port, u.is_loopback()));
            assert_eq!(got, expected, "{url}");
        }
    }
}
