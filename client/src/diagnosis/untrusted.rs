//! What a function claims about its authority and its API, and why it is not trusted.

use serde_json::Value;
use url::Url;

use super::{Code, Finding};
use crate::discovery::challenge::Challenge;
use crate::http::without_query;
use crate::terminal::quoted;

pub(crate) fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

pub(crate) fn claimed(finding: Finding, challenge: &Challenge) -> Finding {
    let source = challenge.source();
    finding
        .saw(
            "authority",
            challenge.authority.as_str(),
            Value::Null,
            source,
        )
        .saw("API", challenge.resource.as_str(), Value::Null, source)
}

/// The authority is neither Microsoft's nor on this machine.
pub(crate) fn foreign_authority(url: &Url, challenge: &Challenge) -> Finding {
    let finding = Finding::proved(
        Code::UntrustedAuthority,
        format!(
            "{} names an authority that is not one of Microsoft's: it is not trusted just because a web page names it",
            origin(url)
        ),
        "if it is yours: --authority-host URL and --tenant, or AZURE_AUTHORITY_HOST",
    );
    claimed(finding, challenge)
}

/// The API is one of Microsoft's own.
pub(crate) fn first_party(url: &Url, challenge: &Challenge, name: &str) -> Finding {
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

/// The user has not agreed to this API, and there is no terminal to ask on.
pub(crate) fn unconfirmed(url: &Url, challenge: &Challenge, elsewhere: Option<&str>) -> Finding {
    let named = elsewhere.map_or(String::new(), |other| {
        format!(" (you agreed to it for {other})")
    });
    let finding = Finding::proved(
        Code::ResourceNotConfirmed,
        format!(
            "{} names an API that you have not agreed to{named}, and there is no terminal to ask on",
            origin(url)
        ),
        format!(
            "if it is right: greeting-cli call {} --scope {}",
            quoted(&without_query(url)),
            challenge.scope()
        ),
    );
    claimed(finding, challenge)
}
