//! The names of a file's properties: known, unknown, and those that are not set.

use serde_json::Value;

/// Removes null members: Azure's API answers them for what is not set.
pub(super) fn remove_inert(value: &mut Value) {
    if let Value::Object(members) = value {
        members.retain(|_, member| !member.is_null());
        members.values_mut().for_each(remove_inert);
    }
}

/// Whether a provider that Azure's API lists is one that is not set up: it answers
/// `{"enabled": true, "registration": {}}` for those.
pub(super) fn is_unconfigured(value: &Value) -> bool {
    match value {
        Value::Object(members) => members
            .iter()
            .all(|(name, member)| name == "enabled" || is_unconfigured(member)),
        Value::Array(items) => items.is_empty(),
        Value::String(text) => text.is_empty(),
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) | Value::Number(_) => false,
    }
}

pub(super) fn find<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.')
        .try_fold(value, |value, name| value.get(name))
}

pub(super) fn remove(value: &mut Value, path: &str) {
    let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
    let parent = parent
        .split('.')
        .filter(|name| !name.is_empty())
        .try_fold(value, |value, name| value.get_mut(name));
    if let Some(Value::Object(members)) = parent {
        members.shift_remove(name);
    }
}

/// A property that Azure does not have either.
pub(super) struct Unknown {
    pub(super) path: String,
    pub(super) nearest: Option<String>,
    /// The names that there are in its place.
    pub(super) known: Vec<String>,
}

/// Where `schema` has an object and `value` has something else.
pub(super) fn not_an_object(schema: &Value, value: &Value, path: &str) -> Option<String> {
    let known = schema["properties"].as_object()?;
    let Value::Object(members) = value else {
        let path = if path.is_empty() {
            "the document"
        } else {
            path
        };
        return Some(path.to_owned());
    };
    members.iter().find_map(|(name, member)| {
        not_an_object(
            known.get(name)?,
            member,
            format!("{path}.{name}").trim_start_matches('.'),
        )
    })
}

/// The first member of `value` that `schema` does not know.
pub(super) fn unknown(schema: &Value, value: &Value, path: &str) -> Option<Unknown> {
    let (Some(known), Value::Object(members)) = (schema["properties"].as_object(), value) else {
        return None;
    };
    members.iter().find_map(|(name, member)| {
        let path = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}.{name}")
        };
        match known.get(name) {
            Some(schema) => unknown(schema, member, &path),
            None => Some(Unknown {
                nearest: nearest(name, known.keys()),
                known: known.keys().cloned().collect(),
                path,
            }),
        }
    })
}

fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a String>) -> Option<String> {
    let name = name.to_ascii_lowercase();
    known
        .map(|known| {
            let likeness = strsim::jaro_winkler(&name, &known.to_ascii_lowercase());
            (likeness, known)
        })
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, known)| known.clone())
}
