//! The form that mints. It is read as `greeting-local mint`'s own arguments, so that both make the
//! same tokens.

use maud::{Markup, html};

use super::{Room, mint};

/// A choice: the arguments that it stands for, and what it is.
type Choice = (&'static str, &'static [&'static str], &'static str);

const TIMES: [Choice; 4] = [
    ("valid", &[], "valid now"),
    ("expired", &["--expired"], "expired an hour ago"),
    ("not-yet-valid", &["--not-yet-valid"], "valid in an hour"),
    ("no-expiry", &["--no-expiry"], "without exp"),
];
const SIGNATURES: [Choice; 9] = [
    ("good", &[], "the authority's, RS256"),
    (
        "bad",
        &["--bad-signature"],
        "forged: another key, the authority's key id",
    ),
    ("tampered", &["--tampered"], "claims changed after signing"),
    (
        "unknown-key",
        &["--unknown-key"],
        "by a key that is not published",
    ),
    ("no-key-id", &["--no-key-id"], "without a key id"),
    ("none", &["--alg", "none"], "none at all (alg none)"),
    ("hs256", &["--alg", "hs256"], "HS256 by the public key"),
    ("rs512", &["--alg", "rs512"], "RS512"),
    ("ps256", &["--alg", "ps256"], "PS256"),
];
const KINDS: [Choice; 5] = [
    ("access", &[], "an access token"),
    ("id", &["--kind", "id"], "an ID token"),
    (
        "opaque",
        &["--kind", "opaque"],
        "opaque, as a refresh token",
    ),
    (
        "encrypted",
        &["--kind", "encrypted"],
        "encrypted (five parts)",
    ),
    ("truncated", &["--kind", "truncated"], "copied in part"),
];
const VERSIONS: [Choice; 2] = [
    ("2", &[], "2"),
    ("1", &["--version", "1"], "1, as sts.windows.net's"),
];
const SELECTS: [(&str, &str, &[Choice]); 4] = [
    ("time", "Time", &TIMES),
    ("signature", "Signature", &SIGNATURES),
    ("kind", "Kind", &KINDS),
    ("version", "Token version", &VERSIONS),
];
/// Text fields: name and flag, label, hint. Words are separated by spaces.
const TEXTS: [(&str, &str, &str); 5] = [
    ("audience", "Audience", "empty: the API; two words: a list"),
    ("role", "App roles", "as Greeting.Read.All"),
    ("client", "Client id", "empty: greeting-cli"),
    ("tenant", "Tenant id", "empty: this one; sets tid and iss"),
    ("issuer", "Issuer", "empty: this authority"),
];
const DEFAULT_SCOPE: &str = "Greeting.Read";

/// What was chosen; the default is a token that opens the door.
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

    /// `greeting-local mint`'s arguments.
    pub(super) fn arguments(&self) -> Vec<String> {
        // `--flag=value`: what a person types can't become a flag.
        let mut arguments: Vec<String> = Vec::new();
        let app_only = self.get("app-only").is_some();
        let user = self.text("user");
        if !user.is_empty() && !app_only {
            arguments.push(format!("--user={user}"));
        }
        for (name, _, _) in TEXTS {
            let words = self.text(name).split_whitespace();
            arguments.extend(words.map(|word| format!("--{name}={word}")));
        }
        if app_only {
            arguments.push("--app-only".to_owned());
        } else {
            let scopes = self.get("scope").unwrap_or(DEFAULT_SCOPE);
            match scopes {
                DEFAULT_SCOPE => {}
                "" => arguments.push("--no-scope".to_owned()),
                more => arguments.extend(more.split_whitespace().map(|s| format!("--scope={s}"))),
            }
        }
        for (name, _, choices) in SELECTS {
            let wanted = self.text(name);
            if let Some((_, flags, _)) = choices.iter().find(|(value, _, _)| *value == wanted) {
                arguments.extend(flags.iter().map(|flag| (*flag).to_owned()));
            }
        }
        arguments
    }
}

/// The form, with what was chosen last.
pub(super) fn form(room: &Room, chosen: &Chosen) -> Markup {
    let users = room.authority.directory().users();
    html! {
        form method="post" action=(mint::PATH) {
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
                    input #scope type="text" name="scope" value=(chosen.get("scope").unwrap_or(DEFAULT_SCOPE))
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
                        input id=(name) type="text" name=(name) value=(chosen.text(name))
                            autocomplete="off" spellcheck="false" aria-describedby={ (name) "-hint" };
                        small id={ (name) "-hint" } { (hint) }
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
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn the_form_is_the_commands_arguments() {
        let chosen = |pairs: &[(&str, &str)]| {
            let pairs = pairs
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
            Chosen(pairs.collect()).arguments()
        };
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
            ["--issuer=--state-dir=/x", "--issuer=--help"]
        );
    }

    #[test]
    fn each_choice_is_an_argument_that_mint_knows() {
        for (_, _, choices) in SELECTS {
            for (value, flags, _) in choices {
                let line = ["greeting-local", "mint"]
                    .into_iter()
                    .chain(flags.iter().copied());
                assert!(Cli::try_parse_from(line).is_ok(), "{value}: {flags:?}");
            }
        }
    }
}
