//! `greeting-cli`: calls a function behind Easy Auth and explains every refusal.

use std::process::ExitCode;

fn main() -> ExitCode {
    greeting_cli::run()
}
