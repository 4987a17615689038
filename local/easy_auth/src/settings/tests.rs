use local_failure::Failure;
use local_http::serve::Scheme;
use serde_json::json;

use super::values::Span;
use super::*;

const API: &str = "2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d11";

/// The shipped settings, in a tenant of this machine.
fn shipped() -> String {
    include_str!("../../../../deploy/authsettingsV2.json")
        .replace("<authority-host>", "localhost:7443")
        .replace("<tenant-id>", "6d3c1f0a-8b52-4e7d-9f41-2c5a7be01d93")
        .replace("<cli-client-id>", "c41d7e95-06fb-4a38-8d2e-b7390f5a6e22")
        .replace("<client-id>", API)
}

fn parse(text: &str) -> Result<Settings, Failure> {
    Settings::parse(text, "test.json")
}

#[test]
fn the_shipped_settings_are_understood() {
    let settings = parse(&shipped()).unwrap();
    assert_eq!(
        settings.global_validation.require_authentication,
        Some(true)
    );
    assert_eq!(
        settings.provider().validation.allowed_audiences,
        [format!("api://{API}")]
    );
    // Without a list, or with an empty one, Azure may store one that allows no one.
    assert_eq!(
        settings
            .provider()
            .validation
            .default_authorization_policy
            .allowed_applications,
        [
            "c41d7e95-06fb-4a38-8d2e-b7390f5a6e22",
            "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
        ]
    );
}

/// A file of another form is refused with the line that gets the settings.
#[test]
fn the_v1_settings_and_an_empty_file_are_refused_with_the_line_to_use() {
    let v1 = r#"{"enabled": true, "clientId": "api", "issuer": "https://a/t", "tokenStoreEnabled": null}"#;
    for (text, why) in [
        (v1, "v1 settings"),
        ("", "it is empty"),
        ("\n", "it is empty"),
    ] {
        let said = parse(text).err().unwrap().to_string();
        for part in [why, "test.json", settings_file::GET] {
            assert!(said.contains(part), "{said}");
        }
    }
}

#[test]
fn the_shipped_schema_is_generated_from_the_types() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../deploy/authsettingsV2.schema.json"
    );
    let text = format!("{}\n", serde_json::to_string_pretty(&schema()).unwrap());
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(path).unwrap(),
        text,
        "write it again: BLESS=1 cargo test -p local-easy-auth the_shipped_schema"
    );
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let shipped = serde_json::from_str(&shipped()).unwrap();
    assert!(validator.is_valid(&shipped));
    assert!(!validator.is_valid(&json!({"platfrom": {}})));
}

#[test]
fn what_azure_answers_is_read() {
    // The whole resource, with nulls for what is not set and the providers that are not set up.
    let settings = parse(
        r#"{"id": "/subscriptions/x", "name": "authsettingsV2", "type": "Microsoft.Web/sites/config",
        "location": "West Europe", "properties": {
          "platform": {"enabled": true, "runtimeVersion": "~1", "configFilePath": null},
          "globalValidation": {"requireAuthentication": true,
            "unauthenticatedClientAction": "Return401", "redirectToProvider": "azureactivedirectory"},
          "identityProviders": {
            "azureActiveDirectory": {"enabled": true, "isAutoProvisioned": false,
              "registration": {"openIdIssuer": "https://login.example/t/v2.0", "clientId": "api",
                "clientSecretSettingName": null, "clientSecretCertificateThumbprint": null},
              "login": {"disableWWWAuthenticate": true, "loginParameters": ["domain_hint=x"]},
              "validation": {"jwtClaimChecks": {}, "allowedAudiences": ["api://api"],
                "defaultAuthorizationPolicy": {"allowedPrincipals": {}}}},
            "facebook": {"enabled": true, "registration": {}, "login": {}},
            "google": {"enabled": true, "registration": {}, "login": {}, "validation": {}},
            "legacyMicrosoftAccount": {"enabled": true, "validation": {"allowedAudiences": []}}},
          "login": {"tokenStore": {"enabled": true, "tokenRefreshExtensionHours": 48.0,
              "fileSystem": {}, "azureBlobStorage": {}},
            "cookieExpiration": {"convention": "FixedTime", "timeToExpiration": "1.02:03:04"},
            "nonce": {"validateNonce": true, "nonceExpirationInterval": "00:05:00"}},
          "httpSettings": {"requireHttps": true, "routes": {"apiPrefix": "/auth"},
            "forwardProxy": {"convention": "NoProxy"}}}}"#,
    )
    .unwrap();
    assert!(settings.provider().login.disable_www_authenticate);
    let life = settings.login.cookie_expiration.time_to_expiration;
    assert_eq!(life, Span(26 * 3600 + 3 * 60 + 4));
    // What the app gets of it can be read again.
    let told = serde_json::to_string(&settings).unwrap();
    assert!(told.contains("\"1.02:03:04\""), "{told}");
    parse(&told).unwrap();
}

