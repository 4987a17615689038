use local_events::Clock;

use crate::error::AuthorityError;
use crate::grants::{PollInterval, RefreshTokens};
use crate::parameters::Parameters;
use crate::{Authority, Directory, KeyRing, Parts};

const API: &str = "2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d11";
const CLIENT: &str = "c41d7e95-06fb-4a38-8d2e-b7390f5a6e22";

/// How Entra's answer is known.
#[derive(Debug, Clone, Copy)]
enum Source {
    Captured(&'static str),
    Documented(&'static str),
    Reported(&'static str),
}
use Source::{Captured, Documented, Reported};

impl Source {
    fn place(self) -> &'static str {
        match self {
            Captured(place) | Documented(place) | Reported(place) => place,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Served,
    /// AADSTS9010010, before anybody signs in.
    Mismatch,
    /// AADSTS650053 that names Microsoft Graph, after the sign-in.
    NotGraphs,
    /// AADSTS70011.
    Combined,
}
use Answer::{Combined, Mismatch, NotGraphs, Served};

/// Microsoft's page "Secure an MCP server with Microsoft Entra ID".
const PAGE: Source = Documented("entra/agent-id/secure-mcp-server-with-entra-id");

/// Identifier URIs of the API, `resource`, `scope`, Entra's answer, and where it is known from.
/// `<id>` is the API's client id.
type Row = (
    &'static [&'static str],
    &'static str,
    &'static str,
    Answer,
    Source,
);

#[rustfmt::skip] // a table: one line a pair
const ROWS: &[Row] = &[
    (&["api://<id>", "https://host.example/api/mcp"], "https://host.example/api/mcp", "mcp.read", Mismatch, Captured("anthropics/claude-ai-mcp#514")),
    (&["api://<id>", "https://host.example/api/mcp"], "api://<id>", "mcp.read", Mismatch, Captured("anthropics/claude-ai-mcp#514")),
    (&["api://<id>", "https://host.example/api/mcp"], "api://<id>/", "mcp.read", Mismatch, Captured("anthropics/claude-ai-mcp#514")),
    (&["api://<id>", "https://host.example/api/mcp"], "", "mcp.read", NotGraphs, Captured("anthropics/claude-ai-mcp#514, claude-code#73460")),
    (&["https://mcp.example/api/mcp"], "https://mcp.example/api/mcp", "mcp.read mcp.write", Mismatch, Captured("anthropics/claude-ai-mcp#977")),
    (&["https://mcp.example/api/mcp"], "https://mcp.example/api/mcp", "https://mcp.example/api/mcp/mcp.read", Served, Captured("anthropics/claude-ai-mcp#977")),
    (&["api://<id>"], "https://host.example/mcp", "api://<id>/mcp.read", Mismatch, Captured("kirodotdev/Kiro#10437, claude-code#73460")),
    (&["api://<id>"], "https://host.example/mcp", "api://<id>/mcp.read offline_access", Mismatch, Captured("microsoft/vscode#321249")),
    (&["api://domain.example/<id>"], "", "api://domain.example/<id>/mcp.read", Served, Reported("anomalyco/opencode#12308")),
    (&["api://domain.example/<id>"], "https://domain.example/mcp/", "api://domain.example/<id>/mcp.read", Mismatch, Captured("anomalyco/opencode#12308")),
    // Whichever of the URIs names the scope.
    (&["api://domain.example/<id>", "https://app.example/mcp"], "https://app.example/mcp", "api://domain.example/<id>/mcp.read", Served, Reported("anomalyco/opencode#12308")),
    (&["https://app.example/mcp"], "https://app.example/mcp/", "https://app.example/mcp/mcp.read", Mismatch, Reported("anomalyco/opencode#12308")),
    (&["https://mcp.contoso.example"], "https://mcp.contoso.example/", "https://mcp.contoso.example/mcp.read", Mismatch, PAGE),
    (&["https://mcp.contoso.example"], "https://mcp.contoso.example", "https://mcp.contoso.example/mcp.read", Served, PAGE),
    (&["https://a.example", "https://a.example/mcp", "https://b.example"], "https://b.example", "https://a.example/mcp/mcp.read", Served, PAGE),
    (&["https://a.example", "https://a.example/mcp", "https://b.example"], "https://a.example", "https://b.example/mcp.read", Served, PAGE),
    (&["https://mcp.contoso.example"], "https://MCP.contoso.example", "https://mcp.contoso.example/mcp.read", Mismatch, PAGE),
    // Another application's scope: here Azure Resource Manager's.
    (&["https://a.example"], "https://a.example", "https://management.azure.com/user_impersonation", Mismatch, PAGE),
    (&[], "https://host.example/mcp", "<id>/mcp.read", Mismatch, Reported("CyberDrain/CIPP#351")),
    (&["https://localhost:7026"], "https://localhost:7026/", "https://localhost:7026/mcp.read", Mismatch, Reported("modelcontextprotocol/inspector#927")),
    // A path below the identifier URI.
    (&["https://mcp.dev.example"], "https://mcp.dev.example/org", "https://mcp.dev.example/mcp.read", Mismatch, Captured("microsoft/azure-devops-mcp#1531")),
    (&["https://mcp.dev.example"], "https://mcp.dev.example/org", "https://mcp.dev.example/.default", Mismatch, Captured("microsoft/azure-devops-mcp#1511")),
    (&["https://mcp.dev.example"], "https://mcp.dev.example", "https://mcp.dev.example/.default", Served, Reported("microsoft/azure-devops-mcp#1601")),
    (&["api://<id>"], "https://host.example/mcp", "openid profile email offline_access", Mismatch, Reported("claude-code#52871")),
    (&["api://<id>"], "", "openid profile email offline_access", Served, Documented("scopes-oidc")),
    (&["api://<id>"], "https://host.azurewebsites.example/", "api://<id>/mcp.read", Mismatch, Captured("claude-code#73460, #76096")),
    (&["api://<id>"], "", "api://<id>/mcp.read api://<id>/.default", Combined, Captured("github/copilot-cli#4464")),
];

/// In a folder that has the keys already, or gets them.
fn authority(folder: &std::path::Path, identifier_uris: &[&str]) -> Authority {
    let scope =
        |id: &str, value: &str| format!(r#"{{"id":"{id}","value":"{value}","isEnabled":true}}"#);
    let api = format!(
        r#"{{"appId":"{API}","identifierUris":{identifier_uris:?},"api":{{"oauth2PermissionScopes":[{},{}]}}}}"#,
        scope("1", "mcp.read"),
        scope("2", "mcp.write")
    )
    .replace("<id>", API);
    let client = format!(r#"{{"appId":"{CLIENT}"}}"#);
    let source = |text| crate::Source {
        name: "a file".to_owned(),
        text,
    };
    let sources = crate::Sources {
        api: source(api),
        client: source(client),
        more: Vec::new(),
        users: None,
    };
    Authority::new(Parts {
        directory: Directory::new("t", "greeting.test", &sources).unwrap(),
        keys: KeyRing::load_or_create(folder, 0).unwrap(),
        daemon: None,
        origin: "https://localhost:1".into(),
        pages: "https://localhost:1".into(),
        clock: Clock::default(),
        refresh_tokens: RefreshTokens::default(),
        auto_approve: None,
        poll_interval: PollInterval::ENTRA,
    })
}

fn answer(authority: &Authority, resource: &str, scope: &str) -> Answer {
    let pairs = vec![("resource".to_owned(), resource.replace("<id>", API))];
    let parameters = Parameters::new(pairs).unwrap();
    let asked = match authority.asked(CLIENT, &scope.replace("<id>", API)) {
        Ok(asked) => asked,
        Err(AuthorityError::DefaultCombined(_)) => return Combined,
        Err(error) => panic!("{error:?}"),
    };
    match authority.check_resource(&parameters, &asked) {
        Ok(()) => {}
        Err(AuthorityError::ResourceMismatch) => return Mismatch,
        Err(error) => panic!("{error:?}"),
    }
    match authority.check_defined(&asked) {
        Ok(()) => Served,
        Err(AuthorityError::ScopeUndefined { resource, .. }) => {
            assert_eq!(resource, crate::resources::GRAPH);
            NotGraphs
        }
        Err(error) => panic!("{error:?}"),
    }
}

#[test]
fn item_3_resource_and_scopes_are_compared_as_entra_compares_them() {
    assert!(ROWS.len() >= 20);
    let folder = tempfile::tempdir().unwrap();
    for (uris, resource, scope, expected, source) in ROWS {
        let seen = answer(&authority(folder.path(), uris), resource, scope);
        assert!(!source.place().is_empty());
        assert_eq!(seen, *expected, "{uris:?} {resource} {scope}: {source:?}");
    }
}

#[test]
fn item_3_a_trailing_slash_is_refused_until_the_switch_is_turned() {
    let folder = tempfile::tempdir().unwrap();
    let authority = authority(folder.path(), &["https://app.example/mcp"]);
    let scope = "https://app.example/mcp/mcp.read";
    let see = |resource: &str| answer(&authority, resource, scope);
    assert_eq!(see("https://app.example/mcp/"), Mismatch);
    authority.change_policy(|policy| policy.resource_slash = false);
    assert_eq!(see("https://app.example/mcp/"), Served);
    assert_eq!(see("https://app.example/mcp//"), Mismatch);
    assert_eq!(see("https://app.example/other"), Mismatch);
}
