//! One decision, with its reason.

use std::fmt::{self, Write as _};

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use secret_forms::cut;
use serde::{Deserialize, Serialize};

use crate::printable::{Printable, printable_json};

/// Who has decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The local Entra ID.
    Authority,
    /// The local Easy Auth.
    Gate,
    /// The function.
    Handler,
}

impl Source {
    /// As scripts know it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Authority => "authority",
            Self::Gate => "gate",
            Self::Handler => "handler",
        }
    }
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The gate passed it on, with a principal.
    Passed,
    /// The gate passed it on without a principal.
    Anonymous,
    /// The gate, the authority or the handler refused it.
    Refused,
    /// The gate sent a browser to the sign-in.
    SignIn,
    /// The gate answered at one of its own paths.
    Own,
    /// Easy Auth is off: the gate passed it on as it came.
    Off,
    /// The gate sent it to HTTPS.
    Https,
    /// The front end answered a preflight.
    Cors,
    /// The authority issued a token.
    Issued,
    /// The authority has nothing to say yet: a client polls.
    Pending,
    /// The authority asked a person.
    Asked,
    /// A sign-in was approved.
    Approved,
    /// A sign-in was declined.
    Declined,
    /// The authority did what a command or a form asked for.
    Done,
    /// The authority or the handler answered.
    Answered,
    /// The handler gave no answer.
    Failed,
}

impl Outcome {
    /// As scripts know it: the same as in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Anonymous => "anonymous",
            Self::Refused => "refused",
            Self::SignIn => "sign-in",
            Self::Own => "own",
            Self::Off => "off",
            Self::Https => "https",
            Self::Cors => "cors",
            Self::Issued => "issued",
            Self::Pending => "pending",
            Self::Asked => "asked",
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::Done => "done",
            Self::Answered => "answered",
            Self::Failed => "failed",
        }
    }
}

/// One request and what became of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Event {
    /// When it was answered, UTC.
    pub time: Timestamp,
    /// Who has decided.
    pub source: Source,
    /// What the authority was asked to do: `token`, `devicecode`, `keys`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The HTTP method.
    pub method: String,
    /// Without the query, which may hold secrets.
    pub path: String,
    /// What a token was asked for with: `device_code`, `refresh_token`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<String>,
    /// The client's name, or its id where the tenant has no such client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The resource and scopes, as they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The HTTP status.
    pub status: u16,
    /// The gate's sub-status, which Azure has in its logs too, where it is public.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub substatus: Option<u16>,
    /// What became of it.
    pub outcome: Outcome,
    /// A code and a sentence, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The delegated scopes of a caller who passed, or of the token that was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scp: Option<String>,
    /// Their app roles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// What the gate's and the handler's event of one call have in common.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invocation: Option<String>,
    /// Until the answer's head.
    pub duration_ms: u64,
}

/// How an event turned out, for a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// As it should.
    Well,
    /// Nothing is wrong, and nothing decided: a client that polls, a sign-in page that is shown.
    Waiting,
    /// By a decision.
    Refused,
    /// By a fault.
    Failed,
}

impl Event {
    /// What was asked, in one line.
    pub fn asked(&self) -> String {
        in_a_line(|to| self.write_asked(to))
    }

    fn write_asked(&self, to: &mut Printable<'_>) -> fmt::Result {
        let Some(action) = &self.action else {
            return write!(to, "{:4} {}", self.method, self.path);
        };
        to.write_str(action)?;
        for (word, value) in [
            (" by ", &self.grant),
            (": ", &self.client),
            (" for ", &self.scope),
        ] {
            if let Some(value) = value {
                to.write_str(word)?;
                to.write_str(value)?;
            }
        }
        Ok(())
    }

    /// What was answered, and why, in one line.
    pub fn answer(&self) -> String {
        in_a_line(|to| self.write_answer(to))
    }

