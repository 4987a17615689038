//! Back to the client: by query, fragment or form.

use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use local_http::page::{Page, Script};
use maud::{PreEscaped, html};

use crate::error::AuthorityError;
use crate::grants::{Flow, ResponseMode, ResponseType};
use crate::parameters::Parameters;

/// Sends a form on without a click; the page works without it too.
const SUBMIT: &str = "document.forms[0].submit()";

impl ResponseMode {
    /// What a request asks for: by default `query`, or `fragment` as soon as a token is in the
    /// answer, which `query` then may not be (OAuth 2.0 Multiple Response Type Encoding Practices
    /// sections 2.1 and 3; captured: azure-docs#10191).
    pub(super) fn of(parameters: &Parameters) -> Result<Self, AuthorityError> {
        let kinds = parameters.get("response_type").unwrap_or("");
        let mut kinds = kinds.split_ascii_whitespace();
        let with_token = kinds.any(|kind| matches!(kind, "id_token" | "token"));
        match parameters.get("response_mode") {
            None if with_token => Ok(Self::Fragment),
            None => Ok(Self::Query),
            Some("query") if !with_token => Ok(Self::Query),
            Some("fragment") => Ok(Self::Fragment),
            Some("form_post") => Ok(Self::FormPost),
            Some(other) => Err(AuthorityError::ResponseMode(other.to_owned())),
        }
    }
}

impl ResponseType {
    /// What a request asks for, its words in any order.
    pub(super) fn of(text: &str) -> Result<Self, AuthorityError> {
        let mut kinds: Vec<&str> = text.split_ascii_whitespace().collect();
        kinds.sort_unstable();
        match kinds.as_slice() {
            ["code"] => Ok(Self::Code),
            ["id_token"] => Ok(Self::IdToken),
            ["code", "id_token"] => Ok(Self::CodeAndIdToken),
            _ => Err(AuthorityError::ResponseType(text.to_owned())),
        }
    }
}

impl Flow {
    /// Where its forms lead in the end.
    pub(super) fn redirect_origin(&self) -> String {
        self.redirect.origin().ascii_serialization()
    }

    /// The refusal, to the client (RFC 6749 section 4.1.2.1).
    pub(super) fn refusal(&self, error: &AuthorityError, now: i64) -> Response {
        let name = match error {
            // Documented (v2-oauth2-auth-code-flow, the errors of authorize): who has to be asked
            // is named there by the error itself.
            AuthorityError::ConsentRequired { .. } => "consent_required",
            // Documented there too: the token endpoint's name is authorization_declined.
            AuthorityError::Declined => "access_denied",
            // A name of the token endpoint's (RFC 6749 section 5.2). Which of authorize's Entra
            // gives with each code is inferred.
            AuthorityError::Policy { .. } if error.name() == "invalid_grant" => "access_denied",
            error => error.name(),
        };
        self.back(&[
            ("error", name),
            ("error_description", &error.description(now)),
        ])
    }

    /// The answer to the client, as it asked for it.
    pub(super) fn back(&self, answer: &[(&str, &str)]) -> Response {
        let answer = answer
            .iter()
            .copied()
            .chain(self.state.iter().map(|state| ("state", state.as_str())));
        let mut url = self.redirect.clone();
        match self.response_mode {
            ResponseMode::Query => {
                url.query_pairs_mut().extend_pairs(answer);
            }
            ResponseMode::Fragment => {
                let mut fragment = url::form_urlencoded::Serializer::new(String::new());
                url.set_fragment(Some(&fragment.extend_pairs(answer).finish()));
            }
            ResponseMode::FormPost => return self.form(answer),
        }
        let no_store = [(header::CACHE_CONTROL, "no-store")];
        (no_store, Redirect::to(url.as_str())).into_response()
    }

    fn form<'a>(&self, answer: impl Iterator<Item = (&'a str, &'a str)>) -> Response {
        let body = html! {
            form method="post" action=(self.redirect) {
                @for (name, value) in answer { input type="hidden" name=(name) value=(value); }
                div.buttons { button.first { "Continue" } }
            }
            script { (PreEscaped(SUBMIT)) }
        };
        Page {
            // The form leads to the redirect URI; where that sends the browser on to is the app's
            // affair, and browsers apply this to redirects after a form, too.
            forms_to: Some("*"),
            script: Script::Inline(SUBMIT),
            ..Page::new("Going back to the app", body)
        }
        .into_response()
    }
}
