//! What the fuzz targets run, and what must hold of every input. A panic is a finding.

use std::sync::{Arc, OnceLock};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use greeting_server::principal::{HEADER, Principal};
use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, HeaderName, HeaderValue};
use jsonwebtoken::DecodingKey;
use local_http::serve::Scheme;
use serde_json::Value;

use super::bearer::{self, Jws};
use super::behaviour::Behaviour;
use super::claims::Claims;
use super::decision::{Evidence, Facts, Verdict, decide};
use super::headers;
use super::settings::Settings;
use super::verified::Verified;

const ISSUER: &str = "https://login.example/tenant/v2.0";
const NOW: i64 = 1_800_000_000;
const SETTINGS: &str = r#"{
  "identityProviders": {"azureActiveDirectory": {
    "registration": {"openIdIssuer": "https://login.example/tenant/v2.0", "clientId": "api"},
    "validation": {
      "allowedAudiences": ["api://api"],
      "defaultAuthorizationPolicy": {"allowedApplications": ["cli"]}
    }
  }}
}"#;

/// From bearer to verdict. One line is an `Authorization` header; two are the header and the
/// payload of a token that the issuer's own key signs.
pub fn bearer(data: &[u8]) {
    match data.iter().position(|byte| *byte == b'\n') {
        None => authorization(data),
        Some(at) => signed(&data[..at], &data[at + 1..]),
    }
}

/// Nobody but the key's owner passes.
fn authorization(data: &[u8]) {
    let mut headers = HeaderMap::new();
    let Ok(value) = HeaderValue::from_bytes(data) else {
        return;
    };
    headers.append(AUTHORIZATION, value.clone());
    let reason = match bearer::token(&headers) {
        Err(reason) => reason,
        Ok(token) => {
            let end = data.trim_ascii_end();
            assert!(
                end.ends_with(token.as_bytes()),
                "another token than was sent"
            );
            assert!(!token.is_empty() && !token.contains([' ', '\t', ',']));
            let mut two = headers.clone();
            two.append(AUTHORIZATION, value);
            assert!(bearer::token(&two).is_err(), "two are one too many");
            match Jws::read(token) {
                Err(reason) => reason,
                Ok(token) => {
                    let claims = token.signed_by(&key().public);
                    assert!(claims.is_err(), "nobody signed this");
                    super::Reason::BadSignature
                }
            }
        }
    };
    let verdict = verdict(Evidence::None(reason));
    assert!(matches!(verdict, Verdict::Unauthorized(_)), "{verdict:?}");
}

/// What passes says what the settings ask for, and the app is told just that.
fn signed(header: &[u8], payload: &[u8]) {
    let token = key().token(header, payload);
    if Jws::read(&token).is_ok_and(|token| token.signed_by(&key().public).is_ok()) {
        let header: Value = serde_json::from_slice(header).unwrap_or_default();
        assert_eq!(header["alg"], "RS256");
        let extensions = [header.get("crit"), header.get("b64")];
        assert_eq!(
            extensions,
            [None, None],
            "RFC 7515 section 4.1.11, RFC 7797"
        );
    }
    let Ok(claims) = serde_json::from_slice::<Claims>(payload) else {
        return;
    };
    let evidence = Evidence::Token {
        caller: Arc::new(Verified::new(claims.clone(), &Behaviour::default())),
        issuers: [ISSUER.to_owned()].into(),
    };
    if let Verdict::Pass(passed) = verdict(evidence) {
        assert_eq!(*passed.claims(), claims);
        assert_eq!(claims["iss"], ISSUER);
        assert!(["api", "api://api"].iter().any(|aud| claims["aud"] == *aud));
        let time = |name: &str| claims.get(name).and_then(Value::as_f64);
        assert!(time("exp").is_some_and(|exp| exp > 1_799_999_699.0));
        assert!(
            !claims.contains_key("nbf") || time("nbf").is_some_and(|nbf| nbf < 1_800_000_301.0)
        );
        let client = [claims.get("azp"), claims.get("appid")];
        let is_cli = |id: &&Value| id.as_str().is_some_and(|id| id.eq_ignore_ascii_case("cli"));
        assert!(client.iter().flatten().any(is_cli), "{client:?}");
    }
    let mut added = HeaderMap::new();
    let behaviour = Behaviour::default();
    headers::add(&mut added, &claims, &behaviour);
    let told: Vec<_> = added.get_all(HEADER).into_iter().collect();
    assert_eq!(told.len(), 1);
    assert!(Principal::decode(told[0]) == Ok(headers::principal(&claims, &behaviour)));
}

fn verdict(evidence: Evidence) -> Verdict {
    static READ: OnceLock<Settings> = OnceLock::new();
    let settings = READ.get_or_init(|| read(SETTINGS));
    let facts = Facts {
        path: "/api/greeting",
        ..Facts::default()
    };
    decide(settings, &Behaviour::default(), facts, evidence, NOW)
}

