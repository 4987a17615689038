//! Who is signed in. A session lives in this process's memory; its cookie is its number,
//! encrypted and authenticated (AES-256-GCM) under a key that is made at each start.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cookie::{Cookie, SameSite};
use hyper::header::{COOKIE as COOKIES, HeaderMap};
use local_http::serve::Scheme;

use crate::claims::Claims;
use crate::origin::Origin;
use crate::reason::Reason;

/// App Service's name for it.
pub(super) const COOKIE: &str = "AppServiceAuthSession";
/// The header of client-directed sign-in.
const ZUMO: &str = "x-zumo-auth";
/// A laptop has a few; more than this come from a loop, and the oldest go.
const MAX_SESSIONS: usize = 10_000;

/// What the token store keeps. No `Debug`: these are secrets.
#[derive(Clone)]
pub(super) struct Tokens {
    pub(super) access: Option<String>,
    pub(super) id: Option<String>,
    pub(super) refresh: Option<String>,
    /// What the sign-in asked for.
    pub(super) scope: String,
    /// When the tokens expire, seconds since 1970.
    pub(super) expires_at: i64,
}

/// One signed-in browser or client.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) claims: Claims,
    pub(super) tokens: Tokens,
    /// When it ends, seconds since 1970.
    pub(super) ends_at: i64,
    /// Until when `/.auth/refresh` still revives it.
    pub(super) forgotten_at: i64,
}

pub(super) struct Sessions {
    key: RandomizedNonceKey,
    open: Mutex<HashMap<String, Session>>,
}

impl Sessions {
    pub(super) fn new() -> Self {
        Self {
            key: new_key(),
            open: Mutex::default(),
        }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<String, Session>> {
        // Every change is whole by the time that anything could panic.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps `session`, and forgets those whose time is over.
    pub(super) fn insert(&self, session: Session, now: i64) -> String {
        let id = random();
        let mut open = self.open();
        open.retain(|_, session| session.forgotten_at > now);
        if open.len() >= MAX_SESSIONS
            && let Some(oldest) = open
                .iter()
                .min_by_key(|(_, session)| session.ends_at)
                .map(|(id, _)| id.clone())
        {
            open.remove(&oldest);
        }
        open.insert(id.clone(), session);
        id
    }

    /// The session of a request, if it has not ended.
    ///
    /// # Errors
    /// There is none, or none that holds.
    pub(super) fn find(&self, headers: &HeaderMap, now: i64) -> Result<Session, Reason> {
        let (_, session) = self.known(headers)?;
        if session.ends_at > now {
            Ok(session)
        } else {
            Err(Reason::NoSession)
        }
    }

    /// The session of a request, also one that can only be refreshed, and its id.
    pub(super) fn known(&self, headers: &HeaderMap) -> Result<(String, Session), Reason> {
        let id = self.id(headers)?.ok_or(Reason::NoToken)?;
        let session = self.open().get(&id).cloned().ok_or(Reason::NoSession)?;
        Ok((id, session))
    }

    /// Takes a session out.
    pub(super) fn take(&self, id: &str) -> Option<Session> {
        self.open().remove(id)
    }

    pub(super) fn replace(&self, id: &str, session: Session) {
        // One that was signed out meanwhile stays signed out.
        if let Some(known) = self.open().get_mut(id) {
            *known = session;
        }
    }

    pub(super) fn remove(&self, headers: &HeaderMap) {
        if let Ok(Some(id)) = self.id(headers) {
            self.open().remove(&id);
        }
    }

    fn id(&self, headers: &HeaderMap) -> Result<Option<String>, Reason> {
        let sealed = match headers.get(ZUMO) {
            Some(value) => Some(value.to_str().map_err(|_| Reason::NoSession)?.to_owned()),
            None => cookie_value(headers, COOKIE),
        };
        sealed
            .map(|sealed| self.unseal(COOKIE, &sealed).ok_or(Reason::NoSession))
            .transpose()
    }

    /// What a client holds of a session.
    pub(super) fn seal(&self, id: &str) -> String {
        self.seal_as(COOKIE, id)
    }

    /// Encrypts `value`; it opens under the same name only.
    pub(super) fn seal_as(&self, name: &str, value: &str) -> String {
        let mut sealed = value.as_bytes().to_vec();
        match self
            .key
            .seal_in_place_append_tag(Aad::from(name), &mut sealed)
        {
            Ok(nonce) => URL_SAFE_NO_PAD.encode([nonce.as_ref().as_slice(), &sealed].concat()),
            // Such a cookie gives no access.
            Err(_) => String::new(),
        }
    }

    pub(super) fn unseal(&self, name: &str, sealed: &str) -> Option<String> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut sealed = sealed.to_vec();
        let opened = self
            .key
            .open_in_place(nonce, Aad::from(name), &mut sealed)
            .ok()?;
        String::from_utf8(opened.to_vec()).ok()
    }
}

/// The value of the request's cookie `name`.
fn cookie_value(headers: &HeaderMap, name: &str) -> Option<String> {
    let found = all_cookies(headers).find(|cookie| cookie.name() == name);
    found.map(|cookie| cookie.value().to_owned())
}

/// Name and value of the request's cookies whose names begin with `name`.
pub(super) fn cookies(headers: &HeaderMap, name: &str) -> Vec<(String, String)> {
    all_cookies(headers)
        .filter(|cookie| cookie.name().starts_with(name))
        .map(|cookie| (cookie.name().to_owned(), cookie.value().to_owned()))
        .collect()
}

fn all_cookies(headers: &HeaderMap) -> impl Iterator<Item = Cookie<'_>> {
    headers
        .get_all(COOKIES)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| Cookie::split_parse(value).flatten())
}

/// A `Set-Cookie`: not for scripts, not sent by other sites' forms, and over TLS only where the
/// caller has it. `seconds` 0 removes it, none ends it with the browser.
pub(super) fn cookie(
    name: &str,
    value: &str,
    path: &str,
    seconds: Option<i64>,
    origin: &Origin,
) -> String {
    let mut cookie = Cookie::build((name.to_owned(), value.to_owned()))
        .path(path.to_owned())
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(origin.scheme == Scheme::Https)
        .build();
    if let Some(seconds) = seconds {
        cookie.set_max_age(Some(cookie::time::Duration::seconds(seconds)));
    }
    cookie.to_string()
}

fn random_bytes() -> [u8; 32] {
    let mut bytes = [0; 32];
    // The operating system's randomness does not fail once the process runs; if it ever did,
    // predictable sessions would be worse than none.
    aws_lc_rs::rand::fill(&mut bytes).expect("the system has randomness");
    bytes
}

/// 256 random bits, as text.
fn random() -> String {
    URL_SAFE_NO_PAD.encode(random_bytes())
}

fn new_key() -> RandomizedNonceKey {
    // AES-256 takes any 32 bytes.
    RandomizedNonceKey::new(&AES_256_GCM, &random_bytes()).expect("32 bytes are a key")
}

/// A random name for the session, with nothing of its content.
pub(super) fn user_id(id: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, id.as_bytes());
    let hex: String = digest.as_ref()[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("sid:{hex}")
}

#[cfg(test)]
mod tests;
