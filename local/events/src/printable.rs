//! Text of others on a terminal and in JSON.

use std::fmt;

/// What others wrote, for a terminal: what would move its cursor, colour it, or make it read as
/// another text is escaped.
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // A String takes everything.
    let _ = fmt::Write::write_str(&mut Printable(&mut out), text);
    out
}

/// The same, for what is written in pieces.
pub(crate) struct Printable<'a>(pub(crate) &'a mut dyn fmt::Write);

impl fmt::Write for Printable<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // Most text is of this kind: each line of the log is asked.
        if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return self.0.write_str(text);
        }
        for c in text.chars() {
            if is_plain(c) {
                self.0.write_char(c)?;
            } else {
                write!(self.0, "{}", c.escape_default())?;
            }
        }
        Ok(())
    }
}

/// JSON whose strings hold only what a terminal shows as it stands. Outside of strings JSON has
/// nothing of that kind.
pub(crate) fn printable_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if is_plain(c) {
            out.push(c);
        } else {
            // None is beyond the basic plane.
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        }
    }
    out
}

/// No control (C0, DEL, C1), no line separator, none of Unicode's bidirectional controls.
fn is_plain(c: char) -> bool {
    !c.is_control()
        && !matches!(
            c,
            '\u{061c}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "a\u{1b}]0;title\u{7}\u{9b}31m\u{85}\u{202e}b\u{2066}\u{2028}é";

    #[test]
    fn point_10_what_a_terminal_obeys_is_escaped() {
        assert_eq!(
            printable(HOSTILE),
            r"a\u{1b}]0;title\u{7}\u{9b}31m\u{85}\u{202e}b\u{2066}\u{2028}é"
        );
        assert_eq!(printable("a\tb\n"), r"a\tb\n");
    }

    #[test]
    fn point_10_json_is_the_same_and_shows_nothing_else() {
        let json = serde_json::to_string(&serde_json::json!({"a": HOSTILE})).unwrap();
        let shown = printable_json(&json);
        assert!(shown.chars().all(is_plain), "{shown:?}");
        let read: serde_json::Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(read["a"], HOSTILE);
    }
}
