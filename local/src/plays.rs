//! `up` with the settings of a real tenant, and no `--tenant`: whom the local authority plays.
//!
//! Only the tenant's and the clients' ids are taken. The issuer's host is the local authority,
//! since nobody here can sign as Microsoft: `iss` is its own. What is not known of the tenant or
//! of the API is said, not guessed.

use local_easy_auth::Settings;
use local_entra::{Directory, TokenVersion};
use local_failure::Failure;
use url::Url;
use uuid::Uuid;

use crate::deploy::{Place, TENANT_DOMAIN, Template};

/// The tenant of personal Microsoft accounts (documented).
const PERSONAL_ACCOUNTS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// Whom the local authority plays.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Played {
    pub(crate) tenant_id: String,
    /// What the settings call the tenant, where that is not its id.
    pub(crate) domain: Option<String>,
    pub(crate) client_id: String,
    /// The tokens that the issuer is for.
    pub(crate) version: TokenVersion,
    /// In words; none: the local tenant and its own API.
    pub(crate) says: Option<String>,
    pub(crate) notes: Vec<String>,
}

/// Reads the settings as the local authority's. `tenants` are those that the app setting
/// `WEBSITE_AUTH_AAD_ALLOWED_TENANTS` lists.
///
/// # Errors
/// They can't be used, or their issuer names no tenant of Entra ID's.
pub(crate) fn read(
    source: &Template,
    local: &Place,
    tenants: Option<&[String]>,
) -> Result<(Settings, Played), Failure> {
    let settings = Settings::parse(&local.filled(source)?, &source.name)?;
    let provider = settings.provider();
    let client_id = &provider.registration.client_id;
    let mut played = Played {
        tenant_id: local.tenant_id.clone(),
        domain: None,
        client_id: client_id.clone(),
        version: TokenVersion::V2,
        says: None,
        notes: Vec::new(),
    };
    // Off, the two need not be there.
    let issuer = match Url::parse(settings.issuer()) {
        Ok(issuer) if !client_id.is_empty() => issuer,
        _ => {
            played.client_id.clone_from(&local.client_id);
            return Ok((settings, played));
        }
    };
    let here = format!("https://{}", local.authority_host);
    let is_here = issuer.origin().ascii_serialization() == here;
    if !is_here && loopback::is_loopback(&issuer) {
        played.notes.push(format!(
            "openIdIssuer is {}, and this authority is {here}: the gate accepts that one's tokens, and no token of mint or approve",
            settings.issuer()
        ));
        return Ok((settings, played));
    }
    let named = Named::of(&issuer).ok_or_else(|| {
        Failure::new(
            format!("the local authority can't play the issuer of {}", source.name),
            format!("openIdIssuer is {}, whose path names no tenant of Entra ID", settings.issuer()),
            "write https://login.microsoftonline.com/TENANT-ID/v2.0 there, as the portal's Issuer URL",
        )
    })?;
    let (tenant, id) = match &named.tenant {
        Tenant::Id(id) => (format!("tenant {id}"), id.clone()),
        Tenant::Domain(domain) if domain == TENANT_DOMAIN => {
            (format!("tenant {domain}"), local.tenant_id.clone())
        }
        Tenant::Domain(domain) => {
            played.domain = Some(domain.clone());
            let id = match domain.as_str() {
                "consumers" => PERSONAL_ACCOUNTS,
                _ => &local.tenant_id,
            };
            (format!("tenant {domain} (here {id})"), id.to_owned())
        }
        // Any tenant will do; if some are listed, one of them.
        Tenant::Any => {
            let mut listed = tenants.unwrap_or_default().iter();
            let id = listed
                .find_map(|id| Uuid::try_parse(id).ok())
                .map_or_else(|| local.tenant_id.clone(), |id| id.hyphenated().to_string());
            (format!("tenant {id} (any is let in)"), id)
        }
    };
    played.tenant_id = id;
    played.version = named.version;
    if let Some(policy) = &named.policy {
        played.notes.push(format!(
            "openIdIssuer names the user flow {policy}: its own claims are not played, tokens look as Entra ID's"
        ));
    }
    if !is_here || played.tenant_id != local.tenant_id || played.client_id != local.client_id {
        played.says = Some(format!("{tenant} and API {client_id} of {}", source.name));
    }
    // Again, since placeholders stand for the tenant and the API that are played.
    let place = Place {
        tenant_id: played.tenant_id.clone(),
        client_id: played.client_id.clone(),
        ..local.clone()
    };
    let mut settings = Settings::parse(&place.filled(source)?, &source.name)?;
    let registration = &mut settings
        .identity_providers
        .azure_active_directory
        .registration;
    registration.open_id_issuer = format!(
        "{here}/{}{}",
        named.segment,
        match named.version {
            TokenVersion::V2 => "/v2.0",
            TokenVersion::V1 => "",
        }
    );
    Ok((settings, played))
}

