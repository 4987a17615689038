//! The daemon: a confidential client of the tenant, with a secret and a certificate that are made
//! at first start, so that client credentials can be tried without Azure.

use std::path::{Path, PathBuf};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, Validation};
use local_events::tell;
use serde_json::{Map, Value};
use state_folder::{Kept, Readers};

use super::error::AuthorityError;
use super::keys::{KeyError, SigningKeys};
use super::secrets::secret;

/// The daemon's client id, and its service principal's object id.
pub const CLIENT_ID: &str = "5a9e2f64-7c1d-4b8e-a0f3-9d6b41c7e853";
pub(super) const OBJECT_ID: &str = "e2b7d0c9-4a35-4f18-8c6e-7f1a5d9b3064";
const SECRET: &str = "daemon-secret";
const CERTIFICATE: &str = "daemon.pem";
/// Skew allowed to an assertion's times, in seconds.
const SKEW: f64 = 300.0;

/// What the daemon proves itself with.
pub struct Daemon {
    secret: String,
    certificate: SigningKeys,
}

/// Where its owner finds its credentials.
pub struct Paths {
    pub secret: PathBuf,
    /// Private key and certificate, PEM.
    pub certificate: PathBuf,
}

impl Daemon {
    /// Its credentials in `folder`, made if there are none.
    ///
    /// # Errors
    /// The folder can't be written, or others may read or write one of the files.
    pub fn load_or_create(folder: &Path) -> Result<Self, KeyError> {
        let paths = Self::paths(folder);
        Ok(Self {
            secret: Self::load_or_create_secret(&paths.secret)?,
            certificate: SigningKeys::load_or_create(
                &paths.certificate,
                "A new certificate is made: the daemon has to use it from now on",
            )?,
        })
    }

    fn load_or_create_secret(path: &Path) -> Result<String, KeyError> {
        match state_folder::load(path, Readers::Owner, parse_secret)? {
            Kept::Content(secret) => return Ok(secret),
            Kept::Missing => {}
            Kept::Damaged(damaged) => tell(
                "warning: ",
                format!("{damaged}. A new secret is made: the daemon has to use it from now on"),
            ),
        }
        state_folder::write_private(path, secret().as_bytes())?;
        match state_folder::load(path, Readers::Owner, parse_secret)? {
            Kept::Content(secret) => Ok(secret),
            Kept::Missing => Err(KeyError::Missing(path.to_owned())),
            Kept::Damaged(damaged) => Err(KeyError::Damaged(damaged)),
        }
    }

    /// The files in `folder`.
    pub fn paths(folder: &Path) -> Paths {
        Paths {
            secret: folder.join(SECRET),
            certificate: folder.join(CERTIFICATE),
        }
    }

    /// Whether `sent` is the secret.
    pub(super) fn check_secret(&self, sent: &str) -> Result<(), AuthorityError> {
        verify_slices_are_equal(sent.as_bytes(), self.secret.as_bytes())
            .map_err(|_| AuthorityError::SecretWrong(CLIENT_ID.to_owned()))
    }

