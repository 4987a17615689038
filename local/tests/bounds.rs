//! What the authority keeps for callers is bounded, as a caller sees it: the oldest go.

mod harness;

use harness::authority::{Authority, CLI, read, refusal};

/// This program's own limit of sign-ins that are pending at once.
const MAX_PENDING: usize = 1000;

/// How many more are begun.
const MORE: usize = 10;

#[tokio::test]
async fn point_11_of_more_pending_sign_ins_than_are_kept_the_oldest_are_gone() {
    let authority = Authority::start();
    let mut started = Vec::new();
    for _ in 0..MAX_PENDING + MORE {
        started.push(authority.start_device_code(CLI).await);
    }
    let mut gone = 0;
    for one in &started {
        match refusal(&authority.poll(one, CLI).await) {
            (400, "bad_verification_code", 70018) => gone += 1,
            other => assert_eq!(other, (400, "authorization_pending", 70016)),
        }
    }
    assert_eq!(gone, MORE);
    // The last one is there.
    let last = started.last().unwrap();
    authority.decide(last, &[]);
    assert_eq!(authority.poll(last, CLI).await.0, 200);
}

/// Repeated scopes count once: they are one permission, and stand in the token once.
#[tokio::test]
async fn point_11_scopes_are_folded_and_counted_and_a_form_has_an_end() {
    let authority = Authority::start();
    let ask = async |scope: String| {
        let form = [("client_id", CLI), ("scope", scope.as_str())];
        let answer = authority.post("<tenant>/oauth2/v2.0/devicecode", &form);
        read(answer.await).await
    };
    let scope = authority.0.text("scope");
    let repeated = ask(vec![scope; 300].join(" ")).await;
    assert_eq!(repeated.0, 200, "{repeated:?}");
    authority.decide(&repeated.1, &[]);
    let (status, granted) = authority.poll(&repeated.1, CLI).await;
    assert_eq!(status, 200, "{granted}");
    assert_eq!(granted["scope"], scope);
    let api = scope.strip_suffix("/Greeting.Read").unwrap();
    let different = |count: usize| (0..count).map(|number| format!("{api}/S{number}"));
    let joined = |count| different(count).collect::<Vec<_>>().join(" ");
    assert_eq!(
        refusal(&ask(joined(101)).await),
        (400, "invalid_scope", 70011)
    );
    // 64 KiB, to the byte: with the largest, it is the scope that is refused.
    let form = format!("client_id={CLI}&scope=");
    let most = 64 * 1024 - form.len();
    for (length, status) in [(most, 400), (most + 1, 413)] {
        let url = authority.url("<tenant>/oauth2/v2.0/devicecode");
        let request = authority
            .0
            .client
            .post(url)
            .body(format!("{form}{}", "s".repeat(length)));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = read(request.send().await.unwrap()).await;
        assert_eq!(answer.0.as_u16(), status, "{answer:?}");
    }
}
