//! No combination of challenge, token and answer yields a proved finding that the evidence does
//! not entail. What each code needs is said here a second time, of the raw evidence.

use proptest::prelude::*;
use serde_json::{Map, json};

use super::*;
use crate::auth_settings::Settings;

const OTHER: &str = "11111111-2222-3333-4444-555555555555";
const GRAPH: &str = "00000003-0000-0000-c000-000000000000";

/// Everything that a call leaves behind.
#[derive(Debug, Clone)]
struct Evidence {
    sent: Sent,
    answer: Answer,
    met: bool,
    signature: Signature,
    settings: Option<Value>,
    tenant: Option<&'static str>,
    /// Headers of the caller's own.
    own_headers: Vec<String>,
    /// The API of the settings: this one, or another app's.
    settings_of: &'static str,
}

fn of<T: Clone + std::fmt::Debug + 'static>(values: Vec<T>) -> impl Strategy<Value = T> {
    prop::sample::select(values)
}

/// A claim of a pool, or none.
fn claim(
    name: &'static str,
    values: Vec<Value>,
) -> impl Strategy<Value = (&'static str, Option<Value>)> {
    prop::option::weighted(0.8, of(values)).prop_map(move |value| (name, value))
}

fn any_token() -> impl Strategy<Value = Sent> {
    let issuers = [
        format!("https://login.microsoftonline.com/{TENANT}/v2.0"),
        format!("https://login.microsoftonline.com/{OTHER}/v2.0"),
        format!("https://sts.windows.net/{TENANT}/"),
        format!("https://contoso.b2clogin.com/{TENANT}/v2.0/"),
        "https://idp.example".to_owned(),
    ];
    let claims = (
        claim(
            "aud",
            vec![
                json!(API),
                json!(format!("api://{API}")),
                json!(OTHER),
                json!(GRAPH),
                json!("https://app.example"),
                json!([API, OTHER]),
                json!([GRAPH, "https://app.example"]),
                json!("https://graph.microsoft.com/"),
                json!("https://vm.westeurope.cloudapp.azure.com/api"),
                json!(1),
            ],
        ),
        claim("iss", issuers.iter().map(|it| json!(it)).collect()),
        claim("tid", vec![json!(TENANT), json!(OTHER)]),
        claim(
            "scp",
            vec![
                json!("Greeting.Read"),
                json!("Todo.Read"),
                json!("Todo.Read Todo.Write"),
                json!(""),
            ],
        ),
        claim("roles", vec![json!([]), json!(["R"])]),
        claim("groups", vec![json!([OTHER]), json!([])]),
        claim("azp", vec![json!("client"), json!(OTHER)]),
        claim("oid", vec![json!("user"), json!(OTHER)]),
        (
            claim("idtyp", vec![json!("app"), json!("user")]),
            claim("nonce", vec![json!("n")]),
            claim("_claim_names", vec![json!({"groups": "src1"})]),
            claim("ver", vec![json!("1.0"), json!("2.0")]),
        ),
        (
            claim(
                "exp",
                vec![
                    json!(NOW + 3600),
                    json!(NOW - 3600),
                    json!(NOW - 100),
                    json!("soon"),
                ],
            ),
            claim("nbf", vec![json!(NOW - 60), json!(NOW + 3600)]),
        ),
        of(vec!["RS256", "PS256", "HS256", "none", "ES256"]),
    );
    let token = claims.prop_map(
        |(
            aud,
            iss,
            tid,
            scp,
            roles,
            groups,
            azp,
            oid,
            (idtyp, nonce, names, ver),
            (exp, nbf),
            alg,
        )| {
            let all = [
                aud, iss, tid, scp, roles, groups, azp, oid, idtyp, nonce, names, ver, exp, nbf,
            ];
            let claims: Map<String, Value> = all
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value?)))
                .collect();
            Sent::Token(Box::new(Decoded {
                header: json!({"alg": alg, "kid": "k"}).as_object().unwrap().clone(),
                claims,
            }))
        },
    );
    prop_oneof![
        1 => Just(Sent::Nothing),
        1 => Just(Sent::Unreadable(Unreadable::Malformed("cut".into()))),
        1 => Just(Sent::Unreadable(Unreadable::OtherToken("opaque".into()))),
        1 => Just(Sent::Unreadable(Unreadable::NotAToken(NotAToken::Null))),
        12 => token,
    ]
}

