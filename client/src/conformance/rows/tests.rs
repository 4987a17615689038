use std::collections::BTreeSet;
use std::path::Path;

use super::*;
use crate::conformance::probes;

#[test]
fn point_1_the_pages_table_is_this_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/easy-auth.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (_, table) = page.split_once("\n## What is matched\n").unwrap();
    let table = table.split("\n## ").next().unwrap();
    let lines = table.lines().filter(|line| line.starts_with("| "));
    let lines: Vec<&str> = lines.skip(1).collect();
    let rows: Vec<String> = all()
        .map(|row| {
            format!(
                "| <!-- {} --> {} | {} | {} | ",
                row.id, row.behaviour, row.known, row.here
            )
        })
        .collect();
    assert_eq!(lines.len(), rows.len());
    for (line, row) in lines.iter().zip(&rows) {
        assert!(line.starts_with(row), "{line}\n{row}");
    }
}

#[test]
fn point_1_each_row_has_a_probe_or_a_reason() {
    let count = TABLE.lines().filter(|line| !line.starts_with('#')).count();
    assert_eq!(all().count(), count);
    let ids: BTreeSet<&str> = all().map(|row| row.id).collect();
    assert_eq!(ids.len(), count);
    let probed: BTreeSet<&str> = probes::all()
        .flat_map(|probe| probe.rows.split(','))
        .filter(|row| *row != "-")
        .collect();
    assert!(probed.is_subset(&ids), "{:?}", probed.difference(&ids));
    for row in all() {
        assert_eq!(row.no_probe == "-", probed.contains(row.id), "{}", row.id);
        let known = ["D", "O", "I", "ours", "not"].contains(&row.mark());
        assert!(known, "{}: {}", row.id, row.known);
    }
}
