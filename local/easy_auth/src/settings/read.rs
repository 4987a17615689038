//! From a file's text to settings, or to the one property that is wrong, by its name.

use local_failure::Failure;
use serde_json::Value;

use super::Settings;

/// What is shipped for editors; a test compares it with the types.
const SCHEMA: &str = include_str!("../../../../deploy/authsettingsV2.schema.json");

impl Settings {
    /// Reads `text`, in any form that `settings_file` reads; `source` names it in errors.
    ///
    /// # Errors
    /// Another form, settings that can't be played here, or a required value that is missing.
    pub fn parse(text: &str, source: &str) -> Result<Self, Failure> {
        let failed = |why: String, fix: String| {
            Failure::new(
                format!("the Easy Auth settings in {source} can't be used"),
                why,
                fix,
            )
        };
        let file = settings_file::read(text.as_bytes()).map_err(|unusable| {
            let fix = unusable.fix().unwrap_or("correct it there");
            failed(unusable.to_string(), fix.to_owned())
        })?;
        let schema: Value = serde_json::from_str(SCHEMA).map_err(|error| {
            failed(
                format!("their own schema is not JSON ({error})"),
                "report this".to_owned(),
            )
        })?;
        // serde would also take a struct's members from a list, by their order.
        if let Some(path) = not_an_object(&schema, &file.properties, "") {
            return Err(failed(
                format!("{path} is not an object"),
                "write it as { … }".into(),
            ));
        }
        let mut settings: Self =
            serde_path_to_error::deserialize(&file.properties).map_err(|error| {
                failed(
                    format!("{}: {}", error.path(), error.inner()),
                    "correct that value".into(),
                )
            })?;
        settings.notices = file.notices;
        settings.check().map_err(|(why, fix)| failed(why, fix))?;
        Ok(settings)
    }
}

/// Where `schema` has an object and `value` has something else.
fn not_an_object(schema: &Value, value: &Value, path: &str) -> Option<String> {
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
