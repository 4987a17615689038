//! Who may ask for what: the guard against DNS rebinding, and against a network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use loopback::NAMES;

use crate::arrival;
use crate::public_host::PublicHost;
use crate::serve::Peer;

/// Refuses other names for this address: a web page could point a name of its own at loopback
/// (DNS rebinding) and then read what is answered.
pub async fn only_localhost(mut request: Request, next: Next) -> Response {
    if let Err(why) = arrival::read(&mut request) {
        return (why.status(), format!("{why}\n")).into_response();
    }
    if is_localhost(&host(&request)) {
        return next.run(request).await;
    }
    (
        StatusCode::MISDIRECTED_REQUEST,
        "This authority is localhost only.\n",
    )
        .into_response()
}

/// Refuses what comes by a network, where this machine is reached by one: its commands and its
/// control room are this machine's alone.
pub async fn only_this_machine(
    State(public): State<Option<PublicHost>>,
    request: Request,
    next: Next,
) -> Response {
    if public.is_none() || (is_localhost(&host(&request)) && came_from(&request) == From::Here) {
        return next.run(request).await;
    }
    let why = "Only the machine, or the container, that greeting-local runs in is answered here, \
               at https://localhost. There: greeting-local approve, mint, policy, log.\n";
    (StatusCode::FORBIDDEN, why).into_response()
}

/// [`only_localhost`], which takes the public name as well: from a network nothing else.
pub async fn only_known_names(
    State(public): State<Option<PublicHost>>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(public) = public else {
        return only_localhost(request, next).await;
    };
    if let Err(why) = arrival::read(&mut request) {
        return (why.status(), format!("{why}\n")).into_response();
    }
    let host = host(&request);
    let is_public = public.as_str().eq_ignore_ascii_case(&host);
    if is_public || (is_localhost(&host) && came_from(&request) == From::Here) {
        return next.run(request).await;
    }
    let why = format!("This authority is {public}; ask it by that name.\n");
    (StatusCode::MISDIRECTED_REQUEST, why).into_response()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    Here,
    Network,
}

/// By both ends of the connection, which no header can change: systems exist that route a
/// neighbour's packets to 127.0.0.1 (CVE-2020-8558), and a machine can call its own other address.
fn came_from(request: &Request) -> From {
    request
        .extensions()
        .get::<Peer>()
        .map_or(From::Network, |peer| {
            let called = peer.called.map(|called| called.ip());
            ends(peer.address.ip(), called)
        })
}

fn ends(caller: IpAddr, called: Option<IpAddr>) -> From {
    const HERE: [IpAddr; 2] = [
        IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::LOCALHOST),
    ];
    if HERE.contains(&caller) && called.is_some_and(|called| HERE.contains(&called)) {
        From::Here
    } else {
        From::Network
    }
}

fn host(request: &Request) -> String {
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok()?.parse::<Authority>().ok());
    host.map_or_else(String::new, |host| host.host().to_owned())
}

fn is_localhost(host: &str) -> bool {
    NAMES.iter().any(|name| name.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn point_4_this_machine_is_both_ends_of_a_connection() {
        for (caller, called, expected) in [
            ("127.0.0.1", Some("127.0.0.1"), From::Here),
            ("::1", Some("::1"), From::Here),
            ("172.18.0.3", Some("172.18.0.2"), From::Network),
            ("172.18.0.3", Some("127.0.0.1"), From::Network),
            ("127.0.0.1", Some("172.18.0.2"), From::Network),
            ("127.0.0.2", Some("127.0.0.1"), From::Network),
            ("127.0.0.1", None, From::Network),
        ] {
            let called = called.map(|called| called.parse().unwrap());
            assert_eq!(ends(caller.parse().unwrap(), called), expected, "{caller}");
        }
    }
}
