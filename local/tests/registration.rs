//! What the app registrations say is what the tenant does.

mod harness;

use harness::GREETING;
use harness::authority::{API, AZ, Authority, CLI, claims, part, read, refusal};
use serde_json::{Value, json};

/// A new registration's null is version 1: the commonest 401 of all.
#[tokio::test]
async fn an_api_that_asks_for_no_version_gets_v1_tokens() {
    let changes = json!({"api": {"requestedAccessTokenVersion": null}});
    for (more, status) in [(&[][..], 401), (&["--accept-v1-tokens"], 200)] {
        let up = Authority::of_changed("deploy/app-registration.json", &changes, more);
        let token = up.sign_in(CLI).await["access_token"].clone();
        let token = token.as_str().unwrap();
        let header: Value =
            serde_json::from_slice(&part(token.split('.').next().unwrap())).unwrap();
        assert_eq!(header["x5t"], header["kid"]);
        let claims = claims(&json!(token));
        let issuer = up.url("<tenant>/");
        for (name, expected) in [
            ("ver", "1.0"),
            ("iss", issuer.as_str()),
            ("aud", &format!("api://{API}")),
            ("appid", CLI),
            ("appidacr", "0"),
            ("scp", "Greeting.Read"),
            ("upn", "alice@greeting.test"),
            ("unique_name", "alice@greeting.test"),
        ] {
            assert_eq!(claims[name], expected, "{name}");
        }
        for v2 in ["azp", "preferred_username"] {
            assert_eq!(claims.get(v2), None, "{v2}");
        }
        let answer = up.0.call_with(token).await;
        assert_eq!(answer.status(), status);
        if status == 200 {
            assert_eq!(answer.text().await.unwrap(), GREETING);
        } else {
            up.0.says("wrong-issuer");
        }
    }
}

#[tokio::test]
async fn who_is_not_pre_authorized_needs_consent() {
    let changes = json!({"api": {"preAuthorizedApplications": []}});
    let up = Authority::of_changed("deploy/app-registration.json", &changes, &[]);
    // Alice has consented to what the CLI's registration asks for, Bob to nothing.
    for (client, user, code) in [
        (CLI, "alice@greeting.test", 0),
        (CLI, "bob@greeting.test", 65001),
        (AZ, "alice@greeting.test", 65001),
    ] {
        let started = up.start_device_code(client).await;
        up.decide(&started, &["--user", user]);
        let (status, body) = up.poll(&started, client).await;
        let seen = body["error_codes"][0].as_u64().unwrap_or(0);
        assert_eq!((status == 200, seen), (code == 0, code), "{user} {body}");
    }
}

#[tokio::test]
async fn a_client_that_is_not_public_needs_a_secret() {
    let changes = json!({"isFallbackPublicClient": false});
    let up = Authority::of_changed("deploy/client-registration.json", &changes, &[]);
    let form = [("client_id", CLI), ("scope", &up.scope())];
    let answer = up.post("<tenant>/oauth2/v2.0/devicecode", &form).await;
    assert_eq!(
        refusal(&read(answer).await),
        (401, "invalid_client", 7_000_218)
    );
}
