//! Routes to responses, and the HTTP server around them.

use std::convert::Infallible;
use std::io::Write;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;

use crate::authorize::{Decision, EasyAuth, authorize};
use crate::principal;
use crate::refusal_line::{INVOCATION_HEADER, RefusalLine};

/// The body for an authorized caller.
pub const GREETING: &str = "Hello, world. You were able to access this because you provided a valid access token with the Greeting.Read scope as a claim.";

/// The body for every caller where Easy Auth is off.
pub const EASY_AUTH_OFF: &str = "Easy Auth (App Service authentication) is off: WEBSITE_AUTH_ENABLED is not true here, so nobody can be authenticated and every greeting is refused. On Azure Functions turn it on in the portal, under Settings > Authentication, or deploy again: deploy/deploy.sh. Never set WEBSITE_AUTH_ENABLED as an app setting: it overrides the site's own state, and with Easy Auth off anybody could then write the principal. On Container Apps the gate is a sidecar, and the variable is probably not set: turn authentication on, and only then set it: az containerapp update --name APP --resource-group GROUP --set-env-vars WEBSITE_AUTH_ENABLED=true. On a laptop start the function with `greeting-local up`.";

/// Of all header lines together. A token and a principal with 200 groups fit several times over.
const HEADERS_MAX_BYTES: usize = 64 * 1024;
/// hyper's own limit is a buffer, which also holds the request line and may be exceeded by one read:
/// so it is larger, and bounds the memory; `HEADERS_MAX_BYTES` is counted.
const BUFFER_MAX_BYTES: usize = 2 * HEADERS_MAX_BYTES;
/// For a request's headers to arrive; an idle connection ends after it as well.
const HEADERS_TIMEOUT: Duration = Duration::from_secs(30);
/// For requests in flight once the end was asked for.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);
/// After a failed accept (out of file descriptors), so as not to spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Answers one request from its head alone; a body is never read.
#[must_use]
pub fn respond(
    easy_auth: EasyAuth,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
) -> Response<Full<Bytes>> {
    let refuse = |status: StatusCode, reason: &str, body: &str| {
        let invocation = headers.get(INVOCATION_HEADER).map(HeaderValue::as_bytes);
        log(&RefusalLine::new(status.as_u16(), reason, invocation).to_string());
        text(status, body)
    };
    if size(headers) > HEADERS_MAX_BYTES {
        return refuse(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "headers over 64 KiB",
            "The headers are over 64 KiB.",
        );
    }
    // The host's first ping: any answer means that we are ready.
    if path == "/" {
        return text(StatusCode::OK, "greeting-server is ready.");
    }
    if !is_greeting(path) {
        return refuse(StatusCode::NOT_FOUND, "no such path", "Not found.");
    }
    if method != Method::GET {
        let body = "Method not allowed: use GET.";
        let mut response = refuse(
            StatusCode::METHOD_NOT_ALLOWED,
            "the method is not GET",
            body,
        );
        response
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("GET"));
        return response;
    }
    let principals = headers
        .get_all(principal::HEADER)
        .into_iter()
        .map(HeaderValue::as_bytes);
    let (mut response, challenge) = match authorize(easy_auth, principals) {
        Decision::Granted => return plain(StatusCode::OK, Bytes::from_static(GREETING.as_bytes())),
        Decision::EasyAuthOff => {
            return refuse(
                StatusCode::INTERNAL_SERVER_ERROR,
                "Easy Auth off",
                EASY_AUTH_OFF,
            );
        }
        Decision::Unauthenticated(why) => {
            let body = format!("Not authenticated: {why}.");
            (
                refuse(StatusCode::UNAUTHORIZED, &why.to_string(), &body),
                "Bearer",
            )
        }
        Decision::MissingScope => (
            refuse(
                StatusCode::FORBIDDEN,
                "no Greeting.Read scope",
                "Missing required scope.",
            ),
            r#"Bearer error="insufficient_scope", scope="Greeting.Read""#,
        ),
    };
    response
        .headers_mut()
        .insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    response
}

/// The bytes of all header lines, each with its `: ` and its line end.
fn size(headers: &HeaderMap) -> usize {
    headers
        .iter()
        .map(|(name, value)| name.as_str().len() + ": ".len() + value.len() + "\r\n".len())
        .sum()
}

/// Whether a path is the greeting's. The Functions host's routing ignores case and one trailing
/// slash.
#[must_use]
pub fn is_greeting(path: &str) -> bool {
    path.strip_suffix('/')
        .unwrap_or(path)
        .eq_ignore_ascii_case("/api/greeting")
}

fn text(status: StatusCode, body: &str) -> Response<Full<Bytes>> {
    plain(status, Bytes::copy_from_slice(body.as_bytes()))
}

fn plain(status: StatusCode, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    let content_type = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

/// Tells what needs a person. The Functions host logs a custom handler's stderr as errors (its
/// `UseStdErrorStreamForErrorsOnly`), and its stdout as information.
pub fn alert(line: &str) {
    // A closed stream must not end the server.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Tells what happened, and asks for nothing: a refused caller is everyday business.
fn log(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// Serves until `shutdown` resolves, then lets requests in flight finish, for
/// ten seconds at most.
pub async fn serve(listener: TcpListener, easy_auth: EasyAuth, shutdown: impl Future<Output = ()>) {
    let mut server = http1::Builder::new();
    server
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_TIMEOUT)
        .max_buf_size(BUFFER_MAX_BYTES);
    let connections = GracefulShutdown::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let stream = tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    alert(&format!("can't accept a connection: {error}"));
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
        };
        let service = service_fn(move |request: Request<hyper::body::Incoming>| async move {
            let path = request.uri().path();
            Ok::<_, Infallible>(respond(
                easy_auth,
                request.method(),
                path,
                request.headers(),
            ))
        });
        let connection = connections.watch(server.serve_connection(TokioIo::new(stream), service));
        // Its errors are the peer's doing (hung up, bad HTTP): nothing to act on.
        tokio::spawn(async move { drop(connection.await) });
    }
    drop(listener);
    if tokio::time::timeout(DRAIN_TIMEOUT, connections.shutdown())
        .await
        .is_err()
    {
        log("connections were still open after 10 seconds; ending them");
    }
}

#[cfg(test)]
mod tests;
