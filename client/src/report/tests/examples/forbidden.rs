//! The causes of a 403.

use serde_json::json;

use super::{Call, NOW, OTHER};
use crate::diagnosis::Sent;
use crate::report::Report;

pub(super) fn examples() -> Vec<(&'static str, Report)> {
    let from_gate = |call: Call| call.answered(403, |answer| answer.from_gate = true);
    let program =
        json!({"scp": null, "idtyp": "app", "azpacr": "1", "roles": ["Greeting.Read.All"]});
    let page = "<h1>Error 403 - This web app is stopped.</h1>";
    vec![
        ("missing-scope", Call::with(json!({"scp": "Profile.Read"})).forbidden().report()),
        ("missing-scope spelling", Call::with(json!({"scp": "greeting.read"})).forbidden().report()),
        ("app-only-token", Call::with(program).forbidden().report()),
        ("client-not-allowed", from_gate(Call::with(json!({}))).report()),
        ("client-not-allowed settings", from_gate(Call::with(json!({}))).knowing(json!({"jwtClaimChecks": {"allowedClientApplications": [OTHER]}})).report()),
        ("principal-not-allowed", from_gate(Call::with(json!({}))).knowing(json!({"defaultAuthorizationPolicy": {"allowedPrincipals": {"identities": [OTHER], "groups": [OTHER]}}})).report()),
        ("host-forbidden", Call::with(json!({})).answered(403, |answer| answer.body = page.into()).report()),
        ("host-forbidden unasked", Call::sending(Sent::Nothing).answered(403, |_| ()).report()),
        ("no-token Return403", from_gate(Call::sending(Sent::Nothing)).report()),
        ("expired Return403", from_gate(Call::with(json!({"exp": NOW - 3600}))).report()),
    ]
}
