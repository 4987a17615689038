//! What is expected of an answer, in small parts: each judges only what its row claims.
//!
//! - `written`: how the table writes them, and a person reads them
//! - `answered`: who answered, and whom the gate lets pass; pure

mod answered;
mod written;

pub(crate) use self::answered::{ANONYMOUS, accepts_some, refuses_anonymous};
use self::answered::{By, answered_by, passed};
use super::capture::{Capture, Kind, Seen};

/// The page of App Service's on Windows (public captures).
const WINDOWS_PAGE: &str = "You do not have permission to view this directory or page.";

/// One part of what is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Facet {
    Status(Vec<u16>),
    NotStatus(u16),
    /// The gate answered, and not the app.
    Gate,
    /// The caller is not authenticated: refused, or the app got no principal.
    NoPrincipal,
    /// The caller is authenticated.
    Principal,
    /// The form of the Linux 401.
    LinuxChallenge,
    EmptyBody,
    Server(String),
    /// Status, challenge and body are those of that probe.
    SameAs(String),
    /// Where anonymous callers pass, so does one with an invalid token, without a principal.
    PassesAsAnonymous,
    /// A header that the app sees; `name*` is any that begins so.
    AppHeader(String),
    NoAppHeader(String),
    /// The app sees nothing that the probe forged.
    NothingForged,
    /// The principal has this claim under its long name.
    LongName(&'static str, &'static str),
    /// The principal's name is the e-mail where it has one, else the name.
    NameType,
    /// The redirect goes to the authority, with `form_post` and a nonce.
    SignIn,
    /// The redirect's address has this part.
    Location(String),
    /// Sign-out ends at the platform's page.
    SignedOut,
}

/// What an answer says of a facet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    Agrees,
    /// What is seen in its place.
    Contradicts(String),
    /// Why it admits both.
    Silent(&'static str),
}

impl Facet {
    /// Whether a contradiction lets somebody in, or lets a caller say who they are.
    pub(crate) fn is_severe(&self) -> bool {
        matches!(
            self,
            Self::NoPrincipal | Self::NothingForged | Self::PassesAsAnonymous
        )
    }

    /// What the answer says of it.
    pub(crate) fn of(&self, seen: &Seen, capture: &Capture, token: Token) -> Said {
        let app = seen.app.as_ref();
        match self {
            Self::Status(codes) => agrees(codes.contains(&seen.status), || seen.status.to_string()),
            Self::NotStatus(code) => agrees(seen.status != *code, || seen.status.to_string()),
            Self::Gate => match answered_by(seen, capture) {
                By::Gate => Said::Agrees,
                By::App => Said::Contradicts("the app's answer".into()),
                By::Either => Said::Silent("it may be the app's answer"),
            },
            Self::NoPrincipal => no_principal(seen, capture, token),
            Self::Principal => match (app, answered_by(seen, capture)) {
                (Some(app), _) => agrees(app.principal.is_some(), || "no principal".into()),
                // The policy is asked about who is authenticated.
                (None, By::Gate) if seen.status == 403 => {
                    Said::Silent("a list refuses the token's client or user (403)")
                }
                (None, By::Gate) => Said::Contradicts(format!("refused with {}", seen.status)),
                (None, _) if passed(seen) && refuses_anonymous(capture) => Said::Agrees,
                (None, _) => Said::Silent("only the echo app would show a principal"),
            },
            Self::LinuxChallenge => agrees(is_linux(seen), || challenge(seen)),
            Self::EmptyBody => match (seen.body.bytes, seen.body.text.as_deref()) {
                (Some(0), _) => Said::Agrees,
                (_, Some(WINDOWS_PAGE)) => Said::Contradicts("Windows's page".into()),
                (bytes, _) => Said::Contradicts(bytes.map_or_else(
                    || "an app's page".into(),
                    |bytes| format!("a body of {bytes} bytes"),
                )),
            },
            Self::Server(server) => {
                let seen = seen.header("server").unwrap_or("none");
                agrees(seen == server, || format!("Server: {seen}"))
            }
            Self::PassesAsAnonymous if refuses_anonymous(capture) => {
                Said::Silent("anonymous callers do not pass here")
            }
            Self::PassesAsAnonymous => match app {
                Some(app) => agrees(app.principal.is_none(), || "a principal".into()),
                None => agrees(passed(seen), || seen.status.to_string()),
            },
            // What an invalid token is refused with is seen only where a missing one is refused.
            Self::SameAs(_) if !refuses_anonymous(capture) => {
                Said::Silent("anonymous callers pass here")
            }
            Self::SameAs(probe) => match capture.answer(probe) {
                Some(other) => same(seen, other),
                None => Said::Silent("the probe that it is compared with has no answer"),
            },
            Self::AppHeader(name) => {
                with_app(seen, |app| agrees(app.has(name), || format!("no {name}")))
            }
            Self::NoAppHeader(name) => with_app(seen, |app| {
                let begins = name.trim_end_matches('*');
                let found = app.headers.iter().find(|header| {
                    let header = header.to_ascii_lowercase();
                    header == *name || name.ends_with('*') && header.starts_with(begins)
                });
                found.map_or(Said::Agrees, |found| Said::Contradicts(found.clone()))
            }),
            Self::NothingForged => with_app(seen, |app| {
                agrees(app.forged.is_empty(), || app.forged.join(", "))
            }),
            Self::LongName(short, long) => with_principal(seen, |claims, _| {
                let has = |name: &str| claims.iter().any(|claim| claim == name);
                match (has(long), has(short)) {
                    (true, _) => Said::Agrees,
                    (false, true) => Said::Contradicts(format!("{short}, as in the token")),
                    (false, false) => Said::Silent("the token has no such claim"),
                }
            }),
            Self::NameType => with_principal(seen, |claims, name_type| {
                let mail = claims
                    .iter()
                    .any(|claim| claim == "email" || claim.ends_with("/emailaddress"));
                let end = if mail { "/emailaddress" } else { "/name" };
                let seen = name_type.unwrap_or("none");
                agrees(seen.ends_with(end), || seen.to_owned())
            }),
            Self::SignIn => goes_to(seen, |location| {
                let all = ["/authorize?", "response_mode=form_post", "nonce="];
                all.iter().all(|part| location.contains(part))
            }),
            Self::Location(part) => goes_to(seen, |location| location.contains(part.as_str())),
            Self::SignedOut => {
                let end = match capture.target.kind {
                    Kind::ContainerApps => "/.auth/logout/done",
                    _ => "/.auth/logout/complete",
                };
                // It may end at the authority, which sends the browser there.
                goes_to(seen, |location| {
                    location.contains(end) || location.contains(&end.replace('/', "%2F"))
                })
            }
        }
    }
}

