//! The request that `call` makes: method, headers and body. Its token is added when it is sent.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read};

use hyper::body::Bytes;
use reqwest::Method;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

use crate::cli::RequestArgs;
use crate::terminal::tell;

/// The longest body, in bytes. The Functions host takes no longer one unless it is told to.
const LONGEST_BODY: u64 = 100 * 1024 * 1024;

/// The longest file of headers, in bytes: more than any server takes.
const LONGEST_HEADERS: u64 = 256 * 1024;

/// What is sent to the function beside the token.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Bytes>,
}

impl Request {
    /// The names of the caller's own headers.
    pub(crate) fn header_names(&self) -> Vec<String> {
        self.headers.keys().map(ToString::to_string).collect()
    }
}

/// Why there is no such request.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoRequest {
    #[error(
        "--data - and --access-token - both read stdin, which is there once; --data @FILE reads a file"
    )]
    TwoReadStdin,
    #[error("the body can't be read from {from}: {error}")]
    BodyNotRead { from: String, error: io::Error },
    #[error("the body from {0} is longer than 100 MiB")]
    BodyTooLong(String),
    #[error("the headers can't be read from {path}: {error}")]
    HeadersNotRead { path: String, error: io::Error },
    #[error("{} is no header; write NAME: VALUE", secret_forms::word(.0))]
    NoHeader(String),
    #[error(
        "the value of the header {0} has a character that no header can have, such as a line break"
    )]
    NoValue(HeaderName),
    #[error(
        "Authorization is where greeting-cli puts the token, so that none stands among the arguments, which other users can see; --access-token - reads yours from stdin, --credential none sends none"
    )]
    Authorization,
    #[error(
        "{0} says to which site the request goes, and the token goes to the URL's own only; write it in the URL"
    )]
    Site(HeaderName),
    #[error("{0} belongs to the connection, and is set as the body needs it")]
    Connection(HeaderName),
    #[error(
        "{argument} holds {what}, and other users can see arguments; {argument} @FILE reads it from a file"
    )]
    Secret {
        argument: &'static str,
        what: &'static str,
    },
}

/// Whether stdin is read for the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stdin {
    Free,
    HasToken,
}

impl Request {
    /// Reads the arguments, and the files that they name.
    ///
    /// # Errors
    /// A mistake on the command line.
    pub(crate) fn read(args: &RequestArgs, stdin: Stdin) -> Result<Self, NoRequest> {
        let mut headers = HeaderMap::new();
        for argument in &args.headers {
            if let Some(path) = argument.strip_prefix('@') {
                for line in header_file(path)?.lines().filter(|line| !line.is_empty()) {
                    add(&mut headers, line)?;
                }
            } else {
                not_a_secret("-H", argument)?;
                add(&mut headers, argument)?;
            }
        }
        let body = match &args.data {
            Some(data) => Some(body(data, stdin)?),
            None => None,
        };
        if let Some(body) = &body
            && !headers.contains_key(CONTENT_TYPE)
        {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind(body)));
        }
        let usual = if body.is_some() {
            Method::POST
        } else {
            Method::GET
        };
        let method = args.method.clone().unwrap_or(usual);
        // RFC 9110 section 8.6; http.sys, before App Service's apps, wants the length of nothing.
        if body.as_ref().is_none_or(Bytes::is_empty)
            && [Method::POST, Method::PUT, Method::PATCH].contains(&method)
        {
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        Ok(Self {
            method,
            headers,
            body,
        })
    }

    /// Whether it may be sent again although it may have arrived: it has no body, and twice is as
    /// good as once (RFC 9110 section 9.2.2).
    pub(crate) fn may_arrive_twice(&self) -> bool {
        self.body.is_none()
            && [
                Method::GET,
                Method::HEAD,
                Method::OPTIONS,
                Method::PUT,
                Method::DELETE,
            ]
            .contains(&self.method)
    }
}

fn not_a_secret(argument: &'static str, text: &str) -> Result<(), NoRequest> {
    match secret_forms::secret(text) {
        Some(what) => Err(NoRequest::Secret { argument, what }),
        None => Ok(()),
    }
}

