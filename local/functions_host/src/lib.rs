//! The Functions host: reads the app's files, keeps its custom handler running
//! and forwards calls to it, as the real host does with
//! `enableForwardingHttpRequest`.
//!
//! - [`app`]: `host.json` and each `function.json`, and which calls they route.
//! - [`files`]: how they are read, and what can be wrong with them.
//! - [`route`]: route templates; [`local_settings`]: `local.settings.json`.
//! - [`process`]: the handler's process, supervised.
//! - [`forward`]: one call, to the handler and back; [`invocation`]: what became of it;
//!   [`refusals`]: why it refused one.
//! - [`watch`]: a new handler when the files change.

mod app;
mod files;
mod forward;
#[doc(hidden)]
pub mod fuzzing;
mod invocation;
mod local_settings;
mod process;
mod refusals;
mod route;
mod watch;

pub use app::FunctionApp;
pub use forward::Host;
pub use invocation::Invocation;
pub use local_settings::LocalSettings;
pub use process::{Handler, HandlerSpec};
pub use refusals::Refusals;
pub use watch::Watch;
