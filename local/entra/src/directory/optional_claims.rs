//! `optionalClaims` of a registration: those that this authority has a value for (Microsoft:
//! "Optional claims reference"). The others are warned of at start.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Application, User, UserState};
use crate::TokenVersion;

/// `optionalClaims`.
#[derive(Default, Deserialize)]
pub(super) struct OptionalClaims {
    #[serde(default, rename = "idToken")]
    id: Vec<OptionalClaim>,
    #[serde(default, rename = "accessToken")]
    access: Vec<OptionalClaim>,
    #[serde(default, rename = "saml2Token")]
    saml2: Vec<OptionalClaim>,
}

/// One of them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OptionalClaim {
    name: String,
    /// `user`: a directory extension.
    source: Option<String>,
    #[serde(default)]
    additional_properties: Vec<String>,
}

impl OptionalClaim {
    pub(super) fn has(&self, property: &str) -> bool {
        let mut properties = self.additional_properties.iter();
        properties.any(|known| known == property)
    }
}

/// A person's token, and how it gets to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Access(TokenVersion),
    /// From the token endpoint.
    Id,
    /// From the authorize endpoint.
    IdInFront,
}

/// Claims that have a value here, with the additional properties that change it.
const FILLED: [(&str, &[&str]); 12] = [
    ("acct", &[]),
    ("aud", &["use_guid"]),
    ("email", &[]),
    ("family_name", &[]),
    ("given_name", &[]),
    ("groups", &["cloud_displayname", "emit_as_roles"]),
    ("idtyp", &["include_user_token"]),
    ("ipaddr", &[]),
    ("preferred_username", &[]),
    (
        "upn",
        &[
            "include_externally_authenticated_upn",
            "include_externally_authenticated_upn_without_hash",
        ],
    ),
    ("wids", &[]),
    ("xms_cc", &[]),
];

/// Those that Entra has beside them.
const NOT_FILLED: [&str; 28] = [
    "acrs",
    "amr",
    "auth_time",
    "ctry",
    "enfpolids",
    "fwd",
    "in_corp",
    "login_hint",
    "nickname",
    "onprem_sid",
    "platf",
    "puid",
    "pwd_exp",
    "pwd_url",
    "sid",
    "tenant_ctry",
    "tenant_region_scope",
    "verified_primary_email",
    "verified_secondary_email",
    "vnet",
    "website",
    "xms_edov",
    "xms_mirid",
    "xms_pdl",
    "xms_pl",
    "xms_st",
    "xms_tpl",
    "ztdid",
];

impl Application {
    /// The optional claim `name` of tokens of this kind, if the registration asks for it.
    pub(super) fn optional(&self, kind: TokenKind, name: &str) -> Option<&OptionalClaim> {
        self.optional_of(kind)
            .iter()
            .find(|claim| claim.name == name)
    }

    fn optional_of(&self, kind: TokenKind) -> &[OptionalClaim] {
        match kind {
            TokenKind::Access(_) => &self.optional_claims.access,
            TokenKind::Id | TokenKind::IdInFront => &self.optional_claims.id,
        }
    }

    /// What this registration adds to a person's token: for access tokens the API's says it, for
    /// ID tokens the client's. `capabilities` are what the client declares by `claims`.
    pub(crate) fn claims_of(
        &self,
        user: &User,
        kind: TokenKind,
        tenant: &str,
        capabilities: &[String],
    ) -> Map<String, Value> {
        let mut claims = self.memberships(user, kind, tenant);
        for claim in self.optional_of(kind) {
            if let Some(value) = value(claim, user, kind) {
                claims.insert(claim.name.clone(), value);
            }
        }
        if let TokenKind::Access(version) = kind {
            claims.extend(self.claims_of_client(version, capabilities));
        }
        claims
    }

    /// What it adds to an app's own access token.
    pub(crate) fn claims_of_app(
        &self,
        version: TokenVersion,
        capabilities: &[String],
    ) -> Map<String, Value> {
        let mut claims = self.claims_of_client(version, capabilities);
        if self.optional(TokenKind::Access(version), "idtyp").is_some() {
            claims.insert("idtyp".to_owned(), json!("app"));
        }
        claims
    }

