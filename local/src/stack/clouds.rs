//! The authority's port as a child of `run` sees it: what comes for one of Microsoft's hosts is
//! answered as that host's, and nothing of this program's own commands and pages is there.

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::middleware;
use hyper::Request;
use hyper::header::HOST;
use hyper::http::uri;
use local_entra::{Authority, CLOUDS, in_any_letter_case};
use local_events::{Log, record_events};
use local_http::page;
use local_http::serve::{Service, router_service};

/// Bytes of a form, as at the authority's own name.
const MAX_BODY: usize = 64 * 1024;

/// Every host that is played.
pub(super) fn hosts() -> Vec<&'static str> {
    CLOUDS
        .iter()
        .flat_map(|cloud| cloud.sign_in.iter().chain(cloud.resource_manager))
        .copied()
        .collect()
}

/// Answers for those hosts; all else goes to `own`.
pub(super) fn service(authority: &Authority, log: &Log, own: Service) -> Service {
    let answered = |routes: axum::Router| {
        let routes = routes
            .layer(DefaultBodyLimit::max(MAX_BODY))
            .layer(middleware::from_fn_with_state(log.clone(), record_events))
            .layer(middleware::map_response(page::private));
        router_service(in_any_letter_case(routes))
    };
    let mut by_host: Vec<(&'static str, Service)> = Vec::new();
    for cloud in &CLOUDS {
        let authority = authority.as_of(cloud);
        let sign_in = answered(authority.router());
        let manager = answered(authority.resource_manager());
        by_host.extend(cloud.sign_in.iter().map(|host| (*host, sign_in.clone())));
        let managers = cloud.resource_manager.iter();
        by_host.extend(managers.map(|host| (*host, manager.clone())));
    }
    Arc::new(move |request| {
        let host = host(&request);
        let played = by_host.iter().find(|(played, _)| *played == host);
        match played {
            Some((_, service)) => service(request),
            None => own(request),
        }
    })
}

/// The host that is asked for, in lower case and without the port of https.
fn host<B>(request: &Request<B>) -> String {
    let target = request.uri().authority().map(uri::Authority::as_str);
    let header = || request.headers().get(HOST)?.to_str().ok();
    let host = target.or_else(header).unwrap_or_default();
    let host = host.to_ascii_lowercase();
    host.strip_suffix(":443")
        .map_or(host.clone(), str::to_owned)
}
