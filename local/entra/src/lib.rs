//! The local Entra ID: what a client needs to sign in, and a gate to check its tokens.
//!
//! - `discovery`: the documents that clients and gates start from
//! - `directory`: tenant, API, clients, users, from `deploy/`
//! - `grants`: what is out: device codes, authorization codes, refresh tokens, consents
//! - `authorize`: authorization code; `pkce`
//! - `token`: the device-code and token endpoints; `parameters`: what they are asked; `error`:
//!   Entra's envelope
//! - `scopes`, `resources`, `resource_indicator`: what is asked for, and of whom; `consent`: who
//!   has been granted it
//! - `claims`, `keys`: what a token says, and who signed it; `minting`: with any defect
//! - `client_credentials`, `daemon`: clients that prove themselves; `managed_identity`: the app
//!   that needs not
//! - `policy`, `ring`: what an administrator changes while it runs; `faults`: slow and failing
//!   answers
//! - `resource_manager`: what `az login` looks up; `cloud`: Microsoft's clouds, by their hosts
//! - `cross_origin`: which sites' pages may call
//! - `letter_case`, `not_built`: paths as people and clients write them, and what is not there
//! - `pages`: what a person sees; `events`: what the log is told

mod authorize;
mod claims;
mod client_credentials;
mod cloud;
mod consent;
mod cross_origin;
mod daemon;
mod directory;
mod discovery;
mod error;
mod events;
mod faults;
mod grants;
mod keys;
mod letter_case;
mod managed_identity;
mod minting;
mod not_built;
mod pages;
mod parameters;
mod pkce;
mod policy;
mod prompt;
mod resource_indicator;
mod resource_manager;
mod resources;
mod ring;
mod scopes;
mod secrets;
mod token;
mod waiting;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use axum::extract::DefaultBodyLimit;
use axum::middleware;
use local_events::{Clock, TimeShift};

pub use self::claims::LIFETIME;
pub use self::cloud::{CLOUDS, Cloud};
pub use self::daemon::{CLIENT_ID as DAEMON_CLIENT_ID, Daemon};
pub use self::directory::{AppSecret, Directory, DirectoryError, Source, Sources, User, UserState};
use self::grants::{Grants, NoSuchCode};
pub use self::grants::{PollInterval, RefreshTokens};
pub use self::keys::KeyError;
use self::keys::SigningKeys;
pub use self::letter_case::in_any_letter_case;
pub use self::managed_identity::CLIENT_ID as MANAGED_IDENTITY_CLIENT_ID;
pub use self::minting::{MintError, MintSpec, Shape, Signature};
pub use self::pages::{describe, foreign};
pub use self::policy::{Delay, Failures, NoDelay, NoFailures, Policy, REFUSALS, refusal};
pub use self::ring::KeyRing;
pub use self::waiting::Waiting;

/// A token's shape: v1 (`sts.windows.net`) or v2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenVersion {
    /// As `sts.windows.net` issues them.
    V1,
    /// What requestedAccessTokenVersion 2 gives.
    V2,
}

/// Why a sign-in was not approved.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApproveError {
    /// No pending sign-in has this code.
    #[error("no sign-in with this code is pending")]
    NoSuchCode,
    /// The tenant has no such user.
    #[error("the tenant has no user {0:?}")]
    NoSuchUser(String),
    /// The account is disabled.
    #[error("AADSTS50057: the account {0:?} is disabled")]
    Disabled(String),
}

impl ApproveError {
    /// For the log, which has no user names.
    pub fn line(&self) -> &'static str {
        match self {
            Self::NoSuchCode => "no sign-in with this code is pending",
            Self::NoSuchUser(_) => "the tenant has no such user",
            Self::Disabled(_) => "AADSTS50057: The user account is disabled.",
        }
    }
}

/// The authority. Clones share one state.
#[derive(Clone)]
pub struct Authority(Arc<Inner>, Play);

/// Under whose name it answers.
#[derive(Clone)]
struct Play {
    /// `https://host[:port]`; issuers carry it.
    origin: Arc<str>,
    /// The cloud whose sign-in host that is.
    cloud: Option<&'static Cloud>,
}

impl Play {
    fn of(origin: &str) -> Self {
        Self {
            origin: origin.into(),
            cloud: Cloud::of_origin(origin),
        }
    }
}

struct Inner {
    directory: Directory,
    ring: RwLock<KeyRing>,
    daemon: Option<Daemon>,
    pages: String,
    clock: Clock,
    grants: Mutex<Grants>,
    policy: Mutex<Policy>,
    auto_approve: Option<String>,
    poll_interval: PollInterval,
}

/// What an authority is made of.
pub struct Parts {
    /// Who and what the tenant knows.
    pub directory: Directory,
    /// What signs its tokens.
    pub keys: KeyRing,
    /// The confidential client, if there is one.
    pub daemon: Option<Daemon>,
    /// `https://localhost:PORT`; issuers carry it.
    pub origin: String,
    /// The origin where a person's browser finds the pages: that of this machine, also where
    /// `origin` is a cloud's.
    pub pages: String,
    /// By which tokens are issued.
    pub clock: Clock,
    /// The refresh tokens that were issued before.
    pub refresh_tokens: RefreshTokens,
    /// Who approves every sign-in at once.
    pub auto_approve: Option<String>,
    /// How often clients ask whether a device code is approved.
    pub poll_interval: PollInterval,
}