/// What an Issuer URL says.
#[derive(Debug, PartialEq, Eq)]
struct Named {
    tenant: Tenant,
    /// As it stands in the path.
    segment: String,
    version: TokenVersion,
    /// A user flow of B2C's.
    policy: Option<String>,
}

#[derive(Debug, PartialEq, Eq)]
enum Tenant {
    Id(String),
    Domain(String),
    /// `common` or `organizations`.
    Any,
}

impl Named {
    /// `/<tenant>[/v2.0]`, of any of Microsoft's hosts: `login.microsoftonline.com`, another
    /// cloud's, `sts.windows.net`, `<name>.ciamlogin.com`. B2C's paths go on with a user flow, and
    /// may begin with `tfp`. No other path is read as a tenant's.
    fn of(issuer: &Url) -> Option<Self> {
        let mut path: Vec<&str> = issuer
            .path_segments()?
            .filter(|segment| !segment.is_empty())
            .collect();
        let version = match path.last() {
            Some(last) if last.eq_ignore_ascii_case("v2.0") => {
                path.pop();
                TokenVersion::V2
            }
            _ => TokenVersion::V1,
        };
        if path.first() == Some(&"tfp") {
            path.remove(0);
        }
        let (segment, policy) = match path.as_slice() {
            [segment] => (*segment, None),
            [segment, policy] => (*segment, Some((*policy).to_owned())),
            _ => return None,
        };
        let segment = segment.to_ascii_lowercase();
        let tenant = match (segment.as_str(), Uuid::try_parse(&segment)) {
            ("common" | "organizations", _) => Tenant::Any,
            (_, Ok(id)) => Tenant::Id(id.hyphenated().to_string()),
            (name, _) if name == "consumers" || name.contains('.') => {
                Tenant::Domain(segment.clone())
            }
            _ => return None,
        };
        Some(Self {
            tenant,
            segment,
            version,
            policy,
        })
    }
}

/// Who calls the API that is played.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Callers {
    /// The public client that people sign in as.
    pub(crate) signs_in: String,
    /// Whose tokens are minted.
    pub(crate) minted: String,
    pub(crate) notes: Vec<String>,
}

/// Who calls, by the clients that the settings list; `own` is greeting-cli's id.
pub(crate) fn callers(settings: &Settings, own: &str) -> Callers {
    let validation = &settings.provider().validation;
    let applications = &validation.default_authorization_policy.allowed_applications;
    let checks = &validation.jwt_claim_checks;
    // Empty, the first one lets everybody in and the other one nobody: no client helps there.
    let lists: Vec<&Vec<String>> = Some(applications)
        .into_iter()
        .chain(&checks.allowed_client_applications)
        .filter(|list| !list.is_empty())
        .collect();
    let is_in_all = |id: &str| {
        lists
            .iter()
            .all(|list| list.iter().any(|listed| listed.eq_ignore_ascii_case(id)))
    };
    let mut notes = Vec::new();
    let (signs_in, minted) = if is_in_all(own) {
        (own.to_owned(), own.to_owned())
    } else {
        let listed = || {
            lists
                .iter()
                .flat_map(|list| list.iter())
                .filter(|id| is_in_all(id))
        };
        // Microsoft's own clients are public everywhere; what another one is stands in no settings.
        match listed().find(|id| Directory::is_first_party(id)) {
            Some(public) => (public.clone(), public.clone()),
            None => {
                let minted = listed().next().map_or(own, String::as_str);
                notes.push(format!(
                    "greeting-cli's client {own} is not in the lists of clients: who signs in as it gets 403; up --allow-client {own} lets it in here"
                ));
                (own.to_owned(), minted.to_owned())
            }
        }
    };
    notes.extend(principals(settings));
    Callers {
        signs_in,
        minted,
        notes,
    }
}

/// Users and groups that are listed are the real tenant's.
fn principals(settings: &Settings) -> Option<String> {
    let validation = &settings.provider().validation;
    let policy = &validation.default_authorization_policy.allowed_principals;
    let oid = policy.identities.first();
    let checked = validation.jwt_claim_checks.allowed_groups.iter().flatten();
    // Identities or groups: one of the two is enough.
    let listed = policy.groups.iter().filter(|_| oid.is_none());
    let groups: Vec<&String> = checked.take(1).chain(listed.take(1)).collect();
    let mut claims: Vec<String> = oid
        .map(|oid| format!("--claim oid={oid}"))
        .into_iter()
        .collect();
    if !groups.is_empty() {
        claims.push(format!("--claim '{}'", format_args!("groups={groups:?}")));
    }
    (!claims.is_empty()).then(|| {
        format!(
            "the settings list users or groups, and nobody here is among them: 403; greeting-local mint {} makes a token of one",
            claims.join(" ")
        )
    })
}

#[cfg(test)]
mod tests;
