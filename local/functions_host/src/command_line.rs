//! The handler's arguments, as the Functions host makes them of host.json: joined by spaces,
//! unquoted, expanded, and split by .NET.
//!
//! azure-functions-host 89dc438d, src/WebJobs.Script/Workers/ProcessManagement/
//! DefaultWorkerProcessFactory.cs:29-99.

/// Names that the host replaces last, by what it has chosen for this start.
pub(crate) const WORKER_NAMES: [&str; 5] = [
    "FUNCTIONS_HTTPWORKER_PORT",
    "FUNCTIONS_HTTPWORKER_ID",
    "FUNCTIONS_CUSTOMHANDLER_PORT",
    "FUNCTIONS_CUSTOMHANDLER_WORKER_ID",
    "FUNCTIONS_APP_ROOT_PATH",
];

/// The arguments' text; what depends on the start is still in it. Then the same as host.json has
/// it, to be shown: what a variable holds may be secret.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommandLine(String, String);

impl CommandLine {
    /// Of the parts of host.json, with `value` for the names that are set.
    pub(crate) fn new(
        arguments: &[String],
        worker_path: &str,
        worker_arguments: &[String],
        value: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let (mut line, mut written) = (String::new(), String::new());
        for argument in arguments {
            line.push_str(&format!(" {}", expand(argument, &value)));
            written.push_str(&format!(" {argument}"));
        }
        if !worker_path.is_empty() {
            line.push_str(&format!(" \"{worker_path}\""));
            written.push_str(&format!(" \"{worker_path}\""));
        }
        for argument in worker_arguments {
            line.push_str(&format!(" {}", expand(argument, &value)));
            written.push_str(&format!(" {argument}"));
        }
        Self(line, written)
    }

    /// These very arguments, whatever is in them.
    pub fn of(arguments: &[&str]) -> Self {
        let line: String = arguments
            .iter()
            .map(|argument| format!(" \"{}\"", argument.replace('"', "\\\"")))
            .collect();
        Self(line.clone(), line)
    }

    /// The arguments of one start, for which the host sets `worker`.
    pub(crate) fn arguments(&self, worker: &[(&str, String)]) -> Vec<String> {
        split(&without_unset(&of_worker(&self.0, worker)))
    }

    /// The arguments as host.json has them, split as for a start.
    pub(crate) fn written(&self) -> Vec<String> {
        split(&self.1)
    }

    /// What stands between percent signs and will be deleted.
    pub(crate) fn unset(&self) -> Vec<String> {
        let worker = WORKER_NAMES.map(|name| (name, String::new()));
        unset(&of_worker(&self.0, &worker))
    }
}

/// `text` with the names that the host sets for a start.
pub(crate) fn of_worker(text: &str, worker: &[(&str, String)]) -> String {
    worker.iter().fold(text.to_owned(), |text, (name, value)| {
        text.replace(&format!("%{name}%"), value)
    })
}

/// .NET's `Environment.ExpandEnvironmentVariables`: a name that is not set stays as written.
pub(crate) fn expand(text: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        expanded.push_str(before);
        match after.split_once('%') {
            Some((name, after)) if !name.is_empty() => match value(name) {
                Some(value) => {
                    expanded.push_str(&value);
                    rest = after;
                }
                // The second sign may begin another name.
                None => {
                    expanded.push('%');
                    expanded.push_str(name);
                    rest = &rest[before.len() + 1 + name.len()..];
                }
            },
            _ => {
                expanded.push('%');
                rest = after;
            }
        }
    }
    expanded.push_str(rest);
    expanded
}

/// What `%(.+?)%` matches, each once.
fn unset(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('%') {
        let after = &rest[start + 1..];
        // At least one character stands between the signs; a sign may.
        let first = after.chars().next().map_or(0, char::len_utf8);
        let Some(length) = after.get(first..).and_then(|after| after.find('%')) else {
            break;
        };
        let end = start + 1 + first + length + 1;
        // `.` is no line break.
        if rest[start..end].contains('\n') {
            rest = after;
            continue;
        }
        found.push(rest[start..end].to_owned());
        rest = &rest[end..];
    }
    found.dedup();
    found
}

