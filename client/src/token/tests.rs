use proptest::prelude::*;

use super::*;

#[test]
fn where_it_breaks_is_said() {
    for (token, says) in [
        ("Bearer e30.e30.x", "Bearer"),
        ("e30.e30.x y", "byte 9"),
        ("\"e30.e30.x\"", "byte 0"),
        ("abc", "no dots"),
        ("eyJhbGciOi", "cut"),
        ("0.AXoA.b.c", "refresh"),
        ("a.b.c.d.e", "five"),
        ("a.b", "2 parts"),
        ("e30.!.x", "part 2"),
        ("W10.e30.x", "part 1"),
        ("e30.e30.x", "part 3"),
        ("e30.e30.é", "part 3"),
    ] {
        let unreadable = Decoded::parse(token).unwrap_err();
        let why = unreadable.why();
        assert!(why.contains(says), "{token}: {why}");
    }
    assert!(Decoded::parse("e30.e30.").is_ok());
}

proptest! {
    #[test]
    fn nothing_panics(text in "\\PC*") {
        let _ = Decoded::parse(&text);
    }
}
