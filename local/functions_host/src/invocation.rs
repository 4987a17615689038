//! One call of the handler, for the log.

use std::time::Duration;

use hyper::{Method, StatusCode, Uri};
use local_http::identifier::Identifier;

use super::refusals::Refusals;

/// What became of a call; an extension of its answer.
#[derive(Clone)]
pub struct Invocation {
    /// `X-Azure-Functions-InvocationId`.
    pub id: Identifier,
    /// The call's method.
    pub method: Method,
    /// Its target. The query may hold secrets, and is not for the log.
    pub target: Uri,
    /// The answer's.
    pub status: StatusCode,
    /// Why the answer is not the handler's.
    pub why_not: Option<&'static str>,
    /// Until the answer's head.
    pub duration: Duration,
    pub(super) refusals: Refusals,
}

impl Invocation {
    /// Why the handler refused the call, if it says so; waits for its line, for half a second.
    pub async fn refusal(&self) -> Option<String> {
        self.refusals.of(self.id.as_str()).await
    }
}
