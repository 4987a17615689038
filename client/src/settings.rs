//! Easy Auth's settings (`authsettingsV2`), where the person gives them: what the gate expects,
//! instead of what its answers let guess.

use std::path::Path;

use serde_json::Value;

/// What the settings ask of a token. `None`: they don't say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    /// The API's client id, which is always an accepted audience.
    client_id: Option<String>,
    allowed_audiences: Vec<String>,
    /// Whether the issuer is a v2 one.
    pub(crate) v2: Option<bool>,
    /// Client ids that may call.
    pub(crate) clients: Option<Vec<String>>,
    /// Object ids of users that may call.
    pub(crate) identities: Vec<String>,
    /// Object ids of groups that may call.
    pub(crate) groups: Vec<String>,
}

impl Settings {
    /// Reads a file as `az webapp auth show` prints it, or as `deploy/` has it.
    ///
    /// # Errors
    /// It can't be read, in words for the terminal.
    pub(crate) fn load(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("the settings {} can't be read: {error}", path.display()))?;
        let value: Value = serde_json::from_str(&text)
            .map_err(|error| format!("the settings {} are not JSON: {error}", path.display()))?;
        Self::read(&value).ok_or_else(|| {
            format!(
                "{} has no identityProviders.azureActiveDirectory: are these authsettingsV2?",
                path.display()
            )
        })
    }

    fn read(value: &Value) -> Option<Self> {
        let properties = value.get("properties").unwrap_or(value);
        let provider = properties.pointer("/identityProviders/azureActiveDirectory")?;
        let text = |pointer: &str| {
            let value = provider.pointer(pointer)?.as_str()?;
            (!value.is_empty()).then(|| value.to_owned())
        };
        let list = |pointer: &str| -> Option<Vec<String>> {
            let items = provider.pointer(pointer)?.as_array()?;
            Some(
                items
                    .iter()
                    .filter_map(Value::as_str)
                    .map(str::to_owned)
                    .collect(),
            )
        };
        // An empty list means everybody here, and nobody in jwtClaimChecks.
        let policy = |pointer: &str| {
            let pointer = format!("/validation/defaultAuthorizationPolicy/{pointer}");
            list(&pointer).filter(|items| !items.is_empty())
        };
        let checks = list("/validation/jwtClaimChecks/allowedClientApplications");
        let clients = match (policy("allowedApplications"), checks) {
            (Some(one), Some(other)) => {
                Some(one.into_iter().filter(|id| other.contains(id)).collect())
            }
            (one, other) => one.or(other),
        };
        Some(Self {
            client_id: text("/registration/clientId").filter(|id| !id.contains('<')),
            allowed_audiences: list("/validation/allowedAudiences").unwrap_or_default(),
            v2: text("/registration/openIdIssuer").map(|issuer| issuer.ends_with("/v2.0")),
            clients,
            identities: policy("allowedPrincipals/identities").unwrap_or_default(),
            groups: policy("allowedPrincipals/groups").unwrap_or_default(),
        })
    }

    /// The audiences that the gate accepts. `resource` is the challenge's, for a file with
    /// placeholders.
    pub(crate) fn audiences(&self, resource: Option<&str>) -> Option<Vec<String>> {
        let id = self.client_id.as_deref().or(resource)?;
        let filled = |audience: &String| audience.replace("<client-id>", id);
        let allowed = self.allowed_audiences.iter().map(filled);
        Some(std::iter::once(id.to_owned()).chain(allowed).collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_forms_are_read() {
        let bare = json!({"identityProviders": {"azureActiveDirectory": {
            "registration": {"openIdIssuer": "https://a/t/v2.0", "clientId": "<client-id>"},
            "validation": {"allowedAudiences": ["api://<client-id>"],
                "defaultAuthorizationPolicy": {"allowedApplications": [], "allowedPrincipals": {"identities": ["u"]}}},
        }}});
        let settings = Settings::read(&bare).unwrap();
        assert_eq!(settings.v2, Some(true));
        assert_eq!(settings.audiences(None), None);
        assert_eq!(settings.audiences(Some("id")).unwrap(), ["id", "api://id"]);
        assert_eq!(
            (settings.clients.as_ref(), settings.identities.len()),
            (None, 1)
        );
        assert_eq!(Settings::read(&json!({"properties": bare})), Some(settings));
        assert_eq!(Settings::read(&json!({})), None);
    }

    #[test]
    fn an_empty_list_of_clients_is_nobody_where_azure_says_so() {
        let provider = |validation: Value| {
            Settings::read(
                &json!({"identityProviders": {"azureActiveDirectory": {"validation": validation}}}),
            )
            .unwrap()
            .clients
        };
        assert_eq!(provider(json!({})), None);
        assert_eq!(
            provider(json!({"jwtClaimChecks": {"allowedClientApplications": []}})),
            Some(Vec::new())
        );
        assert_eq!(
            provider(
                json!({"jwtClaimChecks": {"allowedClientApplications": ["a", "b"]},
                "defaultAuthorizationPolicy": {"allowedApplications": ["b", "c"]}})
            ),
            Some(vec!["b".to_owned()])
        );
    }
}
