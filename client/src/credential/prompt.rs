//! What the user sees while signing in: on stderr, and never the token.

use std::io::{IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use command_line::characters::unicode;
use serde_json::json;

use crate::cli::Output;
use crate::oauth::browser::PATIENCE;
use crate::oauth::device_code::DeviceCodePrompt;
use crate::terminal::{json_line, printable, tell};

const BOLD: anstyle::Style = anstyle::Style::new().bold();

/// How the wait is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    /// One line, written again each second.
    Redrawn,
    /// By the lines before it alone.
    Still,
}

impl Wait {
    /// On a terminal of this kind. A dumb one has no cursor to move (terminfo(5)): each second would
    /// be a line more, or be written behind the last.
    fn on(term: Option<&str>) -> Self {
        match term {
            Some("dumb") => Self::Still,
            _ => Self::Redrawn,
        }
    }

    fn here() -> Self {
        Self::on(environment::text("TERM").as_deref())
    }
}

/// Whether the program still waits for the user.
static WAITING: AtomicBool = AtomicBool::new(false);

/// The code and where it goes: a line of JSON for programs, plain lines for people; on a terminal
/// Enter opens the page and the time left is shown.
pub(crate) fn device_code(prompt: &DeviceCodePrompt, output: Output) {
    if output == Output::Json {
        tell(&json_line(&json!({
            "type": "device_code",
            "user_code": prompt.user_code,
            "verification_uri": prompt.verification_uri,
            "verification_uri_complete": prompt.verification_uri_complete,
            "expires_in": prompt.expires_in,
            "message": prompt.message,
        })));
        return;
    }
    let (uri, code) = (
        printable(&prompt.verification_uri),
        printable(&prompt.user_code),
    );
    let minutes = prompt.expires_in / 60;
    tell(&format!(
        "To sign in, open {uri}\nand enter this code within {minutes} min:\n\n    {BOLD}{code}{BOLD:#}\n"
    ));
    if !std::io::stderr().is_terminal() {
        return;
    }
    let page = prompt
        .verification_uri_complete
        .as_ref()
        .unwrap_or(&prompt.verification_uri);
    if std::io::stdin().is_terminal() && openable(page) {
        tell("Press Enter to open that page in the browser, Ctrl-C to cancel.");
        let uri = page.clone();
        // Ends with the process if Enter is not pressed.
        std::thread::spawn(move || {
            let mut line = String::new();
            let read = std::io::stdin().read_line(&mut line);
            if !read.is_ok_and(|read| read > 0) || !WAITING.load(Ordering::Relaxed) {
                return;
            }
            if webbrowser::open(&uri).is_ok() {
                if Wait::here() == Wait::Still {
                    return;
                }
                // Back to the line that shows the wait: Enter moved to the next one.
                let _ = write!(std::io::stderr(), "\u{1b}[A");
            } else {
                tell("no browser could be opened: open the address yourself");
            }
        });
    }
    WAITING.store(true, Ordering::Relaxed);
    count_down(prompt.expires_in);
}

/// Whether it is a page for a browser, and not a command for a shell.
fn openable(uri: &str) -> bool {
    url::Url::parse(uri).is_ok_and(|url| matches!(url.scheme(), "https" | "http"))
}

fn count_down(mut seconds: u64) {
    if Wait::here() == Wait::Still {
        return;
    }
    tokio::spawn(async move {
        let marks = if unicode() {
            ["⠋", "⠙", "⠸", "⠴", "⠦", "⠇"]
        } else {
            ["|", "/", "-", "\\", "|", "/"]
        };
        for mark in marks.iter().cycle() {
            if seconds == 0 || !WAITING.load(Ordering::Relaxed) {
                return;
            }
            let mut stderr = std::io::stderr();
            let _ = write!(
                stderr,
                "\r{mark} waiting, {}:{:02} left ",
                seconds / 60,
                seconds % 60
            );
            let _ = stderr.flush();
            tokio::time::sleep(Duration::from_secs(1)).await;
            seconds -= 1;
        }
    });
}

/// The wait is over: its line is removed.
pub(crate) fn done() {
    if WAITING.swap(false, Ordering::Relaxed) && Wait::here() == Wait::Redrawn {
        let _ = write!(std::io::stderr(), "\r{:30}\r", "");
    }
}

/// Ctrl-C: the shell's prompt begins on a line of its own.
pub(crate) fn interrupted() {
    let is_drawn = WAITING.load(Ordering::Relaxed) && Wait::here() == Wait::Redrawn;
    if is_drawn {
        done();
    } else if std::io::stderr().is_terminal() {
        tell("");
    }
}

/// The address of the sign-in page, which is opened on a terminal only; the time left is
/// shown there too.
pub(crate) fn browser(url: &str, output: Output) {
    let terminal = std::io::stderr().is_terminal() && std::io::stdin().is_terminal();
    let opens = terminal && openable(url) && webbrowser::open(url).is_ok();
    if output == Output::Json {
        tell(&json_line(&json!({"type": "browser", "url": url})));
        return;
    }
    let (begins, url) = (
        if opens {
            "To sign in, continue in your browser. If no page opened, open this address:"
        } else {
            "To sign in, open this address in a browser on this machine:"
        },
        printable(url),
    );
    tell(&format!("{begins}\n\n{url}\n"));
    if terminal {
        tell("Press Ctrl-C to cancel.");
        WAITING.store(true, Ordering::Relaxed);
        count_down(PATIENCE.as_secs());
    }
}

/// Who signed in, in one line; and a warning if another user was wanted.
pub(crate) fn signed_in(user: Option<&str>, wanted: Option<&str>, output: Output) {
    let user = user.unwrap_or("an unnamed user");
    if let Some(wanted) = wanted.filter(|wanted| !wanted.eq_ignore_ascii_case(user)) {
        tell(&format!(
            "warning: {} signed in, not {wanted}",
            printable(user)
        ));
    }
    match output {
        Output::Json => tell(&json_line(&json!({"type": "signed_in", "user": user}))),
        Output::Human => tell(&format!("signed in as {}", printable(user))),
    }
}

#[cfg(test)]
mod tests {
    use super::Wait;

    #[test]
    fn point_15_a_dumb_terminal_gets_no_line_that_is_written_again() {
        assert_eq!(Wait::on(Some("dumb")), Wait::Still);
        for term in [None, Some("xterm-256color"), Some("tmux"), Some("")] {
            assert_eq!(Wait::on(term), Wait::Redrawn, "{term:?}");
        }
    }
}
