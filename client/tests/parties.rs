//! Who refused, told by `greeting-cli` as a program: servers that answer as each party does.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use harness::{Server, TOKEN, answer, challenge, cli, finish, run};
use serde_json::Value;

/// Answers so to a token, and as Easy Auth does to none.
fn behind_the_gate(with_token: &str) -> Server {
    let with_token = with_token.to_owned();
    Server::new(move |request, _| {
        if request.to_lowercase().contains("authorization: bearer") {
            with_token.clone()
        } else {
            challenge("https://127.0.0.1:9", "r")
        }
    })
}

/// Exit status, first code, its certainty, and everything that was printed as JSON.
fn told(server: &Server) -> (i32, String, String, String) {
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
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |name: &str| {
        report["findings"][0][name]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    (
        output.status.code().unwrap(),
        text("code"),
        text("certainty"),
        report.to_string(),
    )
}

#[test]
fn the_party_that_refused_is_the_one_that_is_named() {
    let gateway = "Microsoft-Azure-Application-Gateway/v2";
    for (head, body, exit, code, certainty, shown) in [
        (
            "403 Ip Forbidden\r\nx-ms-forbidden-ip: 203.0.113.7",
            "has blocked your access",
            5,
            "access-restricted",
            "proved",
            "203.0.113.7",
        ),
        (
            "403 Site Disabled",
            "<h1>Error 403 - This web app is stopped.</h1>",
            5,
            "host-forbidden",
            "proved",
            "az functionapp start",
        ),
        (
            "403 Forbidden",
            "Client Certificate Required",
            5,
            "client-certificate",
            "likely",
            "curl --cert",
        ),
        (
            &format!("403 Forbidden\r\nServer: {gateway}"),
            "<h1>403 Forbidden</h1>",
            5,
            "front-refused",
            "proved",
            gateway,
        ),
        (
            "403 Forbidden\r\nx-azure-ref: 2026Z-ref",
            "<h2>The request is blocked.</h2>",
            5,
            "front-refused",
            "proved",
            "2026Z-ref",
        ),
        (
            "403 Forbidden\r\nx-azure-ref: 2026Z-ref",
            "not yours",
            5,
            "app-refused",
            "likely",
            "not yours",
        ),
        (
            "401 Unauthorized\r\nWWW-Authenticate: AzureApiManagementKey realm=\"https://g/p\",name=\"x-api-key\",type=\"header\"",
            "",
            4,
            "subscription-key",
            "proved",
            "x-api-key",
        ),
        (
            "401 Unauthorized",
            "",
            4,
            "function-key",
            "likely",
            "authLevel",
        ),
        (
            "401 Unauthorized",
            "session over",
            4,
            "app-refused",
            "likely",
            "session over",
        ),
        (
            "403 Forbidden\r\nWWW-Authenticate: Bearer error=\"insufficient_scope\", scope=\"Todo.Read\"",
            "",
            5,
            "missing-scope",
            "proved",
            "Todo.Read",
        ),
        (
            "403 Forbidden\r\nWWW-Authenticate: Bearer error=\"insufficient_scope\", scope=\"Greeting.Read\"",
            "",
            5,
            "scope-present",
            "proved",
            "Greeting.Read",
        ),
        (
            "401 Unauthorized\r\nWWW-Authenticate: Bearer error=\"insufficient_claims\", claims=\"eyJhIjoxfQ\"",
            "",
            4,
            "claims-required",
            "proved",
            "a\\\":1",
        ),
        (
            "429 Too Many Requests\r\nRetry-After: 4",
            "",
            6,
            "rate-limited",
            "proved",
            "--retry",
        ),
        (
            "431 Request Header Fields Too Large\r\nServer: Kestrel",
            "",
            6,
            "headers-too-large",
            "proved",
            "Kestrel",
        ),
        (
            "200 OK\r\nContent-Type: text/html",
            "<form><input type=\"password\"></form>",
            6,
            "unexpected-answer",
            "likely",
            "sign-in page",
        ),
        (
            "418 I'm a teapot\r\nx-ms-request-id: id-1",
            "short and stout",
            6,
            "unexpected-answer",
            "likely",
            "short and stout",
        ),
    ] {
        let server = behind_the_gate(&answer(head, body));
        let (status, found, how, all) = told(&server);
        assert_eq!(
            (status, found.as_str(), how.as_str()),
            (exit, code, certainty),
            "{head}: {all}"
        );
        assert!(all.contains(shown), "{head}: {all}");
    }
}

#[test]
fn several_schemes_in_one_header_are_read() {
    for others in [
        "Negotiate, ",
        "Basic realm=\"a, b\", ",
        "DPoP algs=\"ES256\", ",
    ] {
        let head = format!(
            "401 Unauthorized\r\nWWW-Authenticate: {others}Bearer authorization_uri=\"https://127.0.0.1:9/t/oauth2/v2.0/authorize\" resource_id=\"r\""
        );
        let server = Server::saying(answer(&head, ""));
        let output = run(
            &[
                "call",
                &server.url,
                "--output",
                "json",
                "--credential",
                "none",
            ],
            "",
        );
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["challenge"]["resource"], "r", "{others}");
        assert_eq!(report["findings"][0]["code"], "no-token", "{others}");
    }
}

/// A landing page is none at a path that somebody named.
#[test]
fn an_html_answer_of_a_named_path_is_its_answer() {
    let page = || {
        Server::saying(answer(
            "200 OK\r\nContent-Type: text/html",
            "<h1>Hello</h1>",
        ))
    };
    let call = |url: &str| run(&["call", url, "--access-token", "-"], TOKEN);
    let named = page();
    let output = call(&named.url);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let root = page();
    let output = call(&format!("{}/", root.origin));
    assert_eq!(output.status.code(), Some(6), "{output:?}");
    assert!(output.stdout.is_empty());
}

/// What the environment says of the tenant, against the function's challenge.
#[test]
fn sources_that_contradict_each_other_are_named() {
    let [here, elsewhere] = [
        "6d3c1f0a-8b52-4e7d-9f41-2c5a7be01d93",
        "11111111-2222-3333-4444-555555555555",
    ];
    let server = Server::saying(answer(
        &format!(
            "401 Unauthorized\r\nWWW-Authenticate: Bearer authorization_uri=\"https://127.0.0.1:9/{here}/oauth2/v2.0/authorize\" resource_id=\"other\""
        ),
        "",
    ));
    let state = tempfile::tempdir().unwrap();
    let mut command = cli(
        state.path(),
        &[
            "call",
            &server.url,
            "--output",
            "json",
            "--access-token",
            "-",
        ],
    );
    command.env("AZURE_TENANT_ID", elsewhere);
    let output = finish(command, TOKEN);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let finding = &report["findings"][0];
    assert_eq!(finding["code"], "expectations-conflict", "{report}");
    assert_eq!(finding["evidence"][0]["seen"], elsewhere);
    assert_eq!(finding["evidence"][0]["expected"][0], here);
}
