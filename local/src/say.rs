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

/// A line of a list of labels and values, as it is printed: wrapped at 80 columns on a terminal, and
/// whole elsewhere.
pub(crate) fn labelled(label: &str, value: &str) -> String {
    if io::stdout().is_terminal() {
        wrapped(label, value)
    } else {
        format!("{label:<LABEL$}{value}")
    }
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
