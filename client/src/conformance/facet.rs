//! What is expected of an answer, in small parts: each judges only what its row claims.

use super::capture::{Capture, Kind, Seen};

/// The probe without a token: whether anonymous callers pass is read from its answer.
pub(crate) const ANONYMOUS: &str = "p01-none";

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

const LONG_NAMES: [(&str, Facet); 3] = [
    (
        "SCP-LONG",
        Facet::LongName("scp", "http://schemas.microsoft.com/identity/claims/scope"),
    ),
    (
        "OID-LONG",
        Facet::LongName(
            "oid",
            "http://schemas.microsoft.com/identity/claims/objectidentifier",
        ),
    ),
    (
        "TID-LONG",
        Facet::LongName(
            "tid",
            "http://schemas.microsoft.com/identity/claims/tenantid",
        ),
    ),
];

impl Facet {
    /// As the table of probes writes it. None: it is not one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        Some(match (name, value) {
            ("status", codes) => Self::Status(
                codes
                    .split('|')
                    .map(|code| code.parse().ok())
                    .collect::<Option<_>>()?,
            ),
            ("status!", code) => Self::NotStatus(code.parse().ok()?),
            ("passes", "as-anonymous") => Self::PassesAsAnonymous,
            ("gate", "") => Self::Gate,
            ("principal", "none") => Self::NoPrincipal,
            ("principal", "one") => Self::Principal,
            ("challenge", "linux") => Self::LinuxChallenge,
            ("body", "empty") => Self::EmptyBody,
            ("server", server) => Self::Server(server.to_owned()),
            ("same-as", probe) => Self::SameAs(probe.to_owned()),
            ("app-header", header) => match header.split_once(':')? {
                (header, "present") => Self::AppHeader(header.to_owned()),
                (header, "absent") => Self::NoAppHeader(header.to_owned()),
                _ => return None,
            },
            ("forged", "none") => Self::NothingForged,
            ("claim", "NAME-TYP") => Self::NameType,
            ("claim", name) => LONG_NAMES.iter().find(|(it, _)| *it == name)?.1.clone(),
            ("location~", part) => Self::Location(part.to_owned()),
            ("location", "authorize") => Self::SignIn,
            ("location", "logout") => Self::SignedOut,
            _ => return None,
        })
    }

    /// Whether a contradiction lets somebody in, or lets a caller say who they are.
    pub(crate) fn is_severe(&self) -> bool {
        matches!(
            self,
            Self::NoPrincipal | Self::NothingForged | Self::PassesAsAnonymous
        )
    }

    /// In words that stand after "expected".
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Status(codes) => {
                let codes: Vec<_> = codes.iter().map(u16::to_string).collect();
                codes.join(" or ")
            }
            Self::NotStatus(code) => format!("another status than {code}"),
            Self::Gate => "the gate's own answer".into(),
            Self::NoPrincipal => "refused, or no principal".into(),
            Self::Principal => "accepted, with a principal".into(),
            Self::LinuxChallenge => "Linux's challenge".into(),
            Self::EmptyBody => "no body".into(),
            Self::Server(server) => format!("Server: {server}"),
            Self::SameAs(probe) => format!("the same as {probe}"),
            Self::PassesAsAnonymous => "let through, without a principal".into(),
            Self::AppHeader(name) => format!("the app sees {name}"),
            Self::NoAppHeader(name) => format!("the app sees no {name}"),
            Self::NothingForged => "nothing forged reaches the app".into(),
            Self::LongName(name, _) => format!("{name} by its long name"),
            Self::NameType => "name_typ is the e-mail's, else the name's".into(),
            Self::SignIn => "a redirect to the authority, form_post, with a nonce".into(),
            Self::Location(part) => format!("a redirect with {part}"),
            Self::SignedOut => "a redirect to the sign-out page".into(),
        }
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

fn passed(seen: &Seen) -> bool {
    (200..300).contains(&seen.status)
}

/// Who answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Gate,
    App,
    Either,
}

/// The gate is known by its challenge, by its own header (public captures, Linux), and by the echo
/// app's mark being away.
fn answered_by(seen: &Seen, capture: &Capture) -> By {
    if seen.app.is_some() || seen.header(super::capture::ECHO_MARK).is_some() {
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
