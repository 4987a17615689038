//! A token to mint, as `greeting-local mint`'s arguments: the inverse of what reads them.

use local_entra::{LIFETIME, MintSpec, Shape, Signature};
use serde_json::Value;

use crate::cli::{ALGORITHMS, KINDS, VERSIONS};
use crate::shell::quoted;
use crate::state::StackRef;
use crate::typed::Typed;

/// The arguments that ask for `spec`. A value stands behind `=`, so that it can't become a flag.
pub(crate) fn arguments(spec: &MintSpec) -> Vec<String> {
    let mut arguments = Vec::new();
    let mut one = |name: &str, value: &str| arguments.push(format!("--{name}={value}"));
    if let Some(user) = &spec.user {
        one("user", user);
    }
    for audience in &spec.audiences {
        one("audience", audience);
    }
    for role in &spec.roles {
        one("role", role);
    }
    for group in &spec.groups {
        one("group", group);
    }
    for (name, value) in [("client", &spec.client), ("tenant", &spec.tenant)] {
        if let Some(value) = value {
            one(name, value);
        }
    }
    let mut no_expiry = false;
    for (name, value) in &spec.claims {
        match (name.as_str(), value) {
            ("iss", Value::String(issuer)) => one("issuer", issuer),
            ("exp", Value::Null) => no_expiry = true,
            _ => one("claim", &format!("{name}={value}")),
        }
    }
    if spec.app_only {
        arguments.push("--app-only".to_owned());
    }
    match spec.scopes.as_deref() {
        None => {}
        Some([]) => arguments.push("--no-scope".to_owned()),
        Some(scopes) => arguments.extend(scopes.iter().map(|scope| format!("--scope={scope}"))),
    }
    if no_expiry {
        arguments.push("--no-expiry".to_owned());
    }
    if spec.starts_in_seconds != 0 {
        arguments.push("--not-yet-valid".to_owned());
    }
    match spec.lifetime_seconds {
        LIFETIME => {}
        seconds if seconds == -LIFETIME => arguments.push("--expired".to_owned()),
        seconds => arguments.push(format!("--expires-in={seconds}")),
    }
    arguments.extend(signature(spec.signature));
    if spec.shape != Shape::Access {
        arguments.extend(named("--kind", &KINDS, spec.shape));
    }
    if let Some(version) = spec.version {
        arguments.extend(named("--version", &VERSIONS, version));
    }
    arguments
}

fn signature(signature: Signature) -> Vec<String> {
    let flag = match signature {
        Signature::Good => return Vec::new(),
        Signature::Forged => "--bad-signature",
        Signature::Tampered => "--tampered",
        Signature::UnknownKey => "--unknown-key",
        Signature::NoKeyId => "--no-key-id",
        Signature::None | Signature::Hs256ByPublicKey | Signature::Rs512 | Signature::Ps256 => {
            return named("--alg", &ALGORITHMS, signature);
        }
    };
    vec![flag.to_owned()]
}

fn named<T: PartialEq>(flag: &str, all: &[(T, &str, &str)], value: T) -> Vec<String> {
    let name = all.iter().find(|(known, _, _)| *known == value);
    name.into_iter()
        .flat_map(|(_, name, _)| [flag.to_owned(), (*name).to_owned()])
        .collect()
}

/// The command that mints the same at `stack`, for the shell of whoever started this program.
pub(crate) fn command(spec: &MintSpec, stack: &StackRef) -> String {
    let shell = Typed::here().shell();
    let mut line = stack.line("mint");
    for argument in arguments(spec) {
        let safe = |c: char| c.is_ascii_alphanumeric() || "-_./:@=".contains(c);
        line.push(' ');
        if argument.chars().all(safe) {
            line.push_str(&argument);
        } else {
            line.push_str(&quoted(shell, &argument));
        }
    }
    line
}

#[cfg(test)]
mod tests;
