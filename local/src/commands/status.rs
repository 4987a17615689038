//! `greeting-local status`: which stack is it?

use jiff::Timestamp;
use local_failure::Failure;
use serde::Serialize;

use crate::cli::{Output, StatusArgs};
use crate::control::client;
use crate::control::running::{Ready, Running};
use crate::control::status::{Behind, Status};
use crate::state::OUTPUT;
use crate::{say, state};

/// What `--output json` prints.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    ready: &'a Ready,
    #[serde(flatten)]
    status: &'a Status,
    state_dir: String,
    /// Where a detached stack's output is.
    output: Option<String>,
}

/// Prints what runs, since when, where, by which settings, for whom, and whether it can be called.
///
/// # Errors
/// Nothing runs, it does not answer, or its handler has ended.
pub(crate) async fn run(args: StatusArgs) -> Result<(), Failure> {
    let folder = state::folder(args.state.state_dir.as_deref())?;
    let running = Running::load(&folder)?;
    let status = client::status(&running).await?;
    let state_dir = folder.display().to_string();
    let output = folder.join(OUTPUT);
    let output = output.exists().then(|| output.display().to_string());
    match args.output {
        Output::Json => {
            let told = Told {
                ready: &running.ready,
                status: &status,
                state_dir,
                output,
            };
            let text = serde_json::to_string_pretty(&told).map_err(|error| {
                Failure::new(
                    "the status could not be written as JSON",
                    error,
                    "ask for it without --output json",
                )
            })?;
            say::line(text)?;
        }
        Output::Human => {
            let now = Timestamp::now();
            for (label, value) in lines(&running.ready, &status, &state_dir, output.as_deref(), now)
            {
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

/// What a person reads.
fn lines(
    ready: &Ready,
    status: &Status,
    state_dir: &str,
    output: Option<&str>,
    now: Timestamp,
) -> Vec<(&'static str, String)> {
    let behind = match &status.behind {
        Behind::Starting => "the handler starts".to_owned(),
        Behind::Ready => "the handler takes calls".to_owned(),
        Behind::Ended => "the handler has ended: calls are answered 503".to_owned(),
        Behind::Upstream { url } => format!("{url}, which greeting-local does not run"),
    };
    let mut lines = vec![
        ("running", since(status, now)),
        ("function", ready.function_url.clone()),
        ("behind it", behind),
        (
            "authority",
            format!("{}/{}", ready.authority_host, ready.tenant_id),
        ),
    ];
    lines.extend(status.plays.clone().map(|plays| ("plays", plays)));
    lines.push(("settings", status.settings.clone()));
    lines.push(("registration", status.registration.clone()));
    if !status.users.is_empty() {
        lines.push(("users", status.users.join(", ")));
    }
    lines.push(("state", state_dir.to_owned()));
    lines.extend(output.map(|output| ("output", output.to_owned())));
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
