//! Who can sign in.

use super::Directory;

/// A person who can sign in, without a password.
#[derive(Debug, Clone)]
pub struct User {
    /// Display name.
    pub name: String,
    /// User principal name: what people sign in with.
    pub upn: String,
    /// Object id.
    pub oid: String,
    /// Where mail for them goes, which need not be the user principal name.
    pub mail: Option<String>,
    /// What the tenant lets them do.
    pub state: UserState,
}

/// What the tenant lets a user do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserState {
    /// Has consented to what a client's registration asks for.
    Allowed,
    /// Has not consented to anything that is not pre-authorized.
    NoConsent,
    /// Of another tenant; has not consented either.
    Guest,
    /// AADSTS50057.
    Disabled,
}

/// Name, first part of the user principal name, mail, object id.
const BUILT_IN: [(&str, &str, &str, &str, UserState); 4] = [
    (
        "Alice Example",
        "alice",
        "alice",
        "8e1c4b5a-0d39-4c1e-b3c7-1f0a9e6d2b01",
        UserState::Allowed,
    ),
    (
        "Bob Example",
        "bob",
        // Whoever takes mail for a name to sign in with should see it fail.
        "bob.example",
        "8e1c4b5a-0d39-4c1e-b3c7-1f0a9e6d2b02",
        UserState::NoConsent,
    ),
    (
        "Gita Guest",
        "gita",
        "gita",
        "8e1c4b5a-0d39-4c1e-b3c7-1f0a9e6d2b03",
        UserState::Guest,
    ),
    (
        "Dan Disabled",
        "dan",
        "dan",
        "8e1c4b5a-0d39-4c1e-b3c7-1f0a9e6d2b04",
        UserState::Disabled,
    ),
];

/// The four who are there where no file says who is.
pub(super) fn built_in(domain: &str) -> Vec<User> {
    BUILT_IN
        .into_iter()
        .map(|(name, user, mail, oid, state)| User {
            name: name.to_owned(),
            upn: format!("{user}@{domain}"),
            oid: oid.to_owned(),
            mail: Some(format!("{mail}@{domain}")),
            state,
        })
        .collect()
}

impl Directory {
    /// Everyone who can sign in; the first is the default.
    pub fn users(&self) -> &[User] {
        &self.users
    }

    /// The user of this sign-in name, which ignores case; the tenant's domain may be left out.
    pub fn user(&self, upn: &str) -> Option<&User> {
        let upn = upn.trim();
        let whole = match upn.contains('@') {
            true => upn.to_owned(),
            false => format!("{upn}@{}", self.domain),
        };
        self.users
            .iter()
            .find(|user| user.upn.eq_ignore_ascii_case(&whole))
    }

    /// The sign-in names of those whose account is not disabled.
    pub fn may_sign_in(&self) -> Vec<&str> {
        self.users
            .iter()
            .filter(|user| user.state != UserState::Disabled)
            .map(|user| user.upn.as_str())
            .collect()
    }
}
