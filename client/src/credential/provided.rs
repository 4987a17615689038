//! A token that the user provides, from stdin or the environment.

mod encoding;
mod envelope;

use std::io::{IsTerminal as _, Read as _};

use azure_core::credentials::Secret;

pub(crate) use self::envelope::token_in;
use crate::diagnosis::{Code, Finding};
use crate::terminal::tell;

/// In bytes: more than any server accepts in a header.
const LONGEST_TOKEN: u64 = 256 * 1024;

/// What stdin holds, as text: PowerShell writes UTF-16 or a byte order mark to files.
pub(crate) fn pasted() -> String {
    if std::io::stdin().is_terminal() {
        tell("Paste the token, then Ctrl-D:");
    }
    let mut bytes = Vec::new();
    // What was read before an error is looked at.
    let _ = std::io::stdin().take(LONGEST_TOKEN).read_to_end(&mut bytes);
    encoding::text(&bytes)
}

/// A token from stdin, where `--access-token` is given, else from the environment. `from` is called
/// with the name of the one.
///
/// # Errors
/// stdin held none.
pub(crate) fn provided(
    access_token: Option<&str>,
    from: impl Fn(&str),
) -> Result<Option<Secret>, Finding> {
    let text = if access_token.is_some() {
        let text = pasted();
        if text.trim().is_empty() {
            return Err(Finding::proved(
                Code::NoToken,
                "stdin held no token",
                "pipe one in: az account get-access-token … --query accessToken -o tsv | greeting-cli call URL --access-token -",
            ));
        }
        from("stdin");
        text
    } else if let Some(text) = environment::text("GREETING_ACCESS_TOKEN") {
        from("environment (GREETING_ACCESS_TOKEN)");
        text
    } else {
        return Ok(None);
    };
    Ok(Some(Secret::new(token_in(&text))))
}
