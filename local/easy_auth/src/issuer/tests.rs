use std::sync::Mutex as StdMutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use serde_json::{Value, json};

use super::*;

/// An issuer whose keys and health a test sets.
#[derive(Clone, Default)]
struct Fake {
    kids: Arc<StdMutex<Vec<&'static str>>>,
    down: Arc<std::sync::atomic::AtomicBool>,
    asked: Arc<AtomicUsize>,
}

async fn keys(State(fake): State<Fake>) -> Result<axum::Json<Value>, StatusCode> {
    fake.asked.fetch_add(1, Ordering::SeqCst);
    if fake.down.load(Ordering::SeqCst) {
        return Err(StatusCode::SERVICE_UNAVAILABLE);
    }
    let kids = fake.kids.lock().unwrap();
    let rsa =
        |kid: &&str| json!({"kid": kid, "kty": "RSA", "use": "sig", "n": "AQAB", "e": "AQAB"});
    let mut keys: Vec<Value> = kids.iter().map(rsa).collect();
    keys.push(json!({"kid": "ec", "kty": "EC", "crv": "P-256"}));
    keys.push(json!({"kid": "enc", "kty": "RSA", "use": "enc", "n": "AQAB", "e": "AQAB"}));
    keys.push(
        json!({"kid": "ops", "kty": "RSA", "key_ops": ["encrypt"], "n": "AQAB", "e": "AQAB"}),
    );
    keys.push(json!({"kid": "ps", "kty": "RSA", "alg": "PS256", "n": "AQAB", "e": "AQAB"}));
    Ok(axum::Json(json!({"keys": keys})))
}

