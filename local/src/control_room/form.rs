//! The form that mints.

use local_entra::{LIFETIME, MintSpec, Shape, Signature, TokenVersion};
use maud::{Markup, html};
use serde_json::Value;

use super::Room;

/// Where the form is sent.
pub(super) const PATH: &str = "/control-room/mint";

/// A choice: its value in the form, what it sets, and what it is.
type Choice = (&'static str, fn(&mut MintSpec), &'static str);

const TIMES: [Choice; 4] = [
    ("valid", |_| {}, "valid now"),
    (
        "expired",
        |spec| spec.lifetime_seconds = -LIFETIME,
        "expired an hour ago",
    ),
    (
        "not-yet-valid",
        |spec| spec.starts_in_seconds = LIFETIME,
        "valid in an hour",
    ),
    (
        "no-expiry",
        |spec| spec.claims.push(("exp".to_owned(), Value::Null)),
        "without exp",
    ),
];
const SIGNATURES: [Choice; 9] = [
    ("good", |_| {}, "the authority's, RS256"),
    (
        "bad",
        |spec| spec.signature = Signature::Forged,
        "forged: another key, the authority's key id",
    ),
    (
        "tampered",
        |spec| spec.signature = Signature::Tampered,
        "claims changed after signing",
    ),
    (
        "unknown-key",
        |spec| spec.signature = Signature::UnknownKey,
        "by a key that is not published",
    ),
    (
        "no-key-id",
        |spec| spec.signature = Signature::NoKeyId,
        "without a key id",
    ),
    (
        "none",
        |spec| spec.signature = Signature::None,
        "none at all (alg none)",
    ),
    (
        "hs256",
        |spec| spec.signature = Signature::Hs256ByPublicKey,
        "HS256 by the public key",
    ),
    ("rs512", |spec| spec.signature = Signature::Rs512, "RS512"),
    ("ps256", |spec| spec.signature = Signature::Ps256, "PS256"),
];
const KINDS: [Choice; 5] = [
    ("access", |_| {}, "an access token"),
    ("id", |spec| spec.shape = Shape::Id, "an ID token"),
    (
        "opaque",
        |spec| spec.shape = Shape::Opaque,
        "opaque, as a refresh token",
    ),
    (
        "encrypted",
        |spec| spec.shape = Shape::Encrypted,
        "encrypted (five parts)",
    ),
    (
        "truncated",
        |spec| spec.shape = Shape::Truncated,
        "copied in part",
    ),
];
const VERSIONS: [Choice; 3] = [
    ("", |_| {}, "as the API's registration asks"),
    ("2", |spec| spec.version = Some(TokenVersion::V2), "2"),
    (
        "1",
        |spec| spec.version = Some(TokenVersion::V1),
        "1, as sts.windows.net's",
    ),
];
const SELECTS: [(&str, &str, &[Choice]); 4] = [
    ("time", "Time", &TIMES),
    ("signature", "Signature", &SIGNATURES),
    ("kind", "Kind", &KINDS),
    ("version", "Token version", &VERSIONS),
];
/// Text fields: name, label, hint.
const TEXTS: [(&str, &str, &str); 6] = [
    ("audience", "Audience", "empty: the API; two words: a list"),
    ("role", "App roles", "as Greeting.Read.All"),
    (
        "group",
        "Groups",
        "ids, or names without spaces; empty: the user's",
    ),
    ("client", "Client id", "empty: one that the settings let in"),
    ("tenant", "Tenant id", "empty: this one; sets tid and iss"),
    ("issuer", "Issuer", "empty: this authority"),
];
/// Those of them that Entra fills with a GUID, and what such an id is.
const GUIDS: [(&str, &str); 2] = [
    (
        "client",
        "This is no GUID. A client id looks like c41d7e95-06fb-4a38-8d2e-b7390f5a6e22, which is greeting-cli's.",
    ),
    (
        "tenant",
        "This is no GUID. A tenant id looks like 11111111-2222-3333-4444-555555555555; a domain is none.",
    ),
];
/// What was chosen; the default is a token that gate and function accept.
#[derive(Default)]
pub(super) struct Chosen(Vec<(String, String)>);

