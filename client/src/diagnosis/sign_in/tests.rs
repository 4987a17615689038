use super::super::aadsts::Row;
use super::*;

#[test]
fn every_row_is_found_by_code_and_by_text() {
    for Row { number, code, .. } in AADSTS {
        let by_code = AuthorityError {
            error: "x".into(),
            error_codes: vec![*number],
            ..AuthorityError::default()
        };
        let by_text = AuthorityError {
            error: "x".into(),
            error_description: format!("AADSTS{number}: words. Trace ID: t"),
            ..AuthorityError::default()
        };
        for error in [by_code, by_text] {
            let finding = refusal(&error, "client-1", "tenant-1", "scope-1");
            assert_eq!(finding.code, *code);
            assert!(
                !finding.summary.contains('{') && !finding.fix.contains('{'),
                "{finding:?}"
            );
        }
    }
}

#[test]
fn what_no_row_knows_is_shown_whole() {
    let error = AuthorityError {
        error: "invalid_grant".into(),
        error_description: "AADSTS123456: something new. Trace ID: t".into(),
        error_codes: vec![123_456],
        trace_id: Some("trace-1".into()),
        ..AuthorityError::default()
    };
    let finding = refusal(&error, "c", "t", "s");
    assert_eq!(finding.code.as_str(), "authority-refused");
    let seen = serde_json::to_string(&finding.evidence).unwrap();
    assert!(
        seen.contains("AADSTS123456: something new.") && seen.contains("trace-1"),
        "{seen}"
    );
    for (error, code) in [
        ("authorization_declined", "sign-in-declined"),
        ("expired_token", "code-expired"),
    ] {
        let error = AuthorityError {
            error: error.into(),
            ..AuthorityError::default()
        };
        assert_eq!(refusal(&error, "c", "t", "s").code.as_str(), code);
    }
}