async fn start(fake: &Fake, issuer: &str, accept_v1_tokens: bool) -> Issuer {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let discovery = |version: &str| {
        let body =
            json!({"issuer": format!("{origin}/t{version}"), "jwks_uri": format!("{origin}/keys")});
        get(move || async move { axum::Json(body) })
    };
    let router = axum::Router::new()
        .route(
            "/t/v2.0/.well-known/openid-configuration",
            discovery("/v2.0"),
        )
        .route("/t/.well-known/openid-configuration", discovery("/"))
        .route(
            "/common/v2.0/.well-known/openid-configuration",
            discovery("/v2.0"),
        )
        .route("/keys", get(keys))
        .with_state(fake.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let settings = json!({"identityProviders": {"azureActiveDirectory": {"registration":
        {"clientId": "api", "openIdIssuer": format!("{origin}/{issuer}")}}}});
    let settings = Settings::parse(&settings.to_string(), "test").unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let behaviour = Behaviour {
        accept_v1_tokens,
        ..Behaviour::default()
    };
    Issuer::new(&settings, &behaviour, http)
}

#[tokio::test]
async fn keys_are_kept_and_an_unknown_kid_asks_once() {
    let fake = Fake::default();
    fake.kids.lock().unwrap().push("one");
    let issuer = start(&fake, "t/v2.0/", false).await;
    for kid in ["one", "two", "one", "three", "two"] {
        let published = issuer.published(Some(kid)).await.unwrap();
        assert_eq!(published.key(kid).is_some(), kid == "one", "{kid}");
    }
    for kid in ["ec", "enc", "ops", "ps"] {
        assert!(
            issuer
                .published(Some(kid))
                .await
                .unwrap()
                .key(kid)
                .is_none()
        );
    }
    assert_eq!(
        fake.asked.load(Ordering::SeqCst),
        2,
        "once at first, and once for all the unknown ones"
    );
}

#[tokio::test]
async fn a_new_key_is_found_and_known_ones_serve_while_the_issuer_is_away() {
    let fake = Fake::default();
    fake.kids.lock().unwrap().push("one");
    let mut issuer = start(&fake, "t/v2.0", false).await;
    issuer.refetch_after = Duration::ZERO;
    assert!(
        issuer
            .published(Some("one"))
            .await
            .unwrap()
            .key("one")
            .is_some()
    );
    fake.kids.lock().unwrap().push("two");
    assert!(
        issuer
            .published(Some("two"))
            .await
            .unwrap()
            .key("two")
            .is_some()
    );
    fake.down.store(true, Ordering::SeqCst);
    let published = issuer.published(Some("three")).await.unwrap();
    assert!(published.key("one").is_some() && published.key("three").is_none());
    fake.down.store(false, Ordering::SeqCst);
    fake.kids.lock().unwrap().push("three");
    assert!(
        issuer
            .published(Some("three"))
            .await
            .unwrap()
            .key("three")
            .is_some()
    );
}

#[tokio::test]
async fn many_callers_ask_once_and_a_dead_issuer_is_an_error_that_names_it() {
    let fake = Fake::default();
    fake.down.store(true, Ordering::SeqCst);
    let issuer = Arc::new(start(&fake, "t/v2.0", false).await);
    let callers: Vec<_> = (0..20)
        .map(|_| {
            let issuer = issuer.clone();
            tokio::spawn(async move { issuer.published(Some("one")).await.err() })
        })
        .collect();
    for caller in callers {
        assert!(caller.await.unwrap().unwrap().contains("/keys"));
    }
    assert_eq!(fake.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn the_issuers_are_those_that_discovery_names() {
    for (path, accept_v1, expected) in [
        ("t/v2.0", false, &["/t/v2.0"][..]),
        ("t/v2.0", true, &["/t/v2.0", "/t/"]),
        ("t", true, &["/t/"]),
        ("common/v2.0", true, &[]),
    ] {
        let issuer = start(&Fake::default(), path, accept_v1).await;
        let published = issuer.published(None).await.unwrap();
        let paths: Vec<String> = published
            .issuers
            .iter()
            .map(|issuer| reqwest::Url::parse(issuer).unwrap().path().to_owned())
            .collect();
        assert_eq!(paths, expected, "{path} {accept_v1}");
    }
}

/// An issuer whose discovery document has this `issuer`.
async fn named(issuer: Value) -> (String, Issuer) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/t/v2.0", listener.local_addr().unwrap());
    let mut body = json!({"jwks_uri": url.replace("t/v2.0", "keys")});
    if !issuer.is_null() {
        body["issuer"] = issuer;
    }
    let discovery = get(move || async move { axum::Json(body) });
    let router = axum::Router::new()
        .route("/t/v2.0/.well-known/openid-configuration", discovery)
        .route("/keys", get(keys))
        .with_state(Fake::default());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let settings = json!({"identityProviders": {"azureActiveDirectory": {"registration":
        {"clientId": "api", "openIdIssuer": url}}}});
    let settings = Settings::parse(&settings.to_string(), "test").unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    (url, Issuer::new(&settings, &Behaviour::default(), http))
}

#[tokio::test]
async fn point_7_a_discovery_document_without_an_issuer_is_refused() {
    for issuer in [Value::Null, json!(""), json!(" "), json!(7), json!([])] {
        let (_, nameless) = named(issuer.clone()).await;
        let why = nameless.published(None).await.err().unwrap();
        assert!(
            why.contains("/.well-known/openid-configuration: ") && why.contains("issuer")
                || why.contains("invalid type"),
            "{issuer}: {why}"
        );
    }
}

/// External ID tenants name another host.
#[tokio::test]
async fn point_7_an_issuer_of_another_name_is_used_and_warned_of() {
    let other = "https://tenant-id.ciamlogin.example/tenant-id/v2.0";
    let (url, differing) = named(json!(other)).await;
    let warning = differing.differs().await.unwrap().unwrap();
    assert!(
        warning.contains(&url) && warning.contains(other),
        "{warning}"
    );
    assert_eq!(
        *differing.published(None).await.unwrap().issuers,
        [other.to_owned()]
    );

    let same = start(&Fake::default(), "t/v2.0", false).await;
    assert_eq!(same.differs().await, Ok(None));
    let common = start(&Fake::default(), "common/v2.0", false).await;
    assert_eq!(
        common.differs().await,
        Ok(None),
        "a template names no issuer"
    );
}
