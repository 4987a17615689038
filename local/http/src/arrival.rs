//! What a request has to be before anything is decided on it, and what it may not carry further:
//! one reading of its target and its framing, for the gate, the authority and the app behind.

use std::fmt;

use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, StatusCode, Version};

/// Why a request can't be read in one way only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// HTTP/1.1 without `Host` (RFC 9112 section 3.2).
    NoHost,
    /// More than one `Host` (RFC 9112 section 3.2).
    SeveralHosts,
    /// A `Host` that is no host and port (RFC 9112 section 3.2).
    MalformedHost,
    /// A transfer coding that is not `chunked` (RFC 9112 section 6.1).
    TransferCoding,
    /// A byte above 0x7F in the target (RFC 9112 section 3.2; Kestrel refuses it too).
    RawTarget,
}

impl Unreadable {
    /// The status that the RFC gives it.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::TransferCoding => StatusCode::NOT_IMPLEMENTED,
            Self::NoHost | Self::SeveralHosts | Self::MalformedHost | Self::RawTarget => {
                StatusCode::BAD_REQUEST
            }
        }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoHost => "the request has no Host header",
            Self::SeveralHosts => "the request has more than one Host header",
            Self::MalformedHost => "the Host header is not a host and a port",
            Self::TransferCoding => "a Transfer-Encoding other than chunked is not supported",
            Self::RawTarget => {
                "the address has bytes that must be percent-encoded (write é as %C3%A9)"
            }
        })
    }
}

impl std::error::Error for Unreadable {}

/// Headers that a caller's `Connection` may not take away: the gate decides or the app acts by
/// them, and no hop owns them.
const KEPT: [HeaderName; 6] = [
    header::AUTHORIZATION,
    header::COOKIE,
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    header::HOST,
    header::ORIGIN,
];

/// Reads a request once, before the gate adds what only it may set: its `Host` becomes what its
/// target names (RFC 9112 section 3.2.2), and what its `Connection` lists is removed here, so that
/// no such list can name what is added later.
///
/// # Errors
/// It can be read in more than one way, or not at all.
pub fn read<B>(request: &mut Request<B>) -> Result<(), Unreadable> {
    let target = request.uri().path_and_query();
    if target.is_some_and(|target| !target.as_str().is_ascii()) {
        return Err(Unreadable::RawTarget);
    }
    transfer_coding(request.headers())?;
    host(request)?;
    let named: Vec<HeaderName> = items(request.headers(), header::CONNECTION)
        .filter_map(|name| name.parse().ok())
        .filter(|name: &HeaderName| !KEPT.contains(name) && !stays(name))
        .collect();
    for name in named {
        request.headers_mut().remove(name);
    }
    Ok(())
}

/// `Upgrade` and `TE` are named there by who uses them rightly; the relay reads them.
fn stays(name: &HeaderName) -> bool {
    [header::UPGRADE, header::TE].contains(name)
}

fn transfer_coding(headers: &HeaderMap) -> Result<(), Unreadable> {
    let other = headers
        .get_all(header::TRANSFER_ENCODING)
        .iter()
        .any(|value| {
            value
                .to_str()
                .map_or(true, |value| !value.trim().eq_ignore_ascii_case("chunked"))
        });
    if other {
        return Err(Unreadable::TransferCoding);
    }
    Ok(())
}

fn host<B>(request: &mut Request<B>) -> Result<(), Unreadable> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let (first, second) = (hosts.next(), hosts.next());
    if second.is_some() {
        return Err(Unreadable::SeveralHosts);
    }
    // An absolute-form target or HTTP/2's :authority says it, whatever the header says.
    if let Some(authority) = request.uri().authority().cloned() {
        let value =
            HeaderValue::from_str(authority.as_str()).map_err(|_| Unreadable::MalformedHost)?;
        return well_formed(&value).map(|()| {
            request.headers_mut().insert(header::HOST, value);
        });
    }
    match first {
        Some(value) => well_formed(value),
        None if request.version() < Version::HTTP_11 => Ok(()),
        None => Err(Unreadable::NoHost),
    }
}

/// `host [":" port]`, without user information (RFC 9110 section 7.2).
fn well_formed(value: &HeaderValue) -> Result<(), Unreadable> {
    let authority = value
        .to_str()
        .ok()
        .and_then(|value| value.parse::<hyper::http::uri::Authority>().ok())
        .filter(|authority| !authority.as_str().contains('@') && !authority.host().is_empty());
    authority.map(drop).ok_or(Unreadable::MalformedHost)
}

/// Whether a request asks for a WebSocket and nothing else (RFC 6455 section 4.2.1).
#[must_use]
pub fn asks_for_websocket<B>(request: &Request<B>) -> bool {
    let headers = request.headers();
    let only = |name: &str| {
        let mut values = headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (Some(value), None) => value.to_str().ok().map(str::trim),
            _ => None,
        }
    };
    request.method() == Method::GET
        && request.version() == Version::HTTP_11
        && items(headers, header::CONNECTION).any(|item| item.eq_ignore_ascii_case("upgrade"))
        && only("upgrade").is_some_and(|protocol| protocol.eq_ignore_ascii_case("websocket"))
        && only("sec-websocket-version") == Some("13")
        && only("sec-websocket-key").is_some_and(|key| !key.is_empty())
}

/// A header's name by its letters and digits: to PHP, CGI and WSGI programs every other byte is `_`
/// (RFC 3875 section 4.1.18), so that `X.MS` and `X_MS` reach them as the same variable.
pub fn letters(name: &HeaderName) -> impl Iterator<Item = u8> {
    name.as_str().bytes().filter(u8::is_ascii_alphanumeric)
}

/// The items of a comma-separated header, over all its lines.
pub fn items(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    headers
        .get_all(name)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

#[cfg(test)]
mod tests;
