//! The control room: the authority's front page. What runs and where, who can sign in, the lines
//! that point each client at it, every decision as it is taken, and tokens to try.
//!
//! - `view`: the page; `decisions`: what was decided, filtered, and one of them with all that is
//!   known; `live`: decisions, as they come
//! - `function`: what a browser gets that opens the function
//! - `form`, `mint`: tokens to try; `verdict`: what gate and function would say to one
//! - `actions`: what an administrator changes; `done`: what the page then says
//!
//! It asks for no password, as signing in here asks for none: whoever can open a socket on this
//! machine's loopback can sign in as anybody, and gets no more here. So nothing is here that is
//! worth more than that: no refresh token, no code that somebody still waits for, no secret of
//! a client, and not the secret that the other commands prove themselves with. Web pages of other
//! origins can neither read it (no CORS, `only_known_names`, Cross-Origin-Resource-Policy) nor act
//! (the origin of each form is checked), nor frame it.

mod actions;
mod decisions;
mod done;
mod form;
mod function;
mod live;
mod mint;
mod verdict;
mod view;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use local_easy_auth::Rules;
use local_entra::{Authority, foreign};
use local_events::{EventNote, Log, Outcome};

pub(crate) use self::verdict::App;
use crate::control::running::Ready;
use crate::deploy::Sources;
use crate::state::StackRef;

/// What the room looks at.
pub(crate) struct Room {
    pub(crate) authority: Authority,
    pub(crate) rules: Arc<Rules>,
    pub(crate) log: Log,
    pub(crate) ready: Ready,
    pub(crate) state_dir: PathBuf,
    /// What it is called.
    pub(crate) stack: StackRef,
    /// What stands behind the gate.
    pub(crate) function: App,
    /// Where what is in force is from.
    pub(crate) sources: Sources,
    /// What was said at start.
    pub(crate) warnings: Vec<String>,
}

type Shared = Arc<Room>;

/// Its pages and their files.
pub(crate) fn router(room: Room) -> Router {
    Router::new()
        .route("/", get(view::front))
        .route(live::PATH, get(live::events))
        .route(live::SCRIPT, get(live::script))
        .route(live::COPY, get(live::copy))
        .route(decisions::PATH, post(decisions::filtered))
        .route(decisions::ONE, get(decisions::one))
        .route(function::PATH, get(function::page))
        .route(form::PATH, post(mint::mint))
        .route(actions::POLICY, post(actions::policy))
        .route(actions::ROTATE, post(actions::rotate))
        .with_state(Arc::new(room))
}

/// The answer to another site's form.
fn foreign_form() -> Response {
    EventNote::new(Outcome::Refused)
        .because("the form was sent from another site")
        .on(foreign())
}
