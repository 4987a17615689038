//! Tokens that need no key: their signatures are nobody's. A gate that checks signatures refuses
//! every one of them for that alone, so only an answer that differs says something.

use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::capture::FORGED;

/// What a forged token is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Forged {
    /// `alg` `none`, with an empty signature (RFC 7519 section 6).
    None,
    /// By the id of a key that the issuer publishes.
    KnownKey,
    /// By the id of no key.
    UnknownKey,
    /// `alg` `HS256`, signed with an empty secret.
    Hs256,
    /// `alg` `PS256`.
    Ps256,
    /// `jku`, `jwk` and `x5u` in the header (RFC 7515 section 4.1).
    Jku,
    Expired,
    /// `nbf` in an hour.
    NotYet,
    OtherAudience,
    OtherTenant,
    /// Claims of version 1, with its issuer.
    V1,
    /// No user: `idtyp` `app`, a role and no scope.
    AppOnly,
}

impl Forged {
    const ALL: [(&'static str, Self); 12] = [
        ("none", Self::None),
        ("known-kid", Self::KnownKey),
        ("unknown-kid", Self::UnknownKey),
        ("hs256", Self::Hs256),
        ("ps256", Self::Ps256),
        ("jku", Self::Jku),
        ("expired", Self::Expired),
        ("not-yet", Self::NotYet),
        ("other-audience", Self::OtherAudience),
        ("other-tenant", Self::OtherTenant),
        ("v1", Self::V1),
        ("app-only", Self::AppOnly),
    ];

    /// By the name that the table of probes has.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, forged)| *forged)
    }
}

/// What forged tokens say, so that all but their signature is right.
#[derive(Debug, Clone)]
pub(crate) struct Ground {
    /// The authority's origin.
    pub(crate) authority: String,
    pub(crate) tenant: String,
    /// The API's client id or URI.
    pub(crate) audience: String,
    /// The origin that is asked: the only one that a token names for keys.
    pub(crate) origin: String,
    /// A key's id that the issuer publishes, where it is trusted.
    pub(crate) key_id: Option<String>,
    /// Seconds since 1970.
    pub(crate) now: i64,
}

const OTHER: &str = "00000000-0000-4000-8000-00000000c0f0";

/// The token. None: it names a key of the issuer's, and none is known.
pub(crate) fn token(forged: Forged, ground: &Ground) -> Option<String> {
    let (header, claims) = (header(forged, ground)?, claims(forged, ground));
    let signed = format!("{}.{}", encoded(&header), encoded(&claims));
    let signature = match forged {
        Forged::None => Vec::new(),
        Forged::Hs256 => {
            let key = hmac::Key::new(hmac::HMAC_SHA256, b"");
            hmac::sign(&key, signed.as_bytes()).as_ref().to_vec()
        }
        _ => nobodys(&signed),
    };
    Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

fn header(forged: Forged, ground: &Ground) -> Option<Value> {
    let algorithm = match forged {
        Forged::None => "none",
        Forged::Hs256 => "HS256",
        Forged::Ps256 => "PS256",
        _ => "RS256",
    };
    let unknown = "greeting-conform-no-such-key";
    let key_id = match (forged, &ground.key_id) {
        (Forged::KnownKey, None) => return None,
        (Forged::UnknownKey | Forged::Jku, _) | (_, None) => unknown,
        (_, Some(key_id)) => key_id,
    };
    let mut header = json!({"typ": "JWT", "alg": algorithm, "kid": key_id});
    if forged == Forged::Jku {
        let keys = format!(
            "{}/.well-known/greeting-conform-no-such-keys",
            ground.origin
        );
        header["jku"] = json!(keys);
        header["x5u"] = json!(keys);
        let modulus = URL_SAFE_NO_PAD.encode(nobodys("modulus"));
        header["jwk"] = json!({"kty": "RSA", "kid": unknown, "n": modulus, "e": "AQAB"});
    }
    Some(header)
}

fn claims(forged: Forged, ground: &Ground) -> Value {
    let Ground { authority, now, .. } = ground;
    let tenant = match forged {
        Forged::OtherTenant => OTHER,
        _ => &ground.tenant,
    };
    let audience = match forged {
        Forged::OtherAudience => OTHER,
        _ => &ground.audience,
    };
    let (not_before, expires) = match forged {
        Forged::Expired => (now - 7200, now - 3600),
        Forged::NotYet => (now + 3600, now + 7200),
        _ => (now - 300, now + 3600),
    };
    let mut claims = json!({
        "aud": audience,
        "iss": format!("{authority}/{tenant}/v2.0"),
        "iat": not_before,
        "nbf": not_before,
        "exp": expires,
        "azp": OTHER,
        "oid": OTHER,
        "sub": FORGED,
        "tid": tenant,
        "ver": "2.0",
    });
    match forged {
        Forged::V1 => {
            claims["iss"] = json!(format!("https://sts.windows.net/{tenant}/"));
            claims["ver"] = json!("1.0");
            claims["appid"] = json!(OTHER);
        }
        Forged::AppOnly => {
            claims["idtyp"] = json!("app");
            claims["roles"] = json!(["Greeting.Read.All"]);
        }
        _ => claims["scp"] = json!("Greeting.Read"),
    }
    claims
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// As many bytes as an RSA signature of 2048 bits has, that no key made.
fn nobodys(text: &str) -> Vec<u8> {
    (0u8..8)
        .flat_map(|block| {
            let input = [&[block], text.as_bytes()].concat();
            digest::digest(&digest::SHA256, &input).as_ref().to_vec()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::Decoded;

    fn ground() -> Ground {
        Ground {
            authority: "https://login.microsoftonline.com".into(),
            tenant: "t".into(),
            audience: "api://r".into(),
            origin: "https://app.example".into(),
            key_id: Some("k".into()),
            now: 1_000_000,
        }
    }

    #[test]
    fn each_forged_token_differs_from_a_good_one_in_what_it_is_named_for() {
        let read = |name| {
            let forged = Forged::named(name).unwrap();
            Decoded::parse(&token(forged, &ground()).unwrap()).unwrap()
        };
        let good = read("known-kid");
        assert_eq!(good.header["kid"], "k");
        assert_eq!(good.audiences(), ["api://r"]);
        assert!(good.time("exp") > Some(1_000_000));
        assert_eq!(read("none").header["alg"], "none");
        assert_ne!(read("unknown-kid").header["kid"], "k");
        assert_eq!(read("hs256").header["alg"], "HS256");
        assert_eq!(read("ps256").header["alg"], "PS256");
        assert!(read("expired").time("exp") < Some(1_000_000 - 300));
        assert!(read("not-yet").time("nbf") > Some(1_000_000 + 300));
        assert_ne!(read("other-audience").audiences(), good.audiences());
        assert_ne!(read("other-tenant").text("iss"), good.text("iss"));
        assert_eq!(read("v1").text("iss"), Some("https://sts.windows.net/t/"));
        assert_eq!(read("app-only").text("scp"), None);
        // It names keys on the asked origin alone.
        let jku = read("jku");
        for name in ["jku", "x5u"] {
            let keys = jku.header[name].as_str().unwrap();
            assert!(keys.starts_with("https://app.example/"), "{keys}");
        }
    }

    #[test]
    fn a_key_of_the_issuers_is_named_only_where_one_is_known() {
        let ground = Ground {
            key_id: None,
            ..ground()
        };
        assert_eq!(token(Forged::KnownKey, &ground), None);
        assert!(token(Forged::Expired, &ground).is_some());
        assert!(token(Forged::None, &ground).unwrap().ends_with('.'));
    }
}
