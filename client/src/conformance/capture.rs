//! What a gate answered, as a file: versioned JSON, by `docs/schemas/capture-1.json`. It holds
//! nothing of a token, of a person or of a host: see `normal`.

mod app;

use loopback::is_loopback;
use serde::{Deserialize, Serialize};
use url::Url;

pub(crate) use self::app::{App, ECHO_MARK, FORGED};

/// What the file says that it is.
pub(crate) const FORMAT: &str = "greeting-conform-capture";

/// The newest version of the file that is read, and the one that is written.
pub(crate) const VERSION: u32 = 1;

/// One gate's answers to the probes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Capture {
    pub(crate) format: String,
    pub(crate) version: u32,
    /// The program that wrote it, and its version.
    pub(crate) tool: String,
    /// SHA-256 of the rows and the probes, in hexadecimal digits.
    pub(crate) table: String,
    /// The day on which it was made, UTC: `2026-11-29`.
    pub(crate) date: String,
    pub(crate) target: Target,
    /// Whether the app behind the gate answers with what it saw.
    pub(crate) echo: bool,
    /// The names of the tokens that were at hand, forged ones aside.
    pub(crate) tokens: Vec<String>,
    /// The rules by which it was normalised.
    pub(crate) rules: Vec<String>,
    pub(crate) answers: Vec<Seen>,
    pub(crate) not_asked: Vec<NotAsked>,
}

impl Capture {
    /// The answer to a probe.
    pub(crate) fn answer(&self, probe: &str) -> Option<&Seen> {
        self.answers.iter().find(|seen| seen.probe == probe)
    }

    /// Why a probe has no answer.
    pub(crate) fn not_asked(&self, probe: &str) -> Option<&NotAsked> {
        self.not_asked.iter().find(|it| it.probe == probe)
    }

    /// Reads a file's text.
    ///
    /// # Errors
    /// Why it is no capture that this program can read.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, NoCapture> {
        #[derive(Deserialize)]
        struct Head {
            format: String,
            version: u32,
        }
        let head: Head = serde_json::from_slice(text).map_err(|_| NoCapture::NotOne)?;
        if head.format != FORMAT {
            return Err(NoCapture::NotOne);
        }
        if head.version > VERSION {
            return Err(NoCapture::Newer(head.version));
        }
        serde_json::from_slice(text).map_err(NoCapture::Damaged)
    }
}

/// What the gate is, as far as its answers tell.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Target {
    pub(crate) kind: Kind,
    /// No known answer tells it.
    pub(crate) plan: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) middleware: Option<String>,
}

/// The platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// App Service or Functions: their hosts have the same domain.
    AppService,
    ContainerApps,
    /// On this machine.
    Emulator,
    #[default]
    Unknown,
}

impl Kind {
    /// By the host's domain.
    pub(crate) fn of(url: &Url) -> Self {
        const APP_SERVICE: [&str; 3] = [
            ".azurewebsites.net",
            ".azurewebsites.us",
            ".chinacloudsites.cn",
        ];
        const CONTAINER_APPS: [&str; 3] = [
            ".azurecontainerapps.io",
            ".azurecontainerapps.us",
            ".azurecontainerapps-cn.io",
        ];
        let host = url.host_str().unwrap_or_default();
        let under = |domains: &[&str]| domains.iter().any(|domain| host.ends_with(domain));
        if is_loopback(url) {
            Self::Emulator
        } else if under(&APP_SERVICE) {
            Self::AppService
        } else if under(&CONTAINER_APPS) {
            Self::ContainerApps
        } else {
            Self::Unknown
        }
    }
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seen {
    /// The probe's id.
    pub(crate) probe: String,
    pub(crate) status: u16,
    /// The headers whose values are kept, names in small letters, sorted by name; the order within
    /// a name is the answer's.
    pub(crate) headers: Vec<(String, String)>,
    /// The names of all others.
    pub(crate) other_headers: Vec<String>,
    pub(crate) body: Body,
    /// What the app saw, where it answers with that and the request reached it.
    pub(crate) app: Option<App>,
}

impl Seen {
    /// The first value of a header that is kept; `name` in small letters.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// All values of a header that is kept.
    pub(crate) fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// An answer's body.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Body {
    /// None: an app's page, whose length tells something of its caller.
    pub(crate) bytes: Option<u64>,
    /// None: it is longer than is kept, or no text. An app's page may hold names.
    pub(crate) text: Option<String>,
    /// The keys of a JSON object, in the answer's order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) keys: Vec<String>,
}

/// A probe without an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NotAsked {
    pub(crate) probe: String,
    /// Why, in words that stand after "not asked:".
    pub(crate) because: String,
}

/// Why a file is no capture that can be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoCapture {
    #[error("it is no capture of greeting-cli conform")]
    NotOne,
    #[error("it is a capture of version {0}, which a newer greeting-cli made")]
    Newer(u32),
    #[error("it is a damaged capture: {0}")]
    Damaged(serde_json::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capture() -> Capture {
        Capture {
            format: FORMAT.into(),
            version: VERSION,
            tool: "greeting-cli".into(),
            table: "0".into(),
            date: "2026-11-29".into(),
            target: Target::default(),
            echo: false,
            tokens: Vec::new(),
            rules: Vec::new(),
            answers: Vec::new(),
            not_asked: Vec::new(),
        }
    }

    #[test]
    fn a_capture_is_read_as_it_was_written_and_a_newer_one_is_refused() {
        let text = serde_json::to_string(&capture()).unwrap();
        assert_eq!(Capture::parse(text.as_bytes()).unwrap(), capture());
        let newer = text.replace("\"version\":1", "\"version\":2");
        assert!(matches!(
            Capture::parse(newer.as_bytes()),
            Err(NoCapture::Newer(2))
        ));
        assert!(matches!(Capture::parse(b"{}"), Err(NoCapture::NotOne)));
        let other = text.replace(FORMAT, "another");
        assert!(matches!(
            Capture::parse(other.as_bytes()),
            Err(NoCapture::NotOne)
        ));
        let less = text.replace("\"answers\":[],", "");
        assert!(matches!(
            Capture::parse(less.as_bytes()),
            Err(NoCapture::Damaged(_))
        ));
    }
}
