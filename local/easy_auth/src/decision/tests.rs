use proptest::prelude::*;
use serde_json::json;

use super::*;

const ISSUER: &str = "https://localhost:7443/t/v2.0";
const NOW: i64 = 1_800_000_000;

fn settings(changes: Value) -> Settings {
    let mut text = json!({
        "identityProviders": {"azureActiveDirectory": {
            "registration": {"clientId": "api", "openIdIssuer": ISSUER}
        }}
    });
    merge(&mut text, changes);
    Settings::parse(&text.to_string(), "test").unwrap()
}

fn merge(into: &mut Value, changes: Value) {
    match (into, changes) {
        (Value::Object(into), Value::Object(changes)) => {
            for (name, change) in changes {
                merge(into.entry(name).or_insert(Value::Null), change);
            }
        }
        (into, change) => *into = change,
    }
}

fn validation(validation: Value) -> Settings {
    settings(json!({"identityProviders": {"azureActiveDirectory": {"validation": validation}}}))
}

fn claims(changes: Value) -> Claims {
    let mut claims = json!({"aud": "api", "iss": ISSUER, "exp": NOW + 3600, "nbf": NOW,
        "azp": "client", "oid": "user", "tid": "t", "groups": ["staff"]});
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object().unwrap().clone()
}

fn verified(claims: Claims) -> Arc<Verified> {
    Arc::new(Verified::new(claims, &Behaviour::default()))
}

fn token(claims: Claims) -> Evidence {
    Evidence::Token {
        caller: verified(claims),
        issuers: [ISSUER.to_owned()].into(),
    }
}

fn decide_at(settings: &Settings, path: &str, evidence: Evidence) -> Verdict {
    let facts = Facts {
        path,
        ..Facts::default()
    };
    decide(settings, &Behaviour::default(), facts, evidence, NOW)
}

#[test]
fn what_a_token_says_is_checked() {
    let settings = validation(json!({"allowedAudiences": ["api://api"]}));
    let issuers = [ISSUER.to_owned()];
    for (changes, accepted) in [
        (json!({}), true),
        (json!({"aud": "api://api"}), true),
        (json!({"aud": "API"}), false),
        (json!({"aud": ["api"]}), false),
        (json!({"aud": null}), false),
        (json!({"aud": "api://other"}), false),
        (json!({"iss": "https://localhost:7443/t/"}), false),
        (json!({"iss": format!("{ISSUER}/")}), false),
        (json!({"iss": null}), false),
        (json!({"exp": NOW - 299}), true),
        (json!({"exp": NOW - 300}), false),
        (json!({"exp": (NOW + 3600).to_string()}), false),
        (json!({"exp": null}), false),
        (json!({"exp": -1e300}), false),
        (json!({"exp": i64::MAX}), true),
        (json!({"nbf": NOW + 300}), true),
        (json!({"nbf": NOW + 301}), false),
        (json!({"nbf": "0"}), false),
    ] {
        let got = check_claims(&settings, &issuers, &claims(changes.clone()), NOW);
        assert_eq!(got.is_ok(), accepted, "{changes}: {got:?}");
    }
    // `api://<client id>` is not implied by the client id.
    let alone = validation(json!({}));
    assert!(check_claims(&alone, &issuers, &claims(json!({"aud": "api://api"})), NOW).is_err());
}

#[test]
fn a_multi_tenant_issuer_checks_tenants_only_where_they_are_listed() {
    let common = |name: &str| {
        settings(
            json!({"identityProviders": {"azureActiveDirectory": {"registration":
            {"openIdIssuer": format!("https://login.example/{name}/v2.0")}}}}),
        )
    };
    let facts = Facts::default();
    let foreign = || Evidence::Token {
        caller: verified(claims(
            json!({"iss": "https://login.example/x/v2.0", "tid": "X"}),
        )),
        issuers: [].into(),
    };
    let listed = |tenants: &[&str]| Behaviour {
        allowed_tenants: Some(tenants.iter().map(|&t| t.to_owned()).collect()),
        ..Behaviour::default()
    };
    for name in ["common", "organizations"] {
        for (behaviour, passes) in [
            (Behaviour::default(), true),
            (listed(&["a", "x"]), true),
            (listed(&["a"]), false),
            (listed(&[]), false),
        ] {
            let verdict = decide(&common(name), &behaviour, facts, foreign(), NOW);
            assert_eq!(matches!(verdict, Verdict::Pass(_)), passes, "{verdict:?}");
        }
    }
    // A tenant's own issuer is the check; the list is not read.
    let verdict = decide(
        &validation(json!({})),
        &listed(&["a"]),
        facts,
        token(claims(json!({}))),
        NOW,
    );
    assert!(matches!(verdict, Verdict::Pass(_)));
}

