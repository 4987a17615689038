//! What a person is told beside the events: sentences, in the columns of whatever shows them.

use crate::print::{Stream, print_later};
use crate::width::{columns, sentences, with_command};

/// Tells them on stderr, behind a label such as `note: `; without waiting.
pub fn tell(label: &'static str, text: impl Into<String>) {
    let text = text.into();
    print_later(Stream::Err, move |line, _| {
        line.push_str(&sentences(columns(Stream::Err), label, &text));
    });
}

/// The same of a command to paste, which stays whole, and of what it is for.
pub fn tell_command(stream: Stream, words: impl Into<String>, command: impl Into<String>) {
    let (words, command) = (words.into(), command.into());
    print_later(stream, move |line, _| {
        line.push_str(&with_command(columns(stream), "", &words, &command));
    });
}
