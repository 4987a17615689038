//! `explain --log`: the owner's evidence. The gate tells the caller nothing; its log may.

use std::io::Read as _;
use std::path::Path;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::BOLD;
use crate::cli::Output;
use crate::diagnosis::{Finding, logged, meaning};
use crate::failure::Failure;
use crate::gate_log::{Row, rows};
use crate::report::finding_text;
use crate::terminal::{json as pretty, printable};

/// Seconds between a call's own time and its row in the log.
const NEAR: u64 = 120;

/// What the log says, for people or as JSON.
///
/// # Errors
/// The log or the call can't be read, or is none.
pub(super) fn run(log: &Path, call: Option<&Path>, output: Output) -> Result<String, Failure> {
    let rows = rows(&read(log)?);
    if rows.is_empty() {
        return Err(Failure::NotALog(log.to_owned()));
    }
    let refusals = refusals(&rows);
    let Some(path) = call else {
        return Ok(match output {
            Output::Human => human(&refusals),
            Output::Json => pretty(&json!({
                "rows": rows.len(),
                "refusals": refusals.iter().map(Refusal::value).collect::<Vec<_>>(),
            })),
        });
    };
    let call: Value =
        serde_json::from_str(&read(path)?).map_err(|_| Failure::NotACall(path.to_owned()))?;
    if !call["findings"].is_array() {
        return Err(Failure::NotACall(path.to_owned()));
    }
    let confirmed = of_call(&call, &rows).and_then(logged);
    Ok(match (output, &confirmed) {
        (Output::Json, Some(finding)) => pretty(&proved(call, finding)),
        (Output::Json, None) => pretty(&call),
        (Output::Human, Some(finding)) => {
            format!("{BOLD}the gate's log has this call{BOLD:#}\n\n{}", finding_text(finding).trim_end())
        }
        (Output::Human, None) => "The log has no row of this call that names a cause: neither one of its ids, nor one\nof its status within two minutes of it.".to_owned(),
    })
}

fn read(path: &Path) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        std::io::stdin().read_to_end(&mut bytes)
    } else {
        ::state_folder::open_named(path).and_then(|mut file| file.read_to_end(&mut bytes))
    };
    match read {
        Ok(_) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) => Err(Failure::LogNotRead {
            path: path.to_owned(),
            error,
        }),
    }
}

/// Rows that say the same, counted.
struct Refusal<'a> {
    last: &'a Row,
    times: usize,
    finding: Option<Finding>,
}

impl Refusal<'_> {
    fn status(&self) -> String {
        match (self.last.status, self.last.substatus) {
            (Some(status), Some(substatus)) => format!("{status}.{substatus}"),
            (Some(status), None) => status.to_string(),
            (None, _) => "refused".to_owned(),
        }
    }

    fn meaning(&self) -> Option<&'static str> {
        meaning(self.last.status?, self.last.substatus?)
    }

    fn value(&self) -> Value {
        json!({
            "status": self.last.status,
            "substatus": self.last.substatus,
            "meaning": self.meaning(),
            "times": self.times,
            "last": self.last.time,
            "id": self.last.id,
            "finding": self.finding,
        })
    }
}

fn refusals(rows: &[Row]) -> Vec<Refusal<'_>> {
    let mut list: Vec<Refusal<'_>> = Vec::new();
    for row in rows {
        let refused = row.status.is_none_or(|status| (400..500).contains(&status));
        let finding = logged(row);
        // A row without a status counts where it names a cause.
        if !refused || row.status.is_none() && finding.is_none() {
            continue;
        }
        let code = finding.as_ref().map(|finding| finding.code);
        let same = list.iter_mut().find(|it| {
            (it.last.status, it.last.substatus) == (row.status, row.substatus)
                && it.finding.as_ref().map(|finding| finding.code) == code
        });
        match same {
            Some(same) => {
                same.times += 1;
                same.last = row;
                same.finding = finding;
            }
            None => list.push(Refusal {
                last: row,
                times: 1,
                finding,
            }),
        }
    }
    list
}

fn human(refusals: &[Refusal<'_>]) -> String {
    if refusals.is_empty() {
        return "No row of this log is a refusal.".to_owned();
    }
    let parts: Vec<String> = refusals
        .iter()
        .map(|refusal| {
            let times = if refusal.times == 1 {
                "once".to_owned()
            } else {
                format!("{} times", refusal.times)
            };
            let last = refusal
                .last
                .time
                .as_ref()
                .map_or(String::new(), |time| format!(", last {}", printable(time)));
            let title = format!("{BOLD}{}{BOLD:#} ({times}{last})", refusal.status());
            let told = match &refusal.finding {
                Some(finding) => finding_text(finding),
                None => {
                    let meaning = refusal.meaning().unwrap_or("the log does not say why");
                    format!("  {meaning}\n")
                }
            };
            format!("{title}\n{told}")
        })
        .collect();
    parts.join("\n").trim_end().to_owned()
}

/// The row of a call: by one of its ids, else by status and time where one cause alone fits.
fn of_call<'a>(call: &Value, rows: &'a [Row]) -> Option<&'a Row> {
    let ids: Vec<&str> = call["ids"].as_object().map_or_else(Vec::new, |ids| {
        ids.values().filter_map(Value::as_str).collect()
    });
    let by_id = |row: &&Row| {
        row.id
            .as_deref()
            .is_some_and(|id| ids.iter().any(|it| it.eq_ignore_ascii_case(id)))
    };
    if let Some(row) = rows.iter().find(by_id) {
        return Some(row);
    }
    let status = call["status"].as_u64()?;
    let at: Timestamp = call["time"].as_str()?.parse().ok()?;
    let near: Vec<&Row> = rows
        .iter()
        .filter(|row| row.status.map(u64::from) == Some(status))
        .filter(|row| {
            let time = row
                .time
                .as_ref()
                .and_then(|time| time.parse::<Timestamp>().ok());
            time.is_some_and(|time| time.as_second().abs_diff(at.as_second()) <= NEAR)
        })
        .collect();
    let code = |row: &Row| logged(row).map(|finding| finding.code);
    let first = *near.first()?;
    near.iter()
        .all(|row| code(row) == code(first))
        .then_some(first)
}

/// The call's report with the cause that the log names; what was likely beside it goes.
fn proved(mut call: Value, finding: &Finding) -> Value {
    let named = json!(finding);
    if let Some(findings) = call["findings"].as_array_mut() {
        findings.retain(|it| it["certainty"] == "proved" && it["code"] != named["code"]);
        findings.insert(0, named);
    }
    call
}
