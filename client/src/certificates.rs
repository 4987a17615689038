//! `SSL_CERT_FILE` and `SSL_CERT_DIR`, where what they name can't be used: the system's certificates
//! are used in its place, and the variable is named.

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::cli::{Command, TokenCommand};
use crate::commands::token_inspect;

/// A variable that names what can't be used.
#[derive(Debug)]
pub(crate) struct Gone {
    pub(crate) variable: &'static str,
    names: PathBuf,
    why: String,
}

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "warning: {} names {}, which can't be used: {}; the system's certificates are used",
            self.variable,
            self.names.display(),
            self.why,
        )
    }
}

/// The variables that a command would read in vain.
pub(crate) fn gone(command: &Command) -> Vec<Gone> {
    if !is_online(command) {
        return Vec::new();
    }
    let file = environment::variable("SSL_CERT_FILE").and_then(|name| file(&name));
    let folder = environment::variable("SSL_CERT_DIR").and_then(|names| folders(&names));
    file.into_iter().chain(folder).collect()
}

/// Whether it needs certificates.
fn is_online(command: &Command) -> bool {
    match command {
        Command::Conform(args) => args.compare.is_empty(),
        Command::Call(_)
        | Command::Login(_)
        | Command::Doctor(_)
        | Command::Token(TokenCommand::Get(_)) => true,
        Command::Token(TokenCommand::Inspect(args)) => !token_inspect::is_offline(args),
        Command::Logout(_)
        | Command::Explain(_)
        | Command::Completions { .. }
        | Command::Man { .. } => false,
    }
}

/// Takes the file of the variable from the command line, which has it where no flag names one.
pub(crate) fn forget(command: &mut Command) {
    let ca_cert = match command {
        Command::Call(call) => &mut call.to.ca_cert,
        Command::Conform(args) => &mut args.ca_cert,
        Command::Login(args) | Command::Doctor(args) | Command::Token(TokenCommand::Get(args)) => {
            &mut args.ca_cert
        }
        Command::Token(TokenCommand::Inspect(args)) => &mut args.ca_cert,
        Command::Logout(_)
        | Command::Explain(_)
        | Command::Completions { .. }
        | Command::Man { .. } => return,
    };
    let named = environment::variable("SSL_CERT_FILE").and_then(|name| file(&name));
    if named.is_some_and(|gone| Some(&gone.names) == ca_cert.as_ref()) {
        *ca_cert = None;
    }
}

fn file(name: &OsStr) -> Option<Gone> {
    let why = match state_folder::read_regular(name.as_ref()) {
        Ok(pem) => match reqwest::Certificate::from_pem_bundle(&pem) {
            Ok(certificates) if !certificates.is_empty() => return None,
            _ => "it holds no PEM certificate".to_owned(),
        },
        Err(error) => error.to_string(),
    };
    Some(Gone {
        variable: "SSL_CERT_FILE",
        names: name.into(),
        why,
    })
}

/// Several folders may be named: one is enough.
fn folders(names: &OsStr) -> Option<Gone> {
    let mut why = io::Error::from(io::ErrorKind::NotFound);
    for folder in std::env::split_paths(names) {
        match std::fs::read_dir(folder) {
            Ok(_) => return None,
            Err(error) => why = error,
        }
    }
    Some(Gone {
        variable: "SSL_CERT_DIR",
        names: names.into(),
        why: why.to_string(),
    })
}