    fn write_answer(&self, to: &mut Printable<'_>) -> fmt::Result {
        match (&self.reason, self.outcome) {
            // The reason says as much.
            (Some(reason), Outcome::Refused | Outcome::Pending) => to.write_str(reason)?,
            (Some(reason), outcome) => write!(to, "{} ({reason})", outcome.name())?,
            (None, outcome) => to.write_str(outcome.name())?,
        }
        if let Some(scp) = &self.scp {
            write!(to, ", scp {scp:?}")?;
        }
        if !self.roles.is_empty() {
            write!(to, ", roles {:?}", self.roles)?;
        }
        Ok(())
    }

    /// How it turned out.
    pub fn kind(&self) -> Kind {
        match (self.outcome, self.status) {
            (_, 500..) => Kind::Failed,
            (Outcome::Pending | Outcome::Asked, _) => Kind::Waiting,
            (_, 400..) => Kind::Refused,
            _ => Kind::Well,
        }
    }
}

impl Event {
    /// Cuts what callers wrote to what can't be a token or a secret: people paste one where
    /// something else belongs.
    pub(super) fn without_secrets(&mut self) {
        cut(&mut self.method);
        cut(&mut self.path);
        let optional = [
            &mut self.grant,
            &mut self.client,
            &mut self.scope,
            &mut self.scp,
        ];
        for text in optional.into_iter().flatten() {
            cut(text);
        }
        // What a command has done is told in this program's own words: a new key's id, whole.
        if self.outcome != Outcome::Done
            && let Some(reason) = &mut self.reason
        {
            cut(reason);
        }
        for role in &mut self.roles {
            cut(role);
        }
    }

    pub(crate) fn clock(&self) -> String {
        let mut text = String::with_capacity(8);
        // A String takes everything.
        let _ = self.write_clock(&mut text);
        text
    }

    fn write_clock(&self, to: &mut dyn fmt::Write) -> fmt::Result {
        let time = time_zone::system().to_datetime(self.time);
        let [hour, minute, second] = [time.hour(), time.minute(), time.second()];
        write!(to, "{hour:02}:{minute:02}:{second:02}")
    }

    /// As a line for people.
    pub(crate) fn write_line(&self, to: &mut dyn fmt::Write, paint: Paint) -> fmt::Result {
        let color = match self.kind() {
            Kind::Well => AnsiColor::Green,
            Kind::Waiting => AnsiColor::Cyan,
            Kind::Refused => AnsiColor::Yellow,
            Kind::Failed => AnsiColor::Red,
        };
        let style = match paint {
            Paint::Colours => Style::new().fg_color(Some(color.into())),
            Paint::Plain => Style::new(),
        };
        self.write_clock(to)?;
        write!(to, " {:9} ", self.source.name())?;
        self.write_asked(&mut Printable(to))?;
        write!(to, " {style}{}{style:#} ", self.status)?;
        self.write_answer(&mut Printable(to))?;
        write!(to, "  {} ms", self.duration_ms)
    }
}

/// Whether a line has colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// The status has the colour of its kind.
    Colours,
    /// Text alone.
    Plain,
}

