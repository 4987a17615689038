//! What the gate remembers of a token is no way past it: real binary, real keys, the same token sent
//! again and again.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use harness::Up;
use serde_json::json;

async fn status(up: &Up, token: &str) -> u16 {
    up.call_with(token).await.status().as_u16()
}

fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.unwrap().as_secs()
}

/// Often enough that it is remembered.
async fn passes(up: &Up, token: &str) {
    for _ in 0..3 {
        assert_eq!(status(up, token).await, 200);
    }
}

fn policy(up: &Up, arguments: &[&str]) {
    let output = up.run("policy", arguments);
    assert!(output.status.success(), "{output:?}");
}

#[tokio::test]
async fn point_3_another_signature_on_a_remembered_token_is_refused() {
    let up = Up::start(&[]);
    let token = up.mint(&[]);
    passes(&up, &token).await;
    let (start, last) = token.split_at(token.len() - 1);
    // Two of the last character's six bits are the signature's, and four nobody's.
    for other in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=.".chars() {
        let other = other.to_string();
        if other != last {
            assert_eq!(
                status(&up, &format!("{start}{other}")).await,
                401,
                "{other}"
            );
        }
    }
    let (claims, _) = token.rsplit_once('.').unwrap();
    for other in [start, claims, &format!("{claims}."), &format!("{token}A")] {
        assert_eq!(status(&up, other).await, 401, "{other}");
    }
    // And the other way round: the claims of another token under its signature.
    let other = up.mint(&["--scope", "Other.Read"]);
    let (other, _) = other.rsplit_once('.').unwrap();
    let (_, signature) = token.rsplit_once('.').unwrap();
    assert_eq!(status(&up, &format!("{other}.{signature}")).await, 401);
    passes(&up, &token).await;
}

#[tokio::test]
async fn point_3_a_remembered_token_ends_with_the_clock_and_not_before() {
    let up = Up::start(&[]);
    let token = up.mint(&[]);
    for _ in 0..2 {
        passes(&up, &token).await;
        policy(&up, &["--time-shift", "7200"]);
        assert_eq!(status(&up, &token).await, 401);
        assert_eq!(status(&up, &token).await, 401);
        up.says("expired");
        policy(&up, &["--time-shift", "-7200"]);
        assert_eq!(status(&up, &token).await, 401);
        policy(&up, &["--time-shift", "0"]);
    }
    // As time goes by, with no shift: in its last second it passes, and then it does not.
    let ends = now() - 300 + 3;
    let short = up.mint(&["--claim", &format!("exp={ends}")]);
    let mut passed = 0;
    loop {
        let before = now();
        let answer = status(&up, &short).await;
        if before >= ends + 300 {
            assert_eq!(answer, 401);
            break;
        }
        if now() < ends + 300 {
            assert_eq!(answer, 200, "in its time");
            passed += 1;
        }
    }
    println!("{passed} calls in its time");
    passes(&up, &token).await;
}

/// The authority publishes a replaced key for a day more. What the gate knows of its keys is from
/// before, until a token of a new key makes it ask.
#[tokio::test]
async fn point_3_the_token_of_a_withdrawn_key_is_refused_though_it_is_remembered() {
    let up = Up::start(&[]);
    let days = 100_000;
    let exp = format!("exp={}", now() + 10 * days);
    let mint = || up.mint(&["--claim", &exp]);
    let old = mint();
    passes(&up, &old).await;
    assert!(up.run("rotate-keys", &[]).status.success());
    policy(&up, &["--time-shift", &days.to_string()]);
    passes(&up, &old).await;
    passes(&up, &mint()).await;
    assert_eq!(status(&up, &old).await, 401);
    up.says("unknown-key");
    passes(&up, &mint()).await;
}

#[tokio::test]
async fn point_3_changed_settings_hold_for_a_token_that_was_remembered() {
    let mut up = Up::start(&[]);
    let token = up.mint(&[]);
    passes(&up, &token).await;
    up.signal("-INT");
    up.wait();
    // The same state, and so the same keys, authority and API.
    let folder = std::mem::replace(&mut up.folder, tempfile::tempdir().unwrap());
    let authority = up
        .text("authority_host")
        .rsplit_once(':')
        .unwrap()
        .1
        .to_owned();
    let validation = json!({"defaultAuthorizationPolicy": {"allowedApplications": ["another"]}});
    let changes =
        json!({"identityProviders": {"azureActiveDirectory": {"validation": validation}}});
    let settings = harness::app::changed("deploy/authsettingsV2.json", &changes);
    let path = settings.path().join("deploy/authsettingsV2.json");
    let again = Up::start_in(folder, &authority, &["--settings", path.to_str().unwrap()]);
    assert_eq!(status(&again, &token).await, 403);
    again.says("client-not-allowed");
}
