//! What was decided: the list and its filter, and one decision with everything that is known of it.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use local_events::{Class, EventNote, Kept, Outcome, Row};
use local_http::page::{Page, Script, Width};
use maud::{Markup, html};
use serde::Deserialize;

use super::{Room, Shared, foreign_form, live};
use crate::control::log::AT_A_GLANCE;
use crate::typed::Typed;

/// The list, filtered: a form that is sent, so that what somebody pastes into it is in no address.
pub(super) const PATH: &str = "/control-room/decisions";
/// One of them, by the run and its number in it.
pub(super) const ONE: &str = "/control-room/decisions/{run}/{number}";

/// What a person wants to see.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Filter {
    /// A [`Class`]; empty: all that decide something.
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    text: String,
}

impl Filter {
    /// The page's script does the same.
    fn shows(&self, row: &Row) -> bool {
        let class = match self.outcome.as_str() {
            "" => row.class != Class::Routine.name(),
            wanted => row.class == wanted,
        };
        class && row.has(self.text.trim())
    }
}

fn label(class: Class) -> &'static str {
    match class {
        Class::LetIn => "Let in",
        Class::Unauthorized => "401, not signed in",
        Class::Forbidden => "403, not allowed",
        Class::Refused => "Refused otherwise",
        Class::Failed => "Failed",
        Class::Issued => "Tokens issued",
        Class::Other => "Sign-ins, commands, …",
        Class::Routine => "Polls, discovery, keys",
    }
}

fn form(filter: &Filter) -> Markup {
    html! {
        form #filter method="post" action=(PATH) role="search" aria-label="Filter the decisions" {
            div.inline {
                div {
                    label for="outcome" { "Outcome" }
                    select #outcome name="outcome" {
                        option value="" { "All decisions" }
                        @for class in Class::ALL {
                            option value=(class.name()) selected[filter.outcome == class.name()] { (label(class)) }
                        }
                    }
                }
                div {
                    label for="text" { "Text" }
                    input #text type="text" name="text" value=(filter.text) autocomplete="off" spellcheck="false";
                }
                button { "Filter" }
            }
        }
    }
}

/// A decision; none: the empty form of one, for the script.
pub(super) fn event(one: Option<(&Room, &Row)>) -> Markup {
    let text = |get: fn(&Row) -> &str| one.map_or("", |(_, row)| get(row));
    html! {
        li.event data-kind=(text(|row| row.kind)) data-class=(text(|row| row.class))
            hidden[text(|row| row.class) == Class::Routine.name()] {
            time datetime=(text(|row| &row.time)) { (text(|row| &row.clock)) }
            span.source { (text(|row| row.source)) }
            a.asked href=(one.map_or(String::new(), |(room, row)| address(room, row.number))) { (text(|row| &row.asked)) }
            span.answer {
                span.status { @if let Some((_, row)) = one { (row.status) } }
                " "
                span.why { (text(|row| &row.answer)) }
            }
        }
    }
}

fn address(room: &Room, number: u64) -> String {
    format!("{PATH}/{}/{number}", room.log.run())
}

/// The list on the front page. The script shows what is routine where that is asked for.
pub(super) fn section(room: &Room) -> Markup {
    let last = *room.log.last().borrow();
    let newest_first: Vec<Row> = room
        .log
        .recent()
        .iter()
        .rev()
        .map(|one| one.row())
        .collect();
    let decided = |row: &&Row| row.class != Class::Routine.name();
    // As many of each kind: the one is not pushed out by the other.
    let of_kind = |routine: bool| {
        let rows = newest_first
            .iter()
            .filter(move |row| decided(row) != routine);
        rows.take(AT_A_GLANCE)
    };
    let mut shown: Vec<&Row> = of_kind(false).chain(of_kind(true)).collect();
    shown.sort_by_key(|row| std::cmp::Reverse(row.number));
    html! {
        section #decisions aria-labelledby="decisions-heading" {
            h2 #decisions-heading { "Decisions" }
            (form(&Filter::default()))
            div.buttons {
                span #live role="status" { "As of now" }
                a #reload href="/" { "Reload" }
            }
            div.scroll role="log" aria-labelledby="decisions-heading" aria-live="polite" aria-relevant="additions" tabindex="0" {
                ol.plain #events reversed data-run=(room.log.run()) data-last=(last) {
                    @for row in &shown { (event(Some((room, row)))) }
                }
                p #none hidden[newest_first.iter().any(|row| decided(&row))] { "None yet. Call the function, or sign in." }
            }
            p.quiet #missed hidden {}
            p.quiet { "The same in a terminal: " code { (room.stack.line("log --follow")) } }
        }
    }
}

