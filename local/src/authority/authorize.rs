//! Authorization code with PKCE (RFC 6749 section 4.1, RFC 7636), and its way back out (logout).

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Form, Router};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use url::Url;

use super::device_code::Asked;
use super::directory::UserState;
use super::error::AuthorityError;
use super::pages::{self, escape};
use super::{Authority, token};

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

/// A sign-in that waits for its person.
#[derive(Clone)]
pub(crate) struct Flow {
    pub(crate) asked: Asked,
    redirect: Url,
    state: Option<String>,
    nonce: Option<String>,
    challenge: String,
    form_post: bool,
    pub(crate) expires: i64,
}

/// What a code stands for.
#[derive(Clone)]
pub(crate) struct Code {
    pub(crate) user: String,
    pub(crate) asked: Asked,
    pub(crate) redirect: String,
    /// The S256 challenge.
    pub(crate) challenge: String,
    pub(crate) nonce: Option<String>,
    pub(crate) expires: i64,
    pub(crate) used: bool,
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
struct Choice {
    flow: String,
    user: Option<String>,
    action: String,
}

async fn decide(
    State(authority): State<Authority>,
    headers: HeaderMap,
    Form(choice): Form<Choice>,
) -> Response {
    if !pages::is_from_here(&authority, &headers) {
        return pages::foreign();
    }
    let now = authority.clock().now();
    let Some(flow) = authority.grants().flow(&choice.flow, now) else {
        return pages::problem(
            "This sign-in is over, or took too long. Go back to the app and begin again.",
        );
    };
    let user = match (choice.action.as_str(), &choice.user) {
        ("approve" | "consent", Some(user)) => user,
        _ => {
            authority.grants().end_flow(&choice.flow);
            let words = "AADSTS65004: User declined to consent to access the app.";
            return back(
                &flow,
                &[("error", "access_denied"), ("error_description", words)],
            );
        }
    };
    let Some(known) = authority.directory().user(user) else {
        return pages::problem(&format!("The tenant has no user {user:?}."));
    };
    if known.state == UserState::Disabled {
        return pages::problem("AADSTS50057: The user account is disabled.");
    }
    if choice.action == "consent" {
        authority.grants().consent(&flow.asked, &known.upn);
    } else if !authority.has_consent(&flow.asked, known) {
        return consent_page(&authority, &choice.flow, &flow, &known.upn);
    }
    authority.grants().end_flow(&choice.flow);
    authority.finish(&flow, &known.upn.clone(), now)
}

impl Authority {
    /// Checks the request; the client and its redirect first, since whatever else is wrong is
    /// told there (RFC 6749 section 4.1.2.1).
    fn authorize(&self, tenant: &str, pairs: Vec<(String, String)>) -> Response {
        let refused = |error: &AuthorityError| pages::problem(&error.line());
        let parameters = match token::Parameters::new(pairs) {
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
            asked: Asked::default(),
            redirect,
            state,
            nonce: parameters.get("nonce").map(str::to_owned),
            challenge: String::new(),
            form_post,
            expires: self.clock().now() + super::device_code::EXPIRES_IN,
        };
        match self.read_request(&client, &parameters) {
            Ok((asked, challenge)) => {
                flow.asked = asked;
                flow.challenge = challenge;
            }
            Err(error) => {
                let (name, line) = (error.name(), error.line());
                return back(&flow, &[("error", name), ("error_description", &line)]);
            }
        }
        if parameters.get("prompt") == Some("none") {
            let words = "AADSTS50058: A silent sign-in request was sent but no user is signed in.";
            return back(
                &flow,
                &[("error", "login_required"), ("error_description", words)],
            );
        }
        let now = self.clock().now();
        if let Some(user) = &self.0.auto_approve
            && let Some(user) = self.directory().user(user)
            && user.state != UserState::Disabled
            && self.has_consent(&flow.asked, user)
        {
            return self.finish(&flow, &user.upn.clone(), now);
        }
        let hint = parameters.get("login_hint").unwrap_or("");
        let page = account_page(self, hint, &flow);
        let id = self.grants().begin_flow(flow, now);
        page(&id)
    }

