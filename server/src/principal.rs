//! `X-MS-CLIENT-PRINCIPAL`: base64 of JSON, as Easy Auth writes it.
//!
//! <https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities>

use std::fmt;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;

/// The header that carries the principal.
pub const HEADER: &str = "x-ms-client-principal";

/// Written padded, read padded or not: Easy Auth has been seen to do both.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Who called, as Easy Auth tells it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
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
#[derive(Clone, PartialEq, Eq, Deserialize)]
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
    /// Not the JSON of a principal; the column, from 1, where that showed.
    Json {
        /// Byte column in the decoded text.
        column: usize,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Base64 => f.write_str("the principal is not base64"),
            Self::Json { column } => {
                write!(
                    f,
                    "the principal is not the expected JSON (column {column})"
                )
            }
        }
    }
}

impl std::error::Error for DecodeError {}

impl Principal {
    /// Reads a header value.
    ///
    /// # Errors
    /// When it is not base64, padded or unpadded, of a principal's JSON.
    pub fn decode(header: impl AsRef<[u8]>) -> Result<Self, DecodeError> {
        let json = BASE64.decode(header).map_err(|_| DecodeError::Base64)?;
        // serde's message quotes the value it met, so only the place is kept.
        serde_json::from_slice(&json).map_err(|error| DecodeError::Json {
            column: error.column(),
        })
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
        let claims: Vec<_> = self
            .claims
            .iter()
            .map(|claim| serde_json::json!({ "typ": claim.typ, "val": claim.val }))
            .collect();
        let json = serde_json::json!({
            "auth_typ": self.auth_typ,
            "claims": claims,
            "name_typ": self.name_typ,
            "role_typ": self.role_typ,
        });
        // In JSON a slash stands only inside strings, so this cannot hit syntax.
        BASE64.encode(json.to_string().replace('/', "\\/"))
    }
}

/// Claim values are personal data and must not reach a log through `{:?}`.
impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim")
            .field("typ", &self.typ)
            .finish_non_exhaustive()
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
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn principal(typ: &str, val: &str) -> Principal {
        Principal {
            auth_typ: "aad".into(),
            claims: vec![Claim {
                typ: typ.into(),
                val: val.into(),
            }],
            name_typ: "name".into(),
            role_typ: "a/b".into(),
        }
    }

    #[test]
    fn writes_what_easy_auth_writes() {
        let json = BASE64
            .decode(principal("http://x/y", "é\"").encode())
            .unwrap();
        assert_eq!(
            String::from_utf8(json).unwrap(),
            r#"{"auth_typ":"aad","claims":[{"typ":"http:\/\/x\/y","val":"é\""}],"name_typ":"name","role_typ":"a\/b"}"#
        );
    }

    #[test]
    fn reads_it_padded_or_not() {
        for val in ["", "1", "12", "123"] {
            let header = principal("t", val).encode();
            assert_eq!(header.len() % 4, 0);
            assert_eq!(
                Principal::decode(header.trim_end_matches('=')),
                Ok(principal("t", val))
            );
        }
    }

    #[test]
    fn errors_and_debug_hold_no_value() {
        let wrong = BASE64.encode(r#"{"auth_typ":"aad","claims":"hunter2"}"#);
        let error = Principal::decode(wrong).unwrap_err();
        assert!(matches!(error, DecodeError::Json { .. }));
        assert!(
            !format!("{error} {error:?} {:?}", principal("scp", "hunter2")).contains("hunter2")
        );
        assert_eq!(Principal::decode("{}"), Err(DecodeError::Base64));
    }

    proptest! {
        #[test]
        fn decode_never_panics(bytes in any::<Vec<u8>>(), json in ".*") {
            let _ = Principal::decode(&bytes);
            let _ = Principal::decode(BASE64.encode(bytes));
            let _ = Principal::decode(BASE64.encode(json));
        }

        #[test]
        fn round_trips(auth_typ in ".*", claims in prop::collection::vec((".*", ".*"), 0..8), name_typ in ".*", role_typ in ".*") {
            let claims = claims.into_iter().map(|(typ, val)| Claim { typ, val }).collect();
            let principal = Principal { auth_typ, claims, name_typ, role_typ };
            prop_assert_eq!(Principal::decode(principal.encode()).unwrap(), principal);
        }
    }
}
