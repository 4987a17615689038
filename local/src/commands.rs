//! A file for each command.

pub(crate) mod approve;
pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod detach;
pub(crate) mod env;
pub(crate) mod health;
pub(crate) mod launch;
pub(crate) mod log;
pub(crate) mod man;
pub(crate) mod mint;
pub(crate) mod package;
pub(crate) mod policy;
pub(crate) mod rotate_keys;
pub(crate) mod run;
pub(crate) mod status;
pub(crate) mod stop;
pub(crate) mod up;