fn any_answer() -> impl Strategy<Value = Answer> {
    let challenges = [
        format!(
            "Bearer realm=\"h\" authorization_uri=\"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/authorize\" resource_id=\"{API}\""
        ),
        format!(
            "Negotiate, Bearer authorization_uri=\"https://login.windows.net/{TENANT}/oauth2/authorize\" resource_id=\"{API}\""
        ),
        "Bearer realm=\"h\"".to_owned(),
        "Bearer".to_owned(),
        "Bearer error=\"insufficient_scope\", scope=\"Todo.Read\"".to_owned(),
        "Bearer error=\"insufficient_scope\", scope=\"api://x/Todo.Read Todo.Write\"".to_owned(),
        "Bearer error=\"insufficient_scope\"".to_owned(),
        "Bearer error=\"insufficient_claims\", claims=\"eyJhIjoxfQ==\"".to_owned(),
        "Bearer error=\"insufficient_claims\", claims=\"?\"".to_owned(),
        "Bearer error=\"invalid_token\"".to_owned(),
        "AzureApiManagementKey realm=\"r\",name=\"Key\"".to_owned(),
        "Basic realm=\"x\"".to_owned(),
    ];
    let bodies = [
        "",
        "You do not have permission to view this directory or page.",
        "no",
        "{\"title\":\"x\"}",
        "<h1>Error 403 - This web app is stopped.</h1>",
        "the web app is stopped",
        "has blocked your access",
        "<h2>The request is blocked.</h2>",
        "<center>nginx/1</center>",
        "Sorry, you have been blocked",
        "No required SSL certificate was sent",
        "Client Certificate Required",
        "Request Header Or Cookie Too Large",
        "Easy Auth (App Service authentication) is off",
        "We like Easy Auth",
        "Not authenticated: x.",
        "<form><input type=\"password\">",
    ];
    let servers = [
        "Kestrel",
        "nginx",
        "cloudflare",
        "Microsoft-Azure-Application-Gateway/v2",
    ];
    let tells = [
        ("x-ms-forbidden-ip", "203.0.113.7"),
        ("x-azure-ref", "ref"),
        ("x-msedge-ref", "ref"),
        ("cf-mitigated", "challenge"),
        ("x-ms-middleware-request-id", "id"),
    ];
    let locations = [
        "/.auth/login/aad",
        "/oauth2/start",
        "https://elsewhere.example/",
    ];
    (
        of(vec![
            200u16, 302, 400, 401, 401, 401, 403, 403, 403, 404, 429, 431, 494, 500, 502,
        ]),
        prop::option::of(of(challenges.to_vec())),
        of(bodies.to_vec()),
        prop::option::of(of(servers.to_vec())),
        prop::option::of(of(tells.to_vec())),
        prop::option::of(of(locations.to_vec())),
        prop::option::of(of(vec![NOW, NOW + 7200, NOW - 7200])),
        any::<bool>(),
    )
        .prop_map(
            |(status, challenge, body, server, tell, location, date, html)| Answer {
                status,
                challenges: challenge.into_iter().collect(),
                body: body.to_owned(),
                server: server.map(str::to_owned),
                from_gate: tell.is_some_and(|(name, _)| name == "x-ms-middleware-request-id"),
                tells: tell
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .collect(),
                location: location.map(str::to_owned),
                date,
                content_type: html.then(|| "text/html".to_owned()),
                ..Answer::default()
            },
        )
}

fn any_settings() -> impl Strategy<Value = Value> {
    of(vec![
        json!({}),
        json!({"allowedAudiences": [format!("api://{API}")]}),
        json!({"jwtClaimChecks": {"allowedClientApplications": [OTHER]}}),
        json!({"jwtClaimChecks": {"allowedClientApplications": []}}),
        json!({"jwtClaimChecks": {"allowedGroups": [API]}}),
        json!({"jwtClaimChecks": {"allowedClientApplications": ["client"]}, "defaultAuthorizationPolicy": {"allowedApplications": [OTHER]}}),
        json!({"defaultAuthorizationPolicy": {"allowedPrincipals": {"identities": [OTHER]}}}),
        json!({"defaultAuthorizationPolicy": {"allowedPrincipals": {"groups": [API]}}}),
    ])
}

fn evidence() -> impl Strategy<Value = Evidence> {
    (
        any_token(),
        any_answer(),
        any::<bool>(),
        of(vec![
            Signature::Unchecked,
            Signature::Valid,
            Signature::Wrong,
            Signature::UnknownKey,
        ]),
        prop::option::of(any_settings()),
        prop::option::of(of(vec![TENANT, OTHER, "contoso.com"])),
        of(vec![vec![], vec!["x-zumo-auth".to_owned()]]),
        of(vec![API, API, OTHER]),
    )
        .prop_map(
            |(sent, answer, met, signature, settings, tenant, own_headers, settings_of)| Evidence {
                sent,
                answer,
                met,
                signature,
                settings,
                tenant,
                own_headers,
                settings_of,
            },
        )
}

