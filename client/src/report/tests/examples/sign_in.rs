//! Why there is no token.

use url::Url;

use super::{API, AZURE_CLI, OTHER, TENANT, URL, challenge, no_token};
use crate::diagnosis;
use crate::discovery::challenge::Challenge;
use crate::oauth::device_code::AuthorityError;
use crate::provenance::Source;
use crate::report::Report;

fn refused(code: u64, error: &str, sentence: &str) -> Report {
    let scope = format!("api://{API}/Greeting.Read");
    refused_to(AZURE_CLI, &scope, code, error, sentence)
}

fn refused_to(client: &str, scope: &str, code: u64, error: &str, sentence: &str) -> Report {
    let error = AuthorityError {
        error: error.into(),
        error_description: format!(
            "AADSTS{code}: {sentence} Trace ID: 3f0e7a11-0000-4000-8000-000000000001 Correlation ID: 3f0e7a11-0000-4000-8000-000000000002 Timestamp: 2026-11-24 07:00:00Z"
        ),
        error_codes: vec![code],
        trace_id: Some("3f0e7a11-0000-4000-8000-000000000001".into()),
        correlation_id: Some("3f0e7a11-0000-4000-8000-000000000002".into()),
        timestamp: Some("2026-11-24 07:00:00Z".into()),
        ..AuthorityError::default()
    };
    no_token(diagnosis::refusal(&error, client, TENANT, scope))
}

