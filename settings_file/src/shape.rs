//! Where in a file the settings are: bare, in the resource that Azure's API and `az` print, in a
//! list of one, or in an ARM template that Bicep was written out to.

use serde_json::{Map, Value};

use crate::SettingsFileError;

/// Sections that only these settings have. `login` is not enough: other resources have one.
const SECTIONS: [&str; 4] = [
    "platform",
    "globalValidation",
    "identityProviders",
    "httpSettings",
];

/// What may stand around them: a resource's `properties`, a template's `resources` (a list, or
/// since languageVersion 2.0 an object), a nested deployment's `template`, the list `value` that
/// the API answers.
const AROUND: [&str; 4] = ["properties", "resources", "template", "value"];

/// Members that only the v1 settings have (`SiteAuthSettings` of Microsoft.Web).
const OF_V1: [&str; 8] = [
    "aadClaimsAuthorization",
    "additionalLoginParams",
    "allowedAudiences",
    "clientId",
    "defaultProvider",
    "issuer",
    "tokenStoreEnabled",
    "unauthenticatedClientAction",
];

/// The settings in `file`.
///
/// # Errors
/// It has those of several apps, or the v1 settings.
pub(crate) fn settings(mut file: Value) -> Result<Value, SettingsFileError> {
    let mut found = Vec::new();
    find(&mut file, None, &mut found);
    if found.len() > 1 {
        let names = found.iter().map(|(name, _)| name.clone()).collect();
        return Err(SettingsFileError::Several(names));
    }
    if let Some((_, settings)) = found.pop() {
        return Ok(settings);
    }
    let rest = unwrapped(file);
    if has_any(&rest, &OF_V1) {
        return Err(SettingsFileError::V1);
    }
    Ok(rest)
}

/// The member of that name, in any letter case. Of several the last: so do Azure's readers.
pub(crate) fn member<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    members
        .iter()
        .rfind(|(own, _)| own.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

fn has_any(value: &Value, names: &[&str]) -> bool {
    value
        .as_object()
        .is_some_and(|members| names.iter().any(|name| member(members, name).is_some()))
}

/// Takes the settings out of `value`, each with the name of its resource.
fn find(value: &mut Value, resource: Option<&str>, found: &mut Vec<(String, Value)>) {
    if has_any(value, &SECTIONS) {
        let name = resource.unwrap_or("one without a name");
        found.push((name.to_owned(), value.take()));
        return;
    }
    match value {
        Value::Array(items) => {
            for item in items {
                find(item, resource, found);
            }
        }
        Value::Object(members) => {
            let name = member(members, "name")
                .and_then(Value::as_str)
                .map(str::to_owned);
            let resource = name.as_deref().or(resource);
            for (around, inner) in members.iter_mut() {
                let is = |name: &&str| around.eq_ignore_ascii_case(name);
                if !AROUND.iter().any(is) {
                    continue;
                }
                match inner {
                    Value::Object(named) if around.eq_ignore_ascii_case("resources") => {
                        for (name, inner) in named {
                            find(inner, Some(name), found);
                        }
                    }
                    inner => find(inner, resource, found),
                }
            }
        }
        _ => {}
    }
}

/// Without the `properties` around it, and without the list of one.
fn unwrapped(mut value: Value) -> Value {
    loop {
        value = match value {
            Value::Array(mut items) if items.len() == 1 => items.remove(0),
            Value::Object(members) => match member(&members, "properties") {
                Some(inner @ Value::Object(_)) => inner.clone(),
                _ => return Value::Object(members),
            },
            other => return other,
        };
    }
}
