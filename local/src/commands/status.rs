//! `greeting-local status`: which stack is it?

mod all;

use jiff::Timestamp;
use local_failure::Failure;
use serde::Serialize;

use crate::cli::{Output, StatusArgs};
use crate::control::client;
use crate::control::running::{Found, Ready};
use crate::control::status::{Behind, Status};
use crate::say;
use crate::state::OUTPUT;

/// What `--output json` prints.
#[derive(Serialize)]
struct Told<'a> {
    name: &'a str,
    #[serde(flatten)]
    ready: &'a Ready,
    #[serde(flatten)]
    status: &'a Status,
    /// The control room's address; none where a real tenant issues the tokens.
    control_room: Option<String>,
    state_dir: String,
    /// Where a detached stack's output is.
    output: Option<String>,
}

/// Prints what runs, since when, where, by which settings, for whom, and whether it can be called.
///
/// # Errors
/// Nothing runs, it does not answer, or its handler has ended.
pub(crate) async fn run(args: StatusArgs) -> Result<(), Failure> {
    let stack = args.state.into();
    if args.all {
        return all::run(&stack, args.output).await;
    }
    let found = Found::of(stack, "status")?;
    let status = client::status(&found).await?;
    let folder = &found.home.path;
    let output = folder.join(OUTPUT);
    let told = Told {
        name: found.home.stack.name(),
        ready: &found.running.ready,
        status: &status,
        control_room: found.running.control_room(),
        state_dir: folder.display().to_string(),
        output: output.exists().then(|| output.display().to_string()),
    };
    match args.output {
        Output::Json => say::line(json(&told)?)?,
        Output::Human => {
            for (label, value) in lines(&told, Timestamp::now()) {
                say::line(say::labelled(label, &value))?;
            }
        }
    }
    match status.behind {
        Behind::Ended => Err(Failure::new(
            "the function's handler has ended",
            "the gate answers, and whatever it lets pass is 503",
            "correct what it has said, on the terminal of `greeting-local up` or in output.log of the state folder, and start it again",
        )),
        Behind::Starting | Behind::Ready | Behind::Upstream { .. } => Ok(()),
    }
}

fn json(told: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string_pretty(told).map_err(|error| {
        Failure::new(
            "the status could not be written as JSON",
            error,
            "ask for it without --output json",
        )
    })
}

/// Whether the function can be called.
fn behind(behind: &Behind) -> String {
    match behind {
        Behind::Starting => "the handler starts".to_owned(),
        Behind::Ready => "the handler takes calls".to_owned(),
        Behind::Ended => "the handler has ended: calls are answered 503".to_owned(),
        Behind::Upstream { url } => format!("{url}, which greeting-local does not run"),
    }
}

/// What a person reads.
fn lines(told: &Told<'_>, now: Timestamp) -> Vec<(&'static str, String)> {
    let (ready, status) = (told.ready, told.status);
    let mut lines = vec![
        ("stack", told.name.to_owned()),
        ("running", since(status, now)),
        ("function", ready.function_url.clone()),
        ("behind it", behind(&status.behind)),
        (
            "authority",
            format!("{}/{}", ready.authority_host, ready.tenant_id),
        ),
    ];
    lines.extend(told.control_room.clone().map(|room| ("control room", room)));
    lines.extend(status.plays.clone().map(|plays| ("plays", plays)));
    lines.push(("settings", status.settings.clone()));
    lines.push(("registration", status.registration.clone()));
    if !status.users.is_empty() {
        lines.push(("users", status.users.join(", ")));
    }
    lines.push(("state", told.state_dir.clone()));
    lines.extend(told.output.clone().map(|output| ("output", output)));
    lines.extend(status.notes.iter().map(|note| ("note", note.clone())));
    lines
}

/// Since when, and by which process.
fn since(status: &Status, now: Timestamp) -> String {
    let process = format!("process {}, version {}", status.process, status.version);
    let Ok(begun) = Timestamp::from_second(status.since) else {
        return process;
    };
    let local = time_zone::system().to_datetime(begun);
    // A clock that was set back has no age to show.
    let age = match now.as_second() - status.since {
        seconds if seconds < 0 => String::new(),
        seconds if seconds < 120 => format!(" ({seconds} s)"),
        seconds if seconds < 7_200 => format!(" ({} min)", seconds / 60),
        seconds => format!(" ({} h)", seconds / 3_600),
    };
    format!("since {}{age}, {process}", local.strftime("%F %T"))
}