pub(super) fn examples() -> Vec<(&'static str, Report)> {
    let url = Url::parse(URL).unwrap();
    let evil = Challenge {
        authority: "https://login.evil.example".into(),
        ..challenge()
    };
    let graph = Challenge {
        resource: "https://graph.microsoft.com".into(),
        ..challenge()
    };
    let own = |code: u64, error: &str, sentence: &str| {
        refused_to(
            OTHER,
            &format!("api://{API}/Greeting.Read"),
            code,
            error,
            sentence,
        )
    };
    let unusual = |scope: &str| {
        refused_to(
            AZURE_CLI,
            scope,
            500_011,
            "invalid_resource",
            "The resource principal named x was not found in the tenant named Contoso.",
        )
    };
    let mut from_environment = own(
        7_000_218,
        "invalid_client",
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    );
    let finding = from_environment.findings.remove(0);
    from_environment.findings.push(diagnosis::with_client_from(
        finding,
        OTHER,
        Source::Environment,
    ));
    vec![
        // Beside the same codes of the Azure CLI's client.
        (
            "consent-required own client",
            own(
                65001,
                "invalid_grant",
                "The user or administrator has not consented to use the application.",
            ),
        ),
        (
            "mfa-required own client",
            own(
                50076,
                "interaction_required",
                "Due to a configuration change made by your administrator, you must use multi-factor authentication to access the resource.",
            ),
        ),
        ("public-client-off environment", from_environment),
        (
            "unknown-resource App ID URI",
            unusual("api://contoso.com/greeting/Greeting.Read"),
        ),
        (
            "unknown-resource disabled",
            refused(
                500_014,
                "invalid_resource",
                "The service principal for resource 'x' is disabled.",
            ),
        ),
        // The person declined; a provider did.
        (
            "sign-in-declined access_denied",
            refused(
                65004,
                "access_denied",
                "User declined to consent to access the app.",
            ),
        ),
        (
            "authority-refused access_denied",
            refused(
                90123,
                "access_denied",
                "The sign-in was denied by the identity provider.",
            ),
        ),
        (
            "authority-refused in the table",
            refused(50086, "invalid_grant", "SasNonRetryableError"),
        ),
        (
            "resource-mismatch",
            refused(
                9_010_010,
                "invalid_target",
                "The resource parameter provided in the request does not match with the requested scopes.",
            ),
        ),
        (
            "scope-not-defined default",
            refused(
                1_002_012,
                "invalid_scope",
                "The provided value for scope is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).",
            ),
        ),
        (
            "user-not-in-tenant external",
            refused(
                90072,
                "invalid_grant",
                "User account from identity provider does not exist in tenant.",
            ),
        ),
        (
            "blocked-by-policy device",
            refused(
                530_003,
                "interaction_required",
                "Your device is required to be managed to access this resource.",
            ),
        ),
        (
            "blocked-by-policy 50131",
            refused(
                50131,
                "interaction_required",
                "Device is not in required device state.",
            ),
        ),
        (
            "unknown-client disabled",
            refused(7_000_112, "unauthorized_client", "Application is disabled."),
        ),
        (
            "permission-not-requested Microsoft",
            refused(
                65002,
                "invalid_grant",
                "Consent between first party application and first party resource must be configured via preauthorization.",
            ),
        ),
        (
            "mfa-required elsewhere",
            refused(
                50158,
                "interaction_required",
                "External security challenge not satisfied.",
            ),
        ),
        (
            "untrusted-authority",
            no_token(diagnosis::foreign_authority(&url, &evil)),
        ),
        (
            "untrusted-authority External ID",
            no_token(diagnosis::foreign_authority(
                &url,
                &Challenge {
                    authority: "https://contoso.ciamlogin.com".into(),
                    ..challenge()
                },
            )),
        ),
        (
            "first-party-resource",
            no_token(diagnosis::first_party(&url, &graph, "Microsoft Graph")),
        ),
        (
            "resource-not-confirmed",
            no_token(diagnosis::unconfirmed(
                &url,
                &challenge(),
                &challenge().scope(),
                None,
            )),
        ),
        (
            "resource-not-confirmed elsewhere",
            no_token(diagnosis::unconfirmed(
                &url,
                &challenge(),
                &challenge().scope(),
                Some("https://fabrikam.example"),
            )),
        ),
        (
            "consent-required",
            refused(
                65001,
                "invalid_grant",
                "The user or administrator has not consented to use the application with ID '04b07795-8ddb-461a-bbee-02f9e1bf7b46' named 'Microsoft Azure CLI'. Send an interactive authorization request for this user and resource.",
            ),
        ),
        (
            "admin-consent",
            refused(
                90094,
                "invalid_grant",
                "An administrator of the tenant has set a policy that prevents you from granting the application the permissions it is requesting.",
            ),
        ),
        (
            "permission-not-requested",
            refused(
                650_057,
                "invalid_resource",
                "Invalid resource. The client has requested access to a resource which is not listed in the requested permissions in the client's application registration.",
            ),
        ),
        (
            "public-client-off",
            refused(
                7_000_218,
                "invalid_client",
                "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
            ),
        ),
        (
            "client-secret",
            refused(
                7_000_215,
                "invalid_client",
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID.",
            ),
        ),
        (
            "unknown-resource",
            refused(
                500_011,
                "invalid_resource",
                "The resource principal named api://x was not found in the tenant named Contoso.",
            ),
        ),
        (
            "unknown-client",
            refused(
                700_016,
                "unauthorized_client",
                "Application with identifier 'x' was not found in the directory 'Contoso'.",
            ),
        ),
        (
            "unknown-tenant",
            refused(90002, "invalid_request", "Tenant 'x' not found."),
        ),
        (
            "redirect-mismatch",
            refused(
                50011,
                "invalid_request",
                "The redirect URI 'http://localhost:1' specified in the request does not match the redirect URIs configured for the application.",
            ),
        ),
        (
            "token-for-itself",
            refused(
                90009,
                "invalid_request",
                "Application is requesting a token for itself. This scenario is supported only if resource is specified using the GUID based App Identifier.",
            ),
        ),
        (
            "scope-not-defined",
            refused(
                650_053,
                "invalid_client",
                "The application asked for scope 'Greeting.Raed' that doesn't exist on the resource.",
            ),
        ),
        (
            "blocked-by-policy",
            refused(
                53003,
                "invalid_grant",
                "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
            ),
        ),
        (
            "mfa-required",
            refused(
                50076,
                "interaction_required",
                "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access the resource.",
            ),
        ),
        (
            "password-expired",
            refused(50055, "invalid_grant", "The password is expired."),
        ),
        (
            "user-not-in-tenant",
            refused(
                50020,
                "invalid_grant",
                "User account 'eve@fabrikam.com' from identity provider 'https://sts.windows.net/x/' does not exist in tenant 'Contoso' and cannot access the application.",
            ),
        ),
        (
            "user-blocked",
            refused(
                50105,
                "invalid_grant",
                "Your administrator has configured the application to block users unless they are specifically granted ('assigned') access to the application.",
            ),
        ),
        (
            "sign-in-declined",
            refused(
                70019,
                "authorization_declined",
                "The end user denied the authorization request.",
            ),
        ),
        (
            "code-expired",
            refused(70020, "expired_token", "This device code has expired."),
        ),
        (
            "refresh-expired",
            refused(
                700_082,
                "invalid_grant",
                "The refresh token has expired due to inactivity.",
            ),
        ),
        (
            "authority-refused",
            refused(
                9_999_999,
                "invalid_grant",
                "Something that nobody has seen yet.",
            ),
        ),
    ]
}
