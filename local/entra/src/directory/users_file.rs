//! `deploy/users.json`: who can sign in, their groups, and the app roles that they are assigned.
//! Names are Microsoft Graph's (`user`, `group`, `appRoleAssignment`), but for what Graph keeps
//! by other ids. The doc comments are the descriptions of `deploy/users.schema.json`.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;

/// The people of the tenant, in place of those that are built in.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(
    deny_unknown_fields,
    rename_all = "camelCase",
    expecting = "an object with users"
)]
pub(super) struct UsersFile {
    /// For editors; no meaning.
    #[serde(rename = "$schema", default)]
    _schema: Option<String>,
    /// Who can sign in, without a password. The first is the default.
    pub(super) users: Vec<UserEntry>,
    /// The groups that users may be members of.
    #[serde(default)]
    pub(super) groups: Vec<GroupEntry>,
}

/// A person.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct UserEntry {
    /// The claim `name`.
    pub(super) display_name: String,
    /// What the person signs in with, as alice@greeting.test.
    pub(super) user_principal_name: String,
    /// Object id, the claim `oid`; without one it is made from the user principal name, the same
    /// at each start.
    pub(super) id: Option<String>,
    /// The claim `email`. It need not be the user principal name; without one there is no `email`.
    pub(super) mail: Option<String>,
    /// The optional claim `given_name`.
    pub(super) given_name: Option<String>,
    /// The optional claim `family_name`.
    pub(super) surname: Option<String>,
    /// What the tenant lets them do.
    #[serde(default)]
    pub(super) state: State,
    /// The app roles that they have, in tokens for that app.
    #[serde(default)]
    pub(super) app_role_assignments: Vec<Assignment>,
    /// The groups that they are members of, each by its id or displayName; an id need not be one
    /// of the file's.
    #[serde(default)]
    pub(super) groups: Vec<String>,
    /// Template ids of their directory roles: the claim `wids`.
    #[serde(default)]
    pub(super) directory_roles: Vec<String>,
}

/// What the tenant lets a user do.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) enum State {
    /// Has consented to what a client's registration asks for.
    #[default]
    Allowed,
    /// Has consented to nothing: gets what a client is pre-authorized for, and else AADSTS65001.
    NoConsent,
    /// Of another tenant; has consented to nothing.
    Guest,
    /// AADSTS50057.
    Disabled,
}

/// An app role of an app of this tenant.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Assignment {
    /// The app: its client id (or `<client-id>`, the protected API), an identifier URI, or its
    /// displayName.
    pub(super) resource: String,
    /// The role, by its value or id; none: assigned to the app without a role.
    pub(super) app_role: Option<String>,
}

/// A group.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct GroupEntry {
    /// What users' `groups` may call it.
    pub(super) display_name: String,
    /// Object id, what the claim `groups` has; without one it is made from the displayName.
    pub(super) id: Option<String>,
    /// Which `groupMembershipClaims` show it.
    #[serde(default)]
    pub(super) kind: Kind,
    /// The app roles that its members have.
    #[serde(default)]
    pub(super) app_role_assignments: Vec<Assignment>,
}

/// What kind of group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(super) enum Kind {
    /// Shown by SecurityGroup and All.
    #[default]
    Security,
    /// A distribution list: shown by All.
    Distribution,
}

/// The JSON Schema of the file.
#[cfg(test)]
pub(super) fn schema() -> serde_json::Value {
    let settings = schemars::generate::SchemaSettings::draft07().with(|settings| {
        settings.inline_subschemas = true;
    });
    serde_json::Value::from(
        settings
            .into_generator()
            .into_root_schema_for::<UsersFile>(),
    )
}
