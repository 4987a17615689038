//! Discovery is not trust: servers that ask for a token of another API, or for a sign-in at another
//! authority.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::Output;

use harness::{Server, TOKEN, answer, challenge, cli, finish, first, run, run_in};
use serde_json::{Value, json};

const MICROSOFT: &str = "https://login.microsoftonline.com";
const GRAPH: &str = "00000003-0000-0000-c000-000000000000";
const API: &str = "2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d11";
const OTHER: &str = "11111111-2222-3333-4444-555555555555";

/// `call` with az, which is not installed: once the trust rules are passed it ends without a sign-in.
fn call(state: &Path, url: &str, more: &[&str]) -> Output {
    let arguments = [
        &["call", url, "--output", "json", "--credential", "azure-cli"],
        more,
    ]
    .concat();
    let mut command = cli(state, &arguments);
    command.env("PATH", state);
    finish(command, "")
}

#[test]
fn a_hostile_challenge_is_not_believed() {
    for (authority, resource, code) in [
        ("https://login.evil.example", API, "untrusted-authority"),
        (
            "http://login.microsoftonline.com",
            API,
            "untrusted-authority",
        ),
        (
            "https://login.microsoftonline.com:8443",
            API,
            "untrusted-authority",
        ),
        (
            "https://login.microsoftonline.com.evil.example",
            API,
            "untrusted-authority",
        ),
        (
            "https://login.microsoftonline.com@evil.example",
            API,
            "untrusted-authority",
        ),
        (MICROSOFT, GRAPH, "first-party-resource"),
        (
            MICROSOFT,
            "https://management.azure.com/",
            "first-party-resource",
        ),
        (
            MICROSOFT,
            "https://GRAPH.microsoft.com:443/v1.0",
            "first-party-resource",
        ),
        ("https://localhost:9", GRAPH, "first-party-resource"),
        // With a second scope in the API's name it is not read as a challenge.
        (
            MICROSOFT,
            "x/S https://graph.microsoft.com/Mail.Read api://y",
            "no-challenge",
        ),
        // Plausible, but not agreed to, and there is no terminal to ask on.
        (MICROSOFT, API, "resource-not-confirmed"),
    ] {
        let server = Server::saying(challenge(authority, resource));
        for command in [&["call"][..], &["token", "get"], &["login"]] {
            let output = run(&[command, &[&server.url, "--output", "json"]].concat(), "");
            let status = if code == "no-challenge" { 4 } else { 3 };
            assert_eq!(
                first(&output),
                (status, code.to_owned()),
                "{authority} {resource}"
            );
        }
        // Only the call without a token was sent.
        for request in server.asked() {
            assert!(
                !request.to_lowercase().contains("authorization"),
                "{request}"
            );
        }
    }
}

/// A scope that the user gives does not make the server's authority trusted.
#[test]
fn a_scope_is_no_word_for_an_authority() {
    let state = tempfile::tempdir().unwrap();
    for resource in [API, GRAPH] {
        let server = Server::saying(challenge("https://login.evil.example", resource));
        let output = call(
            state.path(),
            &server.url,
            &["--scope", "api://mine/Greeting.Read", "--yes"],
        );
        assert_eq!(first(&output), (3, "untrusted-authority".to_owned()));
    }
    // And --yes does not allow one of Microsoft's APIs.
    let server = Server::saying(challenge(MICROSOFT, GRAPH));
    let output = call(state.path(), &server.url, &["--yes"]);
    assert_eq!(first(&output), (3, "first-party-resource".to_owned()));
    // An authority that the user gives does not make the API trusted.
    let server = Server::saying(challenge("https://localhost:9", API));
    let output = call(state.path(), &server.url, &["--authority-host", MICROSOFT]);
    assert_eq!(first(&output), (3, "resource-not-confirmed".to_owned()));
}

