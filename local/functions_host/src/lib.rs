//! The Functions host: reads the app's files, keeps its custom handler running
//! and forwards calls to it, as the real host does with
//! `enableForwardingHttpRequest`.
//!
//! - [`app`]: `host.json` and each `function.json`, and which calls they route.
//! - [`files`]: how they are read, and what can be wrong with them; [`configuration`]: `host.json`
//!   with the app settings that override it; [`time_span`]: its times.
//! - [`route`]: route templates; [`local_settings`]: `local.settings.json`; [`variables`]: the
//!   environment; [`command_line`]: the handler's arguments.
//! - [`process`]: the handler's process, supervised; [`program`]: its file.
//! - [`forward`]: one call, to the handler and back; [`invocation`]: what became of it;
//!   [`refusals`]: why it refused one.
//! - [`watch`]: a new handler when the files change.

mod app;
mod command_line;
mod configuration;
mod files;
mod forward;
#[doc(hidden)]
pub mod fuzzing;
mod invocation;
mod left_out;
mod local_settings;
mod process;
mod program;
mod refusals;
mod route;
mod time_span;
mod variables;
mod watch;

pub use app::{
    Answers, AuthLevel, Forwarding, Function, FunctionApp, HandlerDescription, Redirects,
};
pub use command_line::CommandLine;
pub use forward::Host;
pub use invocation::Invocation;
pub use left_out::{LeftOut, Reason};
pub use local_settings::LocalSettings;
pub use process::{Handler, HandlerSpec, Readiness};
pub use program::UnusableProgram;
pub use refusals::Refusals;
pub use variables::Environment;
pub use watch::{Program, Watch};
