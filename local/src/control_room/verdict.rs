//! What gate and function would answer to a token: decided by the gate's rules and the function's
//! own code, not by a copy of either.

use axum::http::HeaderMap;
use greeting_server::authorize::{Decision, EasyAuth, authorize};
use greeting_server::handler::GREETING;
use greeting_server::principal;
use local_easy_auth::{Rules, Verdict};

/// What stands behind the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum App {
    /// greeting-server, whose decision is known.
    Greeting,
    /// Somebody else's.
    Other,
}

/// What one of them says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Said {
    /// None: the request does not reach it, or its answer is not known.
    pub(super) status: Option<u16>,
    pub(super) words: String,
}

impl Said {
    fn new(status: u16, words: impl Into<String>) -> Self {
        Self {
            status: Some(status),
            words: words.into(),
        }
    }

    fn nothing(words: &str) -> Self {
        Self {
            status: None,
            words: words.to_owned(),
        }
    }
}

/// Both.
pub(super) struct Verdicts {
    /// Its status only where it answers by itself.
    pub(super) gate: Said,
    pub(super) function: Said,
}

impl Verdicts {
    /// What becomes of a call of `path` with `token`.
    pub(super) async fn of(rules: &Rules, function: App, path: &str, token: &str) -> Self {
        Self::after(rules.judge(path, token).await, function)
    }

    /// What a browser gets that opens `path` and has not signed in.
    pub(super) fn of_browser(rules: &Rules, function: App, path: &str) -> Self {
        Self::after(rules.judge_browser(path), function)
    }

    fn after(verdict: Verdict, function: App) -> Self {
        let answers = |status, words: String| Self {
            gate: Said::new(status, words),
            function: Said::nothing("does not get the request"),
        };
        let passes = |words: String, easy_auth, headers: &HeaderMap| Self {
            gate: Said {
                status: None,
                words,
            },
            function: said_by(function, easy_auth, headers),
        };
        match verdict {
            Verdict::Pass(caller) => passes(
                "passes it on, with the principal".to_owned(),
                EasyAuth::On,
                caller.headers(),
            ),
            Verdict::Anonymous(reason) => passes(
                format!("passes it on without a principal ({})", reason.line()),
                EasyAuth::On,
                &HeaderMap::new(),
            ),
            Verdict::Off => passes("is off".to_owned(), EasyAuth::Off, &HeaderMap::new()),
            Verdict::Unauthorized(reason) => answers(401, reason.line()),
            Verdict::Forbidden(reason) => answers(403, reason.line()),
            Verdict::NotFound(reason) => answers(404, reason.line()),
            Verdict::SignIn(reason) => answers(302, format!("to the sign-in ({})", reason.line())),
            Verdict::UseHttps => answers(301, "to the same URL over HTTPS".to_owned()),
            Verdict::Own | Verdict::Metadata => answers(200, "a page of its own".to_owned()),
        }
    }

    /// The status that the caller gets, where it is known.
    pub(super) fn status(&self) -> Option<u16> {
        self.gate.status.or(self.function.status)
    }
}

/// The statuses are `greeting_server::handler`'s; a test compares them with the running function.
fn said_by(function: App, easy_auth: EasyAuth, headers: &HeaderMap) -> Said {
    if function == App::Other {
        return Said::nothing("is another app than greeting-server, and decides for itself");
    }
    let principals = headers.get_all(principal::HEADER).into_iter();
    match authorize(
        easy_auth,
        principals.map(hyper::http::HeaderValue::as_bytes),
    ) {
        Decision::Granted => Said::new(200, GREETING),
        Decision::Unauthenticated(why) => Said::new(401, why.to_string()),
        Decision::MissingScope => Said::new(403, "no Greeting.Read scope"),
        Decision::EasyAuthOff => Said::new(500, "Easy Auth is off, so no principal is trusted"),
    }
}
