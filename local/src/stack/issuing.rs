//! Who issues the tokens, and the client that fetches an issuer's keys.

use std::panic::resume_unwind;
use std::path::Path;
use std::time::Duration;

use local_easy_auth::{ALLOW_ID_TOKENS, Settings};
use local_entra::{Authority, CLOUDS, Daemon, Directory, KeyError, KeyRing, Parts, RefreshTokens};
use local_events::Clock;
use local_failure::{Failure, Fix};
use local_http::serve::Scheme;
use local_http::tls::TlsError;

use super::Options;
use crate::registrations::LocalTenant;
use crate::state;
use crate::typed::Typed;

/// Where the gate's browser sign-in comes back to.
pub(super) fn callbacks(
    settings: &Settings,
    scheme: Scheme,
    public_host: Option<&str>,
    port: u16,
) -> Vec<String> {
    let scheme = scheme.name();
    let prefix = &settings.http_settings.routes.api_prefix;
    ["localhost", "127.0.0.1", "[::1]"]
        .into_iter()
        .chain(public_host)
        .map(|host| format!("{scheme}://{host}:{port}{prefix}/login/aad/callback"))
        .collect()
}

/// The local authority, with the keys of the state folder.
pub(super) fn authority(
    options: &Options,
    tenant: &LocalTenant,
    (origin, pages): (&str, &str),
    clock: Clock,
    callbacks: Vec<String>,
    client_secret: Option<String>,
) -> Result<Authority, Failure> {
    let state_dir = &options.state_dir;
    // Each makes an RSA key at a first start, of which that is the longest part.
    let (keys, daemon) = std::thread::scope(|scope| {
        let daemon = scope.spawn(|| Daemon::load_or_create(state_dir));
        let keys = KeyRing::load_or_create(state_dir, clock.now());
        let daemon = daemon.join();
        (keys, daemon.unwrap_or_else(|panic| resume_unwind(panic)))
    });
    let keys = keys.map_err(|error| no_keys(state_dir, &error))?;
    let daemon = daemon.map_err(|error| no_keys(state_dir, &error))?;
    let refresh_tokens = RefreshTokens::load(state_dir.join(tenant.refresh_store()))
        .map_err(|error| state::unusable(&error))?;
    let mut directory = tenant.directory()?;
    directory.register_gate(callbacks, client_secret);
    check_auto_approve(&directory, options.auto_approve.as_deref())?;
    Ok(Authority::new(Parts {
        directory,
        keys,
        daemon: Some(daemon),
        origin: origin.to_owned(),
        pages: pages.to_owned(),
        clock,
        refresh_tokens,
        auto_approve: options.auto_approve.clone(),
        poll_interval: options.poll_interval,
    }))
}

/// That browsers can't sign in, where they are to.
pub(super) fn no_id_tokens(
    settings: &Settings,
    directory: &Directory,
    registration: &str,
) -> Option<String> {
    (settings.signs_browsers_in() && !directory.api_gives_id_tokens()).then(|| {
        format!(
            "browser sign-in ends in AADSTS700054, as in Azure: {registration} does not allow ID tokens. Add {ALLOW_ID_TOKENS} to it; in Azure: az ad app update --id {} --enable-id-token-issuance true",
            directory.api_client_id()
        )
    })
}

/// Whoever is to approve every sign-in has to be able to sign in: nobody would see why not.
fn check_auto_approve(directory: &Directory, user: Option<&str>) -> Result<(), Failure> {
    let Some(user) = user else { return Ok(()) };
    let names = directory.may_sign_in().join(", ");
    match directory.user(user) {
        Some(known) if names.split(", ").any(|name| name == known.upn) => Ok(()),
        found => Err(Failure::new(
            format!("--auto-approve {user} can't sign in"),
            match found {
                None => "the tenant has no such user",
                Some(_) => "AADSTS50057: the account is disabled",
            },
            match directory.nearest_user(user).filter(|_| found.is_none()) {
                Some(meant) => {
                    let command = format!("up --auto-approve {meant}");
                    Fix::command(Typed::here().own(&command))
                }
                None => format!("name one of {names}").into(),
            },
        )),
    }
}

