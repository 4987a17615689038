//! Sentences, with their commands on lines that paste.

/// What a line to paste begins with. As names in a sentence, programs are followed by something else.
const BEGINNINGS: [&str; 23] = [
    "greeting-cli call",
    "greeting-cli login",
    "greeting-cli logout",
    "greeting-cli token",
    "greeting-cli doctor",
    "greeting-cli explain",
    "greeting-local up",
    "greeting-local mint",
    "greeting-local log",
    "az account",
    "az ad",
    "az containerapp",
    "az functionapp",
    "az login",
    "az logout",
    "az monitor",
    "az network",
    "az rest",
    "az webapp",
    "azd auth",
    "export",
    "timedatectl",
    "(Get-AzAccessToken",
];

/// What ends a command in a sentence. A pipe goes on with it.
const ENDS: [&str; 7] = ["; ", ", ", ". ", ": ", ") ", " (", " or "];

/// Stands for a space at which no line ends.
pub(super) const KEPT: char = '\u{a0}';

/// With [`KEPT`] in place of each space of a command, so that wrapping leaves it whole.
pub(super) fn with_whole_commands(said: &str) -> String {
    let mut text = String::with_capacity(said.len());
    let mut rest = said;
    while let Some(at) = start(rest) {
        let (before, command) = rest.split_at(at);
        // A parenthesis of its own belongs to PowerShell's line.
        let skip = command.find(") | ").map_or(0, |it| it + 1);
        let end = ENDS
            .iter()
            .filter_map(|end| command[skip..].find(end).map(|at| at + skip));
        let (command, after) = command.split_at(end.min().unwrap_or(command.len()));
        text.push_str(before);
        text.push_str(&command.replace(' ', &KEPT.to_string()));
        rest = after;
    }
    text.push_str(rest);
    text
}

/// Whether a printed line is one to paste, which may be longer than any terminal is wide.
#[cfg(test)]
pub(crate) fn is_to_paste(line: &str) -> bool {
    let line = line.trim_start();
    start(line.strip_prefix("fix").map_or(line, str::trim_start)) == Some(0)
}

/// Where the first command begins: at a word, with something after it.
fn start(text: &str) -> Option<usize> {
    let begins = |at: usize| at == 0 || text[..at].ends_with([' ', '(']);
    let of = |beginning: &str| {
        let name = format!("{beginning} ");
        let found = text.match_indices(&name).map(|(at, _)| at);
        found.filter(|at| begins(*at)).min()
    };
    BEGINNINGS.iter().filter_map(|it| of(it)).min()
}
