//! What the authority keeps for callers is bounded, as a caller sees it: the oldest go.

mod harness;

use harness::authority::{Authority, CLI, refusal};

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
