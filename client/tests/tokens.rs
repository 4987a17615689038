//! What a refused token shows: rows that look alike stand beside each other.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use harness::{Server, answer, run};
use serde_json::{Value, json};

const API: &str = "2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d11";
const OTHER: &str = "11111111-2222-3333-4444-555555555555";
const TENANT: &str = "6d3c1f0a-8b52-4e7d-9f41-2c5a7be01d93";

fn jwt(changes: &Value) -> String {
    let mut claims = json!({
        "aud": API, "tid": TENANT, "ver": "2.0", "azp": "c", "oid": "u", "scp": "Greeting.Read",
        "iss": format!("https://login.microsoftonline.com/{TENANT}/v2.0"), "exp": 4_100_000_000_i64,
    });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = part(&json!({"alg": "RS256", "kid": "k"}));
    format!("{header}.{}.c2lnbmF0dXJl", part(&claims))
}

/// Easy Auth's refusal of everything. Its authority is on this machine, where nothing listens.
fn gate() -> Server {
    Server::saying(answer(
        &format!(
            "401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"x\" authorization_uri=\"https://127.0.0.1:9/{TENANT}/oauth2/v2.0/authorize\" resource_id=\"{API}\""
        ),
        "",
    ))
}

fn report(server: &Server, claims: &Value, more: &[&str]) -> Value {
    let call = [
        "call",
        &server.url,
        "--output",
        "json",
        "--access-token",
        "-",
        "--send-anyway",
    ];
    let output = run(&[&call[..], more].concat(), &jwt(claims));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Code and certainty of the first finding; nothing where none fits.
fn first(report: &Value) -> (String, String) {
    let text = |name: &str| {
        let value = report["findings"][0][name].as_str();
        value.unwrap_or_default().to_owned()
    };
    (text("code"), text("certainty"))
}

#[test]
fn another_name_is_not_another_api() {
    for (aud, code, certainty) in [
        (
            json!("https://contoso-greeting.azurewebsites.net"),
            "audience-mismatch",
            "likely",
        ),
        (
            json!("api://contoso.com/greeting"),
            "audience-mismatch",
            "likely",
        ),
        (
            json!(format!("api://{TENANT}/{API}")),
            "audience-mismatch",
            "likely",
        ),
        (json!(format!("spn:{API}")), "audience-mismatch", "likely"),
        (json!(OTHER), "wrong-api", "likely"),
        (
            json!("00000003-0000-0000-c000-000000000000"),
            "wrong-api",
            "proved",
        ),
        (json!("https://management.azure.com"), "wrong-api", "proved"),
    ] {
        let report = report(&gate(), &json!({"aud": aud}), &[]);
        let expected = (code.to_owned(), certainty.to_owned());
        assert_eq!(first(&report), expected, "{aud}: {report}");
        // Both remedies, and no scope that does not exist.
        if code == "audience-mismatch" {
            let fix = report["findings"][0]["fix"].as_str().unwrap();
            assert!(fix.contains("allowedAudiences"), "{fix}");
            assert!(!fix.contains("contoso.com/greeting/Greeting.Read"), "{fix}");
        }
    }
}

#[test]
fn the_issuer_is_compared_and_not_the_version() {
    let b2c = format!("https://contoso.b2clogin.com/{TENANT}/v2.0/");
    let v1 = format!("https://sts.windows.net/{TENANT}/");
    let elsewhere = format!("https://login.microsoftonline.com/{OTHER}/v2.0");
    for (claims, code, certainty) in [
        (json!({"ver": "1.0", "iss": b2c}), "", ""),
        (json!({"ver": "1.0"}), "", ""),
        (json!({"ver": "2.0", "iss": v1}), "issuer-version", "likely"),
        (json!({"iss": elsewhere}), "wrong-tenant", "proved"),
        (json!({"tid": OTHER}), "wrong-tenant", "likely"),
    ] {
        let report = report(&gate(), &claims, &[]);
        let expected = (code.to_owned(), certainty.to_owned());
        assert_eq!(first(&report), expected, "{claims}: {report}");
    }
}

/// Three that look alike: too many groups to name, none asked for, and others than the allowed.
#[test]
fn absent_groups_are_not_no_groups() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("auth.json");
    let settings = json!({"identityProviders": {"azureActiveDirectory": {
        "registration": {"clientId": API, "openIdIssuer": "https://login.microsoftonline.com/common/v2.0"},
        "validation": {"jwtClaimChecks": {"allowedGroups": [OTHER]}}}}});
    std::fs::write(&path, settings.to_string()).unwrap();
    let path = path.to_string_lossy();
    let server = Server::saying(answer(
        "403 Forbidden\r\nx-ms-middleware-request-id: 3f0e",
        "",
    ));
    for (claims, code, certainty) in [
        (
            json!({"_claim_names": {"groups": "src1"}}),
            "groups-overage",
            "likely",
        ),
        (json!({"hasgroups": true}), "groups-overage", "likely"),
        (json!({}), "principal-not-allowed", "likely"),
        (
            json!({"groups": [TENANT]}),
            "principal-not-allowed",
            "proved",
        ),
    ] {
        let report = report(&server, &claims, &["--auth-settings", &path]);
        let expected = (code.to_owned(), certainty.to_owned());
        assert_eq!(first(&report), expected, "{claims}: {report}");
    }
}

/// A limit of size, told by the answer; or only by a token with many groups.
#[test]
fn a_token_with_many_groups_is_measured() {
    let many: Vec<String> = (0..60)
        .map(|n| format!("{n:08}-2222-3333-4444-555555555555"))
        .collect();
    for (head, body, groups, certainty) in [
        (
            "431 Request Header Fields Too Large\r\nServer: Kestrel",
            "",
            true,
            "proved",
        ),
        (
            "400 Bad Request\r\nServer: nginx",
            "Request Header Or Cookie Too Large",
            true,
            "proved",
        ),
        (
            "400 Bad Request\r\nServer: Microsoft-HTTPAPI/2.0",
            "",
            true,
            "likely",
        ),
        ("400 Bad Request\r\nServer: Kestrel", "", false, ""),
    ] {
        let server = Server::saying(answer(head, body));
        let claims = if groups {
            json!({"groups": many})
        } else {
            json!({})
        };
        let report = report(&server, &claims, &[]);
        let code = if certainty.is_empty() {
            "unexpected-answer"
        } else {
            "headers-too-large"
        };
        assert_eq!(first(&report).0, code, "{head}: {report}");
        if !certainty.is_empty() {
            assert_eq!(first(&report).1, certainty, "{head}");
            assert!(report.to_string().contains("60"), "{report}");
        }
    }
}

/// The platform's page about client certificates, with and without a token.
#[test]
fn the_page_about_client_certificates_is_told_without_a_token_too() {
    let server = Server::saying(answer(
        "403 Forbidden",
        "<h1>Client Certificate Required</h1>",
    ));
    let with = report(&server, &json!({}), &[]);
    assert_eq!(first(&with).0, "client-certificate");
    let none = [
        "call",
        &server.url,
        "--output",
        "json",
        "--credential",
        "none",
    ];
    let without: Value = serde_json::from_slice(&run(&none, "").stdout).unwrap();
    assert_eq!(first(&without).0, "client-certificate");
}