#[test]
fn an_agreement_is_for_one_origin_and_one_api() {
    let state = tempfile::tempdir().unwrap();
    let server = Server::new(|request, _| {
        let resource = if request.starts_with("GET /other") {
            OTHER
        } else {
            API
        };
        challenge(MICROSOFT, resource)
    });
    let other = format!("{}/other", server.origin);
    let asks = |url: &str, more: &[&str]| first(&call(state.path(), url, more)).1;
    assert_eq!(asks(&server.url, &[]), "resource-not-confirmed");
    assert_eq!(asks(&server.url, &["--yes"]), "az-missing");
    // Kept, with nothing secret in it.
    assert_eq!(asks(&server.url, &[]), "az-missing");
    let kept = std::fs::read_to_string(state.path().join("greeting-cli/agreed.json")).unwrap();
    let kept: Value = serde_json::from_str(&kept).unwrap();
    assert_eq!(
        kept,
        json!({&server.origin: {"authority": MICROSOFT, "tenant": "t", "resource": API}})
    );
    // A changed resource asks again.
    assert_eq!(asks(&other, &[]), "resource-not-confirmed");
    // The same resource from another origin does too, and the earlier origin is named.
    let second = Server::saying(challenge(MICROSOFT, API));
    let output = call(state.path(), &second.url, &[]);
    assert_eq!(first(&output).1, "resource-not-confirmed");
    assert!(String::from_utf8_lossy(&output.stdout).contains(&server.origin));
    // An explicit scope answers, for this run only.
    let scope = format!("api://{API}/Greeting.Read");
    assert_eq!(asks(&second.url, &["--scope", &scope]), "az-missing");
    assert_eq!(asks(&second.url, &[]), "resource-not-confirmed");
    // Another tenant or authority of the same resource is another agreement.
    let moved = Server::saying(challenge("https://login.microsoftonline.us", API));
    assert_eq!(asks(&moved.url, &[]), "resource-not-confirmed");
    // The command that is printed works.
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let fix = report["findings"][0]["fix"].as_str().unwrap();
    assert!(
        fix.ends_with(&format!("greeting-cli call {} --scope {scope}", second.url)),
        "{fix}"
    );
    run_in(state.path(), &["logout"], "");
    assert_eq!(asks(&server.url, &[]), "resource-not-confirmed");
}

