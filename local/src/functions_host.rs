//! The Functions host: reads the app's files, keeps its custom handler running
//! and forwards calls to it, as the real host does with
//! `enableForwardingHttpRequest`.
//!
//! - [`app`]: `host.json` and each `function.json`, and which calls they route.
//! - [`route`]: route templates; [`local_settings`]: `local.settings.json`; [`cors`].
//! - [`process`]: the handler's process, supervised.
//! - [`forward`]: one call, to the handler and back.

mod app;
mod cors;
mod forward;
mod local_settings;
mod process;
mod route;

pub(crate) use app::FunctionApp;
pub(crate) use cors::Cors;
pub(crate) use forward::Host;
pub(crate) use local_settings::LocalSettings;
pub(crate) use process::{Handler, HandlerSpec};