impl Chosen {
    pub(super) fn new(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// What a field holds, if the form has it.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let mut pairs = self.0.iter();
        pairs
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.trim())
    }

    fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or("")
    }

    /// What a field holds, if it holds anything.
    fn filled(&self, name: &str) -> Option<String> {
        let text = self.text(name);
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// What is wrong with what a field holds. Not what it holds: people paste a token where an id
    /// belongs.
    fn mistake(&self, name: &str) -> Option<&'static str> {
        let (_, sentence) = GUIDS.iter().find(|(known, _)| *known == name)?;
        let text = self.text(name);
        // As Entra writes it, with hyphens.
        let is_guid = text.len() == 36 && uuid::Uuid::try_parse(text).is_ok();
        (!text.is_empty() && !is_guid).then_some(*sentence)
    }

    /// Whether a field holds what it can't be.
    pub(super) fn has_a_mistake(&self) -> bool {
        GUIDS.iter().any(|(name, _)| self.mistake(name).is_some())
    }

    fn words(&self, name: &str) -> Vec<String> {
        let words = self.text(name).split_whitespace();
        words.map(str::to_owned).collect()
    }

    /// The token that was chosen.
    pub(super) fn spec(&self, default_scope: &str) -> MintSpec {
        let app_only = self.get("app-only").is_some();
        let scopes = match self.get("scope") {
            _ if app_only => None,
            None => None,
            Some(scope) if scope == default_scope => None,
            Some(_) => Some(self.words("scope")),
        };
        let issuer = self.filled("issuer");
        let mut spec = MintSpec {
            user: self.filled("user").filter(|_| !app_only),
            audiences: self.words("audience"),
            scopes,
            roles: self.words("role"),
            groups: self.words("group"),
            app_only,
            client: self.filled("client"),
            tenant: self.filled("tenant"),
            claims: issuer
                .map(|issuer| ("iss".to_owned(), Value::from(issuer)))
                .into_iter()
                .collect(),
            ..MintSpec::default()
        };
        for (name, _, choices) in SELECTS {
            let wanted = self.text(name);
            if let Some((_, set, _)) = choices.iter().find(|(value, _, _)| *value == wanted) {
                set(&mut spec);
            }
        }
        spec
    }
}

/// The scopes that a token has where nobody says which.
pub(super) fn default_scope(room: &Room) -> String {
    let scopes: Vec<&str> = room.authority.directory().scopes().collect();
    scopes.join(" ")
}

/// The form, with what was chosen last.
pub(super) fn form(room: &Room, chosen: &Chosen) -> Markup {
    let users = room.authority.directory().users();
    html! {
        form method="post" action=(PATH) {
            div.fields {
                div {
                    label for="user" { "User" }
                    select #user name="user" {
                        @for (index, user) in users.iter().enumerate() {
                            // The first is the default.
                            @let value = if index == 0 { "" } else { user.upn.as_str() };
                            option value=(value) selected[chosen.text("user") == value] { (user.upn) }
                        }
                    }
                }
                div {
                    label for="scope" { "Scopes" }
                    input #scope type="text" name="scope" value=(chosen.get("scope").unwrap_or(&default_scope(room)))
                        autocomplete="off" spellcheck="false" aria-describedby="scope-hint";
                    small #scope-hint { "empty: no scp claim" }
                }
                @for (name, label, choices) in SELECTS {
                    div {
                        label for=(name) { (label) }
                        select id=(name) name=(name) {
                            @for (value, _, text) in choices {
                                option value=(value) selected[chosen.text(name) == *value] { (text) }
                            }
                        }
                    }
                }
                @for (name, label, hint) in TEXTS {
                    div {
                        label for=(name) { (label) }
                        @let mistake = chosen.mistake(name);
                        input id=(name) type="text" name=(name) value=(chosen.text(name))
                            autocomplete="off" spellcheck="false" aria-describedby={ (name) "-hint" }
                            aria-invalid=[mistake.map(|_| "true")] autofocus[mistake.is_some()];
                        small id={ (name) "-hint" } class=[mistake.map(|_| "mistake")] { (mistake.unwrap_or(hint)) }
                    }
                }
            }
            label.check {
                input type="checkbox" name="app-only" checked[chosen.get("app-only").is_some()];
                span { "App-only: a daemon's token, no user and no scope" }
            }
            label.check {
                input type="checkbox" name="show-token" checked[chosen.get("show-token").is_some()];
                span { "Show the token" small { "It opens this machine's gate only; still, it is on your screen then." } }
            }
            div.buttons { button.first { "Mint and ask" } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::minting::arguments;

    fn chosen(pairs: &[(&str, &str)]) -> Vec<String> {
        let pairs = pairs
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        arguments(&Chosen(pairs.collect()).spec("Greeting.Read"))
    }

    #[test]
    fn the_form_is_the_commands_arguments() {
        assert!(chosen(&[]).is_empty());
        assert_eq!(chosen(&[("scope", "")]), ["--no-scope"]);
        assert_eq!(
            chosen(&[("scope", "A B"), ("user", "bob@greeting.test")]),
            ["--user=bob@greeting.test", "--scope=A", "--scope=B"]
        );
        assert_eq!(
            chosen(&[
                ("app-only", "on"),
                ("user", "bob@greeting.test"),
                ("role", "R")
            ]),
            ["--role=R", "--app-only"]
        );
        assert_eq!(
            chosen(&[("signature", "none"), ("time", "expired"), ("kind", "id")]),
            ["--expired", "--alg", "none", "--kind", "id"]
        );
        // Nobody gets a flag in by a value.
        assert_eq!(
            chosen(&[("issuer", "--state-dir=/x --help")]),
            ["--issuer=--state-dir=/x --help"]
        );
    }

    #[test]
    fn each_choice_is_a_token_of_its_own() {
        for (name, _, choices) in SELECTS {
            let mut all: Vec<Vec<String>> = choices
                .iter()
                .map(|(value, _, _)| chosen(&[(name, value)]))
                .collect();
            assert!(all[0].is_empty(), "{name}: the first is the default");
            all.sort();
            all.dedup();
            assert_eq!(all.len(), choices.len(), "{name}");
        }
    }
}
