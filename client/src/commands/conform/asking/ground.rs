//! What forged tokens name: what the gate does, so that nothing but the forgery is wrong with them.

use url::Url;

use crate::clock::now;
use crate::conformance::forged::Ground;
use crate::discovery::challenge::Challenge;
use crate::discovery::trust::Authority;
use crate::session::Session;
use crate::signature;
use crate::token::Decoded;

/// What forged tokens name.
pub(super) struct Named {
    authority: String,
    tenant: String,
    audience: String,
}

impl Named {
    pub(super) fn by_challenge(challenge: &Challenge) -> Self {
        Self {
            authority: challenge.authority.clone(),
            tenant: challenge.tenant.clone(),
            audience: challenge.resource.clone(),
        }
    }

    /// None: its issuer is not trusted.
    pub(super) fn by_token(token: &str, url: &Url) -> Option<Self> {
        let token = Decoded::parse(token).ok()?;
        let (authority, tenant) = signature::issuer(&token, url)?;
        Some(Self {
            authority,
            tenant,
            audience: token.audiences().into_iter().next()?,
        })
    }
}

/// What forged tokens say, with a key's id of the issuer's where that is trusted.
pub(super) async fn ground(session: &Session, named: Named) -> Ground {
    let trusted = Authority::of(&named.authority, &session.url) != Authority::Foreign;
    let keys = if trusted {
        signature::keys(&session.http, &named.authority, &named.tenant)
            .await
            .ok()
    } else {
        None
    };
    Ground {
        authority: named.authority,
        tenant: named.tenant,
        audience: named.audience,
        origin: session.url.origin().ascii_serialization(),
        key_id: keys.and_then(|keys| keys.keys.into_iter().find_map(|key| key.common.key_id)),
        now: now(),
    }
}
