//! Who can sign in: those that are built in, or whom `deploy/users.json` says.

use std::collections::{HashMap, HashSet};

use local_events::printable;
use uuid::Uuid;

use super::permissions::GLOBAL_ADMINISTRATOR;
use super::reading::{nearest, read};
use super::users_file::{Assignment, GroupEntry, Kind, State, UsersFile};
use super::{Application, Directory, DirectoryError, Source, object_id};

/// A person who can sign in, without a password.
#[derive(Debug, Clone)]
pub struct User {
    /// Display name.
    pub name: String,
    /// User principal name: what people sign in with.
    pub upn: String,
    /// Object id.
    pub oid: String,
    /// Where mail for them goes, which need not be the user principal name.
    pub mail: Option<String>,
    /// First name.
    pub given_name: Option<String>,
    /// Last name.
    pub surname: Option<String>,
    /// What the tenant lets them do.
    pub state: UserState,
    /// The apps that they are assigned to, themselves or by a group, and as what.
    pub(crate) assigned: Vec<Assigned>,
    /// What they are members of.
    pub(crate) groups: Vec<Group>,
    /// Template ids of their directory roles.
    pub(crate) directory_roles: Vec<String>,
}

/// What the tenant lets a user do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserState {
    /// Has consented to what a client's registration asks for.
    Allowed,
    /// Has not consented to anything that is not pre-authorized.
    NoConsent,
    /// Of another tenant; has not consented either.
    Guest,
    /// AADSTS50057.
    Disabled,
}

/// An app role assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Assigned {
    /// The app's client id.
    pub(crate) app: String,
    /// The role's value, where it has one.
    pub(crate) role: Option<String>,
}

/// A group that somebody is a member of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) id: String,
    /// None: an id of nobody's.
    pub(crate) name: Option<String>,
    pub(crate) is_security: bool,
    /// The apps that the group itself is assigned to, by client id.
    pub(crate) apps: Vec<String>,
}

/// First and last name, first part of the user principal name, mail, object id.
const BUILT_IN: [(&str, &str, &str, &str, &str, UserState); 4] = [
    (
        "Alice",
        "Example",
        "alice",
        "alice",
        "8e1c4b5a-0d39-4c1e-b3c7-1f0a9e6d2b01",
        UserState::Allowed,
    ),
    (
        "Bob",
        "Example",
        "bob",
        // Whoever takes mail for a name to sign in with should see it fail.
        "bob.example",
        "8e1c4b5a-0d39-4c1e-b3c7-1f0a9e6d2b02",
        UserState::NoConsent,
    ),
    (
        "Gita",
        "Guest",
        "gita",
        "gita",
        "8e1c4b5a-0d39-4c1e-b3c7-1f0a9e6d2b03",
        UserState::Guest,
    ),
    (
        "Dan",
        "Disabled",
        "dan",
        "dan",
        "8e1c4b5a-0d39-4c1e-b3c7-1f0a9e6d2b04",
        UserState::Disabled,
    ),
];

/// The four who are there where no file says who is.
pub(super) fn built_in(domain: &str) -> Vec<User> {
    BUILT_IN
        .into_iter()
        .map(|(given, surname, user, mail, oid, state)| User {
            name: format!("{given} {surname}"),
            upn: format!("{user}@{domain}"),
            oid: oid.to_owned(),
            mail: Some(format!("{mail}@{domain}")),
            given_name: Some(given.to_owned()),
            surname: Some(surname.to_owned()),
            state,
            assigned: Vec::new(),
            groups: Vec::new(),
            directory_roles: Vec::new(),
        })
        .collect()
}

impl Directory {
    /// Everyone who can sign in; the first is the default.
    pub fn users(&self) -> &[User] {
        &self.users
    }

    /// The user of this sign-in name, which ignores case; the tenant's domain may be left out.
    pub fn user(&self, upn: &str) -> Option<&User> {
        let upn = upn.trim();
        let whole = match upn.contains('@') {
            true => upn.to_owned(),
            false => format!("{upn}@{}", self.domain),
        };
        self.users
            .iter()
            .find(|user| user.upn.eq_ignore_ascii_case(&whole))
    }

