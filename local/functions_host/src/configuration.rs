//! host.json as the Functions host holds it: keys whose letter case does not count, each with a
//! text, and the app settings that override them.
//!
//! azure-functions-host 89dc438d, src/WebJobs.Script/Config/HostJsonFileConfigurationSource.cs:77-128
//! (the file, flattened) and ScriptHostBuilderExtensions.cs:105-111 (settings come after it).

use std::collections::BTreeMap;

use serde_json::{Number, Value};

/// The section of all that host.json says, in the names of app settings.
const SECTION: &str = "AzureFunctionsJobHost";

/// Texts by key. Parts of a key stand between colons.
#[derive(Default)]
pub(crate) struct Configuration(BTreeMap<String, Entry>);

/// One text, and where it is from.
pub(crate) struct Entry {
    /// The key in its own spelling.
    key: String,
    pub(crate) value: String,
    /// The app setting, if it is one's.
    setting: Option<String>,
}

impl Entry {
    /// What a person looks for: the setting, or the place in host.json.
    pub(crate) fn place(&self) -> String {
        match &self.setting {
            Some(setting) => format!("the app setting {setting}"),
            None => self.key.replace(':', "."),
        }
    }
}

impl Configuration {
    /// Sets a text that what comes later may override.
    pub(crate) fn preset(&mut self, key: &str, value: &str) {
        self.set(key.to_owned(), value.to_owned(), None);
    }

    /// Takes over what a file says.
    pub(crate) fn add_json(&mut self, value: &Value) {
        self.flatten(String::new(), value);
    }

    /// Takes over the app settings that override the file.
    pub(crate) fn add_settings<'a>(&mut self, settings: impl Iterator<Item = (&'a str, &'a str)>) {
        for (name, value) in settings {
            let key = name.replace("__", ":");
            let Some((section, key)) = key.split_once(':') else {
                continue;
            };
            if section.eq_ignore_ascii_case(SECTION) && !key.is_empty() {
                self.set(key.to_owned(), value.to_owned(), Some(name.to_owned()));
            }
        }
    }

    fn flatten(&mut self, key: String, value: &Value) {
        let below = |part: &str| match key.is_empty() {
            true => part.to_owned(),
            false => format!("{key}:{part}"),
        };
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    self.flatten(below(name), value);
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.flatten(below(&index.to_string()), item);
                }
            }
            scalar => self.set(key, text(scalar).unwrap_or_default(), None),
        }
    }

    fn set(&mut self, key: String, value: String, setting: Option<String>) {
        let entry = Entry {
            key: key.clone(),
            value,
            setting,
        };
        self.0.insert(key.to_lowercase(), entry);
    }

    /// A key's own text.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.0.get(&key.to_lowercase())
    }

    /// The same, where it says anything.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.entry(key)
            .map(|entry| entry.value.as_str())
            .filter(|text| !text.is_empty())
    }

    /// Whether there is such a section, as .NET's `Exists` says.
    pub(crate) fn has(&self, section: &str) -> bool {
        self.entry(section).is_some() || self.below(section).next().is_some()
    }

    /// The direct children of a section: their names, each once, numbers in their order.
    pub(crate) fn children(&self, section: &str) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for (rest, _) in self.below(section) {
            let name = rest.split(':').next().unwrap_or_default();
            if !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                names.push(name.to_owned());
            }
        }
        names.sort_by_key(|name| name.parse::<u32>().unwrap_or(u32::MAX));
        names
    }

    /// Every text that stands in a section, by the rest of its key.
    pub(crate) fn below(&self, section: &str) -> impl Iterator<Item = (&str, &Entry)> {
        let start = format!("{}:", section.to_lowercase());
        let length = start.len();
        self.0
            .range(start.clone()..)
            .take_while(move |(key, _)| key.starts_with(&start))
            .map(move |(key, entry)| {
                // Lower case may be of another length; then the key's own spelling is not shown.
                let own = entry.key.get(length..).unwrap_or(&key[length..]);
                (own, entry)
            })
    }

    /// Every text that there is.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Entry> {
        self.0.values()
    }

    /// A list of texts, as .NET binds it.
    pub(crate) fn list(&self, section: &str) -> Vec<String> {
        self.children(section)
            .iter()
            .filter_map(|index| self.entry(&format!("{section}:{index}")))
            .map(|entry| entry.value.clone())
            .collect()
    }
}

/// A scalar's text as .NET writes it, in the invariant culture; none for null and what is no scalar.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(true) => Some("True".to_owned()),
        Value::Bool(false) => Some("False".to_owned()),
        Value::Number(number) => Some(number_text(number)),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// 2.0 is `2` there.
fn number_text(number: &Number) -> String {
    match (number.as_i64(), number.as_f64()) {
        (None, Some(float)) if number.as_u64().is_none() => float.to_string(),
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn letter_case_does_not_count_and_settings_win() {
        let mut all = Configuration::default();
        all.add_json(&json!({
            "Extensions": {"HTTP": {"routePrefix": "v1", "other": null}},
            "list": ["a", 2, true], "empty": {}, "version": 2.0,
        }));
        all.add_settings(
            [
                ("AZUREFUNCTIONSJOBHOST__extensions__http__ROUTEPREFIX", "v2"),
                ("AzureFunctionsJobHost:list:1", "b"),
                ("Other__extensions__http__routePrefix", "v3"),
            ]
            .into_iter(),
        );
        assert_eq!(all.text("extensions:http:routePrefix"), Some("v2"));
        assert_eq!(all.list("list"), ["a", "b", "True"]);
        assert_eq!(all.text("version"), Some("2"));
        assert!(all.has("extensions") && !all.has("empty"));
        let entry = all.entry("extensions:http:other").unwrap();
        assert_eq!(
            (entry.value.as_str(), all.text("extensions:http:other")),
            ("", None)
        );
        assert_eq!(entry.place(), "Extensions.HTTP.other");
    }
}
