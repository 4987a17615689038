//! What the fuzz targets run, and what must hold of every input. A panic is a finding.

use std::time::Duration;

use hyper::Method;
use local_http::relay::ANSWER_TIMEOUT;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::Value;

use super::files::parse;
use super::route::Route;

/// `host.json`.
pub fn host_json(data: &[u8]) {
    let Some(text) = json(data) else { return };
    if let Some(timeout) = crate::app::timeout_of(text) {
        assert!(timeout >= Duration::from_secs(1) && timeout <= ANSWER_TIMEOUT);
    }
}

/// `function.json`.
pub fn function_json(data: &[u8]) {
    let Some(text) = json(data) else { return };
    let Some(function) = crate::app::function_of(text) else {
        return;
    };
    // A route without parameters is its own address.
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if !function.route.is_empty() && function.route.chars().all(plain) {
        let address = format!("/api/{}", function.route);
        assert!(function.matcher.matches(&address), "{address}");
        let below = format!("{address}/below");
        assert!(!function.matcher.matches(&below), "{below}");
    }
    for method in function.methods.iter().flatten() {
        let method = Method::from_bytes(method.as_bytes());
        assert!(method.is_ok_and(|method| function.answers(&method)));
    }
}

/// What is JSON is read as JSON is: comments and trailing commas are all that is added.
fn json(data: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(data).ok()?;
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        let read = parse(text);
        assert!(
            read.is_ok_and(|read| is_same(&read, &value)),
            "read as other JSON"
        );
    }
    Some(text)
}

/// Whether two values are the same. Of numbers it asks no more than doubles tell apart: `-0` and 0
/// are one, and of 76 digits the last bit may differ between two readers.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => match (one.as_f64(), other.as_f64()) {
            (Some(one), Some(other)) => (one - other).abs() <= one.abs() * f64::EPSILON,
            _ => false,
        },
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(a, b)| is_same(a, b))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(name, value)| other.get(name).is_some_and(|it| is_same(value, it)))
        }
        (one, other) => one == other,
    }
}

/// A route on the first line, a path on the second: the path's canonical form is the path, and
/// what the handler answers is what the host routes to it.
pub fn paths(data: &[u8]) {
    let Some((template, path)) = std::str::from_utf8(data)
        .ok()
        .and_then(|text| text.split_once('\n'))
    else {
        return;
    };
    let Some(path) = path
        .parse::<hyper::Uri>()
        .ok()
        .filter(|uri| uri.path().starts_with('/'))
    else {
        return;
    };
    let path = path.path();
    if let Ok(greeting) = Route::parse("api", "greeting") {
        assert!(
            !greeting_server::handler::is_greeting(path) || greeting.matches(path),
            "the handler answers {path}, and the host does not route it"
        );
    }
    let Ok(route) = Route::parse("api", template) else {
        return;
    };
    let matches = route.matches(path);
    let canonical: Vec<String> = path
        .split('/')
        .map(|segment| {
            let plain = percent_decode_str(segment).decode_utf8_lossy();
            utf8_percent_encode(&plain, NON_ALPHANUMERIC).to_string()
        })
        .collect();
    let canonical = canonical.join("/");
    assert_eq!(route.matches(&canonical), matches, "{path} is {canonical}");
    assert_eq!(route.matches(&path.to_ascii_uppercase()), matches, "{path}");
    if !path.ends_with('/') {
        assert_eq!(route.matches(&format!("{path}/")), matches, "{path}/");
    }
}
