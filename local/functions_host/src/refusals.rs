//! Why the handler refused a call: it prints a line, which names the call by its invocation id.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use greeting_server::refusal_line::RefusalLine;
use tokio::sync::watch;

/// Lines that are not taken yet.
const KEPT: usize = 100;
/// The line was printed before the answer was sent, but comes by another way. Handlers that print
/// no such line cost this long, and only the log.
const PATIENCE: Duration = Duration::from_millis(500);

/// What handlers have said of the calls that they refused. Clones share one.
#[derive(Clone)]
pub struct Refusals(Arc<watch::Sender<VecDeque<(String, String)>>>);

impl Default for Refusals {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::default()))
    }
}

impl Refusals {
    /// Reads a line of a handler's output; whether it was a refusal's.
    pub(super) fn hear(&self, line: &str) -> bool {
        // Of a call that did not come through this host it is output like any other.
        let Ok(RefusalLine {
            reason,
            invocation: Some(invocation),
            ..
        }) = line.parse()
        else {
            return false;
        };
        self.0.send_modify(|heard| {
            if heard.len() == KEPT {
                heard.pop_front();
            }
            heard.push_back((invocation, reason));
        });
        true
    }

    /// Why the call `invocation` was refused, if the handler says so.
    pub(super) async fn of(&self, invocation: &str) -> Option<String> {
        let mut heard = self.0.subscribe();
        let find = |heard: &VecDeque<(String, String)>| {
            let mut lines = heard.iter();
            lines
                .find(|(of, _)| of == invocation)
                .map(|(_, why)| why.clone())
        };
        let came = heard.wait_for(|heard| find(heard).is_some());
        let came = tokio::time::timeout(PATIENCE, came).await.ok()?.ok()?;
        find(&came)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_refusal_is_found_by_its_invocation() {
        let refusals = Refusals::default();
        for line in [
            "refused 403: no Greeting.Read scope (invocation a-1)",
            "refused 401: x (y) (invocation a-2)",
            "refused nothing: x (invocation a-3)",
            "listening",
        ] {
            refusals.hear(line);
        }
        let why = refusals.of("a-1").await;
        assert_eq!(why.as_deref(), Some("no Greeting.Read scope"));
        assert_eq!(refusals.of("a-2").await.as_deref(), Some("x (y)"));
        assert_eq!(refusals.of("a-3").await, None);
        assert!(!refusals.hear("refused 401: x (invocation unknown)"));
        // It may come later than the answer.
        let (late, ()) = tokio::join!(refusals.of("a-4"), async {
            tokio::task::yield_now().await;
            refusals.hear("refused 401: late (invocation a-4)");
        });
        assert_eq!(late.as_deref(), Some("late"));
    }
}