    /// What it adds to an access token of anybody's, an app's too.
    fn claims_of_client(
        &self,
        version: TokenVersion,
        capabilities: &[String],
    ) -> Map<String, Value> {
        let mut claims = Map::new();
        let kind = TokenKind::Access(version);
        // Documented (claims challenges, client capabilities): the API asks to be told, and the
        // client has to have said so.
        if self.optional(kind, "xms_cc").is_some() && !capabilities.is_empty() {
            claims.insert("xms_cc".to_owned(), json!(capabilities));
        }
        // Of v1 tokens; a v2 token's `aud` is the GUID always.
        let by_guid = self
            .optional(kind, "aud")
            .is_some_and(|claim| claim.has("use_guid"));
        if version == TokenVersion::V1 && by_guid {
            claims.insert("aud".to_owned(), json!(self.app_id));
        }
        claims
    }

    /// Which optional claims have no effect here, and why, in words.
    pub(super) fn without_value(&self) -> Vec<String> {
        let lists = [
            ("idToken", &self.optional_claims.id),
            ("accessToken", &self.optional_claims.access),
        ];
        let mut words: Vec<String> = lists
            .into_iter()
            .flat_map(|(list, claims)| claims.iter().map(move |claim| (list, claim)))
            .flat_map(|(list, claim)| {
                let at = format!("optionalClaims.{list}: {}", claim.name);
                unfilled(claim)
                    .into_iter()
                    .map(move |why| format!("{at} {why}"))
            })
            .collect();
        if !self.optional_claims.saml2.is_empty() {
            words.push(
                "optionalClaims.saml2Token has no effect: there are no SAML tokens here".to_owned(),
            );
        }
        words
    }
}

/// Why a claim, or a property of it, has no effect here.
fn unfilled(claim: &OptionalClaim) -> Vec<String> {
    let name = claim.name.as_str();
    if let Some(source) = &claim.source {
        return vec![format!(
            "has no effect: it is from {source}'s directory extensions, and there are none here"
        )];
    }
    let Some((_, properties)) = FILLED.iter().find(|(known, _)| *known == name) else {
        if NOT_FILLED.contains(&name) {
            return vec!["has no effect: this authority has no value for it".to_owned()];
        }
        let names = FILLED.iter().map(|(name, _)| *name).chain(NOT_FILLED);
        return vec![match super::reading::nearest(name, names) {
            Some(meant) => format!("is no optional claim: did you mean {meant}?"),
            None => "is no optional claim".to_owned(),
        }];
    };
    let unknown = claim
        .additional_properties
        .iter()
        .filter(|property| !properties.contains(&property.as_str()));
    unknown
        .map(|property| match property.as_str() {
            "sam_account_name"
            | "dns_domain_and_sam_account_name"
            | "netbios_domain_and_sam_account_name" => format!(
                "has {property}, which has no effect: no group here is synchronized from on-premises"
            ),
            other => format!("has {other} in additionalProperties, which has no effect here"),
        })
        .collect()
}