#[test]
fn the_policy_is_403() {
    let policy = |policy: Value| json!({"defaultAuthorizationPolicy": policy});
    let checks = |checks: Value| json!({"jwtClaimChecks": checks});
    for (settings, allowed) in [
        (json!({}), true),
        (checks(json!({"allowedClientApplications": []})), false),
        (
            checks(json!({"allowedClientApplications": ["CLIENT"]})),
            true,
        ),
        (
            checks(json!({"allowedClientApplications": ["other"]})),
            false,
        ),
        (checks(json!({"allowedGroups": ["staff"]})), true),
        (checks(json!({"allowedGroups": ["board"]})), false),
        (checks(json!({"allowedGroups": []})), false),
        (policy(json!({"allowedApplications": []})), true),
        (policy(json!({"allowedApplications": ["other"]})), false),
        (policy(json!({"allowedApplications": ["client"]})), true),
        (
            policy(json!({"allowedPrincipals": {"identities": ["x"], "groups": ["staff"]}})),
            true,
        ),
        (
            policy(json!({"allowedPrincipals": {"identities": ["user"], "groups": ["x"]}})),
            true,
        ),
        (
            policy(json!({"allowedPrincipals": {"identities": ["x"]}})),
            false,
        ),
        (
            policy(json!({"allowedPrincipals": {"identities": [], "groups": []}})),
            true,
        ),
        (
            policy(
                json!({"allowedApplications": ["other"], "allowedPrincipals": {"identities": ["user"]}}),
            ),
            false,
        ),
    ] {
        let verdict = decide_at(&validation(settings.clone()), "/", token(claims(json!({}))));
        assert_eq!(matches!(verdict, Verdict::Pass(_)), allowed, "{settings}");
        assert!(
            allowed || matches!(verdict, Verdict::Forbidden(_)),
            "{settings}"
        );
    }
    // Which list it was, and not only that it was one.
    for (settings, azp, list) in [
        (
            policy(json!({"allowedApplications": ["other"]})),
            json!("client"),
            ALLOWED_APPLICATIONS,
        ),
        (
            checks(json!({"allowedClientApplications": []})),
            json!(null),
            ALLOWED_CLIENT_APPLICATIONS,
        ),
    ] {
        let settings = validation(settings);
        let claims = claims(json!({"azp": azp}));
        assert_eq!(
            decide_at(&settings, "/", token(claims.clone())),
            Verdict::Forbidden(match azp.as_str() {
                Some(client) => Reason::ClientNotAllowed {
                    client: client.to_owned(),
                    list
                },
                None => Reason::NoClient { list },
            })
        );
        // A session of an ID token, which names no client, and one of an access token.
        let verdict = decide_at(&settings, "/", Evidence::Session(verified(claims)));
        assert_eq!(matches!(verdict, Verdict::Pass(_)), azp.is_null());
    }
    let behaviour = Behaviour {
        require_oid: true,
        ..Behaviour::default()
    };
    let app = token(claims(json!({"oid": null})));
    let verdict = decide(
        &validation(json!({})),
        &behaviour,
        Facts::default(),
        app,
        NOW,
    );
    assert_eq!(verdict, Verdict::Forbidden(Reason::NoObjectId));
}

#[test]
fn what_nothing_authenticates_is_handled_as_configured() {
    let refused = Verdict::Unauthorized(Reason::NoToken);
    let anonymous = Verdict::Anonymous(Reason::NoToken);
    for (global, path, expected) in [
        (json!({}), "/api/greeting", refused.clone()),
        (
            json!({"excludedPaths": ["/health"]}),
            "/health",
            anonymous.clone(),
        ),
        (
            json!({"excludedPaths": ["/health"]}),
            "/other",
            refused.clone(),
        ),
        (
            json!({"unauthenticatedClientAction": "Return403"}),
            "/",
            Verdict::Forbidden(Reason::NoToken),
        ),
        (
            json!({"unauthenticatedClientAction": "Return403", "excludedPaths": ["/health"]}),
            "/health",
            anonymous.clone(),
        ),
        (
            json!({"unauthenticatedClientAction": "AllowAnonymous"}),
            "/",
            anonymous.clone(),
        ),
        (
            json!({"requireAuthentication": false, "unauthenticatedClientAction": "Return401"}),
            "/",
            anonymous,
        ),
        (
            json!({"unauthenticatedClientAction": "RedirectToLoginPage"}),
            "/",
            refused,
        ),
    ] {
        let settings = settings(json!({"globalValidation": global.clone()}));
        let verdict = decide_at(&settings, path, Evidence::None(Reason::NoToken));
        assert_eq!(verdict, expected, "{global}");
    }
    let redirect = settings(
        json!({"globalValidation": {"unauthenticatedClientAction": "RedirectToLoginPage"}}),
    );
    let facts = Facts {
        path: "/",
        wants_page: true,
        ..Facts::default()
    };
    let evidence = || Evidence::None(Reason::NoToken);
    let behaviour = Behaviour::default();
    assert_eq!(
        decide(&redirect, &behaviour, facts, evidence(), NOW),
        Verdict::SignIn(Reason::NoToken)
    );
    assert_eq!(
        decide(&validation(json!({})), &behaviour, facts, evidence(), NOW),
        Verdict::Unauthorized(Reason::NoToken)
    );
}

