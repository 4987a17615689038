//! Which account, and whether the app may have what it asks for.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use local_http::page::Page;
use maud::{Markup, html};

use super::super::Authority;
use super::super::directory::{User, UserState};
use super::super::grants::ScopeRequest;
use super::super::resources::Resource;
use super::super::scopes::ResourceScopes;

/// A sign-in that waits for its person.
pub(crate) struct SignIn<'a> {
    pub(crate) authority: &'a Authority,
    pub(crate) asked: &'a ScopeRequest,
    /// Where the answers go.
    pub(crate) action: &'a str,
    /// What says which sign-in it is.
    pub(crate) hidden: (&'a str, &'a str),
    /// The origin that the person is sent back to in the end.
    pub(crate) forms_to: Option<&'a str>,
    /// What a person should know before they answer.
    pub(crate) note: Option<&'a str>,
}

impl SignIn<'_> {
    /// Who signs in; `hint` is chosen already. `error` is what was wrong with the last choice.
    pub(crate) fn account_page(&self, hint: &str, error: Option<&str>) -> Response {
        let users = self.authority.directory().users();
        let hinted = users
            .iter()
            .position(|user| user.is_named(hint))
            .or(hint.is_empty().then_some(0));
        let body = html! {
            @if let Some(error) = error { p.alert role="alert" { (error) } }
            p { "to sign in to " strong { (self.client()) } }
            @if let Some(note) = self.note { p { (note) } }
            form method="post" action=(self.action) {
                (self.hidden_field())
                fieldset {
                    legend { "Account" }
                    @for (index, user) in users.iter().enumerate() {
                        label.choice {
                            input type="radio" name="user" value=(user.upn) required checked[hinted == Some(index)];
                            span { (user.name) small { (user.upn) " · " (describe(user.state)) } }
                        }
                    }
                }
                div.buttons {
                    button.first name="action" value="approve" { "Sign in" }
                    button name="action" value="deny" formnovalidate { "Cancel" }
                }
            }
        };
        self.page("Pick an account", body, error)
    }

    /// Whether the app may have what it asks for.
    pub(crate) fn consent_page(&self, user: &User) -> Response {
        let may_consent = self.authority.may_consent(self.asked, user);
        let body = html! {
            p { strong { (self.client()) } " asks, as " strong { (user.upn) } ", for:" }
            @for of in self.asked.resources() {
                ul.asks {
                    @for scope in self.authority.to_consent(&self.asked.client, of) {
                        li { (self.permission(of, &scope)) }
                    }
                    @if of.resource == Resource::Graph { li { "to sign you in: " code { "openid profile email" } } }
                }
                p.quiet { "of " code { (of.named) } "." }
            }
            @if may_consent {
                p.quiet { "The answer is kept until this greeting-local ends." }
            } @else {
                p.alert role="alert" {
                    "AADSTS90094: " strong { (user.upn) } " may not consent to that: a scope is of type Admin. \
                    Pre-authorize the client for it in the API's registration, or sign in as a user \
                    with an administrator's directoryRoles in deploy/users.json."
                }
            }
            form method="post" action=(self.action) {
                (self.hidden_field())
                input type="hidden" name="user" value=(user.upn);
                div.buttons {
                    @if may_consent {
                        button.first name="action" value="consent" { "Accept" }
                    }
                    button name="action" value="deny" { "Cancel" }
                }
            }
        };
        let title = match may_consent {
            true => "Permissions requested",
            false => "Need admin approval",
        };
        self.page(title, body, None)
    }

    fn page(&self, title: &str, body: Markup, error: Option<&str>) -> Response {
        Page {
            status: error.map_or(StatusCode::OK, |_| StatusCode::BAD_REQUEST),
            forms_to: self.forms_to,
            ..Page::new(title, body)
        }
        .into_response()
    }

    fn client(&self) -> &str {
        let directory = self.authority.directory();
        directory.client_name(&self.asked.client).unwrap_or("")
    }

    /// A scope as its API describes it to people.
    fn permission(&self, of: &ResourceScopes, scope: &str) -> Markup {
        let app = self.authority.application(of.resource);
        let texts = app.and_then(|app| app.consent_texts(scope));
        html! {
            @if let Some((name, description)) = texts { (name) ": " (description) " " }
            code { (scope) }
        }
    }

    fn hidden_field(&self) -> Markup {
        let (name, value) = self.hidden;
        html! { input type="hidden" name=(name) value=(value); }
    }
}

/// What the tenant lets a user do, in words.
pub fn describe(state: UserState) -> &'static str {
    match state {
        UserState::Allowed => "may sign in",
        UserState::NoConsent => "has not consented beforehand",
        UserState::Guest => "a guest of another tenant",
        UserState::Disabled => "disabled: AADSTS50057",
    }
}