/// Whether the raw evidence admits nothing else than this cause.
#[expect(clippy::too_many_lines, reason = "a table: one arm a code")]
fn entailed(code: Code, it: &Evidence) -> bool {
    let answer = &it.answer;
    let empty = Map::new();
    let (header, claims) = match &it.sent {
        Sent::Token(token) => (&token.header, &token.claims),
        _ => (&empty, &empty),
    };
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    let list = |name: &str| -> Vec<String> {
        let items = claims.get(name).and_then(Value::as_array);
        items.map_or_else(Vec::new, |items| {
            items
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect()
        })
    };
    let audiences = if text("aud").is_empty() {
        list("aud")
    } else {
        vec![text("aud").to_owned()]
    };
    let challenge = answer.challenges.first().map_or("", String::as_str);
    let body = answer.body.to_lowercase();
    let tell = |name: &str| answer.tells.iter().any(|(key, _)| key == name);
    let server = answer.server.as_deref().unwrap_or_default();
    let clock = answer.date.unwrap_or(NOW);
    // Whose settings they are, where the gate names its API, is known: another app's say nothing.
    let gate_names_api = challenge.contains(API) || it.met;
    let settings = it
        .settings
        .as_ref()
        .filter(|_| it.settings_of == API || !gate_names_api);
    let validation = settings.cloned().unwrap_or_default();
    let setting = |pointer: &str| {
        validation
            .pointer(pointer)
            .is_some_and(|it| it.as_array().is_some_and(|it| !it.is_empty()))
    };
    let wanted: Vec<&str> = challenge
        .split_once("scope=\"")
        .map_or("", |(_, rest)| rest.trim_end_matches('"'))
        .split_whitespace()
        .map(|scope| scope.rsplit('/').next().unwrap())
        .collect();
    let scopes: Vec<&str> = text("scp").split_whitespace().collect();
    let none_of_wanted = !wanted.is_empty() && wanted.iter().all(|scope| !scopes.contains(scope));
    let refused_scope = challenge.contains("insufficient_scope");
    let tenants_differ = it.tenant.is_some_and(|tenant| tenant == OTHER);
    match code {
        // Who asks for a token in a 401, and got none.
        Code::NoToken => {
            matches!(it.sent, Sent::Nothing)
                && answer.status == 401
                && (challenge.contains("Bearer") || answer.from_gate)
        }
        Code::NotAToken => matches!(it.sent, Sent::Unreadable(Unreadable::NotAToken(_))),
        Code::MalformedToken => matches!(it.sent, Sent::Unreadable(Unreadable::Malformed(_))),
        Code::NotAnAccessToken => {
            matches!(it.sent, Sent::Unreadable(Unreadable::OtherToken(_)))
                || claims.contains_key("nonce")
                    && !["scp", "azp", "roles"]
                        .iter()
                        .any(|name| claims.contains_key(*name))
        }
        Code::WrongApi => match audiences.as_slice() {
            [aud] if aud == GRAPH || aud.contains("graph.microsoft.com") => true,
            _ => settings.is_some() && !audiences.iter().any(|aud| aud.contains(it.settings_of)),
        },
        Code::AudienceMismatch => {
            settings.is_some() && !audiences.iter().any(|aud| aud == it.settings_of)
        }
        Code::WrongTenant => text("iss").contains(OTHER) && (challenge.contains(TENANT) || it.met),
        Code::Expired => {
            let exp = claims.get("exp").and_then(Value::as_i64);
            exp.is_none_or(|exp| exp + 300 < clock)
        }
        Code::NotYetValid => claims
            .get("nbf")
            .and_then(Value::as_i64)
            .is_some_and(|nbf| nbf > clock + 300),
        Code::ClockSkew => answer.date.is_some_and(|date| date.abs_diff(NOW) > 300),
        Code::BadSignature => it.signature == Signature::Wrong,
        Code::UnknownKey => it.signature == Signature::UnknownKey,
        Code::Unsigned => header["alg"] == "none",
        Code::WrongAlgorithm => header["alg"] == "HS256",
        Code::StrippedAuthorization => answer.status == 302,
        Code::ExpectationsConflict => {
            tenants_differ && (challenge.contains(TENANT) || it.met)
                || it.settings.is_some() && it.settings_of != API && gate_names_api
        }
        Code::SubscriptionKey => challenge.starts_with("AzureApiManagementKey"),
        Code::ClaimsRequired => {
            challenge.contains("insufficient_claims") && challenge.contains("eyJ")
        }
        Code::MissingScope => answer.status == 403 && refused_scope && none_of_wanted,
        Code::AppOnlyToken => {
            answer.status == 403
                && refused_scope
                && none_of_wanted
                && scopes.is_empty()
                && (text("idtyp") == "app" || !list("roles").is_empty())
        }
        Code::ScopePresent => {
            answer.status == 403
                && refused_scope
                && (wanted.iter().all(|scope| scopes.contains(scope)))
                && !scopes.is_empty()
        }
        Code::ClientNotAllowed => {
            let lists = [
                "/jwtClaimChecks/allowedClientApplications",
                "/defaultAuthorizationPolicy/allowedApplications",
            ];
            lists.iter().any(|list| {
                let listed = |id: &str| {
                    validation
                        .pointer(list)
                        .is_some_and(|it| it.to_string().contains(id))
                };
                setting(list) && (text("azp").is_empty() || !listed(text("azp")))
            })
        }
        Code::PrincipalNotAllowed => {
            let by_user = setting("/defaultAuthorizationPolicy/allowedPrincipals/identities")
                && text("oid") != OTHER;
            let by_group = setting("/defaultAuthorizationPolicy/allowedPrincipals/groups")
                || setting("/jwtClaimChecks/allowedGroups");
            by_user || by_group && !list("groups").is_empty()
        }
        Code::AccessRestricted => answer.status == 403 && tell("x-ms-forbidden-ip"),
        Code::ClientCertificate => body.contains("no required ssl certificate"),
        Code::FrontRefused => {
            server.starts_with("Microsoft-Azure-Application-Gateway")
                || tell("x-azure-ref") && body.contains("request is blocked")
                || server == "cloudflare" && (tell("cf-mitigated") || body.contains("been blocked"))
        }
        Code::HostForbidden => {
            answer.status == 403 && body.contains("error 403 - this web app is stopped")
        }
        Code::EasyAuthOff => {
            answer.status == 200 && matches!(it.sent, Sent::Nothing) && it.own_headers.is_empty()
                || answer.status == 500 && body.starts_with("easy auth (app service")
        }
        Code::EasyAuthRedirect => {
            answer.status == 302 && answer.location.as_deref() == Some("/.auth/login/aad")
        }
        Code::RateLimited => answer.status == 429,
        Code::HeadersTooLarge => {
            answer.status == 431 || matches!(answer.status, 400 | 494) && body.contains("too large")
        }
        // No answer to a call proves any other.
        _ => false,
    }
}

