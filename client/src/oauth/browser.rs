//! Authorization code with PKCE on a loopback redirect (RFC 8252, RFC 7636), for tenants that
//! block device codes.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use reqwest::Client;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use url::Url;

use super::endpoint::{AuthorityError, Endpoint, Tokens, credential_error};

/// How long the user has to sign in.
pub const PATIENCE: Duration = Duration::from_mins(15);
/// How long a browser has to take its page, once there is one.
const PAGE_PATIENCE: Duration = Duration::from_secs(5);

type Open = dyn Fn(&str) + Send + Sync;

/// Signs a person in in a browser on this machine. Keeps nothing: each call signs in again.
#[derive(Clone)]
pub struct BrowserCredential {
    endpoint: Endpoint,
    login_hint: Option<String>,
    claims: Option<String>,
    open: Arc<Open>,
}

impl fmt::Debug for BrowserCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrowserCredential")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

impl BrowserCredential {
    /// A credential of `client_id`, whose registration has the redirect URI `http://localhost`
    /// (Entra ignores its port). `open` is given the address for the browser.
    ///
    /// # Errors
    /// As [`DeviceCodeCredential::new`](crate::oauth::device_code::DeviceCodeCredential::new).
    pub fn new(
        http: Client,
        authority_host: &str,
        tenant: &str,
        client_id: &str,
        open: impl Fn(&str) + Send + Sync + 'static,
    ) -> azure_core::Result<Self> {
        Ok(Self {
            endpoint: Endpoint::new(http, authority_host, tenant, client_id)?,
            login_hint: None,
            claims: None,
            open: Arc::new(open),
        })
    }

    /// Has the sign-in page suggest this user.
    #[must_use]
    pub fn with_login_hint(self, user: &str) -> Self {
        Self {
            login_hint: Some(user.to_owned()),
            ..self
        }
    }

    /// Has the sign-in meet these claims, as an API's claims challenge names them: the JSON of
    /// OpenID Connect Core 1.0 section 5.5.
    #[must_use]
    pub fn with_claims(self, claims: &str) -> Self {
        Self {
            claims: Some(claims.to_owned()),
            ..self
        }
    }

    /// Signs in for `scopes`.
    ///
    /// # Errors
    /// The authority's refusal as [`AuthorityError`] inside; else what the network did.
    pub async fn authenticate(&self, scopes: &[&str]) -> azure_core::Result<Tokens> {
        let io = |error: std::io::Error| azure_core::Error::new(ErrorKind::Io, error);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(io)?;
        let redirect = format!(
            "http://localhost:{}",
            listener.local_addr().map_err(io)?.port()
        );
        let (verifier, state) = (random()?, random()?);
        let challenge = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes());
        let scope = scopes.join(" ");
        let mut address = self.endpoint.url("authorize")?;
        address
            .query_pairs_mut()
            .append_pair("client_id", self.endpoint.client_id())
            .append_pair("response_type", "code")
            .append_pair("redirect_uri", &redirect)
            .append_pair("response_mode", "query")
            .append_pair("scope", &scope)
            .append_pair("state", &state)
            .append_pair("code_challenge", &URL_SAFE_NO_PAD.encode(challenge))
            .append_pair("code_challenge_method", "S256");
        if let Some(user) = &self.login_hint {
            address.query_pairs_mut().append_pair("login_hint", user);
        }
        if let Some(claims) = &self.claims {
            address.query_pairs_mut().append_pair("claims", claims);
        }
        (self.open)(address.as_str());
        let code = tokio::time::timeout(PATIENCE, wait(listener, &state))
            .await
            .map_err(|_| {
                credential_error(AuthorityError {
                    error: "expired_token".into(),
                    error_description: "nobody signed in within 15 minutes".into(),
                    ..AuthorityError::default()
                })
            })??;
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("client_id", self.endpoint.client_id()),
            ("code", &code),
            ("redirect_uri", &redirect),
            ("code_verifier", &verifier),
            ("scope", &scope),
        ];
        form.extend(self.claims.as_deref().map(|claims| ("claims", claims)));
        self.endpoint.redeem(&form).await
    }
}

#[async_trait::async_trait]
impl TokenCredential for BrowserCredential {
    async fn get_token(
        &self,
        scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        Ok(self.authenticate(scopes).await?.access)
    }
}

/// 256 random bits.
fn random() -> azure_core::Result<String> {
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| {
        azure_core::Error::with_message(ErrorKind::Other, "the system has no randomness")
    })?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// What came back: a code, or the authority's refusal.
type Returned = azure_core::Result<String>;

/// Serves the redirect until an answer with our `state` comes; other requests are only answered.
async fn wait(listener: TcpListener, state: &str) -> Returned {
    let (outcomes, mut first) = mpsc::channel(1);
    loop {
        tokio::select! {
            Some(outcome) = first.recv() => return outcome,
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                let (outcomes, state) = (outcomes.clone(), state.to_owned());
                tokio::spawn(async move {
                    if let Some(outcome) = answer(stream, &state).await {
                        let _ = outcomes.try_send(outcome);
                    }
                });
            }
        }
    }
}

/// Answers one connection. Its outcome is known only when the page has been sent: whoever hears it
/// may end the process, and the connection with it.
async fn answer(stream: impl AsyncRead + AsyncWrite + Unpin, state: &str) -> Option<Returned> {
    let (outcomes, mut answered) = mpsc::channel(1);
    let service = service_fn(|request| {
        let page = page(&request, state, &outcomes);
        async move { Ok::<_, Infallible>(page) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    // A browser that hangs up early, or reads nothing, loses only its page.
    tokio::select! {
        _ = &mut connection => answered.try_recv().ok(),
        Some(outcome) = answered.recv() => {
            let _ = tokio::time::timeout(PAGE_PATIENCE, connection).await;
            Some(outcome)
        }
    }
}

/// Reads one redirect and answers the browser. The page repeats nothing of what was sent.
fn page<B>(
    request: &Request<B>,
    state: &str,
    outcomes: &mpsc::Sender<Returned>,
) -> Response<Full<Bytes>> {
    let base =
        Url::parse("http://localhost/").and_then(|base| base.join(&request.uri().to_string()));
    let query = |name: &str| {
        let url = base.as_ref().ok()?;
        url.query_pairs()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    };
    let (status, text) = if query("state").as_deref() != Some(state) {
        (
            StatusCode::BAD_REQUEST,
            "This does not belong to a sign-in that greeting-cli started.",
        )
    } else if let Some(code) = query("code") {
        let _ = outcomes.try_send(Ok(code));
        (
            StatusCode::OK,
            "Signed in. You can close this page and go back to the terminal.",
        )
    } else {
        let _ = outcomes.try_send(Err(credential_error(AuthorityError {
            error: query("error").unwrap_or_else(|| "no code".into()),
            error_description: query("error_description").unwrap_or_default(),
            ..AuthorityError::default()
        })));
        (
            StatusCode::OK,
            "The sign-in failed. The terminal shows why.",
        )
    };
    let mut response = Response::new(Full::new(Bytes::from(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"color-scheme\" content=\"light dark\"><title>greeting-cli</title><p>{text}</p></html>"
    ))));
    *response.status_mut() = status;
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    // The address bar holds the code: nothing on the page may send it elsewhere.
    response
        .headers_mut()
        .insert("referrer-policy", HeaderValue::from_static("no-referrer"));
    response.headers_mut().insert(
        "content-security-policy",
        HeaderValue::from_static("default-src 'none'"),
    );
    response
}

#[cfg(test)]
mod tests;
