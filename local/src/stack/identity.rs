//! The app's managed identity: a port of its own on loopback, plain HTTP as on App Service, so that
//! no client has to trust the development CA for it.

use axum::middleware;
use local_entra::Authority;
use local_events::{Log, Source, record_events};
use local_failure::Failure;
use local_http::dns_rebinding_guard::only_localhost;
use local_http::origin;
use local_http::page;
use local_http::serve::{Loopback, Scheme, router_service};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::{front_end, listeners};
use crate::control::running::ManagedIdentity;

/// Bound, and served.
pub(super) struct Identity {
    pub(super) told: ManagedIdentity,
    pub(super) serving: JoinHandle<()>,
}

/// Serves the identity of the authority's tenant.
///
/// # Errors
/// No port is free.
pub(super) async fn serve(
    authority: &Authority,
    log: &Log,
    stopped: watch::Receiver<bool>,
) -> Result<Identity, Failure> {
    let listener: Loopback = listeners::bind_any().await?;
    // As App Service writes it: 32 hexadecimal digits.
    let header = uuid::Uuid::new_v4().simple().to_string().to_uppercase();
    let (routes, path) = authority.managed_identity(&header);
    let routes = routes
        .layer(middleware::from_fn(only_localhost))
        .layer(middleware::from_fn_with_state(log.clone(), record_events))
        .layer(middleware::map_response(page::private));
    let origin = origin::localhost(Scheme::Http, listener.port);
    let serving = listener
        .reporting(front_end::unread(log, Source::Authority))
        .serve(None, router_service(routes), stopped);
    Ok(Identity {
        told: ManagedIdentity {
            endpoint: format!("{origin}{path}"),
            header,
        },
        serving: tokio::spawn(serving),
    })
}
