//! Statements of each shell: a variable set, one unset, a comment.
//!
//! What each takes literally stands in its own manual: POSIX, Shell Command Language, 2.2.2; fish,
//! "Quotes"; PowerShell, `about_Quoting_Rules`; Nushell, "Working with strings"; cmd, `set /?` and
//! `cmd /?`.

use clap::ValueEnum;

use super::CLOUD;

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

/// Sets the variable for this shell and for what it starts.
pub(super) fn assignment(shell: Shell, name: &str, value: &str) -> String {
    let word = quoted(shell, value);
    match shell {
        Shell::Sh | Shell::Bash | Shell::Zsh => format!("export {name}={word}"),
        Shell::Fish => format!("set -gx {name} {word}"),
        Shell::Powershell => format!("$env:{name} = {word}"),
        Shell::Cmd => format!("set \"{name}={}\"", inside_cmd(value)),
        Shell::Nushell => format!("$env.{name} = {word}"),
    }
}

/// Unsets the variable; where it is not set, nothing is said.
pub(super) fn unset(shell: Shell, name: &str) -> String {
    match shell {
        Shell::Sh | Shell::Bash | Shell::Zsh => format!("unset {name}"),
        // Its status is 4 where there is none, and the next prompt shows it.
        Shell::Fish => format!("set -e {name}; or true"),
        Shell::Powershell => format!("Remove-Item Env:{name} -ErrorAction Ignore"),
        Shell::Cmd => format!("set \"{name}=\""),
        Shell::Nushell => format!("hide-env --ignore-errors {name}"),
    }
}

/// Text that a shell passes over.
pub(super) fn comment(shell: Shell, line: &str) -> String {
    match shell {
        // A batch file expands variables in remarks, too.
        Shell::Cmd => format!("rem {}", line.replace('%', "%%")),
        _ => format!("# {line}"),
    }
}

/// Registers the cloud, or, on the second run, its new ports. az keeps them in its folder.
pub(super) fn register_cloud(shell: Shell, authority: &str) -> String {
    let [update, register] = ["update", "register"].map(|verb| {
        format!("az cloud {verb} --name {CLOUD} --endpoint-resource-manager {authority} --only-show-errors")
    });
    match shell {
        Shell::Powershell => format!("{update} 2>$null; if ($LASTEXITCODE) {{ {register} }}"),
        // az is a batch file there: without `call`, the one that calls it ends with it.
        Shell::Cmd => format!("call {update} 2>nul || call {register}"),
        Shell::Nushell => format!("if ({update} | complete).exit_code != 0 {{ {register} }}"),
        Shell::Sh | Shell::Bash | Shell::Zsh | Shell::Fish => {
            format!("{update} 2>/dev/null || {register}")
        }
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
fn inside_cmd(value: &str) -> String {
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
