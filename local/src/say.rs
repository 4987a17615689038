//! Printing a result. A reader that has gone away (`| head`) is no reason to fail; a result that
//! could not be written (a full disk) is.

use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal, Write};

use local_failure::Failure;

/// Prints one line of a result to stdout.
///
/// # Errors
/// It could not be written.
pub(crate) fn line(text: impl Display) -> Result<(), Failure> {
    let mut stdout = anstream::stdout();
    written(writeln!(stdout, "{text}").and_then(|()| stdout.flush()))
}

/// How wide a label is.
pub(crate) const LABEL: usize = 14;

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
    let options = textwrap::Options::new(80)
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
