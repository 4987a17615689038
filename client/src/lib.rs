//! The part of `greeting-cli` that other programs can use: a device-code credential for the Azure
//! SDK for Rust, which has none of its own.

pub mod device_code;