/// A claim's value in a person's token.
fn value(claim: &OptionalClaim, user: &User, kind: TokenKind) -> Option<Value> {
    let is_guest = user.state == UserState::Guest;
    let is_access = matches!(kind, TokenKind::Access(_));
    match claim.name.as_str() {
        "acct" => Some(json!(u8::from(is_guest))),
        "email" => user.mail.as_ref().map(|mail| json!(mail)),
        "family_name" => user.surname.as_ref().map(|name| json!(name)),
        "given_name" => user.given_name.as_ref().map(|name| json!(name)),
        "idtyp" if is_access && claim.has("include_user_token") => Some(json!("user")),
        "ipaddr" => Some(json!("127.0.0.1")),
        // A guest's is another tenant's, and shown only where that is asked for.
        "upn" if is_guest && claim.additional_properties.is_empty() => None,
        "preferred_username" | "upn" => Some(json!(user.upn)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::group_claims::KINDS;
    use super::*;
    use crate::directory::people::built_in;
    use crate::directory::{Application, Source};

    fn app(optional: &Value, membership: &str) -> Application {
        let text =
            json!({"appId": "a", "groupMembershipClaims": membership, "optionalClaims": optional});
        let source = Source {
            name: "f.json".to_owned(),
            text: text.to_string(),
        };
        Application::read(&source).unwrap()
    }

    #[test]
    fn item_23_optional_claims_have_their_values() {
        let users = built_in("greeting.test");
        let (bob, gita) = (&users[1], &users[2]);
        for (claim, user, value) in [
            (
                json!({"name": "email"}),
                bob,
                json!("bob.example@greeting.test"),
            ),
            (json!({"name": "upn"}), bob, json!("bob@greeting.test")),
            (json!({"name": "upn"}), gita, Value::Null),
            (
                json!({"name": "upn", "additionalProperties": ["include_externally_authenticated_upn"]}),
                gita,
                json!("gita@greeting.test"),
            ),
            (json!({"name": "family_name"}), bob, json!("Example")),
            (json!({"name": "given_name"}), bob, json!("Bob")),
            (
                json!({"name": "preferred_username"}),
                bob,
                json!("bob@greeting.test"),
            ),
            (json!({"name": "acct"}), bob, json!(0)),
            (json!({"name": "acct"}), gita, json!(1)),
            (json!({"name": "ipaddr"}), bob, json!("127.0.0.1")),
            (json!({"name": "ctry"}), bob, Value::Null),
        ] {
            for kind in KINDS {
                let list = match kind {
                    TokenKind::Access(_) => "accessToken",
                    TokenKind::Id | TokenKind::IdInFront => "idToken",
                };
                let app = app(&json!({list: [claim]}), "None");
                let claims = app.claims_of(user, kind, "t", &[]);
                let name = claim["name"].as_str().unwrap();
                let seen = claims.get(name).unwrap_or(&Value::Null);
                assert_eq!(seen, &value, "{claim} {kind:?}");
            }
        }
        // Who declares nothing is told nothing of.
        let app = app(
            &json!({"accessToken": [{"name": "xms_cc"}, {"name": "aud", "additionalProperties": ["use_guid"]}]}),
            "None",
        );
        let (v1, v2) = (TokenVersion::V1, TokenVersion::V2);
        let capable = ["cp1".to_owned()];
        assert_eq!(app.claims_of_client(v2, &[]), Map::new());
        assert_eq!(
            Value::from(app.claims_of_client(v2, &capable)),
            json!({"xms_cc": ["cp1"]})
        );
        assert_eq!(
            Value::from(app.claims_of_client(v1, &[])),
            json!({"aud": "a"})
        );
        // An app is told to be one where that is asked for.
        let asking = self::app(&json!({"accessToken": [{"name": "idtyp"}]}), "None");
        assert_eq!(
            Value::from(asking.claims_of_app(v2, &[])),
            json!({"idtyp": "app"})
        );
    }

    #[test]
    fn item_23_what_an_optional_claim_does_not_do_is_said() {
        for (claim, says) in [
            (
                json!({"name": "emial"}),
                "emial is no optional claim: did you mean email?",
            ),
            (json!({"name": "auth_time"}), "auth_time has no effect"),
            (
                json!({"name": "extension_1_x", "source": "user"}),
                "directory extensions",
            ),
            (
                json!({"name": "groups", "additionalProperties": ["sam_account_name"]}),
                "has sam_account_name",
            ),
            (
                json!({"name": "email", "additionalProperties": ["x"]}),
                "has x in additionalProperties",
            ),
            (json!({"name": "email"}), ""),
            (
                json!({"name": "groups", "additionalProperties": ["emit_as_roles"]}),
                "",
            ),
        ] {
            let words = app(&json!({"idToken": [claim]}), "None")
                .without_value()
                .join("\n");
            assert!(
                if says.is_empty() {
                    words.is_empty()
                } else {
                    words.contains(says)
                },
                "{claim}: {words}"
            );
        }
    }
}
