//! HTTP on loopback.
//!
//! - `serve`: listeners, plain or TLS; `tls`: the development CA that clients trust
//! - `relay`: one request over one connection, and its answer back
//! - `localhost`: the guard against DNS rebinding; `cors`: which other sites' pages may call
//! - `page`: the frame of every page

pub mod cors;
pub mod localhost;
pub mod page;
pub mod relay;
pub mod serve;
pub mod tls;
