//! A token that somebody brings, from stdin.

use std::io::{IsTerminal as _, Read as _};

use crate::terminal::tell;

/// More than any header that a server takes.
const LONGEST_TOKEN: u64 = 256 * 1024;

/// What stdin holds, where a token is wanted from it.
///
/// # Errors
/// It is not text.
pub(crate) fn pasted() -> std::io::Result<String> {
    if std::io::stdin().is_terminal() {
        tell("Paste the token, then Ctrl-D:");
    }
    let mut text = String::new();
    std::io::stdin()
        .take(LONGEST_TOKEN)
        .read_to_string(&mut text)?;
    Ok(text)
}
