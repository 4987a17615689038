//! What the token shows: rows that look alike stand beside each other.

use serde_json::{Value, json};

use super::{API, Call, OTHER, TENANT, USER};
use crate::report::Report;

pub(super) fn examples() -> Vec<(&'static str, Report)> {
    let of = |claims: Value| Call::with(claims).refused().report();
    let aud = |aud: String| of(json!({"aud": aud}));
    let bare = |claims: Value| Call::with(claims).answered(403, |answer| answer.from_gate = true);
    let groups = json!({"defaultAuthorizationPolicy": {"allowedPrincipals": {"groups": [OTHER]}}});
    let allowed = json!({"jwtClaimChecks": {"allowedGroups": [OTHER]}});
    let overage = json!({"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://graph.windows.net/x"}}});
    vec![
        // App ID URIs that may be this API's own, and one that is known to be another's.
        ("audience-mismatch host", aud("https://contoso-greeting.azurewebsites.net".into())),
        ("audience-mismatch domain", aud("api://contoso.com/greeting".into())),
        ("audience-mismatch tenant", aud(format!("api://{TENANT}/{API}"))),
        ("audience-mismatch spn", aud(format!("spn:{API}"))),
        ("audience-mismatch host settings", Call::with(json!({"aud": "https://contoso-greeting.azurewebsites.net"})).refused().knowing(json!({"allowedAudiences": []})).report()),
        ("wrong-api application", aud(OTHER.into())),
        ("wrong-api application settings", Call::with(json!({"aud": OTHER})).refused().knowing(json!({"allowedAudiences": []})).report()),
        // `ver` is not the issuer.
        ("nothing known B2C", Call::with(json!({"ver": "1.0", "iss": format!("https://contoso.b2clogin.com/{TENANT}/v2.0/")})).answered(401, |answer| {
            answer.challenges = vec![format!("Bearer realm=\"contoso-greeting.azurewebsites.net\" authorization_uri=\"https://contoso.b2clogin.com/contoso.onmicrosoft.com/b2c_1_signin/oauth2/v2.0/authorize\" resource_id=\"{API}\"")];
        }).report()),
        ("issuer-version by iss", of(json!({"ver": "2.0", "iss": format!("https://sts.windows.net/{TENANT}/")}))),
        // Another tenant's issuer, with this tenant's `tid`; and the reverse.
        ("wrong-tenant by iss", of(json!({"iss": format!("https://login.microsoftonline.com/{OTHER}/v2.0")}))),
        ("wrong-tenant by tid", of(json!({"tid": OTHER}))),
        ("expectations-conflict", Call { tenant: Some(OTHER), ..Call::with(json!({"tid": OTHER, "iss": format!("https://login.microsoftonline.com/{OTHER}/v2.0")})) }.refused().report()),
        // No groups in the token: too many, or none asked for; and some, of which none is allowed.
        ("groups-overage", bare(overage).knowing(groups.clone()).report()),
        ("principal-not-allowed no groups", bare(json!({})).knowing(groups.clone()).report()),
        ("principal-not-allowed groups", bare(json!({"groups": [USER]})).knowing(groups).report()),
        ("groups-overage allowed groups", bare(json!({"hasgroups": true})).knowing(allowed).report()),
        // Settings that accept the token: others are in force.
        ("stored-empty-list", bare(json!({})).knowing(json!({})).report()),
        ("stored-empty-list in the file", bare(json!({})).knowing(json!({"jwtClaimChecks": {"allowedClientApplications": []}})).report()),
        ("not-an-access-token no nonce", of(json!({"aud": OTHER, "azp": null, "scp": null}))),
        ("wrong-algorithm PS256", Call::sending(crate::diagnosis::Sent::Token(Box::new(super::decoded(json!({"alg": "PS256", "kid": "key-1"}), &json!({}))))).refused().report()),
    ]
}