    /// The sign-in name, among those of who can sign in, that is most like `name`, if one is.
    pub fn nearest_user(&self, name: &str) -> Option<&str> {
        let of_here = format!("@{}", self.domain).to_ascii_lowercase();
        // What all names have in common would make any two of them alike.
        let own = |name: &str| {
            let name = name.trim().to_ascii_lowercase();
            name.strip_suffix(&of_here).unwrap_or(&name).to_owned()
        };
        let known = self.may_sign_in();
        let names: Vec<String> = known.iter().map(|upn| own(upn)).collect();
        let meant = nearest(&own(name), names.iter().map(String::as_str))?;
        let at = names.iter().position(|name| name == meant)?;
        known.get(at).copied()
    }

    /// The sign-in names of those whose account is not disabled.
    pub fn may_sign_in(&self) -> Vec<&str> {
        self.users
            .iter()
            .filter(|user| user.state != UserState::Disabled)
            .map(|user| user.upn.as_str())
            .collect()
    }

    /// The id of the group that `named` is the name of, else `named` itself.
    pub(crate) fn group_id<'a>(&'a self, named: &'a str) -> &'a str {
        self.groups
            .iter()
            .find(|group| group.name.as_deref() == Some(named))
            .map_or(named, |group| &group.id)
    }

    /// Reads who can sign in, in place of the four.
    pub(super) fn read_people(&mut self, source: &Source) -> Result<(), DirectoryError> {
        let file: UsersFile = read(source)?;
        let failed = |path: String, why: String| DirectoryError {
            file: source.name.clone(),
            path,
            why,
        };
        let mut groups: Vec<(Group, Vec<Assigned>)> = Vec::new();
        let (mut group_ids, mut group_names) = (HashSet::new(), HashSet::new());
        for (index, entry) in file.groups.iter().enumerate() {
            let path = format!("groups[{index}]");
            let group = self.group(entry, &path);
            let group = group.map_err(|(path, why)| failed(path, why))?;
            let is_new = group_ids.insert(group.0.id.clone())
                & group_names.insert(entry.display_name.clone());
            if !is_new {
                return Err(failed(
                    path,
                    "there is a group of that name or id before it".to_owned(),
                ));
            }
            groups.push(group);
        }
        let mut users: Vec<User> = Vec::new();
        // The first of each name, in lower case, and of each id.
        let mut known: HashMap<String, usize> = HashMap::new();
        for (index, entry) in file.users.into_iter().enumerate() {
            let path = format!("users[{index}]");
            let at = |member: &str, why: String| failed(format!("{path}.{member}"), why);
            let upn = entry.user_principal_name;
            let is_plain = !upn.contains(char::is_whitespace) && printable(&upn) == upn;
            if !upn.split_once('@').is_some_and(|(name, domain)| {
                !name.is_empty() && !domain.is_empty() && !domain.contains('@') && is_plain
            }) {
                return Err(at(
                    "userPrincipalName",
                    format!("{upn:?} is no name@domain"),
                ));
            }
            let oid = match &entry.id {
                None => object_id(&self.tenant_id, "users", &upn),
                Some(id) => guid(id).ok_or_else(|| at("id", format!("{id:?} is no GUID")))?,
            };
            let names = [upn.to_ascii_lowercase(), oid.clone()];
            if let Some(first) = names.iter().find_map(|name| known.get(name)) {
                return Err(at(
                    "userPrincipalName",
                    format!("{upn} has the name or the id of {}", users[*first].upn),
                ));
            }
            known.extend(names.map(|name| (name, users.len())));
            let mut directory_roles = Vec::new();
            for (index, role) in entry.directory_roles.iter().enumerate() {
                directory_roles.push(guid(role).ok_or_else(|| {
                    at(
                        &format!("directoryRoles[{index}]"),
                        format!("{role:?} is no GUID: write the role's template id, as {GLOBAL_ADMINISTRATOR} for Global Administrator"),
                    )
                })?);
            }
            let mut assigned = Vec::new();
            for (index, assignment) in entry.app_role_assignments.iter().enumerate() {
                let one = self.assigned(assignment);
                let place = format!("appRoleAssignments[{index}]");
                assigned.push(one.map_err(|(member, why)| at(&format!("{place}.{member}"), why))?);
            }
            let mut member_of = Vec::new();
            for (index, named) in entry.groups.iter().enumerate() {
                let known = groups.iter().find(|(group, _)| {
                    group.name.as_deref() == Some(named) || group.id.eq_ignore_ascii_case(named)
                });
                match (known, guid(named)) {
                    (Some((group, by_it)), _) => {
                        member_of.push(group.clone());
                        assigned.extend(by_it.iter().cloned());
                    }
                    (None, Some(id)) => member_of.push(Group {
                        id,
                        name: None,
                        is_security: true,
                        apps: Vec::new(),
                    }),
                    (None, None) => {
                        let names = groups.iter().filter_map(|(group, _)| group.name.as_deref());
                        let why = format!("{named:?} is no group of this file, and no id");
                        return Err(at(
                            &format!("groups[{index}]"),
                            with_nearest(why, named, names),
                        ));
                    }
                }
            }
            users.push(User {
                name: entry.display_name,
                upn,
                oid,
                mail: entry.mail.filter(|mail| !mail.trim().is_empty()),
                given_name: entry.given_name,
                surname: entry.surname,
                state: match entry.state {
                    State::Allowed => UserState::Allowed,
                    State::NoConsent => UserState::NoConsent,
                    State::Guest => UserState::Guest,
                    State::Disabled => UserState::Disabled,
                },
                assigned,
                groups: member_of,
                directory_roles,
            });
        }
        if users.is_empty() {
            return Err(failed("users".to_owned(), "there is nobody".to_owned()));
        }
        self.users = users;
        self.groups = groups.into_iter().map(|(group, _)| group).collect();
        self.users_file = Some(source.name.clone());
        Ok(())
    }

