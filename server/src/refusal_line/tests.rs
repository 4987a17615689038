use proptest::prelude::*;

use super::*;

#[test]
fn the_line_is_what_logs_and_queries_know() {
    let line = RefusalLine::new(403, "no Greeting.Read scope", Some(b"a-1"));
    let text = "refused 403: no Greeting.Read scope (invocation a-1)";
    assert_eq!(line.to_string(), text);
    assert_eq!(text.parse(), Ok(line));
    let direct = RefusalLine::new(404, "no such path", None);
    assert_eq!(
        direct.to_string(),
        "refused 404: no such path (invocation unknown)"
    );
    assert_eq!(direct.to_string().parse(), Ok(direct));
}

#[test]
fn an_id_can_not_forge_a_line() {
    let line = RefusalLine::new(401, "x", Some(b"a\nrefused 200: y (invocation b)\xff"));
    assert_eq!(line.to_string().lines().count(), 1);
    let id = line.invocation.unwrap();
    assert_eq!(id, "arefused200:y(invocationb)");
    let long = RefusalLine::new(401, "x", Some(&[b'a'; 1000]));
    assert_eq!(long.invocation.unwrap().len(), ID_MAX_LENGTH);
}

#[test]
fn an_invocation_id_cannot_forge_a_line() {
    for (id, logged) in [
        (&b"6f-1"[..], "6f-1".to_owned()),
        (b"a\nb\x1b[31m \xc3\xa9", "ab[31m".to_owned()),
        (b"", "unknown".to_owned()),
        (&[b'x'; 999], "x".repeat(64)),
    ] {
        let line = RefusalLine::new(401, "x", Some(id));
        assert_eq!(
            line.to_string(),
            format!("refused 401: x (invocation {logged})")
        );
    }
}

#[test]
fn other_lines_are_no_refusals() {
    for line in [
        "",
        "listening",
        "refused nothing: x (invocation a)",
        "refused 401 x (invocation a)",
        "refused 401: x",
        "refused 401: x (invocation a",
        " refused 401: x (invocation a)",
    ] {
        assert_eq!(line.parse::<RefusalLine>(), Err(NotARefusal), "{line}");
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        status in 400..600_u16,
        reason in "[^\r\n]{0,80}",
        id in prop::option::of(prop::collection::vec(any::<u8>(), 0..80)),
    ) {
        let line = RefusalLine::new(status, &reason, id.as_deref());
        prop_assert_eq!(line.to_string().parse(), Ok(line));
    }
}
