//! What is given as a token and is none, because a command before went wrong.

/// What stands in a token's place, where a command before went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotAToken {
    /// The name of a PowerShell object, which it prints in place of its content.
    SecureString,
    /// A query that found nothing.
    Null,
    /// JSON without an access token in it.
    Json,
    /// Words: an error, or a page.
    Words,
    NotText,
}

impl NotAToken {
    pub(super) fn of(text: &str) -> Option<Self> {
        let first = text.chars().next();
        Some(match text {
            _ if text.contains(char::REPLACEMENT_CHARACTER) || text.contains('\0') => Self::NotText,
            "System.Security.SecureString" => Self::SecureString,
            "null" | "None" | "undefined" | "nil" => Self::Null,
            _ if matches!(first, Some('{' | '[')) => Self::Json,
            _ if first == Some('<') || is_error(text) => Self::Words,
            _ => return None,
        })
    }

    pub(crate) fn why(self) -> &'static str {
        match self {
            Self::SecureString => "it is the name of PowerShell's SecureString, not what is in it",
            Self::Null => "it is what a query prints that finds nothing",
            Self::Json => "it is JSON without a field accessToken or access_token",
            Self::Words => "it is the text of an error or of a page",
            Self::NotText => "it is not text",
        }
    }

    pub(crate) fn fix(self) -> &'static str {
        match self {
            Self::SecureString => {
                "(Get-AzAccessToken -ResourceUrl API -AsSecureString).Token | ConvertFrom-SecureString -AsPlainText | greeting-cli call URL --access-token -"
            }
            Self::Null | Self::Json => {
                "az account get-access-token --scope SCOPE --query accessToken -o tsv | greeting-cli call URL --access-token -"
            }
            Self::Words => "run the command that prints the token by itself, and read what it says",
            Self::NotText => "pipe the token in as text, as UTF-8 or UTF-16",
        }
    }
}

/// What az, curl and shells begin an error with.
fn is_error(text: &str) -> bool {
    let text = text.to_lowercase();
    ["error:", "error ", "traceback ", "warning:", "usage:"]
        .iter()
        .any(|begin| text.starts_with(begin))
        || text.contains("command not found")
}
