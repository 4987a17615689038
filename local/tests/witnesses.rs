//! Which clients of others have shown a row of the pages' tables: the column `foreign witness` and
//! the line with its numbers are made from `interop/results.json`, which `interop/run --record`
//! writes. `BLESS=1 cargo test -p greeting-local --test witnesses` writes them into the pages.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// The pages that have such a table.
const PAGES: [&str; 3] = ["authority", "easy-auth", "functions-host"];
/// The line below it is made here.
const MARK: &str = "\n<!-- witnesses -->\n";
const HEADING: &str = "\n## What is matched\n";
const COLUMN: &str = " foreign witness |";
/// More are counted.
const NAMED: usize = 2;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A row of `interop/run`.
#[derive(Deserialize, Clone)]
struct Ran {
    client: String,
    version: String,
    date: String,
    result: String,
    /// The rows that it shows, as PAGE/ID.
    shows: Vec<String>,
}

#[derive(Deserialize)]
struct Record {
    rows: Vec<Ran>,
}

impl Record {
    fn load() -> Self {
        let text = std::fs::read(root().join("interop/results.json")).unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    /// When the newest row ran: what is old is told by this, not by the clock, so that no test fails
    /// for the day that it runs on.
    fn newest(&self) -> &str {
        let dates = self.rows.iter().map(|row| row.date.as_str());
        dates.max().unwrap_or_default()
    }

    fn witness(&self, row: &str) -> Witness {
        let mut of_row: Vec<&Ran> = self
            .rows
            .iter()
            .filter(|ran| ran.shows.iter().any(|it| it == row))
            .collect();
        // The newest first.
        of_row.sort_by(|a, b| (&b.date, &a.client).cmp(&(&a.date, &b.client)));
        let mut witness = Witness::default();
        for ran in of_row {
            let name = format!("{} {}", ran.client, ran.version).trim().to_owned();
            let list = match ran.result.as_str() {
                "ok" => &mut witness.shown,
                _ => &mut witness.failing,
            };
            if !list.contains(&name) {
                list.push(name);
            }
        }
        witness
    }
}

/// Who has shown a row.
#[derive(Default)]
struct Witness {
    shown: Vec<String>,
    failing: Vec<String>,
}

impl Witness {
    fn cell(&self) -> String {
        let failing = self.failing.iter();
        let mut parts: Vec<String> = failing.map(|name| format!("**failing**: {name}")).collect();
        parts.extend(self.shown.iter().take(NAMED).cloned());
        let more = self.shown.len().saturating_sub(NAMED);
        match (parts.is_empty(), more) {
            (true, _) => "–".to_owned(),
            (false, 0) => parts.join(", "),
            (false, more) => format!("{} and {more} more", parts.join(", ")),
        }
    }
}

/// The id of a table's row, in a comment that begins it: the text can change.
fn id(line: &str) -> Option<&str> {
    let (id, _) = line.strip_prefix("| <!-- ")?.split_once(" -->")?;
    Some(id)
}

/// A page, cut where its table is.
struct Parts<'a> {
    before: &'a str,
    table: Vec<&'a str>,
    after: &'a str,
}

fn parts(page: &str) -> Parts<'_> {
    let at = page.find(HEADING).unwrap();
    let begin = at + page[at..].find("\n|").unwrap() + 1;
    let length = page[begin..]
        .find("\n\n")
        .map_or(page.len() - begin, |end| end + 1);
    let (before, rest) = page.split_at(begin);
    let (table, after) = rest.split_at(length);
    Parts {
        before,
        table: table.lines().collect(),
        after,
    }
}

fn ids(page: &str) -> Vec<String> {
    let table = parts(page).table;
    let rows = table.iter().skip(2);
    rows.map(|line| {
        id(line)
            .unwrap_or_else(|| panic!("no id: {line}"))
            .to_owned()
    })
    .collect()
}

