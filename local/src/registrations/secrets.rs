//! The client secrets of registrations: `passwordCredentials[].secretText`, as text, or as
//! `<env:NAME>`, which is read from the environment. Graph shows a secret once, when it is made,
//! so what `az ad app show` prints has none.

use local_entra::AppSecret;
use local_failure::Failure;
use serde_json::Value;

/// The secrets of these files' apps; and in words, which credential proves nothing.
///
/// # Errors
/// A variable is not there, or a secret or its end is none.
pub(super) fn of<'a>(
    files: impl Iterator<Item = (&'a String, &'a Value)>,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<(Vec<AppSecret>, Vec<String>), Failure> {
    let mut secrets = Vec::new();
    let mut notes = Vec::new();
    for (file, app) in files {
        let credentials = app["passwordCredentials"].as_array();
        for (index, credential) in credentials.into_iter().flatten().enumerate() {
            let path = format!("passwordCredentials[{index}]");
            let failed = |why: String, fix: String| {
                Failure::new(
                    format!("{file} can't be used"),
                    format!("{path}.{why}"),
                    fix,
                )
            };
            let text = match &credential["secretText"] {
                Value::Null => {
                    notes.push(format!(
                        "{file}: {path} has no secretText, which Entra shows once only, so it proves nothing here: write the secret there, or \"<env:NAME>\" for a variable's"
                    ));
                    continue;
                }
                Value::String(text) => match Text::of(text) {
                    Text::Itself => text.clone(),
                    Text::Unclear => {
                        return Err(failed(
                            "secretText looks like a variable, and is not of the form <env:NAME>"
                                .to_owned(),
                            "write \"<env:NAME>\", env in lower case, no blanks".to_owned(),
                        ));
                    }
                    Text::Variable(name) => environment(name)
                        .filter(|value| !value.is_empty())
                        .ok_or_else(|| {
                            failed(
                                format!("secretText is the variable {name}, which is not set"),
                                format!("set {name}, or write another one there"),
                            )
                        })?,
                },
                _ => String::new(),
            };
            if text.is_empty() {
                return Err(failed(
                    "secretText is no text".to_owned(),
                    "write the secret there, or \"<env:NAME>\" for a variable's".to_owned(),
                ));
            }
            let ends = match credential["endDateTime"].as_str() {
                None => None,
                Some(end) => Some(end.parse::<jiff::Timestamp>().map_err(|error| {
                    failed(
                        format!("endDateTime is {end:?}: {error}"),
                        "write a moment as 2030-01-01T00:00:00Z".to_owned(),
                    )
                })?),
            };
            let id = app["appId"].as_str().unwrap_or_default();
            secrets.push(AppSecret::new(
                id.to_owned(),
                text,
                ends.map(jiff::Timestamp::as_second),
            ));
        }
    }
    Ok((secrets, notes))
}

/// What a `secretText` is.
#[derive(Debug, PartialEq, Eq)]
enum Text<'a> {
    /// The secret.
    Itself,
    /// `<env:NAME>`: the variable that has it.
    Variable(&'a str),
    /// Meant for a variable, and none.
    Unclear,
}

impl<'a> Text<'a> {
    fn of(text: &'a str) -> Self {
        let trimmed = text.trim_start().as_bytes();
        let begin = b"<env";
        let is_meant = trimmed
            .get(..begin.len())
            .is_some_and(|first| first.eq_ignore_ascii_case(begin));
        if !is_meant {
            return Self::Itself;
        }
        let name = text
            .strip_prefix("<env:")
            .and_then(|rest| rest.strip_suffix('>'));
        let is_name = |name: &&str| {
            !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || "<>=".contains(c))
        };
        name.filter(is_name).map_or(Self::Unclear, Self::Variable)
    }
}

/// The registration without its secrets.
pub(super) fn without(app: &Value) -> Value {
    let mut app = app.clone();
    let credentials = app["passwordCredentials"].as_array_mut();
    for credential in credentials.into_iter().flatten() {
        if let Value::Object(members) = credential {
            members.shift_remove("secretText");
        }
    }
    app
}

#[cfg(test)]
mod tests {
    use super::Text;

    #[test]
    fn item_23_a_variable_has_one_form() {
        for (text, is) in [
            ("<env:A_B>", Text::Variable("A_B")),
            ("s3cret<env:A>", Text::Itself),
            ("<Env:A>", Text::Unclear),
            ("<env:A> ", Text::Unclear),
            (" <env:A>", Text::Unclear),
            ("<env:>", Text::Unclear),
            ("<env: A>", Text::Unclear),
            ("<env:A", Text::Unclear),
            ("<env A>", Text::Unclear),
        ] {
            assert_eq!(Text::of(text), is, "{text:?}");
        }
    }
}