/// What `write` writes, as text that a terminal shows as it stands.
fn in_a_line(write: impl FnOnce(&mut Printable<'_>) -> fmt::Result) -> String {
    let mut text = String::new();
    // A String takes everything.
    let _ = write(&mut Printable(&mut text));
    text
}

/// The event as a line of JSON.
pub fn json(event: &Event) -> String {
    // Strings and numbers under string keys: there is nothing that JSON can't say.
    printable_json(&serde_json::to_string(event).unwrap_or_default())
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_line(f, Paint::Colours)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Event {
        Event {
            time: Timestamp::UNIX_EPOCH,
            source: Source::Gate,
            action: None,
            method: "GET".into(),
            path: "/a".into(),
            grant: None,
            client: None,
            scope: None,
            status: 401,
            substatus: None,
            outcome: Outcome::Refused,
            reason: None,
            scp: None,
            roles: vec![],
            invocation: None,
            duration_ms: 3,
        }
    }

    fn human(event: &Event) -> String {
        anstream::adapter::strip_str(&event.to_string()).to_string()
    }

    #[test]
    fn an_event_is_one_line_whatever_the_caller_wrote() {
        let event = Event {
            path: "/a\n\u{1b}[31mb".into(),
            reason: Some("wrong-issuer: x\ny".into()),
            ..event()
        };
        let human = human(&event);
        assert!(
            human.ends_with(r"gate      GET  /a\n\u{1b}[31mb 401 wrong-issuer: x\ny  3 ms"),
            "{human}"
        );
        assert_eq!(crate::json(&event).lines().count(), 1);
    }

    #[test]
    fn an_event_says_what_was_asked_what_was_answered_and_why() {
        let token = Event {
            source: Source::Authority,
            action: Some("token".into()),
            grant: Some("device_code".into()),
            client: Some("greeting-cli".into()),
            scope: Some("api://a/Greeting.Read".into()),
            ..event()
        };
        let issued = Event {
            status: 200,
            outcome: Outcome::Issued,
            reason: Some("signed in".into()),
            scp: Some("Greeting.Read".into()),
            ..token.clone()
        };
        let refused = Event {
            status: 400,
            reason: Some("AADSTS65001: no consent".into()),
            ..token
        };
        let anonymous = Event {
            outcome: Outcome::Anonymous,
            reason: Some("expired: 5 s ago".into()),
            ..event()
        };
        for (event, kind, line) in [
            (
                issued,
                Kind::Well,
                r#"authority token by device_code: greeting-cli for api://a/Greeting.Read 200 issued (signed in), scp "Greeting.Read"  3 ms"#,
            ),
            (
                refused,
                Kind::Refused,
                "authority token by device_code: greeting-cli for api://a/Greeting.Read 400 AADSTS65001: no consent  3 ms",
            ),
            (
                anonymous,
                Kind::Refused,
                "gate      GET  /a 401 anonymous (expired: 5 s ago)  3 ms",
            ),
        ] {
            assert!(human(&event).ends_with(line), "{}", human(&event));
            assert_eq!(event.kind(), kind);
        }
    }

    #[test]
    fn point_4_a_line_without_colours_is_the_same_text() {
        for status in [200, 401, 500] {
            let event = Event {
                time: Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_secs(9 * 3600 + 5),
                path: "/\u{1b}[31mb\u{7f}é".into(),
                status,
                roles: vec!["Greeting.\u{202e}Read".into()],
                ..event()
            };
            let mut plain = String::new();
            event.write_line(&mut plain, Paint::Plain).unwrap();
            assert_eq!(plain, human(&event));
            assert_ne!(plain, event.to_string());
            let zone = time_zone::system();
            let clock = zone
                .to_datetime(event.time)
                .strftime("%H:%M:%S ")
                .to_string();
            assert!(plain.starts_with(&clock), "{plain}");
        }
    }

    #[test]
    fn an_outcome_has_one_spelling() {
        for outcome in [
            Outcome::Passed,
            Outcome::Anonymous,
            Outcome::Refused,
            Outcome::SignIn,
            Outcome::Own,
            Outcome::Off,
            Outcome::Https,
            Outcome::Cors,
            Outcome::Issued,
            Outcome::Pending,
            Outcome::Asked,
            Outcome::Approved,
            Outcome::Declined,
            Outcome::Done,
            Outcome::Answered,
            Outcome::Failed,
        ] {
            assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.name());
        }
    }

    #[test]
    fn point_19_what_may_be_a_secret_is_cut_wherever_it_stands() {
        let secret = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJyIn0.c2ln";
        let mut event = Event {
            method: secret.into(),
            path: format!("/api/{secret}/greeting"),
            grant: Some(secret.into()),
            client: Some(secret.into()),
            scope: Some(format!("openid {secret}")),
            reason: Some(format!("AADSTS70011: The scope {secret} is not valid.")),
            scp: Some(secret.into()),
            roles: vec![secret.into()],
            ..event()
        };
        event.without_secrets();
        let shown = crate::json(&event);
        assert!(!shown.contains(&secret[..8]), "{shown}");
        assert!(shown.contains("AADSTS70011: The scope eyJh… (41 characters) is not valid."));
        assert!(
            shown.contains("/api/eyJh… (41 characters)/greeting"),
            "{shown}"
        );
    }
}
