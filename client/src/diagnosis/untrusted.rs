//! What a function claims of its authority and its API, and is not believed.

use serde_json::Value;
use url::Url;

use super::{Code, Finding};
use crate::discovery::challenge::Challenge;
use crate::http::without_query;

pub(crate) fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

pub(crate) fn claimed(finding: Finding, challenge: &Challenge) -> Box<Finding> {
    let source = challenge.source();
    let finding = finding
        .saw(
            "authority",
            challenge.authority.as_str(),
            Value::Null,
            source,
        )
        .saw("API", challenge.resource.as_str(), Value::Null, source);
    Box::new(finding)
}

/// The sign-in page would be somebody's.
pub(crate) fn foreign_authority(url: &Url, challenge: &Challenge) -> Box<Finding> {
    let finding = Finding::proved(
        Code::UntrustedAuthority,
        format!(
            "{} names an authority that is not Microsoft's, and nobody signs in there because a web page says so",
            origin(url)
        ),
        "if it is yours: --authority-host URL and --tenant, or AZURE_AUTHORITY_HOST",
    );
    claimed(finding, challenge)
}

/// The token would open another door.
pub(crate) fn first_party(url: &Url, challenge: &Challenge, name: &str) -> Box<Finding> {
    let finding = Finding::proved(
        Code::FirstPartyResource,
        format!(
            "{} asks for a token for {name}, which is not its own API",
            origin(url)
        ),
        "do not send one; if this is your function, set its client id in the auth settings",
    );
    claimed(finding, challenge)
}

/// Nobody has agreed, and nobody can be asked.
pub(crate) fn unconfirmed(
    url: &Url,
    challenge: &Challenge,
    elsewhere: Option<&str>,
) -> Box<Finding> {
    let named = elsewhere.map_or(String::new(), |other| {
        format!(", which {other} stands for already")
    });
    let finding = Finding::proved(
        Code::ResourceNotConfirmed,
        format!(
            "{} names an API for the first time{named}, and there is no terminal to ask",
            origin(url)
        ),
        format!(
            "if it is right: greeting-cli call {} --scope {}",
            without_query(url),
            challenge.scope()
        ),
    );
    claimed(finding, challenge)
}