/// The page with what the record says.
fn current(name: &str, page: &str, record: &Record, captured: &str) -> String {
    let Parts {
        before,
        table,
        after,
    } = parts(page);
    let [first, second, rows @ ..] = table.as_slice() else {
        panic!("docs/{name}.md has no table");
    };
    assert!(first.ends_with(COLUMN), "docs/{name}.md: {first}");
    let (mut shown, mut failing) = (0, 0);
    let mut lines = vec![(*first).to_owned(), (*second).to_owned()];
    for line in rows {
        let id = id(line).unwrap_or_else(|| panic!("docs/{name}.md: no id: {line}"));
        let witness = record.witness(&format!("{name}/{id}"));
        shown += usize::from(!witness.shown.is_empty());
        failing += usize::from(!witness.failing.is_empty());
        let (kept, _) = line.trim_end_matches(" |").rsplit_once(" | ").unwrap();
        lines.push(format!("{kept} | {} |", witness.cell()));
    }
    let failing = match failing {
        0 => String::new(),
        failing => format!(" **{failing} with a witness that fails.**"),
    };
    let numbers = format!(
        "Of the {} rows of [what is matched](#what-is-matched), {shown} have a foreign witness and {} have none.{failing} A witness is a client that others wrote, by which `interop/run` (last recorded on {}) saw the row's behaviour, or the part of it that the client meets; `interop/results.json` has each one's flow. It shows that the two agree, and is no proof of what Azure does.{captured}",
        rows.len(),
        rows.len() - shown,
        record.newest(),
    );
    let (begin, rest) = before.split_once(MARK).unwrap();
    let (_, end) = rest.split_once("\n\n").unwrap();
    format!(
        "{begin}{MARK}{numbers}\n\n{end}{}\n{after}",
        lines.join("\n")
    )
}

/// What was captured of the real services, and whether that is a year old.
fn captured(list: &str, newest: &str) -> String {
    let mut told = Vec::new();
    for line in list.lines().filter(|line| !line.starts_with('#')) {
        let [date, what, _test] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("not three cells: {line}");
        };
        let old = match is_a_year_before(date, newest) {
            true => ", **more than a year ago: capture it again**",
            false => "",
        };
        told.push(format!("{what} on {date}{old}"));
    }
    format!(
        " What tests compare with of the real Entra ID was captured: {}.",
        told.join("; ")
    )
}

fn is_a_year_before(date: &str, newest: &str) -> bool {
    let (year, rest) = date.split_once('-').unwrap();
    format!("{}-{rest}", year.parse::<u16>().unwrap() + 1).as_str() <= newest
}

#[test]
fn point_3_the_pages_name_the_witnesses_that_the_record_has() {
    let record = Record::load();
    let list = std::fs::read_to_string(root().join("local/tests/captured.tsv")).unwrap();
    for name in PAGES {
        let path = root().join(format!("docs/{name}.md"));
        let page = std::fs::read_to_string(&path).unwrap();
        let captured = match name {
            "authority" => captured(&list, record.newest()),
            _ => String::new(),
        };
        let current = current(name, &page, &record, &captured);
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, current).unwrap();
        } else {
            assert!(
                page == current,
                "docs/{name}.md is stale: BLESS=1 cargo test -p greeting-local --test witnesses"
            );
        }
    }
}

/// In the record, and in the checks themselves.
#[test]
fn point_3_each_row_that_a_check_shows_is_there() {
    let mut rows = BTreeSet::new();
    for name in PAGES {
        let page = std::fs::read_to_string(root().join(format!("docs/{name}.md"))).unwrap();
        for id in ids(&page) {
            assert!(rows.insert(format!("{name}/{id}")), "twice: {name}/{id}");
        }
    }
    let mut shown: Vec<String> = Record::load()
        .rows
        .into_iter()
        .flat_map(|row| row.shows)
        .collect();
    let recorded = shown.len();
    for entry in std::fs::read_dir(root().join("interop")).unwrap().flatten() {
        if entry.path().extension().is_some_and(|kind| kind == "py") {
            let code = std::fs::read_to_string(entry.path()).unwrap();
            let texts = code.split('"').skip(1).map(str::to_owned);
            shown.extend(texts.filter(|text| PAGES.iter().any(|page| is_of(text, page))));
        }
    }
    assert!(recorded > 20 && shown.len() > recorded + 20, "{recorded}");
    for row in shown {
        // Its table has no ids yet.
        let is_without = row.starts_with("easy-auth/");
        assert!(
            is_without || rows.contains(&row),
            "no page has the row {row}"
        );
    }
}

