//! What the benchmarks decide on: principals, and tokens of an issuer that runs beside them.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use greeting_server::principal::{Claim, Principal};
use local_easy_auth::{Behaviour, Rules, Settings};
use local_events::Clock;
use serde_json::{Value, json};

const KID: &str = "of-the-benchmark";
const CLIENT: &str = "a-client";
const API: &str = "an-api";
/// Bytes of the modulus of a key of 2,048 bits, and where they stand in the key's DER (RFC 8017
/// appendix A.1.1: a sequence of two integers, the first with a zero before it).
const MODULUS: std::ops::Range<usize> = 9..9 + 256;

/// A header value of 20 claims; `number` makes it another.
pub fn principal(scope: &str, number: usize) -> String {
    let claim = |typ: String, val: String| Claim { typ, val };
    let mut claims: Vec<Claim> = (0..19)
        .map(|n| {
            claim(
                format!("http://schemas.example/claims/{n}"),
                format!("{number:08}-0000-4000-8000-{n:012}"),
            )
        })
        .collect();
    claims.push(claim(
        "http://schemas.microsoft.com/identity/claims/scope".into(),
        scope.into(),
    ));
    Principal {
        auth_typ: "aad".into(),
        claims,
        name_typ: "name".into(),
        role_typ: "roles".into(),
    }
    .encode()
}

/// An issuer that is asked over loopback, and the gate's rules for its tokens.
pub struct Gate {
    key: KeyPair,
    issuer: String,
    pub rules: Rules,
}

impl Gate {
    /// Starts the issuer; it ends with the process.
    pub fn new() -> Self {
        let key = KeyPair::generate(KeySize::Rsa2048).expect("a key");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("its port"));
        let issuer = format!("{origin}/tenant/v2.0");
        let jwk = json!({
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": KID, "e": "AQAB",
            "n": URL_SAFE_NO_PAD.encode(&key.public_key().as_ref()[MODULUS]),
        });
        let documents = Arc::new((
            json!({"issuer": issuer, "jwks_uri": format!("{origin}/keys")}).to_string(),
            json!({"keys": [jwk]}).to_string(),
        ));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let mut head = [0; 4096];
                let length = stream.read(&mut head).expect("a request");
                let body = match head[..length].starts_with(b"GET /keys ") {
                    true => &documents.1,
                    false => &documents.0,
                };
                let length = body.len();
                write!(stream, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}").expect("an answer");
            }
        });
        let settings = json!({"identityProviders": {"azureActiveDirectory": {
            "registration": {"openIdIssuer": issuer, "clientId": API},
            "validation": {"defaultAuthorizationPolicy": {"allowedApplications": [CLIENT]}},
        }}});
        let settings = Settings::parse(&settings.to_string(), "the benchmark")
            .unwrap_or_else(|why| panic!("{why}"));
        let rules = Rules::new(
            settings,
            Behaviour::default(),
            reqwest::Client::new(),
            Clock::default(),
        );
        Self { key, issuer, rules }
    }

    /// A token that passes; `number` makes it another.
    pub fn token(&self, number: usize) -> String {
        let now = Clock::default().now();
        let claims = json!({
            "aud": API, "iss": self.issuer, "iat": now, "nbf": now, "exp": now + 3600,
            "azp": CLIENT, "azpacr": "0", "name": "Alice Example", "oid": format!("{number:08}-0d39-4c1e-b3c7-1f0a9e6d2b01"),
            "preferred_username": "alice@greeting.test", "scp": "Greeting.Read", "sub": format!("s{number}"),
            "tid": "tenant", "uti": format!("u{number}"), "ver": "2.0",
        });
        let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!(
            "{}.{}",
            encoded(&json!({"typ": "JWT", "alg": "RS256", "kid": KID})),
            encoded(&claims)
        );
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                message.as_bytes(),
                &mut signature,
            )
            .expect("a signature");
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
