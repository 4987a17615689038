"""results.json: of each row of interop/run the client's version, the date, what came of it, and which
rows of the pages' tables that shows. `interop/run --record` writes it, for the rows that it runs; a
run without compares itself with it and writes nothing. local/tests/witnesses.rs makes the pages'
column of witnesses from it.

What a run has to have in common with the record: the result, and what it shows. Its date and the
machine's versions may differ (versions are pinned by requirements.txt and the like; another one is
told, and fails nothing), and a row that can't run on this machine is not compared."""

import json
import pathlib

from checks import ROOT

RECORD = ROOT / "interop" / "results.json"
OK, FAILED = "ok", "FAILED"


def read(path: pathlib.Path = RECORD) -> list[dict]:
    if not path.exists():
        return []
    record = json.loads(path.read_text())
    assert record["version"] == 1, f"{path.name} is of another version"
    return record["rows"]


def key(row: dict) -> tuple:
    return row["client"], row["flow"]


def is_skipped(row: dict) -> bool:
    return row["result"] not in (OK, FAILED)


def merged(record: list[dict], ran: list[dict], checks: set[tuple]) -> list[dict]:
    """What did not run keeps what is known of it; a check that is gone is forgotten."""
    rows = {key(row): row for row in record if key(row) in checks}
    rows |= {key(row): row for row in ran if not is_skipped(row)}
    return [rows[name] for name in sorted(rows)]


def written(rows: list[dict]) -> str:
    """A row a line: a change of one row is a change of one line."""
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    return f'{{"version": 1, "rows": [\n{lines}\n]}}\n'


def differences(record: list[dict], ran: list[dict]) -> tuple[list[str], list[str]]:
    """What is wrong with the record, and what is only told."""
    known = {key(row): row for row in record}
    wrong, told = [], []
    for row in ran:
        name = f"{row['client']}: {row['flow']}"
        before = known.get(key(row))
        if is_skipped(row):
            continue
        if before is None:
            wrong.append(f"{name}: is not in the record")
            continue
        for what in ("result", "shows"):
            if row[what] != before[what]:
                wrong.append(f"{name}: {what} is {row[what]}, in the record {before[what]}")
        if row["version"] != before["version"]:
            told.append(f"{name}: ran with {row['version']}, and was recorded with {before['version'] or 'none'}")
    return wrong, told
