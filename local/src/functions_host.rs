//! The Functions host: reads the app's files, keeps its custom handler running
//! and forwards calls to it, as the real host does with
//! `enableForwardingHttpRequest`.
//!
//! - [`app`]: `host.json` and each `function.json`, and which calls they route.
//! - [`process`]: the handler's process, supervised.
//! - [`forward`]: one call, to the handler and back.

mod app;
mod forward;
mod process;

pub(crate) use app::FunctionApp;
pub(crate) use forward::{BoxBody, Host};
pub(crate) use process::{Handler, HandlerSpec};
