//! `prompt` of authorize (OpenID Connect Core section 3.1.2.1).

use crate::parameters::Parameters;

/// When a person is to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prompt {
    /// Never.
    None,
    /// Which account, whoever is signed in: `login`, `select_account`.
    Account,
    /// Whether the app may have what it asks for.
    Consent,
    IfNeeded,
}

impl Prompt {
    pub(crate) fn of(parameters: &Parameters) -> Self {
        match parameters.get("prompt") {
            Some("none") => Self::None,
            Some("login" | "select_account") => Self::Account,
            Some("consent") => Self::Consent,
            Some(_) | None => Self::IfNeeded,
        }
    }
}