    /// A group, and what its members are assigned by it; or where it is wrong, and why.
    fn group(
        &self,
        entry: &GroupEntry,
        path: &str,
    ) -> Result<(Group, Vec<Assigned>), (String, String)> {
        let id = match &entry.id {
            None => object_id(&self.tenant_id, "groups", &entry.display_name),
            Some(id) => {
                guid(id).ok_or_else(|| (format!("{path}.id"), format!("{id:?} is no GUID")))?
            }
        };
        let mut assigned = Vec::new();
        for (index, assignment) in entry.app_role_assignments.iter().enumerate() {
            let one = self.assigned(assignment);
            assigned.push(one.map_err(|(member, why)| {
                (format!("{path}.appRoleAssignments[{index}].{member}"), why)
            })?);
        }
        let group = Group {
            id,
            name: Some(entry.display_name.clone()),
            is_security: entry.kind == Kind::Security,
            apps: assigned.iter().map(|one| one.app.clone()).collect(),
        };
        Ok((group, assigned))
    }

    /// An assignment of a person's or a group's; or which member is wrong, and why.
    fn assigned(&self, assignment: &Assignment) -> Result<Assigned, (&'static str, String)> {
        let wanted = &assignment.resource;
        let is_it = |app: &&Application| {
            app.is_named(wanted) || app.display_name.as_deref() == Some(wanted)
        };
        let app = self.applications().find(is_it).ok_or_else(|| {
            let names = self
                .applications()
                .filter_map(|app| app.display_name.as_deref());
            let why = format!("{wanted:?} is no app that is registered here");
            ("resource", with_nearest(why, wanted, names))
        })?;
        let role = match &assignment.app_role {
            None => None,
            Some(wanted) => {
                let mut roles = app.app_roles.iter().filter(|role| role.is_for("User"));
                let role = roles.find(|role| {
                    role.value.as_ref() == Some(wanted) || role.id.eq_ignore_ascii_case(wanted)
                });
                let role = role.ok_or_else(|| {
                    let for_people = app.app_roles.iter().filter(|role| role.is_for("User"));
                    let names = for_people.filter_map(|role| role.value.as_deref());
                    let why = format!(
                        "{} has no enabled app role {wanted:?} whose allowedMemberTypes have \"User\"",
                        app.file
                    );
                    ("appRole", with_nearest(why, wanted, names))
                })?;
                role.value.clone()
            }
        };
        Ok(Assigned {
            app: app.app_id.clone(),
            role,
        })
    }
}

fn with_nearest<'a>(why: String, name: &str, known: impl Iterator<Item = &'a str>) -> String {
    match nearest(name, known) {
        Some(meant) => format!("{why}; did you mean {meant}?"),
        None => why,
    }
}

/// A GUID in its usual form.
fn guid(text: &str) -> Option<String> {
    let id = Uuid::try_parse(text).ok()?;
    Some(id.hyphenated().to_string())
}
