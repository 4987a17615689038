//! Which scope is asked for: the caller's, else the challenge's or the metadata's, else the
//! greeting's. None of them answers whether the API is trusted, but one that names it.

mod harness;

use harness::{Server, answer, challenge, first, run};
use serde_json::{Value, json};

const API: &str = "2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d11";

/// An API and its authority in one: the API's challenge goes on with `more`, and the authority
/// gives no code for a sign-in.
fn api(more: &'static str, metadata: Value) -> Server {
    Server::new(move |request, own| {
        if request.starts_with("POST ") {
            let refused =
                json!({"error": "invalid_request", "error_description": "AADSTS9999999: x"});
            return answer("400 Bad Request", &refused.to_string());
        }
        if request.starts_with("GET /.well-known/oauth-protected-resource ") {
            let mut metadata = metadata.clone();
            metadata["resource"] = json!(own);
            metadata["authorization_servers"] = json!([format!("{own}/t/v2.0")]);
            return answer("200 OK", &metadata.to_string());
        }
        let more = more.replace("OWN", own);
        let named =
            format!("authorization_uri=\"{own}/t/oauth2/v2.0/authorize\" resource_id=\"{API}\"");
        let challenge = more.replace("EASY-AUTH", &named);
        answer(
            &format!("401 Unauthorized\r\nWWW-Authenticate: Bearer {challenge}"),
            "",
        )
    })
}

/// The scopes of the API that a sign-in is started for.
fn asked(server: &Server, more: &[&str]) -> String {
    let call = [
        "call",
        &server.url,
        "--credential",
        "device-code",
        "--no-cache",
    ];
    run(&[&call[..], more].concat(), "");
    let requests = server.asked();
    let form = requests
        .iter()
        .rfind(|it| it.starts_with("POST /t/oauth2/v2.0/devicecode "));
    let form = form.unwrap_or_else(|| panic!("{requests:?}"));
    let body = form.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let scope = url::form_urlencoded::parse(body.as_bytes()).find(|(name, _)| name == "scope");
    let scope = scope
        .map(|(_, scope)| scope.into_owned())
        .unwrap_or_default();
    scope.replace(" openid profile offline_access", "")
}

const METADATA: &str = "resource_metadata=\"OWN/.well-known/oauth-protected-resource\"";

#[test]
fn the_scope_is_the_callers_else_the_challenges_else_the_metadatas_else_the_greetings() {
    let of_api = |name: &str| format!("api://{API}/{name}");
    let nothing = || json!({});
    let todo = || json!({"scopes_supported": ["openid", format!("api://{API}/Todo.Read")]});
    let easy_auth = "EASY-AUTH";
    let with_metadata: &str = Box::leak(format!("EASY-AUTH {METADATA}").into_boxed_str());
    let with_both: &str =
        Box::leak(format!("EASY-AUTH scope=\"Todo.Write\" {METADATA}").into_boxed_str());
    let bare: &str =
        Box::leak(format!("{METADATA}, scope=\"Todo.Write Todo.Read\"").into_boxed_str());
    for (challenge, metadata, arguments, scope) in [
        (easy_auth, nothing(), &[][..], of_api("Greeting.Read")),
        (
            easy_auth,
            nothing(),
            &["--scope", "Todo.Read"],
            of_api("Todo.Read"),
        ),
        (
            easy_auth,
            nothing(),
            &["--scope", ".default"],
            of_api(".default"),
        ),
        (
            easy_auth,
            nothing(),
            &["--scope", "api://x/Y"],
            "api://x/Y".to_owned(),
        ),
        (
            easy_auth,
            nothing(),
            &["--scope", ""],
            of_api("Greeting.Read"),
        ),
        (
            "EASY-AUTH scope=\"Todo.Read\"",
            nothing(),
            &[],
            of_api("Todo.Read"),
        ),
        (
            "EASY-AUTH scope=\"Todo.Read\"",
            nothing(),
            &["--scope", "A"],
            of_api("A"),
        ),
        // Somebody else's API is not asked for by its name in a list.
        (
            "EASY-AUTH scope=\"https://graph.microsoft.com/Mail.Read\"",
            nothing(),
            &[],
            of_api("Mail.Read"),
        ),
        (with_metadata, todo(), &[], of_api("Todo.Read")),
        (
            with_metadata,
            json!({"scopes_supported": ["Todo.Read"]}),
            &[],
            of_api("Todo.Read"),
        ),
        (
            with_metadata,
            json!({"scopes_supported": []}),
            &[],
            of_api("Greeting.Read"),
        ),
        (with_both, todo(), &[], of_api("Todo.Write")),
        (METADATA, todo(), &[], of_api("Todo.Read")),
        (
            bare,
            todo(),
            &[],
            format!("{} {}", of_api("Todo.Write"), of_api("Todo.Read")),
        ),
    ] {
        let server = api(challenge, metadata);
        assert_eq!(
            asked(&server, arguments),
            scope,
            "{challenge} {arguments:?}"
        );
    }
}

/// The environment's counts as the caller's.
#[test]
fn a_bare_name_does_not_answer_whether_the_api_is_trusted() {
    let server = Server::saying(challenge("https://login.microsoftonline.com", API));
    for (scope, code) in [
        ("Todo.Read", "resource-not-confirmed"),
        (".default", "resource-not-confirmed"),
        (&format!("api://{API}/Todo.Read"), "az-missing"),
        (&format!("{API}/.default"), "az-missing"),
    ] {
        let state = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
        let call = [
            "call",
            &server.url,
            "--credential",
            "azure-cli",
            "--output",
            "json",
        ];
        let mut command = harness::cli(state.path(), &call);
        command
            .env("GREETING_SCOPE", scope)
            .env("PATH", state.path());
        assert_eq!(first(&harness::finish(command, "")).1, code, "{scope}");
    }
}
