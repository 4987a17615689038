//! Minting on the page: the token, what would become of it, and the command that does the same.

use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use local_entra::MintSpec;
use local_events::{EventNote, Outcome};
use local_http::page::{Page, Script, Width};
use maud::{Markup, html};
use serde_json::Value;

use super::form::{Chosen, default_scope, form};
use super::verdict::{Said, Verdicts};
use super::{Room, Shared, foreign_form, live};
use crate::minting;
use crate::typed::Typed;

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
        return foreign_form();
    }
    let chosen = Chosen::new(pairs);
    if chosen.has_a_mistake() {
        let why = "A field holds what it can't be; it says what it takes.";
        return EventNote::new(Outcome::Refused)
            .because("no such token can be made")
            .on(error_page(&room, &chosen, why));
    }
    let spec = chosen.spec(&default_scope(&room));
    match room.minted(&spec).await {
        Ok(minted) => {
            let status = minted.verdicts.status();
            let arguments = minting::arguments(&spec);
            let flags = arguments.iter().map(|argument| flag(argument));
            let flags: Vec<&str> = flags.filter(|flag| flag.starts_with("--")).collect();
            let note = EventNote::new(Outcome::Issued).because(format!(
                "{}: the caller would get {}",
                if flags.is_empty() {
                    "without a defect".to_owned()
                } else {
                    flags.join(" ")
                },
                status.map_or("what the app says".to_owned(), |status| status.to_string()),
            ));
            note.on(result_page(&room, &chosen, &spec, &minted))
        }
        Err(why) => EventNote::new(Outcome::Refused)
            .because("no such token can be made")
            .on(error_page(&room, &chosen, &why)),
    }
}

/// An argument without its value, which may be a person's name.
fn flag(argument: &str) -> &str {
    argument.split('=').next().unwrap_or(argument)
}

impl Room {
    async fn minted(&self, spec: &MintSpec) -> Result<Minted, String> {
        let token = self
            .authority
            .mint(spec)
            .map_err(|error| error.to_string())?;
        let url = url::Url::parse(&self.ready.function_url).ok();
        let path = url.as_ref().map_or("/", |url| url.path());
        let verdicts = Verdicts::of(&self.rules, self.function, path, &token).await;
        Ok(Minted { token, verdicts })
    }
}

fn result_page(room: &Room, chosen: &Chosen, spec: &MintSpec, minted: &Minted) -> Response {
    let command = minting::command(spec, &room.stack);
    let call = format!(
        "{command} | {} {} --access-token -",
        Typed::here().program("greeting-cli", "call"),
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
                pre data-copy="the command" { (call) }
                @if let Some((header, claims)) = decoded(&minted.token) {
                    details { summary { "What it says" }
                        pre { (header) "\n" (claims) }
                    }
                }
                h3 { "The token" }
                @if chosen.get("show-token").is_some() {
                    pre.token #token data-copy="the token" { (minted.token) }
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
        script src=(live::COPY) defer {}
    };
    Page {
        width: Width::Wide,
        script: Script::OwnAlone,
        ..Page::new("A minted token", body)
    }
    .into_response()
}

fn error_page(room: &Room, chosen: &Chosen, why: &str) -> Response {
    let body = html! {
        p.alert role="alert" { (why) }
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

pub(super) fn said(who: &str, id: &str, said: &Said) -> Markup {
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
