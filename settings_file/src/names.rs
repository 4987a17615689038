//! Names and values as Azure's reference has them, whatever form they came in: Azure's readers
//! take names, and the names that values have, in any letter case.

use serde_json::{Map, Value};

use crate::members::{Member, Named, Names, Section, joined};

/// The members of `section` in `value`, by their own names and in their own form. What is null is
/// not set: Azure's API answers so. What is unknown or left out goes into `notices`, by its path.
pub(crate) fn canonical(
    section: Section,
    value: Value,
    path: &str,
    notices: &mut Vec<String>,
) -> Value {
    let Value::Object(members) = value else {
        return value; // for the reader of the settings to refuse, by its path
    };
    let mut read = Map::new();
    for (written, value) in members {
        if value.is_null() {
            continue;
        }
        let known = section
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(&written));
        let Some((name, member)) = known else {
            notices.push(unknown(section, &written, path));
            continue;
        };
        let path = joined(path, name);
        let value = match member {
            Member::Section(section) => canonical(section, value, &path, notices),
            Member::NoEffect => continue,
            Member::LeftOut(why) => {
                if !is_empty(&value) {
                    notices.push(format!("{path} is left out: {why}"));
                }
                continue;
            }
            Member::Flag => flag(value),
            Member::Number => number(value),
            Member::Name(names) => by_name(names, value, &path, notices),
            Member::Text | Member::List | Member::Provider | Member::Providers => value,
        };
        if read.insert((*name).to_owned(), value).is_some() {
            notices.push(format!("{path} is there twice: the last one counts"));
        }
    }
    Value::Object(read)
}

/// The first of `value`'s members that has to be one of some names and is none: its path, what it
/// is, and the names.
pub(crate) fn not_a_name(
    section: Section,
    value: &Value,
    path: &str,
) -> Option<(String, String, String)> {
    section.iter().find_map(|(name, member)| {
        let value = value.get(name)?;
        let path = joined(path, name);
        match member {
            Member::Section(section) => not_a_name(section, value, &path),
            Member::Name(names) => {
                let known = |named: &Named| value == named.names[0];
                if names.iter().any(known) {
                    return None;
                }
                let all = names.iter().map(|named| match named.number {
                    Some(number) => format!("{} ({number})", named.names[0]),
                    None => named.names[0].to_owned(),
                });
                let all = all.collect::<Vec<_>>().join(", ");
                Some((path, value.to_string(), all))
            }
            _ => None,
        }
    })
}

/// Whether there is nothing in it: Azure's API answers so for what is not set up.
pub(crate) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.values().all(is_empty),
        Value::Array(items) => items.is_empty(),
        Value::String(text) => text.is_empty(),
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) | Value::Number(_) => false,
    }
}

fn unknown(section: Section, written: &str, path: &str) -> String {
    let path = joined(path, written);
    let meant = match written.eq_ignore_ascii_case("disableWWWAuthenticate") {
        // Where people look for it first.
        true => Some("identityProviders.azureActiveDirectory.login.disableWWWAuthenticate"),
        false => nearest(section, written),
    };
    let meant = meant.map(|name| format!("; did you mean {name}?"));
    format!(
        "{path} is not known and has no effect{}",
        meant.unwrap_or_default()
    )
}

/// The name that `written` is most like.
fn nearest(section: Section, written: &str) -> Option<&'static str> {
    let written = written.to_ascii_lowercase();
    section
        .iter()
        .filter(|(_, member)| !matches!(member, Member::NoEffect))
        .map(|(name, _)| {
            let likeness = strsim::jaro_winkler(&written, &name.to_ascii_lowercase());
            (likeness, *name)
        })
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, name)| name)
}

/// `true` and `"true"`: templates and the API's own answers have both.
fn flag(value: Value) -> Value {
    match value.as_str() {
        Some(text) if text.eq_ignore_ascii_case("true") => Value::Bool(true),
        Some(text) if text.eq_ignore_ascii_case("false") => Value::Bool(false),
        _ => value,
    }
}

/// A number, which the reference of the file-based form writes in quotes.
fn number(value: Value) -> Value {
    let number = value.as_str().and_then(|text| {
        let number: f64 = text.trim().parse().ok()?;
        serde_json::Number::from_f64(number)
    });
    number.map_or(value, Value::Number)
}

fn by_name(names: Names, value: Value, path: &str, notices: &mut Vec<String>) -> Value {
    let by_text = |text: &str| {
        let has = |name: &&str| name.eq_ignore_ascii_case(text);
        names.iter().find(|known| known.names.iter().any(has))
    };
    let by_number = |number: u64| names.iter().find(|known| known.number == Some(number));
    let number = match &value {
        Value::String(text) => text.parse().ok(),
        value => value.as_u64(),
    };
    let found = match (&value, number) {
        (_, Some(number)) => by_number(number),
        (Value::String(text), None) => by_text(text),
        _ => None,
    };
    let Some(Named { names, .. }) = found else {
        return value; // refused by its path, with the names that there are
    };
    // The two lists of Azure's disagree here, and only here.
    if number == Some(3) && names[0] == "Return403" {
        notices.push(format!(
            "{path} is 3: read as Return403, as in Azure's SDKs; in the middleware's own list 3 is RejectWith404"
        ));
    }
    Value::from(names[0])
}