/// The tenant's display name, by which Entra's errors call it.
const TENANT_NAME: &str = "greeting-local";
/// Bytes of a form: this program's own limit.
const MAX_FORM: usize = 64 * 1024;

impl Authority {
    /// An authority of these parts.
    pub fn new(parts: Parts) -> Self {
        let play = Play::of(&parts.origin);
        let inner = Inner {
            directory: parts.directory,
            ring: RwLock::new(parts.keys),
            daemon: parts.daemon,
            pages: parts.pages,
            clock: parts.clock,
            grants: Mutex::new(Grants::new(parts.refresh_tokens)),
            policy: Mutex::default(),
            auto_approve: parts.auto_approve,
            poll_interval: parts.poll_interval,
        };
        Self(Arc::new(inner), play)
    }

    /// The same authority under the name of `cloud`: its issuers and addresses are that cloud's.
    #[must_use]
    pub fn as_of(&self, cloud: &Cloud) -> Self {
        Self(self.0.clone(), Play::of(&cloud.origin()))
    }

    fn origin(&self) -> &str {
        &self.1.origin
    }

    /// The cloud that it plays.
    fn cloud(&self) -> Option<&'static Cloud> {
        self.1.cloud
    }

    /// What a cloud's resource manager answers to who signs in; all else is refused in its form.
    pub fn resource_manager(&self) -> axum::Router {
        resource_manager::alone().with_state(self.clone())
    }

    /// Every endpoint and page.
    pub fn router(&self) -> axum::Router {
        axum::Router::new()
            .merge(
                discovery::router()
                    .merge(token::router())
                    .layer(middleware::from_fn_with_state(
                        self.clone(),
                        faults::on_request,
                    ))
                    // Around it: a page has to be able to read that an answer failed.
                    .layer(middleware::from_fn_with_state(
                        self.clone(),
                        cross_origin::of_single_page_apps,
                    )),
            )
            .merge(authorize::router())
            .merge(resource_manager::router())
            .merge(pages::router())
            .merge(not_built::router())
            .layer(DefaultBodyLimit::max(MAX_FORM))
            .with_state(self.clone())
    }

    /// Approves a device code as `user`, as the page does.
    ///
    /// # Errors
    /// The code is not pending; the user does not exist or is disabled.
    pub fn approve(&self, user_code: &str, user: &str) -> Result<(), ApproveError> {
        let known = self
            .directory()
            .user(user)
            .ok_or_else(|| ApproveError::NoSuchUser(user.to_owned()))?;
        if known.state == UserState::Disabled {
            return Err(ApproveError::Disabled(known.upn.clone()));
        }
        let now = self.clock().now();
        let approved = self.grants().approve(user_code, &known.upn, now);
        approved.map_err(|NoSuchCode| ApproveError::NoSuchCode)
    }

    /// The sign-in names of the tenant's users, for an error that lists them.
    pub fn sign_in_names(&self) -> String {
        let names: Vec<&str> = self
            .directory()
            .users()
            .iter()
            .map(|user| user.upn.as_str())
            .collect();
        names.join(", ")
    }

    /// Declines a device code.
    ///
    /// # Errors
    /// The code is not pending.
    pub fn deny(&self, user_code: &str) -> Result<(), ApproveError> {
        let now = self.clock().now();
        let declined = self.grants().decline(user_code, now);
        declined.map_err(|NoSuchCode| ApproveError::NoSuchCode)
    }

    fn issuer_v2(&self) -> String {
        format!("{}/{}/v2.0", self.origin(), self.tenant())
    }

    /// Stands for `https://sts.windows.net/<tenant>/`.
    fn issuer_v1(&self) -> String {
        format!("{}/{}/", self.v1_issuer_origin(), self.tenant())
    }

    fn v1_issuer_origin(&self) -> &str {
        match self.cloud() {
            Some(cloud) => cloud.v1_issuer(),
            None => self.origin(),
        }
    }

    fn tenant(&self) -> &str {
        &self.0.directory.tenant_id
    }

    /// Who and what the tenant knows.
    pub fn directory(&self) -> &Directory {
        &self.0.directory
    }

    /// The key that signs now.
    fn keys(&self) -> Arc<SigningKeys> {
        self.ring().current()
    }

    fn ring(&self) -> RwLockReadGuard<'_, KeyRing> {
        self.0.ring.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Signs with a new key from now on; its id.
    ///
    /// # Errors
    /// No key can be made, or kept.
    pub fn rotate_keys(&self) -> Result<String, KeyError> {
        let mut ring = self.0.ring.write().unwrap_or_else(PoisonError::into_inner);
        ring.rotate(self.0.clock.now())?;
        Ok(ring.current().kid().to_owned())
    }

    fn daemon(&self) -> Option<&Daemon> {
        self.0.daemon.as_ref()
    }

    /// The policy as it is now.
    pub fn policy(&self) -> Policy {
        self.0
            .policy
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Changes the policy; what it is then.
    pub fn change_policy(&self, change: impl FnOnce(&mut Policy)) -> Policy {
        let mut policy = self.0.policy.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut policy);
        policy.clone()
    }

    fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// By how much its clock, and that of the gate, is ahead of this machine's.
    pub fn time_shift(&self) -> TimeShift {
        self.clock().shift()
    }

    /// Moves its clock, and every clone of it.
    pub fn set_time_shift(&self, shift: TimeShift) {
        self.clock().set(shift);
    }

    fn grants(&self) -> MutexGuard<'_, Grants> {
        // Every change is whole by the time that anything could panic.
        self.0.grants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