/// `auth.json`, as Microsoft's reference of file-based configuration writes it.
#[test]
fn the_file_based_form_is_read() {
    let file = |action: &str, hours: &str| {
        format!(
            r#"{{"platform": {{"enabled": true}},
            "globalValidation": {{"unauthenticatedClientAction": "{action}",
              "redirectToProvider": "azureActiveDirectory", "excludedPaths": ["/open"]}},
            "login": {{"tokenStore": {{"enabled": true, "tokenRefreshExtensionHours": {hours}}},
              "cookieExpiration": {{"convention": "IdentityDerived", "timeToExpiration": "08:00:00"}}}},
            "identityProviders": {{"azureActiveDirectory": {{"enabled": true,
              "registration": {{"openIdIssuer": "https://login.example/t/v2.0", "clientId": "api"}},
              "validation": {{"allowedAudiences": ["api://api"]}}}},
              "openIdConnectProviders": {{}}}}}}"#
        )
    };
    let settings = parse(&file("RejectWith401", "\"48.5\"")).unwrap();
    assert_eq!(
        settings.global_validation.unauthenticated_client_action,
        UnauthenticatedAction::Return401
    );
    assert_eq!(
        settings.login.cookie_expiration.convention,
        CookieConvention::IdentityProviderDerived
    );
    let hours = settings.login.token_store.token_refresh_extension_hours;
    assert!((hours - 48.5).abs() < f64::EPSILON, "{hours}");
    for (action, hours, says) in [
        ("RejectWith405", "1", "RejectWith405"),
        ("Return401", "\"soon\"", "tokenRefreshExtensionHours"),
    ] {
        let failure = parse(&file(action, hours)).unwrap_err().to_string();
        assert!(failure.contains(says), "{failure}");
    }
}

#[test]
fn what_has_no_meaning_is_refused_by_name() {
    let off = |members: &str| format!(r#"{{"platform":{{"enabled":false}},{members}}}"#);
    for (text, names) in [
        (
            off(r#""globalValidation":{"requireAuthentication":"yes"}"#),
            "globalValidation.requireAuthentication: invalid type",
        ),
        (
            off(r#""globalValidation":{"unauthenticatedClientAction":"Return500"}"#),
            "Return500",
        ),
        (
            off(r#""login":{"cookieExpiration":{"timeToExpiration":"8 hours"}}"#),
            "login.cookieExpiration.timeToExpiration",
        ),
        (
            off(r#""login":{"tokenStore":{"tokenRefreshExtensionHours":-1}}"#),
            "tokenRefreshExtensionHours",
        ),
        (
            off(r#""httpSettings":{"forwardProxy":{"convention":"custom","customHostHeaderName":"x host"}}"#),
            "customHostHeaderName",
        ),
        (
            off(r#""httpSettings":{"routes":{"apiPrefix":"auth"}}"#),
            "httpSettings.routes.apiPrefix",
        ),
        (
            off(r#""globalValidation":{"excludedPaths":["/a*b"]}"#),
            "/a*b",
        ),
        (r#"{"platform":{"enabled":true}}"#.to_owned(), "clientId"),
        (
            r#"{"identityProviders":{"azureActiveDirectory":{"registration":{"clientId":"a","openIdIssuer":"http://login.example/t/v2.0"}}}}"#
                .to_owned(),
            "not an https URL",
        ),
        ("{".to_owned(), "not JSON"),
        ("[]".to_owned(), "the document is not an object"),
        (off(r#""httpSettings":{"routes":["/x"]}"#), "httpSettings.routes is not an object"),
    ] {
        let error = parse(&text).unwrap_err().to_string();
        assert!(error.contains(names), "{error} does not name {names}");
        assert!(error.contains("test.json"), "{error}");
    }
}

#[test]
fn excluded_paths_are_exact_or_a_prefix() {
    let settings = parse(
        r#"{"platform":{"enabled":false},"globalValidation":{"excludedPaths":["/health","/open/*"]}}"#,
    )
    .unwrap();
    for (path, excluded) in [
        ("/health", true),
        ("/health/", false),
        ("/healthy", false),
        ("/open/a", true),
        ("/open", false),
        ("/opening", false),
        ("/open/../api/greeting", false),
        ("/open/%2e%2e/api/greeting", false),
        ("/api/greeting", false),
    ] {
        assert_eq!(settings.is_excluded(path), excluded, "{path}");
    }
}

#[test]
fn what_will_surprise_is_said() {
    let base = |more: &str| {
        parse(&format!(
            r#"{{"identityProviders":{{"azureActiveDirectory":{{"registration":
            {{"clientId":"a","openIdIssuer":"https://login.example/common/v2.0"}},"validation":{{"jwtClaimChecks":{{{more}}}}}}}}}}}"#
        ))
        .unwrap()
        .warnings(Scheme::Http)
        .join("\n")
    };
    let said = base(r#""allowedClientApplications":[]"#);
    for word in [
        "allowedClientApplications",
        "names no tenant",
        "requireAuthentication is not set",
        "requireHttps",
    ] {
        assert!(said.contains(word), "{said}");
    }
    assert!(!base("").contains("allowedClientApplications"));
    let proxy = r#"{"httpSettings":{"forwardProxy":{"customHostHeaderName":"x-host"}},
        "login": {"zzz": 1, "tokenStore": {"fileSystem": {"directory": "/x"}}},
        "identityProviders":{"azureActiveDirectory":{"registration":{"clientId":"a",
        "openIdIssuer":"https://login.example/t/v2.0","clientSecretCertificateThumbprint":"AB"}}}}"#;
    let said = parse(proxy).unwrap().warnings(Scheme::Http).join("\n");
    for word in [
        "customHostHeaderName has no effect",
        "login.zzz is not known",
        "login.tokenStore.fileSystem is left out",
        "clientSecretCertificateThumbprint is left out",
    ] {
        assert!(said.contains(word), "{said}");
    }
}
