//! Which probes can be asked, and the request of each: pure.
//!
//! A probe's cells: the method; the target, with `{path}`, `{PATH}` (the other case) and
//! `{excluded}`; the token (`-`, or names between `|`, the first that is at hand: `valid` and
//! those of stdin by name, `forged:NAME`); headers between ` | `, with `{forged}`, `{token}`,
//! `{long}` in values; what it needs (`echo`, `excluded`), between commas.

use url::Url;

use super::capture::{FORGED, NotAsked};
use super::forged::{self, Forged, Ground};
use super::send::Request;

/// A probe's cells.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'a> {
    pub(crate) id: &'a str,
    /// `-`: it reads another probe's answer.
    pub(crate) method: &'a str,
    pub(crate) target: &'a str,
    pub(crate) token: &'a str,
    pub(crate) headers: &'a str,
    pub(crate) needs: &'a str,
}

/// What is at hand.
#[derive(Debug, Clone)]
pub(crate) struct AtHand {
    pub(crate) url: Url,
    /// The path that the gate excludes, where the caller says it.
    pub(crate) excluded: Option<String>,
    pub(crate) echo: bool,
    /// None: the gate's 401 names no authority or no API.
    pub(crate) ground: Option<Ground>,
    /// Signed tokens by name.
    pub(crate) tokens: Vec<(String, String)>,
}

/// What a probe is asked by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Planned {
    Ask {
        probe: String,
        request: Request,
        /// What of the request must not come back.
        token: Option<String>,
    },
    Not(NotAsked),
}

/// What is done with each probe, in their order. A probe without a method of its own is left out.
pub(crate) fn plan<'a>(
    questions: impl IntoIterator<Item = Question<'a>>,
    at_hand: &AtHand,
) -> Vec<Planned> {
    questions
        .into_iter()
        .filter(|question| question.method != "-")
        .map(|question| match planned(&question, at_hand) {
            Ok((request, token)) => Planned::Ask {
                probe: question.id.to_owned(),
                request,
                token,
            },
            Err(because) => Planned::Not(NotAsked {
                probe: question.id.to_owned(),
                because,
            }),
        })
        .collect()
}

fn planned(question: &Question<'_>, at_hand: &AtHand) -> Result<(Request, Option<String>), String> {
    for need in question.needs.split(',') {
        match need.trim() {
            "echo" if !at_hand.echo => return Err("it needs the echo app (--echo)".into()),
            "excluded" if at_hand.excluded.is_none() => {
                return Err("it needs a path that the gate excludes (--excluded PATH)".into());
            }
            _ => {}
        }
    }
    let token = match question.token {
        "-" => None,
        names => Some(token(names, at_hand)?),
    };
    let mut headers = Vec::new();
    for header in question.headers.split(" | ").filter(|it| *it != "-") {
        let (name, value) = header
            .split_once(':')
            .ok_or_else(|| format!("it has no header {header:?} that can be sent"))?;
        let value = value
            .trim_start()
            .replace("{forged}", FORGED)
            .replace("{token}", token.as_deref().unwrap_or_default())
            .replace("{long}", &"a".repeat(24 * 1024));
        headers.push((name.to_owned(), value));
    }
    if let Some(token) = &token
        && !question.headers.contains("{token}")
    {
        headers.push(("Authorization".to_owned(), format!("Bearer {token}")));
    }
    // A browser's, where the probe does not name it.
    if !headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("user-agent"))
    {
        let agent = concat!("greeting-cli/", env!("CARGO_PKG_VERSION"));
        headers.push(("User-Agent".to_owned(), agent.to_owned()));
    }
    let request = Request {
        method: question.method.to_owned(),
        target: target(question.target, at_hand),
        headers,
    };
    Ok((request, token))
}

fn target(template: &str, at_hand: &AtHand) -> String {
    let path = at_hand.url.path();
    let excluded = at_hand.excluded.as_deref().unwrap_or_default();
    template
        .replace("{path}", path)
        .replace("{PATH}", &other_case(path))
        .replace("{excluded}", excluded.trim_end_matches("/*"))
}

/// The path in the other case: in capital letters, unless it is so already.
fn other_case(path: &str) -> String {
    let capital = path.to_ascii_uppercase();
    if capital == path {
        path.to_ascii_lowercase()
    } else {
        capital
    }
}

/// The first of these tokens that is at hand.
fn token(names: &str, at_hand: &AtHand) -> Result<String, String> {
    let mut wanted = "";
    for name in names.split('|').map(str::trim) {
        if let Some(forged) = name.strip_prefix("forged:") {
            let forged = Forged::named(forged).ok_or("it needs an unknown forged token")?;
            let ground = at_hand
                .ground
                .as_ref()
                .ok_or("the gate's answer names no authority and API to forge a token for")?;
            return forged::token(forged, ground)
                .ok_or_else(|| "no key of the issuer's is known".to_owned());
        }
        if let Some((_, token)) = at_hand.tokens.iter().find(|(known, _)| known == name) {
            return Ok(token.clone());
        }
        wanted = name;
    }
    Err(format!("no token {wanted:?} (--tokens -)"))
}

#[cfg(test)]
mod tests;
