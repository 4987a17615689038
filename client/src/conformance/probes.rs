//! The table of probes.

use aws_lc_rs::digest;

use super::plan::Question;
use super::rows;

const TABLE: &str = include_str!("probes.tsv");

/// One probe: its request, and what is expected of the answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Probe {
    pub(crate) question: Question<'static>,
    /// The ids of the rows that it shows, between commas.
    pub(crate) rows: &'static str,
    /// Facets between semicolons.
    pub(crate) expected: &'static str,
}

/// Every probe, in the order in which they are asked.
pub(crate) fn all() -> impl Iterator<Item = Probe> {
    TABLE
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(probe)
}

/// Their requests.
pub(crate) fn questions() -> impl Iterator<Item = Question<'static>> {
    all().map(|probe| probe.question)
}

fn probe(line: &'static str) -> Option<Probe> {
    let cells: Vec<&str> = line.split('\t').collect();
    let [id, rows, method, target, token, headers, needs, expected] = cells[..] else {
        return None;
    };
    Some(Probe {
        question: Question {
            id,
            method,
            target,
            token,
            headers,
            needs,
        },
        rows,
        expected,
    })
}

/// SHA-256 of the rows and the probes, in hexadecimal digits.
pub(crate) fn digest() -> String {
    let tables = [rows::TABLE, TABLE].concat();
    let digest = digest::digest(&digest::SHA256, tables.as_bytes());
    digest
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::conformance::send::Budget;

    #[test]
    fn each_line_is_a_probe_of_its_own_and_all_fit_the_budget() {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(all().count(), lines);
        let ids: BTreeSet<_> = questions().map(|question| question.id).collect();
        assert_eq!(ids.len(), lines);
        let asked = questions().filter(|it| it.method != "-").count();
        assert!(asked + 3 <= usize::from(Budget::MOST), "{asked}");
        for question in questions().filter(|it| it.method == "-") {
            assert!(ids.contains(question.target), "{}", question.id);
        }
    }
}
