use super::form::for_shell;
use super::statements::assignment;
use super::*;

fn ready() -> Ready {
    Ready {
        function_url: "http://localhost:1/api/greeting".into(),
        authority_host: "https://localhost:2".into(),
        tenant_id: "t".into(),
        api_client_id: "a".into(),
        cli_client_id: "c".into(),
        scope: "api://a/Greeting.Read".into(),
        ca_cert: "/it's/ca.pem".into(),
    }
}

/// No client, and each of them.
fn clients() -> impl Iterator<Item = Option<Client>> {
    let each = Client::value_variants().iter().copied().map(Some);
    std::iter::once(None).chain(each)
}

#[test]
fn each_shell_reads_back_what_was_quoted() {
    for (shell, line) in [
        (Shell::Bash, r"export A='it'\''s \ $HOME'"),
        (Shell::Zsh, r"export A='it'\''s \ $HOME'"),
        (Shell::Fish, r"set -gx A 'it\'s \\ $HOME'"),
        (Shell::Powershell, r"$env:A = 'it''s \ $HOME'"),
        (Shell::Cmd, r#"set "A=it's \ $HOME""#),
        (Shell::Nushell, r#"$env.A = "it's \\ $HOME""#),
    ] {
        assert_eq!(assignment(shell, "A", r"it's \ $HOME"), line);
    }
}

#[test]
fn a_real_tenants_clients_keep_the_systems_trust() {
    for client in clients() {
        let lines = for_shell(Shell::Bash, &tenant_lines(Shell::Bash, client, &ready()));
        let said = lines.join("\n");
        assert!(said.starts_with("export GREETING_URL='http://localhost:1/api/greeting'"));
        let set = lines.iter().filter(|line| !line.starts_with('#'));
        let lines = set.map(String::as_str).collect::<Vec<_>>().join("\n");
        for name in [
            "SSL_CERT_FILE",
            "CA_BUNDLE",
            "NODE_EXTRA_CA_CERTS",
            "JAVA_TOOL_OPTIONS",
            "az cloud",
        ] {
            assert!(!lines.contains(name), "{name}: {lines}");
        }
        let is_az = client == Some(Client::Az);
        assert_eq!(
            said.contains("# az login --tenant t --scope api://a/Greeting.Read"),
            is_az
        );
        assert_eq!(lines.contains("export AZURE_TENANT_ID='t'"), !is_az);
    }
    let mut https = ready();
    https.function_url = "https://localhost:1/".into();
    assert!(
        for_shell(Shell::Bash, &tenant_lines(Shell::Bash, None, &https))
            .join("")
            .contains("trust /it's/ca.pem")
    );
}

#[test]
fn every_line_is_a_statement_or_a_comment() {
    for shell in Shell::value_variants().iter().copied() {
        for client in clients() {
            let lines = lines(shell, client, &ready(), Path::new("/state"));
            for line in for_shell(shell, &lines) {
                let known = [
                    "export ",
                    "set -gx ",
                    "$env:",
                    "$env.",
                    "set \"",
                    "# ",
                    "rem ",
                    "az cloud update ",
                    "call az cloud update ",
                    "if (az cloud update ",
                ]
                .iter()
                .any(|start| line.starts_with(start));
                assert!(known && !line.contains('\n'), "{line}");
            }
        }
    }
}

/// The JVM splits at blanks, and takes a quote of the other kind between quotes.
#[test]
fn a_truststore_may_be_anywhere() {
    for (path, option) in [
        ("/a b/java", "-Djavax.net.ssl.trustStore='/a b/java'"),
        (
            "/it's/java",
            r#"-Djavax.net.ssl.trustStore='/it'"'"'s/java'"#,
        ),
        (r"C:\a\java", r"-Djavax.net.ssl.trustStore='C:\a\java'"),
    ] {
        assert_eq!(java_options(path), option);
    }
}

/// `BLESS=1 cargo test -p greeting-local --bin greeting-local environment` accepts what is printed.
#[test]
fn each_client_is_told_what_was_found_to_work() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/environment/snapshots");
    for client in Client::value_variants() {
        let value = client.to_possible_value().unwrap();
        let path = Path::new(folder).join(format!("{}.snap", value.get_name()));
        let ready = Ready {
            ca_cert: "/a state/ca.pem".into(),
            ..ready()
        };
        let printed = lines(Shell::Bash, Some(*client), &ready, Path::new("/a state"));
        let printed = for_shell(Shell::Bash, &printed).join("\n") + "\n";
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, &printed).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(kept.replace("\r\n", "\n"), printed, "{}", path.display());
    }
}
