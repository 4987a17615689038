//! One call of the handler, for the log.

use std::time::Duration;

use hyper::StatusCode;

use super::refusals::Refusals;

/// What became of a call; an extension of its answer.
#[derive(Clone)]
pub struct Invocation {
    /// `X-Azure-Functions-InvocationId`.
    pub id: String,
    /// The call's method.
    pub method: String,
    /// Its path, without the query.
    pub path: String,
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
        self.refusals.of(&self.id).await
    }
}
