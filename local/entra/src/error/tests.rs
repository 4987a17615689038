use super::codes::{CODES, Known};
use super::*;

/// One of each.
fn all() -> Vec<AuthorityError> {
    use AuthorityError as E;
    let text = || "x".to_owned();
    let mut all = vec![
        E::TenantUnknown(text()),
        E::ClientUnknown(text()),
        E::ClientNil(text()),
        E::PublicClientOff,
        E::ParameterMissing("x"),
        E::ParameterTwice(text()),
        E::Malformed,
        E::TooLarge,
        E::MethodNotPost(text()),
        E::GrantUnsupported(text()),
        E::ResourceUnknown {
            resource: text(),
            tenant: text(),
        },
        E::ResourceMismatch,
        E::SeveralResources(text()),
        E::ScopeInvalid(text()),
        E::DefaultCombined(text()),
        E::ScopeUndefined {
            client: text(),
            scope: text(),
            resource: text(),
        },
        E::ScopeNotDefault(text()),
        E::TokenForItself {
            client: text(),
            name: text(),
        },
        E::ConsentRequired {
            client: text(),
            name: text(),
        },
        E::UserDisabled,
        E::AuthorizationPending,
        E::SlowDown,
        E::Declined,
        E::CodeExpired,
        E::CodeUnknown,
        E::GrantUnknown,
        E::RefreshExpired { issued: 0 },
        E::RefreshOver { issued: 0 },
        E::RefreshRevoked,
        E::RedirectMissing,
        E::RedirectMismatch {
            redirect: text(),
            client: text(),
        },
        E::ResponseMode(text()),
        E::ChallengeSize,
        E::ChallengeMethod,
        E::ChallengeMissing,
        E::OriginMissing,
        E::OriginUnexpected(text()),
        E::AuthorizationCodeUsed,
        E::AuthorizationCodeExpired,
        E::VerifierWrong,
        E::VerifierMissing,
        E::SecretWrong(text()),
        E::SecretExpired(text()),
        E::SecretFromPublicClient,
        E::ProofMissing,
        E::AssertionMalformed,
        E::AssertionKeyUnknown,
        E::AssertionAudience(text()),
        E::AssertionTime,
        E::LoginRequired,
        E::Temporary,
        E::UserAssertion(UserAssertion::Malformed),
        E::UserAssertion(UserAssertion::KeyUnknown),
        E::UserAssertion(UserAssertion::SignatureWrong),
        E::UserAssertion(UserAssertion::Time { now: 0, expires: 0 }),
        E::UserAssertion(UserAssertion::Audience {
            audience: text(),
            client: text(),
            name: text(),
        }),
        E::UserAssertion(UserAssertion::IdToken),
        E::UserAssertion(UserAssertion::AppOnly(text())),
        E::UserAssertion(UserAssertion::UserUnknown),
        E::Failing(StatusCode::TOO_MANY_REQUESTS),
        E::Failing(StatusCode::SERVICE_UNAVAILABLE),
    ];
    all.extend(["token", "id_token", "other"].map(|kind| E::ResponseType(kind.into())));
    all.extend(crate::policy::REFUSALS.iter().map(|(code, ..)| E::Policy {
        code: *code,
        resource: text(),
    }));
    all
}

#[test]
fn every_aadsts_code_says_where_it_is_known_from() {
    for error in all() {
        let (_, code, sentence) = error.parts();
        let code = code.unwrap_or_else(|| panic!("{error:?} has no code"));
        assert!(codes::of(code).is_some(), "{code} is not in the table");
        assert!(
            sentence.len() > 10 && !sentence.contains("<resource>"),
            "{sentence}"
        );
    }
    // And none stands there for nothing.
    let answered: Vec<u32> = all().iter().filter_map(|error| error.parts().1).collect();
    for code in CODES {
        assert!(
            answered.contains(&code.number),
            "{} is never answered",
            code.number
        );
    }
    let numbers: Vec<u32> = CODES.iter().map(|code| code.number).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    let captured = CODES.iter().filter(|code| code.known == Known::Captured);
    assert!(captured.count() > 20);
}

#[test]
fn a_refusal_of_our_own_stands_under_no_code_of_entras() {
    let ours = AuthorityError::TokenType("pop".into());
    assert_eq!(ours.parts().1, None);
    assert!(!ours.line().contains("AADSTS"));
}

