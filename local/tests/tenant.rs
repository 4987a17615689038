//! `up --tenant`: a real tenant's tokens at the local gate. A second `greeting-local` stands for
//! the real authority: another process, another CA, other keys.

mod harness;

use harness::{GREETING, Up, program};
use serde_json::json;

const AZURE_CLI: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

/// The gate of `real`'s tenant, elsewhere.
fn gate(real: &Up, more: &[&str]) -> Up {
    let mut arguments = vec![
        "--tenant",
        real.text("tenant_id"),
        "--authority-host",
        real.text("authority_host"),
    ];
    arguments.extend(more);
    Up::of_tenant(&arguments, &[("SSL_CERT_FILE", real.text("ca_cert"))])
}

#[tokio::test]
async fn a_real_tenants_tokens_open_the_local_gate() {
    let real = Up::start(&[]);
    let gate = gate(&real, &["--client-id", real.text("api_client_id")]);
    // As the Azure CLI, which is whom people sign in as there unless --cli-client-id says otherwise.
    let greeted = gate.call_with(&real.mint(&["--client", AZURE_CLI])).await;
    assert_eq!(greeted.status(), 200);
    assert_eq!(greeted.text().await.unwrap(), GREETING);
    for (defect, expected) in [
        (&["--expired"][..], 401),
        (&["--audience", "https://graph.microsoft.com"], 401),
        (&["--bad-signature"], 401),
        (&["--unknown-key"], 401),
        (&["--alg", "none"], 401),
        (&["--client", AZURE_CLI, "--no-scope"], 403),
        // A client of the local tenant, which the settings' list does not have there.
        (&[], 403),
    ] {
        let answer = gate.call_with(&real.mint(defect)).await;
        assert_eq!(answer.status(), expected, "{defect:?}");
    }
    // Another authority's, of the same tenant id, is a stranger's.
    let stranger = Up::start(&[]);
    assert_eq!(gate.call_with(&stranger.mint(&[])).await.status(), 401);

    let challenge = gate.call(&[]).await.headers()["www-authenticate"]
        .to_str()
        .unwrap()
        .to_owned();
    let issuer = format!("{}/{}", real.text("authority_host"), real.text("tenant_id"));
    assert!(
        challenge.contains(&format!(
            "authorization_uri=\"{issuer}/oauth2/v2.0/authorize\""
        )),
        "{challenge}"
    );
    for key in ["authority_host", "tenant_id", "api_client_id", "scope"] {
        assert_eq!(gate.text(key), real.text(key), "{key}");
    }
    assert_eq!(gate.text("cli_client_id"), AZURE_CLI);
}

#[tokio::test]
async fn what_is_of_the_local_authority_says_that_there_is_none() {
    let real = Up::start(&[]);
    // The client id stands in the settings' file, too.
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("settings.json");
    let text = json!({"identityProviders": {"azureActiveDirectory": {"registration": {
        "openIdIssuer": "https://<authority-host>/<tenant-id>/v2.0", "clientId": real.text("api_client_id")}}}});
    std::fs::write(&settings, text.to_string()).unwrap();
    let gate = gate(&real, &["--settings", settings.to_str().unwrap()]);
    assert_eq!(gate.call_with(&real.mint(&[])).await.status(), 200);

    // Without a scope az asks for a token of Azure Resource Manager's.
    let token = format!(
        "az account get-access-token --tenant {} --scope {} ",
        gate.text("tenant_id"),
        gate.text("scope")
    );
    for (command, arguments) in [
        ("approve", &["ABCDEFGHJ"][..]),
        ("mint", &[]),
        ("policy", &[]),
        ("rotate-keys", &[]),
    ] {
        let output = gate.run(command, arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{command}: {said}");
        let expected = format!("greeting-local {command} is for the local authority");
        assert!(said.contains(&expected) && said.contains(&token), "{said}");
        assert!(output.stdout.is_empty());
    }
    let log = gate.run("log", &[]);
    assert!(
        String::from_utf8_lossy(&log.stdout).contains("200 passed"),
        "{log:?}"
    );
    let env = gate.run("env", &["--shell", "bash"]);
    let env = String::from_utf8_lossy(&env.stdout);
    let host = real.text("authority_host");
    assert!(
        env.contains(&format!("export AZURE_AUTHORITY_HOST='{host}'")),
        "{env}"
    );
    assert!(
        !env.contains("SSL_CERT_FILE"),
        "the system's CAs would be gone: {env}"
    );
}

#[test]
fn a_tenant_that_is_not_reached_is_an_error_with_its_cause() {
    let real = Up::start(&[]);
    let (host, ca) = (real.text("authority_host"), real.text("ca_cert"));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("https://localhost:{}", taken.local_addr().unwrap().port());
    drop(taken);
    let client_id = ["--client-id", real.text("api_client_id")];
    let tenant = real.text("tenant_id");
    let other = "6d3c1f0a-8b52-4e7d-9f41-2c5a7be01d94";
    for (tenant, host, trust, proxy, more, says) in [
        (
            tenant,
            nobody.as_str(),
            ca,
            "",
            &client_id[..],
            "onnection refused",
        ),
        (tenant, host, "", "", &client_id, "certificate"),
        (other, host, ca, "", &client_id, "400 Bad Request"),
        (
            tenant,
            "https://login.example",
            ca,
            &nobody,
            &client_id,
            "onnection refused",
        ),
        (tenant, host, ca, "", &[], "--client-id"),
    ] {
        let state = tempfile::tempdir().unwrap();
        let mut command = program();
        command
            .args([
                "up",
                "--port",
                "0",
                "--tenant",
                tenant,
                "--authority-host",
                host,
            ])
            .args(more)
            .arg("--state-dir")
            .arg(state.path());
        if !trust.is_empty() {
            command.env("SSL_CERT_FILE", trust);
        }
        if !proxy.is_empty() {
            command.env("HTTPS_PROXY", proxy);
        }
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(says), "{says} is not in {said}");
        assert!(said.contains("fix  "), "{said}");
    }
}

#[test]
fn arguments_that_contradict_each_other_are_usage_errors() {
    for arguments in [
        &["--tenant", "common"][..],
        &["--client-id", "2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d11"],
        &["--authority-host", "https://login.microsoftonline.us"],
        &[
            "--tenant",
            "contoso.com",
            "--auto-approve",
            "alice@greeting.test",
        ],
        &["--tenant", "contoso.com", "--authority-port", "0"],
        &["--tenant", "contoso.com", "--client-id", "x"],
        &[
            "--tenant",
            "contoso.com",
            "--authority-host",
            "http://login.example",
        ],
    ] {
        let output = program().arg("up").args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
    }
}
