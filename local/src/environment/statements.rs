//! Statements of each shell: a variable set, one unset, a comment.

use super::CLOUD;
use crate::shell::{Shell, inside_cmd, quoted};

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