/// A scope answers the question only where it says whose it is: for the rest the API is still the
/// server's word.
#[test]
fn point_13_a_scope_without_its_api_does_not_answer_for_an_origin() {
    for resource in [API, GRAPH] {
        let server = Server::saying(challenge(MICROSOFT, resource));
        let refused = match resource {
            GRAPH => "first-party-resource",
            _ => "resource-not-confirmed",
        };
        let whole = format!("api://{API}/Other.Read");
        for (scope, expected) in [
            ("Other.Read", refused),
            (".default", refused),
            ("/.default", refused),
            ("api:///Other.Read", refused),
            ("api://.default", refused),
            (&format!("{whole} Mail.Read"), refused),
            (&whole, "az-missing"),
        ] {
            let authority = ["--authority-host", MICROSOFT];
            let everything = [&authority[..], &["--tenant", "t"]].concat();
            for more in [&[][..], &authority, &everything] {
                let state = tempfile::tempdir().unwrap();
                let by_flag = [more, &["--scope", scope]].concat();
                let output = call(state.path(), &server.url, &by_flag);
                assert_eq!(first(&output), (3, expected.to_owned()), "{by_flag:?}");
                let arguments = ["call", &server.url, "--output", "json"];
                let az = ["--credential", "azure-cli"];
                let mut command = cli(state.path(), &[&arguments[..], &az, more].concat());
                command
                    .env("PATH", state.path())
                    .env("GREETING_SCOPE", scope);
                let output = finish(command, "");
                assert_eq!(first(&output), (3, expected.to_owned()), "{scope} {more:?}");
            }
        }
    }
    // The command that is printed names the API of the name that was given, and works.
    let server = Server::saying(challenge(MICROSOFT, API));
    let state = tempfile::tempdir().unwrap();
    let output = call(state.path(), &server.url, &["--scope", "Other.Read"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let fix = report["findings"][0]["fix"].as_str().unwrap();
    let (_, scope) = fix.split_once(" --scope ").unwrap();
    assert_eq!(scope, format!("api://{API}/Other.Read"));
    let output = call(state.path(), &server.url, &["--scope", scope]);
    assert_eq!(first(&output).1, "az-missing");
    // `--yes` answers.
    let output = call(
        state.path(),
        &server.url,
        &["--scope", "Other.Read", "--yes"],
    );
    assert_eq!(first(&output).1, "az-missing");
}

/// Metadata (RFC 9728) of a server, as a function of its origin.
fn metadata(
    resource: &'static str,
    issuer: &'static str,
    scope: &'static str,
    at: &'static str,
) -> Server {
    Server::new(move |request, own| {
        let at = at.replace("OWN", own);
        if request.starts_with("GET /api/greeting ") {
            let header = format!(
                "401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"x\" resource_metadata=\"{at}\""
            );
            return answer(&header, "");
        }
        let document = json!({
            "resource": resource.replace("OWN", own),
            "authorization_servers": [issuer.replace("OWN", own)],
            "scopes_supported": [scope],
        });
        answer("200 OK", &document.to_string())
    })
}

#[test]
fn metadata_is_believed_no_further_than_a_challenge() {
    let state = tempfile::tempdir().unwrap();
    let own = "OWN/.well-known/oauth-protected-resource/api/greeting";
    let issuer = "https://login.microsoftonline.com/t/v2.0";
    let scope = "api://2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d11/Greeting.Read";
    for (resource, issuer, scope, at, expected) in [
        (
            "OWN/api/greeting",
            issuer,
            scope,
            own,
            (3, "resource-not-confirmed"),
        ),
        ("OWN", issuer, scope, own, (3, "resource-not-confirmed")),
        // Another origin's API, or metadata at another origin.
        (
            "https://contoso.example/api/greeting",
            issuer,
            scope,
            own,
            (4, "no-challenge"),
        ),
        (
            "OWN/api/greeting",
            issuer,
            scope,
            "http://127.0.0.1:9/.well-known/oauth-protected-resource",
            (4, "no-challenge"),
        ),
        (
            "OWN",
            "https://login.evil.example/t/v2.0",
            scope,
            own,
            (3, "untrusted-authority"),
        ),
        (
            "OWN",
            issuer,
            "https://graph.microsoft.com/Mail.Read",
            own,
            (3, "first-party-resource"),
        ),
        (
            "OWN",
            issuer,
            "api://a/S https://graph.microsoft.com/Mail.Read",
            own,
            (4, "no-challenge"),
        ),
        ("OWN", issuer, "openid", own, (4, "no-challenge")),
    ] {
        let server = metadata(resource, issuer, scope, at);
        let (status, code) = first(&call(state.path(), &server.url, &[]));
        assert_eq!(
            (status, code.as_str()),
            expected,
            "{resource} {issuer} {scope} {at}"
        );
    }
    let server = metadata("OWN", issuer, scope, own);
    assert_eq!(
        first(&call(state.path(), &server.url, &["--yes"])).1,
        "az-missing"
    );
}

/// An authority and a function in one, on loopback: signs in at once.
fn stack(with_token: impl Fn(&str) -> String + Send + 'static) -> Server {
    Server::new(move |request, own| {
        if request.starts_with("POST /t/oauth2/v2.0/devicecode ") {
            let started = json!({"device_code": "d", "user_code": "u", "verification_uri": own, "expires_in": 60, "interval": 1});
            return answer("200 OK", &started.to_string());
        }
        if request.starts_with("POST /t/oauth2/v2.0/token ") {
            let granted =
                json!({"token_type": "Bearer", "expires_in": 3600, "access_token": TOKEN});
            return answer("200 OK", &granted.to_string());
        }
        if request.to_lowercase().contains("authorization: bearer ") {
            return with_token(request);
        }
        challenge(own, "r")
    })
}

/// The first call is answered with a valid challenge, the one with the token by a redirect.
#[test]
fn a_redirect_after_the_challenge_never_gets_the_token() {
    for status in [
        "301 Moved",
        "302 Found",
        "303 See Other",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        let thief = Server::saying(answer("200 OK", "thanks"));
        let to = format!("{status}\r\nLocation: {}", thief.url);
        let server = stack(move |_| answer(&to, ""));
        let output = run(&["call", &server.url, "--output", "json"], "");
        assert_eq!(first(&output), (6, "stripped-authorization".to_owned()));
        assert!(server.was_sent(TOKEN), "the token is its own");
        assert!(thief.asked().is_empty());
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
        assert_eq!(first(&output), (6, "stripped-authorization".to_owned()));
        assert!(thief.asked().is_empty());
    }
}

/// A redirect of the first call, before any token, is not followed for its challenge.
#[test]
fn a_redirect_before_the_challenge_is_not_followed() {
    let thief = Server::saying(challenge("https://127.0.0.1:9", "r"));
    let server = Server::saying(answer(&format!("307 x\r\nLocation: {}", thief.url), ""));
    let output = run(&["call", &server.url, "--output", "json"], "");
    assert_eq!(first(&output), (6, "stripped-authorization".to_owned()));
    assert!(thief.asked().is_empty());
}

/// Plain http to loopback must not leave the machine through a proxy.
#[test]
fn a_proxy_gets_no_loopback_call() {
    let proxy = Server::saying(answer("200 OK", "thanks"));
    let server = stack(|_| answer("200 OK", "Hello, world."));
    let state = tempfile::tempdir().unwrap();
    let mut command = cli(state.path(), &["call", &server.url]);
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"] {
        command.env(name, &proxy.origin);
    }
    let output = finish(command, "");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "Hello, world.");
    assert!(proxy.asked().is_empty());
}

