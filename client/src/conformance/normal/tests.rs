use proptest::prelude::*;

use super::*;

fn names() -> Names {
    let challenge = Challenge::parse(
        "Bearer realm=\"x\" authorization_uri=\"https://localhost:7443/3f2c9c6e-0000-4000-8000-000000000001/oauth2/v2.0/authorize\" resource_id=\"3f2c9c6e-0000-4000-8000-000000000002\"",
    );
    let url = Url::parse("http://localhost:7071/api/greeting").unwrap();
    Names::of(&url, challenge.as_ref())
}

fn raw(status: u16, headers: &[(&str, &str)], body: &str) -> Raw {
    Raw {
        status,
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        body: body.into(),
    }
}

#[test]
fn each_rule_takes_out_what_it_names() {
    let mut normalising = Normalising::new(names());
    for (text, expected) in [
        (
            "Bearer realm=\"localhost:7071\" authorization_uri=\"https://localhost:7443/3f2c9c6e-0000-4000-8000-000000000001/oauth2/v2.0/authorize\" resource_id=\"3f2c9c6e-0000-4000-8000-000000000002\"",
            "Bearer realm=\"<host>\" authorization_uri=\"https://<authority>/<tenant>/oauth2/v2.0/authorize\" resource_id=\"<client id>\"",
        ),
        (
            "/authorize?redirect_uri=http%3A%2F%2Flocalhost%3A7071%2F.auth&nonce=a1&state=redir%3D%2F&x=1",
            "/authorize?redirect_uri=http%3A%2F%2F<host>%2F.auth&nonce=<random>&state=<random>&x=1",
        ),
        ("http://localhost:9/", "http://<host>:<port>/"),
        ("A3F2C9C6-0000-4000-8000-00000000000f", "<guid>"),
        ("Sun, 29 Nov 2026 07:00:00 GMT", "<time>"),
        ("at 2026-11-29T07:00:00Z.", "at <time>."),
        ("https://login.windows.net/", "https://login.windows.net/"),
        (
            "not-localhost and localhost.example",
            "not-localhost and localhost.example",
        ),
    ] {
        assert_eq!(normalising.text(text), expected);
    }
    assert_eq!(
        normalising.applied(),
        [
            "authority-host",
            "client-id",
            "guid",
            "host",
            "nonce-state",
            "port",
            "tenant",
            "time"
        ]
    );
}

#[test]
fn of_an_answer_only_what_says_something_of_the_gate_is_kept() {
    let mut normalising = Normalising::new(names());
    let refused = raw(
        401,
        &[
            ("x-secret-of-the-app", "hunter2"),
            ("set-cookie", "Nonce_c704bbaeb08743d3=abc; path=/; secure"),
            ("server", "Kestrel"),
            ("content-length", "2"),
        ],
        "no",
    );
    let seen = normalising.seen("p", &refused);
    assert_eq!(seen.other_headers, ["x-secret-of-the-app"]);
    assert_eq!(
        seen.header("set-cookie"),
        Some("Nonce_<random>=<value>; path=/; secure")
    );
    assert_eq!(seen.body.text.as_deref(), Some("no"));
    assert!(!serde_json::to_string(&seen).unwrap().contains("hunter2"));

    // An app's page may greet its caller by name.
    let page = normalising.seen("p", &raw(200, &[("content-length", "9")], "Hello Ann"));
    assert_eq!((page.body.text, page.body.bytes), (None, None));
    let long = normalising.seen("p", &raw(403, &[], &"x".repeat(201)));
    assert_eq!((long.body.text, long.body.bytes), (None, Some(201)));
}

proptest! {
    #[test]
    fn normalising_twice_is_normalising_once(
        parts in proptest::collection::vec(prop_oneof![
            "[ -~]{0,6}",
            "(localhost|localhost:7071|localhost%3A7071|:80|%2F|<host>|<client id>|<random|>)",
            "(nonce=|state=|state%3D|&|;|%26)",
            "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
            Just("Sun, 29 Nov 2026 07:00:00 GMT".to_owned()),
            Just("2026-11-29T07:00:00Z".to_owned()),
            Just("3f2c9c6e-0000-4000-8000-000000000001".to_owned()),
        ], 0..8),
    ) {
        let mut normalising = Normalising::new(names());
        let once = normalising.text(&parts.concat());
        prop_assert_eq!(normalising.text(&once), once);
    }
}
