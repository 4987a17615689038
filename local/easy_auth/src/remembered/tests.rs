use std::collections::HashMap as Model;

use proptest::prelude::*;
use serde_json::json;

use super::super::behaviour::Behaviour;
use super::*;

const NOW: i64 = 1_800_000_000;

fn caller(claims: serde_json::Value) -> Arc<Verified> {
    let claims = claims.as_object().unwrap().clone();
    Arc::new(Verified::new(claims, &Behaviour::default()))
}

fn epoch(shift: i64) -> Epoch {
    Epoch {
        published: Arc::new(Published::without_keys()),
        shift: shift.try_into().unwrap(),
    }
}

fn bounded(tokens: usize, bytes: usize) -> Remembered {
    Remembered::bounded(Bounds { tokens, bytes })
}

#[test]
fn point_3_one_bit_makes_another_token_and_another_process_another_hash() {
    let memory = Remembered::default();
    let token = "eyJhbGciOiJSUzI1NiJ9.e30.AAAA";
    let digest = memory.digest(token).unwrap();
    assert!(digest == memory.digest(token).unwrap());
    for at in 0..token.len() {
        let mut other = token.as_bytes().to_vec();
        other[at] ^= 1;
        let other = String::from_utf8(other).unwrap();
        assert!(digest != memory.digest(&other).unwrap(), "{other}");
    }
    for other in [&token[..token.len() - 1], "eyJhbGciOiJSUzI1NiJ9.e30.AAAAA"] {
        assert!(digest != memory.digest(other).unwrap(), "{other}");
    }
    assert!(digest != Remembered::default().digest(token).unwrap());
}

#[test]
fn point_3_a_token_is_remembered_until_its_end_and_not_a_second_longer() {
    let memory = Remembered::default();
    let (digest, epoch) = (memory.digest("t").unwrap(), epoch(0));
    memory.keep(digest, &epoch, caller(json!({"oid": "u"})), NOW + 10);
    for (now, is_remembered) in [
        (NOW, true),
        (NOW + 9, true),
        (NOW + 10, false),
        // It is gone, also for a clock that is set back.
        (NOW, false),
    ] {
        let got = memory.get(digest, &epoch, now);
        assert_eq!(got.is_some(), is_remembered, "{now}");
    }
    assert_eq!(memory.held(), (0, 0));
}

#[test]
fn point_3_other_keys_and_another_shift_forget_everything() {
    let memory = Remembered::default();
    let digest = memory.digest("t").unwrap();
    let first = epoch(0);
    let shifted = Epoch {
        shift: 1.try_into().unwrap(),
        ..first.clone()
    };
    // Equal in every word, and fetched again.
    let fetched_again = epoch(0);
    for other in [shifted, fetched_again] {
        memory.keep(digest, &first, caller(json!({})), NOW + 10);
        assert!(memory.get(digest, &first, NOW).is_some());
        assert!(memory.get(digest, &other, NOW).is_none());
        assert_eq!(memory.held(), (0, 0));
        assert!(memory.get(digest, &first, NOW).is_none(), "nor later");
    }
}

#[test]
fn point_3_a_flood_of_tokens_stays_within_its_bound() {
    let one = caller(json!({"oid": "user", "groups": ["a", "b"]}));
    let bytes = one.bytes() + size_of::<(Digest, Entry)>();
    let epoch = epoch(0);
    for (tokens, bytes) in [(10, usize::MAX), (usize::MAX, 10 * bytes)] {
        let memory = bounded(tokens, bytes);
        let used_all_the_time = memory.digest("in use").unwrap();
        memory.keep(used_all_the_time, &epoch, one.clone(), NOW + 10);
        for number in 0..1000 {
            let digest = memory.digest(&number.to_string()).unwrap();
            memory.keep(digest, &epoch, one.clone(), NOW + 10);
            let (held, held_bytes) = memory.held();
            assert!(held <= 20, "{held}");
            assert!(held_bytes <= bytes.saturating_mul(2), "{held_bytes}");
            let got = memory.get(used_all_the_time, &epoch, NOW);
            assert!(got.is_some(), "{number}: what is used stays");
        }
    }
    // One that is larger than the whole is not kept.
    let memory = bounded(10, bytes - 1);
    let digest = memory.digest("t").unwrap();
    memory.keep(digest, &epoch, one, NOW + 10);
    assert_eq!(memory.held(), (0, 0));
    // What the gate itself has is what the module says.
    let bounds = Remembered::default().bounds;
    assert_eq!(2 * bounds.bytes, 128 << 20);
    assert_eq!(bounds.tokens, 16_384);
}

#[test]
fn point_3_a_caller_counts_what_it_holds() {
    let small = caller(json!({"oid": "u"})).bytes();
    for (claims, at_least) in [
        (json!({"oid": "u".repeat(10_000)}), 10_000),
        (
            json!({"oid": "u", "groups": vec![0; 1000]}),
            1000 * size_of::<serde_json::Value>(),
        ),
        (json!({"oid": "u", "x": {"y": ["z".repeat(5000)]}}), 5000),
    ] {
        let large = caller(claims).bytes();
        assert!(large >= small + at_least, "{large} {at_least}");
    }
}

proptest! {
    /// Whatever the order: what comes back is what was kept in this epoch, and has not ended.
    #[test]
    fn point_3_nothing_comes_back_that_was_not_kept(
        steps in proptest::collection::vec((0..3_u8, 0..8_u8, 0..2_usize, 0..20_i64), 0..200),
    ) {
        let memory = bounded(3, usize::MAX);
        let epochs = [epoch(0), epoch(0)];
        let mut model: Model<u8, (Arc<Verified>, usize, i64)> = Model::new();
        let mut present = None;
        for (kind, token, at, time) in steps {
            let digest = memory.digest(&token.to_string()).unwrap();
            if present != Some(at) {
                model.clear();
                present = Some(at);
            }
            if kind == 0 {
                let one = caller(json!({"oid": token, "end": time}));
                memory.keep(digest, &epochs[at], one.clone(), NOW + time);
                model.insert(token, (one, at, time));
            } else if let Some(got) = memory.get(digest, &epochs[at], NOW + time) {
                let (kept, of, end) = &model[&token];
                prop_assert!(Arc::ptr_eq(kept, &got));
                prop_assert_eq!(*of, at);
                prop_assert!(*end > time);
            }
            prop_assert!(memory.held().0 <= 6);
        }
    }
}
