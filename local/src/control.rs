//! What this program's other commands ask the stack that runs, and how.
//!
//! - `running`: where it is, by the state folder; `client`: how commands ask; `secret`: who may
//! - `approve`, `policy`, `rotate_keys`, `log`, `status`, `stop`: an endpoint each

pub(crate) mod approve;
pub(crate) mod client;
pub(crate) mod log;
pub(crate) mod policy;
pub(crate) mod rotate_keys;
pub(crate) mod running;
pub(crate) mod secret;
pub(crate) mod status;
pub(crate) mod stop;
