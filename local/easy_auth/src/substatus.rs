//! The sub-status of what the gate answers, which Azure has in its logs and never on the wire:
//! `sc-substatus` of the HTTP log, `SubStatusCode` of `AppServiceAuthenticationLogs`.
//!
//! The codes are those of the public list of Easy Auth's author, and only those: of an answer that
//! the list does not name, there is none here either.
//!
//! <https://github.com/cgillum/easyauth/wiki/HTTP-Status-Codes> (December 2020); a log of a site's,
//! pasted in February 2017, has `403.60` for a cross-site request.

use hyper::{Method, StatusCode};

use super::reason::Reason;

/// Another site's page may have sent the request (403).
const CROSS_SITE: u16 = 60;
/// The caller has to be authenticated, and is not (401).
const NOT_AUTHENTICATED: u16 = 71;
/// The sign-in's protocol was violated (400, 401).
const PROTOCOL: u16 = 73;
/// A client-directed sign-in went well (200).
const DIRECTED: u16 = 77;
/// The token is not valid (400, 401).
const INVALID_TOKEN: u16 = 83;

/// Of a refusal.
pub(super) fn of_refusal(status: StatusCode, reason: &Reason) -> Option<u16> {
    if matches!(reason, Reason::CrossSite(_)) {
        return Some(CROSS_SITE);
    }
    if status != StatusCode::UNAUTHORIZED {
        return None;
    }
    match reason {
        Reason::NoToken | Reason::NoSession | Reason::MalformedAuthorization => {
            Some(NOT_AUTHENTICATED)
        }
        Reason::MalformedToken
        | Reason::WrongAlgorithm
        | Reason::UnknownExtension
        | Reason::UnknownKey
        | Reason::BadSignature
        | Reason::WrongIssuer { .. }
        | Reason::WrongAudience { .. }
        | Reason::Expired { .. }
        | Reason::NotYetValid { .. }
        | Reason::MissingTime(_) => Some(INVALID_TOKEN),
        // The token was not looked at; and the others are no 401s.
        Reason::KeysUnavailable(_)
        | Reason::Unreadable(_)
        | Reason::NoRefreshToken
        | Reason::NoClientSecret
        | Reason::TenantNotAllowed(_)
        | Reason::NoObjectId
        | Reason::NoClient { .. }
        | Reason::ClientNotAllowed { .. }
        | Reason::CrossSite(_)
        | Reason::PrincipalNotAllowed => None,
    }
}

/// Of an answer at one of the gate's own pages; `page` is its path below the API prefix.
pub(super) fn of_page(method: &Method, page: &str, status: StatusCode) -> Option<u16> {
    match (page.trim_end_matches('/'), method, status.as_u16()) {
        ("/login/aad/callback", _, 400 | 401) | ("/login/aad", &Method::POST, 400) => {
            Some(PROTOCOL)
        }
        ("/login/aad", &Method::POST, 401) => Some(INVALID_TOKEN),
        ("/login/aad", &Method::POST, 200) => Some(DIRECTED),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_answers_of_the_public_list_have_one() {
        let expired = Reason::Expired { by_seconds: 1 };
        for (status, reason, expected) in [
            (401, &Reason::NoToken, Some(71)),
            (401, &expired, Some(83)),
            (401, &Reason::KeysUnavailable(String::new()), None),
            // Return403, and the policy's.
            (403, &Reason::NoToken, None),
            (403, &Reason::PrincipalNotAllowed, None),
            (403, &Reason::CrossSite(None), Some(60)),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(of_refusal(status, reason), expected, "{status} {reason:?}");
        }
        for (method, page, status, expected) in [
            (Method::GET, "/login/aad/callback", 401, Some(73)),
            (Method::POST, "/login/aad", 400, Some(73)),
            (Method::POST, "/login/aad/", 401, Some(83)),
            (Method::POST, "/login/aad", 200, Some(77)),
            (Method::GET, "/login/aad", 302, None),
            (Method::GET, "/me", 401, None),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(of_page(&method, page, status), expected, "{page} {status}");
        }
    }
}
