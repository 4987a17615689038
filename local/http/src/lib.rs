//! HTTP on loopback.
//!
//! - `serve`: listeners, plain or TLS; `tls`: the development CA that clients trust;
//!   `trust`: the files that hold it beside the system's roots
//! - `peer`: who calls
//! - `limits`, `connections`, `descriptors`: what one caller may hold; `request_body`, `stream`: what becomes of
//!   what nobody reads
//! - `unread`: requests that hyper can't read
//! - `arrival`: what a request has to be before anything is decided on it
//! - `relay`: one request to its server, over a connection that is kept, and its answer back
//! - `dns_rebinding_guard`: the guard against DNS rebinding; `cors`: which other sites' pages may call
//! - `origin`: how an origin is written; `identifier`: what a request is called in logs
//! - `page`: the frame of every page

pub mod arrival;
mod connections;
pub mod cors;
pub mod descriptors;
pub mod dns_rebinding_guard;
#[doc(hidden)]
pub mod fuzzing;
pub mod identifier;
mod limits;
pub mod origin;
pub mod page;
mod peer;
pub mod public_host;
pub mod relay;
mod request_body;
pub mod serve;
mod stream;
pub mod tls;
pub mod trust;
mod unread;
