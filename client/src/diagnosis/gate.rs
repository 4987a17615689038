//! 401: the gate did not accept the caller.

use serde_json::Value;

use super::unreached::app;
use super::{Case, Code, Expected, Finding, Sent, Signature, audience, times};
use crate::http::Answer;
use crate::provenance::Source;
use crate::token::{Decoded, Unreadable};

/// Who answered a 401.
enum Refuser {
    Gate,
    /// The function: the gate let the call through.
    Function,
    Other,
}

fn refuser(case: &Case<'_>) -> Refuser {
    if case.challenge.is_some() || case.answer.from_gate {
        return Refuser::Gate;
    }
    // Container Apps' gate names its host and nothing else; the function nothing at all.
    let bearer = case.answer.challenges.iter().map(|challenge| {
        let challenge = challenge.trim().to_ascii_lowercase();
        challenge
            .strip_prefix("bearer")
            .map(|rest| rest.trim().to_owned())
    });
    for parameters in bearer.flatten() {
        if parameters.is_empty() {
            return Refuser::Function;
        }
        if parameters.starts_with("realm=") {
            return Refuser::Gate;
        }
    }
    Refuser::Other
}

/// Every cause that fits, in order.
pub(super) fn findings(case: &Case<'_>) -> Vec<Finding> {
    match refuser(case) {
        Refuser::Gate => of_sent(case),
        Refuser::Function => {
            let mut findings = of_sent(case);
            findings.push(let_through(case));
            findings
        }
        Refuser::Other => vec![not_easy_auth(case)],
    }
}

/// What the gate refuses in the call itself.
pub(super) fn of_sent(case: &Case<'_>) -> Vec<Finding> {
    let token = match case.sent {
        Sent::Nothing => return vec![no_token()],
        Sent::Unreadable(why) => return vec![unreadable(why)],
        Sent::Token(token) => token,
    };
    if let Some(finding) = algorithm(token) {
        return vec![finding];
    }
    let mut findings = whose(token, case.expected, case.signature);
    findings.extend(times::of_case(token, case));
    findings
}

/// The causes that the token itself shows: whose it is, then who signed it, then when.
pub(super) fn of_token(
    token: &Decoded,
    expected: &Expected,
    signature: Signature,
    now: i64,
) -> Vec<Finding> {
    if let Some(finding) = algorithm(token) {
        return vec![finding];
    }
    let mut findings = whose(token, expected, signature);
    findings.extend(times::of_token(token, now));
    findings
}

fn whose(token: &Decoded, expected: &Expected, signature: Signature) -> Vec<Finding> {
    let foreign = audience::not_an_access_token(token, expected)
        .or_else(|| audience::wrong_api(token, expected))
        .or_else(|| audience::wrong_tenant(token, expected));
    // Another tenant's or API's keys prove nothing about this token.
    if let Some(foreign) = foreign {
        return vec![foreign];
    }
    let name = audience::issuer_version(token, expected)
        .or_else(|| audience::audience_mismatch(token, expected));
    bad_signature(token, signature)
        .into_iter()
        .chain(name)
        .collect()
}

pub(super) fn no_token() -> Finding {
    Finding::proved(
        Code::NoToken,
        "the call carried no token",
        "sign in: --credential device-code, or --credential azure-cli after az login, or --access-token - to read one from stdin",
    )
}

pub(super) fn unreadable(unreadable: &Unreadable) -> Finding {
    let fix = "send the value of access_token from the token response, complete and with nothing around it";
    match unreadable {
        Unreadable::Malformed(why) => Finding::proved(
            Code::MalformedToken,
            format!("what was sent is not a token: {why}"),
            fix,
        ),
        Unreadable::OtherToken(why) => Finding::proved(
            Code::NotAnAccessToken,
            format!("what was sent is not an access token for this API: {why}"),
            fix,
        ),
    }
}