    /// Checks a client assertion (RFC 7523 section 3): by the certificate, for this authority, in
    /// time. `audiences` are the names that this token endpoint goes by.
    pub(super) fn check_assertion(
        &self,
        assertion: &str,
        audiences: &[String],
        now: i64,
    ) -> Result<(), AuthorityError> {
        let header = jsonwebtoken::decode_header(assertion)
            .map_err(|_| AuthorityError::AssertionMalformed)?;
        // PS256 with x5t#S256, RS256 with x5t: what the Microsoft libraries send.
        let is = |sent: &Option<String>, algorithm| {
            sent.as_deref()
                .map(|sent| is_thumbprint(sent, algorithm, self.certificate.certificate()))
        };
        let sha1 = is(&header.x5t, &digest::SHA1_FOR_LEGACY_USE_ONLY);
        let sha256 = is(&header.x5t_s256, &digest::SHA256);
        let chain = header.x5c.as_ref().and_then(|chain| chain.first());
        let whole = chain.map(|first| {
            // MSAL Python leaves the PEM's line ends in it.
            let first: String = first.split_ascii_whitespace().collect();
            STANDARD
                .decode(first)
                .is_ok_and(|der| der == self.certificate.certificate())
        });
        let ours = [sha1, sha256, whole];
        let known = ours.contains(&Some(true)) && !ours.contains(&Some(false));
        let algorithm = match header.alg {
            algorithm @ (Algorithm::RS256 | Algorithm::PS256) if known => algorithm,
            _ => return Err(AuthorityError::AssertionKeyUnknown),
        };
        let mut validation = Validation::new(algorithm);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        let key = self
            .certificate
            .verifying()
            .map_err(|_| AuthorityError::AssertionKeyUnknown)?;
        let claims = jsonwebtoken::decode::<Map<String, Value>>(assertion, &key, &validation)
            .map_err(|_| AuthorityError::AssertionKeyUnknown)?
            .claims;
        let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or("");
        if ["iss", "sub"]
            .iter()
            .any(|name| !text(name).eq_ignore_ascii_case(CLIENT_ID))
        {
            return Err(AuthorityError::AssertionMalformed);
        }
        if !audiences.iter().any(|audience| audience == text("aud")) {
            return Err(AuthorityError::AssertionAudience(text("aud").to_owned()));
        }
        // Floats occur.
        let time = |name: &str| claims.get(name).and_then(Value::as_f64);
        #[expect(
            clippy::cast_precision_loss,
            reason = "seconds since 1970 are exact in a double"
        )]
        let now = now as f64;
        let in_time = time("exp").is_some_and(|exp| exp + SKEW > now)
            && time("nbf").is_none_or(|nbf| nbf - SKEW <= now);
        if in_time {
            Ok(())
        } else {
            Err(AuthorityError::AssertionTime)
        }
    }
}

/// A secret in a file: a person may have chosen one, with a line end after it.
fn parse_secret(content: &[u8]) -> Result<String, &'static str> {
    let text = std::str::from_utf8(content).map_err(|_| "it is not text")?;
    match text.trim() {
        // Who sends an empty secret would know it.
        "" => Err("it holds no secret"),
        secret => Ok(secret.to_owned()),
    }
}

/// Either alphabet, padded or not: MSAL Go and MSAL4J send the standard one (their sources, 2026).
fn decoded(thumbprint: &str) -> Option<Vec<u8>> {
    let bare = thumbprint.trim_end_matches('=');
    let url_safe: String = bare
        .chars()
        .map(|letter| match letter {
            '+' => '-',
            '/' => '_',
            letter => letter,
        })
        .collect();
    URL_SAFE_NO_PAD.decode(url_safe).ok()
}