    fn read_request(
        &self,
        client: &str,
        parameters: &token::Parameters,
    ) -> Result<(Asked, String), AuthorityError> {
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
    let fields: String = answer
        .map(|(name, value)| {
            format!(
                "<input type=\"hidden\" name=\"{}\" value=\"{}\">",
                escape(name),
                escape(value)
            )
        })
        .collect();
    let body = format!(
        "<form method=\"post\" action=\"{}\">{fields}<button>Continue</button></form><script>{SUBMIT}</script>",
        escape(flow.redirect.as_str())
    );
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, SUBMIT.as_bytes());
    let script = format!("; script-src 'sha256-{}'", STANDARD.encode(hash));
    pages::page_with(
        StatusCode::OK,
        "Going back to the app",
        &body,
        &(action(flow) + &script),
    )
}

/// Where this flow's forms may lead: browsers apply it to the redirect after the form, too.
fn action(flow: &Flow) -> String {
    format!("'self' {}", flow.redirect.origin().ascii_serialization())
}

fn account_page<'a>(
    authority: &'a Authority,
    hint: &'a str,
    flow: &Flow,
) -> impl FnOnce(&str) -> Response + 'a {
    let action = action(flow);
    let client = authority
        .directory()
        .client_name(&flow.asked.client)
        .unwrap_or("")
        .to_owned();
    move |id| {
        let buttons: String = authority
            .directory()
            .users()
            .iter()
            .enumerate()
            .map(|(index, user)| {
                let hinted = user.upn.eq_ignore_ascii_case(hint) || (hint.is_empty() && index == 0);
                format!(
                    "<label class=\"choice\"><input type=\"radio\" name=\"user\" value=\"{0}\" required{2}> {1} <small>{0}</small></label>",
                    escape(&user.upn),
                    escape(user.name),
                    if hinted { " checked" } else { "" },
                )
            })
            .collect();
        pages::page_with(
            StatusCode::OK,
            "Pick an account",
            &format!(
                "<p>to sign in to <strong>{}</strong></p><form method=\"post\" action=\"/greeting-local/sign-in\"><input type=\"hidden\" name=\"flow\" value=\"{}\"><fieldset><legend>Account</legend>{buttons}</fieldset><button name=\"action\" value=\"approve\">Sign in</button><button name=\"action\" value=\"deny\" formnovalidate>Cancel</button></form>",
                escape(&client),
                escape(id),
            ),
            &action,
        )
    }
}

fn consent_page(authority: &Authority, id: &str, flow: &Flow, user: &str) -> Response {
    let client = authority
        .directory()
        .client_name(&flow.asked.client)
        .unwrap_or("")
        .to_owned();
    pages::page_with(
        StatusCode::OK,
        "Permissions requested",
        &format!(
            "<p><strong>{}</strong> asks, as <strong>{}</strong>, for <code>{}</code> of <code>{}</code>.</p><form method=\"post\" action=\"/greeting-local/sign-in\"><input type=\"hidden\" name=\"flow\" value=\"{}\"><input type=\"hidden\" name=\"user\" value=\"{}\"><button name=\"action\" value=\"consent\">Accept</button><button name=\"action\" value=\"deny\">Cancel</button></form>",
            escape(&client),
            escape(user),
            escape(&flow.asked.scopes.join(" ")),
            escape(&flow.asked.resource),
            escape(id),
            escape(user),
        ),
        &action(flow),
    )
}

/// Ends the browser's sign-in. There is no session here to end: every sign-in asks who it is.
async fn logout(State(authority): State<Authority>, RawQuery(query): RawQuery) -> Response {
    let wanted = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .find(|(name, _)| name == "post_logout_redirect_uri")
        .and_then(|(_, value)| Url::parse(&value).ok())
        .filter(|url| authority.directory().is_redirect_origin(url));
    match wanted {
        Some(url) => Redirect::to(url.as_str()).into_response(),
        None => pages::page(
            StatusCode::OK,
            "You are signed out",
            "<p>You can close this page.</p>",
        ),
    }
}
