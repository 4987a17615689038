//! The line that is logged of each refusal. Whoever runs the server reads it back, to say why a call
//! was refused: writer and reader are here, so that they can't differ.

use std::fmt;
use std::str::FromStr;

/// The header by which the Functions host names a call.
pub const INVOCATION_HEADER: &str = "x-azure-functions-invocationid";
/// Stands for the id of a call that did not come through a Functions host.
const UNKNOWN: &str = "unknown";
/// An invocation id is a GUID; what is longer is cut.
const ID_MAX_LENGTH: usize = 64;

/// `refused <status>: <reason> (invocation <id>)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalLine {
    /// The HTTP status.
    pub status: u16,
    /// Why, in one line.
    pub reason: String,
    /// The invocation id; none where the call did not come through a Functions host.
    pub invocation: Option<String>,
}

impl RefusalLine {
    /// The line of a call whose [`INVOCATION_HEADER`] is `invocation`, or absent. The header comes
    /// from outside: only what can't forge a line is kept of it.
    #[must_use]
    pub fn new(status: u16, reason: &str, invocation: Option<&[u8]>) -> Self {
        let id: String = invocation
            .unwrap_or_default()
            .iter()
            .filter(|byte| byte.is_ascii_graphic())
            .take(ID_MAX_LENGTH)
            .map(|&byte| char::from(byte))
            .collect();
        Self {
            status,
            reason: reason.to_owned(),
            invocation: Some(id).filter(|id| !id.is_empty() && id != UNKNOWN),
        }
    }
}

impl fmt::Display for RefusalLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            status,
            reason,
            invocation,
        } = self;
        let id = invocation.as_deref().unwrap_or(UNKNOWN);
        write!(f, "refused {status}: {reason} (invocation {id})")
    }
}

/// A line that says something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotARefusal;

impl FromStr for RefusalLine {
    type Err = NotARefusal;

    fn from_str(line: &str) -> Result<Self, NotARefusal> {
        let read = || {
            let (status, rest) = line.strip_prefix("refused ")?.split_once(": ")?;
            let (reason, id) = rest.strip_suffix(')')?.rsplit_once(" (invocation ")?;
            Some(Self {
                status: status.parse().ok()?,
                reason: reason.to_owned(),
                invocation: (id != UNKNOWN).then(|| id.to_owned()),
            })
        };
        read().ok_or(NotARefusal)
    }
}

#[cfg(test)]
mod tests;
