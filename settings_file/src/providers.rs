//! Other providers than Microsoft's: the local gate has Microsoft's only.

use serde_json::{Map, Value};

use crate::members::{Member, PROPERTIES, Section};
use crate::names::is_empty;
use crate::shape::member;

/// The other providers that are set up and on, by their names in the file, taken out of `settings`.
pub(crate) fn take_others(settings: &mut Value) -> Vec<String> {
    let mut taken = Vec::new();
    let Some(Value::Object(providers)) = settings.get_mut("identityProviders") else {
        return taken;
    };
    for (name, member) in others() {
        let Some(value) = providers.shift_remove(*name) else {
            continue;
        };
        match member {
            Member::Providers => {
                let named = value.as_object().into_iter().flatten();
                let named = named.filter(|(_, value)| is_configured(value));
                taken.extend(named.map(|(name, _)| name.clone()));
            }
            _ if is_configured(&value) => taken.push((*name).to_owned()),
            _ => {}
        }
    }
    taken
}

/// Whether Microsoft's provider has a registration and is on.
pub(crate) fn has_microsoft(settings: &Value) -> bool {
    settings
        .pointer("/identityProviders/azureActiveDirectory")
        .is_some_and(is_configured)
}

/// Whether Microsoft's provider is on for an app, and nothing says whose tokens it takes.
pub(crate) fn lacks_issuer(settings: &Value) -> bool {
    let registration = settings.pointer("/identityProviders/azureActiveDirectory/registration");
    let has = |name: &str| {
        let value = registration.and_then(|registration| registration.get(name));
        value.is_some_and(|value| value.as_str() != Some(""))
    };
    has_microsoft(settings) && has("clientId") && !has("openIdIssuer")
}

/// Whether `redirectToProvider` names another provider: one of `others`, or one that Azure knows.
pub(crate) fn is_other(name: &str, custom: &[String]) -> bool {
    let is = |own: &str| own.eq_ignore_ascii_case(name);
    custom.iter().any(|own| is(own)) || others().any(|(own, _)| is(own))
}

fn others() -> impl Iterator<Item = &'static (&'static str, Member)> {
    let providers = PROPERTIES.iter().find_map(|(name, member)| match member {
        Member::Section(section) if *name == "identityProviders" => Some(*section),
        _ => None,
    });
    let providers: Section = providers.unwrap_or(&[]);
    providers
        .iter()
        .filter(|(_, member)| matches!(member, Member::Provider | Member::Providers))
}

/// Azure answers every provider that nobody set up as `{"enabled": true, "registration": {}}`.
fn is_configured(provider: &Value) -> bool {
    let of = |members: &Map<String, Value>| {
        let registration = member(members, "registration");
        // What says which app it is; a template may have a secret's name and no app.
        let has_app = registration.is_some_and(|registration| !is_empty(registration));
        has_app && member(members, "enabled") != Some(&Value::Bool(false))
    };
    provider.as_object().is_some_and(of)
}
