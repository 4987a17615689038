//! Whether a caller may have the greeting: it depends on the gate's state and the principal headers
//! that arrived, and on nothing else.

mod last_granted;
mod needed;

use std::fmt;

use crate::principal::{self, DecodeError};
use needed::Needed;

/// The delegated permission that the greeting asks for.
pub const SCOPE: &str = "Greeting.Read";

/// The scope claim's two spellings: the token's own, and the one that Easy
/// Auth's claims mapping gives it. App roles (`roles`) are not scopes.
const SCOPE_CLAIMS: [&str; 2] = ["scp", "http://schemas.microsoft.com/identity/claims/scope"];

/// Whether App Service authentication stands in front of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EasyAuth {
    /// It does, so only it can have set the principal header.
    On,
    /// It does not, so anyone can have set the principal header.
    Off,
}

impl EasyAuth {
    /// The setting that App Service sets where authentication is on.
    pub const SETTING: &str = "WEBSITE_AUTH_ENABLED";

    /// Reads the setting as the Functions host does; all else is off.
    #[must_use]
    pub fn from_setting(value: Option<&str>) -> Self {
        match value {
            Some(value) if value == "1" || value.eq_ignore_ascii_case("true") => Self::On,
            _ => Self::Off,
        }
    }
}

/// The outcome of [`authorize`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// 200: authenticated, with the scope.
    Granted,
    /// 401: not authenticated.
    Unauthenticated(Unauthenticated),
    /// 403: authenticated, without the scope.
    MissingScope,
    /// 500: Easy Auth is off, so no principal is trusted.
    EasyAuthOff,
}

/// Why a caller counts as not authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unauthenticated {
    /// No principal header.
    NoPrincipal,
    /// More than one: which of them Easy Auth set is not known.
    SeveralPrincipals,
    /// A principal header that can't be read.
    Malformed(DecodeError),
    /// Signed in with another provider than Entra ID.
    OtherProvider,
}

impl fmt::Display for Unauthenticated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPrincipal => f.write_str("no principal from Easy Auth"),
            Self::SeveralPrincipals => f.write_str("more than one principal header"),
            Self::Malformed(error) => error.fmt(f),
            Self::OtherProvider => f.write_str("the principal is not from Entra ID (auth_typ aad)"),
        }
    }
}

/// Decides from every `X-MS-CLIENT-PRINCIPAL` header of a request.
pub fn authorize<'a>(
    easy_auth: EasyAuth,
    principals: impl IntoIterator<Item = &'a [u8]>,
) -> Decision {
    use Unauthenticated::{Malformed, NoPrincipal, OtherProvider, SeveralPrincipals};

    if easy_auth == EasyAuth::Off {
        return Decision::EasyAuthOff;
    }
    let mut principals = principals.into_iter();
    let header = match (principals.next(), principals.next()) {
        (None, _) => return Decision::Unauthenticated(NoPrincipal),
        (Some(_), Some(_)) => return Decision::Unauthenticated(SeveralPrincipals),
        (Some(header), None) => header,
    };
    if last_granted::is(header) {
        return Decision::Granted;
    }
    match principal::read::<Needed>(header) {
        Err(error) => Decision::Unauthenticated(Malformed(error)),
        Ok(principal) if !principal.is_entra() => Decision::Unauthenticated(OtherProvider),
        Ok(principal) if !principal.has_scope() => Decision::MissingScope,
        Ok(_) => {
            last_granted::remember(header);
            Decision::Granted
        }
    }
}

#[cfg(test)]
mod tests;
