//! What a token is got by.

use crate::directory::Platform;
use crate::grants::Refresh;

/// A grant that was looked at, and is not spent yet.
pub(super) enum Spendable {
    DeviceCode(String),
    /// Of on-behalf-of: it stays what it is.
    Assertion,
    Code {
        code: String,
        platform: Platform,
    },
    RefreshToken {
        token: String,
        stands_for: Box<Refresh>,
    },
}

impl Spendable {
    pub(super) fn platform(&self) -> Platform {
        match self {
            Self::DeviceCode(_) => Platform::PublicClient,
            Self::Assertion => Platform::Web,
            Self::Code { platform, .. } => *platform,
            Self::RefreshToken { stands_for, .. } => stands_for.platform,
        }
    }

    /// The refresh token, and what it stands for.
    pub(super) fn refresh_token(&self) -> Option<(&str, &Refresh)> {
        match self {
            Self::RefreshToken { token, stands_for } => Some((token, stands_for)),
            Self::DeviceCode(_) | Self::Assertion | Self::Code { .. } => None,
        }
    }
}
