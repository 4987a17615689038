//! The rows of `docs/easy-auth.md`, "What is matched", and how each is known.

pub(super) const TABLE: &str = include_str!("rows.tsv");

/// One row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) id: &'static str,
    /// What Easy Auth does.
    pub(crate) behaviour: &'static str,
    /// **D**ocumented, **O**bserved or **I**nferred, then by what; or `ours`, or a dash.
    pub(crate) known: &'static str,
    #[cfg_attr(not(test), expect(dead_code, reason = "the page's"))]
    pub(crate) here: &'static str,
    /// Why no probe shows it; `-`: one does.
    #[cfg_attr(not(test), expect(dead_code, reason = "a test demands it"))]
    pub(crate) no_probe: &'static str,
}

/// Every row, in the page's order.
pub(crate) fn all() -> impl Iterator<Item = Row> {
    TABLE
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(row)
}

/// By its id.
pub(crate) fn named(id: &str) -> Option<Row> {
    all().find(|row| row.id == id)
}

fn row(line: &'static str) -> Option<Row> {
    let cells: Vec<&str> = line.split('\t').collect();
    let [id, behaviour, known, here, _, no_probe] = cells[..] else {
        return None;
    };
    Some(Row {
        id,
        behaviour,
        known,
        here,
        no_probe,
    })
}

impl Row {
    /// How it is known, in a word or a letter.
    pub(crate) fn mark(&self) -> &'static str {
        let end = self.known.find([':', ';', ',', ' ']);
        &self.known[..end.unwrap_or(self.known.len())]
    }
}

#[cfg(test)]
mod tests;
