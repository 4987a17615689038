//! `greeting-local status --all`: every stack of the state folder.

use jiff::Timestamp;
use local_failure::Failure;
use serde::Serialize;
use tokio::task::JoinSet;

use super::{behind, since};
use crate::cli::Output;
use crate::control::client;
use crate::control::running::Ready;
use crate::control::status::Status;
use crate::known_stacks::{self, Known};
use crate::say;
use crate::state::StackRef;
use crate::state::ports::Had;

/// More are not asked, and not shown.
const SHOWN: usize = 50;

/// What `--output json` prints.
#[derive(Serialize)]
struct Told {
    stacks: Vec<One>,
    /// How many more there are.
    left_out: usize,
}

/// One stack.
#[derive(Serialize)]
struct One {
    name: String,
    state: State,
    state_dir: String,
    /// The ports that it has, or had.
    function_port: Option<u16>,
    authority_port: Option<u16>,
    /// Where it is, if it runs.
    #[serde(flatten)]
    ready: Option<Ready>,
    /// What it says of itself, if it answers.
    #[serde(flatten)]
    status: Option<Status>,
    /// What a person does about one that can't be called.
    #[serde(skip)]
    next: String,
}

/// Whether there is anything to call.
#[derive(Serialize, PartialEq, Eq, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum State {
    Runs,
    /// A process holds its folder, and does not answer.
    Silent,
    Stopped,
}

/// Prints them all: those that run first.
///
/// # Errors
/// There is no home folder for the state, or the list can't be written.
pub(super) async fn run(stack: &StackRef, output: Output) -> Result<(), Failure> {
    let mut known = known_stacks::all(stack)?;
    let left_out = known.len().saturating_sub(SHOWN);
    known.truncate(SHOWN);
    // All at once: one that is silent holds up no other.
    let mut asked = JoinSet::new();
    for (number, known) in known.into_iter().enumerate() {
        asked.spawn(async move { (number, one(known).await) });
    }
    let mut stacks = asked.join_all().await;
    stacks.sort_by_key(|(number, _)| *number);
    let stacks = stacks.into_iter().map(|(_, one)| one).collect();
    let told = Told { stacks, left_out };
    match output {
        Output::Json => say::line(super::json(&told)?),
        Output::Human => {
            let now = Timestamp::now();
            for one in &told.stacks {
                for line in lines(one, now) {
                    say::line(line)?;
                }
            }
            match left_out {
                0 => Ok(()),
                more => say::line(format_args!("and {more} more that are not shown")),
            }
        }
    }
}

async fn one(known: Known) -> One {
    let home = known.home().clone();
    let had = Had::load(&home.path);
    let mut one = One {
        name: home.stack.name().to_owned(),
        state: State::Stopped,
        state_dir: home.path.display().to_string(),
        function_port: had.function,
        authority_port: had.authority,
        ready: None,
        status: None,
        next: home.stack.line("up"),
    };
    if let Known::Runs(found) = known {
        let status = client::status(&found).await.ok();
        let ready = found.running.ready;
        let has_authority = found.running.tenant.is_some();
        one.state = status.as_ref().map_or(State::Silent, |_| State::Runs);
        // Which names its process, if it does not end.
        one.next = home.stack.line("stop");
        one.function_port = known_stacks::port(&ready.function_url);
        one.authority_port = known_stacks::port(&found.running.control).filter(|_| has_authority);
        one.ready = Some(ready);
        one.status = status;
    }
    one
}

/// What a person reads of one.
fn lines(one: &One, now: Timestamp) -> Vec<String> {
    let mut values = Vec::new();
    match (&one.ready, &one.status) {
        (Some(ready), Some(status)) => {
            values.push(ready.function_url.clone());
            values.push(format!(
                "{}; {}",
                behind(&status.behind),
                since(status, now)
            ));
            values.push(format!("authority {}", ready.authority_host));
        }
        (Some(ready), None) => {
            values.push(format!("{} does not answer", ready.function_url));
            values.push(one.next.clone());
        }
        (None, _) => {
            let ports: Vec<String> = [one.function_port, one.authority_port]
                .into_iter()
                .flatten()
                .map(|port| port.to_string())
                .collect();
            values.push(match ports.as_slice() {
                [] => "does not run".to_owned(),
                ports => format!("does not run; its ports: {}", ports.join(", ")),
            });
            values.push(one.next.clone());
        }
    }
    values.push(format!("state {}", one.state_dir));
    // A long name has a line of its own.
    let (first, mut label) = match one.name.len() < say::LABEL {
        true => (None, one.name.as_str()),
        false => (Some(one.name.clone()), ""),
    };
    let values = values.iter().map(|value| {
        let line = say::labelled(label, value);
        label = "";
        line
    });
    first.into_iter().chain(values).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_has_a_line_of_its_own() {
        let one = |name: &str| One {
            name: name.to_owned(),
            state: State::Stopped,
            state_dir: "/state".to_owned(),
            function_port: Some(7072),
            authority_port: None,
            ready: None,
            status: None,
            next: format!("greeting-local up --name {name}"),
        };
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(
            lines(&one("two"), now),
            [
                "two           does not run; its ports: 7072",
                "              greeting-local up --name two",
                "              state /state",
            ]
        );
        let long = lines(&one("a-name-of-twenty-one"), now);
        assert_eq!(long[0], "a-name-of-twenty-one");
        assert_eq!(long[1], "              does not run; its ports: 7072");
    }
}