/// Whether `sent` is the hash of this certificate: `x5t` (RFC 7515 section 4.1.7) by SHA-1,
/// `x5t#S256` (section 4.1.8) by SHA-256. Bytes are compared, since it is written in several ways.
fn is_thumbprint(sent: &str, algorithm: &'static digest::Algorithm, certificate: &[u8]) -> bool {
    let hash = digest::digest(algorithm, certificate);
    decoded(sent).is_some_and(|sent| sent == hash.as_ref())
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::Header;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_assertion_is_checked_whole() {
        let folder = tempfile::tempdir().unwrap();
        let daemon = Daemon::load_or_create(folder.path()).unwrap();
        let other = SigningKeys::new_pem().unwrap();
        let own = std::fs::read_to_string(Daemon::paths(folder.path()).certificate).unwrap();
        let audiences = ["https://localhost/t/oauth2/v2.0/token".to_owned()];
        let check =
            |pem: &str, alg: Algorithm, claims: Value, x5t: Option<&str>, x5t256: Option<&str>| {
                let mut header = Header::new(alg);
                header.x5t = x5t.map(str::to_owned);
                header.x5t_s256 = x5t256.map(str::to_owned);
                let key = SigningKeys::parse(pem).unwrap().signing;
                let assertion = jsonwebtoken::encode(&header, &claims, &key).unwrap();
                daemon.check_assertion(&assertion, &audiences, 1000)
            };
        let good = || json!({"iss": CLIENT_ID, "sub": CLIENT_ID, "aud": audiences[0], "exp": 1600.5, "nbf": 1000.0});
        let with = |name: &str, value: Value| {
            let mut claims = good();
            claims[name] = value;
            claims
        };
        let sha1 = daemon.certificate.kid().to_owned();
        let padded = format!("{sha1}=");
        let hash = digest::digest(&digest::SHA256, daemon.certificate.certificate());
        let sha256 = URL_SAFE_NO_PAD.encode(hash);
        let standard = STANDARD.encode(hash);
        let (rs, ps) = (Algorithm::RS256, Algorithm::PS256);
        assert_eq!(check(&own, rs, good(), Some(&sha1), None), Ok(()));
        assert_eq!(check(&own, rs, good(), Some(&padded), None), Ok(()));
        assert_eq!(check(&own, ps, good(), None, Some(&sha256)), Ok(()));
        assert_eq!(check(&own, ps, good(), None, Some(&standard)), Ok(()));
        use AuthorityError as E;
        assert_eq!(
            check(&other, rs, good(), Some(&sha1), None),
            Err(E::AssertionKeyUnknown)
        );
        assert_eq!(
            check(&own, rs, good(), Some("x"), None),
            Err(E::AssertionKeyUnknown)
        );
        assert_eq!(
            check(&own, rs, good(), None, None),
            Err(E::AssertionKeyUnknown)
        );
        assert_eq!(
            check(&own, Algorithm::RS512, good(), Some(&sha1), None),
            Err(E::AssertionKeyUnknown)
        );
        let late = with("exp", json!(600));
        assert_eq!(
            check(&own, rs, late, Some(&sha1), None),
            Err(E::AssertionTime)
        );
        let early = with("nbf", json!(2000));
        assert_eq!(
            check(&own, rs, early, Some(&sha1), None),
            Err(E::AssertionTime)
        );
        let foreign = with("aud", json!("https://login.example/"));
        assert!(matches!(
            check(&own, rs, foreign, Some(&sha1), None),
            Err(E::AssertionAudience(_))
        ));
        let somebody = with("sub", json!("x"));
        assert_eq!(
            check(&own, rs, somebody, Some(&sha1), None),
            Err(E::AssertionMalformed)
        );
        assert_eq!(
            daemon.check_assertion("a.b", &audiences, 0),
            Err(E::AssertionMalformed)
        );
    }

    #[test]
    fn item_11_a_thumbprint_is_compared_by_its_bytes_in_either_alphabet() {
        // Until the certificate's hashes have both letters that differ.
        let has_both = |text: &str| text.contains('+') && text.contains('/');
        let (certificate, sha1, sha256) = (0..1_000_000_u32)
            .map(|number| {
                let certificate = number.to_be_bytes().to_vec();
                let hash = |algorithm| STANDARD.encode(digest::digest(algorithm, &certificate));
                let sha1 = hash(&digest::SHA1_FOR_LEGACY_USE_ONLY);
                let sha256 = hash(&digest::SHA256);
                (certificate, sha1, sha256)
            })
            .find(|(_, sha1, sha256)| has_both(sha1) && has_both(sha256))
            .unwrap();
        for (algorithm, standard) in [
            (&digest::SHA1_FOR_LEGACY_USE_ONLY, sha1),
            (&digest::SHA256, sha256),
        ] {
            let url_safe = standard.replace('+', "-").replace('/', "_");
            let bare = |text: &str| text.trim_end_matches('=').to_owned();
            for sent in [&standard, &url_safe, &bare(&standard), &bare(&url_safe)] {
                assert!(is_thumbprint(sent, algorithm, &certificate), "{sent}");
            }
            for wrong in ["", "x", &standard[1..], &standard.to_lowercase()] {
                assert!(!is_thumbprint(wrong, algorithm, &certificate), "{wrong}");
            }
        }
    }
}