/// The token that a probe had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    None,
    /// A signature that is nobody's.
    Forged,
    Signed,
}

fn agrees(is: bool, seen: impl FnOnce() -> String) -> Said {
    if is {
        Said::Agrees
    } else {
        Said::Contradicts(seen())
    }
}

fn goes_to(seen: &Seen, is: impl FnOnce(&str) -> bool) -> Said {
    let location = seen.header("location").unwrap_or("none");
    agrees(is(location), || format!("Location: {location}"))
}

fn with_app(seen: &Seen, says: impl FnOnce(&super::capture::App) -> Said) -> Said {
    match &seen.app {
        Some(app) => says(app),
        None => Said::Silent("the echo app was not reached"),
    }
}

fn with_principal(seen: &Seen, says: impl FnOnce(&[String], Option<&str>) -> Said) -> Said {
    match seen.app.as_ref().and_then(|app| app.principal.as_ref()) {
        Some(principal) => says(&principal.claims, principal.name_typ.as_deref()),
        None => Said::Silent("the app got no principal"),
    }
}

fn no_principal(seen: &Seen, capture: &Capture, token: Token) -> Said {
    match (&seen.app, answered_by(seen, capture)) {
        (Some(app), _) => agrees(app.principal.is_none(), || "a principal".into()),
        (None, By::Gate) => Said::Agrees,
        (None, _) if token != Token::None && passed(seen) && refuses_anonymous(capture) => {
            Said::Contradicts(format!("accepted, {}", seen.status))
        }
        (None, _) => Said::Silent("only the echo app would show a principal"),
    }
}

fn is_linux(seen: &Seen) -> bool {
    seen.headers("www-authenticate").any(|challenge| {
        challenge.starts_with("Bearer realm=\"")
            && challenge.contains("\" authorization_uri=\"")
            && challenge.contains("/oauth2/v2.0/authorize\" resource_id=\"")
    })
}

fn challenge(seen: &Seen) -> String {
    seen.header("www-authenticate")
        .unwrap_or("no challenge")
        .to_owned()
}

fn same(seen: &Seen, other: &Seen) -> Said {
    let challenges = |seen: &Seen| {
        seen.headers("www-authenticate")
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    if seen.status != other.status {
        Said::Contradicts(format!("{} and not {}", seen.status, other.status))
    } else if challenges(seen) != challenges(other) {
        Said::Contradicts(challenge(seen))
    } else {
        agrees(seen.body == other.body, || "another body".into())
    }
}
