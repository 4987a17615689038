//! The loopback listener: who gets a page, and when its outcome is known.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

use super::*;

/// A connection that holds so few bytes that a page is sent only while it is read.
fn narrow() -> (DuplexStream, DuplexStream) {
    duplex(16)
}

const DECLINED: &str = "GET /?error=access_denied&state=ours HTTP/1.1\r\nhost: localhost\r\n\r\n";

fn error(outcome: Option<Returned>) -> String {
    match outcome {
        Some(Err(error)) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn an_outcome_waits_for_its_page() {
    let (mut browser, ours) = narrow();
    let mut answer = tokio::spawn(answer(ours, "ours"));
    browser.write_all(DECLINED.as_bytes()).await.unwrap();
    // The page has begun, and its reader is slow, but within its time.
    let mut page = vec![0; 12];
    browser.read_exact(&mut page).await.unwrap();
    let early = tokio::time::timeout(PAGE_PATIENCE / 2, &mut answer).await;
    assert!(early.is_err(), "told before the page was sent");
    browser.read_to_end(&mut page).await.unwrap();
    let page = String::from_utf8(page).unwrap();
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{page}");
    assert!(
        page.ends_with("The terminal shows why.</p></html>"),
        "{page}"
    );
    assert!(error(answer.await.unwrap()).contains("access_denied"));
}

#[tokio::test(start_paused = true)]
async fn a_browser_that_reads_nothing_holds_nobody_up() {
    let (mut browser, ours) = narrow();
    let answer = tokio::spawn(answer(ours, "ours"));
    browser.write_all(DECLINED.as_bytes()).await.unwrap();
    assert!(error(answer.await.unwrap()).contains("access_denied"));
}

#[tokio::test(start_paused = true)]
async fn a_browser_that_hangs_up_has_answered() {
    let (mut browser, ours) = narrow();
    let answer = tokio::spawn(answer(ours, "ours"));
    browser.write_all(DECLINED.as_bytes()).await.unwrap();
    drop(browser);
    assert!(error(answer.await.unwrap()).contains("access_denied"));
}

#[tokio::test]
async fn an_answer_to_another_sign_in_is_nobodys() {
    let (mut browser, ours) = narrow();
    let answer = tokio::spawn(answer(ours, "ours"));
    let theirs = DECLINED.replace("ours", "theirs");
    browser.write_all(theirs.as_bytes()).await.unwrap();
    let mut page = String::new();
    browser.read_to_string(&mut page).await.unwrap();
    assert!(page.starts_with("HTTP/1.1 400 "), "{page}");
    assert!(!page.contains("theirs"), "{page}");
    assert!(answer.await.unwrap().is_none());
}
