//! Settings that people have published: each works, or is warned of or refused with this reason.

use std::collections::BTreeMap;

use local_http::serve::Scheme;
use serde::Deserialize;
use serde_json::Value;

use super::*;

#[derive(Deserialize)]
struct Published {
    name: String,
    topic: String,
    outcome: String,
    /// Why, for the reader, and shown where the outcome is another.
    because: String,
    file: Value,
    #[serde(default)]
    says: Vec<String>,
    #[serde(default)]
    expect: BTreeMap<String, Value>,
}

/// Said of settings that many publish, whatever else is in them.
const OFTEN: [&str; 2] = [
    "globalValidation.requireAuthentication is not set",
    "anonymous callers reach the app",
];

fn all() -> Vec<Published> {
    let text: String = include_str!("../../tests/published_settings.jsonc")
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect();
    serde_json::from_str(&text).unwrap()
}

fn check_one(published: &Published) {
    let Published { name, because, .. } = published;
    let text = match &published.file {
        Value::String(text) => text.clone(),
        object => object.to_string(),
    };
    let said = match Settings::parse(&text, "auth.json") {
        Err(refusal) => {
            assert_eq!(published.outcome, "refused", "{because} {name}: {refusal}");
            assert!(!published.says.is_empty(), "{name}: {refusal}");
            refusal.to_string()
        }
        Ok(settings) => {
            assert_ne!(published.outcome, "refused", "{because} {name}");
            let now = serde_json::to_value(&settings).unwrap();
            for (pointer, expected) in &published.expect {
                let found = now.pointer(pointer).unwrap_or(&Value::Null);
                assert_eq!(found, expected, "{name}: {pointer}");
            }
            let said = settings.warnings(Scheme::Https);
            let is_often = |line: &&String| !OFTEN.iter().any(|often| line.starts_with(often));
            let quiet = said.iter().filter(is_often).count() == 0;
            // Nothing is said of what works as its author means it.
            assert!(quiet || published.outcome == "warned", "{name}: {said:?}");
            assert!(published.outcome == "works" || !published.says.is_empty());
            said.join("\n")
        }
    };
    for says in &published.says {
        assert!(said.contains(says), "{name}: {says:?} is not in {said}");
    }
}

fn check_all(topics: &[&str]) {
    let all = all();
    let mut checked = 0;
    for published in &all {
        if topics.contains(&published.topic.as_str()) {
            check_one(published);
            checked += 1;
        }
    }
    assert!(checked > topics.len(), "{topics:?}");
}

#[test]
fn point_20_every_published_form_is_read() {
    check_all(&["shapes", "issuers"]);
}

#[test]
fn point_21_other_providers_are_left_out_or_refused_by_name() {
    check_all(&["providers"]);
}

#[test]
fn point_22_and_others_what_azure_does_otherwise_is_said() {
    check_all(&["store", "sign-in", "unauthenticated"]);
}

#[test]
fn the_table_of_published_settings_is_whole() {
    let all = all();
    assert!(all.len() >= 20, "{}", all.len());
    let topics = [
        "shapes",
        "issuers",
        "providers",
        "store",
        "sign-in",
        "unauthenticated",
    ];
    assert!(all.iter().all(|own| topics.contains(&own.topic.as_str())));
    let mut names: Vec<&str> = all.iter().map(|own| own.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all.len(), "two entries have one name");
}

/// The reader of the forms and the settings know the same names.
#[test]
fn what_the_reader_gives_takes_effect() {
    fn leaves(schema: &Value, path: &str, into: &mut Vec<String>) {
        match schema["properties"].as_object() {
            None => into.push(path.to_owned()),
            Some(members) => {
                for (name, member) in members {
                    let path = format!("{path}.{name}");
                    leaves(member, path.trim_start_matches('.'), into);
                }
            }
        }
    }
    let mut known = Vec::new();
    leaves(&schema(), "", &mut known);
    known.retain(|path| path != "$schema");
    let mut read = settings_file::paths();
    // Refused by the reader itself: the settings are then in another file.
    read.retain(|path| path != "platform.configFilePath");
    known.sort_unstable();
    read.sort_unstable();
    assert_eq!(known, read);
}