#[test]
fn a_proxy_of_the_environment_is_used_for_others() {
    let proxy = Server::saying(answer("407 Proxy Authentication Required", ""));
    let state = tempfile::tempdir().unwrap();
    let url = "https://contoso.example/api/greeting";
    for command in ["call", "doctor"] {
        let mut command = cli(
            state.path(),
            &[command, url, "--output", "json", "--access-token", "-"],
        );
        command.env("HTTPS_PROXY", &proxy.origin);
        let output = finish(command, TOKEN);
        assert_ne!(output.status.code(), Some(0));
    }
    let asked = proxy.asked();
    assert!(
        asked.len() >= 2
            && asked
                .iter()
                .all(|it| it.starts_with("CONNECT contoso.example:443 ")),
        "{asked:?}"
    );
    assert!(!proxy.was_sent(TOKEN));
}

/// Text of a server can't control the terminal, or look like the program's own.
#[test]
fn what_servers_say_is_made_harmless() {
    let body = "\u{1b}[2J\u{1b}]0;title\u{7}\u{202e}gnihton\r\nerror: fake";
    let server = Server::saying(answer("418 x\r\nServer: a\u{9b}b", body));
    let output = run(&["call", &server.url, "--access-token", "-", "-v"], TOKEN);
    for part in [&output.stdout, &output.stderr] {
        let text = String::from_utf8_lossy(part);
        assert!(
            !text.contains(['\u{1b}', '\u{7}', '\u{202e}', '\r', '\u{9b}']),
            "{text:?}"
        );
        assert!(
            !text.lines().any(|line| line.starts_with("error: fake")),
            "{text}"
        );
    }
}

/// Answers with this head, and a body that never ends.
fn endless(head: &'static str) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/api/x", listener.local_addr().unwrap());
    let part = vec![b'x'; 64 * 1024];
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let mut written = write!(stream, "HTTP/1.1 {head}\r\nConnection: close\r\n\r\n");
            while written.is_ok() {
                written = stream.write_all(&part);
            }
        }
    });
    url
}

/// Of a refusal only the beginning is read, and memory holds no more of a success than is promised.
#[test]
fn an_endless_answer_ends() {
    for output in ["human", "json"] {
        let url = endless("403 Forbidden");
        let refused = run(
            &["call", &url, "--access-token", "-", "--output", output],
            TOKEN,
        );
        assert_eq!(refused.status.code(), Some(5), "{output}");
        assert!(refused.stdout.len() < 300 * 1024);
    }
    let url = endless("200 OK");
    let output = run(
        &["call", &url, "--access-token", "-", "--output", "json"],
        TOKEN,
    );
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("longer than 64 MiB") && said.contains("-o FILE"),
        "{said}"
    );
}