#[test]
fn an_invalid_token_is_anonymous_where_anonymous_callers_are_unless_switched() {
    let open =
        settings(json!({"globalValidation": {"unauthenticatedClientAction": "AllowAnonymous"}}));
    let expired = || token(claims(json!({"exp": 1})));
    let reason = Reason::Expired {
        by_seconds: NOW - 1,
    };
    assert_eq!(
        decide_at(&open, "/", expired()),
        Verdict::Anonymous(reason.clone())
    );
    let strict = Behaviour {
        anonymous_with_invalid_token: false,
        ..Behaviour::default()
    };
    let facts = Facts::default();
    assert_eq!(
        decide(&open, &strict, facts, expired(), NOW),
        Verdict::Unauthorized(reason)
    );
    assert_eq!(
        decide(&open, &strict, facts, Evidence::None(Reason::NoToken), NOW),
        Verdict::Anonymous(Reason::NoToken)
    );
}

#[test]
fn the_gates_own_paths_come_before_authentication() {
    let custom = settings(json!({"httpSettings": {"routes": {"apiPrefix": "/auth"}},
        "login": {"routes": {"logoutEndpoint": "/bye"}}}));
    let plain = validation(json!({}));
    let none = || Evidence::None(Reason::NoToken);
    for (settings, path, own) in [
        (&plain, "/.auth", true),
        (&plain, "/.auth/me", true),
        (&plain, "/.authority", false),
        (&plain, "/api/.auth/me", false),
        (&custom, "/.auth/me", false),
        (&custom, "/auth/me", true),
        (&custom, "/bye", true),
        (&custom, "/bye/", false),
    ] {
        assert_eq!(
            decide_at(settings, path, none()) == Verdict::Own,
            own,
            "{path}"
        );
    }
    let behaviour = Behaviour {
        metadata_scopes: Some(vec!["s".into()]),
        ..Behaviour::default()
    };
    for (path, metadata) in [
        (METADATA, true),
        ("/.well-known/oauth-protected-resource/mcp", true),
        ("/.well-known/oauth-protected-resources", false),
    ] {
        let facts = Facts {
            path,
            ..Facts::default()
        };
        let with = decide(&plain, &behaviour, facts, none(), NOW);
        assert_eq!(with == Verdict::Metadata, metadata, "{path}");
        // Only where the app setting turns it on.
        assert!(matches!(
            decide_at(&plain, path, none()),
            Verdict::Unauthorized(_)
        ));
    }
}

#[test]
fn off_is_off_and_https_is_asked_for() {
    let off = settings(json!({"platform": {"enabled": false}}));
    assert_eq!(
        decide_at(&off, "/.auth/me", Evidence::None(Reason::NoToken)),
        Verdict::Off
    );
    let facts = Facts {
        path: "/.auth/me",
        plain_http: true,
        ..Facts::default()
    };
    let behaviour = Behaviour::default();
    let evidence = || token(claims(json!({})));
    let plain = validation(json!({}));
    assert_eq!(
        decide(&plain, &behaviour, facts, evidence(), NOW),
        Verdict::UseHttps
    );
    let lax = settings(json!({"httpSettings": {"requireHttps": false}}));
    assert_eq!(
        decide(&lax, &behaviour, facts, evidence(), NOW),
        Verdict::Own
    );
}

proptest! {
    /// Whatever a token says, it passes only with the configured issuer and audience, in time.
    #[test]
    fn only_the_right_token_passes(
        iss in prop_oneof![Just(ISSUER.to_owned()), ".*"],
        aud in prop_oneof![Just("api".to_owned()), ".*"],
        exp in prop_oneof![Just(NOW + 60), any::<i64>()],
        nbf in prop_oneof![Just(NOW), any::<i64>()],
    ) {
        let says = claims(json!({"iss": iss, "aud": aud, "exp": exp, "nbf": nbf}));
        let verdict = decide_at(&validation(json!({})), "/", token(says));
        let right = iss == ISSUER && aud == "api" && exp.saturating_add(SKEW) > NOW && nbf <= NOW + SKEW;
        prop_assert_eq!(matches!(verdict, Verdict::Pass(_)), right);
    }
}
