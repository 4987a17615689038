//! The tokens that probes are sent with: those of stdin, `call`'s, and an app-only one for an
//! app's secret. None of them is for an API of Microsoft's.

use azure_core::credentials::Secret;
use serde_json::{Map, Value};

use crate::cli::ConformArgs;
use crate::conformance::refusal::Refusal;
use crate::credential::provided::pasted;
use crate::discovery::challenge::Challenge;
use crate::discovery::trust::{Authority, Trust, first_party, is_first_party, judge};
use crate::oauth::endpoint::Endpoint;
use crate::scope::of_resource;
use crate::session::{Session, learn};
use crate::token::Decoded;

/// What stdin held.
#[derive(Default)]
pub(super) struct Brought {
    /// By name.
    pub(super) tokens: Vec<(String, String)>,
    pub(super) app_secret: Option<Secret>,
}

impl Brought {
    pub(super) fn has(&self, name: &str) -> bool {
        self.tokens.iter().any(|(known, _)| known == name)
    }
}

/// Reads stdin, where an option says what it holds.
///
/// # Errors
/// It holds something else, or a token that must not be sent.
pub(super) fn of_stdin(args: &ConformArgs) -> Result<Brought, Refusal> {
    if args.app_secret.is_some() {
        let secret = pasted().trim().to_owned();
        if secret.is_empty() {
            return Err(Refusal::NoSecret);
        }
        return Ok(Brought {
            app_secret: Some(Secret::new(secret)),
            ..Brought::default()
        });
    }
    if args.tokens.is_none() {
        return Ok(Brought::default());
    }
    let object: Map<String, Value> =
        serde_json::from_str(&pasted()).map_err(|_| Refusal::NoTokens)?;
    let mut tokens = Vec::new();
    for (name, value) in object {
        let Value::String(token) = value else {
            return Err(Refusal::NoTokens);
        };
        checked(&name, token.trim())?;
        tokens.push((name, token.trim().to_owned()));
    }
    Ok(Brought {
        tokens,
        app_secret: None,
    })
}

/// A token of another audience is sent only where it is worth nothing elsewhere.
fn checked(name: &str, token: &str) -> Result<(), Refusal> {
    let decoded = Decoded::parse(token).map_err(|why| Refusal::NoToken {
        name: name.to_owned(),
        why: why.why().to_owned(),
    })?;
    match decoded.audiences().iter().find(|it| is_first_party(it)) {
        Some(audience) => Err(Refusal::FirstParty {
            name: name.to_owned(),
            api: first_party(audience).unwrap_or("one of Microsoft's APIs"),
        }),
        None => Ok(()),
    }
}

/// A token as `call` gets it.
///
/// # Errors
/// Why there is none, in words that stand after "no valid token:".
pub(super) async fn valid(session: &Session) -> Result<Secret, String> {
    let known = learn::learn(session)
        .await
        .map_err(|stopped| match *stopped {
            learn::Stopped::NotTrusted(finding, _) => finding.summary,
            learn::Stopped::NothingDiscovered(_) => {
                "the gate's answer names no authority and API".to_owned()
            }
            learn::Stopped::Unreached(unreached) => unreached.why,
            learn::Stopped::InTheClear => "the URL is plain http to another machine".to_owned(),
        })?;
    let source = session.token_source(&known.request);
    let token = source.get().await.map_err(|finding| finding.summary)?;
    let audiences = Decoded::parse(token.secret()).map(|token| token.audiences());
    if audiences.is_ok_and(|audiences| audiences.iter().any(|it| is_first_party(it))) {
        return Err("the one that was got is for one of Microsoft's APIs".to_owned());
    }
    Ok(token)
}

/// An app-only token for the app's secret (RFC 6749 section 4.4), from the authority that the
/// challenge names, where that is trusted.
///
/// # Errors
/// Why there is none.
pub(super) async fn app_only(
    session: &Session,
    challenge: &Challenge,
    secret: &Secret,
) -> Result<Secret, String> {
    let named = session.args.authority_host.as_deref();
    let authority = named.unwrap_or(&challenge.authority);
    let foreign = Authority::of(authority, &session.url) == Authority::Foreign;
    if named.is_none() && foreign || matches!(judge(&session.url, challenge), Trust::FirstParty(_))
    {
        return Err("what the gate's answer names is not trusted with a secret".to_owned());
    }
    let url = url::Url::parse(authority).map_err(|error| error.to_string())?;
    let client = session.http.of(&url).map_err(|unreached| unreached.why)?;
    let id = &session.args.client_id;
    let endpoint = Endpoint::new(client.clone(), authority, &challenge.tenant, id)
        .map_err(|error| error.to_string())?;
    let scope = of_resource(".default", &challenge.resource);
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", id.as_str()),
        ("client_secret", secret.secret()),
        ("scope", scope.as_str()),
    ];
    match endpoint.redeem(&form).await {
        Ok(tokens) => Ok(tokens.access.token),
        Err(error) => Err(error.to_string()),
    }
}
