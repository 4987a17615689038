//! `greeting-local log`: what authority, gate and handler have decided, and why.

use local_events::{Detail, Event, Stream, columns, interrupted, print, tell_command, within};
use local_failure::Failure;

use crate::cli::{LogArgs, Output};
use crate::control::client;
use crate::control::log::{Lost, PATH};
use crate::control::running::Found;
use crate::say::{self, Reader};

/// Prints what the running stack has decided, and with `--follow` what it decides.
///
/// # Errors
/// Nothing runs, or it ends.
pub(crate) async fn run(args: LogArgs) -> Result<(), Failure> {
    let mut shown = Shown::new(&args);
    let found = Found::of(args.state.into(), "log")?;
    let running = &found.running;
    let url = format!("{}{}?follow={}", running.control, PATH, args.follow);
    let mut response = client::client(&found)?
        .get(url)
        .bearer_auth(&running.control_secret)
        .send()
        .await
        .and_then(reqwest::Response::error_for_status)
        .map_err(|error| client::not_reached(&found.home, &error.without_url()))?;
    let mut buffer = Vec::new();
    let interrupted = interrupted();
    tokio::pin!(interrupted);
    loop {
        let chunk = tokio::select! {
            // The signal first: it is listened for by the time that anything is printed.
            biased;
            () = &mut interrupted => break,
            chunk = response.chunk() => chunk,
        };
        let Some(chunk) =
            chunk.map_err(|error| client::not_reached(&found.home, &error.without_url()))?
        else {
            break;
        };
        buffer.extend_from_slice(&chunk);
        let Some(end) = buffer.iter().rposition(|byte| *byte == b'\n') else {
            continue;
        };
        let whole: Vec<u8> = buffer.drain(..=end).collect();
        let lines = shown.of(&String::from_utf8_lossy(&whole));
        if lines.is_empty() {
            continue;
        }
        // A reader who reads nothing does not hold up the end.
        tokio::select! {
            biased;
            () = &mut interrupted => break,
            // `log --follow | head` ends with head.
            printed = say::line_to_reader(lines.join("\n")) => if printed? == Reader::Gone {
                return Ok(());
            },
        }
    }
    if let Some(words) = shown.how_many_not() {
        tell_command(Stream::Err, words, found.home.stack.line("log -v"));
    }
    Ok(())
}

/// What is shown of the lines that come.
struct Shown {
    output: Output,
    detail: Detail,
    /// Events that were not.
    not: u64,
}

impl Shown {
    fn new(args: &LogArgs) -> Self {
        Self {
            output: args.output,
            detail: match args.verbose {
                true => Detail::Everything,
                false => Detail::Decisions,
            },
            not: 0,
        }
    }

    /// The lines to print of whole lines that have come.
    fn of(&mut self, text: &str) -> Vec<String> {
        let lines = text.lines().filter(|line| !line.is_empty());
        lines.filter_map(|line| self.line(line)).collect()
    }

    fn line(&mut self, line: &str) -> Option<String> {
        let Ok(event) = serde_json::from_str::<Event>(line) else {
            return not_an_event(line);
        };
        match self.output {
            Output::Json => Some(line.to_owned()),
            Output::Human if self.detail.shows(&event) => {
                // A line an event for whoever reads a file or a pipe.
                Some(within(columns(Stream::Out), event.to_string()))
            }
            Output::Human => {
                self.not += 1;
                None
            }
        }
    }

    /// What a person is told at the end, before the command that shows all.
    fn how_many_not(&self) -> Option<String> {
        let not = self.not;
        (not > 0)
            .then(|| format!("{not} polls, discovery and key fetches are not shown; to see them"))
    }
}

/// How many are missing is not among the results, where a program reads them.
fn not_an_event(line: &str) -> Option<String> {
    let Ok(Lost { lost }) = serde_json::from_str(line) else {
        return Some(line.to_owned());
    };
    print(
        Stream::Err,
        format!("{lost} requests are missing here: this reader was slower"),
    );
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLL: &str = r#"{"time":"2026-11-24T10:00:00Z","source":"authority","action":"token","method":"POST","path":"/t","status":400,"outcome":"pending","duration_ms":1}"#;
    const REFUSED: &str = r#"{"time":"2026-11-24T10:00:00Z","source":"gate","method":"GET","path":"/","status":401,"outcome":"refused","duration_ms":1}"#;

    fn shown(output: Output, detail: Detail) -> (Vec<String>, Option<String>) {
        let mut shown = Shown {
            output,
            detail,
            not: 0,
        };
        let lines = shown.of(&format!("{POLL}\n\n{REFUSED}\n{POLL}\n{{\"lost\":3}}\n"));
        (lines, shown.how_many_not())
    }

    #[test]
    fn point_11_a_person_is_shown_decisions_and_told_of_the_rest_a_program_gets_all() {
        let (lines, not) = shown(Output::Human, Detail::Decisions);
        assert_eq!(lines.len(), 1);
        assert_eq!(
            not.unwrap(),
            "2 polls, discovery and key fetches are not shown; to see them"
        );
        let (lines, not) = shown(Output::Human, Detail::Everything);
        assert_eq!((lines.len(), not), (3, None));
        for detail in [Detail::Decisions, Detail::Everything] {
            let (lines, not) = shown(Output::Json, detail);
            assert_eq!(
                (lines, not),
                ([POLL, REFUSED, POLL].map(str::to_owned).to_vec(), None)
            );
        }
    }
}
