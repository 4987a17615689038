//! 401: the gate did not accept the caller.

use serde_json::Value;
use url::Url;

use super::{Case, Expected, Finding, SCOPE, Sent, Signature, Source};
use crate::token::{Decoded, Malformed, how_long, utc};
use crate::trust;

/// Easy Auth accepts this much between clocks, in seconds.
const SKEW: i64 = 300;
/// The tenant of personal Microsoft accounts.
const PERSONAL: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// Every cause that fits, in order.
pub(super) fn findings(case: &Case<'_>) -> Vec<Finding> {
    if case.challenge.is_none() {
        return vec![not_easy_auth(case)];
    }
    let token = match case.sent {
        Sent::Nothing => return vec![no_token()],
        Sent::Unreadable(why) => return vec![malformed(why)],
        Sent::Token(token) => token,
    };
    let mut findings = of_token(token, case.expected, case.signature, case.now);
    // Where the gate's own clock is to be had, it is the one that judged.
    if let Some(date) = case.answer.date
        && date.abs_diff(case.now) > SKEW.unsigned_abs()
    {
        let there = of_token(token, case.expected, case.signature, date);
        if findings.is_empty()
            || there.is_empty()
            || there
                .iter()
                .any(|f| matches!(f.code, "expired" | "not-yet-valid"))
        {
            findings.insert(0, clock_skew(case.now, date));
            findings.extend(
                there
                    .into_iter()
                    .filter(|f| matches!(f.code, "expired" | "not-yet-valid")),
            );
            findings.dedup_by_key(|finding| finding.code);
        }
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
    let foreign = wrong_api(token, expected).or_else(|| wrong_tenant(token, expected));
    let mut findings: Vec<Finding> = not_an_access_token(token, expected)
        .or(foreign)
        .into_iter()
        .collect();
    // Another tenant's or API's keys prove nothing about this token.
    if findings.is_empty() {
        findings.extend(bad_signature(token, signature));
        findings
            .extend(issuer_version(token, expected).or_else(|| audience_mismatch(token, expected)));
    }
    findings.extend(times(token, now));
    findings
}

pub(super) fn no_token() -> Finding {
    Finding::proved(
        "no-token",
        "the call carried no token",
        "sign in: --credential device-code, or --credential azure-cli after az login, or --access-token - to bring one",
    )
}

pub(super) fn malformed(Malformed(why): &Malformed) -> Finding {
    Finding::proved(
        "malformed-token",
        format!("what was sent is not a token: {why}"),
        "send the access_token of the token response, whole, and nothing around it",
    )
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
    let finding = if seen.eq_ignore_ascii_case("none") {
        Finding::proved(
            "unsigned",
            "the token is not signed: anybody could have written it",
            "never send it; sign in for a real one",
        )
    } else {
        Finding::proved(
            "wrong-algorithm",
            "the token is not signed as the authority signs",
            "never send it; sign in for a real one",
        )
    };
    Some(finding.saw("alg", seen, "RS256", Source::Default))
}

/// An ID token is for the client that asked for it.
fn not_an_access_token(token: &Decoded, expected: &Expected) -> Option<Finding> {
    let for_client = token.text("aud").is_some()
        && token.claims.get("scp").is_none()
        && token.claims.get("roles").is_none();
    let of_api = expected
        .resource
        .as_ref()
        .is_some_and(|(id, _)| token.text("aud").is_some_and(|aud| bare(aud) == bare(id)));
    if !for_client
        || of_api
        || !(token.claims.contains_key("nonce")
            || token.text("azp").is_none() && token.text("appid").is_none())
    {
        return None;
    }
    let finding = Finding::proved(
        "not-an-access-token",
        "this is an ID token: it tells a client who signed in, and opens no API",
        "send access_token of the same token response, not id_token",
    );
    Some(finding.saw("scp, roles", Value::Null, SCOPE, Source::Default))
}

fn bare(id: &str) -> String {
    let id = id.trim_end_matches('/');
    id.strip_prefix("api://").unwrap_or(id).to_ascii_lowercase()
}

fn wrong_api(token: &Decoded, expected: &Expected) -> Option<Finding> {
    let audiences = token.audiences();
    let first = audiences.first()?;
    let name = trust::first_party(first);
    let other = match &expected.resource {
        Some((id, _)) => !audiences.iter().any(|aud| bare(aud) == bare(id)),
        None => name.is_some(),
    };
    if !other {
        return None;
    }
    let whose = name.unwrap_or("another API");
    let resource = expected
        .resource
        .as_ref()
        .map_or("<the API's client id>", |(id, _)| id.as_str());
    let finding = Finding::proved(
        "wrong-api",
        format!("the token is for {whose}, not for this one"),
        format!("ask for this API: --scope api://{}/{SCOPE}", bare(resource)),
    );
    let (want, source) = expected
        .resource
        .clone()
        .unwrap_or_else(|| ("this API".into(), Source::Default));
    Some(finding.saw("aud", first.as_str(), want, source))
}

/// The same API under its other name. The allowed names are not told, so this is likely only.
fn audience_mismatch(token: &Decoded, expected: &Expected) -> Option<Finding> {
    let (id, source) = expected.resource.as_ref()?;
    let aud = token.audiences().into_iter().next()?;
    if aud == *id {
        return None;
    }
    let finding = Finding::likely(
        "audience-mismatch",
        "the token is for this API, under a name that the gate was not told to accept",
        format!(
            "either have the API issue v2 tokens (requestedAccessTokenVersion: 2 in its app registration), or add {aud} to Allowed token audiences"
        ),
    );
    Some(finding.saw("aud", aud, id.as_str(), *source))
}

fn wrong_tenant(token: &Decoded, expected: &Expected) -> Option<Finding> {
    let (want, source) = expected.tenant.as_ref()?;
    let issuer_tenant = token
        .text("iss")
        .and_then(|iss| Url::parse(iss).ok())
        .and_then(|iss| {
            iss.path_segments()
                .and_then(|mut path| path.next().map(str::to_owned))
        });
    let seen = token.text("tid").map(str::to_owned).or(issuer_tenant)?;
    let guid =
        |text: &str| text.len() == 36 && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    // A domain can't be compared with an id.
    if !guid(want) || seen.eq_ignore_ascii_case(want) {
        return None;
    }
    let (summary, fix) = if seen == PERSONAL {
        (
            "a personal Microsoft account signed in, and the function is for a tenant's",
            format!("sign in with a work or school account: --tenant {want}"),
        )
    } else {
        (
            "the token is from another tenant",
            format!("sign in to the function's: --tenant {want} (az: az login --tenant {want})"),
        )
    };
    Some(Finding::proved("wrong-tenant", summary, fix).saw("tid", seen, want.as_str(), *source))
}

fn issuer_version(token: &Decoded, expected: &Expected) -> Option<Finding> {
    let (v2, source) = *expected.v2.as_ref()?;
    let seen = token.text("ver")?;
    let (want, fix) = match (seen, v2) {
        ("1.0", true) => (
            "2.0",
            "set requestedAccessTokenVersion to 2 in the API's app registration (its manifest), and sign in again",
        ),
        ("2.0", false) => (
            "1.0",
            "set the identity provider's Issuer URL to the one that ends in /v2.0",
        ),
        _ => return None,
    };
    let finding = Finding::proved(
        "issuer-version",
        format!(
            "the gate expects the issuer of v{} tokens, and this is a v{} one",
            &want[..1],
            &seen[..1]
        ),
        fix,
    );
    let finding = finding.saw("ver", seen, want, source);
    Some(match token.text("iss") {
        Some(iss) => finding.saw(
            "iss",
            iss,
            if v2 {
                "…/v2.0"
            } else {
                "https://sts.windows.net/<tenant>/"
            },
            source,
        ),
        None => finding,
    })
}

fn bad_signature(token: &Decoded, signature: Signature) -> Option<Finding> {
    let kid = token
        .header
        .get("kid")
        .and_then(Value::as_str)
        .unwrap_or("(none)");
    let fix = "it was edited, cut or made elsewhere: sign in for a real one";
    match signature {
        Signature::Wrong => Some(
            Finding::proved("bad-signature", "the issuer did not sign this token", fix)
                .saw(
                    "signature",
                    "wrong",
                    "by the issuer's key of this kid",
                    Source::Discovery,
                )
                .saw("kid", kid, Value::Null, Source::Discovery),
        ),
        Signature::UnknownKey => Some(
            Finding::proved(
                "unknown-key",
                "the issuer publishes no key with the token's kid",
                fix,
            )
            .saw("kid", kid, "one of the issuer's", Source::Discovery),
        ),
        Signature::Unchecked | Signature::Valid => None,
    }
}

fn times(token: &Decoded, now: i64) -> Option<Finding> {
    let at = |time: i64| utc(time).unwrap_or_else(|| time.to_string());
    match (token.time("exp"), token.time("nbf")) {
        (Some(exp), _) if exp.saturating_add(SKEW) < now || exp < now => Some(
            Finding {
                certainty: if exp.saturating_add(SKEW) < now {
                    super::Certainty::Proved
                } else {
                    super::Certainty::Likely
                },
                ..Finding::proved(
                    "expired",
                    format!(
                        "the token expired {} ago",
                        how_long(now.saturating_sub(exp))
                    ),
                    "sign in again for a new one",
                )
            }
            .saw(
                "exp",
                at(exp),
                format!("after {}", at(now)),
                Source::Default,
            ),
        ),
        (None, _) => Some(
            Finding::proved(
                "expired",
                "the token has no expiry that can be read",
                "sign in again for a new one",
            )
            .saw(
                "exp",
                token.claims.get("exp").cloned().unwrap_or(Value::Null),
                "a number",
                Source::Default,
            ),
        ),
        (_, Some(nbf)) if nbf > now + SKEW => Some(
            Finding::proved(
                "not-yet-valid",
                format!(
                    "the token is valid in {} only",
                    how_long(nbf.saturating_sub(now))
                ),
                "set this machine's clock; or wait",
            )
            .saw(
                "nbf",
                at(nbf),
                format!("before {}", at(now)),
                Source::Default,
            ),
        ),
        _ => None,
    }
}

pub(crate) fn clock_skew(now: i64, date: i64) -> Finding {
    let way = if date > now { "behind" } else { "ahead of" };
    Finding::proved(
        "clock-skew",
        format!(
            "this machine's clock is {} {way} the function's",
            how_long(date.abs_diff(now).cast_signed())
        ),
        "set this machine's clock (timedatectl set-ntp true; w32tm /resync), then sign in again",
    )
    .saw("clock", utc(now), utc(date), Source::Answer)
}

fn not_easy_auth(case: &Case<'_>) -> Finding {
    let server = case
        .answer
        .server
        .clone()
        .unwrap_or_else(|| "(unnamed)".into());
    let said = case.answer.challenges.first().cloned();
    let begins: String = case.answer.body.chars().take(80).collect();
    if let Some(challenge) = case
        .answer
        .challenges
        .iter()
        .find(|c| !c.to_ascii_lowercase().starts_with("bearer"))
    {
        let scheme = challenge.split(' ').next().unwrap_or_default().to_owned();
        return Finding::likely(
            "stripped-authorization",
            "a proxy in between wants its own sign-in, and may have dropped the token",
            "call past the proxy (NO_PROXY), or sign in to it",
        )
        .saw("WWW-Authenticate", scheme, "Bearer", Source::Default)
        .saw("Server", server, Value::Null, Source::Answer);
    }
    Finding::likely("not-easy-auth", "this 401 has no challenge of Easy Auth's: somebody else refused", "check who answers at this address; in Azure: App Service Authentication on, unauthenticated requests: HTTP 401")
        .saw("Server", server, Value::Null, Source::Answer)
        .saw("WWW-Authenticate", said, "Bearer … authorization_uri=… resource_id=…", Source::Default)
        .saw("body", begins, "", Source::Answer)
}
