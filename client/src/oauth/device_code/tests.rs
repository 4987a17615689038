//! RFC 8628 against an authority of the test's own. Time is paused except where something waits
//! for it, so that minutes pass at once and to the second.

use std::collections::VecDeque;
use std::sync::Mutex;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::Instant;

use super::*;

const STARTED: &str = r#"{"device_code":"the-device-code","user_code":"ABCD-EFGH","verification_uri":"https://example.test/device","expires_in":900,"interval":5,"message":"words"}"#;
const GRANTED: &str = r#"{"token_type":"Bearer","expires_in":3600,"access_token":"the-access-token","refresh_token":"the-refresh-token"}"#;

/// One answer of the authority.
enum Say {
    Status(u16, String),
    /// The connection ends without an answer.
    Nothing,
}

fn ok(body: &str) -> Say {
    Say::Status(200, body.to_owned())
}

fn error(name: &str) -> Say {
    Say::Status(400, format!("{{\"error\":\"{name}\"}}"))
}

/// An authority that says these things in turn, and notes when it was asked what.
struct Fake {
    origin: String,
    asked: Arc<Mutex<Vec<(Instant, String)>>>,
}

impl Fake {
    async fn new(says: impl IntoIterator<Item = Say>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let mut says: VecDeque<Say> = says.into_iter().collect();
        let noted = Arc::clone(&asked);
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = Vec::new();
                while !is_whole(&request) {
                    let mut buffer = [0; 4096];
                    let read = stream.read(&mut buffer).await.unwrap();
                    request.extend_from_slice(&buffer[..read]);
                }
                let request = String::from_utf8(request).unwrap();
                noted.lock().unwrap().push((Instant::now(), request));
                if let Some(Say::Status(status, body)) = says.pop_front() {
                    let length = body.len();
                    let answer = format!(
                        "HTTP/1.1 {status} x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
                    );
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            }
        });
        Self { origin, asked }
    }

    fn credential(&self) -> DeviceCodeCredential {
        let http = Client::builder()
            .no_proxy()
            .pool_max_idle_per_host(0)
            .build()
            .unwrap();
        DeviceCodeCredential::new(http, &self.origin, "tenant", "client", |_| {}).unwrap()
    }

    /// Seconds between each two requests.
    fn waits(&self) -> Vec<u64> {
        let asked = self.asked.lock().unwrap();
        asked
            .windows(2)
            .map(|pair| (pair[1].0 - pair[0].0).as_secs())
            .collect()
    }
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    body.len() >= length.map_or(0, |length| length.trim().parse().unwrap())
}

fn refusal(error: &azure_core::Error) -> &AuthorityError {
    error.downcast_ref::<AuthorityError>().expect("a refusal")
}

