//! The rules with an issuer of the test's own, whose keys change.

use std::sync::Mutex;
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use axum::extract::State;
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::*;
use crate::reason::Reason;

/// A key pair, and the name that it is published by.
struct Key(&'static str, KeyPair);

impl Key {
    fn new(kid: &'static str) -> Self {
        Self(kid, KeyPair::generate(KeySize::Rsa2048).unwrap())
    }

    fn jwk(&self) -> Value {
        let public = self.1.public_key();
        let encoded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({"kid": self.0, "kty": "RSA", "use": "sig",
            "n": encoded(public.modulus().big_endian_without_leading_zero()),
            "e": encoded(public.exponent().big_endian_without_leading_zero())})
    }

    fn sign(&self, claims: &Value) -> String {
        let header = json!({"alg": "RS256", "kid": self.0});
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&header), part(claims));
        let mut signature = vec![0; self.1.public_modulus_len()];
        self.1
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                message.as_bytes(),
                &mut signature,
            )
            .unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

type Published = Arc<Mutex<Vec<Value>>>;

async fn keys(State(published): State<Published>) -> axum::Json<Value> {
    axum::Json(json!({"keys": *published.lock().unwrap()}))
}

/// An issuer that publishes what the test says.
struct Fake {
    url: String,
    published: Published,
    clock: Clock,
}

impl Fake {
    async fn start(keys_published: &[&Key]) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let url = format!("{origin}/t/v2.0");
        let discovery = json!({"issuer": url, "jwks_uri": format!("{origin}/keys")});
        let published: Published = Arc::default();
        let router = axum::Router::new()
            .route(
                "/t/v2.0/.well-known/openid-configuration",
                get(move || async move { axum::Json(discovery) }),
            )
            .route("/keys", get(keys))
            .with_state(published.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let fake = Self {
            url,
            published,
            clock: Clock::default(),
        };
        fake.publishes(keys_published);
        fake
    }

    fn publishes(&self, keys: &[&Key]) {
        *self.published.lock().unwrap() = keys.iter().map(|key| key.jwk()).collect();
    }

    fn rules(&self, validation: Value) -> Rules {
        let settings = json!({"identityProviders": {"azureActiveDirectory": {
            "registration": {"clientId": "api", "openIdIssuer": self.url},
            "validation": validation}}});
        let settings = Settings::parse(&settings.to_string(), "test").unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut rules = Rules::new(settings, Behaviour::default(), http, self.clock.clone());
        // An unknown key is asked for at once.
        rules.issuer.refetch_after = Duration::ZERO;
        rules
    }

    fn claims(&self, changes: Value) -> Value {
        let now = self.clock.now();
        let mut claims = json!({"aud": "api", "iss": self.url, "nbf": now, "exp": now + 3600,
            "azp": "client", "oid": "user"});
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
    }
}

async fn passed(rules: &Rules, token: &str) -> Arc<Verified> {
    match rules.judge("/", token).await {
        Verdict::Pass(caller) => caller,
        other => panic!("{other:?}"),
    }
}

