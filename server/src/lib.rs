//! A protected Azure Function, as a custom handler: `GET /api/greeting` is
//! answered only to callers that Easy Auth has authenticated and whose token
//! carries the delegated scope `Greeting.Read`.
//!
//! - `main.rs`: the port the Functions host gives, and the signals that end us.
//! - [`handler`]: routes to responses, and the HTTP server around them.
//! - [`authorize`]: the 401, 403 or 200 decision, pure.
//! - [`principal`]: the `X-MS-CLIENT-PRINCIPAL` header to a type and back.
//! - [`refusal_line`]: what is logged of a refusal, written and read back.
//!
//! The bearer token is never read here. Easy Auth validates it, strips
//! `X-MS-CLIENT-PRINCIPAL` from what callers send and sets it anew, so that
//! header is the identity; and because that holds only where Easy Auth is on,
//! the handler refuses every greeting where it is not.

pub mod authorize;
#[doc(hidden)]
pub mod fuzzing;
pub mod handler;
pub mod principal;
pub mod refusal_line;
