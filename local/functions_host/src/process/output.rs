//! What the handler prints: relayed line by line, the last of it kept.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use local_events::{Stream, print, printable};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};

use super::super::refusals::Refusals;

/// Lines of output to show when it is.
const TAIL_LINES: usize = 20;
/// A longer line of output is relayed in pieces.
const LINE_BYTES: u64 = 16 * 1024;

/// The last lines of a handler's output.
#[derive(Clone, Default)]
pub(super) struct Tail(Arc<Mutex<VecDeque<String>>>);

impl Tail {
    pub(super) fn push(&self, line: String) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push_back(line);
        if lines.len() > TAIL_LINES {
            lines.pop_front();
        }
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .cloned()
            .collect()
    }
}

pub(super) async fn relay(
    output: impl AsyncRead + Unpin,
    prefix: Option<String>,
    (tail, refusals): (Tail, Refusals),
) {
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    while (&mut output)
        .take(LINE_BYTES)
        .read_until(b'\n', &mut line)
        .await
        .is_ok_and(|read| read > 0)
    {
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        // A refusal is an event of the log, which is printed there.
        if !refusals.hear(&text)
            && let Some(prefix) = &prefix
        {
            log(&format!("{prefix}{}", printable(&text)));
        }
        tail.push(printable(&text));
        line.clear();
    }
}

/// Whoever reads stderr must not hold the host up.
pub(super) fn log(line: &str) {
    print(Stream::Err, line);
}
