//! What the command lines of the programs have alike.
//!
//! - [`color`]: when colour is used
//! - [`characters`]: which characters the locale can show
//! - [`pages`]: completion scripts and man pages, from the same definitions as `--help`

pub mod characters;
pub mod color;
pub mod pages;

pub use clap_complete::Shell;
