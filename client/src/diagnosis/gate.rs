//! 401: the gate did not accept the caller.

use serde_json::Value;

use super::behind::{app_refused, function_key, has_words};
use super::unreached::app;
use super::words::said;
use super::{Case, Code, Expected, Finding, Sent, Signature, audience, issuer, times};
use crate::discovery::challenge::schemes_of;
use crate::http::Answer;
use crate::provenance::Source;
use crate::token::{Decoded, Unreadable};

/// Who answered a 401.
enum Refuser {
    Gate,
    /// This project's function: the gate let the call through without a principal.
    Function,
    /// The Functions host, which wants a key.
    Host,
    /// An app behind the gate, in its own words.
    App,
    /// Somebody who wants another sign-in (a proxy, as a rule).
    OtherScheme,
    Unknown,
}

fn refuser(case: &Case<'_>) -> Refuser {
    if case.challenge.is_some() {
        return Refuser::Gate;
    }
    let schemes = schemes_of(case.answer);
    let sent = !matches!(case.sent, Sent::Nothing);
    let words = has_words(case);
    match schemes.iter().find(|scheme| scheme.is("Bearer")) {
        // greeting-server's sentence, or the same without a word.
        Some(bearer) if bearer.parameters.is_empty() => {
            let ours = case.answer.body.starts_with("Not authenticated:");
            if ours || !words && !sent {
                Refuser::Function
            } else {
                Refuser::App
            }
        }
        // Container Apps' gate names its host and nothing else.
        Some(bearer)
            if bearer.get("error").is_none() && bearer.get("realm").is_some() && !words =>
        {
            Refuser::Gate
        }
        Some(_) => Refuser::App,
        None if !schemes.is_empty() => Refuser::OtherScheme,
        None if words && (case.answer.from_gate || case.met.is_some()) => Refuser::App,
        None if !words && sent && case.met.is_some() => Refuser::Host,
        None if !words && case.answer.from_gate => Refuser::Gate,
        None => Refuser::Unknown,
    }
}

/// Every cause that fits, in order.
pub(super) fn findings(case: &Case<'_>) -> Vec<Finding> {
    match refuser(case) {
        Refuser::Gate => of_sent(case),
        Refuser::Function => and(of_sent(case), let_through(case)),
        // What the token itself shows, the app may have seen as well. What it wants of a caller
        // without one may be something else (an API key).
        Refuser::App => match case.sent {
            Sent::Nothing => and(vec![no_token().unsure()], app_refused(case)),
            Sent::Token(_) | Sent::Unreadable(_) => and(of_sent(case), app_refused(case)),
        },
        Refuser::Host => vec![function_key(case)],
        Refuser::OtherScheme | Refuser::Unknown => vec![not_easy_auth(case)],
    }
}

fn and(mut findings: Vec<Finding>, last: Finding) -> Vec<Finding> {
    findings.push(last);
    findings
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
    if !findings.is_empty() {
        findings.splice(0..0, case.expected.conflict());
    }
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
        .or_else(|| issuer::wrong_tenant(token, expected));
    // Another tenant's or API's keys prove nothing about this token.
    if let Some(foreign) = foreign {
        return vec![foreign];
    }
    let name = issuer::issuer_version(token, expected)
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
        "sign in: greeting-cli call URL; a token of your own is read from stdin: greeting-cli call URL --access-token -",
    )
}

pub(super) fn unreadable(unreadable: &Unreadable) -> Finding {
    let fix = "send the value of access_token from the token response, complete and with nothing around it";
    match unreadable {
        Unreadable::Malformed(why) => Finding::proved(
            Code::MalformedToken,
            format!("this is not a token: {why}"),
            fix,
        ),
        Unreadable::OtherToken(why) => Finding::proved(
            Code::NotAnAccessToken,
            format!("this is not an access token for this API: {why}"),
            fix,
        ),
        Unreadable::NotAToken(what) => Finding::proved(
            Code::NotAToken,
            format!("this is not a token: {}", what.why()),
            what.fix(),
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
    let finding = Finding::likely(code, summary, "do not send it; sign in for a new token");
    // The keys that issuers publish sign neither nothing nor by a shared secret; of other
    // algorithms a gate may take some (PS256).
    let finding = if code == Code::Unsigned || seen.starts_with("HS") {
        finding.sure()
    } else {
        finding
    };
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
                Source::Issuer,
            )
            .saw("kid", kid, Value::Null, Source::Issuer),
        ),
        Signature::UnknownKey => Some(
            Finding::proved(
                Code::UnknownKey,
                "the issuer publishes no key with the token's kid",
                fix,
            )
            .saw("kid", kid, "one of the issuer's", Source::Issuer),
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
    let schemes = schemes_of(case.answer);
    if let Some(scheme) = schemes.iter().find(|scheme| !scheme.is("Bearer")) {
        let finding = Finding::likely(
            Code::StrippedAuthorization,
            "a proxy on the way asks for its own sign-in, and may have removed the token",
            "bypass the proxy (NO_PROXY), or sign in to it",
        )
        .saw(
            "WWW-Authenticate",
            scheme.name.as_str(),
            "Bearer",
            Source::Default,
        );
        return said(finding, case.answer);
    }
    let finding = Finding::likely(
        Code::NotEasyAuth,
        "this 401 has no challenge of Easy Auth: something else refused the call",
        "check what answers at this address; in Azure: App Service Authentication on, unauthenticated requests: HTTP 401",
    )
    .saw(
        "WWW-Authenticate",
        case.answer.challenges.first().cloned(),
        "Bearer … authorization_uri=… resource_id=…",
        Source::Default,
    );
    said(finding, case.answer)
}

/// A 401 of the gate that names neither authority nor API.
pub(crate) fn no_challenge(answer: &Answer) -> Finding {
    Finding::proved(
        Code::NoChallenge,
        "the gate names neither its authority nor its API, and both are needed to ask for a token",
        "name them: greeting-cli call URL --tenant TENANT --scope api://<the API's client id>/Greeting.Read",
    )
    .saw(
        "WWW-Authenticate",
        answer.challenges.first().cloned(),
        "Bearer … authorization_uri=… resource_id=…",
        Source::Default,
    )
}
