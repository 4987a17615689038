//! Where a value comes from.

use serde::Serialize;

/// Where an expectation comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Source {
    Flag,
    Environment,
    Challenge,
    /// What the function publishes of itself (RFC 9728).
    Discovery,
    /// What the issuer publishes: its keys.
    Issuer,
    /// The gate's settings, as a file.
    Settings,
    Default,
    /// What the answer itself says.
    Answer,
    /// What the gate's own log says.
    Log,
}
