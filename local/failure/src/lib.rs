//! What a person reads when something stops: what happened, why, what to do.
//!
//! - `fix`: what to do

mod fix;

use std::fmt;

pub use self::fix::{Fix, Step};

/// An error at the edge of the program, in the order in which it is printed.
#[derive(Debug)]
pub struct Failure {
    what: String,
    why: String,
    fix: Fix,
}

impl Failure {
    /// `what` failed because of `why`; `fix` is what the reader does next, or says that there is
    /// nothing to do.
    pub fn new(what: impl Into<String>, why: impl fmt::Display, fix: impl Into<Fix>) -> Self {
        let fix = fix.into();
        debug_assert!(!fix.is_empty(), "a failure says what to do");
        Self {
            what: what.into(),
            why: why.to_string(),
            fix,
        }
    }

    /// What happened.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// Why it happened.
    pub fn why(&self) -> &str {
        &self.why
    }

    /// What to do, a line each.
    pub fn fix(&self) -> &[Step] {
        self.fix.steps()
    }
}

/// A line each, whatever their length: for a file or a pipe.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.what)?;
        for (label, text) in [("why", &self.why), ("fix", &self.fix.to_string())] {
            if !text.is_empty() {
                write!(f, "\n  {label}  {}", text.replace('\n', "\n       "))?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}
