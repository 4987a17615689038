//! What a caller wrote, and how much of it is repeated to them. People paste a token or a secret
//! where something else belongs, and what is printed ends up in a CI system's log.

/// More of a token, a secret or a password than this is never repeated.
const BEGINNING: usize = 4;

/// A word of a caller's, for an error or a log: whole where it is made as names are, else its
/// beginning.
#[must_use]
pub fn word(text: &str) -> String {
    if is_name(text) {
        text.to_owned()
    } else {
        beginning(text)
    }
}

/// The beginning of what is not repeated whole.
#[must_use]
pub fn beginning(text: &str) -> String {
    let length = text.chars().count();
    let begins: String = text.chars().take(BEGINNING.min(length / 2)).collect();
    format!("{begins}… ({length} characters)")
}

/// Whether it is made as names, addresses, options and ids are: of words that no token and no
/// generated secret is made of.
fn is_name(text: &str) -> bool {
    !is_secret(text)
        && text.len() <= 200
        && text
            .split(|c: char| c.is_ascii_punctuation() && c != '~' || [' ', '…'].contains(&c))
            .all(is_word)
}

/// Letters, or a few of letters and digits (Azure's generated names have 13).
fn is_word(word: &str) -> bool {
    let all = |kind: fn(&char) -> bool| word.chars().all(|c| kind(&c));
    // A name may end in a version: GetOrdersV2, oauth2.
    let name = word.trim_end_matches(|c: char| c.is_ascii_digit());
    let version = word.len() - name.len();
    let longest = if version <= 2 && name.chars().all(char::is_alphabetic) || is_code(word) {
        // Settings' names are the longest: unauthenticatedClientAction.
        30
    } else if all(|c| c.is_lowercase() || c.is_ascii_digit()) {
        16
    } else if all(|c| c.is_alphanumeric()) {
        8
    } else {
        0
    };
    word.chars().count() <= longest
}

/// An error code of Entra's.
fn is_code(word: &str) -> bool {
    let number = word.strip_prefix("AADSTS");
    number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A sentence or an address, each of whose parts is repeated as a [`word`] is.
#[must_use]
pub fn words(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    let parts = text.split_inclusive([' ', '/']).map(|part| {
        let end = part.trim_end_matches([' ', '/']).len();
        let (word_of_it, separator) = part.split_at(end);
        format!("{}{separator}", word(word_of_it))
    });
    parts.collect()
}

/// Makes a text what [`words`] are of it; most are that already, and stay where they are.
pub fn cut(text: &mut String) {
    if !is_plain(text) {
        *text = words(text);
    }
}

/// Whether it needs no second look, as the methods and paths of most calls: each of them is asked. A
/// JWT has 16 characters and a capital, the other secrets have a digit; and no word is too long.
fn is_plain(text: &str) -> bool {
    let plain: fn(u8) -> bool = match text.len() {
        ..16 => |byte| byte.is_ascii_alphabetic(),
        16..=200 => |byte| byte.is_ascii_lowercase(),
        _ => return false,
    };
    let mut letters = 0;
    text.bytes().all(|byte| {
        letters = if plain(byte) { letters + 1 } else { 0 };
        letters <= 30 && (letters > 0 || is_between_words(byte))
    })
}

/// ASCII of what [`is_name`] takes between words.
fn is_between_words(byte: u8) -> bool {
    byte == b' ' || byte.is_ascii_punctuation() && byte != b'~'
}

/// An id, whole where it is a GUID, else its beginning: nothing else names an application.
#[must_use]
pub fn id(text: &str) -> String {
    let groups = text.split('-').map(str::len);
    let is_guid = groups.eq([8, 4, 4, 4, 12])
        && text
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    if is_guid {
        text.to_owned()
    } else {
        beginning(text)
    }
}

/// What a text, or a part of an address, is where it has the form of a token or a secret of
/// Entra's.
#[must_use]
pub fn secret(text: &str) -> Option<&'static str> {
    let any = |is: fn(&str) -> bool| text.split(['/', '?', '&', '=', ' ']).any(is);
    if has_jwt(text) {
        Some("a token")
    } else if any(is_refresh_token) {
        Some("a refresh token")
    } else if any(is_client_secret) {
        Some("a client secret")
    } else {
        None
    }
}

fn is_secret(text: &str) -> bool {
    secret(text).is_some()
}

/// Every JWT's header is `{"` in base64url, and longer than this.
fn has_jwt(text: &str) -> bool {
    text.match_indices("eyJ").any(|(at, _)| {
        let run = text[at..].bytes().take_while(|byte| is_base64url(*byte));
        run.count() >= 16
    })
}

