//! The request as the real host copies it for the handler (`enableForwardingHttpRequest`, and the
//! section `httpWorker`), and what is lost on the way.
//!
//! azure-functions-host 89dc438d, src/WebJobs.Script/Extensions/HttpRequestExtensions.cs:155-181,
//! 231-240, and Workers/Http/DefaultHttpWorkerService.cs:93-177.

use greeting_server::refusal_line::INVOCATION_HEADER;
use hyper::Uri;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What .NET's `UrlEncoder.Default` leaves as it is: letters, digits and these.
/// (dotnet/runtime, System.Text.Encodings.Web, `DefaultUrlEncoder`.)
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b',')
    .remove(b';')
    .remove(b'@');

/// Headers of the content, which .NET does not take among a request's; the host restores only
/// `Content-Length` and `Content-Type`.
const CONTENT_HEADERS: [&str; 9] = [
    "allow",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-location",
    "content-md5",
    "content-range",
    "expires",
    "last-modified",
];

/// The target: the query's names once each, in any letter case, their values joined by commas.
pub(super) fn target(uri: &Uri, path: &str) -> Option<Uri> {
    let target = match joined(uri.query().unwrap_or_default()) {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    };
    target.parse().ok()
}

/// The query as ASP.NET Core reads it, and writes it again.
fn joined(query: &str) -> String {
    let mut parameters: Vec<(String, Vec<String>)> = Vec::new();
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let (name, value) = (plain(name), plain(value));
        let known = parameters
            .iter_mut()
            .find(|(known, _)| known.to_lowercase() == name.to_lowercase());
        match known {
            Some((_, values)) => values.push(value),
            None => parameters.push((name, vec![value])),
        }
    }
    let encoded = |text: &str| utf8_percent_encode(text, ENCODED).to_string();
    let parameters: Vec<String> = parameters
        .iter()
        .map(|(name, values)| {
            // .NET leaves out what is empty when it joins.
            let values: Vec<&str> = match values.as_slice() {
                [one] => vec![one],
                many => many
                    .iter()
                    .map(String::as_str)
                    .filter(|value| !value.is_empty())
                    .collect(),
            };
            format!("{}={}", encoded(name), encoded(&values.join(",")))
        })
        .collect();
    parameters.join("&")
}

fn plain(text: &str) -> String {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8_lossy().into_owned()
}

/// Removes the headers that do not survive the copying; their names, where there were any.
pub(super) fn remove_content_headers(headers: &mut HeaderMap) -> Vec<&'static str> {
    // Most requests have none, and a look at each name costs less than nine searches.
    let is_lost = |name: &HeaderName| CONTENT_HEADERS.contains(&name.as_str());
    if !headers.keys().any(is_lost) {
        return Vec::new();
    }
    CONTENT_HEADERS
        .into_iter()
        .filter(|name| headers.remove(*name).is_some())
        .collect()
}

/// The caller's User-Agent, and the host's after it.
pub(super) fn add_user_agent(headers: &mut HeaderMap, host: &str) {
    let callers = headers.get(header::USER_AGENT).map(HeaderValue::as_bytes);
    let agent = match callers {
        Some(caller) => [caller, b" ", host.as_bytes()].concat(),
        None => host.as_bytes().to_vec(),
    };
    if let Ok(agent) = HeaderValue::from_bytes(&agent) {
        headers.insert(header::USER_AGENT, agent);
    }
}

/// Whether the request has a body whose length is not said. Over HTTP/1.1 the real host copies
/// `Transfer-Encoding: chunked` and no body, which .NET's client refuses; over HTTP/2 the body is
/// lost.
pub(super) fn has_body_of_unknown_length(headers: &HeaderMap, is_empty: bool) -> bool {
    !is_empty && !headers.contains_key(header::CONTENT_LENGTH)
}

/// The call's name, for the handler.
pub(super) const INVOCATION_ID: HeaderName = HeaderName::from_static(INVOCATION_HEADER);
/// The host's version, for the handler.
pub(super) const HOST_VERSION: HeaderName =
    HeaderName::from_static("x-azure-functions-hostversion");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn point_10_values_of_one_name_are_joined() {
        for (query, expected) in [
            ("", ""),
            ("a=1&a=2", "?a=1,2"),
            ("A=1&b=x&a=2", "?A=1,2&b=x"),
            ("flag&x=", "?flag=&x="),
            ("q=a+b%20c", "?q=a%20b%20c"),
            ("q=%C3%A9%2F%26%3D%2B", "?q=%C3%A9%2F%26%3D%2B"),
            ("a=&a=1&&a=2", "?a=1,2"),
            ("a[]=1", "?a%5B%5D=1"),
            ("t=(x)!*;@~", "?t=(x)!*;@~"),
        ] {
            let uri: Uri = format!("/api/x?{query}").parse().unwrap();
            let got = target(&uri, "/api/x").unwrap();
            assert_eq!(got.to_string(), format!("/api/x{expected}"), "{query}");
        }
    }

    #[test]
    fn point_10_content_headers_are_lost_and_the_agents_stand_together() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("content-encoding", "gzip"),
            ("content-type", "text/plain"),
            ("content-length", "3"),
            ("expires", "0"),
            ("user-agent", "curl/8"),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        assert_eq!(
            remove_content_headers(&mut headers),
            ["content-encoding", "expires"]
        );
        add_user_agent(&mut headers, "Azure-Functions-Host/4.0.0");
        assert_eq!(headers["user-agent"], "curl/8 Azure-Functions-Host/4.0.0");
        assert_eq!(headers.len(), 3);
        headers.remove("user-agent");
        add_user_agent(&mut headers, "Azure-Functions-Host/4.0.0");
        assert_eq!(headers["user-agent"], "Azure-Functions-Host/4.0.0");
    }
}
