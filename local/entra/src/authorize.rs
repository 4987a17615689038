//! Authorization code with PKCE (RFC 6749 section 4.1, RFC 7636), and its way back out (logout).

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Form, Router};
use local_events::{EventNote, Outcome};
use local_http::page::{Page, Script};
use maud::{PreEscaped, html};
use serde::Deserialize;
use url::Url;

use super::directory::UserState;
use super::error::AuthorityError;
use super::grants::{Code, Flow, ScopeRequest};
use super::pages::{self, SignIn};
use super::parameters::Parameters;
use super::{ApproveError, Authority, events};

/// Sends a form on without a click; the page works without it too.
const SUBMIT: &str = "document.forms[0].submit()";

pub(super) fn router() -> Router<Authority> {
    let mut router = Router::new();
    for version in ["/v2.0", ""] {
        router = router
            .route(
                &format!("/{{tenant}}/oauth2{version}/authorize"),
                get(ask).post(ask_by_form),
            )
            .route(&format!("/{{tenant}}/oauth2{version}/logout"), get(logout));
    }
    router.route("/greeting-local/sign-in", axum::routing::post(decide))
}

async fn ask(
    State(authority): State<Authority>,
    Path(tenant): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .into_owned()
        .collect();
    authority.authorize(&tenant, pairs)
}

