//! Errors that end a command before there is anything to report: what happened, and what to do.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::auth_settings;
use crate::conformance::refusal::Refusal;
use crate::diagnosis::Finding;
use crate::http::{Broken, NoCertificates};
use crate::request::NoRequest;
use crate::terminal::{Unwritten, printable, tell, written};

/// A mistake on the command line.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Usage {
    #[error("{:?} is not an http or https URL; write the scheme too: https://…/api/greeting", secret_forms::word(.0))]
    Url(String),
    #[error("the URL contains a user name or password; a function is called with a token instead")]
    UserInUrl,
    #[error(
        "--access-token takes only -, and reads the token from stdin: other users can see arguments (ps, shell history)"
    )]
    TokenAsArgument,
    #[error("{argument} holds {what} ({begins}); a token is read from stdin: --access-token -")]
    Misplaced {
        argument: &'static str,
        what: &'static str,
        begins: String,
    },
    #[error(transparent)]
    Request(#[from] NoRequest),
    #[error("the answer can't be written to {}: {error}", path.display())]
    AnswerFile { path: PathBuf, error: io::Error },
    #[error(transparent)]
    Settings(#[from] auth_settings::UnusableSettings),
    #[error(transparent)]
    Certificates(#[from] NoCertificates),
}

/// An error that ends a command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Usage(Usage),
    #[error("{} is not in the catalogue{near}", printable(&secret_forms::word(code)))]
    UnknownCode {
        code: String,
        near: String,
        fix: String,
    },
    #[error("the log {} can't be read: {error}", path.display())]
    LogNotRead { path: PathBuf, error: io::Error },
    #[error("{} has no row of a log that Easy Auth or the HTTP front end writes", .0.display())]
    NotALog(PathBuf),
    #[error("{} is not what call --output json prints", .0.display())]
    NotACall(PathBuf),
    #[error("no token on stdin")]
    NoTokenOnStdin,
    #[error("no such token is kept")]
    NoKeptToken,
    #[error("{} was not reached: {why}", printable(.url))]
    NotReached {
        url: String,
        why: String,
        finding: Box<Finding>,
    },
    #[error(transparent)]
    Broken(#[from] Broken),
    #[error("the answer could not be written to {}: {error}", path.display())]
    AnswerNotWritten { path: PathBuf, error: io::Error },
    #[error(transparent)]
    Conformance(#[from] Refusal),
    #[error("the tokens could not be removed: {0}")]
    NotRemoved(io::Error),
    #[error("the man pages can't be written to {}: {error}", dir.display())]
    ManPages { dir: PathBuf, error: io::Error },
    #[error("the result could not be written to stdout: {0}")]
    Unwritten(io::Error),
    #[error("the program can't start: {0}")]
    NotStarted(io::Error),
}

impl<T: Into<Usage>> From<T> for Failure {
    fn from(usage: T) -> Self {
        Self::Usage(usage.into())
    }
}

impl From<Unwritten> for Failure {
    fn from(Unwritten(error): Unwritten) -> Self {
        Self::Unwritten(error)
    }
}

impl Failure {
    /// What to do about it.
    fn fix(&self) -> &str {
        match self {
            Self::Usage(Usage::Settings(unusable)) if let Some(fix) = unusable.fix() => fix,
            Self::Usage(_) => "For more information, try '--help'.",
            Self::UnknownCode { fix, .. } => fix,
            Self::LogNotRead { .. } => "name the file that the log was exported to, or -",
            Self::NotALog(_) => {
                "az monitor log-analytics query -w WORKSPACE -o json --analytics-query AppServiceAuthenticationLogs; Azure writes it on Windows plans, and on Linux, Consumption and Flex none is known"
            }
            Self::NotACall(_) => "greeting-cli call URL --output json > refused.json",
            Self::NoTokenOnStdin => {
                "greeting-cli token get URL | greeting-cli token inspect -, or greeting-cli token inspect --cached"
            }
            Self::NoKeptToken => "greeting-cli login URL",
            Self::NotReached { finding, .. } => &finding.fix,
            Self::Broken(Broken::Off { .. }) => {
                "ask whoever runs the function, or wait longer for each part: greeting-cli call URL --timeout 90"
            }
            Self::Broken(Broken::TooLong { .. }) => {
                "write it to a file: greeting-cli call URL -o FILE"
            }
            Self::AnswerNotWritten { .. } => "make room there, or name another file",
            Self::Conformance(refusal) => refusal.fix(),
            Self::NotRemoved(_) => "remove the greeting-cli folder in your state folder by hand",
            Self::ManPages { .. } => "name a folder that you may write",
            Self::Unwritten(_) => "make room where stdout goes, or send it elsewhere",
            Self::NotStarted(_) => {
                "none in this program: the system refused a thread or a timer; close other programs"
            }
        }
    }

    /// The exit status of the contract.
    fn exit(&self) -> u8 {
        match self {
            Self::Usage(_)
            | Self::UnknownCode { .. }
            | Self::LogNotRead { .. }
            | Self::NotALog(_)
            | Self::NotACall(_)
            | Self::NoTokenOnStdin => 2,
            Self::NoKeptToken => 3,
            Self::NotReached { .. } | Self::Broken(Broken::Off { .. }) => 7,
            Self::Conformance(refusal) => refusal.exit(),
            Self::Broken(Broken::TooLong { .. })
            | Self::AnswerNotWritten { .. }
            | Self::NotRemoved(_)
            | Self::ManPages { .. }
            | Self::Unwritten(_)
            | Self::NotStarted(_) => 1,
        }
    }

    /// Prints it, a mistake on the command line as clap prints those.
    pub(crate) fn tell(&self) -> ExitCode {
        let label = match self {
            Self::Usage(Usage::Settings(unusable)) if unusable.fix().is_some() => "  fix  ",
            Self::Usage(_) => "",
            _ => "  fix  ",
        };
        tell(&format!("error: {self}\n\n{label}{}", self.fix()));
        ExitCode::from(self.exit())
    }
}

/// What clap says of the command line, or the help that was asked for; and the exit status.
pub(crate) fn told_by_clap(said: &clap::Error) -> ExitCode {
    match written(said.print()) {
        Ok(()) => ExitCode::from(u8::try_from(said.exit_code()).unwrap_or(2)),
        Err(unwritten) => Failure::from(unwritten).tell(),
    }
}

#[cfg(test)]
mod tests;
