//! HTTP on loopback.
//!
//! - `serve`: listeners, plain or TLS; `tls`: the development CA that clients trust
//! - `arrival`: what a request has to be before anything is decided on it
//! - `relay`: one request over one connection, and its answer back
//! - `dns_rebinding_guard`: the guard against DNS rebinding; `cors`: which other sites' pages may call
//! - `page`: the frame of every page

pub mod arrival;
pub mod cors;
pub mod dns_rebinding_guard;
#[doc(hidden)]
pub mod fuzzing;
pub mod page;
pub mod relay;
pub mod serve;
pub mod tls;
