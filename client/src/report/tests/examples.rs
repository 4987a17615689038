//! One example or more of every cause. The look-alikes stand beside each other.

use serde_json::{Value, json};
use url::Url;

use super::super::{Outcome, Report};
use crate::auth_settings::Settings;
use crate::diagnosis::{self, Case, Expected, Finding, Sent, Signature};
use crate::discovery::challenge::Challenge;
use crate::http::{Answer, Unreached, UnreachedKind};
use crate::known_clients::DEVELOPER_CLIENT;
use crate::oauth::device_code::AuthorityError;
use crate::token::Decoded;

const NOW: i64 = 1_795_500_000;
const URL: &str = "https://contoso-greeting.azurewebsites.net/api/greeting";
const API: &str = "2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d11";
const TENANT: &str = "6d3c1f0a-8b52-4e7d-9f41-2c5a7be01d93";
const OTHER: &str = "11111111-2222-3333-4444-555555555555";
const AZURE_CLI: &str = DEVELOPER_CLIENT;
const USER: &str = "8e1c4b5a-0d39-4c1e-b3c7-1f0a9e6d2b01";

/// A cause's name in the snapshots, and its report.
pub(super) struct Example {
    pub(super) name: String,
    pub(super) report: Report,
}

fn challenge() -> Challenge {
    Challenge {
        authority: "https://login.microsoftonline.com".into(),
        tenant: TENANT.into(),
        resource: API.into(),
        v2: true,
        scope: None,
    }
}

fn decoded(header: Value, changes: &Value) -> Decoded {
    let mut claims = json!({
        "aud": API, "iss": format!("https://login.microsoftonline.com/{TENANT}/v2.0"), "tid": TENANT,
        "ver": "2.0", "azp": AZURE_CLI, "azpacr": "0", "oid": USER,
        "preferred_username": "alice@contoso.com", "scp": "Greeting.Read",
        "nbf": NOW - 60, "exp": NOW + 3540,
    });
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    Decoded {
        header: header.as_object().unwrap().clone(),
        claims: claims.as_object().unwrap().clone(),
    }
}

/// One call, and what came of it.
struct Call {
    sent: Sent,
    answer: Answer,
    signature: Signature,
    settings: Option<Settings>,
}

impl Call {
    /// With a good token, changed so; `null` takes a claim away.
    fn with(changes: Value) -> Self {
        Self::sending(Sent::Token(Box::new(decoded(
            json!({"alg": "RS256", "kid": "key-1"}),
            &changes,
        ))))
    }

    fn sending(sent: Sent) -> Self {
        Self {
            sent,
            answer: Answer::default(),
            signature: Signature::Valid,
            settings: None,
        }
    }

    fn text(token: &str) -> Self {
        Self::sending(Sent::Unreadable(Decoded::parse(token).unwrap_err()))
    }

    /// Easy Auth's 401.
    fn refused(mut self) -> Self {
        self.answer.status = 401;
        self.answer.server = Some("Kestrel".into());
        self.answer.challenges = vec![format!(
            "Bearer realm=\"contoso-greeting.azurewebsites.net\" authorization_uri=\"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/authorize\" resource_id=\"{API}\""
        )];
        self
    }

    fn answered(mut self, status: u16, change: impl FnOnce(&mut Answer)) -> Self {
        self.answer.status = status;
        change(&mut self.answer);
        self
    }

    /// The function's own 403.
    fn forbidden(self) -> Self {
        self.answered(403, |answer| {
            answer.challenges =
                vec!["Bearer error=\"insufficient_scope\", scope=\"Greeting.Read\"".into()];
        })
    }

    fn signed(mut self, signature: Signature) -> Self {
        self.signature = signature;
        self
    }

    fn knowing(mut self, validation: Value) -> Self {
        let settings = json!({"identityProviders": {"azureActiveDirectory": {
            "registration": {"clientId": API}, "validation": validation}}});
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), settings.to_string()).unwrap();
        self.settings = Some(Settings::load(file.path()).unwrap());
        self
    }

    fn report(self) -> Report {
        let url = Url::parse(URL).unwrap();
        let told = self
            .answer
            .challenges
            .iter()
            .find_map(|header| Challenge::parse(header));
        let expected = told.as_ref().map(Expected::of).unwrap_or_default();
        let expected = expected.with(self.settings.as_ref());
        let findings = diagnosis::diagnose(&Case {
            url: &url,
            sent: &self.sent,
            answer: &self.answer,
            challenge: told.as_ref(),
            expected: &expected,
            signature: self.signature,
            now: NOW,
        });
        let status = self.answer.status;
        Report {
            outcome: match status {
                200..=299 => Outcome::Ok,
                401 | 403 => Outcome::Refused,
                _ => Outcome::Unexpected,
            },
            status: Some(status),
            greeting: (status == 200).then(|| self.answer.body.clone()),
            findings,
            token: match &self.sent {
                Sent::Token(token) => Some(token.summary()),
                _ => None,
            },
            challenge: told,
            ..report(Outcome::Ok)
        }
    }
}

