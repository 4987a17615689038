//! Why `conform` sends nothing, or writes nothing.

use std::io;
use std::path::PathBuf;

use super::capture::NoCapture;

/// Why it ends, and what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error(
        "{0} takes only -, and reads from stdin: other users can see arguments (ps, shell history)"
    )]
    NotStdin(&'static str),
    #[error("{} was not confirmed, so nothing was sent to it", secret_forms::words(.0))]
    NotConfirmed(String),
    #[error("stdin holds no JSON object of tokens by name")]
    NoTokens,
    #[error("stdin holds no secret")]
    NoSecret,
    #[error(
        "the token {} on stdin is no access token that a gate reads: {why}",
        secret_forms::word(name)
    )]
    NoToken { name: String, why: String },
    #[error(
        "the token {} on stdin is for {api}, and is worth something to whoever gets it: it is not sent",
        secret_forms::word(name)
    )]
    FirstParty { name: String, api: &'static str },
    #[error("--echo was given, and no answer had the echo app's header x-greeting-echo")]
    NoEcho,
    #[error("the capture can't be written to {}: {error}", path.display())]
    NotWritten { path: PathBuf, error: io::Error },
    #[error("the capture {} can't be read: {error}", path.display())]
    NotRead { path: PathBuf, error: io::Error },
    #[error("{} can't be compared: {why}", path.display())]
    NoCapture { path: PathBuf, why: NoCapture },
    #[error("the answer to {probe} holds {what}, so nothing of it is printed or written")]
    Secret { probe: String, what: &'static str },
}

impl Refusal {
    /// What to do about it.
    pub(crate) fn fix(&self) -> &'static str {
        match self {
            Self::NotStdin(_) => "greeting-cli conform URL --tokens - < tokens.json",
            Self::NotConfirmed(_) => "greeting-cli conform URL --yes",
            Self::NoTokens => "echo '{\"valid\": \"eyJ…\"}' | greeting-cli conform URL --tokens -",
            Self::NoSecret => "greeting-cli conform URL --client-id ID --app-secret - < secret.txt",
            Self::NoToken { .. } => "greeting-cli token inspect - < token.txt",
            Self::FirstParty { .. } => "get one for the app's own API: greeting-cli token get URL",
            Self::NoEcho => "leave --echo out, or put the echo app behind the gate",
            Self::NotWritten { .. } => "name a new file, in a folder that you may write",
            Self::NotRead { .. } => "name a file that greeting-cli conform URL --capture wrote",
            Self::NoCapture {
                why: NoCapture::Newer(_),
                ..
            } => "update greeting-cli",
            Self::NoCapture { .. } => "greeting-cli conform URL --capture FILE",
            Self::Secret { .. } => {
                "tell the gate's owner, who should not answer with it; or leave that token out: --credential none"
            }
        }
    }

    /// The exit status of the contract.
    pub(crate) fn exit(&self) -> u8 {
        match self {
            Self::NotWritten { error, .. } if error.kind() != io::ErrorKind::AlreadyExists => 1,
            Self::Secret { .. } => 1,
            _ => 2,
        }
    }
}
