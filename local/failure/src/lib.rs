//! What a person reads when something stops: what happened, why, what to do.

use std::fmt;

/// An error at the edge of the program, in the order in which it is printed.
#[derive(Debug)]
pub struct Failure {
    what: String,
    why: String,
    fix: String,
}

impl Failure {
    /// `what` failed because of `why`; `fix` is what the reader does next, or says that there is
    /// nothing to do.
    pub fn new(what: impl Into<String>, why: impl fmt::Display, fix: impl Into<String>) -> Self {
        let fix = fix.into();
        debug_assert!(!fix.is_empty(), "a failure says what to do");
        Self {
            what: what.into(),
            why: why.to_string(),
            fix,
        }
    }

    /// Why it happened.
    pub fn why(&self) -> &str {
        &self.why
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.what)?;
        for (label, text) in [("why", &self.why), ("fix", &self.fix)] {
            if !text.is_empty() {
                write!(f, "\n  {label}  {}", text.replace('\n', "\n       "))?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}
