//! How a handler's process ends, and what follows.
//!
//! azure-functions-host 89dc438d, src/WebJobs.Script/Workers/ProcessManagement/
//! WorkerProcess.cs:156-196 and Workers/Http/HttpFunctionInvocationDispatcher.cs:55, 106-173.

use std::process::ExitStatus;
use std::time::{Duration, Instant};

/// Errors after which the host stops.
pub(super) const MAX_ERRORS: u32 = 3;
/// Restarts that a handler may ask for before it ever answers. The host counts none; a start that
/// never ends helps nobody here.
pub(super) const MAX_RESTARTS: u32 = 10;
/// An error that comes later than this after the one before is a first one again.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(30 * 60);
/// The status by which a handler asks for a restart.
const RESTART_STATUS: i32 = 200;

/// How a process ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// With 0, which is no failure: whether the port answers decides.
    Zero,
    /// With 200: it is to be started again, and that is no error.
    Restart,
    /// In any other way, in words.
    Error(String),
    /// Not at all, but it never answered; and a second start would be the same.
    Silent(String),
}

impl End {
    pub(super) fn of(status: std::io::Result<ExitStatus>) -> Self {
        match status {
            Ok(status) => match status.code() {
                Some(0) => Self::Zero,
                Some(RESTART_STATUS) => Self::Restart,
                _ => Self::Error(format!("ended ({status})")),
            },
            Err(error) => Self::Error(format!("was lost: {error}")),
        }
    }

    /// In words, after "the handler".
    pub(super) fn reason(&self) -> String {
        match self {
            Self::Zero => "ended (exit status: 0) and left no process that answers".to_owned(),
            Self::Restart => "ended (exit status: 200), which asks for a restart".to_owned(),
            Self::Error(reason) | Self::Silent(reason) => reason.clone(),
        }
    }

    /// What a person does about it. `output` is what it printed, `by_hand` the line that starts it.
    pub(super) fn fix(&self, output: &[String], by_hand: &str) -> String {
        const LISTEN: &str = "listen on 127.0.0.1, at the port in FUNCTIONS_CUSTOMHANDLER_PORT";
        match self {
            Self::Silent(_) => format!("have it {LISTEN}:\n{HOW_TO_READ_THE_PORT}"),
            Self::Restart => {
                format!("have it {LISTEN}, and exit with 200 only to be started again")
            }
            Self::Zero | Self::Error(_) if output.is_empty() => format!(
                "it has to go on running, and to {LISTEN}; see by hand what it does:\n  {by_hand}"
            ),
            Self::Zero | Self::Error(_) => {
                format!("correct what its output says; it has to go on running, and to {LISTEN}")
            }
        }
    }
}

/// How a handler reads its port.
pub(super) const HOW_TO_READ_THE_PORT: &str =
    "  Rust    std::env::var(\"FUNCTIONS_CUSTOMHANDLER_PORT\")
  Go      os.Getenv(\"FUNCTIONS_CUSTOMHANDLER_PORT\")
  Node    process.env.FUNCTIONS_CUSTOMHANDLER_PORT
  Python  os.environ[\"FUNCTIONS_CUSTOMHANDLER_PORT\"]";

/// The errors of one handler, as the host counts them.
#[derive(Default)]
pub(super) struct Errors {
    count: u32,
    last: Option<Instant>,
}

impl Errors {
    /// Counts one that came `now`; how many there are.
    pub(super) fn add(&mut self, now: Instant) -> u32 {
        let forgotten = self
            .last
            .is_some_and(|last| now.duration_since(last) > FORGOTTEN_AFTER);
        if forgotten {
            self.count = 0;
        }
        self.last = Some(now);
        self.count += 1;
        self.count
    }

    pub(super) fn count(&self) -> u32 {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn point_15_three_errors_with_at_most_half_an_hour_between_them_are_counted() {
        let start = Instant::now();
        let at = |minutes: u64| start + Duration::from_secs(minutes * 60);
        let mut errors = Errors::default();
        assert_eq!([0, 30, 60].map(|time| errors.add(at(time))), [1, 2, 3]);
        let mut errors = Errors::default();
        assert_eq!([0, 30, 61].map(|time| errors.add(at(time))), [1, 2, 1]);
    }

    #[test]
    fn point_13_who_printed_nothing_is_not_told_to_correct_its_output() {
        let end = End::Error("ended (exit status: 3)".to_owned());
        let silent = end.fix(&[], "'./handler' 'x'");
        assert!(!silent.contains("what its output says"), "{silent}");
        assert!(silent.ends_with("\n  './handler' 'x'"), "{silent}");
        let loud = end.fix(&["no".to_owned()], "'./handler'");
        assert!(loud.contains("what its output says"), "{loud}");
    }

    #[cfg(unix)]
    #[test]
    fn the_status_says_what_follows() {
        use std::os::unix::process::ExitStatusExt;
        let end = |raw| End::of(Ok(ExitStatus::from_raw(raw)));
        assert_eq!(end(0), End::Zero);
        assert_eq!(end(200 << 8), End::Restart);
        assert!(matches!(end(3 << 8), End::Error(_)));
        assert!(matches!(end(9), End::Error(why) if why.contains("signal: 9")));
    }
}