async fn ask_by_form(
    State(authority): State<Authority>,
    Path(tenant): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Response {
    authority.authorize(&tenant, pairs)
}

#[derive(Deserialize)]
struct SignInForm {
    flow: String,
    user: Option<String>,
    action: String,
}

async fn decide(
    State(authority): State<Authority>,
    headers: HeaderMap,
    Form(choice): Form<SignInForm>,
) -> Response {
    if !authority.is_from_here(&headers) {
        let note = EventNote::new(Outcome::Refused).because("the form was sent from another site");
        return note.on(pages::foreign());
    }
    let now = authority.clock().now();
    let Some(flow) = authority.grants().flow(&choice.flow, now) else {
        let note =
            EventNote::new(Outcome::Refused).because("the sign-in is over, or took too long");
        return note.on(pages::problem(
            "This sign-in is over, or took too long. Go back to the app and begin again.",
        ));
    };
    let note = |outcome| authority.note_of(outcome, &flow.asked);
    let ("approve" | "consent", Some(user)) = (choice.action.as_str(), &choice.user) else {
        authority.grants().end_flow(&choice.flow);
        let words = "AADSTS65004: User declined to consent to access the app.";
        return note(Outcome::Declined).because(words).on(back(
            &flow,
            &[("error", "access_denied"), ("error_description", words)],
        ));
    };
    let origin = flow.redirect_origin();
    let signing_in = authority.signing_in(&choice.flow, &flow, &origin);
    let Some(known) = authority.directory().user(user) else {
        let error = ApproveError::NoSuchUser(user.clone());
        return note(Outcome::Refused)
            .because(error.line())
            .on(signing_in.account_page("", Some(&error.to_string())));
    };
    if known.state == UserState::Disabled {
        let error = ApproveError::Disabled(known.upn.clone());
        return note(Outcome::Refused)
            .because(error.line())
            .on(signing_in.account_page(&known.upn, Some(&error.to_string())));
    }
    if choice.action == "consent" {
        authority.grants().consent(&flow.asked, &known.upn);
    } else if !authority.has_consent(&flow.asked, known) {
        return note(Outcome::Asked)
            .because("consent")
            .on(signing_in.consent_page(known));
    }
    authority.grants().end_flow(&choice.flow);
    note(Outcome::Approved)
        .because("on the page")
        .on(authority.finish(&flow, &known.upn.clone(), now))
}

impl Flow {
    /// Where its forms lead in the end.
    fn redirect_origin(&self) -> String {
        self.redirect.origin().ascii_serialization()
    }
}

impl Authority {
    /// The questions of a flow.
    fn signing_in<'a>(&'a self, id: &'a str, flow: &'a Flow, origin: &'a str) -> SignIn<'a> {
        SignIn {
            authority: self,
            asked: &flow.asked,
            action: "/greeting-local/sign-in",
            hidden: ("flow", id),
            forms_to: Some(origin),
            note: None,
        }
    }

    /// Checks the request; the client and its redirect first, since whatever else is wrong is
    /// told there (RFC 6749 section 4.1.2.1).
    fn authorize(&self, tenant: &str, pairs: Vec<(String, String)>) -> Response {
        let asked = self.note_of_request(&HeaderMap::new(), &pairs);
        let refused = |error: &AuthorityError| {
            events::refused(asked.clone(), error).on(pages::problem(&error.line()))
        };
        let parameters = match Parameters::new(pairs) {
            Ok(parameters) => parameters,
            Err(error) => return refused(&error),
        };
        let client = match self.check_caller(tenant, &parameters) {
            Ok(client) => client,
            Err(error) => return refused(&error),
        };
        let Some(redirect) = parameters.get("redirect_uri") else {
            return refused(&AuthorityError::RedirectMissing);
        };
        let Some(redirect) = self.directory().redirect(&client, redirect) else {
            return refused(&AuthorityError::RedirectMismatch {
                redirect: redirect.to_owned(),
                client,
            });
        };
        let state = parameters.get("state").map(str::to_owned);
        let form_post = match parameters.get("response_mode") {
            Some("form_post") => true,
            None | Some("query") => false,
            Some(other) => return refused(&AuthorityError::ResponseMode(other.to_owned())),
        };
        let mut flow = Flow {
            asked: ScopeRequest::default(),
            redirect,
            state,
            nonce: parameters.get("nonce").map(str::to_owned),
            challenge: String::new(),
            form_post,
            expires: self.clock().now() + super::grants::EXPIRES_IN,
        };
        match self.read_request(&client, &parameters) {
            Ok((asked, challenge)) => {
                flow.asked = asked;
                flow.challenge = challenge;
            }
            Err(error) => {
                let (name, line) = (error.name(), error.line());
                let answer = back(&flow, &[("error", name), ("error_description", &line)]);
                return events::refused(asked, &error).on(answer);
            }
        }
        if parameters.get("prompt") == Some("none") {
            let words = "AADSTS50058: A silent sign-in request was sent but no user is signed in.";
            let answer = back(
                &flow,
                &[("error", "login_required"), ("error_description", words)],
            );
            return asked.outcome(Outcome::Refused).because(words).on(answer);
        }
        let now = self.clock().now();
        if let Some(user) = &self.0.auto_approve
            && let Some(user) = self.directory().user(user)
            && user.state != UserState::Disabled
            && self.has_consent(&flow.asked, user)
        {
            return asked
                .outcome(Outcome::Approved)
                .because("--auto-approve")
                .on(self.finish(&flow, &user.upn.clone(), now));
        }
        let hint = parameters.get("login_hint").unwrap_or("");
        let id = self.grants().begin_flow(flow.clone(), now);
        let origin = flow.redirect_origin();
        let page = self
            .signing_in(&id, &flow, &origin)
            .account_page(hint, None);
        asked
            .outcome(Outcome::Asked)
            .because("which account")
            .on(page)
    }

    fn read_request(
        &self,
        client: &str,
        parameters: &Parameters,
    ) -> Result<(ScopeRequest, String), AuthorityError> {
        match parameters.required("response_type")? {
            "code" => {}
            other => return Err(AuthorityError::ResponseType(other.to_owned())),
        }
        let asked = self.asked(client, parameters.required("scope")?)?;
        // Everybody here can do PKCE, and a code without it can be stolen (RFC 9700 section 2.1.1).
        let challenge = parameters.required("code_challenge")?.to_owned();
        if parameters.get("code_challenge_method") != Some("S256") {
            return Err(AuthorityError::ChallengeMethod);
        }
        Ok((asked, challenge))
    }

    /// Back to the client, with a code.
    fn finish(&self, flow: &Flow, user: &str, now: i64) -> Response {
        let code = self.grants().issue_code(
            Code {
                user: user.to_owned(),
                asked: flow.asked.clone(),
                redirect: flow.redirect.to_string(),
                challenge: flow.challenge.clone(),
                nonce: flow.nonce.clone(),
                expires: now + 600,
                used: false,
            },
            now,
        );
        back(flow, &[("code", &code)])
    }
}

/// The answer to the client, as it asked for it.
fn back(flow: &Flow, answer: &[(&str, &str)]) -> Response {
    let answer = answer
        .iter()
        .copied()
        .chain(flow.state.iter().map(|state| ("state", state.as_str())));
    if !flow.form_post {
        let mut url = flow.redirect.clone();
        url.query_pairs_mut().extend_pairs(answer);
        return (
            [(header::CACHE_CONTROL, "no-store")],
            Redirect::to(url.as_str()),
        )
            .into_response();
    }
    let body = html! {
        form method="post" action=(flow.redirect) {
            @for (name, value) in answer { input type="hidden" name=(name) value=(value); }
            div.buttons { button.first { "Continue" } }
        }
        script { (PreEscaped(SUBMIT)) }
    };
    Page {
        forms_to: Some(&flow.redirect_origin()),
        script: Script::Inline(SUBMIT),
        ..Page::new("Going back to the app", body)
    }
    .into_response()
}

/// Ends the browser's sign-in. There is no session here to end: every sign-in asks who it is.
async fn logout(State(authority): State<Authority>, RawQuery(query): RawQuery) -> Response {
    let wanted = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .find(|(name, _)| name == "post_logout_redirect_uri")
        .and_then(|(_, value)| Url::parse(&value).ok())
        .filter(|url| authority.directory().is_redirect_origin(url));
    let answer = match wanted {
        Some(url) => Redirect::to(url.as_str()).into_response(),
        None => pages::done(
            "You are signed out",
            html! { p { "You can close this page." } },
        ),
    };
    EventNote::new(Outcome::Done).on(answer)
}
