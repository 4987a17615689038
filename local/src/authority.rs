//! The local Entra ID: what a client needs to sign in, and a gate to check its tokens.
//!
//! - `discovery`: the documents that clients and gates start from
//! - `directory`: tenant, API, clients, users, from `deploy/`
//! - `device_code`: what is out: device codes, refresh tokens
//! - `authorize`, `codes`: authorization code with PKCE
//! - `token`: the device-code and token endpoints; `error`: Entra's envelope
//! - `claims`, `keys`: what a token says, and who signed it
//! - `pages`: what a person sees

mod authorize;
mod claims;
mod codes;
mod device_code;
mod directory;
mod discovery;
mod error;
mod keys;
mod pages;
mod token;

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};

pub(crate) use self::claims::{MintAlgorithm, MintSpec};
use self::device_code::Grants;
pub(crate) use self::directory::Directory;
use self::directory::UserState;
pub(crate) use self::keys::SigningKeys;

/// A token's shape: v1 (`sts.windows.net`) or v2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenVersion {
    V1,
    V2,
}

/// The time, in seconds since 1970 (UTC).
#[derive(Clone, Copy, Default)]
pub(crate) struct Clock;

impl Clock {
    /// This machine's clock.
    pub(crate) fn system() -> Self {
        Self
    }

    /// Seconds since 1970; 0 on a clock before that.
    #[allow(clippy::unused_self)] // a clock that tests can set comes with the time shift
    pub(crate) fn now(self) -> i64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .ok()
            .and_then(|since| i64::try_from(since.as_secs()).ok())
            .unwrap_or(0)
    }
}

/// Why a sign-in was not approved.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ApproveError {
    NoSuchCode,
    NoSuchUser(String),
    Disabled(String),
}

impl fmt::Display for ApproveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchCode => f.write_str("no sign-in with this code is pending"),
            Self::NoSuchUser(user) => write!(f, "the tenant has no user {user:?}"),
            Self::Disabled(user) => write!(f, "AADSTS50057: the account {user:?} is disabled"),
        }
    }
}

/// The authority. Clones share one state.
#[derive(Clone)]
pub(crate) struct Authority(Arc<Inner>);

struct Inner {
    directory: Directory,
    keys: SigningKeys,
    origin: String,
    clock: Clock,
    grants: Mutex<Grants>,
    auto_approve: Option<String>,
}

impl Authority {
    /// `origin` is `https://localhost:PORT`; issuers carry it.
    pub(crate) fn new(
        directory: Directory,
        keys: SigningKeys,
        origin: String,
        clock: Clock,
        refresh_store: Option<PathBuf>,
        auto_approve: Option<String>,
    ) -> Self {
        Self(Arc::new(Inner {
            directory,
            keys,
            origin,
            clock,
            grants: Mutex::new(Grants::new(refresh_store)),
            auto_approve,
        }))
    }

    /// Every endpoint and page.
    pub(crate) fn router(&self) -> axum::Router {
        axum::Router::new()
            .merge(discovery::router())
            .merge(token::router())
            .merge(authorize::router())
            .merge(pages::router())
            .with_state(self.clone())
            .layer(axum::extract::DefaultBodyLimit::max(64 * 1024))
            .layer(middleware::from_fn(only_localhost))
    }

    /// Approves a device code as `user`, as the page does.
    ///
    /// # Errors
    /// The code is not pending; the user does not exist or is disabled.
    pub(crate) fn approve(&self, user_code: &str, user: &str) -> Result<(), ApproveError> {
        let known = self
            .directory()
            .user(user)
            .ok_or_else(|| ApproveError::NoSuchUser(user.to_owned()))?;
        if known.state == UserState::Disabled {
            return Err(ApproveError::Disabled(known.upn.clone()));
        }
        if self
            .grants()
            .decide(user_code, Some(&known.upn), self.clock().now())
        {
            Ok(())
        } else {
            Err(ApproveError::NoSuchCode)
        }
    }

    /// Declines a device code.
    ///
    /// # Errors
    /// The code is not pending.
    pub(crate) fn deny(&self, user_code: &str) -> Result<(), ApproveError> {
        if self.grants().decide(user_code, None, self.clock().now()) {
            Ok(())
        } else {
            Err(ApproveError::NoSuchCode)
        }
    }

    fn issuer_v2(&self) -> String {
        format!("{}/{}/v2.0", self.0.origin, self.tenant())
    }

    /// Stands for `https://sts.windows.net/<tenant>/`.
    fn issuer_v1(&self) -> String {
        format!("{}/{}/", self.0.origin, self.tenant())
    }

    fn tenant(&self) -> &str {
        &self.0.directory.tenant_id
    }

    fn api_client_id(&self) -> &str {
        self.0.directory.api_client_id()
    }

    fn directory(&self) -> &Directory {
        &self.0.directory
    }

    fn keys(&self) -> &SigningKeys {
        &self.0.keys
    }

    fn clock(&self) -> Clock {
        self.0.clock
    }

    fn grants(&self) -> MutexGuard<'_, Grants> {
        // Every change is whole by the time that anything could panic.
        self.0.grants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Refuses other names for this address: a web page could point a name of its own at loopback
/// (DNS rebinding) and then read what is answered.
async fn only_localhost(request: Request, next: Next) -> Response {
    let host = request
        .uri()
        .host()
        .or_else(|| {
            let host = request.headers().get(header::HOST)?.to_str().ok()?;
            Some(
                host.rsplit_once(':')
                    .filter(|(_, port)| !port.contains(']'))
                    .map_or(host, |(name, _)| name),
            )
        })
        .unwrap_or("");
    if ["localhost", "127.0.0.1", "[::1]"].contains(&host) {
        return next.run(request).await;
    }
    (
        StatusCode::MISDIRECTED_REQUEST,
        "This authority is localhost only.\n",
    )
        .into_response()
}
