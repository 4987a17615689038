//! Lines on a terminal: in its columns, broken between words.

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

/// `line` of the log in so many columns. A word that is longer stays whole.
#[must_use]
pub fn within(columns: Option<usize>, line: String) -> String {
    let Some(columns) = columns.filter(|_| is_long(&line)) else {
        return line;
    };
    textwrap::fill(&line, options(columns).subsequent_indent(INDENT))
}

/// Sentences behind their label, and below it. A line of theirs that begins with a blank is one of
/// a list, and stays whole, as does a word that is longer.
#[must_use]
pub fn sentences(columns: Option<usize>, label: &str, text: &str) -> String {
    let indent = " ".repeat(textwrap::core::display_width(label));
    let lines = text.lines().enumerate().map(|(number, line)| {
        let before = if number == 0 { label } else { indent.as_str() };
        match columns.filter(|_| !line.starts_with(' ')) {
            Some(columns) => {
                let options = options(columns).initial_indent(before);
                textwrap::fill(line, options.subsequent_indent(&indent))
            }
            None => format!("{before}{line}"),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Words, and behind them a command to paste: whole, and in a line of its own where a line has no
/// room for both.
#[must_use]
pub fn with_command(columns: Option<usize>, label: &str, words: &str, command: &str) -> String {
    if words.is_empty() {
        return format!("{label}{command}");
    }
    let line = format!("{label}{words}: {command}");
    if columns.is_none_or(|columns| textwrap::core::display_width(&line) <= columns) {
        return line;
    }
    let above = sentences(columns, label, &format!("{words}:"));
    let indent = " ".repeat(textwrap::core::display_width(label));
    format!("{above}\n{indent}{command}")
}

/// The first fit, since a line of the log is no paragraph.
fn options<'a>(columns: usize) -> textwrap::Options<'a> {
    textwrap::Options::new(columns)
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .wrap_algorithm(textwrap::WrapAlgorithm::FirstFit)
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
        assert_eq!(sentences(None, "note: ", LINE), format!("note: {LINE}"));
        assert_eq!(with_command(None, "", LINE, "a b"), format!("{LINE}: a b"));
    }

    #[test]
    fn point_14_sentences_stand_behind_their_label_and_lists_stay_whole() {
        assert_eq!(
            sentences(
                Some(20),
                "  why  ",
                "one two three four\n  a list's whole line"
            ),
            "  why  one two three\n       four\n         a list's whole line"
        );
        // A terminal that is narrower than the label.
        assert_eq!(sentences(Some(3), "  why  ", "a b"), "  why  a\n       b");
    }

    #[test]
    fn point_14_a_command_to_paste_is_never_broken() {
        let command = "greeting-local log -v --name two";
        let words = "polls are not shown; to see them";
        for (columns, shown) in [
            (66, format!("{words}: {command}")),
            (65, format!("{words}:\n{command}")),
            (33, format!("{words}:\n{command}")),
            (20, format!("polls are not shown;\nto see them:\n{command}")),
        ] {
            let is = with_command(Some(columns), "", words, command);
            assert_eq!(is, shown, "{columns}");
        }
        assert_eq!(
            with_command(Some(30), "  fix  ", "start it with", command),
            format!("  fix  start it with:\n       {command}")
        );
    }
}
