//! `greeting-cli explain` as a program: any AADSTS number, and the owner's log.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::process::Output;

use harness::{Server, TOKEN, answer, report, run};
use serde_json::{Value, json};

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Codes of Entra's, each in the catalogue under the cause that it is.
#[test]
fn codes_that_were_once_unknown_are_in_the_catalogue() {
    for (number, code) in [
        (9_010_010, "resource-mismatch"),
        (1_002_012, "scope-not-defined"),
        (90123, "authority-refused"),
        (90072, "user-not-in-tenant"),
        (530_003, "blocked-by-policy"),
        (50131, "blocked-by-policy"),
        (500_014, "unknown-resource"),
        (7_000_112, "unknown-client"),
        (65002, "permission-not-requested"),
        (50158, "mfa-required"),
    ] {
        let output = run(
            &["explain", &format!("AADSTS{number}"), "--output", "json"],
            "",
        );
        assert_eq!(report(&output)["code"], code, "{number}");
    }
}

/// From the catalogue, else from the table of codes, else it is said that it is not known.
#[test]
fn any_number_of_entras_is_explained() {
    for (number, shown, code) in [
        ("AADSTS65001", "consent-required", json!("consent-required")),
        (
            "aadsts9010010",
            "resource-mismatch",
            json!("resource-mismatch"),
        ),
        ("50011", "redirect-mismatch", json!("redirect-mismatch")),
        (
            "AADSTS50085",
            "Refresh token needs a sign-in at the social provider",
            Value::Null,
        ),
        ("AADSTS123456", "does not know this number", Value::Null),
    ] {
        let output = run(&["explain", number], "");
        assert_eq!(output.status.code(), Some(0), "{number}");
        let told = text(&output);
        let digits = number.trim_start_matches(|c: char| !c.is_ascii_digit());
        assert!(told.replace('\n', " ").contains(shown), "{told}");
        assert!(
            told.contains(&format!(
                "https://login.microsoftonline.com/error?code={digits}"
            )),
            "{told}"
        );
        assert!(
            told.lines().all(|line| line.chars().count() <= 80),
            "{told}"
        );
        let output = run(&["explain", number, "--output", "json"], "");
        assert_eq!(report(&output)["code"], code, "{number}");
    }
    assert_eq!(run(&["explain", "AADSTSx"], "").status.code(), Some(2));
}

/// What was mistyped is refused, and what was meant is said as a line to paste.
#[test]
fn item_13_near_codes_are_suggested() {
    let output = run(&["explain", "audience-missmatch"], "");
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("near it: audience-mismatch"), "{said}");
    assert!(
        said.contains("fix  greeting-cli explain audience-mismatch\n"),
        "{said}"
    );
    // A digit is missing at the end; in the middle of a number that nothing is known of.
    for (typed, meant) in [
        ("AADSTS50001", "AADSTS500011"),
        ("AADSTS6501", "AADSTS65001"),
    ] {
        let output = run(&["explain", typed], "");
        assert_eq!(output.status.code(), Some(0), "{typed}");
        let told = text(&output);
        assert!(
            told.contains(&format!("\n  greeting-cli explain {meant}\n")),
            "{told}"
        );
        assert!(told.lines().all(|line| line.len() <= 80), "{told}");
        let output = run(&["explain", typed, "--output", "json"], "");
        assert_eq!(report(&output)["near"][0], meant, "{typed}");
    }
    let output = run(&["explain", "AADSTS65001"], "");
    assert!(!text(&output).contains("near codes"));
    let output = run(&["explain", "ADSTS65001"], "");
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("explain AADSTS65001"), "{said}");
}

const ROWS: &str = r#"[
 {"TimeGenerated":"2026-11-28T10:00:00Z","StatusCode":"401","SubStatusCode":"71","Message":"Authentication required."},
 {"TimeGenerated":"2026-11-28T10:00:05Z","StatusCode":"401","SubStatusCode":"83","Message":"JWT validation failed: IDX10214: Audience validation failed. Audiences: 'a'. Did not match: validationParameters.ValidAudience: 'b'."},
 {"TimeGenerated":"2026-11-28T10:00:06Z","StatusCode":"401","SubStatusCode":"83","Message":"IDX10503: Signature validation failed. token: 'eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJyIn0.c2ln'"},
 {"TimeGenerated":"2026-11-28T10:00:07Z","StatusCode":"401","SubStatusCode":"83","Message":"No."},
 {"TimeGenerated":"2026-11-28T10:00:08Z","StatusCode":"403","SubStatusCode":"60","Message":"Cross-site request."},
 {"TimeGenerated":"2026-11-28T10:00:09Z","StatusCode":"200","SubStatusCode":"0","Message":"Fine."}
]"#;

