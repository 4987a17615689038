//! What has to be known before a token is asked for: given by the user, or discovered.

use super::{Known, Session, scope, trust};
use crate::credential::TokenRequest;
use crate::diagnosis::Finding;
use crate::discovery::challenge::Challenge;
use crate::discovery::trust::may_carry_token;
use crate::http::{Answer, Unreached};
use crate::provenance::Source;

/// The authority where none is given.
const PUBLIC_CLOUD: &str = "https://login.microsoftonline.com";

/// Why no token is asked for.
pub(crate) enum Stopped {
    /// The URL is plain http to another machine: a token could not be sent to it.
    InTheClear,
    /// Nothing answered.
    Unreached(Unreached),
    /// The answer names neither authority nor API, and the command line does not name both.
    NothingDiscovered(Box<Answer>),
    /// What the challenge names is not trusted, or not agreed to.
    NotTrusted(Box<Finding>, Challenge),
}

/// Authority, tenant and scope: the user's values, else those of the function's challenge, as far
/// as it is trusted.
///
/// # Errors
/// Why the command ends here.
pub(crate) async fn learn(session: &Session) -> Result<Known, Box<Stopped>> {
    if !may_carry_token(&session.url) {
        return Err(Box::new(Stopped::InTheClear));
    }
    if says_all(session)
        && let Some(known) = known(session)
    {
        return Ok(known);
    }
    let answer = match session.ask().await {
        Ok(answer) => answer,
        Err(unreached) => return Err(Box::new(Stopped::Unreached(unreached))),
    };
    let Some(challenge) = session.challenge(&answer).await else {
        return known(session)
            .ok_or_else(|| Box::new(Stopped::NothingDiscovered(Box::new(answer))));
    };
    if let Err(finding) = trust::agree(session, &challenge) {
        return Err(Box::new(Stopped::NotTrusted(finding, challenge)));
    }
    let told = |said: &Option<String>, challenge: &str| {
        said.clone().unwrap_or_else(|| challenge.to_owned())
    };
    let request = request(
        session,
        &told(&session.args.authority_host, &challenge.authority),
        told(&session.args.tenant, &challenge.tenant),
        scope::asked(session, &challenge),
        Some(&challenge),
    );
    Ok(Known {
        request,
        challenge: Some(challenge),
    })
}

/// Whether the user gave authority, tenant and scope, so that nothing has to be discovered.
pub(crate) fn says_all(session: &Session) -> bool {
    let args = &session.args;
    args.authority_host.is_some() && args.tenant.is_some() && scope::named(session).is_some()
}

/// The user's values, where they are enough to ask for a token.
fn known(session: &Session) -> Option<Known> {
    let (scope, tenant) = (
        scope::named(session)?.to_owned(),
        session.args.tenant.clone()?,
    );
    let named = session.args.authority_host.clone();
    let authority = named.unwrap_or_else(|| PUBLIC_CLOUD.to_owned());
    Some(Known {
        request: request(session, &authority, tenant, scope, None),
        challenge: None,
    })
}

fn request(
    session: &Session,
    authority: &str,
    tenant: String,
    scope: String,
    discovered: Option<&Challenge>,
) -> TokenRequest {
    let request = TokenRequest {
        authority: authority.trim_end_matches('/').to_owned(),
        tenant,
        client_id: session.args.client_id.clone(),
        scope,
    };
    let given = |id: &str| match (session.args.sources.get(id), discovered) {
        (Source::Flag, _) => "flag",
        (Source::Environment, _) => "environment",
        (_, Some(challenge)) if id != "client_id" => named_in(id, challenge),
        _ => "default",
    };
    for (name, id, value) in [
        ("authority", "authority_host", &request.authority),
        ("tenant", "tenant", &request.tenant),
        ("client", "client_id", &request.client_id),
        ("scope", "scope", &request.scope),
    ] {
        session.verbose(|| format!("* {name:<9} {} ({})", secret_forms::word(value), given(id)));
    }
    request
}

/// Where the function names a value.
fn named_in(id: &str, challenge: &Challenge) -> &'static str {
    let asked = challenge.scope.as_ref();
    let source = match id {
        "scope" => asked.map_or(Source::Default, |asked| asked.source),
        _ => challenge.source,
    };
    match source {
        Source::Discovery => "the function's metadata",
        Source::Challenge => "the function's challenge",
        _ => "default, of the function's API",
    }
}
