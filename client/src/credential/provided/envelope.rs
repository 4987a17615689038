//! The JSON that a token comes in: what az and azd print, and a token response (RFC 6749).

use serde_json::Value;

/// `az account get-access-token`; a token endpoint; `azd auth token --output json`.
const FIELDS: [&str; 3] = ["accessToken", "access_token", "token"];

/// The token in this text: the text itself, unless it is JSON that has one.
pub(crate) fn token_in(text: &str) -> String {
    let text = text.trim();
    let of_json = || -> Option<String> {
        let object: Value = serde_json::from_str(text).ok()?;
        let token = FIELDS.iter().find_map(|name| object.get(name)?.as_str())?;
        Some(token.trim().to_owned())
    };
    of_json().unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_gives_its_token_and_nothing_else() {
        for (text, token) in [
            (r#"{"accessToken": "a.b.c", "expires_on": 1}"#, "a.b.c"),
            (
                "{\"id_token\": \"i\",\n \"access_token\": \"a.b.c\\n\"}\n",
                "a.b.c",
            ),
            (r#"{"token":"a.b.c","expiresOn":"x"}"#, "a.b.c"),
            (" a.b.c\n", "a.b.c"),
            (r#"{"id_token": "i"}"#, r#"{"id_token": "i"}"#),
            (r#"{"accessToken": null}"#, r#"{"accessToken": null}"#),
            (r#"["a.b.c"]"#, r#"["a.b.c"]"#),
            ("null", "null"),
        ] {
            assert_eq!(token_in(text), token, "{text}");
        }
    }
}