fn report(outcome: Outcome) -> Report {
    Report {
        outcome,
        status: None,
        url: URL.into(),
        greeting: None,
        findings: Vec::new(),
        token: None,
        challenge: None,
        now: NOW,
    }
}

fn no_token(finding: Finding) -> Report {
    Report {
        findings: vec![finding],
        ..report(Outcome::NoToken)
    }
}

/// The causes of a 401.
fn unauthorized() -> Vec<(&'static str, Report)> {
    let named = format!("api://{API}");
    let header = |alg: &str| {
        let header = json!({"alg": alg, "kid": "key-1"});
        Call::sending(Sent::Token(Box::new(decoded(header, &json!({}))))).refused()
    };
    let v1 =
        json!({"aud": named, "ver": "1.0", "iss": format!("https://sts.windows.net/{TENANT}/")});
    let id_token = json!({"aud": AZURE_CLI, "azp": null, "scp": null, "nonce": "n"});
    let personal = "9188040d-6c67-4c5b-b112-36a304b66dad";
    let foreign = |tenant: &str| json!({"tid": tenant, "iss": format!("https://login.microsoftonline.com/{tenant}/v2.0")});
    let behind = Call::with(json!({})).refused().answered(401, |answer| {
        answer.date = Some(NOW + 2 * 3600);
    });
    vec![
        ("no-token", Call::sending(Sent::Nothing).refused().report()),
        (
            "malformed-token",
            Call::text("Bearer eyJhbGciOiJub25lIn0.e30.")
                .refused()
                .report(),
        ),
        (
            "malformed-token cut",
            Call::text("eyJhbGciOiJub25lIn0.e").refused().report(),
        ),
        (
            "not-an-access-token opaque",
            Call::text("0.AXoAq").refused().report(),
        ),
        (
            "not-an-access-token",
            Call::with(id_token).refused().report(),
        ),
        (
            "wrong-api",
            Call::with(json!({"aud": "https://graph.microsoft.com"}))
                .refused()
                .report(),
        ),
        (
            "wrong-api expired",
            Call::with(json!({"aud": OTHER, "exp": NOW - 3600}))
                .refused()
                .report(),
        ),
        (
            "audience-mismatch",
            Call::with(json!({"aud": named})).refused().report(),
        ),
        (
            "audience-mismatch settings",
            Call::with(json!({"aud": named}))
                .refused()
                .knowing(json!({"allowedAudiences": []}))
                .report(),
        ),
        ("issuer-version", Call::with(v1).refused().report()),
        (
            "wrong-tenant",
            Call::with(foreign(OTHER)).refused().report(),
        ),
        (
            "wrong-tenant personal",
            Call::with(foreign(personal)).refused().report(),
        ),
        (
            "expired",
            Call::with(json!({"nbf": NOW - 7200, "exp": NOW - 3600}))
                .refused()
                .report(),
        ),
        ("clock-skew", behind.report()),
        (
            "not-yet-valid",
            Call::with(json!({"nbf": NOW + 1800})).refused().report(),
        ),
        (
            "bad-signature",
            Call::with(json!({}))
                .refused()
                .signed(Signature::Wrong)
                .report(),
        ),
        (
            "unknown-key",
            Call::with(json!({}))
                .refused()
                .signed(Signature::UnknownKey)
                .report(),
        ),
        ("unsigned", header("none").report()),
        ("wrong-algorithm", header("HS256").report()),
        ("nothing known", Call::with(json!({})).refused().report()),
        (
            "stripped-authorization proxy",
            Call::with(json!({}))
                .answered(401, |answer| {
                    answer.challenges = vec!["Basic realm=\"proxy\"".into()];
                    answer.server = Some("squid".into());
                })
                .report(),
        ),
        (
            "not-easy-auth",
            Call::with(json!({}))
                .answered(401, |answer| {
                    answer.server = Some("nginx".into());
                    answer.body =
                        "<html><head><title>401 Authorization Required</title></head>".into();
                })
                .report(),
        ),
        (
            "not-easy-auth function",
            Call::sending(Sent::Nothing)
                .answered(401, |answer| {
                    answer.challenges = vec!["Bearer".into()];
                })
                .report(),
        ),
        (
            "no-challenge",
            Report {
                status: Some(401),
                findings: vec![diagnosis::no_challenge(&Answer {
                    challenges: vec![
                        "Bearer realm=\"contoso-greeting.azurecontainerapps.io\"".into(),
                    ],
                    ..Answer::default()
                })],
                ..report(Outcome::Refused)
            },
        ),
    ]
}