fn without_unset(text: &str) -> String {
    unset(text)
        .iter()
        .fold(text.to_owned(), |text, name| text.replace(name, ""))
}

/// How .NET splits a command line where there is no system call that takes one.
/// (dotnet/runtime, src/libraries/System.Diagnostics.Process/src/System/Diagnostics/Process.Unix.cs,
/// `ParseArgumentsIntoList`.)
pub(crate) fn split(line: &str) -> Vec<String> {
    let mut arguments = Vec::new();
    let mut characters = line.chars().peekable();
    loop {
        while characters.next_if(|c| matches!(c, ' ' | '\t')).is_some() {}
        if characters.peek().is_none() {
            return arguments;
        }
        arguments.push(next_argument(&mut characters));
    }
}

fn next_argument(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> String {
    let mut argument = String::new();
    let mut quoted = false;
    while let Some(&character) = characters.peek() {
        let mut backslashes = 0;
        while characters.next_if_eq(&'\\').is_some() {
            backslashes += 1;
        }
        if backslashes > 0 {
            if characters.peek() == Some(&'"') {
                // Half of them are literal; an odd one makes the quote so.
                argument.extend(std::iter::repeat_n('\\', backslashes / 2));
                if backslashes % 2 == 1 {
                    characters.next();
                    argument.push('"');
                }
            } else {
                argument.extend(std::iter::repeat_n('\\', backslashes));
            }
            continue;
        }
        match character {
            '"' => {
                characters.next();
                // Two of them inside quotes are one.
                if quoted && characters.next_if_eq(&'"').is_some() {
                    argument.push('"');
                } else {
                    quoted = !quoted;
                }
            }
            ' ' | '\t' if !quoted => break,
            _ => {
                characters.next();
                argument.push(character);
            }
        }
    }
    argument
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(name: &str) -> Option<String> {
        match name {
            "SHOP" => Some("north".to_owned()),
            "A B" => Some("x".to_owned()),
            _ => None,
        }
    }

    #[test]
    fn names_that_are_set_are_expanded_and_others_stay() {
        for (text, expected) in [
            ("%SHOP%/bin", "north/bin"),
            ("%shop%", "%shop%"),
            ("%NONE%SHOP%", "%NONEnorth"),
            ("100%", "100%"),
            ("%%", "%%"),
            ("%%SHOP%%", "%north%"),
            ("%A B%", "x"),
        ] {
            assert_eq!(expand(text, value), expected, "{text}");
        }
    }

    #[test]
    fn point_1_arguments_are_joined_expanded_and_split_as_by_the_real_host() {
        let port = [("FUNCTIONS_CUSTOMHANDLER_PORT", "7000".to_owned())];
        let strings = |texts: &[&str]| -> Vec<String> {
            texts.iter().map(|text| (*text).to_owned()).collect()
        };
        for (arguments, path, more, expected) in [
            (
                &["--shop", "%SHOP%"][..],
                "",
                &[][..],
                &["--shop", "north"][..],
            ),
            (&["--mode", "%UNSET%", "-v"], "", &[], &["--mode", "-v"]),
            (&["run --now"], "", &[], &["run", "--now"]),
            (
                &["-x"],
                "a b/%UNSET%main.js",
                &["--port", "%FUNCTIONS_CUSTOMHANDLER_PORT%"],
                &["-x", "a b/main.js", "--port", "7000"],
            ),
            (&["50% off, 20% now"], "", &[], &["50", "now"]),
            (
                &["\"one two\"", "a\\\"b", "c:\\d", ""],
                "",
                &[],
                &["one two", "a\"b", "c:\\d"],
            ),
            (&["\"a\"\"b\""], "", &[], &["a\"b"]),
        ] {
            let line = CommandLine::new(&strings(arguments), path, &strings(more), value);
            assert_eq!(line.arguments(&port), expected, "{arguments:?}");
        }
        let line = CommandLine::new(
            &strings(&["%X%", "%SHOP%", "%FUNCTIONS_APP_ROOT_PATH%"]),
            "",
            &[],
            value,
        );
        assert_eq!(line.unset(), ["%X%"]);
        assert_eq!(
            CommandLine::of(&["-c", "echo \"hi\"; exit 3"]).arguments(&[]),
            ["-c", "echo \"hi\"; exit 3"]
        );
    }
}
