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

#[test]
fn each_shell_reads_back_what_was_quoted() {
    for (shell, line) in [
        (Shell::Bash, r"export A='it'\''s \ $HOME'"),
        (Shell::Zsh, r"export A='it'\''s \ $HOME'"),
        (Shell::Fish, r"set -gx A 'it\'s \\ $HOME'"),
        (Shell::Powershell, r"$env:A = 'it''s \ $HOME'"),
    ] {
        assert_eq!(assignment(shell, "A", r"it's \ $HOME"), line);
    }
}

#[test]
fn the_usual_shell_is_the_persons() {
    for (shell, expected) in [
        ("/usr/bin/fish", Shell::Fish),
        ("/bin/zsh", Shell::Zsh),
        ("/bin/bash", Shell::Bash),
        ("/bin/dash", Shell::Bash),
        ("/opt/microsoft/powershell/7/pwsh", Shell::Powershell),
    ] {
        assert_eq!(usual_shell(Some(shell)), expected, "{shell}");
    }
}

#[test]
fn a_real_tenants_clients_keep_the_systems_trust() {
    let clients = [None, Some(Client::Az), Some(Client::MsalPython)];
    for client in clients {
        let lines = tenant_lines(Shell::Bash, client, &ready()).join("\n");
        assert!(lines.starts_with("export GREETING_URL='http://localhost:1/api/greeting'"));
        for name in [
            "SSL_CERT_FILE",
            "CA_BUNDLE",
            "NODE_EXTRA_CA_CERTS",
            "az cloud",
        ] {
            assert!(!lines.contains(name), "{name}: {lines}");
        }
        let is_az = client == Some(Client::Az);
        assert_eq!(
            lines.contains("# az login --tenant t --scope api://a/Greeting.Read"),
            is_az
        );
        assert_eq!(lines.contains("export AZURE_TENANT_ID='t'"), !is_az);
    }
    let mut https = ready();
    https.function_url = "https://localhost:1/".into();
    assert!(
        tenant_lines(Shell::Bash, None, &https)
            .join("")
            .contains("trust /it's/ca.pem")
    );
}

#[test]
fn every_line_is_a_statement_or_a_comment() {
    let clients = [
        None,
        Some(Client::Az),
        Some(Client::MsalPython),
        Some(Client::MsalNode),
        Some(Client::AzureIdentity),
    ];
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::Powershell] {
        for client in clients {
            for line in lines(shell, client, &ready(), Path::new("/state")) {
                let known = ["export ", "set -gx ", "$env:", "# ", "az cloud update "]
                    .iter()
                    .any(|start| line.starts_with(start));
                assert!(known && !line.contains('\n'), "{line}");
            }
        }
    }
}
