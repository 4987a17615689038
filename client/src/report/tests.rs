//! Every cause, as text and as JSON, in snapshots.

mod examples;
mod fixes;
mod pages;

use self::examples::{Example, examples};
use super::*;
use crate::snapshots;

fn plain(report: &Report) -> String {
    anstream::adapter::strip_str(&report.human()).to_string()
}

#[test]
fn every_refusal_is_told_so() {
    for Example { name, report } in examples() {
        let told = format!("{}\n\n--- JSON\n{}", plain(&report), json(&report));
        snapshots::is_current(&format!("refusal-{name}"), &told);
    }
}

#[test]
fn every_code_of_the_catalogue_has_an_example() {
    let examples = examples();
    for code in Code::ALL {
        assert!(
            examples.iter().any(|it| it
                .report
                .findings
                .iter()
                .any(|finding| finding.code == *code)),
            "{}",
            code
        );
    }
}

/// What every terminal has room for. Only what is pasted (commands, addresses, ids) is longer.
#[test]
fn refusals_fit_eighty_columns() {
    for Example { name, report } in examples() {
        for line in plain(&report).lines() {
            let words = line.split_whitespace().count();
            let is_exempt = words <= 2 || fix::is_to_paste(line);
            assert!(line.chars().count() <= 80 || is_exempt, "{name}: {line}");
        }
    }
}

/// A token that has expired by one clock is not told to be valid by another.
#[test]
fn no_example_contradicts_itself_about_time() {
    for Example { name, report } in examples() {
        let text = plain(&report);
        let over = text.contains("the token expired") || text.contains("is not valid yet");
        assert!(!(over && text.contains("expires in")), "{name}: {text}");
    }
}