fn is_of(text: &str, page: &str) -> bool {
    let id = text
        .strip_prefix(page)
        .and_then(|rest| rest.strip_prefix('/'));
    id.is_some_and(|id| {
        !id.is_empty() && id.bytes().all(|b| b == b'-' || b.is_ascii_alphanumeric())
    })
}

#[test]
fn point_3_each_captured_answer_has_a_test() {
    let list = std::fs::read_to_string(root().join("local/tests/captured.tsv")).unwrap();
    let code = std::fs::read_to_string(root().join("local/tests/golden.rs")).unwrap();
    for line in list.lines().filter(|line| !line.starts_with('#')) {
        let test = line.rsplit('\t').next().unwrap();
        assert!(code.contains(&format!("fn {test}()")), "there is no {test}");
    }
}

const PAGE: &str = "# P\n\n<!-- witnesses -->\nold\n\nmore\n\n## What is matched\n\n| | here | test | foreign witness |\n|---|---|---|---|\n| <!-- a --> A | yes | `t` | – |\n| <!-- b --> B | yes | `t` | old |\n\nafter\n";

fn ran(client: &str, date: &str, result: &str, shows: &str) -> Ran {
    Ran {
        client: client.to_owned(),
        version: "1".to_owned(),
        date: date.to_owned(),
        result: result.to_owned(),
        shows: vec![shows.to_owned()],
    }
}

#[test]
fn a_row_names_its_newest_witnesses_and_says_who_fails() {
    let rows = vec![
        ran("x", "2026-01-01", "ok", "p/a"),
        ran("y", "2026-01-03", "ok", "p/a"),
        ran("y", "2026-01-03", "ok", "p/a"),
        ran("z", "2026-01-02", "ok", "p/a"),
        ran("v", "2026-01-02", "FAILED", "p/a"),
        ran("w", "2026-01-01", "ok", "other/b"),
    ];
    let text = current("p", PAGE, &Record { rows }, "");
    for said in [
        "| <!-- a --> A | yes | `t` | **failing**: v 1, y 1, z 1 and 1 more |\n",
        "| <!-- b --> B | yes | `t` | – |\n\nafter\n",
        "Of the 2 rows of [what is matched](#what-is-matched), 1 have a foreign witness and 1 have none. **1 with a witness that fails.**",
        "(last recorded on 2026-01-03)",
        "\n\nmore\n",
    ] {
        assert!(text.contains(said), "no {said:?} in {text}");
    }
    // Made again, it is the same.
    let rows = vec![ran("x", "2026-01-01", "ok", "p/b")];
    let again = current("p", &text, &Record { rows: rows.clone() }, "");
    assert_eq!(again, current("p", PAGE, &Record { rows }, ""));
    assert!(!again.contains("failing"));
}

#[test]
fn what_was_captured_a_year_before_the_newest_run_is_old() {
    for (date, newest, old) in [
        ("2026-08-13", "2026-11-29", false),
        ("2026-08-13", "2027-08-12", false),
        ("2026-08-13", "2027-08-13", true),
        ("2026-08-13", "2028-01-01", true),
    ] {
        assert_eq!(is_a_year_before(date, newest), old, "{date} {newest}");
    }
    let told = captured("# c\n2026-08-13\tsix answers\tt\n", "2027-09-01");
    assert!(
        told.contains("six answers on 2026-08-13, **more than a year ago"),
        "{told}"
    );
}
