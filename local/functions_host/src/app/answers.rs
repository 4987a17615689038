//! What the host adds to answers, by `extensions.http` and an app setting.

use std::time::Duration;

use hyper::header::{HOST, HeaderMap, HeaderName, HeaderValue, STRICT_TRANSPORT_SECURITY};

use crate::configuration::Configuration;
use crate::local_settings::LocalSettings;
use crate::time_span::TimeSpan;

/// Days of .NET's default.
const HSTS_DEFAULT: Duration = Duration::from_secs(30 * 86_400);
/// .NET's default `ExcludedHosts`, with the spelling of IPv6 that a URL has.
const LOCAL_HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// What is added to every answer of the app.
#[derive(Clone, Default)]
pub struct Answers {
    headers: Vec<(HeaderName, HeaderValue)>,
    hsts: Option<Hsts>,
    /// `AzureWebJobsDisableHomepage`.
    pub(crate) home_page: HomePage,
}

/// Whether `/` shows that the app runs.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum HomePage {
    #[default]
    Shown,
    Off,
}

#[derive(Clone)]
struct Hsts {
    value: HeaderValue,
    excluded: Vec<String>,
}

impl Answers {
    /// Reads the section, and the setting.
    pub(crate) fn read(
        all: &Configuration,
        local: &LocalSettings,
        notices: &mut Vec<String>,
    ) -> Self {
        let mut headers = Vec::new();
        for (name, entry) in all.below("extensions:http:customHeaders") {
            let header = HeaderName::try_from(name)
                .ok()
                .zip(HeaderValue::try_from(&entry.value).ok());
            match header {
                Some(header) => headers.push(header),
                None => notices.push(format!(
                    "host.json: {} is no HTTP header, and is not sent",
                    entry.place()
                )),
            }
        }
        Self {
            headers,
            hsts: hsts(all, notices),
            home_page: home_page(local, notices),
        }
    }

    /// HSTS, where the call came by https to another host than this machine (ASP.NET Core's
    /// `HstsMiddleware`).
    pub(crate) fn hsts(&self, request: &HeaderMap) -> Option<&HeaderValue> {
        let hsts = self.hsts.as_ref()?;
        let text = |name: HeaderName| request.get(name).and_then(|value| value.to_str().ok());
        let secure = text(HeaderName::from_static("x-forwarded-proto")) == Some("https");
        let host = text(HOST).unwrap_or_default().to_ascii_lowercase();
        let host = match host.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => &host,
        };
        let is_sent = secure && !hsts.excluded.iter().any(|excluded| excluded == host);
        is_sent.then_some(&hsts.value)
    }

    /// Adds what the answer does not have (WebHost/Middleware/CustomHttpHeadersMiddleware.cs:
    /// `TryAdd`), and the call's [`hsts`](Self::hsts).
    pub(crate) fn add(&self, hsts: Option<HeaderValue>, answer: &mut HeaderMap) {
        for (name, value) in &self.headers {
            if !answer.contains_key(name) {
                answer.append(name, value.clone());
            }
        }
        if let Some(hsts) = hsts {
            answer.insert(STRICT_TRANSPORT_SECURITY, hsts);
        }
    }
}

/// `extensions.http.hsts` (WebHost/Middleware/HstsConfigurationMiddleware.cs:31-39).
fn hsts(all: &Configuration, notices: &mut Vec<String>) -> Option<Hsts> {
    const SECTION: &str = "extensions:http:hsts";
    let is = |name: &str| {
        let text = all.text(&format!("{SECTION}:{name}"));
        text.is_some_and(|text| text.eq_ignore_ascii_case("true"))
    };
    if !is("isEnabled") {
        return None;
    }
    let written = all.text(&format!("{SECTION}:maxAge"));
    let max_age = match written.map(TimeSpan::parse) {
        None => HSTS_DEFAULT,
        Some(Some(TimeSpan::Of(time))) => time,
        Some(_) => {
            notices.push("host.json: extensions.http.hsts.maxAge is no time; write days, such as \"30\", or hh:mm:ss".to_owned());
            HSTS_DEFAULT
        }
    };
    let mut value = format!("max-age={}", max_age.as_secs());
    for (name, directive) in [
        ("includeSubDomains", "; includeSubDomains"),
        ("preload", "; preload"),
    ] {
        if is(name) {
            value.push_str(directive);
        }
    }
    let excluded = all.list(&format!("{SECTION}:excludedHosts"));
    notices.push(
        "host.json: extensions.http.hsts: Strict-Transport-Security is sent over https only, and not to localhost"
            .to_owned(),
    );
    Some(Hsts {
        value: HeaderValue::try_from(value).ok()?,
        // .NET adds what is written to its default list.
        excluded: LOCAL_HOSTS
            .iter()
            .map(ToString::to_string)
            .chain(excluded.into_iter().map(|host| host.to_ascii_lowercase()))
            .collect(),
    })
}

/// `true` in any letter case, and nothing else (WebHost/Middleware/HomepageMiddleware.cs:23-30).
fn home_page(local: &LocalSettings, notices: &mut Vec<String>) -> HomePage {
    const SETTING: &str = "AzureWebJobsDisableHomepage";
    match local.setting(SETTING) {
        Some(text) if text.eq_ignore_ascii_case("true") => HomePage::Off,
        Some(text) if !text.eq_ignore_ascii_case("false") => {
            notices.push(format!(
                "the app setting {SETTING} is {text:?}: only \"true\" turns the home page off"
            ));
            HomePage::Shown
        }
        _ => HomePage::Shown,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn point_10_headers_of_host_json_are_added_where_the_answer_has_none() {
        let mut all = Configuration::default();
        all.add_json(&json!({"extensions": {"http": {
            "customHeaders": {"X-Frame-Options": "DENY", "Note": 7, "no header": "x"},
            "hsts": {"isEnabled": true, "maxAge": "3", "includeSubDomains": "True"},
        }}}));
        let mut notices = Vec::new();
        let answers = Answers::read(&all, &LocalSettings::default(), &mut notices);
        assert!(notices[0].contains("no header"), "{notices:?}");
        let sent = |host: &str, scheme: &str| {
            let mut request = HeaderMap::new();
            request.insert(HOST, host.parse().unwrap());
            request.insert("x-forwarded-proto", scheme.parse().unwrap());
            let mut answer = HeaderMap::new();
            answer.insert("note", "own".parse().unwrap());
            answers.add(answers.hsts(&request).cloned(), &mut answer);
            assert_eq!(answer["x-frame-options"], "DENY");
            assert_eq!(answer["note"], "own");
            let hsts = answer.get(STRICT_TRANSPORT_SECURITY);
            hsts.map(|value| value.to_str().unwrap().to_owned())
        };
        let hsts = Some("max-age=259200; includeSubDomains".to_owned());
        assert_eq!(sent("app.example", "https"), hsts);
        assert_eq!(sent("app.example:8443", "https"), hsts);
        assert_eq!(sent("app.example", "http"), None);
        assert_eq!(sent("localhost:7071", "https"), None);
        assert_eq!(sent("[::1]:7071", "https"), None);
    }
}