#[tokio::test(start_paused = true)]
async fn the_requests_are_the_rfcs() {
    let fake = Fake::new([ok(STARTED), ok(GRANTED)]).await;
    let tokens = fake.credential().authenticate(&["s1", "s2"]).await.unwrap();
    assert_eq!(tokens.access.token.secret(), "the-access-token");
    assert_eq!(tokens.refresh.unwrap().secret(), "the-refresh-token");
    let asked = fake.asked.lock().unwrap();
    let (start, poll) = (&asked[0].1, &asked[1].1);
    assert!(start.starts_with("POST /tenant/oauth2/v2.0/devicecode "));
    assert!(start.ends_with("client_id=client&scope=s1+s2"), "{start}");
    assert!(poll.starts_with("POST /tenant/oauth2/v2.0/token "));
    assert!(
        poll.ends_with("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&client_id=client&device_code=the-device-code"),
        "{poll}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_interval_is_kept_and_grows_by_five_on_slow_down() {
    let (pending, slow) = (|| error("authorization_pending"), || error("slow_down"));
    let says = [
        ok(STARTED),
        pending(),
        slow(),
        pending(),
        slow(),
        ok(GRANTED),
    ];
    let fake = Fake::new(says).await;
    fake.credential().authenticate(&["s"]).await.unwrap();
    assert_eq!(fake.waits(), [5, 5, 10, 10, 15]);
}

#[tokio::test(start_paused = true)]
async fn an_authority_without_an_interval_is_asked_every_five_seconds() {
    let started = STARTED.replace(",\"interval\":5", "");
    let fake = Fake::new([ok(&started), error("authorization_pending"), ok(GRANTED)]).await;
    fake.credential().authenticate(&["s"]).await.unwrap();
    assert_eq!(fake.waits(), [5, 5]);
    let started = STARTED.replace("\"interval\":5", "\"interval\":30");
    let fake = Fake::new([ok(&started), ok(GRANTED)]).await;
    fake.credential().authenticate(&["s"]).await.unwrap();
    assert_eq!(fake.waits(), [30]);
}

#[tokio::test(start_paused = true)]
async fn point_20_an_interval_below_one_is_five() {
    for (interval, seconds) in [
        ("0", 5),
        ("-1", 5),
        ("0.5", 5),
        ("1e400", 5),
        ("\"\"", 5),
        ("null", 5),
        ("1", 1),
        ("\"7\"", 7),
        ("1e9", 900),
    ] {
        let started = STARTED.replace(":5,", &format!(":{interval},"));
        let fake = Fake::new([ok(&started), ok(GRANTED)]).await;
        let outcome = fake.credential().authenticate(&["s"]).await;
        if seconds == 900 {
            // Longer than the code lives.
            assert_eq!(refusal(&outcome.unwrap_err()).error, "expired_token");
        } else if interval == "1e400" {
            // No number that JSON's readers take: no answer at all.
            assert!(outcome.is_err());
        } else {
            outcome.unwrap();
            assert_eq!(fake.waits(), [seconds], "{interval}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn point_20_only_bearer_tokens_are_taken_and_none_that_is_empty() {
    for (from, to) in [
        ("\"Bearer\"", "\"mac\""),
        ("\"Bearer\"", "\"N_A\""),
        ("\"Bearer\"", "\"\""),
        ("\"token_type\":\"Bearer\",", ""),
        ("\"the-access-token\"", "\"\""),
        ("\"the-access-token\"", "\" \""),
    ] {
        let granted = GRANTED.replace(from, to);
        assert_ne!(granted, GRANTED);
        let fake = Fake::new([ok(STARTED), ok(&granted)]).await;
        let error = fake.credential().authenticate(&["s"]).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains("the-access-token"));
        assert_eq!(fake.waits().len(), 1, "asked again after {granted}");
        let fake = Fake::new([ok(&granted)]).await;
        let refreshed = fake.credential().refresh(&Secret::new("r"), &["s"]).await;
        assert!(refreshed.is_err(), "{granted}");
    }
    // Types are compared without case (RFC 6749 section 5.1); an empty refresh token is none.
    let granted = GRANTED
        .replace("Bearer", "bEARER")
        .replace("the-refresh-token", "");
    let fake = Fake::new([ok(STARTED), ok(&granted)]).await;
    let tokens = fake.credential().authenticate(&["s"]).await.unwrap();
    assert_eq!(tokens.access.token.secret(), "the-access-token");
    assert!(tokens.refresh.is_none());
}

/// An answer without end is not kept whole.
#[tokio::test(start_paused = true)]
async fn an_answer_of_the_authority_is_bounded() {
    let long = format!(
        "{{\"filler\":\"{}\",{}",
        "x".repeat(2_000_000),
        &GRANTED[1..]
    );
    let fake = Fake::new([ok(STARTED), ok(&long)]).await;
    assert!(fake.credential().authenticate(&["s"]).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn what_fails_is_tried_again_ever_slower() {
    let page = || Say::Status(503, "<html>busy</html>".to_owned());
    let fake = Fake::new([
        ok(STARTED),
        Say::Nothing,
        page(),
        error("temporarily_unavailable"),
        // An answer of the authority's own: the next failure begins anew.
        error("authorization_pending"),
        Say::Nothing,
        ok(GRANTED),
    ])
    .await;
    fake.credential().authenticate(&["s"]).await.unwrap();
    assert_eq!(fake.waits(), [5, 6, 7, 9, 5, 6]);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_longer_than_the_code_lives() {
    let begun = Instant::now();
    // Pending for ever.
    let says = (0..1000).map(|_| error("authorization_pending"));
    let fake = Fake::new(std::iter::once(ok(STARTED)).chain(says)).await;
    let error = fake.credential().authenticate(&["s"]).await.unwrap_err();
    assert_eq!(refusal(&error).error, "expired_token");
    assert_eq!(begun.elapsed().as_secs(), 900);
    // No answer for ever: the last wait is not slept through either.
    let fake = Fake::new([ok(STARTED)]).await;
    let begun = Instant::now();
    let error = fake.credential().authenticate(&["s"]).await.unwrap_err();
    assert_eq!(refusal(&error).error, "expired_token");
    assert_eq!(begun.elapsed().as_secs(), 900);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_ends_it_and_keeps_what_was_said() {
    for name in [
        "authorization_declined",
        "access_denied",
        "expired_token",
        "bad_verification_code",
        "invalid_grant",
    ] {
        let body = format!(
            r#"{{"error":"{name}","error_description":"AADSTS1: words","error_codes":[1,2],"claims":"{{}}","trace_id":"t","correlation_id":"c","timestamp":"then"}}"#
        );
        let fake = Fake::new([ok(STARTED), Say::Status(400, body)]).await;
        let error = fake.credential().authenticate(&["s"]).await.unwrap_err();
        let refused = refusal(&error);
        assert_eq!(refused.error, name);
        assert_eq!(refused.error_description, "AADSTS1: words");
        assert_eq!(refused.error_codes, [1, 2]);
        let kept = [
            &refused.claims,
            &refused.trace_id,
            &refused.correlation_id,
            &refused.timestamp,
        ];
        assert_eq!(
            kept.map(|it| it.as_deref().unwrap()),
            ["{}", "t", "c", "then"]
        );
        assert_eq!(refused.to_string(), format!("{name}: AADSTS1: words"));
        assert_eq!(fake.waits().len(), 1, "it went on after {name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_success_that_cant_be_read_is_not_asked_for_again() {
    let fake = Fake::new([ok(STARTED), ok("{\"no\":\"token\"}")]).await;
    let error = fake.credential().authenticate(&["s"]).await.unwrap_err();
    assert!(!error.to_string().contains("the-device-code"), "{error}");
    assert_eq!(fake.waits().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_start_that_is_refused_is_told_at_once() {
    let fake = Fake::new([error("unauthorized_client")]).await;
    let error = fake.credential().authenticate(&["s"]).await.unwrap_err();
    assert_eq!(refusal(&error).error, "unauthorized_client");
}

#[test]
fn authorities_are_https_or_this_machine() {
    for (authority, fine) in [
        ("https://login.microsoftonline.com", true),
        ("http://localhost:7443", true),
        ("http://127.0.0.1:1", true),
        ("http://[::1]:1", true),
        ("http://login.microsoftonline.com", false),
        ("http://localhost.evil.example", false),
        ("ftp://localhost", false),
        ("localhost", false),
    ] {
        let made = DeviceCodeCredential::new(Client::new(), authority, "t", "c", |_| {});
        assert_eq!(made.is_ok(), fine, "{authority}");
    }
    for tenant in ["", "a/b", "a?b", "..%2f", "a b"] {
        let made =
            DeviceCodeCredential::new(Client::new(), "https://a.example", tenant, "c", |_| {});
        assert!(made.is_err(), "{tenant}");
    }
}

#[test]
fn debug_shows_no_secret() {
    let made = DeviceCodeCredential::new(Client::new(), "https://a.example", "t", "c", |_| {});
    let shown = format!("{:?}", made.unwrap());
    assert!(
        shown.contains("https://a.example/t/oauth2/v2.0/ for c"),
        "{shown}"
    );
}
