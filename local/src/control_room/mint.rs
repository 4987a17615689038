//! Minting on the page. The form is read as `greeting-local mint`'s own arguments, so that both
//! make the same tokens, and the page can say which command does the same.

use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Parser;
use maud::{Markup, html};
use serde_json::Value;

use super::verdict::{Said, Verdicts};
use super::{Room, Shared};
use crate::cli::{Cli, Command, Shell};
use crate::log::Told;
use crate::page::{Page, Width};
use crate::{env, mint};

pub(super) const PATH: &str = "/control-room/mint";

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
    fn get(&self, name: &str) -> Option<&str> {
        let mut pairs = self.0.iter();
        pairs
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.trim())
    }

    fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or("")
    }

    /// `greeting-local mint`'s arguments.
    fn arguments(&self) -> Vec<String> {
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

/// A minted token and what would become of it.
struct Minted {
    token: String,
    verdicts: Verdicts,
}

pub(super) async fn mint(
    State(room): State<Shared>,
    headers: HeaderMap,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Response {
    if !room.authority.is_from_here(&headers) {
        return super::actions::stranger();
    }
    let chosen = Chosen(pairs);
    let arguments = chosen.arguments();
    match room.minted(&arguments).await {
        Ok(minted) => {
            let status = minted.verdicts.status();
            let flags = arguments.iter().map(|argument| flag(argument));
            let flags: Vec<&str> = flags.filter(|flag| flag.starts_with("--")).collect();
            let told = Told::new("issued").because(format!(
                "{}: the caller would get {}",
                if flags.is_empty() {
                    "without a defect".to_owned()
                } else {
                    flags.join(" ")
                },
                status.map_or("what the app says".to_owned(), |status| status.to_string()),
            ));
            told.on(result_page(&room, &chosen, &arguments, &minted))
        }
        Err(why) => Told::new("refused")
            .because("no such token can be made")
            .on(error_page(&room, &chosen, &why)),
    }
}

/// An argument without its value, which may be a person's name.
fn flag(argument: &str) -> &str {
    argument.split('=').next().unwrap_or(argument)
}

impl Room {
    async fn minted(&self, arguments: &[String]) -> Result<Minted, String> {
        let line = ["greeting-local", "mint"].map(str::to_owned);
        let parsed = Cli::try_parse_from(line.iter().chain(arguments));
        let args = match parsed.map(|cli| cli.command) {
            Ok(Command::Mint(args)) => args,
            Ok(_) => return Err("that is not mint".to_owned()),
            Err(error) => return Err(error.render().to_string()),
        };
        let spec = mint::spec(&args).map_err(|error| error.to_string())?;
        let token = self
            .authority
            .mint(&spec)
            .map_err(|error| error.to_string())?;
        let url = url::Url::parse(&self.ready.function_url).ok();
        let path = url.as_ref().map_or("/", |url| url.path());
        let verdicts = Verdicts::of(&self.rules, self.function, path, &token).await;
        Ok(Minted { token, verdicts })
    }
}

fn result_page(room: &Room, chosen: &Chosen, arguments: &[String], minted: &Minted) -> Response {
    let command = command(arguments);
    let call = format!(
        "{command} | greeting-cli call {} --access-token -",
        room.ready.function_url
    );
    let body = html! {
        div.columns {
            section aria-labelledby="would-get" {
                h2 #would-get { "What becomes of it" }
                (said("The gate", "gate", &minted.verdicts.gate))
                (said("The function", "function", &minted.verdicts.function))
                p.quiet { "By the rules that run now; nothing was called." }
                h3 { "The same from the shell" }
                pre data-copy="" { (call) }
                @if let Some((header, claims)) = decoded(&minted.token) {
                    details { summary { "What it says" }
                        pre { (header) "\n" (claims) }
                    }
                }
                h3 { "The token" }
                @if chosen.get("show-token").is_some() {
                    pre.token #token data-copy="" { (minted.token) }
                } @else {
                    p.quiet { "Not shown, since that was not asked for." }
                }
            }
            section aria-labelledby="mint-heading" {
                h2 #mint-heading { "Mint another" }
                (form(room, chosen))
            }
        }
        p { a href="/" { "Back to the control room" } }
    };
    Page {
        width: Width::Wide,
        ..Page::new("A minted token", body)
    }
    .into_response()
}

fn error_page(room: &Room, chosen: &Chosen, why: &str) -> Response {
    let body = html! {
        pre.alert role="alert" { (why) }
        section { (form(room, chosen)) }
        p { a href="/" { "Back to the control room" } }
    };
    Page {
        status: StatusCode::BAD_REQUEST,
        width: Width::Wide,
        ..Page::new("No such token", body)
    }
    .into_response()
}

fn said(who: &str, id: &str, said: &Said) -> Markup {
    let kind = match said.status {
        None => "waiting",
        Some(..400) => "well",
        Some(400..500) => "refused",
        Some(_) => "failed",
    };
    html! {
        p.verdict #(id) data-kind=(kind) data-status=[said.status] {
            (who) " "
            @if let Some(status) = said.status { "answers " strong.status { (status) } ": " }
            (said.words)
        }
    }
}

fn command(arguments: &[String]) -> String {
    let mut line = "greeting-local mint".to_owned();
    for argument in arguments {
        let safe = |c: char| c.is_ascii_alphanumeric() || "-_./:@=".contains(c);
        line.push(' ');
        if argument.chars().all(safe) {
            line.push_str(argument);
        } else {
            line.push_str(&env::assignment_value(Shell::Bash, argument));
        }
    }
    line
}

/// Header and claims of a token that has them.
fn decoded(token: &str) -> Option<(String, String)> {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, _] = parts.as_slice() else {
        return None;
    };
    let pretty = |part: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
        let value: Value = serde_json::from_slice(&bytes).ok()?;
        serde_json::to_string_pretty(&value).ok()
    };
    Some((pretty(header)?, pretty(claims)?))
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
    use super::*;

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

    #[test]
    fn the_command_is_quoted_where_a_shell_would_read_it() {
        let arguments = ["--scope=it's".to_owned(), "--expired".to_owned()];
        assert_eq!(
            command(&arguments),
            r"greeting-local mint '--scope=it'\''s' --expired"
        );
    }
}
