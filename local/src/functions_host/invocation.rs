//! One call of the handler, for the log.

use std::time::Duration;

use hyper::StatusCode;
use jiff::Timestamp;

use super::refusals::Refusals;
use crate::log::{Event, Log, Source, millis};

/// What became of a call; an extension of its answer, so that the gate can tell of its own
/// decision first.
#[derive(Clone)]
pub(crate) struct Invocation {
    /// `X-Azure-Functions-InvocationId`.
    pub(crate) id: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) status: StatusCode,
    /// Why the answer is not the handler's.
    pub(super) why_not: Option<&'static str>,
    pub(super) duration: Duration,
    pub(super) log: Log,
    pub(super) refusals: Refusals,
}

impl Invocation {
    /// Tells the log, once the handler's own line of a refusal is here; the answer does not wait.
    pub(crate) fn tell(self) {
        let event = Event {
            time: Timestamp::now(),
            source: Source::Handler,
            action: None,
            method: self.method,
            path: self.path,
            grant: None,
            client: None,
            scope: None,
            status: self.status.as_u16(),
            outcome: "answered".to_owned(),
            reason: None,
            scp: None,
            roles: Vec::new(),
            invocation: Some(self.id.clone()),
            duration_ms: millis(self.duration),
        };
        let event = match self.why_not {
            Some(why) => Event {
                outcome: "failed".to_owned(),
                reason: Some(why.to_owned()),
                ..event
            },
            None if event.status < 400 => event,
            None => {
                let (log, refusals) = (self.log, self.refusals);
                tokio::spawn(async move {
                    log.tell(Event {
                        outcome: "refused".to_owned(),
                        reason: refusals.of(&self.id).await,
                        ..event
                    });
                });
                return;
            }
        };
        self.log.tell(event);
    }
}
