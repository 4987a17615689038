//! 401: the kind of the token, its API, its tenant and its issuer.

use serde_json::Value;
use url::Url;

use super::{Code, Expected, Finding};
use crate::discovery::trust;
use crate::provenance::Source;
use crate::scope::SCOPE;
use crate::token::Decoded;

/// The tenant of personal Microsoft accounts.
const PERSONAL: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// An ID token is for the client that asked for it.
pub(super) fn not_an_access_token(token: &Decoded, expected: &Expected) -> Option<Finding> {
    let has = |name: &str| token.claims.contains_key(name);
    let of_api = expected
        .resource
        .as_ref()
        .is_some_and(|(id, _)| token.text("aud").is_some_and(|aud| bare(aud) == bare(id)));
    let of_client = has("nonce") || !has("azp") && !has("appid");
    if has("scp") || has("idtyp") || !has("aud") || of_api || !of_client {
        return None;
    }
    let finding = Finding::proved(
        Code::NotAnAccessToken,
        "this is an ID token: it tells the client who signed in, and no API accepts it",
        "send the access_token of the same token response, not the id_token",
    );
    Some(finding.saw("scp", Value::Null, SCOPE, Source::Default))
}

/// An API's id without its scheme.
pub(super) fn bare(id: &str) -> String {
    let id = id.trim_end_matches('/');
    id.strip_prefix("api://").unwrap_or(id).to_ascii_lowercase()
}

pub(super) fn wrong_api(token: &Decoded, expected: &Expected) -> Option<Finding> {
    let audiences = token.audiences();
    let first = audiences.first()?;
    let name = trust::first_party(first);
    let accepted = |id: &str| audiences.iter().any(|aud| bare(aud) == bare(id));
    let listed = expected
        .audiences
        .as_ref()
        .is_some_and(|list| list.iter().any(|id| accepted(id)));
    let other = match &expected.resource {
        Some((id, _)) => !accepted(id) && !listed,
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
        Code::WrongApi,
        format!("the token is for {whose}, not for this one"),
        format!("ask for this API: --scope api://{}/{SCOPE}", bare(resource)),
    );
    let (want, source) = expected
        .resource
        .clone()
        .unwrap_or_else(|| ("this API".into(), Source::Default));
    Some(finding.saw("aud", first.as_str(), want, source))
}

/// The same API under its other name. The allowed names are known from the settings only, so
/// without those this is likely.
pub(super) fn audience_mismatch(token: &Decoded, expected: &Expected) -> Option<Finding> {
    let aud = token.audiences().into_iter().next()?;
    let summary =
        "the token is for this API, under a name that is not among the gate's allowed audiences";
    let fix = format!(
        "either add {aud} to Allowed token audiences (validation.allowedAudiences), or have the API issue v2 tokens, whose audience is its client id (requestedAccessTokenVersion: 2 in its app registration)"
    );
    if let Some(list) = &expected.audiences {
        return (!list.contains(&aud)).then(|| {
            Finding::proved(Code::AudienceMismatch, summary, fix).saw(
                "aud",
                aud,
                list.clone(),
                Source::Settings,
            )
        });
    }
    let (id, source) = expected.resource.as_ref()?;
    // Metadata names the API as clients ask for it, not as its tokens do.
    if aud == *id || *source == Source::Discovery {
        return None;
    }
    Some(Finding::likely(Code::AudienceMismatch, summary, fix).saw(
        "aud",
        aud,
        id.as_str(),
        *source,
    ))
}

pub(super) fn wrong_tenant(token: &Decoded, expected: &Expected) -> Option<Finding> {
    let (want, source) = expected.tenant.as_ref()?;
    let issuer = || {
        let issuer = Url::parse(token.text("iss")?).ok()?;
        issuer.path_segments()?.next().map(str::to_owned)
    };
    let seen = token.text("tid").map(str::to_owned).or_else(issuer)?;
    let guid =
        |text: &str| text.len() == 36 && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    // A domain can't be compared with an id.
    if !guid(want) || seen.eq_ignore_ascii_case(want) {
        return None;
    }
    let (summary, fix) = if seen == PERSONAL {
        (
            "a personal Microsoft account signed in, and the function accepts accounts of its tenant",
            format!("sign in with a work or school account: --tenant {want}"),
        )
    } else {
        (
            "the token is from another tenant",
            format!("sign in to the function's: --tenant {want} (az: az login --tenant {want})"),
        )
    };
    Some(Finding::proved(Code::WrongTenant, summary, fix).saw("tid", seen, want.as_str(), *source))
}

pub(super) fn issuer_version(token: &Decoded, expected: &Expected) -> Option<Finding> {
    let (v2, source) = *expected.v2.as_ref()?;
    let seen = token.text("ver")?;
    let (want, issuer, fix) = match (seen, v2) {
        ("1.0", true) => (
            "2.0",
            "…/v2.0",
            "set requestedAccessTokenVersion to 2 in the API's app registration (its manifest), and sign in again",
        ),
        ("2.0", false) => (
            "1.0",
            "https://sts.windows.net/<tenant>/",
            "set the identity provider's Issuer URL to the one that ends in /v2.0",
        ),
        _ => return None,
    };
    let finding = Finding::proved(
        Code::IssuerVersion,
        format!(
            "the gate expects the issuer of v{} tokens, and this is a v{} one",
            &want[..1],
            &seen[..1]
        ),
        fix,
    )
    .saw("ver", seen, want, source);
    Some(match token.text("iss") {
        Some(iss) => finding.saw("iss", iss, issuer, source),
        None => finding,
    })
}
