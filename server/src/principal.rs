//! `X-MS-CLIENT-PRINCIPAL`: base64 of JSON, as Easy Auth writes it.
//!
//! <https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities>

use std::fmt;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The header that carries the principal.
pub const HEADER: &str = "x-ms-client-principal";

/// Written padded, read padded or not: Easy Auth has been seen to do both.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Of a decoded principal: one with 50 claims fits.
const ORDINARY_BYTES: usize = 8 * 1024;

/// The caller's identity, as Easy Auth passes it on.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Principal {
    /// The identity provider: `aad` for Microsoft Entra ID.
    pub auth_typ: String,
    /// The token's claims, in its order; one entry for each value of an array.
    pub claims: Vec<Claim>,
    /// The claim type that holds the caller's name.
    #[serde(default)]
    pub name_typ: String,
    /// The claim type that holds the caller's roles.
    #[serde(default)]
    pub role_typ: String,
}

/// One claim of a [`Principal`].
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Claim {
    /// The claim's type: a token's own name for it, or a long URI.
    pub typ: String,
    /// The claim's value; numbers arrive as strings.
    pub val: String,
}

/// Why a header is not a principal. Carries nothing of what the header held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecodeError {
    /// Not standard base64.
    Base64,
    /// Not the JSON of a principal.
    Json,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Base64 => f.write_str("the principal is not base64"),
            Self::Json => f.write_str("the principal is not the expected JSON"),
        }
    }
}

impl std::error::Error for DecodeError {}

/// Reads of a header value what `T` reads of the principal's JSON. A header of an ordinary length
/// needs no allocation of its own.
///
/// # Errors
/// When it is not base64, padded or unpadded, of JSON that `T` takes.
pub(crate) fn read<T: DeserializeOwned>(header: &[u8]) -> Result<T, DecodeError> {
    let mut ordinary = [0; ORDINARY_BYTES];
    let mut longer = Vec::new();
    let needed = base64::decoded_len_estimate(header.len());
    let room = if needed <= ordinary.len() {
        &mut ordinary[..]
    } else {
        longer.resize(needed, 0);
        &mut longer[..]
    };
    let length = BASE64
        .decode_slice(header, room)
        .map_err(|_| DecodeError::Base64)?;
    // serde's message quotes the value it met, so it is dropped.
    serde_json::from_slice(&room[..length]).map_err(|_| DecodeError::Json)
}

impl Principal {
    /// Reads a header value.
    ///
    /// # Errors
    /// When it is not base64, padded or unpadded, of a principal's JSON.
    pub fn decode(header: impl AsRef<[u8]>) -> Result<Self, DecodeError> {
        read(header.as_ref())
    }

    /// Writes a header value byte for byte as Easy Auth does: compact JSON with
    /// the keys in this order and `/` as `\/`, in padded base64.
    ///
    /// ```
    /// use greeting_server::principal::Principal;
    /// let principal = Principal {
    ///     auth_typ: "aad".into(), claims: vec![], name_typ: "n/a".into(), role_typ: "r".into(),
    /// };
    /// assert_eq!(Principal::decode(principal.encode()), Ok(principal));
    /// ```
    #[must_use]
    pub fn encode(&self) -> String {
        let json = serde_json::json!(self).to_string();
        // In JSON a slash stands only inside strings, so this can't hit syntax.
        BASE64.encode(json.replace('/', "\\/"))
    }
}

/// Claim values are personal data and must not reach a log through `{:?}`.
impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Claim({:?})", self.typ)
    }
}

impl fmt::Debug for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Principal")
            .field("auth_typ", &self.auth_typ)
            .field("claims", &self.claims)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