/// Entra's begin with a version and the encoded tenant; personal accounts' with `M.`.
#[must_use]
pub fn is_refresh_token(text: &str) -> bool {
    let begins = ["0.A", "1.A", "M.C", "M.R"];
    text.len() > 40
        && begins.iter().any(|begin| text.starts_with(begin))
        && text
            .bytes()
            .all(|byte| is_base64url(byte) || b".*!$".contains(&byte))
}

/// A client secret's value: 40 characters, with a digit and `Q~` after the third.
#[must_use]
pub fn is_client_secret(text: &str) -> bool {
    let bytes = text.as_bytes();
    (32..=48).contains(&bytes.len())
        && bytes[3].is_ascii_digit()
        && bytes[4..6] == *b"Q~"
        && bytes
            .iter()
            .all(|byte| is_base64url(*byte) || b".~".contains(byte))
}

fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRETS: [&str; 4] = [
        "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJyIn0.c2ln",
        "abc8Q~DEF_ghi-JKL.mno~PQR0123456789abcdE",
        "0.AXoAbcdefghijklmnopqrstuvwxyz0123456789.AgABAwEAAADnfolhJpSnRYB1SVj",
        "M.C507_BAY.0.U.-CvhpJ0kW2rY9tQbNvX8sLmEdZ7aGfHcK1uOiP3",
    ];

    #[test]
    fn point_19_secrets_are_known_and_never_repeated_whole() {
        for secret in SECRETS {
            assert!(is_secret(secret), "{secret}");
            assert!(word(secret).chars().count() < 30, "{secret}");
            assert!(is_secret(&format!("https://x.example/api/{secret}?a=b")));
        }
        // Of no known form, and no name either.
        for other in [
            "dGhpcyBpcyBhIGZ1bmN0aW9uIGtleQ==",
            "0123456789abcdef0123456789abcdef",
            "Tr0ub4dor&3verySecret9",
            "hunter2~",
        ] {
            assert!(!word(other).contains(other), "{other}");
        }
        // Short ones are cut too.
        assert_eq!(word("~ab"), "~… (3 characters)");
    }

    #[test]
    fn point_19_of_a_sentence_or_a_path_only_what_may_be_a_secret_is_cut() {
        let secret = SECRETS[0];
        assert_eq!(
            words(&format!(
                "/api/{secret}/v2  is '{secret}', in https://localhost:7443/t"
            )),
            "/api/eyJh… (41 characters)/v2  is 'eyJ… (44 characters) in https://localhost:7443/t"
        );
        assert_eq!(words(""), "");
        assert_eq!(id("hunter2"), "hun… (7 characters)");
        let guid = "2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d11";
        assert_eq!(id(guid), guid);
    }

    /// What is not looked at twice is what would be repeated whole.
    #[test]
    fn point_3_plain_texts_are_those_that_are_repeated_whole() {
        let letters = "abcdefghijklmnopqrstuvwxyzabcdefgh";
        for (text, expected) in [
            ("", true),
            ("GET", true),
            ("/api/greeting", true),
            ("/api/some-longer.path/of the words", true),
            (&letters[..30], true),
            (&letters[..31], false),
            ("eyJhbGciOiJSUzI", true),
            ("eyJhbGciOiJSUzIa", false),
            ("/a/eyJhbGciOiJSUzIabcdef", false),
            ("M.CabcdefghijklmnopqrstuvwxyzMCabcdefghijkl", false),
            ("/api/~ab", false),
            ("/api/v2", false),
            (
                "no-token: neither a bearer token nor a session was sent",
                true,
            ),
            ("a_b=c&d, 'e' (f)", true),
            ("a~b", false),
            ("a\tb", false),
            ("/api/é", false),
        ] {
            assert_eq!(is_plain(text), expected, "{text}");
            let parts = || text.split([' ', '/']);
            if expected {
                assert_eq!(
                    parts().map(word).collect::<Vec<_>>(),
                    parts().collect::<Vec<_>>()
                );
                assert_eq!(words(text), text);
            }
        }
        for secret in SECRETS {
            assert!(!is_plain(secret), "{secret}");
        }
    }

    #[test]
    fn names_are_repeated_whole() {
        for name in [
            "--timeout",
            "2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d11",
            "contoso-greeting.azurewebsites.net/api/greeting",
            "func-abc123def4567",
            "ftp://contoso.example/",
            "api://2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d11/Greeting.Read",
            "audience-mismach",
            "/api/GetOrdersV2",
            "validation.defaultAuthorizationPolicy.allowedApplications",
            "AADSTS7000215:",
            "inspct",
        ] {
            assert_eq!(word(name), name);
        }
    }
}
