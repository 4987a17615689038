//! Groups, directory roles and app roles in a person's tokens, by the registration's
//! `groupMembershipClaims` (Microsoft: "Configure group claims for applications", "Access token
//! claims reference", "ID token claims reference").

use serde_json::{Map, Value, json};

use super::optional_claims::{OptionalClaim, TokenKind};
use super::{Application, User};

/// The most groups that a JWT names (documented: access token claims reference, groups overage).
const MOST: usize = 200;
/// From so many on, an ID token of the front channel has `hasgroups` instead (documented: both
/// reference pages, "six or more").
const MOST_IN_FRONT: usize = 5;

/// What `groupMembershipClaims` may have, between commas.
const WORDS: [&str; 5] = [
    "None",
    "SecurityGroup",
    "ApplicationGroup",
    "DirectoryRole",
    "All",
];

/// The groups that a token names, if it names any: more than one fits are told apart by `overage`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Groups {
    /// None of the registration's business, or there are none.
    Absent,
    /// These, by id or name.
    Named(Vec<String>),
    /// More than a token has.
    TooMany,
    /// The same, on the front channel.
    TooManyInFront,
}

/// How many of `names` a token of this kind has.
pub(crate) fn fitting(names: Vec<String>, kind: TokenKind) -> Groups {
    match names.len() {
        0 => Groups::Absent,
        count if count > MOST_IN_FRONT && kind == TokenKind::IdInFront => Groups::TooManyInFront,
        count if count > MOST => Groups::TooMany,
        _ => Groups::Named(names),
    }
}

impl Groups {
    /// As claims of `oid`'s token.
    pub(crate) fn claims(self, tenant: &str, oid: &str) -> Map<String, Value> {
        let claims = match self {
            Self::Absent => json!({}),
            Self::Named(names) => json!({"groups": names}),
            Self::TooManyInFront => json!({"hasgroups": true}),
            // Documented, the host too: "Azure AD Graph" outlived itself in this claim.
            Self::TooMany => json!({
                "_claim_names": {"groups": "src1"},
                "_claim_sources": {"src1": {"endpoint": format!(
                    "https://graph.windows.net/{tenant}/users/{oid}/getMemberObjects"
                )}},
            }),
        };
        match claims {
            Value::Object(claims) => claims,
            _ => Map::new(),
        }
    }
}

impl Application {
    fn shows(&self, word: &str) -> bool {
        self.membership_words().any(|known| known == word)
    }

    fn membership_words(&self) -> impl Iterator<Item = &str> {
        let words = self.group_membership_claims.as_deref().unwrap_or("");
        words
            .split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty())
    }

    /// The first word of `groupMembershipClaims` that is none, and the one that is meant.
    pub(super) fn unknown_membership_word(&self) -> Option<(&str, Option<&'static str>)> {
        let word = self.membership_words().find(|word| !WORDS.contains(word))?;
        Some((word, super::reading::nearest(word, WORDS.into_iter())))
    }

    /// Groups, directory roles and app roles of `user` in a token of this kind.
    pub(super) fn memberships(
        &self,
        user: &User,
        kind: TokenKind,
        tenant: &str,
    ) -> Map<String, Value> {
        let mut claims = Map::new();
        let mut roles: Vec<String> = Vec::new();
        for one in user.assigned.iter().filter(|one| self.is(&one.app)) {
            if let Some(role) = one.role.as_ref().filter(|role| !roles.contains(role)) {
                roles.push(role.clone());
            }
        }
        let option = self.optional(kind, "groups");
        let has =
            |property: &str| option.is_some_and(|option: &OptionalClaim| option.has(property));
        let shown = user.groups.iter().filter(|group| {
            self.shows("All")
                || (self.shows("SecurityGroup") && group.is_security)
                || (self.shows("ApplicationGroup") && group.apps.iter().any(|app| self.is(app)))
        });
        let names = shown.map(|group| match &group.name {
            Some(name) if has("cloud_displayname") => name.clone(),
            _ => group.id.clone(),
        });
        match fitting(names.collect(), kind) {
            // Documented (optional claims, `emit_as_roles`): the app roles are left out then.
            Groups::Named(names) if has("emit_as_roles") => roles = names,
            groups => claims.extend(groups.claims(tenant, &user.oid)),
        }
        if !roles.is_empty() {
            claims.insert("roles".to_owned(), json!(roles));
        }
        if !user.directory_roles.is_empty() && (self.shows("All") || self.shows("DirectoryRole")) {
            claims.insert("wids".to_owned(), json!(user.directory_roles));
        }
        claims
    }
}

/// The kinds of token that there are.
#[cfg(test)]
pub(super) const KINDS: [TokenKind; 4] = [
    TokenKind::Access(crate::TokenVersion::V1),
    TokenKind::Access(crate::TokenVersion::V2),
    TokenKind::Id,
    TokenKind::IdInFront,
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever the number, exactly one of the forms, and never a list that is too long.
        #[test]
        fn item_23_groups_are_named_or_told_to_be_too_many(count in 0..410_usize, kind in 0..4_usize) {
            let kind = KINDS[kind];
            let names: Vec<String> = (0..count).map(|number| number.to_string()).collect();
            let claims = fitting(names, kind).claims("t", "o");
            let has = |name: &str| claims.contains_key(name);
            let most = if kind == TokenKind::IdInFront { 5 } else { 200 };
            prop_assert_eq!(has("groups"), count > 0 && count <= most);
            prop_assert_eq!(has("hasgroups"), kind == TokenKind::IdInFront && count > most);
            prop_assert_eq!(has("_claim_names"), kind != TokenKind::IdInFront && count > most);
            prop_assert_eq!(has("_claim_names"), has("_claim_sources"));
        }
    }
}
