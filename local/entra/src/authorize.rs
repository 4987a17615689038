//! Authorization code (RFC 6749 section 4.1), with PKCE where the client uses it (RFC 7636), and
//! its way back out (`logout`). `session`: who is signed in in this browser.
//!
//! The order of Entra's checks, where it is known (anthropics/claude-ai-mcp#514): what is wrong
//! with the request's form is told before the sign-in, a scope that does not exist after it.

mod answer;
mod finish;
mod logout;
mod session;

use axum::Router;
use axum::extract::{Form, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use local_events::{EventNote, Outcome, tell};
use serde::Deserialize;

use super::directory::{User, UserState};
use super::error::AuthorityError;
use super::grants::{Flow, ResponseMode, ResponseType, ScopeRequest};
use super::pages::{self, SignIn};
use super::parameters::{Pairs, Parameters, Tenant};
use super::pkce::{self, Challenge};
use super::prompt::Prompt;
use super::{ApproveError, Authority, events};

pub(super) fn router() -> Router<Authority> {
    let mut router = Router::new();
    for version in ["/v2.0", ""] {
        router = router
            .route(
                &format!("/{{tenant}}/oauth2{version}/authorize"),
                get(ask).post(ask_by_form),
            )
            .route(
                &format!("/{{tenant}}/oauth2{version}/logout"),
                get(logout::by_address).post(logout::by_form),
            );
    }
    router.route("/greeting-local/sign-in", axum::routing::post(decide))
}

async fn ask(
    State(authority): State<Authority>,
    Tenant(tenant): Tenant,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .into_owned()
        .collect();
    authority.authorize(&tenant, &headers, pairs)
}

async fn ask_by_form(
    State(authority): State<Authority>,
    Tenant(tenant): Tenant,
    headers: HeaderMap,
    Pairs(pairs): Pairs,
) -> Response {
    authority.authorize(&tenant, &headers, pairs)
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
        let error = AuthorityError::Declined;
        let answer = flow.refusal(&error, now);
        return note(Outcome::Declined).because(error.line()).on(answer);
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
    if let Err(error) = authority.check_user_side(&flow) {
        authority.grants().end_flow(&choice.flow);
        return events::refused(note(Outcome::Refused), &error).on(flow.refusal(&error, now));
    }
    if choice.action == "consent" && authority.may_consent(&flow.asked, known) {
        if let Err(error) = authority.check_accepted(&flow, known) {
            authority.grants().end_flow(&choice.flow);
            return events::refused(note(Outcome::Refused), &error).on(flow.refusal(&error, now));
        }
    } else if flow.prompt == Prompt::Consent || !authority.has_consent(&flow.asked, known) {
        return note(Outcome::Asked)
            .because("consent")
            .on(signing_in.consent_page(known));
    }
    authority.grants().end_flow(&choice.flow);
    note(Outcome::Approved)
        .because("on the page")
        .on(authority.with_session(&headers, known, now, authority.finish(&flow, known, now)))
}

/// What a request asks for.
struct Asked {
    scopes: ScopeRequest,
    challenge: Option<Challenge>,
    response_type: ResponseType,
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
    fn authorize(
        &self,
        tenant: &str,
        headers: &HeaderMap,
        pairs: Vec<(String, String)>,
    ) -> Response {
        let note = self.note_of_request(&HeaderMap::new(), &pairs);
        let (parameters, mut flow) = match self.begin(tenant, pairs) {
            Ok(begun) => begun,
            Err(error) => {
                let note = events::refused(note, &error);
                return match self.redirect_fix(&error) {
                    Some((here, line)) => note
                        .because(format!("{} Here: {here}", error.first_sentence()))
                        .on(pages::unregistered(&error.line(), &here, &line)),
                    None => note.on(pages::problem(&error.line())),
                };
            }
        };
        let now = self.clock().now();
        match self.read_request(&flow, &parameters) {
            Ok(read) => {
                flow.asked = read.scopes;
                flow.challenge = read.challenge;
                flow.response_type = read.response_type;
            }
            Err(error) => return events::refused(note, &error).on(flow.refusal(&error, now)),
        }
        let prompt = flow.prompt;
        let signed_in = self.signed_in(headers, &parameters, now);
        if prompt == Prompt::None {
            return match self.silently(&flow, signed_in) {
                Ok(user) => note
                    .outcome(Outcome::Approved)
                    .because("signed in in this browser")
                    .on(self.finish(&flow, user, now)),
                Err(error) => events::refused(note, &error).on(flow.refusal(&error, now)),
            };
        }
        if let Some(user) = &self.0.auto_approve {
            let user = self.directory().user(user);
            return match self.approve_at_once(&flow, user) {
                Ok(user) => {
                    let answer = self.finish(&flow, user, now);
                    note.outcome(Outcome::Approved)
                        .because("--auto-approve")
                        .on(self.with_session(headers, user, now, answer))
                }
                Err(error) => events::refused(note, &error).on(flow.refusal(&error, now)),
            };
        }
        if let Some(user) = signed_in.filter(|_| prompt != Prompt::Account) {
            return self.go_on(note, flow, user, prompt);
        }
        let hint = parameters.get("login_hint").unwrap_or("");
        let id = self.grants().begin_flow(flow.clone(), now);
        let origin = flow.redirect_origin();
        let page = self
            .signing_in(&id, &flow, &origin)
            .account_page(hint, None);
        note.outcome(Outcome::Asked)
            .because("which account")
            .on(page)
    }

    /// What to do here about a redirect URI that is not registered: where, and the line to add. The
    /// sentence of Entra's sends people to the Azure portal.
    fn redirect_fix(&self, error: &AuthorityError) -> Option<(String, String)> {
        let AuthorityError::RedirectMismatch { redirect, client } = error else {
            return None;
        };
        let (property, file) = self.directory().where_to_register(client)?;
        let line = serde_json::to_string(redirect).ok()?;
        Some((format!("add it to {property} of {file}"), line))
    }

    /// Goes on as who is signed in already, without asking who it is.
    fn go_on(&self, note: EventNote, flow: Flow, user: &User, prompt: Prompt) -> Response {
        let now = self.clock().now();
        if let Err(error) = self.check_user_side(&flow) {
            return events::refused(note, &error).on(flow.refusal(&error, now));
        }
        if prompt == Prompt::IfNeeded && self.has_consent(&flow.asked, user) {
            return note
                .outcome(Outcome::Approved)
                .because("signed in in this browser")
                .on(self.finish(&flow, user, now));
        }
        let id = self.grants().begin_flow(flow.clone(), now);
        let origin = flow.redirect_origin();
        let page = self.signing_in(&id, &flow, &origin).consent_page(user);
        note.outcome(Outcome::Asked).because("consent").on(page)
    }

    /// Who gets an answer where nobody may be asked.
    fn silently<'a>(
        &self,
        flow: &Flow,
        signed_in: Option<&'a User>,
    ) -> Result<&'a User, AuthorityError> {
        let user = signed_in.ok_or(AuthorityError::LoginRequired)?;
        self.check_user_side(flow)?;
        let asked = &flow.asked;
        if self.has_consent(asked, user) {
            Ok(user)
        } else {
            Err(self.consent_required(&asked.client))
        }
    }

    /// Whatever has to be right before anything is told to the client.
    fn begin(
        &self,
        tenant: &str,
        pairs: Vec<(String, String)>,
    ) -> Result<(Parameters, Flow), AuthorityError> {
        let parameters = Parameters::new(pairs)?;
        let client = self.check_caller(tenant, &parameters)?;
        let asked = parameters
            .get("redirect_uri")
            .ok_or(AuthorityError::RedirectMissing)?;
        let Some((redirect, platform)) = self.directory().redirect(&client, asked) else {
            return Err(AuthorityError::RedirectMismatch {
                redirect: asked.to_owned(),
                client,
            });
        };
        let flow = Flow {
            asked: ScopeRequest {
                client,
                ..ScopeRequest::default()
            },
            redirect,
            redirect_as_written: asked.to_owned(),
            state: parameters.get("state").map(str::to_owned),
            nonce: parameters.get("nonce").map(str::to_owned),
            challenge: None,
            // Read with the rest, whose faults are told to the client.
            response_type: ResponseType::Code,
            response_mode: ResponseMode::of(&parameters)?,
            prompt: Prompt::of(&parameters),
            platform,
            expires: self.clock().now() + super::grants::EXPIRES_IN,
        };
        Ok((parameters, flow))
    }

    /// What is asked for; all that Entra checks before the sign-in.
    fn read_request(&self, flow: &Flow, parameters: &Parameters) -> Result<Asked, AuthorityError> {
        let client = &flow.asked.client;
        let kinds = parameters.required("response_type")?;
        let response_type = ResponseType::of(kinds)?;
        let challenge = match response_type {
            ResponseType::IdToken => None,
            ResponseType::Code | ResponseType::CodeAndIdToken => {
                pkce::challenge(parameters, flow.platform)?
            }
        };
        let asked = self.asked(client, parameters.required("scope")?)?;
        if response_type != ResponseType::Code {
            // Only where the registration says so, and only for OpenID Connect, whose nonce binds
            // the token to the request (documented: v2-protocols-oidc).
            if !self.directory().gives_id_tokens(client) || !asked.has("openid") {
                return Err(AuthorityError::ResponseType(kinds.to_owned()));
            }
            parameters.required("nonce")?;
        }
        self.check_resource(parameters, &asked)?;
        Ok(Asked {
            scopes: asked,
            challenge,
            response_type,
        })
    }

    /// Signs `--auto-approve`'s user in, or says at once why not: nobody looks at a page.
    fn approve_at_once<'a>(
        &self,
        flow: &Flow,
        user: Option<&'a User>,
    ) -> Result<&'a User, AuthorityError> {
        let user = user
            .filter(|user| user.state != UserState::Disabled)
            .ok_or(AuthorityError::UserDisabled)?;
        self.check_user_side(flow)?;
        let asked = &flow.asked;
        if self.has_consent(asked, user) {
            return Ok(user);
        }
        let client = self.directory().client_name(&asked.client).unwrap_or("");
        tell(
            "[authority] ",
            format!(
                "--auto-approve: {} has not consented to {client} for {}. Pre-authorize it in deploy/app-registration.json, or leave --auto-approve out and accept on the page",
                user.upn,
                asked.full().join(" ")
            ),
        );
        Err(self.consent_required(&asked.client))
    }
}
