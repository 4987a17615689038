"""The record of interop/run: how runs are merged into it and compared with it."""

import copy
import pathlib
import re
import subprocess
import tempfile

import record
from checks import ROOT, Check, check, expect
from run_check import run


def row(client: str, **more) -> dict:
    whole = {"client": client, "version": "1", "flow": "f", "date": "2026-01-01", "result": "ok", "shows": ["page/id"]}
    return whole | more


@check("interop/run", "its record: what is merged, what differs, what is only told", lambda: "1")
def merged_and_compared():
    old = [row("b"), row("gone"), row("a", result="FAILED")]
    ran = [row("a", date="2026-02-02"), row("c"), row("b", result="skipped: no b")]
    checks = {("a", "f"), ("b", "f"), ("c", "f")}
    rows = record.merged(old, ran, checks)
    # A skipped row replaces nothing.
    expect(rows, [row("a", date="2026-02-02"), row("b"), row("c")])
    with tempfile.TemporaryDirectory() as name:
        path = pathlib.Path(name) / "results.json"
        expect(record.read(path), [])
        path.write_text(record.written(rows))
        expect(record.read(path), rows)
        expect(len(path.read_text().splitlines()), len(rows) + 2)

    expect(record.differences(rows, copy.deepcopy(rows)), ([], []))
    for change, wrong, told in [
        ({"result": "FAILED"}, 1, 0),
        ({"shows": []}, 1, 0),
        ({"client": "new"}, 1, 0),
        ({"version": "1.0.1"}, 0, 1),
        ({"date": "2027-01-01"}, 0, 0),
        ({"result": "skipped: not here", "version": ""}, 0, 0),
    ]:
        seen = record.differences(rows, [row("b") | change])
        expect([len(lines) for lines in seen], [wrong, told])


@check("interop/run", "a row that fails, is skipped, or can't tell its version leaves the others running", lambda: "1")
def one_row():
    def fails():
        raise AssertionError("no")

    def ran(function, version) -> tuple:
        row, trace = run(Check("c", "f", function, version, shows=("page/id",)))
        return row["version"], row["result"], bool(trace)

    expect(ran(lambda: None, lambda: "1"), ("1", "ok", False))
    expect(ran(fails, lambda: "1"), ("1", "FAILED", True))
    # No package has this name.
    expect(ran(lambda: None, "no-such-package-of-anybody"), ("", "FAILED", True))
    expect(ran(fails, fails), ("", "FAILED", True))


@check("interop/run", "the numbers of witnessed rows, as .ci/run prints them", lambda: "1")
def numbers():
    script = (ROOT / ".ci" / "run").read_text()
    loop = re.search(r"^for page in docs.*?^done$", script, re.M | re.S).group()
    said = subprocess.run(["bash", "-c", loop], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    numbers = r"docs/(\S+)\.md: Of the (\d+) rows of what is matched, (\d+) have a foreign witness and (\d+) have none\."
    seen = [re.match(numbers, line).groups() for line in said.splitlines()]
    expect([page for page, *_ in seen], ["authority", "easy-auth", "functions-host"])
    for _, rows, shown, none in seen:
        expect(int(shown) + int(none), int(rows))