#[test]
fn a_log_is_told_in_the_catalogues_words() {
    let output = run(&["explain", "--log", "-"], ROWS);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let told = text(&output);
    assert!(
        !told.contains("eyJ"),
        "a token of the log was printed: {told}"
    );
    for shown in [
        "401.71",
        "no-token",
        "audience-mismatch",
        "bad-signature",
        "the token is not valid",
        "403.60",
        "cross-site",
    ] {
        assert!(told.contains(shown), "{shown}: {told}");
    }
    assert!(!told.contains("200"), "{told}");
    let told = report(&run(&["explain", "--log", "-", "--output", "json"], ROWS));
    let codes: Vec<&Value> = told["refusals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["finding"]["code"])
        .collect();
    assert_eq!(
        codes,
        [
            &json!("no-token"),
            &json!("audience-mismatch"),
            &json!("bad-signature"),
            &Value::Null,
            &json!("cross-site")
        ]
    );
    assert_eq!(told["refusals"][3]["meaning"], "the token is not valid");

    let none = run(&["explain", "--log", "-"], "nothing of the kind\n");
    assert_eq!(none.status.code(), Some(2));
    assert!(
        String::from_utf8(none.stderr)
            .unwrap()
            .contains("Linux, Consumption and Flex")
    );
}

/// What a call can only call likely, the gate's own log proves.
#[test]
fn a_saved_call_is_proved_by_the_log() {
    let server = Server::saying(answer(
        "403 Forbidden\r\nx-ms-middleware-request-id: id-7",
        "",
    ));
    let output = run(
        &[
            "call",
            &server.url,
            "--output",
            "json",
            "--access-token",
            "-",
        ],
        TOKEN,
    );
    let saved = report(&output);
    assert_eq!(saved["ids"]["x-ms-middleware-request-id"], "id-7");
    let likely = |report: &Value| -> Vec<(String, String)> {
        let findings = report["findings"].as_array().unwrap().iter();
        findings
            .map(|it| {
                (
                    it["code"].as_str().unwrap().to_owned(),
                    it["certainty"].as_str().unwrap().to_owned(),
                )
            })
            .collect()
    };
    assert_eq!(likely(&saved)[0].1, "likely");

    let folder = tempfile::tempdir().unwrap();
    let call = folder.path().join("refused.json");
    std::fs::write(&call, &output.stdout).unwrap();
    let arguments = ["explain", "--log", "-", "--call", call.to_str().unwrap()];
    let reason = "principal-not-allowed: oid and groups are not in the list";
    let by_id = json!([{"StatusCode": 403, "Message": "client-not-allowed: x", "CorrelationId": "id-6"}, {"StatusCode": 403, "Message": reason, "CorrelationId": "ID-7"}]);
    let by_time = json!({"time": saved["time"], "status": 403, "substatus": 71, "reason": reason});
    for log in [by_id, by_time] {
        let told = report(&run(
            &[&arguments[..], &["--output", "json"]].concat(),
            &log.to_string(),
        ));
        assert_eq!(
            likely(&told),
            [("principal-not-allowed".to_owned(), "proved".to_owned())],
            "{log}"
        );
        let human = text(&run(&arguments, &log.to_string()));
        assert!(
            human.contains("principal-not-allowed") && !human.contains("likely"),
            "{human}"
        );
    }
    // Two causes at one time prove neither.
    let both = json!([{"time": saved["time"], "status": 403, "reason": reason}, {"time": saved["time"], "status": 403, "reason": "client-not-allowed: x"}]);
    let told = report(&run(
        &[&arguments[..], &["--output", "json"]].concat(),
        &both.to_string(),
    ));
    assert_eq!(likely(&told)[0].1, "likely");
}
