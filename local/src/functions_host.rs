//! The Functions host: reads the app's files, keeps its custom handler running
//! and forwards calls to it, as the real host does with
//! `enableForwardingHttpRequest`.
//!
//! - [`app`]: `host.json` and each `function.json`, and which calls they route.
//! - [`route`]: route templates; [`local_settings`]: `local.settings.json`; [`cors`].
//! - [`process`]: the handler's process, supervised.
//! - [`forward`]: one call, to the handler and back; [`refusals`]: why it refused one.

mod app;
mod cors;
mod forward;
mod invocation;
mod local_settings;
mod process;
mod refusals;
mod route;

pub(crate) use app::FunctionApp;
pub(crate) use cors::Cors;
pub(crate) use forward::Host;
pub(crate) use invocation::Invocation;
pub(crate) use local_settings::LocalSettings;
pub(crate) use process::{Handler, HandlerSpec};
pub(crate) use refusals::Refusals;
