use super::*;
use crate::conformance::capture::{Body, FORMAT, Seen, Target, VERSION};
use crate::conformance::probes;

const LINUX: &str = "Bearer realm=\"<host>\" authorization_uri=\"https://login.microsoftonline.com/<tenant>/oauth2/v2.0/authorize\" resource_id=\"<client id>\"";

fn seen(probe: &str, status: u16, headers: &[(&str, &str)], bytes: u64) -> Seen {
    Seen {
        probe: probe.into(),
        status,
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect(),
        other_headers: Vec::new(),
        body: Body {
            bytes: Some(bytes),
            ..Body::default()
        },
        app: None,
    }
}

fn refused(probe: &str) -> Seen {
    seen(
        probe,
        401,
        &[("www-authenticate", LINUX), ("server", "Kestrel")],
        0,
    )
}

fn capture(answers: Vec<Seen>, tokens: &[&str]) -> Capture {
    Capture {
        format: FORMAT.into(),
        version: VERSION,
        tool: String::new(),
        table: String::new(),
        date: String::new(),
        target: Target::default(),
        echo: false,
        tokens: tokens.iter().map(|name| (*name).into()).collect(),
        rules: Vec::new(),
        answers,
        not_asked: Vec::new(),
    }
}

fn verdict(id: &str, capture: &Capture) -> Verdict {
    let probe = probes::all().find(|probe| probe.question.id == id).unwrap();
    judge(&probe, capture)
}

#[test]
fn every_expectation_of_the_table_is_read() {
    for probe in probes::all().filter(|probe| probe.expected != "record") {
        for facet in probe.expected.split(';') {
            let read = Facet::parse(facet);
            assert!(read.is_some(), "{}: {facet}", probe.question.id);
            if let Some(Facet::SameAs(other)) = read {
                assert!(probes::all().any(|it| it.question.id == other));
            }
        }
    }
}

#[test]
fn a_forged_token_that_is_refused_shows_only_that_signatures_are_checked() {
    let gate = |tokens: &[&str]| {
        let ids = ["p01-none", "p09-forged-known-kid", "p13-expired"];
        let mut answers: Vec<_> = ids.into_iter().map(refused).collect();
        answers.push(seen("p23-valid", 200, &[], 0));
        capture(answers, tokens)
    };
    let with_valid = gate(&["valid"]);
    let outcome = |id, capture: &Capture| verdict(id, capture).outcome;
    assert_eq!(
        outcome("p09-forged-known-kid", &with_valid),
        Outcome::AsExpected
    );
    assert_eq!(outcome("p13-expired", &with_valid), Outcome::NotShown);
    assert_eq!(
        outcome("p13-expired", &gate(&["valid", "expired"])),
        Outcome::AsExpected
    );
    // Who refuses everything has not been seen to check anything.
    let mut closed = gate(&[]);
    closed.answers.pop();
    assert_eq!(outcome("p09-forged-known-kid", &closed), Outcome::NotShown);
}

#[test]
fn an_unsigned_token_that_is_accepted_is_severe() {
    let open = capture(
        vec![refused("p01-none"), seen("p08-alg-none", 200, &[], 5)],
        &[],
    );
    let verdict = verdict("p08-alg-none", &open);
    assert_eq!((verdict.outcome, verdict.severe), (Outcome::Differs, true));
    assert_eq!(
        verdict.why,
        "accepted, 200; expected: refused, or no principal"
    );
}

#[test]
fn where_anonymous_callers_pass_only_the_action_differs() {
    let open = capture(
        vec![
            seen("p01-none", 200, &[], 0),
            seen("p03-malformed", 200, &[], 0),
            seen("p02-wrong-path", 404, &[], 0),
        ],
        &[],
    );
    assert_eq!(verdict("p01-none", &open).outcome, Outcome::Differs);
    assert_eq!(verdict("p02-wrong-path", &open).outcome, Outcome::NotShown);
    assert_eq!(verdict("p04-one-part", &open).outcome, Outcome::NotAsked);
}

#[test]
fn another_form_of_the_401_differs_in_its_row_alone() {
    let windows = |probe: &str| {
        let challenge = LINUX.replace("/v2.0", "");
        seen(probe, 401, &[("www-authenticate", &challenge)], 58)
    };
    let capture = capture(vec![windows("p01-none"), windows("p03-malformed")], &[]);
    assert_eq!(verdict("p60-linux", &capture).outcome, Outcome::Differs);
    assert_eq!(verdict("p01-none", &capture).outcome, Outcome::AsExpected);
    assert_eq!(
        verdict("p03-malformed", &capture).outcome,
        Outcome::AsExpected
    );
}

#[test]
fn a_token_that_a_list_refuses_shows_nothing_of_its_principal() {
    let gate = |status| {
        let mut answer = refused("p21-app-only");
        answer.status = status;
        capture(vec![refused("p01-none"), answer], &["app-only"])
    };
    let outcome = |status| verdict("p21-app-only", &gate(status)).outcome;
    assert_eq!(outcome(403), Outcome::NotShown);
    assert_eq!(outcome(401), Outcome::Differs);
}

/// A gate that refuses every token shows nothing of expiry or audience by refusing one more.
#[test]
fn signed_tokens_show_nothing_at_a_gate_that_accepts_none() {
    let answers = |valid: Seen| vec![refused("p01-none"), valid, refused("p13-expired")];
    let tokens = ["valid", "expired"];
    let none = capture(answers(refused("p23-valid")), &tokens);
    assert_eq!(verdict("p13-expired", &none).outcome, Outcome::NotShown);
    assert_eq!(verdict("p23-valid", &none).outcome, Outcome::Differs);
    let one = capture(answers(seen("p23-valid", 200, &[], 0)), &tokens);
    assert_eq!(verdict("p13-expired", &one).outcome, Outcome::AsExpected);
}
