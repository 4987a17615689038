//! What the log keeps is bounded.

use local_events::{Event, Log, Print};

#[test]
fn point_11_of_more_events_than_are_kept_the_oldest_are_gone() {
    let log = Log::new(Print::Off);
    let event: Event = serde_json::from_str(
        r#"{"time": "2026-11-24T10:00:00Z", "source": "gate", "method": "GET", "path": "/",
            "status": 401, "outcome": "refused", "duration_ms": 1}"#,
    )
    .unwrap();
    for _ in 0..510 {
        log.record(event.clone());
    }
    let kept: Vec<u64> = log.recent().iter().map(|kept| kept.number).collect();
    assert_eq!(kept, (11..=510).collect::<Vec<u64>>());
}
