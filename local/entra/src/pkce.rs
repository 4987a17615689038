//! Proof Key for Code Exchange (RFC 7636) as Entra has it: recommended to all, required of
//! single-page apps (Microsoft: "OAuth 2.0 authorization code flow", `code_challenge`).

use aws_lc_rs::{constant_time, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::directory::Platform;
use super::error::AuthorityError;
use super::parameters::Parameters;

/// Characters of a challenge (RFC 7636 section 4.2).
const SIZE: std::ops::RangeInclusive<usize> = 43..=128;

/// What the redeemer of a code has to know the verifier of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// The verifier's SHA-256, in base64url.
    S256(String),
    /// The verifier itself.
    Plain(String),
}

/// The challenge of an authorization request, for a redirect URI of this platform.
pub(super) fn challenge(
    parameters: &Parameters,
    platform: Platform,
) -> Result<Option<Challenge>, AuthorityError> {
    let Some(challenge) = parameters.get("code_challenge") else {
        return match platform {
            Platform::Spa => Err(AuthorityError::ChallengeMissing),
            Platform::Web | Platform::PublicClient => Ok(None),
        };
    };
    // Letters, digits, "-", ".", "_" and "~" (RFC 7636 section 4.2). Entra's captures of 501491
    // have other characters too.
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if !SIZE.contains(&challenge.len()) || !challenge.bytes().all(unreserved) {
        return Err(AuthorityError::ChallengeSize);
    }
    match parameters.get("code_challenge_method") {
        Some("S256") => Ok(Some(Challenge::S256(challenge.to_owned()))),
        Some("plain") | None => Ok(Some(Challenge::Plain(challenge.to_owned()))),
        Some(_) => Err(AuthorityError::ChallengeMethod),
    }
}

impl Challenge {
    /// Whether this verifier is the one (RFC 7636 section 4.6).
    pub(super) fn check(&self, verifier: Option<&str>) -> Result<(), AuthorityError> {
        let verifier = verifier.ok_or(AuthorityError::VerifierMissing)?;
        let equal = match self {
            Self::S256(challenge) => {
                let hash = digest::digest(&digest::SHA256, verifier.as_bytes());
                let hash = URL_SAFE_NO_PAD.encode(hash);
                constant_time::verify_slices_are_equal(hash.as_bytes(), challenge.as_bytes())
            }
            Self::Plain(challenge) => {
                constant_time::verify_slices_are_equal(verifier.as_bytes(), challenge.as_bytes())
            }
        };
        equal.map_err(|_| AuthorityError::VerifierWrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const HASH: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn asked(
        challenge: &str,
        method: &str,
        platform: Platform,
    ) -> Result<Option<Challenge>, AuthorityError> {
        let pairs = [
            ("code_challenge", challenge),
            ("code_challenge_method", method),
        ];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        super::challenge(&Parameters::new(pairs.to_vec()).unwrap(), platform)
    }

    #[test]
    fn item_7_a_challenge_has_entras_size_and_methods() {
        use AuthorityError as E;
        let (web, spa) = (Platform::Web, Platform::Spa);
        let s256 = Ok(Some(Challenge::S256(HASH.into())));
        assert_eq!(asked(HASH, "S256", web), s256);
        assert_eq!(asked(HASH, "S256", spa), s256);
        let plain = Ok(Some(Challenge::Plain(VERIFIER.into())));
        assert_eq!(asked(VERIFIER, "plain", web), plain);
        assert_eq!(asked(VERIFIER, "", web), plain, "no method is plain");
        assert_eq!(asked(VERIFIER, "s256", web), Err(E::ChallengeMethod));
        for wrong in [
            &"a".repeat(42),
            &"a".repeat(129),
            &format!("{HASH}="),
            &HASH.replace('-', "+"),
        ] {
            assert_eq!(asked(wrong, "S256", web), Err(E::ChallengeSize), "{wrong}");
        }
        for good in [&"a".repeat(43), &"a".repeat(128)] {
            assert!(asked(good, "S256", web).is_ok(), "{good}");
        }
        // Item 13: required of single-page apps alone.
        assert_eq!(asked("", "S256", web), Ok(None));
        assert_eq!(asked("", "", Platform::PublicClient), Ok(None));
        assert_eq!(asked("", "", spa), Err(E::ChallengeMissing));
    }

    #[test]
    fn item_7_a_verifier_is_checked_by_its_method() {
        use AuthorityError as E;
        let s256 = Challenge::S256(HASH.into());
        let plain = Challenge::Plain(VERIFIER.into());
        for (challenge, verifier, expected) in [
            (&s256, Some(VERIFIER), Ok(())),
            (&s256, Some(HASH), Err(E::VerifierWrong)),
            (&plain, Some(VERIFIER), Ok(())),
            (&plain, Some(HASH), Err(E::VerifierWrong)),
            (&s256, None, Err(E::VerifierMissing)),
            (&plain, None, Err(E::VerifierMissing)),
        ] {
            assert_eq!(challenge.check(verifier), expected);
        }
    }
}
