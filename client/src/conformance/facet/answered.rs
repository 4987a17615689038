//! Who answered, and whom the gate lets pass.

use crate::conformance::capture::{Capture, ECHO_MARK, Seen};

/// The probe without a token: whether anonymous callers pass is read from its answer.
pub(crate) const ANONYMOUS: &str = "p01-none";

pub(super) fn passed(seen: &Seen) -> bool {
    (200..300).contains(&seen.status)
}

/// Who answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Gate,
    App,
    Either,
}

/// The gate is known by its challenge, by its own header (public captures, Linux), and by the echo
/// app's mark being away.
pub(super) fn answered_by(seen: &Seen, capture: &Capture) -> By {
    if seen.app.is_some() || seen.header(ECHO_MARK).is_some() {
        return By::App;
    }
    let is_gates = seen
        .headers("www-authenticate")
        .any(|challenge| challenge.starts_with("Bearer realm="))
        || seen.header("x-ms-middleware-request-id").is_some();
    if is_gates || capture.echo {
        By::Gate
    } else if passed(seen) {
        By::App
    } else {
        By::Either
    }
}

/// Whether the probe without a token was refused.
pub(crate) fn refuses_anonymous(capture: &Capture) -> bool {
    capture
        .answer(ANONYMOUS)
        .is_some_and(|seen| matches!(seen.status, 401 | 403 | 302))
}

/// Whether a signed token was seen to be accepted.
pub(crate) fn accepts_some(capture: &Capture) -> bool {
    capture.answer("p23-valid").is_some_and(|seen| {
        let principal = seen.app.as_ref().is_some_and(|app| app.principal.is_some());
        principal || passed(seen) && refuses_anonymous(capture)
    })
}
