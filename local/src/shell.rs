//! The shells whose syntax is printed: a word, and a command whose output the shell takes.
//!
//! What each takes literally stands in its own manual: POSIX, Shell Command Language, 2.2.2; fish,
//! "Quotes"; PowerShell, `about_Quoting_Rules`; Nushell, "Working with strings"; cmd, `set /?` and
//! `cmd /?`.

use clap::ValueEnum;

/// A shell whose syntax is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    Sh,
    Bash,
    Zsh,
    Fish,
    #[value(alias = "pwsh")]
    Powershell,
    Cmd,
    #[value(alias = "nu")]
    Nushell,
}

/// The shell that `SHELL` names.
pub(crate) fn usual_shell(shell: Option<&str>) -> Shell {
    let name = shell.and_then(|path| path.rsplit('/').next());
    match name {
        Some("fish") => Shell::Fish,
        Some("pwsh") => Shell::Powershell,
        Some("zsh") => Shell::Zsh,
        Some("nu") => Shell::Nushell,
        None if cfg!(windows) => Shell::Powershell,
        _ => Shell::Bash,
    }
}

/// What a person types for the shell to take what `command` prints; in a shell that has no such
/// line, the command.
pub(crate) fn evaluated(shell: Shell, command: &str) -> String {
    match shell {
        Shell::Sh | Shell::Bash | Shell::Zsh => format!("eval \"$({command})\""),
        Shell::Fish => format!("{command} | source"),
        Shell::Powershell => format!("{command} | Out-String | Invoke-Expression"),
        Shell::Cmd | Shell::Nushell => command.to_owned(),
    }
}

/// A word that the shell reads back as `value`, whatever is in it.
pub(crate) fn quoted(shell: Shell, value: &str) -> String {
    // Where nothing in it means anything in double quotes of any shell, they are easier to read.
    let means_something = ['"', '\\', '$', '`', '!', '\u{201c}', '\u{201d}', '\u{201e}'];
    let has_quote = value.contains('\'');
    match shell {
        Shell::Cmd => format!("\"{}\"", inside_cmd(value)),
        _ if has_quote && !value.contains(means_something) => format!("\"{value}\""),
        Shell::Sh | Shell::Bash | Shell::Zsh => format!("'{}'", value.replace('\'', r"'\''")),
        Shell::Fish => {
            let inside = value.replace('\\', r"\\").replace('\'', r"\'");
            format!("'{inside}'")
        }
        Shell::Powershell => format!("'{}'", doubled(value)),
        // Its single quotes have no escape; its double quotes expand no variable.
        Shell::Nushell if has_quote => {
            let inside = value.replace('\\', r"\\").replace('"', r#"\""#);
            format!("\"{inside}\"")
        }
        Shell::Nushell => format!("'{value}'"),
    }
}

/// PowerShell takes typographic single quotes for the plain one.
fn doubled(value: &str) -> String {
    let is_quote = |c| matches!(c, '\'' | '\u{2018}'..='\u{201b}');
    let mut inside = String::with_capacity(value.len());
    for c in value.chars() {
        inside.push(c);
        if is_quote(c) {
            inside.push(c);
        }
    }
    inside
}

/// What stands between the quotes of a batch file's `set "NAME=…"`, which ends at the last quote.
/// A quote in it ends the quoting of what follows, up to the next: there, operators are escaped.
pub(crate) fn inside_cmd(value: &str) -> String {
    let mut inside = String::with_capacity(value.len());
    let mut is_quoted = true;
    for c in value.chars() {
        match c {
            '%' => inside.push('%'),
            '"' => is_quoted = !is_quoted,
            '&' | '|' | '<' | '>' | '^' if !is_quoted => inside.push('^'),
            _ => {}
        }
        inside.push(c);
    }
    inside
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_in_a_word_is_easy_to_read_where_nothing_else_means_anything() {
        for shell in [
            Shell::Bash,
            Shell::Zsh,
            Shell::Fish,
            Shell::Powershell,
            Shell::Nushell,
        ] {
            assert_eq!(quoted(shell, "it's here"), r#""it's here""#);
            assert_eq!(quoted(shell, "it is"), "'it is'");
        }
    }

    #[test]
    fn the_usual_shell_is_the_persons() {
        for (shell, expected) in [
            ("/usr/bin/fish", Shell::Fish),
            ("/bin/zsh", Shell::Zsh),
            ("/bin/bash", Shell::Bash),
            ("/bin/dash", Shell::Bash),
            ("/opt/microsoft/powershell/7/pwsh", Shell::Powershell),
            ("/usr/bin/nu", Shell::Nushell),
        ] {
            assert_eq!(usual_shell(Some(shell)), expected, "{shell}");
        }
    }
}
