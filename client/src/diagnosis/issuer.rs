//! 401: whose token it is. The gate compares `iss` as it is written; `ver` says nothing of it.

use url::Url;

use super::{Code, Expected, Finding};
use crate::discovery::challenge::Version;
use crate::guid::is_guid;
use crate::provenance::Source;
use crate::token::Decoded;

/// The tenant of personal Microsoft accounts.
const PERSONAL: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// The first segment of an issuer's path, where it is a tenant's id.
fn tenant_of(issuer: &str) -> Option<String> {
    let url = Url::parse(issuer).ok()?;
    let first = url.path_segments()?.next()?.to_owned();
    is_guid(&first).then_some(first)
}

/// `https://sts.windows.net/<tenant>/`, or another cloud's: a tenant and nothing more.
fn is_v1(issuer: &str) -> bool {
    Url::parse(issuer).is_ok_and(|url| is_guid(url.path().trim_matches('/')))
}

pub(super) fn wrong_tenant(token: &Decoded, expected: &Expected) -> Option<Finding> {
    let (want, source) = expected.tenant.as_ref()?;
    // A domain can't be compared with an id.
    if !is_guid(want) {
        return None;
    }
    let differs = |seen: &String| !seen.eq_ignore_ascii_case(want);
    let iss = token.text("iss").and_then(tenant_of).filter(differs);
    let tid = token.text("tid").map(str::to_owned).filter(differs);
    let seen = iss.clone().or_else(|| tid.clone())?;
    let (summary, fix) = if tid.as_deref() == Some(PERSONAL) || seen == PERSONAL {
        (
            "a personal Microsoft account signed in, and the function accepts accounts of its tenant",
            format!("sign in with a work or school account: greeting-cli call URL --tenant {want}"),
        )
    } else {
        (
            "the token is from another tenant",
            format!(
                "sign in to the function's: greeting-cli call URL --tenant {want}; or by az: az login --tenant {want}"
            ),
        )
    };
    let finding = Finding::likely(Code::WrongTenant, summary, fix);
    // The issuer is what a gate of one tenant compares; what a person said of the tenant is not
    // the gate's word.
    let by_gate = matches!(
        source,
        Source::Challenge | Source::Discovery | Source::Settings
    );
    let finding = if iss.is_some() && by_gate {
        finding.sure()
    } else {
        finding
    };
    let mut finding = finding;
    if iss.is_some() {
        finding = finding.saw(
            "iss",
            token.text("iss").unwrap_or_default(),
            format!("…/{want}/…"),
            *source,
        );
    }
    if let Some(tid) = tid {
        finding = finding.saw("tid", tid, want.as_str(), *source);
    }
    Some(finding)
}

/// The other kind of the same tenant's issuer: scheme, host and path, to the last slash.
pub(super) fn issuer_version(token: &Decoded, expected: &Expected) -> Option<Finding> {
    let iss = token.text("iss")?;
    let (version, source) = *expected.version.as_ref()?;
    let is_v2 = Version::of_issuer(iss) == Version::V2;
    let (want, kind, fix) = match version {
        Version::V2 if is_v1(iss) => (
            "an issuer that ends in /v2.0",
            "the gate expects the issuer of v2 tokens, and this one's is that of v1 tokens",
            "set requestedAccessTokenVersion to 2 in the API's app registration (its manifest), and sign in again",
        ),
        Version::V1 if is_v2 => (
            "https://sts.windows.net/<tenant>/",
            "the gate expects the issuer of v1 tokens, and this one's is that of v2 tokens",
            "set the identity provider's Issuer URL to the one that ends in /v2.0",
        ),
        // Another form is somebody else's issuer, of which nothing is known.
        _ => return None,
    };
    // Some gates are reported to accept the other issuer too.
    Some(Finding::likely(Code::IssuerVersion, kind, fix).saw("iss", iss, want, source))
}
