//! When colour is used: by `--color`, else by the environment, else where a terminal reads.
//!
//! As gh and cargo have it: `NO_COLOR`, `CLICOLOR_FORCE`, `CLICOLOR=0`, `TERM=dumb`, and none in a
//! file or a pipe. `FORCE_COLOR` is neither's. Sources: `gh help environment`; the Cargo Book,
//! `term.color`; no-color.org; bixense.com/clicolors.

use std::ffi::OsString;

use clap::ValueEnum as _;

/// When colour is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, as the environment wants it
    Auto,
    /// In a file or a pipe too
    Always,
    /// Nowhere
    Never,
}

/// `--color`, a flag of every command.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct ColorArgs {
    /// When to use colour [auto: on a terminal; NO_COLOR and CLICOLOR are honoured]
    #[arg(
        long,
        global = true,
        display_order = 101,
        value_enum,
        value_name = "WHEN",
        default_value = "auto"
    )]
    pub color: Color,
}

impl Color {
    /// What these arguments say, before clap has read them: its help and its errors follow it too.
    /// The last one counts; what is no such value, clap refuses.
    pub fn of(arguments: impl IntoIterator<Item = OsString>) -> Self {
        let mut found = Self::Auto;
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let value = match argument.to_str() {
                Some("--") => break,
                Some("--color") => arguments.next(),
                Some(text) => text.strip_prefix("--color=").map(OsString::from),
                None => None,
            };
            let value = value.and_then(|it| Self::from_str(it.to_str()?, false).ok());
            found = value.unwrap_or(found);
        }
        found
    }

    /// Has all that is printed from now on follow it.
    pub fn apply(self) {
        match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_color_before_two_dashes_counts() {
        let of = |line: &str| Color::of(line.split(' ').map(OsString::from));
        assert_eq!(of("call URL"), Color::Auto);
        assert_eq!(of("--color never call URL"), Color::Never);
        assert_eq!(of("call --color=always"), Color::Always);
        assert_eq!(of("--color=always --color never"), Color::Never);
        assert_eq!(of("--color always --color blue"), Color::Always);
        assert_eq!(of("launch -- --color always"), Color::Auto);
        assert_eq!(of("--color"), Color::Auto);
    }
}
