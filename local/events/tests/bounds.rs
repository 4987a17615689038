//! What the log keeps is bounded.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use local_events::{Detail, Event, Log, Print};

fn refused() -> Event {
    serde_json::from_str(
        r#"{"time": "2026-11-24T10:00:00Z", "source": "gate", "method": "GET", "path": "/",
            "status": 401, "outcome": "refused", "duration_ms": 1}"#,
    )
    .unwrap()
}

fn poll() -> Event {
    serde_json::from_str(
        r#"{"time": "2026-11-24T10:00:00Z", "source": "authority", "action": "token",
            "method": "POST", "path": "/t/oauth2/v2.0/token", "status": 400, "outcome": "pending",
            "duration_ms": 1}"#,
    )
    .unwrap()
}

fn numbers(log: &Log) -> Vec<u64> {
    log.recent().iter().map(|kept| kept.number).collect()
}

#[test]
fn point_11_of_more_events_than_are_kept_the_oldest_are_gone() {
    let log = Log::new(Print::Off, Detail::Everything);
    for _ in 0..510 {
        log.record(refused());
    }
    assert_eq!(numbers(&log), (11..=510).collect::<Vec<u64>>());
    assert!(log.get(10).is_none());
    assert_eq!(log.get(11).unwrap().number, 11);
}

#[test]
fn point_11_polls_do_not_push_decisions_out() {
    let log = Log::new(Print::Off, Detail::Everything);
    log.record(refused());
    for _ in 0..5_000 {
        log.record(poll());
    }
    log.record(refused());
    // The two decisions, in the order of all, and the last 500 polls between them.
    let expected: Vec<u64> = [1].into_iter().chain(4_502..=5_002).collect();
    assert_eq!(numbers(&log), expected);
    let decisions = log.decisions();
    let decisions: Vec<u64> = decisions.iter().map(|kept| kept.number).collect();
    assert_eq!(decisions, [1, 5_002]);
    assert_eq!(log.get(1).unwrap().event.status, 401);
    assert!(log.get(2).is_none());
}

#[test]
fn point_11_whoever_was_away_gets_the_last_and_the_count_of_the_others() {
    let log = Log::new(Print::Off, Detail::Everything);
    for _ in 0..30 {
        log.record(refused());
        log.record(poll());
    }
    let after = log.after(10, 20);
    let numbers: Vec<u64> = after.events.iter().map(|kept| kept.number).collect();
    assert_eq!(numbers, (41..=60).collect::<Vec<u64>>());
    assert_eq!((after.missed, after.last), (30, 60));
    let none = log.after(60, 20);
    assert!(none.events.is_empty());
    assert_eq!(none.missed, 0);
}
