//! The signing keys: RSA 2048, made at first start, worthless on any other machine.

use std::io;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use local_events::tell;
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, PublicKeyData};
use serde_json::{Value, json};
use state_folder::{Damaged, Kept, Readers, Unusable};

/// Private key and its certificate, in one file.
pub(super) const FILE: &str = "signing-key.pem";

/// Why there are no keys, or no signature.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// A file of keys can't be written, or the folder can't be read.
    #[error(transparent)]
    File(#[from] io::Error),
    /// A file of keys is there and can't be used.
    #[error("{0}")]
    Unusable(#[from] Unusable),
    /// There is no such file.
    #[error("there is no {}", .0.display())]
    Missing(PathBuf),
    /// A file holds no key.
    #[error("{0}")]
    Damaged(Damaged),
    /// A file is not text.
    #[error(transparent)]
    NotText(#[from] std::str::Utf8Error),
    /// A key or its certificate can't be made, or is not one.
    #[error(transparent)]
    Key(#[from] rcgen::Error),
    /// The certificate beside a key can't be read.
    #[error("{0}")]
    Certificate(rustls_pki_types::pem::Error),
    /// A key of another kind.
    #[error("{FILE} holds no RSA key")]
    NotRsa,
    /// The library of JWTs does not take the key, or did not sign.
    #[error(transparent)]
    Signature(#[from] jsonwebtoken::errors::Error),
    /// No random bytes.
    #[error(transparent)]
    Random(#[from] aws_lc_rs::error::Unspecified),
}

/// The authority's key. `kid` is the certificate's SHA-1 thumbprint, as Entra's is.
pub struct SigningKeys {
    pub(super) signing: EncodingKey,
    kid: String,
    modulus: Vec<u8>,
    exponent: Vec<u8>,
    certificate: Vec<u8>,
}

impl SigningKeys {
    /// The key in the file `path`, made if there is none. One that is damaged is renamed; then a
    /// warning names it and says what `follows`.
    ///
    /// # Errors
    /// The file is not this user's alone, or can't be written.
    pub(super) fn load_or_create(path: &Path, follows: &str) -> Result<Self, KeyError> {
        match Self::load(path) {
            Err(KeyError::Missing(_)) => {}
            Err(KeyError::Damaged(damaged)) => {
                tell("warning: ", format!("{damaged}. {follows}"));
            }
            loaded => return loaded,
        }
        state_folder::write_private(path, Self::new_pem()?.as_bytes())?;
        // Another process may have written after us; what is on disk is what both use.
        Self::load(path)
    }

    /// A key that is kept nowhere and published nowhere.
    pub fn throw_away() -> Result<Self, KeyError> {
        Self::parse(&Self::new_pem()?)
    }

    /// A new key and its certificate, PEM.
    pub(super) fn new_pem() -> Result<String, KeyError> {
        let key = KeyPair::generate_for(&PKCS_RSA_SHA256)?;
        let certificate =
            CertificateParams::new(["greeting-local".to_owned()])?.self_signed(&key)?;
        Ok(format!("{}{}", key.serialize_pem(), certificate.pem()))
    }

    pub(super) fn parse(pem: &str) -> Result<Self, KeyError> {
        use rustls_pki_types::{CertificateDer, pem::PemObject};
        // By its kind: to find that out, each kind would be tried, and each try checks the key.
        let key = KeyPair::from_pem_and_sign_algo(pem, &PKCS_RSA_SHA256)?;
        let certificate =
            CertificateDer::from_pem_slice(pem.as_bytes()).map_err(KeyError::Certificate)?;
        let (modulus, exponent) = rsa_parts(key.der_bytes()).ok_or(KeyError::NotRsa)?;
        let thumbprint = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &certificate);
        Ok(Self {
            signing: EncodingKey::from_rsa_der(
                private_key(key.serialized_der()).ok_or(KeyError::NotRsa)?,
            ),
            kid: URL_SAFE_NO_PAD.encode(thumbprint),
            modulus,
            exponent,
            certificate: certificate.to_vec(),
        })
    }

    /// The key in a file. One that is damaged is renamed.
    ///
    /// # Errors
    /// There is none, it is damaged, or not this user's alone.
    pub(super) fn load(path: &Path) -> Result<Self, KeyError> {
        let parse = |pem: &[u8]| Self::parse(std::str::from_utf8(pem)?);
        match state_folder::load(path, Readers::Owner, parse)? {
            Kept::Content(keys) => Ok(keys),
            Kept::Missing => Err(KeyError::Missing(path.to_owned())),
            Kept::Damaged(damaged) => Err(KeyError::Damaged(damaged)),
        }
    }

    /// As a JWK, with the members that Entra's have.
    pub fn jwk(&self, issuer: &str) -> Value {
        json!({
            "kty": "RSA",
            "use": "sig",
            "kid": self.kid,
            "x5t": self.kid,
            "n": URL_SAFE_NO_PAD.encode(&self.modulus),
            "e": URL_SAFE_NO_PAD.encode(&self.exponent),
            "x5c": [STANDARD.encode(&self.certificate)],
            "issuer": issuer,
        })
    }

    /// The certificate, DER.
    pub(super) fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// The public half.
    ///
    /// # Errors
    /// It is no RSA key.
    pub(super) fn verifying(&self) -> Result<DecodingKey, KeyError> {
        let (n, e) = (
            URL_SAFE_NO_PAD.encode(&self.modulus),
            URL_SAFE_NO_PAD.encode(&self.exponent),
        );
        Ok(DecodingKey::from_rsa_components(&n, &e)?)
    }

    /// Signs `claims` with RS256; a v1 token's header names the key twice.
    ///
    /// # Errors
    /// The key can't sign.
    pub fn sign(&self, claims: &Value, with_x5t: WithX5t) -> Result<String, KeyError> {
        self.sign_as(&self.kid, claims, with_x5t)
    }

    /// Signs with another algorithm of the same key.
    pub fn sign_with(&self, algorithm: Algorithm, claims: &Value) -> Result<String, KeyError> {
        let mut header = Header::new(algorithm);
        header.kid = Some(self.kid.clone());
        Ok(jsonwebtoken::encode(&header, claims, &self.signing)?)
    }

    /// Signs, but does not say by which key.
    pub fn sign_without_kid(&self, claims: &Value) -> Result<String, KeyError> {
        let header = Header::new(Algorithm::RS256);
        Ok(jsonwebtoken::encode(&header, claims, &self.signing)?)
    }

    /// Signs under another key's id: what a forger does.
    pub fn sign_as(
        &self,
        kid: &str,
        claims: &Value,
        with_x5t: WithX5t,
    ) -> Result<String, KeyError> {
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(kid.to_owned());
        if with_x5t == WithX5t::Yes {
            header.x5t = Some(kid.to_owned());
        }
        Ok(jsonwebtoken::encode(&header, claims, &self.signing)?)
    }

    /// The key's id.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public modulus, which a confused verifier may take for an HMAC secret.
    pub fn modulus(&self) -> &[u8] {
        &self.modulus
    }
}

/// Whether the header says `x5t` beside `kid`, as v1 tokens do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithX5t {
    Yes,
    No,
}

/// Modulus and exponent of `RSAPublicKey ::= SEQUENCE { INTEGER, INTEGER }` (RFC 8017 A.1.1).
fn rsa_parts(der: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (0x30, sequence, _) = element(der)? else {
        return None;
    };
    let (0x02, modulus, rest) = element(sequence)? else {
        return None;
    };
    let (0x02, exponent, _) = element(rest)? else {
        return None;
    };
    let unsigned = |bytes: &[u8]| {
        bytes
            .iter()
            .skip_while(|byte| **byte == 0)
            .copied()
            .collect()
    };
    Some((unsigned(modulus), unsigned(exponent)))
}

/// `RSAPrivateKey` of `PrivateKeyInfo ::= SEQUENCE { version, algorithm, OCTET STRING }` (RFC 5958 2).
fn private_key(pkcs8: &[u8]) -> Option<&[u8]> {
    let (0x30, sequence, _) = element(pkcs8)? else {
        return None;
    };
    let (_version, _, rest) = element(sequence)?;
    let (_algorithm, _, rest) = element(rest)?;
    match element(rest)? {
        (0x04, key, _) => Some(key),
        _ => None,
    }
}

/// One DER element: tag, content, what follows.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, mut rest) = rest.split_first()?;
    let mut length = usize::from(first);
    if first >= 0x80 {
        let (bytes, after) = rest.split_at_checked(usize::from(first & 0x7f))?;
        length = bytes.iter().try_fold(0_usize, |sum, byte| {
            sum.checked_mul(256)?.checked_add(usize::from(*byte))
        })?;
        rest = after;
    }
    let (content, after) = rest.split_at_checked(length)?;
    Some((tag, content, after))
}
