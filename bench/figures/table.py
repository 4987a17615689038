"""The table: figures beside their goals and baselines, as Markdown and as data."""

import contextlib
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys

from figures.machine import ROOT, ROUNDS, SECONDS, SHORT

PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- written by bench/run -->", "<!-- end of what bench/run writes -->"
ROWS: list[dict] = []


class Goal:
    def __init__(self, sign: str, limit: float, unit: str = ""):
        self.sign, self.limit, self.unit = sign, limit, unit

    def __str__(self) -> str:
        return f"{self.sign} {self.limit:g}{self.unit}"

    def is_met(self, value: float) -> bool:
        return value >= self.limit if self.sign == "≥" else value <= self.limit


def at_least(limit: float) -> Goal:
    return Goal("≥", limit)


def at_most(limit: float, unit: str = "") -> Goal:
    return Goal("≤", limit, unit)


def add(figure: str, goal: Goal | None, values: list[float], unit: str, ours: str = "", baseline: str = "") -> None:
    """A figure of several rounds: their median decides."""
    value = statistics.median(values)
    verdict = "" if goal is None or SHORT else "met" if goal.is_met(value) else "**missed**"
    ROWS.append({
        "figure": figure, "value": value, "unit": unit, "least": min(values), "most": max(values),
        "ours": ours, "baseline": baseline, "goal": str(goal or ""), "verdict": verdict,
    })
    # A short run shows that the figures can be had; what they say would be no more than noise.
    print(f"{figure:<64} {'measured' if SHORT else f'{value:10,.2f}{unit}  goal {goal}  {verdict}'}", flush=True)


def ratio(figure: str, goal: Goal | None, ours: list[float], theirs: list[float], baseline: str, unit: str = "requests/s") -> None:
    """Ours to theirs, round by round."""
    number = lambda values: f"{statistics.median(values):,.{0 if statistics.median(values) >= 100 else 2}f} {unit}"
    add(figure, goal, [a / b for a, b in zip(ours, theirs, strict=True)], "", number(ours), f"{number(theirs)}: {baseline}")


def loss(figure: str, goal: Goal, ours: list[float], theirs: list[float], baseline: str) -> None:
    """By how many percent ours is below theirs, round by round."""
    number = lambda values: f"{statistics.median(values):,.0f} requests/s"
    add(figure, goal, [100 * (1 - a / b) for a, b in zip(ours, theirs, strict=True)], " %", number(ours), f"{number(theirs)}: {baseline}")


def over(figure: str, goal: Goal, ours: list[float], theirs: list[float], baseline: str) -> None:
    """By how many milliseconds ours takes longer, round by round."""
    number = lambda values: f"{statistics.median(values):,.2f} ms"
    add(figure, goal, [a - b for a, b in zip(ours, theirs, strict=True)], " ms", number(ours), f"{number(theirs)}: {baseline}")


def versions(peers: dict[str, list]) -> dict[str, str]:

    def first(*command) -> str:
        # Of what a short run does without, there may be no version to name.
        with contextlib.suppress(FileNotFoundError):
            return next(iter(subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()), "")
        return ""

    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    known = {
        "processor": f"{cpu[1] if cpu else 'unknown'}, {len(os.sched_getaffinity(0))} cores",
        "kernel": os.uname().release,
        "commit": first("git", "-C", ROOT, "describe", "--always", "--dirty"),
    }
    for name, command in peers.items():
        found = re.search(r"\d+(\.\d+)+\S*", first(*command))
        known[name] = found[0] if found else "unknown"
    return known


def markdown(known: dict[str, str]) -> str:
    lines = ["| figure | value (least to most) | ours | baseline | goal | |", "|---|---|---|---|---|---|"]
    for row in ROWS:
        value = f"{row['value']:,.2f}{row['unit']} ({row['least']:,.2f} to {row['most']:,.2f})"
        lines.append(f"| {row['figure']} | {value} | {row['ours']} | {row['baseline']} | {row['goal']} | {row['verdict']} |")
    missed = [row["figure"] for row in ROWS if row["verdict"] == "**missed**"]
    lines += ["", f"Missed: {'; '.join(missed)}." if missed else "Every goal is met.", ""]
    lines += [f"Medians of {ROUNDS} rounds; a load lasts {SECONDS} s. " + ", ".join(f"{name} {value}" for name, value in known.items()) + "."]
    return "\n".join(lines)


def write(peers: dict[str, list]) -> None:
    """Into the page and target/bench.json."""
    known = versions(peers)
    (ROOT / "target").mkdir(exist_ok=True)
    (ROOT / "target" / "bench.json").write_text(json.dumps({"rows": ROWS, "versions": known}, indent=2))
    table = markdown(known)
    if SHORT:
        return
    print("\n" + table)
    page = PAGE.read_text()
    if page.count(BEGIN) != 1 or page.count(END) != 1:
        sys.exit(f"bench: {PAGE} has not each of its two marks once: the table stands above, and in target/bench.json")
    before, _, rest = page.partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n{table}\n{END}{rest.partition(END)[2]}")