/// Adds a header: several of one name are several lines, as they were written.
fn add(headers: &mut HeaderMap, line: &str) -> Result<(), NoRequest> {
    let none = || NoRequest::NoHeader(line.to_owned());
    let (name, value) = line.split_once(':').ok_or_else(none)?;
    let name = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| none())?;
    match name.as_str() {
        "authorization" => return Err(NoRequest::Authorization),
        // App Service finds an app by it: the token would reach another.
        "host" => return Err(NoRequest::Site(name)),
        "connection"
        | "content-length"
        | "expect"
        | "http2-settings"
        | "keep-alive"
        | "proxy-authorization"
        | "proxy-connection"
        | "te"
        | "trailer"
        | "transfer-encoding"
        | "upgrade" => return Err(NoRequest::Connection(name)),
        _ => {}
    }
    let value = HeaderValue::from_bytes(value.trim().as_bytes());
    let mut value = value.map_err(|_| NoRequest::NoValue(name.clone()))?;
    value.set_sensitive(true);
    headers.append(name, value);
    Ok(())
}

fn header_file(path: &str) -> Result<String, NoRequest> {
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(LONGEST_HEADERS).read_to_string(&mut text))
        .map_err(|error| NoRequest::HeadersNotRead {
            path: path.to_owned(),
            error,
        })?;
    Ok(text)
}

/// The bytes that `--data` names.
fn body(data: &str, stdin: Stdin) -> Result<Bytes, NoRequest> {
    match (data, data.strip_prefix('@')) {
        ("-", _) | (_, Some("-")) => {
            if stdin == Stdin::HasToken {
                return Err(NoRequest::TwoReadStdin);
            }
            if io::stdin().is_terminal() {
                tell("Type the body, then Ctrl-D:");
            }
            bounded(io::stdin(), "stdin")
        }
        (_, Some(path)) => match File::open(path) {
            Ok(file) => bounded(file, path),
            Err(error) => Err(NoRequest::BodyNotRead {
                from: path.to_owned(),
                error,
            }),
        },
        (text, None) => {
            not_a_secret("--data", text)?;
            Ok(Bytes::copy_from_slice(text.as_bytes()))
        }
    }
}

fn bounded(source: impl Read, from: &str) -> Result<Bytes, NoRequest> {
    let mut bytes = Vec::new();
    source
        .take(LONGEST_BODY + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| NoRequest::BodyNotRead {
            from: from.to_owned(),
            error,
        })?;
    if bytes.len() as u64 > LONGEST_BODY {
        return Err(NoRequest::BodyTooLong(from.to_owned()));
    }
    Ok(bytes.into())
}

/// The media type of a body that comes without one: JSON's objects and lists are told by reading
/// them, text by being UTF-8.
fn kind(body: &[u8]) -> &'static str {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    let is_json = matches!(first, Some(b'{' | b'['))
        && serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok();
    if is_json {
        "application/json"
    } else if std::str::from_utf8(body).is_ok() {
        "text/plain; charset=utf-8"
    } else {
        "application/octet-stream"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(headers: &[&str]) -> Result<Request, NoRequest> {
        let args = RequestArgs {
            headers: headers.iter().map(|it| (*it).to_owned()).collect(),
            ..RequestArgs::default()
        };
        Request::read(&args, Stdin::Free)
    }

    #[test]
    fn headers_are_sent_as_they_are_written() {
        let request = of(&["X-One: a:b", "x-one:c", "X-Empty:", "X-Umlaut: ü"]).unwrap();
        let all: Vec<_> = request.headers.get_all("x-one").iter().collect();
        assert_eq!(all, ["a:b", "c"]);
        assert_eq!(request.headers["x-empty"], "");
        assert_eq!(request.headers["x-umlaut"].as_bytes(), "ü".as_bytes());
    }

    #[test]
    fn no_header_takes_the_tokens_place_or_its_way() {
        for line in [
            "Authorization: Bearer x",
            "AUTHORIZATION : Basic eDp5",
            "Host: evil.example",
            "Content-Length: 0",
            "Transfer-Encoding: chunked",
            "Connection: x",
            "no colon",
            ": x",
            "a b: c",
            "X-A: b\r\nAuthorization: Bearer x",
            "X-A: b\nX-C: d",
            "X-A: \0",
            "X-ZUMO-AUTH: eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJyIn0.c2ln",
        ] {
            let said = of(&[line]).unwrap_err().to_string();
            assert!(
                !said.contains("Bearer x") && !said.contains("c2ln"),
                "{said}"
            );
        }
    }

    #[test]
    fn a_body_without_a_type_gets_one() {
        for (body, expected) in [
            (&br#" {"a": 1}"#[..], "application/json"),
            (b"[1, 2]", "application/json"),
            (b"{not json}", "text/plain; charset=utf-8"),
            (b"true", "text/plain; charset=utf-8"),
            (b"", "text/plain; charset=utf-8"),
            (b"\xff\xfe", "application/octet-stream"),
        ] {
            assert_eq!(kind(body), expected, "{body:?}");
        }
    }
}