/// The certificates that the client for the issuer's keys trusts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust<'a> {
    /// The system's: a real tenant's keys never come by the development CA.
    System,
    /// Those and the development CA, in this file.
    SystemAnd(&'a Path),
    /// The development CA alone: the issuer is the local authority, and reading the system's would
    /// be a quarter of a start.
    Only(&'a Path),
}

impl<'a> Trust<'a> {
    /// For the settings' issuer, where the local authority is at `own_origin`.
    pub(super) fn of_issuer(issuer: &str, own_origin: &str, ca: &'a Path) -> Self {
        match issuer.strip_prefix(own_origin) {
            Some(path) if path.starts_with('/') => Self::Only(ca),
            _ => Self::SystemAnd(ca),
        }
    }
}

/// An HTTP client for the issuer's keys; with `own_port`, those of Microsoft's hosts are the local
/// authority's, there.
pub(super) fn client(
    trust: Trust<'_>,
    settings: &Settings,
    public_host: Option<&str>,
    own_port: Option<u16>,
) -> Result<reqwest::Client, Failure> {
    let failed = |error: &dyn std::fmt::Display| {
        Failure::new(
            "the development CA can't be used",
            error,
            "name another folder with --state-dir, or remove ca.pem and ca-key.pem from this one",
        )
    };
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(10));
    // Offices have proxies, and a proxy can't reach this machine's localhost.
    if settings.has_loopback_issuer() {
        builder = builder.no_proxy();
    }
    // This machine may not know the name that others have for it, and a proxy does not.
    if let Some(host) = public_host
        && matches!(trust, Trust::Only(_))
    {
        let here = std::net::SocketAddr::from((std::net::Ipv4Addr::LOCALHOST, 0));
        builder = builder.no_proxy().resolve(host, here);
    }
    if let Some(port) = own_port
        && matches!(trust, Trust::Only(_))
    {
        let here = std::net::SocketAddr::from((std::net::Ipv4Addr::LOCALHOST, port));
        builder = builder.no_proxy().resolve(CLOUDS[0].host(), here);
    }
    let certificate = |ca: &Path| {
        let pem = state_folder::read_regular(ca).map_err(|error| failed(&error))?;
        reqwest::Certificate::from_pem(&pem).map_err(|error| failed(&error))
    };
    builder = match trust {
        Trust::System => builder,
        Trust::SystemAnd(ca) => builder.tls_certs_merge([certificate(ca)?]),
        Trust::Only(ca) => builder.tls_certs_only([certificate(ca)?]),
    };
    builder.build().map_err(|error| failed(&error))
}

/// There are no signing keys.
pub(crate) fn no_keys(folder: &Path, error: &KeyError) -> Failure {
    match error {
        KeyError::Unusable(error) => state::unusable(error),
        error => in_state(folder, error),
    }
}

/// There is no development CA.
pub(super) fn no_ca(folder: &Path, error: &TlsError) -> Failure {
    match error {
        TlsError::Unusable(error) => state::unusable(error),
        error => in_state(folder, error),
    }
}

/// The state folder can't be used.
fn in_state(folder: &Path, error: impl std::fmt::Display) -> Failure {
    Failure::new(
        format!("the keys in {} can't be used", folder.display()),
        error,
        "name another folder with --state-dir, or remove this one: new keys are made",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn point_5_the_systems_certificates_are_read_for_another_issuer_only() {
        let ca = Path::new("ca.pem");
        let of = |issuer| Trust::of_issuer(issuer, "https://localhost:7443", ca);
        assert_eq!(of("https://localhost:7443/tenant/v2.0"), Trust::Only(ca));
        for other in [
            "https://localhost:74430/tenant/v2.0",
            "https://localhost:8443/realms/one",
            "http://localhost:7443/tenant/v2.0",
            "https://login.microsoftonline.com/tenant/v2.0",
        ] {
            assert_eq!(of(other), Trust::SystemAnd(ca), "{other}");
        }
    }
}