async fn refused(rules: &Rules, token: &str) -> Reason {
    match rules.judge("/", token).await {
        Verdict::Unauthorized(reason) | Verdict::Forbidden(reason) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn point_3_a_token_is_verified_once_and_another_spelling_of_it_is_refused() {
    let key = Key::new("one");
    let fake = Fake::start(&[&key]).await;
    let rules = fake.rules(json!({}));
    let token = key.sign(&fake.claims(json!({})));
    let first = passed(&rules, &token).await;
    let second = passed(&rules, &token).await;
    assert!(Arc::ptr_eq(&first, &second), "it was verified again");
    assert_eq!(
        first.headers(),
        Verified::new(first.claims().clone(), &rules.behaviour).headers()
    );

    // The last character has four bits that are no signature's: a reader that ignores them takes
    // fifteen other spellings.
    let (start, _) = token.split_at(token.len() - 1);
    let alphabet = ('A'..='Z')
        .chain('a'..='z')
        .chain('0'..='9')
        .chain(['-', '_']);
    let others = alphabet.map(|last| format!("{start}{last}"));
    for other in others.filter(|other| *other != token) {
        let why = refused(&rules, &other).await;
        assert!(
            matches!(why, Reason::BadSignature | Reason::MalformedToken),
            "{why:?}"
        );
    }
    for other in [
        format!("{token}="),
        format!("{token}A"),
        start.to_owned(),
        format!("{token}."),
    ] {
        refused(&rules, &other).await;
    }
    assert_eq!(rules.remembered.held().0, 1);
    assert!(Arc::ptr_eq(&first, &passed(&rules, &token).await));
}

#[tokio::test]
async fn point_3_what_is_refused_is_not_remembered() {
    let (key, other) = (Key::new("one"), Key::new("one"));
    let fake = Fake::start(&[&key]).await;
    let rules = fake.rules(json!({}));
    let now = fake.clock.now();
    for token in [
        other.sign(&fake.claims(json!({}))),
        key.sign(&fake.claims(json!({"exp": now - 300}))),
        key.sign(&fake.claims(json!({"exp": null}))),
        key.sign(&fake.claims(json!({"nbf": now + 3600}))),
        key.sign(&fake.claims(json!({"aud": "other"}))),
        key.sign(&fake.claims(json!({"iss": "https://login.example/t/v2.0"}))),
        key.sign(&json!([])),
        "a.b.c".to_owned(),
        String::new(),
    ] {
        for _ in 0..3 {
            refused(&rules, &token).await;
            assert_eq!(rules.remembered.held().0, 0, "{token}");
        }
    }
}

/// The list is asked for each call, of what is remembered too.
#[tokio::test]
async fn point_3_who_may_call_is_decided_anew() {
    let key = Key::new("one");
    let fake = Fake::start(&[&key]).await;
    let mut rules = fake.rules(json!({}));
    let token = key.sign(&fake.claims(json!({})));
    passed(&rules, &token).await;
    for validation in [
        json!({"jwtClaimChecks": {"allowedClientApplications": ["another"]}}),
        json!({"jwtClaimChecks": {"allowedGroups": ["staff"]}}),
        json!({"defaultAuthorizationPolicy": {"allowedPrincipals": {"identities": ["other"]}}}),
    ] {
        // Settings do not change while a gate runs: this is how it would look if they did.
        let changed = fake.rules(validation.clone());
        rules.settings = changed.settings.clone();
        assert_eq!(rules.remembered.held().0, 1);
        let why = refused(&rules, &token).await;
        assert_eq!(why, refused(&changed, &token).await, "{validation}");
    }
    let mut other_api = fake.rules(json!({}));
    other_api
        .settings
        .identity_providers
        .azure_active_directory
        .registration
        .client_id = "new".to_owned();
    rules.settings = other_api.settings;
    let why = refused(&rules, &token).await;
    assert!(matches!(why, Reason::WrongAudience { .. }), "{why:?}");
}

#[tokio::test]
async fn point_3_a_withdrawn_and_a_replaced_key_end_what_is_remembered() {
    let (old, new, same_name) = (Key::new("old"), Key::new("new"), Key::new("old"));
    let fake = Fake::start(&[&old]).await;
    let rules = fake.rules(json!({}));
    let token = old.sign(&fake.claims(json!({})));
    for (published, expected) in [
        (vec![&new], Reason::UnknownKey),
        (vec![&same_name, &new], Reason::BadSignature),
    ] {
        fake.publishes(&[&old]);
        // Any key that is not known makes the gate ask.
        refused(&rules, &Key::new("unknown").sign(&fake.claims(json!({})))).await;
        let remembered = passed(&rules, &token).await;
        assert!(Arc::ptr_eq(&remembered, &passed(&rules, &token).await));
        fake.publishes(&published);
        passed(&rules, &new.sign(&fake.claims(json!({})))).await;
        assert_eq!(refused(&rules, &token).await, expected);
        fake.publishes(&[&old]);
    }
}

#[tokio::test]
async fn point_3_the_clock_is_asked_for_every_call() {
    let key = Key::new("one");
    let fake = Fake::start(&[&key]).await;
    let rules = fake.rules(json!({}));
    let token = key.sign(&fake.claims(json!({})));
    let set = |seconds: i64| fake.clock.set(seconds.try_into().unwrap());
    for _ in 0..2 {
        passed(&rules, &token).await;
        passed(&rules, &token).await;
        set(7200);
        let why = refused(&rules, &token).await;
        assert!(matches!(why, Reason::Expired { .. }), "{why:?}");
        set(-7200);
        let why = refused(&rules, &token).await;
        assert!(matches!(why, Reason::NotYetValid { .. }), "{why:?}");
        assert_eq!(rules.remembered.held().0, 0);
        set(0);
    }
    // Without a new shift, as time goes by: decided by the time alone.
    let evidence = rules.evidence(&token).await;
    let decided = |now| {
        decide(
            &rules.settings,
            &rules.behaviour,
            Facts::default(),
            evidence.clone(),
            now,
        )
    };
    let exp = fake.clock.now() + 3600;
    assert!(matches!(decided(exp), Verdict::Pass(_)));
    assert!(matches!(
        decided(exp + 301),
        Verdict::Unauthorized(Reason::Expired { .. })
    ));
}

/// A key is withdrawn while calls run: whoever asks after the gate knows it is refused.
#[tokio::test(flavor = "multi_thread")]
async fn point_3_calls_at_once_agree() {
    let (old, new) = (Key::new("old"), Key::new("new"));
    let fake = Fake::start(&[&old]).await;
    let rules = Arc::new(fake.rules(json!({})));
    let token = old.sign(&fake.claims(json!({})));
    let of_new = new.sign(&fake.claims(json!({})));
    passed(&rules, &token).await;
    fake.publishes(&[&new]);
    let calls = (0..8).map(|caller| {
        let (rules, token, of_new) = (rules.clone(), token.clone(), of_new.clone());
        tokio::spawn(async move {
            for call in 0..50 {
                if caller == 0 && call == 25 {
                    passed(&rules, &of_new).await;
                }
                let known = rules
                    .issuer
                    .current()
                    .is_some_and(|published| published.key("old").is_none());
                let verdict = rules.judge("/", &token).await;
                assert!(
                    !known || !matches!(verdict, Verdict::Pass(_)),
                    "{verdict:?}"
                );
            }
        })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap();
    }
    assert_eq!(refused(&rules, &token).await, Reason::UnknownKey);
}
