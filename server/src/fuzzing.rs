//! What the fuzz targets run, and what must hold of every input. A panic is a finding.

use crate::authorize::{Decision, EasyAuth, Unauthenticated, authorize};
use crate::principal::Principal;

/// `X-MS-CLIENT-PRINCIPAL`, as it arrives; and the same bytes as the JSON that it would carry.
pub fn principal(data: &[u8]) {
    let decision = authorize(EasyAuth::On, [data]);
    match Principal::decode(data) {
        Ok(principal) => {
            // Said again in other words than `authorize` has.
            let scope = principal.claims.iter().any(|claim| {
                (claim.typ == "scp" || claim.typ.ends_with("/identity/claims/scope"))
                    && claim.val.contains("Greeting.Read")
            });
            if decision == Decision::Granted {
                assert!(
                    principal.auth_typ == "aad" && scope,
                    "granted to a wrong one"
                );
            }
            is_read_back(&principal);
        }
        Err(why) => assert_eq!(
            decision,
            Decision::Unauthenticated(Unauthenticated::Malformed(why))
        ),
    }
    assert_eq!(authorize(EasyAuth::Off, [data]), Decision::EasyAuthOff);
    assert_eq!(
        authorize(EasyAuth::On, [data, data]),
        Decision::Unauthenticated(Unauthenticated::SeveralPrincipals)
    );
    if let Ok(principal) = serde_json::from_slice(data) {
        is_read_back(&principal);
    }
}

fn is_read_back(principal: &Principal) {
    assert!(
        Principal::decode(principal.encode()).as_ref() == Ok(principal),
        "what is written is not what is read"
    );
}
