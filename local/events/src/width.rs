//! Lines of the log on a terminal: in its columns, broken between words.

use std::io::{self, IsTerminal as _};

use terminal_size::{Width, terminal_size_of};

use crate::print::Stream;

/// Where a terminal does not say how wide it is.
const USUAL: usize = 80;
/// Below this a line of the log is shorter, and no terminal is asked. In bytes, so that it errs on
/// the side of asking.
const SHORT: usize = 80;
/// As wide as the time: what follows stands below what was asked.
const INDENT: &str = "         ";

/// How wide what `stream` is shown on is; none where it is no terminal: what a file or a pipe gets
/// has a line an event.
#[must_use]
pub fn columns(stream: Stream) -> Option<usize> {
    let (is_terminal, size) = match stream {
        Stream::Out => (io::stdout().is_terminal(), terminal_size_of(io::stdout())),
        Stream::Err => (io::stderr().is_terminal(), terminal_size_of(io::stderr())),
    };
    is_terminal.then(|| match size {
        Some((Width(width), _)) if width > 0 => usize::from(width),
        _ => USUAL,
    })
}

/// Whether a terminal's columns matter to `line`.
pub(crate) fn is_long(line: &str) -> bool {
    line.len() > SHORT
}

/// `line` in so many columns. A word that is longer stays whole.
#[must_use]
pub fn within(columns: Option<usize>, line: String) -> String {
    let Some(columns) = columns.filter(|_| is_long(&line)) else {
        return line;
    };
    let options = textwrap::Options::new(columns)
        .subsequent_indent(INDENT)
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        // The first fit, since a line of the log is no paragraph.
        .wrap_algorithm(textwrap::WrapAlgorithm::FirstFit);
    textwrap::fill(&line, options)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "04:47:21 gate      GET  /api/greeting \u{1b}[33m401\u{1b}[0m no-token: neither a bearer token nor a session was sent  0 ms";

    #[test]
    fn point_14_a_long_line_of_the_log_is_broken_between_words_on_a_terminal() {
        assert_eq!(
            within(Some(80), LINE.to_owned()),
            "04:47:21 gate      GET  /api/greeting \u{1b}[33m401\u{1b}[0m no-token: neither a bearer token nor a\n         session was sent  0 ms"
        );
        assert_eq!(within(Some(200), LINE.to_owned()), LINE);
    }

    #[test]
    fn point_14_a_file_or_a_pipe_gets_a_line_an_event() {
        assert_eq!(within(None, LINE.to_owned()), LINE);
    }
}
