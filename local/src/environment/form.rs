//! The forms in which variables are printed.

use serde_json::{Map, Value};

use super::Line;
use super::statements::{assignment, comment, register_cloud, unset};
use crate::shell::Shell;

/// Statements that a shell evaluates.
pub(crate) fn for_shell(shell: Shell, lines: &[Line]) -> Vec<String> {
    let statement = |line: &Line| match line {
        Line::Set(name, value) => assignment(shell, name, value),
        Line::Unset(name) => unset(shell, name),
        Line::RegisterCloud { authority } => register_cloud(shell, authority),
        Line::Comment(text) => comment(shell, text),
    };
    lines.iter().map(statement).collect()
}

/// Statements that undo those of [`for_shell`]: each variable that they set is unset.
pub(crate) fn for_unset(shell: Shell, lines: &[Line]) -> Vec<String> {
    let names = lines.iter().filter_map(|line| match line {
        Line::Set(name, _) => Some(name),
        _ => None,
    });
    names.map(|name| unset(shell, name)).collect()
}

/// One object, a variable a name; one that has to be unset is null.
pub(crate) fn json(lines: &[Line]) -> String {
    let members = lines.iter().filter_map(|line| match line {
        Line::Set(name, value) => Some((name.clone(), Value::String(value.clone()))),
        Line::Unset(name) => Some((name.clone(), Value::Null)),
        _ => None,
    });
    format!("{:#}", Value::Object(members.collect::<Map<_, _>>()))
}

/// A variable whose value has no form that all readers of dotenv files read alike.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoDotenvForm(pub(crate) String);

/// A dotenv file. Comments and commands are not in it: some readers (`docker run --env-file`) take
/// whole lines as they are. For the same reason only what needs quotes has them.
///
/// # Errors
/// A value can't be written so that all readers take it for the same.
pub(crate) fn dotenv(lines: &[Line]) -> Result<Vec<String>, NoDotenvForm> {
    lines
        .iter()
        .filter_map(|line| match line {
            Line::Set(name, value) => Some((name, value)),
            _ => None,
        })
        .map(|(name, value)| {
            let value = dotenv_value(value).ok_or_else(|| NoDotenvForm(name.clone()))?;
            Ok(format!("{name}={value}"))
        })
        .collect()
}

/// python-dotenv expands `${…}` in any quotes and unescapes `\\` and `\'` in single ones; dotenv
/// for Node.js unescapes neither.
fn dotenv_value(value: &str) -> Option<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@+,%=~".contains(c);
    if value.chars().all(is_plain) {
        return Some(value.to_owned());
    }
    let differs = value.contains("${") || value.contains("\\\\") || value.ends_with('\\');
    if differs || value.contains(['\n', '\r']) {
        return None;
    }
    if !value.contains('\'') {
        return Some(format!("'{value}'"));
    }
    (!value.contains(['"', '\\', '$', '`'])).then(|| format!("\"{value}\""))
}

#[cfg(test)]
mod tests;