/// The causes of a 403.
fn forbidden() -> Vec<(&'static str, Report)> {
    let from_gate = |call: Call| call.answered(403, |answer| answer.from_gate = true);
    let program =
        json!({"scp": null, "idtyp": "app", "azpacr": "1", "roles": ["Greeting.Read.All"]});
    let page = "<h1>Error 403 - This web app is stopped.</h1>";
    vec![
        ("missing-scope", Call::with(json!({"scp": "Profile.Read"})).forbidden().report()),
        ("missing-scope spelling", Call::with(json!({"scp": "greeting.read"})).forbidden().report()),
        ("app-only-token", Call::with(program).forbidden().report()),
        ("client-not-allowed", from_gate(Call::with(json!({}))).report()),
        ("client-not-allowed settings", from_gate(Call::with(json!({}))).knowing(json!({"jwtClaimChecks": {"allowedClientApplications": [OTHER]}})).report()),
        ("principal-not-allowed", from_gate(Call::with(json!({}))).knowing(json!({"defaultAuthorizationPolicy": {"allowedPrincipals": {"identities": [OTHER], "groups": [OTHER]}}})).report()),
        ("host-forbidden", Call::with(json!({})).answered(403, |answer| answer.body = page.into()).report()),
        ("host-forbidden unasked", Call::sending(Sent::Nothing).answered(403, |_| ()).report()),
        ("no-token Return403", from_gate(Call::sending(Sent::Nothing)).report()),
        ("expired Return403", from_gate(Call::with(json!({"exp": NOW - 3600}))).report()),
    ]
}

/// Other answers, and none.
fn others() -> Vec<(&'static str, Report)> {
    let redirect = |to: &str| {
        let to = to.to_owned();
        Call::with(json!({}))
            .answered(302, |answer| answer.location = Some(to))
            .report()
    };
    let unreached = |kind: UnreachedKind, why: &str| Report {
        findings: vec![diagnosis::unreached(
            &Url::parse(URL).unwrap(),
            &Unreached {
                kind,
                why: why.into(),
            },
        )],
        ..report(Outcome::Unreachable)
    };
    vec![
        (
            "easy-auth-off",
            Call::sending(Sent::Nothing)
                .answered(200, |answer| answer.body = "Hello, world.".into())
                .report(),
        ),
        (
            "easy-auth-off handler",
            Call::with(json!({}))
                .answered(500, |answer| {
                    answer.body = "Easy Auth is off, so nobody has checked the caller.".into()
                })
                .report(),
        ),
        ("easy-auth-redirect", redirect("/.auth/login/aad?state=s")),
        (
            "stripped-authorization",
            redirect("https://elsewhere.example/api/greeting?x=y"),
        ),
        (
            "not-found",
            Call::with(json!({})).answered(404, |_| ()).report(),
        ),
        (
            "handler-down",
            Call::with(json!({}))
                .answered(503, |answer| {
                    answer.body = "Function host is not running.".into()
                })
                .report(),
        ),
        (
            "unexpected-answer",
            Call::with(json!({})).answered(418, |_| ()).report(),
        ),
        (
            "dns",
            unreached(UnreachedKind::Dns, "failed to lookup address information"),
        ),
        (
            "refused",
            unreached(UnreachedKind::Refused, "Connection refused (os error 111)"),
        ),
        (
            "timeout",
            unreached(UnreachedKind::Timeout, "operation timed out"),
        ),
        (
            "tls-untrusted",
            unreached(
                UnreachedKind::TlsUntrusted,
                "invalid peer certificate: UnknownIssuer",
            ),
        ),
        (
            "http-not-https",
            unreached(
                UnreachedKind::NotTls,
                "received corrupt message of type InvalidContentType",
            ),
        ),
    ]
}

fn refused(code: u64, error: &str, sentence: &str) -> Report {
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
    let scope = format!("api://{API}/Greeting.Read");
    no_token(diagnosis::refusal(&error, AZURE_CLI, TENANT, &scope))
}

/// Why there is no token.
fn sign_ins() -> Vec<(&'static str, Report)> {
    let url = Url::parse(URL).unwrap();
    let az = |said: &str| {
        no_token(diagnosis::az_failure(
            said,
            TENANT,
            &format!("api://{API}/Greeting.Read"),
        ))
    };
    let evil = Challenge {
        authority: "https://login.evil.example".into(),
        ..challenge()
    };
    let graph = Challenge {
        resource: "https://graph.microsoft.com".into(),
        ..challenge()
    };
    vec![
        (
            "untrusted-authority",
            no_token(*diagnosis::foreign_authority(&url, &evil)),
        ),
        (
            "first-party-resource",
            no_token(*diagnosis::first_party(&url, &graph, "Microsoft Graph")),
        ),
        (
            "resource-not-confirmed",
            no_token(*diagnosis::unconfirmed(&url, &challenge(), None)),
        ),
        (
            "resource-not-confirmed elsewhere",
            no_token(*diagnosis::unconfirmed(
                &url,
                &challenge(),
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
        ("az-missing", az("Azure CLI not found on PATH")),
        (
            "az-signed-out",
            az("ERROR: Please run 'az login' to setup account."),
        ),
        ("az-failed", az("MemoryError: out of memory")),
        (
            "azd-failed",
            no_token(diagnosis::azd_failure("azd could not be started")),
        ),
    ]
}

pub(super) fn examples() -> Vec<Example> {
    [unauthorized(), forbidden(), others(), sign_ins()]
        .into_iter()
        .flatten()
        .map(|(name, report)| Example {
            name: name.replace(' ', "-"),
            report,
        })
        .collect()
}