fn algorithm(token: &Decoded) -> Option<Finding> {
    let seen = token
        .header
        .get("alg")
        .and_then(Value::as_str)
        .unwrap_or("(none)");
    if seen == "RS256" {
        return None;
    }
    let (code, summary) = if seen.eq_ignore_ascii_case("none") {
        (
            Code::Unsigned,
            "the token is not signed: anyone could have written it",
        )
    } else {
        (
            Code::WrongAlgorithm,
            "the token is not signed with the algorithm that the authority uses",
        )
    };
    let finding = Finding::proved(code, summary, "do not send it; sign in for a new token");
    Some(finding.saw("alg", seen, "RS256", Source::Default))
}

fn bad_signature(token: &Decoded, signature: Signature) -> Option<Finding> {
    let kid = token
        .header
        .get("kid")
        .and_then(Value::as_str)
        .unwrap_or("(none)");
    let fix = "it was edited, cut or issued elsewhere: sign in for a new token";
    match signature {
        Signature::Wrong => Some(
            Finding::proved(
                Code::BadSignature,
                "the issuer did not sign this token",
                fix,
            )
            .saw(
                "signature",
                "wrong",
                "valid for the key of this kid",
                Source::Discovery,
            )
            .saw("kid", kid, Value::Null, Source::Discovery),
        ),
        Signature::UnknownKey => Some(
            Finding::proved(
                Code::UnknownKey,
                "the issuer publishes no key with the token's kid",
                fix,
            )
            .saw("kid", kid, "one of the issuer's", Source::Discovery),
        ),
        Signature::Unchecked | Signature::Valid => None,
    }
}

/// The function's own 401, behind a gate that allows unauthenticated requests.
fn let_through(case: &Case<'_>) -> Finding {
    Finding::likely(
        Code::NotEasyAuth,
        "this 401 is the function's own: the gate let the call through without a principal",
        format!(
            "have the gate refuse it: requireAuthentication true and unauthenticatedClientAction Return401 (portal: Unauthenticated requests: HTTP 401). If authentication is off there, an app setting WEBSITE_AUTH_ENABLED says that it is on, and any caller can send a principal of its own: az functionapp config appsettings delete {} --setting-names WEBSITE_AUTH_ENABLED",
            app(case.url)
        ),
    )
    .saw(
        "WWW-Authenticate",
        case.answer.challenges.first().cloned(),
        "Bearer … authorization_uri=… resource_id=…",
        Source::Default,
    )
}

pub(super) fn not_easy_auth(case: &Case<'_>) -> Finding {
    let server = case
        .answer
        .server
        .clone()
        .unwrap_or_else(|| "(unnamed)".into());
    let other_scheme = case
        .answer
        .challenges
        .iter()
        .find(|challenge| !challenge.to_ascii_lowercase().starts_with("bearer"));
    if let Some(challenge) = other_scheme {
        let scheme = challenge.split(' ').next().unwrap_or_default();
        return Finding::likely(
            Code::StrippedAuthorization,
            "a proxy on the way asks for its own sign-in, and may have removed the token",
            "bypass the proxy (NO_PROXY), or sign in to it",
        )
        .saw("WWW-Authenticate", scheme, "Bearer", Source::Default)
        .saw("Server", server, Value::Null, Source::Answer);
    }
    let begins: String = case.answer.body.chars().take(80).collect();
    Finding::likely(
        Code::NotEasyAuth,
        "this 401 has no challenge of Easy Auth: something else refused the call",
        "check what answers at this address; in Azure: App Service Authentication on, unauthenticated requests: HTTP 401",
    )
    .saw("Server", server, Value::Null, Source::Answer)
    .saw(
        "WWW-Authenticate",
        case.answer.challenges.first().cloned(),
        "Bearer … authorization_uri=… resource_id=…",
        Source::Default,
    )
    .saw("body", begins, Value::Null, Source::Answer)
}

/// A 401 of the gate that names neither authority nor API.
pub(crate) fn no_challenge(answer: &Answer) -> Finding {
    Finding::proved(
        Code::NoChallenge,
        "the gate names neither its authority nor its API, and both are needed to ask for a token",
        "name them: --tenant TENANT --scope api://<the API's client id>/Greeting.Read",
    )
    .saw(
        "WWW-Authenticate",
        answer.challenges.first().cloned(),
        "Bearer … authorization_uri=… resource_id=…",
        Source::Default,
    )
}
