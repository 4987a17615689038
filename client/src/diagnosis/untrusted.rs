//! What a function claims about its authority and its API, and why it is not trusted.

use serde_json::Value;
use url::Url;

use super::{Code, Finding};
use crate::discovery::challenge::Challenge;
use crate::discovery::trust;
use crate::http::without_query;
use crate::terminal::quoted;

pub(crate) fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

pub(crate) fn claimed(finding: Finding, challenge: &Challenge) -> Finding {
    let source = challenge.source;
    finding
        .saw(
            "authority",
            challenge.authority.as_str(),
            Value::Null,
            source,
        )
        .saw("API", challenge.resource.as_str(), Value::Null, source)
}

/// The authority is neither one of Microsoft's clouds' nor on this machine.
pub(crate) fn foreign_authority(url: &Url, challenge: &Challenge) -> Finding {
    let (summary, fix) = if trust::is_microsofts_other(&challenge.authority) {
        (
            format!(
                "{} names an authority of Microsoft's that is followed only where you name it: greeting-cli takes the work and school clouds' hosts by itself",
                origin(url)
            ),
            // B2C's endpoints stand under a policy, which the challenge's tenant does not name.
            if challenge.authority.ends_with(".b2clogin.com") {
                format!(
                    "bring a token of your app's own sign-in: greeting-cli call {} --access-token -",
                    without_query(url)
                )
            } else {
                format!(
                    "if it is your tenant's: greeting-cli call {} --authority-host {} --tenant {} --scope {}",
                    without_query(url),
                    challenge.authority,
                    challenge.tenant,
                    challenge.scope()
                )
            },
        )
    } else {
        (
            format!(
                "{} names an authority that is not one of Microsoft's: it is not trusted just because a web page names it",
                origin(url)
            ),
            "if it is yours: greeting-cli call URL --authority-host AUTHORITY --tenant TENANT; or set AZURE_AUTHORITY_HOST".to_owned(),
        )
    };
    let finding = Finding::proved(Code::UntrustedAuthority, summary, fix);
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
/// `scope` is what would be asked for.
pub(crate) fn unconfirmed(
    url: &Url,
    challenge: &Challenge,
    scope: &str,
    elsewhere: Option<&str>,
) -> Finding {
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
            quoted(scope)
        ),
    );
    claimed(finding, challenge)
}
