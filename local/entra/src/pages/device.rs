//! Device sign-in (RFC 8628 section 3.3): code, account, consent, done.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Form, Router};
use local_events::{EventNote, Outcome};
use local_http::page::Page;
use maud::html;
use serde::Deserialize;

use super::super::directory::{User, UserState};
use super::super::grants::ScopeRequest;
use super::super::{ApproveError, Authority};
use super::{SignIn, done, foreign};

const PATH: &str = "/devicelogin";
const NOT_PENDING: &str =
    "No sign-in with this code is pending. Codes end after 15 minutes, and each is used once.";

pub(super) fn router() -> Router<Authority> {
    Router::new().route(PATH, get(ask_code).post(decide))
}

async fn ask_code() -> Response {
    code_page("", None)
}

#[derive(Deserialize)]
struct DeviceForm {
    code: String,
    user: Option<String>,
    action: Option<String>,
}

async fn decide(
    State(authority): State<Authority>,
    headers: HeaderMap,
    Form(answer): Form<DeviceForm>,
) -> Response {
    if !authority.is_from_here(&headers) {
        let note = EventNote::new(Outcome::Refused).because("the form was sent from another site");
        return note.on(foreign());
    }
    let now = authority.clock().now();
    let Some(asked) = authority.grants().asked(&answer.code, now).cloned() else {
        let note = EventNote::new(Outcome::Refused).because("no sign-in with this code is pending");
        return note.on(code_page(&answer.code, Some(NOT_PENDING)));
    };
    let user = answer
        .user
        .as_deref()
        .and_then(|user| authority.directory().user(user));
    let signing_in = SignIn {
        authority: &authority,
        asked: &asked,
        action: PATH,
        hidden: ("code", &answer.code),
        forms_to: None,
        note: Some("Go on only if you started this yourself, on a device of yours."),
    };
    match (answer.action.as_deref(), user) {
        (Some("deny"), _) => authority.decline(&asked, &answer.code),
        (Some("approve" | "consent"), Some(user)) if user.state == UserState::Disabled => {
            let note = authority.note_of(Outcome::Refused, &asked);
            let disabled = ApproveError::Disabled(user.upn.clone());
            note.because(disabled.line())
                .on(signing_in.account_page(&user.upn, Some(&disabled.to_string())))
        }
        (Some("consent"), Some(user)) if authority.may_consent(&asked, user) => {
            authority.consent(&asked, &user.upn);
            authority.let_in(&asked, &answer.code, user)
        }
        (Some("approve" | "consent"), Some(user)) if !authority.has_consent(&asked, user) => {
            authority
                .note_of(Outcome::Asked, &asked)
                .because("consent")
                .on(signing_in.consent_page(user))
        }
        (Some("approve" | "consent"), Some(user)) => authority.let_in(&asked, &answer.code, user),
        _ => authority
            .note_of(Outcome::Asked, &asked)
            .because("which account")
            .on(signing_in.account_page("", None)),
    }
}

impl Authority {
    fn let_in(&self, asked: &ScopeRequest, code: &str, user: &User) -> Response {
        match self.approve(code, &user.upn) {
            Ok(()) => self
                .note_of(Outcome::Approved, asked)
                .because("on the page")
                .on(done(
                    "Signed in",
                    html! {
                        p { "You are signed in as " strong { (user.upn) } "." }
                        p { "Go back to your device. You can close this page." }
                    },
                )),
            Err(error) => self
                .note_of(Outcome::Refused, asked)
                .because(error.line())
                .on(code_page("", Some(&error.to_string()))),
        }
    }

    fn decline(&self, asked: &ScopeRequest, code: &str) -> Response {
        match self.deny(code) {
            Ok(()) => self.note_of(Outcome::Declined, asked).because("on the page").on(done(
                "Declined",
                html! { p { "The sign-in was declined. The device gets that answer when it asks again. You can close this page." } },
            )),
            Err(error) => self
                .note_of(Outcome::Refused, asked)
                .because(error.line())
                .on(code_page("", Some(&error.to_string()))),
        }
    }
}

fn code_page(typed: &str, error: Option<&str>) -> Response {
    let body = html! {
        @if let Some(error) = error { p.alert #problem role="alert" { (error) } }
        form method="post" action=(PATH) {
            label for="code" { "Enter the code that your device shows" }
            input #code type="text" name="code" value=(typed) required autofocus maxlength="20"
                autocomplete="off" autocapitalize="characters" spellcheck="false"
                aria-invalid=[error.map(|_| "true")] aria-describedby=[error.map(|_| "problem")];
            div.buttons { button.first { "Next" } }
        }
    };
    Page {
        status: error.map_or(StatusCode::OK, |_| StatusCode::BAD_REQUEST),
        ..Page::new("Sign in with a code", body)
    }
    .into_response()
}
