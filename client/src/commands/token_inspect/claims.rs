//! What Entra's claims mean, in the order that people need them. Source: Microsoft's reference of
//! access token claims.

/// A question, and the claims that answer it.
pub(super) type Group = (&'static str, &'static [(&'static str, &'static str)]);

/// The claims by question. What is in none comes last.
pub(super) const GROUPS: &[Group] = &[
    (
        "who",
        &[
            ("name", "the user's name; not unique"),
            ("preferred_username", "the user's sign-in name"),
            ("upn", "the user's sign-in name"),
            ("unique_name", "the user's sign-in name"),
            (
                "email",
                "the user's address; not verified: anyone can claim it",
            ),
            ("given_name", "the user's first name"),
            ("family_name", "the user's last name"),
            ("oid", "the user's or application's object id in the tenant"),
            ("sub", "the user or application, for this API only"),
            ("idp", "where the user's account is, if elsewhere"),
            ("acct", "0: of the tenant; 1: guest"),
        ],
    ),
    ("for which API", &[("aud", "the API that may accept it")]),
    (
        "by which client",
        &[
            ("azp", "the client that asked for it"),
            ("appid", "the client that asked for it"),
            ("app_displayname", "the client's name"),
            ("azpacr", "how the client authenticated"),
            ("appidacr", "how the client authenticated"),
            ("idtyp", "app: issued to an application, with no user"),
            ("nonce", "an ID token's: no API accepts it"),
        ],
    ),
    (
        "allowed what",
        &[
            ("scp", "what the client may do for the user"),
            ("roles", "app roles of the user or application"),
            ("groups", "the user's groups"),
            ("wids", "the user's directory roles"),
            ("acrs", "authentication contexts that are met"),
            ("amr", "how the user signed in"),
        ],
    ),
    (
        "until when",
        &[
            ("auth_time", "the user signed in"),
            ("iat", "issued"),
            ("nbf", "valid from"),
            ("exp", "expires"),
        ],
    ),
    (
        "by whom",
        &[
            ("iss", "the authority that issued it"),
            ("tid", "the tenant"),
            ("ver", "the token's version"),
        ],
    ),
];

/// Claims that answer no question of a caller's.
pub(super) const OTHERS: &[(&str, &str)] = &[
    ("aio", "internal to Entra"),
    ("rh", "internal to Entra"),
    ("uti", "the token's id in the sign-in logs"),
    ("sid", "the session"),
    ("ipaddr", "where the user signed in from"),
    ("login_hint", "the user, for a sign-in page"),
    ("tenant_region_scope", "the tenant's region"),
    ("xms_cc", "what the client can do (capabilities)"),
    ("xms_tcdt", "when the tenant was created"),
    ("xms_ftd", "internal to Entra"),
    ("xms_idrel", "internal to Entra"),
];

/// What this value of a claim means, where that is more than the claim's own meaning.
pub(super) fn of_value(name: &str, value: &str) -> Option<String> {
    match name {
        "aud" => crate::discovery::trust::first_party(value).map(str::to_owned),
        "azp" | "appid" => crate::known_clients::client_name(value).map(str::to_owned),
        "azpacr" | "appidacr" => match value {
            "0" => Some("did not authenticate: a public client".to_owned()),
            "1" => Some("authenticated with a secret".to_owned()),
            "2" => Some("authenticated with a certificate".to_owned()),
            _ => None,
        },
        "tid" if value == "9188040d-6c67-4c5b-b112-36a304b66dad" => {
            Some("personal Microsoft accounts".to_owned())
        }
        _ => None,
    }
}
