//! What differs between two captures.

use std::process::ExitCode;

use serde::Serialize;
use serde_json::json;

use super::{status, wrapped};
use crate::cli::Output;
use crate::conformance::capture::Capture;
use crate::conformance::compare::{Difference, differences};
use crate::terminal::{Unwritten, json as pretty, printable, say};

/// Prints what differs.
///
/// # Errors
/// It was not written.
pub(in super::super) fn compare(
    one: &Capture,
    other: &Capture,
    output: Output,
) -> Result<ExitCode, Unwritten> {
    #[derive(Serialize)]
    struct Shown {
        outcome: &'static str,
        same_table: bool,
        differences: Vec<Difference>,
    }
    let differences = differences(one, other);
    let differs = !differences.is_empty();
    let same_table = one.table == other.table;
    match output {
        Output::Json => say(&pretty(&json!(Shown {
            outcome: if differs { "differs" } else { "same" },
            same_table,
            differences,
        })))?,
        Output::Human => {
            if !same_table {
                say("the captures were made with different tables of probes")?;
            }
            for difference in &differences {
                let text = printable(&format!("{}: {}", difference.what, difference.first));
                let start = format!("  {:<22}  ", difference.probe);
                say(wrapped(&start, &text).trim_end())?;
                let start = " ".repeat(start.chars().count());
                let text = printable(&format!("and: {}", difference.second));
                say(wrapped(&start, &text).trim_end())?;
            }
            say(&match differences.len() {
                0 => "the answers are the same".to_owned(),
                count => format!("{count} differences"),
            })?;
        }
    }
    Ok(status(differs))
}