fn read(text: &str) -> Settings {
    match Settings::parse(text, "the fuzz target") {
        Ok(settings) => settings,
        Err(failure) => panic!("{failure}"),
    }
}

/// A key that nobody has: it is made at the start, and never leaves.
pub(crate) struct Key {
    pair: KeyPair,
    pub(crate) public: DecodingKey,
}

impl Key {
    /// A token of these two parts, signed.
    pub(crate) fn token(&self, header: &[u8], payload: &[u8]) -> String {
        let encoded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let message = format!("{}.{}", encoded(header), encoded(payload));
        format!("{message}.{}", encoded(&self.sign(message.as_bytes())))
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        let done = self.pair.sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            message,
            &mut signature,
        );
        assert!(done.is_ok(), "the key does not sign");
        signature
    }
}

pub(crate) fn key() -> &'static Key {
    static KEY: OnceLock<Key> = OnceLock::new();
    KEY.get_or_init(|| {
        let Ok(pair) = KeyPair::generate(KeySize::Rsa2048) else {
            panic!("no key can be made");
        };
        let public = DecodingKey::from_rsa_der(pair.public_key().as_ref());
        Key { pair, public }
    })
}

/// `authsettingsV2`: what is taken is written and read back the same, and what it excludes is
/// what it says.
pub fn settings(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(settings) = Settings::parse(text, "the fuzz target") else {
        return;
    };
    let written = serde_json::json!(settings);
    let again = read(&written.to_string());
    assert_eq!(serde_json::json!(again), written);
    let off = !settings.platform.enabled || !settings.provider().enabled;
    assert!(off || settings.issuer().starts_with("http"));
    let _ = settings.warnings(Scheme::Https);
}

/// The headers that only the gate may set, of a request's header lines.
pub fn strip(data: &[u8]) {
    let mut headers = HeaderMap::new();
    for line in data.split(|byte| *byte == b'\n').take(100) {
        let colon = line.iter().position(|byte| *byte == b':');
        let (name, value) = line.split_at(colon.unwrap_or(line.len()));
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name), HeaderValue::from_bytes(value))
        {
            headers.append(name, value);
        }
    }
    let sent = headers.clone();
    headers::strip(&mut headers);
    for name in sent.keys() {
        // As programs of CGI's kind see it (RFC 3875 section 4.1.18), with or without the bytes
        // that are no letters.
        let variable: String = name
            .as_str()
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect::<String>()
            .to_ascii_uppercase();
        let forged = ["XMSCLIENTPRINCIPAL", "XMSTOKEN"]
            .iter()
            .any(|own| variable.starts_with(own));
        assert_eq!(headers.contains_key(name), !forged, "{name}");
    }
}

/// A path that needs no authentication, by a pattern on the first line and a path on the second:
/// however an app reads the path, it stays below the pattern.
pub fn excluded(data: &[u8]) {
    let Some((pattern, path)) = std::str::from_utf8(data)
        .ok()
        .and_then(|text| text.split_once('\n'))
    else {
        return;
    };
    let mut settings = read(SETTINGS);
    settings.global_validation.excluded_paths = vec![pattern.to_owned()];
    let written = serde_json::json!(settings).to_string();
    let legal = path
        .parse::<hyper::Uri>()
        .is_ok_and(|uri| uri.path() == path)
        && path.is_ascii();
    let Ok(settings) = Settings::parse(&written, "the fuzz target") else {
        return;
    };
    if !legal || !path.starts_with('/') || !settings.is_excluded(path) {
        return;
    }
    match pattern.strip_suffix("/*") {
        None => assert_eq!(path, pattern),
        Some(prefix) => {
            for read in [path.to_owned(), plain(path)] {
                assert!(read.starts_with(&format!("{prefix}/")), "{path} is {read}");
            }
        }
    }
}

/// A path as the most obliging server reads it: escapes undone, backslashes turned, empty and
/// dot segments gone, parameters (`;x`) dropped.
fn plain(path: &str) -> String {
    let mut text = path.to_owned();
    for (escape, plain) in [("%25", "%"), ("%2e", "."), ("%2f", "/"), ("%5c", "\\")] {
        text = text.replace(escape, plain);
        text = text.replace(&escape.to_ascii_uppercase(), plain);
    }
    let mut kept: Vec<&str> = Vec::new();
    let segments: Vec<&str> = text.split(['/', '\\']).skip(1).collect();
    let last = segments.len().saturating_sub(1);
    for (index, segment) in segments.iter().enumerate() {
        match segment.split(';').next().unwrap_or("") {
            ".." => {
                kept.pop();
            }
            "." => {}
            "" if index < last => {}
            _ => kept.push(segment),
        }
    }
    format!("/{}", kept.join("/"))
}
