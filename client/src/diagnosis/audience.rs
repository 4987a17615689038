//! 401: the kind of the token, its API, its tenant and its issuer.

use serde_json::Value;

use super::{Code, Expected, Finding};
use crate::discovery::trust;
use crate::guid::is_guid;
use crate::provenance::Source;
use crate::scope::{resource_of, scope_of};
use crate::token::Decoded;

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
    let finding = Finding::likely(
        Code::NotAnAccessToken,
        "this is an ID token: it tells the client who signed in, and no API accepts it",
        "send the access_token of the same token response, not the id_token",
    );
    // A nonce is what an ID token answers a sign-in with, and only access tokens name a client.
    let finding = if has("nonce") && !has("azp") && !has("appid") && !has("roles") {
        finding.sure()
    } else {
        finding
    };
    Some(finding.saw("scp", Value::Null, "scopes", Source::Default))
}

/// The audiences that tokens for a scope have (v2 tokens the client id, v1 tokens the App ID URI
/// of the scope), against those that the gate takes.
///
/// # Errors
/// The gate is told of neither.
pub(crate) fn audience_of_scope(scope: &str, expected: &Expected) -> Result<String, Box<Finding>> {
    let first = scope.split_whitespace().next().unwrap_or_default();
    let api = resource_of(first);
    let Some((id, source)) = &expected.resource else {
        return Ok(format!("asks for {api}; the gate names no API"));
    };
    let same = bare(api) == bare(id);
    let Some(list) = &expected.audiences else {
        return Ok(if same {
            format!("asks for {api}, which the gate names")
        } else {
            format!(
                "asks for {api}; the gate names {id}, and may take the other too (--auth-settings shows it)"
            )
        });
    };
    let takes = |audience: &str| list.iter().any(|it| it.eq_ignore_ascii_case(audience));
    let by_id = same || is_guid(&bare(api)) && takes(&bare(api));
    match (by_id, takes(api)) {
        (true, true) => Ok(format!("asks for {api}; the gate takes tokens of v1 and v2")),
        (true, false) => Ok(format!(
            "asks for {api}; the gate takes its client id only, so tokens have to be v2 (requestedAccessTokenVersion: 2)"
        )),
        (false, true) => Ok(format!("asks for {api}, which the gate takes")),
        (false, false) => Err(Box::new(
            Finding::likely(
                Code::AudienceMismatch,
                "the scope is of an API that the gate's settings do not allow as an audience",
                format!(
                    "ask for this API: greeting-cli call URL --scope {}; or add {api} to Allowed token audiences (validation.allowedAudiences)",
                    scope_of(&format!("api://{}", bare(id)))
                ),
            )
            .saw("scope", first, list.clone(), *source),
        )),
    }
}

/// An API's id without its scheme.
pub(super) fn bare(id: &str) -> String {
    let id = id.trim_end_matches('/');
    id.strip_prefix("api://").unwrap_or(id).to_ascii_lowercase()
}

/// The audience is known to be another API: Microsoft's own, or another application's id. An App
/// ID URI may be any API's, this one's too: see [`audience_mismatch`].
pub(super) fn wrong_api(token: &Decoded, expected: &Expected) -> Option<Finding> {
    let audiences = token.audiences();
    let first = audiences.first()?;
    let accepted = |id: &str| audiences.iter().any(|aud| bare(aud) == bare(id));
    let listed = expected
        .audiences
        .as_ref()
        .is_some_and(|list| list.iter().any(|id| accepted(id)));
    let own = expected
        .resource
        .as_ref()
        .is_some_and(|(id, _)| accepted(id));
    if listed || own {
        return None;
    }
    let name = trust::first_party(first);
    // Without the settings, the gate may have been told of a second API.
    let application = is_guid(&bare(first))
        && expected
            .resource
            .as_ref()
            .is_some_and(|(id, _)| is_guid(&bare(id)));
    if name.is_none() && !application {
        return None;
    }
    let whose = name.unwrap_or("another API");
    let resource = expected
        .resource
        .as_ref()
        .map_or("<the API's client id>", |(id, _)| id.as_str());
    let finding = Finding::likely(
        Code::WrongApi,
        format!("the token is for {whose}, not for this one"),
        format!(
            "ask for this API: greeting-cli call URL --scope {}",
            scope_of(&format!("api://{}", bare(resource)))
        ),
    );
    // Of several audiences the gate may take another.
    let known = trust::is_first_party(first) && audiences.len() == 1;
    let finding = if known || expected.audiences.is_some() {
        finding.sure()
    } else {
        finding
    };
    if let Some(list) = &expected.audiences {
        return Some(finding.saw("aud", first.as_str(), list.clone(), Source::Settings));
    }
    let (want, source) = expected
        .resource
        .clone()
        .unwrap_or_else(|| ("this API".into(), Source::Default));
    Some(finding.saw("aud", first.as_str(), want, source))
}

/// The same API under another name, or what may be one: an App ID URI can be anything. The
/// allowed names are known from the settings only, so without those this is likely.
pub(super) fn audience_mismatch(token: &Decoded, expected: &Expected) -> Option<Finding> {
    let audiences = token.audiences();
    let aud = audiences.first()?.clone();
    let (id, source) = expected.resource.as_ref()?;
    let same = aud.to_lowercase().contains(&bare(id));
    let summary = if same {
        "the token is for this API, under a name that is not among the gate's allowed audiences"
    } else {
        "the token's audience is not the one that the gate names; it may be this API's own App ID URI"
    };
    let add = format!("add {aud} to Allowed token audiences (validation.allowedAudiences)");
    let fix = if same {
        format!(
            "either {add}, or have the API issue v2 tokens, whose audience is its client id (requestedAccessTokenVersion: 2 in its app registration)"
        )
    } else {
        format!(
            "if it is this API's App ID URI, {add}; if it is another API's, ask for this one by its client id: greeting-cli call URL --scope {}/.default",
            bare(id)
        )
    };
    if let Some(list) = &expected.audiences {
        return (!audiences.iter().any(|aud| list.contains(aud))).then(|| {
            Finding::proved(Code::AudienceMismatch, summary, fix).saw(
                "aud",
                aud,
                list.clone(),
                Source::Settings,
            )
        });
    }
    // Metadata names the API as clients ask for it, not as its tokens do.
    if audiences.contains(id) || *source == Source::Discovery {
        return None;
    }
    Some(Finding::likely(Code::AudienceMismatch, summary, fix).saw(
        "aud",
        aud,
        id.as_str(),
        *source,
    ))
}
