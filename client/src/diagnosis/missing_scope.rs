//! The scope that the function wants, against those that the token has.

use serde_json::Value;

use super::{Code, Expected, Finding};
use crate::provenance::Source;
use crate::scope::{SCOPE, is_plain, whole};
use crate::token::Decoded;

/// The scopes that are wanted, by name, and who says so.
pub(super) struct Wanted {
    pub(super) names: Vec<String>,
    pub(super) source: Source,
}

impl Wanted {
    /// The challenge's scopes (RFC 6750 section 3), else what is said, else the greeting's.
    pub(super) fn of(challenge: Option<&str>, expected: &Expected) -> Self {
        let names = |text: &str| -> Vec<String> {
            let name = |scope: &str| scope.rsplit('/').next().unwrap_or(scope).to_owned();
            text.split_ascii_whitespace()
                .map(name)
                .filter(|name| is_plain(name))
                .collect()
        };
        let challenge = challenge.map(names).filter(|names| !names.is_empty());
        match (challenge, &expected.scope) {
            (Some(names), _) => Self {
                names,
                source: Source::Challenge,
            },
            (None, Some((scope, source))) => Self {
                names: names(scope),
                source: *source,
            },
            (None, None) => Self {
                names: vec![SCOPE.to_owned()],
                source: Source::Default,
            },
        }
    }
}

/// The API in a scope: the expected one, else the token's own.
fn api(expected: &Expected, token: &Decoded) -> String {
    let id = match &expected.resource {
        Some((id, _)) => id.clone(),
        None => token.audiences().into_iter().next().unwrap_or_default(),
    };
    let id = id.strip_prefix("api://").unwrap_or(&id);
    // It is printed in a command to paste, and anybody can write a token.
    if is_plain(id) {
        id.to_owned()
    } else {
        "<the API's client id>".to_owned()
    }
}

/// What the function would miss in a token that the gate accepts. Proved where the function
/// itself says what it wants.
pub(super) fn scope(token: &Decoded, wanted: &Wanted, expected: &Expected) -> Option<Finding> {
    let scopes = token.scopes();
    let missing: Vec<&String> = wanted
        .names
        .iter()
        .filter(|name| !scopes.contains(name))
        .collect();
    let first = *missing.first()?;
    let named = wanted.names.join(" ");
    let sure = |finding: Finding| match wanted.source {
        // Of several scopes some apps want one only.
        Source::Challenge if missing.len() == wanted.names.len() => finding.sure(),
        _ => finding,
    };
    let roles = token.roles();
    let says_so = !roles.is_empty() || token.text("idtyp") == Some("app");
    let programs_own = says_so || token.text("azpacr").is_some_and(|proof| proof != "0");
    if scopes.is_empty() && programs_own {
        let finding = Finding::likely(
            Code::AppOnlyToken,
            "the token was issued to an application (client credentials), not to a user; app roles are not scopes",
            "sign in as a user: greeting-cli call URL --credential device-code; or have the API accept an app role",
        );
        let finding = if says_so { sure(finding) } else { finding };
        return Some(finding.saw("scp", Value::Null, named, wanted.source).saw(
            "roles",
            roles,
            Value::Null,
            wanted.source,
        ));
    }
    let summary = match scopes.iter().find(|scope| near(scope, first)) {
        Some(near) => {
            format!(
                "the token carries {near}; the function compares scopes exactly and wants {first}"
            )
        }
        None => format!("the token does not carry the scope {first}"),
    };
    let finding = Finding::likely(
        Code::MissingScope,
        summary,
        format!(
            "ask for it, and consent: greeting-cli call URL --scope {}",
            whole(first, &api(expected, token))
        ),
    );
    Some(sure(finding).saw("scp", scopes, named, wanted.source))
}

/// The same letters, or all but one or two of them.
fn near(scope: &str, wanted: &str) -> bool {
    let (a, b) = (scope.to_lowercase(), wanted.to_lowercase());
    a.contains(&b)
        || b.contains(&a) && a.len() > 6
        || a.len().abs_diff(b.len()) < 2
            && a.chars().zip(b.chars()).filter(|(x, y)| x != y).count() <= 2
}
