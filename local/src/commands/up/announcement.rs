//! What `up` says once the function can be called.

use local_easy_auth::PLAIN_HTTP;
use local_entra::Directory;

use crate::say::{LABEL, Layout};
use crate::stack::Stack;
use crate::state::StackRef;
use crate::typed::Typed;
use crate::{deploy, say};

/// How many lines it says, at most, with [`Detail::Short`], on a terminal of 80 columns.
const LINES: usize = 8;

/// How much is said at start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// What is needed first.
    Short,
    /// And where all of it is from.
    All,
}

/// That the function can be called, how, and what is not as it may seem. `open_to` is who can, over
/// a network. A last line that says how it ends is counted.
pub(super) fn announcement(
    stack: &Stack,
    named: &StackRef,
    detail: Detail,
    form: Layout,
    open_to: Option<&str>,
) -> Vec<String> {
    let ready = &stack.running.ready;
    let typed = Typed::here();
    let mut labels: Vec<(&str, String)> = open_to
        .map(|who| ("open to", who.to_owned()))
        .into_iter()
        .collect();
    labels.push(("ready", ready.function_url.clone()));
    labels.extend(
        stack
            .running
            .control_room()
            .map(|room| ("control room", room)),
    );
    labels.extend(stack.sources.plays.clone().map(|plays| ("plays", plays)));
    if detail == Detail::All {
        labels.extend(origins(stack));
    }
    let mut lines: Vec<String> = labels
        .iter()
        .map(|(label, value)| form.labelled(label, value))
        .collect();
    let call = [
        typed.where_to().to_owned(),
        format!("  {}", named.env()),
        format!("  {}", typed.program("greeting-cli", "call")),
    ];
    let is_said = |note: &&String| detail == Detail::All || *note != PLAIN_HTTP;
    let notes: Vec<&String> = stack.warnings.iter().filter(is_said).collect();
    let height = |value: &String| say::wrapped("", value).lines().count();
    let taken: usize = labels.iter().map(|(_, value)| height(value)).sum();
    let shown = match detail {
        Detail::All => notes.len(),
        Detail::Short => {
            let heights: Vec<usize> = notes.iter().map(|note| height(note)).collect();
            fitting(&heights, LINES.saturating_sub(taken + call.len() + 1))
        }
    };
    lines.extend(
        notes
            .iter()
            .take(shown)
            .map(|note| form.labelled("note", note)),
    );
    // A command keeps its line, so that it can be pasted.
    let command = |label: &str, command: &str| format!("{label:<LABEL$}{command}");
    if shown < notes.len() {
        let status = named.line("status");
        let rest = notes.len() - shown;
        lines.push(command(
            "note",
            &format!("{rest} more, listed by: {status}"),
        ));
    }
    if detail == Detail::All {
        lines.push(command("call it", &whole_call(stack)));
    }
    lines.extend(call);
    lines
}

/// How many of the first notes, of these heights, are shown in so many lines, where one more line
/// says that there are others.
fn fitting(heights: &[usize], lines: usize) -> usize {
    if heights.iter().sum::<usize>() <= lines {
        return heights.len();
    }
    let mut left = lines.saturating_sub(1);
    let fits = heights.iter().take_while(|height| {
        let fits = **height <= left;
        left = left.saturating_sub(**height);
        fits
    });
    fits.count()
}

/// Who can sign in.
fn users(directory: &Directory) -> String {
    match directory.users_file() {
        None => {
            let domain = deploy::TENANT_DOMAIN;
            format!("alice@{domain}, without a password; bob@{domain} has not consented")
        }
        Some(file) => {
            let all = directory.users();
            let names: Vec<&str> = all.iter().take(3).map(|user| user.upn.as_str()).collect();
            let more = match all.len() - names.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("{}{more}, without a password ({file})", names.join(", "))
        }
    }
}

/// The apps beside the protected API and its client.
fn registered(stack: &Stack) -> Vec<(&'static str, String)> {
    let apps = stack.authority().into_iter();
    apps.flat_map(|authority| authority.directory().more_apps())
        .map(|(name, id, file)| ("registered", format!("{name} {id} ({file})")))
        .collect()
}

/// Where all of it is from, and who signs in.
fn origins(stack: &Stack) -> Vec<(&'static str, String)> {
    let ready = &stack.running.ready;
    let authority = format!("{}/{}", ready.authority_host, ready.tenant_id);
    let mut lines = vec![
        ("authority", authority),
        ("settings", stack.sources.settings.clone()),
        ("registration", stack.sources.registration.clone()),
    ];
    lines.extend(registered(stack));
    match stack.authority() {
        Some(authority) => lines.extend([
            ("CA to trust", ready.ca_cert.display().to_string()),
            ("users", users(authority.directory())),
        ]),
        None => lines.push((
            "users",
            "the tenant's: az login, or the code that greeting-cli shows".to_owned(),
        )),
    }
    lines
}

/// The call for a POSIX shell that has none of the stack's variables.
fn whole_call(stack: &Stack) -> String {
    let ready = &stack.running.ready;
    let (url, client) = (&ready.function_url, &ready.cli_client_id);
    match stack.authority() {
        Some(_) => format!(
            "SSL_CERT_FILE={} greeting-cli call {url} --client-id {client}",
            state_folder::quoted(&ready.ca_cert)
        ),
        None => format!(
            "greeting-cli call {url} --scope {} --tenant {} --authority-host {} --client-id {client}",
            ready.scope, ready.tenant_id, ready.authority_host
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::fitting;

    #[test]
    fn point_7_notes_are_shown_as_far_as_they_fit() {
        for (heights, lines, shown) in [
            (&[1, 1][..], 2, 2),
            (&[2], 2, 1),
            (&[], 0, 0),
            // One line is for saying that there are others.
            (&[1, 2], 2, 1),
            (&[2, 1], 2, 0),
            (&[1, 1, 1], 2, 1),
            (&[1], 0, 0),
        ] {
            assert_eq!(fitting(heights, lines), shown, "{heights:?} in {lines}");
        }
    }
}