/// msal-js takes each of these words in a description for "ask a person"
/// (`isInteractionRequiredError`).
#[test]
fn no_sentence_has_a_word_that_msal_acts_on() {
    for error in all() {
        for word in [
            "interaction_required",
            "consent_required",
            "login_required",
            "bad_token",
        ] {
            assert!(!error.line().contains(word), "{}", error.line());
        }
    }
}

#[test]
fn item_14_errors_that_want_a_person_say_so_by_suberror_and_claims() {
    let policy = |code| AuthorityError::Policy {
        code,
        resource: "r".into(),
    };
    let consent = AuthorityError::ConsentRequired {
        client: "c".into(),
        name: "n".into(),
    };
    for (error, suberror, claims, page) in [
        (consent, Some("consent_required"), None, false),
        (policy(50_076), Some("basic_action"), Some("capolids"), true),
        (policy(50_079), Some("basic_action"), Some("polids"), false),
        (policy(53_003), Some("message_only"), Some("capolids"), true),
        (policy(50_173), Some("bad_token"), None, true),
        (policy(50_034), Some("bad_token"), None, true),
        (policy(50_055), Some("user_password_expired"), None, false),
        (AuthorityError::UserDisabled, None, None, false),
        (AuthorityError::VerifierWrong, None, None, false),
    ] {
        assert_eq!(error.status(), StatusCode::BAD_REQUEST);
        let body = error.body(None, 0);
        assert_eq!(body["error"], "invalid_grant", "{body}");
        assert_eq!(body["suberror"].as_str(), suberror, "{body}");
        assert_eq!(body.get("error_uri").is_some(), page, "{body}");
        // A string that holds JSON.
        let inner = body["claims"].as_str().map(|text| {
            let claims: Value = serde_json::from_str(text).unwrap();
            let policies = claims["access_token"].as_object().unwrap();
            policies.keys().next().unwrap().clone()
        });
        assert_eq!(inner.as_deref(), claims, "{body}");
    }
}

/// To the letter: clients and people match on them. Each with where the words are from.
#[test]
fn item_19_sentences_are_entras() {
    use AuthorityError as E;
    let text = str::to_owned;
    for (error, line) in [
        // Captured: the name form, 'Contoso'.
        (
            E::ClientUnknown(text("id")),
            "AADSTS700016: Application with identifier 'id' was not found in the directory 'greeting-local'. This can",
        ),
        // Captured: Azure-Samples/active-directory-aspnetcore-webapp-openidconnect-v2#554.
        (
            E::ScopeUndefined {
                client: text("app"),
                scope: text("X.Read"),
                resource: text("guid"),
            },
            "AADSTS650053: The application 'app' asked for scope 'X.Read' that doesn't exist on the resource 'guid'. Contact the app vendor.",
        ),
        // Captured: msal-js#1487.
        (
            E::SeveralResources(text("a/x b/y")),
            "AADSTS28000: Provided value for the input parameter scope is not valid because it contains more than one resource. Scope a/x b/y is not valid.",
        ),
        // Captured: azure-cli#22251.
        (
            E::CodeExpired,
            "AADSTS70020: The provided value for the input parameter 'device_code' is not valid. This device code has expired.",
        ),
        // Captured: with no word behind it.
        (
            E::Malformed,
            "AADSTS9002313: Invalid request. Request is malformed or invalid.",
        ),
        (
            E::GrantUnknown,
            "AADSTS70000: Provided grant is invalid or malformed.",
        ),
        // Captured: its moment has seven digits of a second.
        (
            E::RefreshExpired { issued: 0 },
            "AADSTS700082: The refresh token has expired due to inactivity. The token was issued on 1970-01-01T00:00:00.0000000Z and was inactive for 90.00:00:00.",
        ),
        // Captured: modelcontextprotocol/typescript-sdk#2718.
        (
            E::TokenForItself {
                client: text("guid"),
                name: text("app"),
            },
            "AADSTS90009: Application 'guid'(app) is requesting a token for itself. This scenario is supported only if resource is specified using the GUID based App Identifier.",
        ),
        // Captured: next-auth#9414.
        (
            E::OriginMissing,
            "AADSTS9002327: Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests.",
        ),
    ] {
        let said = error.line();
        assert!(said.starts_with(line), "{said}");
    }
}
