//! What is written to the terminal: the result to stdout, all else to stderr.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;

use command_line::characters::writable;
use serde::Serialize;
use serde_json::Value;

/// Columns of a refusal: every terminal has as many.
pub(crate) const WIDTH: usize = 80;

/// One JSON object, for a person's eyes as well. What could steer a terminal is escaped.
pub(crate) fn json<T: Serialize>(value: &T) -> String {
    escaped(&format!("{:#}", to_value(value)))
}

/// The same on one line.
pub(crate) fn json_line<T: Serialize>(value: &T) -> String {
    escaped(&to_value(value).to_string())
}

/// JSON's readers take an escape for the character; serde_json escapes the first 32 only. Outside
/// of strings JSON has no such character but the line break.
fn escaped(json: &str) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c != '\n' && steers(c) {
            // Writing into a String can't fail.
            let _ = write!(text, "\\u{:04x}", u32::from(c));
        } else {
            text.push(c);
        }
    }
    text
}

/// The result could not be written, for example because the disk is full.
#[derive(Debug)]
pub(crate) struct Unwritten(pub(crate) std::io::Error);

/// A line of the result, to stdout: every result is written here. A reader who has gone is no
/// error (`| head`).
///
/// # Errors
/// It could not be written.
pub(crate) fn say(text: &str) -> Result<(), Unwritten> {
    let text = format!("{text}\n");
    let mut stdout = std::io::stdout();
    // Whole: in pieces each line would be a write of its own.
    let wrote = if anstream::AutoStream::choice(&stdout) == anstream::ColorChoice::Never {
        let plain = anstream::adapter::strip_str(&text).to_string();
        stdout.write_all(plain.as_bytes())
    } else {
        anstream::stdout().write_all(text.as_bytes())
    };
    written(wrote.and_then(|()| stdout.flush()))
}

/// What came of writing a result.
///
/// # Errors
/// It was not written, and somebody waits for it.
pub(crate) fn written(outcome: std::io::Result<()>) -> Result<(), Unwritten> {
    match outcome {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Unwritten(error)),
        _ => Ok(()),
    }
}

/// A line to stderr.
pub(crate) fn tell(text: &str) {
    let _ = writeln!(anstream::stderr(), "{}", writable(text));
}

/// A sentence to stderr: in lines of [`WIDTH`] on a terminal, and whole elsewhere.
pub(crate) fn tell_sentence(text: &str) {
    if std::io::stderr().is_terminal() {
        tell(&wrapped(text));
    } else {
        tell(text);
    }
}

/// In lines that end between words; a path stays whole.
fn wrapped(text: &str) -> String {
    let options = textwrap::Options::new(WIDTH)
        .subsequent_indent("  ")
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::fill(text, options)
}

/// The same, for what may be found more than once in a run.
pub(crate) fn tell_once(text: &str) {
    static TOLD: std::sync::Mutex<Vec<String>> = std::sync::Mutex::new(Vec::new());
    let mut told = TOLD
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    if !told.iter().any(|it| it == text) {
        told.push(text.to_owned());
        tell_sentence(text);
    }
}

/// Quoted for a shell, for a line that is pasted.
pub(crate) fn quoted(text: &str) -> String {
    ::state_folder::quoted(Path::new(&printable(text)))
}

/// Text from elsewhere, without the characters that control a terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if steers(c) { ' ' } else { c })
        .collect()
}

/// Control characters, which a terminal obeys (C0, DEL and C1); Unicode's line ends; and its
/// bidirectional controls, which make a text read as another.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

pub(crate) fn to_value<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

#[cfg(test)]
mod tests {
    use super::{WIDTH, wrapped};

    #[test]
    fn point_14_a_sentence_is_wrapped_between_words_and_a_path_stays_whole() {
        let path = "/home/somebody/with/a/long/name/.local/state/greeting-cli/of-an-odd-length/tokens.json";
        let text = format!(
            "note: built without an OS key store (cargo feature secret-service); tokens are kept in {path}, readable by you only (--no-cache keeps none)"
        );
        let lines = wrapped(&text);
        assert!(lines.contains(path), "{lines}");
        assert!(lines.lines().count() > 2, "{lines}");
        for line in lines.lines() {
            assert!(line.len() <= WIDTH || line.contains(path), "{line}");
        }
        let words = |text: &str| {
            text.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(words(&lines), words(&text));
    }
}
