//! Credentials for the Azure SDK for Rust, which has none for an interactive sign-in.

pub mod browser;
pub mod device_code;
pub(crate) mod endpoint;
