//! What never answers is not waited for without end.
#![cfg(all(target_os = "linux", feature = "secret-service"))]
mod harness;

use std::os::unix::net::UnixListener;

use harness::{Server, TOKEN, answer, challenge, cli, finish};
use serde_json::json;

/// A session bus that takes connections and says nothing: so does a locked-up key store.
#[test]
fn point_15_a_key_store_that_never_answers_holds_neither_call_nor_logout() {
    let state = tempfile::tempdir().unwrap();
    let bus = state.path().join("bus");
    let _listener = UnixListener::bind(&bus).unwrap();
    let server = Server::new(|request, own| {
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
            return answer("200 OK", "Hello, world.");
        }
        challenge(own, "r")
    });
    let run = |arguments: &[&str]| {
        let mut command = cli(state.path(), arguments);
        command.env_remove("GREETING_KEY_STORE").env(
            "DBUS_SESSION_BUS_ADDRESS",
            format!("unix:path={}", bus.display()),
        );
        let output = finish(command, "");
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{said}");
        (String::from_utf8(output.stdout).unwrap(), said)
    };
    let (greeting, said) = run(&["call", &server.url]);
    assert_eq!(greeting, "Hello, world.");
    assert!(said.contains("the key store does not answer"), "{said}");
    // The file has it: nobody signs in again.
    let (greeting, said) = run(&["call", &server.url]);
    assert_eq!(greeting, "Hello, world.");
    assert!(!said.contains("sign in"), "{said}");
    let (_, said) = run(&["logout"]);
    assert!(said.contains("deleted every kept token"), "{said}");
}
