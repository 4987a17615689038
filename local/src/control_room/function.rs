//! What a browser gets that opens the function without a sign-in: where the gate refuses it, there is
//! nothing to read in the answer, as in Azure, and the browser shows a blank page.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use local_http::page::{Page, Script};
use maud::html;

use super::mint::said;
use super::verdict::Verdicts;
use super::{Room, Shared, live};
use crate::typed::Typed;

pub(super) const PATH: &str = "/control-room/function";

/// Where a link to the function leads: to it, unless a browser would show nothing. What the function
/// itself refuses, it says in words.
pub(super) fn link(room: &Room) -> &str {
    match verdicts(room).gate.status {
        Some(400..) => PATH,
        _ => &room.ready.function_url,
    }
}

fn verdicts(room: &Room) -> Verdicts {
    let url = url::Url::parse(&room.ready.function_url).ok();
    let path = url.as_ref().map_or("/", |url| url.path());
    Verdicts::of_browser(&room.rules, room.function, path)
}

pub(super) async fn page(State(room): State<Shared>) -> Response {
    let verdicts = verdicts(&room);
    let url = &room.ready.function_url;
    let is_refused = verdicts.gate.status.is_some_and(|status| status >= 400);
    let body = html! {
        section {
            p { "A browser that opens " code { (url) } " and has not signed in:" }
            (said("The gate", "gate", &verdicts.gate))
            (said("The function", "function", &verdicts.function))
            @if is_refused {
                p { "The answer says no more, so a browser shows a blank page, or one of its own: "
                    a href=(url) { "open it all the same" } "." }
            } @else {
                p { a href=(url) { "Open it" } }
            }
        }
        section {
            h2 { "Call it with a token" }
            pre data-copy="the command" { (Typed::here().program("greeting-cli", "call")) " " (url) }
            p { a href="/#mint" { "Mint a token" } " and see what gate and function say to it." }
            p.quiet { "A browser is sent to sign in where the Easy Auth settings say "
                code { "unauthenticatedClientAction: RedirectToLoginPage" } "." }
        }
        p { a href="/" { "Back to the control room" } }
        script src=(live::COPY) defer {}
    };
    Page {
        script: Script::OwnAlone,
        ..Page::new("The function, in a browser", body)
    }
    .into_response()
}