/// The list without the script: what the filter shows.
pub(super) async fn filtered(
    State(room): State<Shared>,
    headers: HeaderMap,
    Form(filter): Form<Filter>,
) -> Response {
    if !room.authority.is_from_here(&headers) {
        return foreign_form();
    }
    let recent = room.log.recent();
    let rows = recent.iter().rev().map(|kept| kept.row());
    let rows: Vec<Row> = rows.filter(|row| filter.shows(row)).collect();
    let body = html! {
        section {
            (form(&filter))
            p role="status" { (rows.len()) " of " (recent.len()) " that are kept" }
            ol.plain reversed {
                @for row in &rows { (shown(&room, row)) }
            }
            @if rows.is_empty() { p { "No decision is like that." } }
        }
        p { a href="/" { "Back to the control room" } }
    };
    Page {
        width: Width::Wide,
        ..Page::new("Decisions", body)
    }
    .into_response()
}

/// A row of a list that holds what was asked for.
fn shown(room: &Room, row: &Row) -> Markup {
    html! {
        li.event data-kind=(row.kind) {
            time datetime=(row.time) { (row.clock) }
            span.source { (row.source) }
            a.asked href=(address(room, row.number)) { (row.asked) }
            span.answer { span.status { (row.status) } " " span.why { (row.answer) } }
        }
    }
}

/// One decision, with everything that is known of it.
pub(super) async fn one(
    State(room): State<Shared>,
    Path((run, number)): Path<(String, u64)>,
) -> Response {
    let kept = match run == room.log.run() {
        true => room.log.get(number),
        false => None,
    };
    let Some(kept) = kept else { return gone() };
    let row = kept.row();
    let body = html! {
        section {
            p.verdict data-kind=(row.kind) {
                (row.source) " answers " strong.status { (row.status) } ": " (row.answer)
            }
            (facts(&kept))
            @for other in others(&room, &kept) {
                p {
                    "Of the same call: " a href=(address(&room, other.number)) {
                        (other.event.source.name()) " " (other.event.status) " " (other.event.answer())
                    }
                }
            }
        }
        @if row.status >= 400 {
            section {
                h2 { "Why, and what to do" }
                pre data-copy="the command" { (room.stack.line("log --output json")) " | " (Typed::here().program("greeting-cli", "explain")) " --log -" }
            }
        }
        section {
            h2 { "As a program gets it" }
            pre data-copy="the JSON" { (kept.line().trim_end()) }
            p.quiet { "A line of " code { (room.stack.line("log --output json")) } }
        }
        p { a href="/#decisions" { "Back to the decisions" } }
        script src=(live::COPY) defer {}
    };
    Page {
        width: Width::Wide,
        script: Script::OwnAlone,
        ..Page::new("One decision", body)
    }
    .into_response()
}

fn gone() -> Response {
    let body = html! {
        p.alert role="alert" { "This decision is no longer kept: the last 500 are, until greeting-local ends." }
        p { a href="/#decisions" { "See those that are" } }
    };
    let page = Page {
        status: StatusCode::NOT_FOUND,
        ..Page::new("No such decision", body)
    };
    EventNote::new(Outcome::Refused)
        .because("that decision is no longer kept")
        .on(page)
}

/// Those of the same call: what the gate has passed on, and what the handler made of it.
fn others(room: &Room, kept: &Kept) -> Vec<std::sync::Arc<Kept>> {
    let Some(call) = &kept.event.invocation else {
        return Vec::new();
    };
    let decisions = room.log.decisions().into_iter();
    let same = |other: &std::sync::Arc<Kept>| {
        other.number != kept.number && other.event.invocation.as_ref() == Some(call)
    };
    decisions.filter(same).collect()
}

fn facts(kept: &Kept) -> Markup {
    let event = &kept.event;
    let optional = [
        ("Action", event.action.clone()),
        ("Grant", event.grant.clone()),
        ("Client", event.client.clone()),
        ("Asked for", event.scope.clone()),
        (
            "Sub-status",
            event.substatus.map(|number| number.to_string()),
        ),
        ("Reason", event.reason.clone()),
        ("Scopes (scp)", event.scp.clone()),
        (
            "App roles",
            (!event.roles.is_empty()).then(|| event.roles.join(" ")),
        ),
        ("Invocation", event.invocation.clone()),
    ];
    html! {
        dl {
            dt { "Answered" } dd { time datetime=(event.time) { (event.time) } ", after " (event.duration_ms) " ms" }
            dt { "By" } dd { (event.source.name()) }
            dt { "Request" } dd { code { (event.method) " " (event.path) } }
            dt { "Status" } dd { (event.status) }
            dt { "Outcome" } dd { (event.outcome.name()) }
            @for (name, value) in optional {
                @if let Some(value) = value { dt { (name) } dd { code { (local_events::printable(&value)) } } }
            }
            dt { "Number" } dd { (kept.number) " of this run" }
        }
    }
}
