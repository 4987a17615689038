use super::*;

fn at_hand() -> AtHand {
    AtHand {
        url: Url::parse("https://app.example/api/greeting?code=secret").unwrap(),
        excluded: Some("/open/*".into()),
        echo: false,
        ground: None,
        tokens: vec![("v1".into(), "the-v1".into())],
    }
}

fn question<'a>() -> Question<'a> {
    Question {
        id: "p",
        method: "GET",
        target: "{path}",
        token: "-",
        headers: "-",
        needs: "-",
    }
}

fn asked(question: Question<'_>) -> Request {
    match plan([question], &at_hand()).remove(0) {
        Planned::Ask { request, .. } => request,
        Planned::Not(not) => panic!("{not:?}"),
    }
}

fn because(question: Question<'_>) -> String {
    match plan([question], &at_hand()).remove(0) {
        Planned::Ask { request, .. } => panic!("{request:?}"),
        Planned::Not(not) => not.because,
    }
}

#[test]
fn a_probe_is_asked_of_the_urls_path_alone() {
    let target = |target| {
        asked(Question {
            target,
            ..question()
        })
        .target
    };
    // A function key stays out of it.
    assert_eq!(target("{path}"), "/api/greeting");
    assert_eq!(target("{PATH}/"), "/API/GREETING/");
    assert_eq!(target("{excluded}/..{path}"), "/open/../api/greeting");
}

#[test]
fn a_token_stands_where_the_probe_has_it() {
    let plain = asked(Question {
        token: "expired|v1",
        ..question()
    });
    assert!(
        plain
            .headers
            .contains(&("Authorization".into(), "Bearer the-v1".into()))
    );
    let own = asked(Question {
        token: "v1",
        headers: "authorization: bearer {token} | X-MS-A: {forged}",
        ..question()
    });
    assert_eq!(
        own.headers[0],
        ("authorization".into(), "bearer the-v1".into())
    );
    assert_eq!(own.headers[1], ("X-MS-A".into(), FORGED.into()));
    assert!(!own.headers.iter().any(|(name, _)| name == "Authorization"));
}

#[test]
fn what_is_not_at_hand_is_not_asked_and_says_why() {
    let needs = because(Question {
        needs: "excluded,echo",
        ..question()
    });
    assert_eq!(needs, "it needs the echo app (--echo)");
    let token = because(Question {
        token: "valid",
        ..question()
    });
    assert_eq!(token, "no token \"valid\" (--tokens -)");
    let forged = because(Question {
        token: "forged:none",
        ..question()
    });
    assert!(forged.contains("names no authority"), "{forged}");
    let read = Question {
        method: "-",
        ..question()
    };
    assert_eq!(plan([read], &at_hand()), []);
}