fn found(it: &Evidence) -> Vec<Finding> {
    let url = Url::parse("https://contoso.example/api/greeting").unwrap();
    let own = it
        .answer
        .challenges
        .iter()
        .find_map(|header| Challenge::parse(header));
    let met = it.met.then(challenge);
    let told = own.clone().or_else(|| met.clone());
    let settings = it.settings.as_ref().map(|validation| {
        let file = tempfile::NamedTempFile::new().unwrap();
        let text = json!({"identityProviders": {"azureActiveDirectory": {"registration": {"clientId": it.settings_of, "openIdIssuer": "https://login.microsoftonline.com/common/v2.0"}, "validation": validation}}});
        std::fs::write(file.path(), text.to_string()).unwrap();
        Settings::load(file.path()).unwrap()
    });
    let expected = told.as_ref().map(Expected::of).unwrap_or_default();
    let expected = expected
        .in_tenant(
            it.tenant
                .map(|tenant| (tenant, crate::provenance::Source::Environment)),
        )
        .with(settings.as_ref());
    diagnose(&Case {
        url: &url,
        sent: &it.sent,
        own_headers: &it.own_headers,
        answer: &it.answer,
        challenge: own.as_ref(),
        met: met.as_ref(),
        expected: &expected,
        signature: it.signature,
        now: NOW,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn nothing_is_proved_that_is_not_entailed(it in evidence()) {
        for finding in found(&it) {
            if finding.certainty == Certainty::Proved {
                prop_assert!(entailed(finding.code, &it), "{} is not entailed: {finding:?}", finding.code);
                prop_assert!(finding.code.proved_when().is_some(), "{}", finding.code);
            }
        }
    }
}
