//! Credentials for the Azure SDK for Rust, which has no interactive ones of its own.

pub mod browser;
pub mod device_code;
mod endpoint;
