//! Environment variables, read by one rule: a variable that is set and blank is not set.
//!
//! CI systems set a variable to nothing where its secret is not defined, and POSIX shells can't
//! easily distinguish empty from unset: no command here does.

use std::ffi::OsString;

use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgMatches, Command};

/// The variable, where it is set to anything but blanks.
pub fn variable(name: impl AsRef<std::ffi::OsStr>) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.to_str().is_some_and(is_blank))
}

/// The variable as text, where it is set to anything but blanks and is Unicode.
pub fn text(name: &str) -> Option<String> {
    variable(name)?.into_string().ok()
}

/// What libraries read by themselves. One that reads certificates takes a blank name for a file's;
/// one that reads proxies, a blank `HTTPS_PROXY` for the only one, though `https_proxy` is set; a
/// blank `TMPDIR` or `HOME` is the current folder; a blank number of threads ends the program.
///
/// `CLICOLOR_FORCE` is also blank where it is 0, by its own description; the library that prints colours
/// takes that for yes.
pub const READ_BY_LIBRARIES: [&str; 15] = [
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
    "TMPDIR",
    "HOME",
    "TOKIO_WORKER_THREADS",
    "CARGO_HOME",
    FORCED_COLOUR,
];

const FORCED_COLOUR: &str = "CLICOLOR_FORCE";

/// Starts the program anew without those of [`READ_BY_LIBRARIES`] that are blank: a process can't
/// take a variable out of its own environment safely.
///
/// # Errors
/// It does not start.
#[cfg(unix)]
pub fn start_without_blank() -> std::io::Result<()> {
    let is_blank = |name: &&str| match std::env::var_os(name) {
        Some(value) if *name == FORCED_COLOUR && value == "0" => true,
        Some(_) => variable(name).is_none(),
        None => false,
    };
    let blank: Vec<_> = READ_BY_LIBRARIES.into_iter().filter(is_blank).collect();
    start_without(&blank)
}

/// Starts the program anew without those variables. Without any: nothing happens.
///
/// # Errors
/// It does not start.
#[cfg(unix)]
pub fn start_without(names: &[&str]) -> std::io::Result<()> {
    use std::os::unix::process::CommandExt as _;
    if names.is_empty() {
        return Ok(());
    }
    let mut program = std::process::Command::new(std::env::current_exe()?);
    let mut arguments = std::env::args_os();
    if let Some(name) = arguments.next() {
        program.arg0(name);
    }
    program.args(arguments);
    for name in names {
        program.env_remove(name);
    }
    // Comes back with a failure only.
    Err(program.exec())
}

/// Whether a value says nothing.
pub fn is_blank(value: &str) -> bool {
    value.trim().is_empty()
}

/// The command line that `command` describes, with the environment by the rule above. `shown` is
/// what an error repeats of a word that it does not take.
///
/// # Errors
/// clap's: a mistake, or a request for help.
pub fn matches(
    command: impl Fn() -> Command,
    shown: impl Fn(&str) -> String,
) -> Result<ArgMatches, clap::Error> {
    match without_blank(command()).try_get_matches() {
        // Help names the variables, set or not, and not what they hold.
        Err(error) if error.kind() == ErrorKind::DisplayHelp => {
            without_values(command()).try_get_matches()
        }
        Err(error) => Err(repeating(error, shown)),
        matches => matches,
    }
}

/// No variable that is blank is read.
fn without_blank(command: Command) -> Command {
    let unset = |arg: clap::Arg| match arg.get_env() {
        Some(name) if variable(name).is_none() => arg.env(Resettable::Reset),
        _ => arg,
    };
    command.mut_args(unset).mut_subcommands(without_blank)
}

fn without_values(command: Command) -> Command {
    command
        .mut_args(|arg| arg.hide_env_values(true))
        .mut_subcommands(without_values)
}

/// The error, with each word of the command line that it repeats passed through `shown`.
fn repeating(mut error: clap::Error, shown: impl Fn(&str) -> String) -> clap::Error {
    let mut kinds = vec![ContextKind::InvalidValue, ContextKind::InvalidSubcommand];
    // For the other errors this is the name of an argument that exists.
    if error.kind() == ErrorKind::UnknownArgument {
        kinds.push(ContextKind::InvalidArg);
    }
    for kind in kinds {
        let Some(ContextValue::String(word)) = error.get(kind) else {
            continue;
        };
        let redacted = shown(word);
        if redacted != *word {
            error.insert(kind, ContextValue::String(redacted));
            // Suggestions repeat the word too.
            error.insert(ContextKind::Suggested, ContextValue::None);
        }
    }
    error
}
