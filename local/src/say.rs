//! Printing a result. A reader that has gone away (`| head`) is no reason to fail; a result that
//! could not be written (a full disk) is.

use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal, Write};

use local_events::{sentences, with_command};
use local_failure::Failure;

/// Prints one line of a result to stdout.
///
/// # Errors
/// It could not be written.
pub(crate) fn line(text: impl Display) -> Result<(), Failure> {
    let mut stdout = anstream::stdout();
    written(writeln!(stdout, "{text}").and_then(|()| stdout.flush()))
}

/// An error, as what has so many columns shows it. A command that mends it is never broken.
pub(crate) fn failure(failure: &Failure, columns: Option<usize>) -> String {
    let mut lines = vec![sentences(columns, "error: ", failure.what())];
    if !failure.why().is_empty() {
        lines.push(sentences(columns, "  why  ", failure.why()));
    }
    for (number, step) in failure.fix().iter().enumerate() {
        let label = if number == 0 { "  fix  " } else { "       " };
        lines.push(match step.command() {
            Some(command) => with_command(columns, label, step.words(), command),
            None => sentences(columns, label, step.words()),
        });
    }
    lines.join("\n")
}

/// How wide a label is.
pub(crate) const LABEL: usize = 14;
/// What a person's output fits into.
const COLUMNS: usize = 80;

/// How a list of labels and values is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Layout {
    /// At 80 columns, for a terminal.
    Wrapped,
    /// A value a line, for a file or a pipe.
    Whole,
}

impl Layout {
    /// As stdout is.
    pub(crate) fn of_stdout() -> Self {
        match io::stdout().is_terminal() {
            true => Self::Wrapped,
            false => Self::Whole,
        }
    }

    /// Into how many columns a sentence is broken.
    pub(crate) fn columns(self) -> Option<usize> {
        match self {
            Self::Wrapped => Some(COLUMNS),
            Self::Whole => None,
        }
    }

    /// One of them.
    pub(crate) fn labelled(self, label: &str, value: &str) -> String {
        match self {
            Self::Wrapped => wrapped(label, value),
            Self::Whole => format!("{label:<LABEL$}{value}"),
        }
    }
}

/// A line of such a list on stdout.
pub(crate) fn labelled(label: &str, value: &str) -> String {
    Layout::of_stdout().labelled(label, value)
}

/// The same, as a terminal gets it.
pub(crate) fn wrapped(label: &str, value: &str) -> String {
    let line = format!("{label:<LABEL$}{value}");
    let options = textwrap::Options::new(COLUMNS)
        .subsequent_indent("              ")
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::fill(&line, options)
}

/// The same, where signals are listened for meanwhile.
///
/// # Errors
/// It could not be written.
pub(crate) async fn line_later(text: impl Display) -> Result<(), Failure> {
    written(local_events::print_result(text.to_string()).await)
}

/// Whether somebody still reads stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    There,
    /// It has closed its end, as `head` does.
    Gone,
}

/// The same, for what goes on for as long as it is read.
///
/// # Errors
/// It could not be written.
pub(crate) async fn line_to_reader(text: impl Display) -> Result<Reader, Failure> {
    match local_events::print_result(text.to_string()).await {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(Reader::Gone),
        outcome => written(outcome).map(|()| Reader::There),
    }
}

/// What came of writing a result.
///
/// # Errors
/// It was not written, and somebody waits for it.
pub(crate) fn written(outcome: io::Result<()>) -> Result<(), Failure> {
    match outcome {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::new(
            "the result could not be written to stdout",
            error,
            "make room there, or send it elsewhere",
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use local_failure::Fix;

    use super::*;

    #[test]
    fn point_14_an_error_is_broken_between_words_and_its_commands_never() {
        let command = "/home/alice/greeting/target/debug/greeting-local up --name two";
        let fix = Fix::with("start it with", command).and(
            "or name another one with --state-dir, which has to be a folder that is yours alone",
        );
        let error = Failure::new(
            "no greeting-local is running",
            "no running stack is noted in /home/alice/.local/state/greeting-local/stacks/two; others run: three",
            fix,
        );
        assert_eq!(
            failure(&error, Some(80)),
            format!(
                "error: no greeting-local is running
  why  no running stack is noted in
       /home/alice/.local/state/greeting-local/stacks/two; others run: three
  fix  start it with:
       {command}
       or name another one with --state-dir, which has to be a folder that is
       yours alone"
            )
        );
        assert_eq!(failure(&error, None), format!("error: {error}"));
    }
}
