//! The local authority as a client sees it: forms sent, answers read.

use reqwest::{Response, StatusCode, Url};
use serde_json::Value;

use super::Up;
use super::app::changed;

pub(crate) const API: &str = "2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d11";
pub(crate) const CLI: &str = "c41d7e95-06fb-4a38-8d2e-b7390f5a6e22";
pub(crate) const AZ: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
pub(crate) const VISUAL_STUDIO: &str = "872cd9fa-d31f-45e0-9eab-6e460a02d1f1";
pub(crate) const DAEMON: &str = "5a9e2f64-7c1d-4b8e-a0f3-9d6b41c7e853";
pub(crate) const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// RFC 7636 appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// Where codes come back to; registered without its port.
pub(crate) const BACK: &str = "http://localhost:8400/";

pub(crate) type Form<'a> = [(&'a str, &'a str)];

/// A form's pairs with others in their place, or more.
pub(crate) fn with<'a>(form: &Form<'a>, changes: &Form<'a>) -> Vec<(&'a str, &'a str)> {
    form.iter()
        .filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name))
        .chain(changes.iter().filter(|(_, value)| !value.is_empty()))
        .copied()
        .collect()
}

pub(crate) struct Authority(pub(crate) Up);

impl Authority {
    pub(crate) fn start() -> Self {
        Self(Up::start(&[]))
    }

    /// Of an app's folder like this checkout's, in which `file` has `changes`.
    pub(crate) fn of_changed(file: &str, changes: &Value, more: &[&str]) -> Self {
        let app = changed(file, changes);
        let root = app.path().to_str().unwrap();
        Self(Up::start(&[&["--app-root", root], more].concat()))
    }

    pub(crate) fn scope(&self) -> String {
        format!("{} openid profile offline_access", self.0.text("scope"))
    }

    pub(crate) fn url(&self, path: &str) -> String {
        let (host, tenant) = (self.0.text("authority_host"), self.0.text("tenant_id"));
        format!("{host}/{}", path.replace("<tenant>", tenant))
    }

    pub(crate) async fn post(&self, path: &str, form: &Form<'_>) -> Response {
        let url = self.url(path);
        self.0.client.post(url).form(form).send().await.unwrap()
    }

    pub(crate) async fn token(&self, form: &Form<'_>) -> (StatusCode, Value) {
        read(self.post("<tenant>/oauth2/v2.0/token", form).await).await
    }

    /// The same on connections of its own, so that it waits for nobody else's answer.
    pub(crate) async fn token_apart(&self, form: &Form<'_>) -> (StatusCode, Value) {
        let url = self.url("<tenant>/oauth2/v2.0/token");
        let client = self.0.another_client();
        read(client.post(url).form(form).send().await.unwrap()).await
    }

    pub(crate) async fn start_device_code(&self, client: &str) -> Value {
        let form = [("client_id", client), ("scope", &self.scope())];
        let answer = self.post("<tenant>/oauth2/v2.0/devicecode", &form).await;
        assert_eq!(answer.status(), 200);
        answer.json().await.unwrap()
    }

    pub(crate) fn decide(&self, started: &Value, more: &[&str]) {
        let code = started["user_code"].as_str().unwrap();
        let output = self.0.run("approve", &[&[code], more].concat());
        assert!(output.status.success(), "{output:?}");
    }

    pub(crate) async fn poll(&self, started: &Value, client: &str) -> (StatusCode, Value) {
        let code = started["device_code"].as_str().unwrap();
        self.token(&[
            ("grant_type", DEVICE),
            ("client_id", client),
            ("device_code", code),
        ])
        .await
    }

    /// A token response of alice's.
    pub(crate) async fn sign_in(&self, client: &str) -> Value {
        let started = self.start_device_code(client).await;
        self.decide(&started, &[]);
        let (status, body) = self.poll(&started, client).await;
        assert_eq!(status, 200, "{body}");
        body
    }

    pub(crate) async fn refresh(&self, client: &str, token: &Value) -> (StatusCode, Value) {
        let token = token.as_str().unwrap();
        self.token(&[
            ("grant_type", "refresh_token"),
            ("client_id", client),
            ("refresh_token", token),
        ])
        .await
    }

    /// Status, the page's text, and the parameters that went back to the client.
    pub(crate) async fn ask(&self, form: &Form<'_>) -> (u16, String, Vec<(String, String)>) {
        let mut url = Url::parse(&self.url("<tenant>/oauth2/v2.0/authorize")).unwrap();
        url.query_pairs_mut().extend_pairs(form);
        let answer = self.0.client.get(url).send().await.unwrap();
        let status = answer.status().as_u16();
        let location = answer.headers().get("location");
        let back = location.map_or_else(Vec::new, |url| {
            let url = Url::parse(url.to_str().unwrap()).unwrap();
            assert!(url.as_str().starts_with(BACK), "{url}");
            let pairs = url.query().or(url.fragment()).unwrap_or_default();
            url::form_urlencoded::parse(pairs.as_bytes())
                .into_owned()
                .collect()
        });
        (status, answer.text().await.unwrap(), back)
    }

    pub(crate) fn policy(&self, arguments: &[&str]) {
        let output = self.0.run("policy", arguments);
        assert!(output.status.success(), "{output:?}");
    }

    pub(crate) fn secret(&self) -> String {
        std::fs::read_to_string(self.0.folder.path().join("state/daemon-secret")).unwrap()
    }
}

/// A parameter that went back to the client.
pub(crate) fn get<'a>(back: &'a [(String, String)], name: &str) -> &'a str {
    let found = back.iter().find(|(known, _)| known == name);
    found.map_or("", |(_, value)| value)
}

/// The AADSTS number that an error went back with.
pub(crate) fn code_of(back: &[(String, String)]) -> u64 {
    let words = get(back, "error_description").strip_prefix("AADSTS");
    let number = words.and_then(|words| words.split(':').next());
    number.map_or(0, |number| number.parse().unwrap())
}

pub(crate) async fn read(answer: Response) -> (StatusCode, Value) {
    let status = answer.status();
    (status, answer.json().await.unwrap())
}

/// Status, OAuth error and AADSTS code; and that the envelope is whole.
pub(crate) fn refusal(answer: &(StatusCode, Value)) -> (u16, &str, u64) {
    let (status, body) = answer;
    let text = |name: &str| {
        body[name]
            .as_str()
            .unwrap_or_else(|| panic!("{name}: {body}"))
    };
    let code = body["error_codes"][0].as_u64().unwrap();
    let description = text("error_description");
    let head = format!("AADSTS{code}: ");
    let tail = format!(
        " Trace ID: {} Correlation ID: {} Timestamp: {}",
        text("trace_id"),
        text("correlation_id"),
        text("timestamp")
    );
    assert!(
        description.starts_with(&head) && description.ends_with(&tail),
        "{description}"
    );
    assert!(description.len() > head.len() + tail.len(), "{description}");
    (status.as_u16(), text("error"), code)
}

pub(crate) fn part(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(text)
        .unwrap()
}

pub(crate) fn claims(token: &Value) -> Value {
    let payload = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&part(payload)).unwrap()
}
