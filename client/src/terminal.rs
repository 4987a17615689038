//! What is written to the terminal: the result to stdout, all else to stderr.

use std::io::Write as _;

use serde::Serialize;
use serde_json::Value;

/// Columns of a refusal: every terminal has as many.
pub(crate) const WIDTH: usize = 80;

/// One JSON object, indented.
pub(crate) fn json<T: Serialize>(value: &T) -> String {
    format!("{:#}", to_value(value))
}

/// A line to stdout. A closed pipe is not an error.
pub(crate) fn say(text: &str) {
    let _ = writeln!(anstream::stdout(), "{text}");
}

/// A line to stderr.
pub(crate) fn tell(text: &str) {
    let _ = writeln!(anstream::stderr(), "{}", writable(text));
}

/// The program's own characters beyond ASCII, as the locale can show them.
pub(crate) fn writable(text: &str) -> std::borrow::Cow<'_, str> {
    if unicode() || !text.contains('…') {
        text.into()
    } else {
        text.replace('…', "...").into()
    }
}

/// Whether the locale can show more than ASCII.
pub(crate) fn unicode() -> bool {
    cfg!(windows)
        || ["LC_ALL", "LC_CTYPE", "LANG"]
            .iter()
            .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
            .is_some_and(|locale| {
                let locale = locale.to_lowercase();
                locale.contains("utf-8") || locale.contains("utf8")
            })
}

/// Text from elsewhere, without the characters that control a terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() || reorders(c) {
                ' '
            } else {
                c
            }
        })
        .collect()
}

/// Unicode's bidirectional controls: they make a text read as another.
fn reorders(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

pub(crate) fn to_value<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}
