//! What to do: sentences, and commands to paste, which nothing breaks.

use std::fmt;

/// What the reader does next: steps, or a choice of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix(Vec<Step>);

/// One line of it. One of the two may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    words: String,
    command: String,
}

impl Fix {
    /// This command.
    pub fn command(command: impl Into<String>) -> Self {
        Self::with("", command)
    }

    /// This command, and before it what it is for.
    pub fn with(words: impl Into<String>, command: impl Into<String>) -> Self {
        Self(vec![Step {
            words: words.into(),
            command: command.into(),
        }])
    }

    /// And this, in lines of its own.
    #[must_use]
    pub fn and(mut self, other: impl Into<Self>) -> Self {
        self.0.extend(other.into().0);
        self
    }

    /// And this, where there is one.
    #[must_use]
    pub fn and_any(self, other: Option<Self>) -> Self {
        match other {
            Some(other) => self.and(other),
            None => self,
        }
    }

    pub(super) fn steps(&self) -> &[Step] {
        &self.0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0
            .iter()
            .all(|step| step.words.is_empty() && step.command.is_empty())
    }
}

impl Step {
    /// What to do, or what the command is for.
    pub fn words(&self) -> &str {
        &self.words
    }

    /// The command to paste, if there is one.
    pub fn command(&self) -> Option<&str> {
        (!self.command.is_empty()).then_some(&self.command)
    }
}

/// Sentences, a line each.
impl From<String> for Fix {
    fn from(text: String) -> Self {
        let step = |line: &str| Step {
            words: line.to_owned(),
            command: String::new(),
        };
        Self(text.lines().map(step).collect())
    }
}

impl From<&str> for Fix {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let between = match (self.words.as_str(), self.command.as_str()) {
            ("", _) | (_, "") => "",
            _ => ": ",
        };
        write!(f, "{}{between}{}", self.words, self.command)
    }
}

impl fmt::Display for Fix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, step) in self.0.iter().enumerate() {
            let between = if number == 0 { "" } else { "\n" };
            write!(f, "{between}{step}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_is_a_line_and_its_command_ends_it() {
        let fix = Fix::with("to end it", "greeting-local stop")
            .and("or wait for it")
            .and(Fix::command("kill -9 7"));
        assert_eq!(
            fix.to_string(),
            "to end it: greeting-local stop\nor wait for it\nkill -9 7"
        );
        assert!(Fix::from("").is_empty());
    }
}
