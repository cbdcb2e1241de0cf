# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of promises: one row per fault, with the figures of the last full run.

``promises.py FOLDER`` reads the figures that the fault suite wrote into a folder, keeps them in
``figures.json`` and writes ``docs/promises.md``.  The figures of tests that did not run, as in a
run of some files, stay as they are.  Without a folder it writes the page again: with
new figures of ``make soak`` and ``make fuzz``, which keep theirs beside them.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "promises.md"
FIGURES = Path(__file__).with_name("figures.json")

INTRODUCTION = """\
# Promises

What wattui does when something goes wrong, and how that is tested. `make test-faults` does each
damage to the real program: `wattui log`, and the window without a screen. A meter on a
pseudo-terminal numbers its records, so that it is known which ones were sent; sent is also what it
measures while it is unplugged. At the end of each run,

**samples sent = samples stored + samples reported as lost**

and everything that was shown is stored. A sample is reported as lost if the session has a gap or a
report of garbled packets where it is missing, or if it ends there, marked as interrupted. The
sessions are read with plain SQLite, and checked with its `integrity_check` and `wattui verify`.

The figures are those of {day}: {runs} runs, {sent} samples sent, {stored} stored,
{lost} reported as lost, none missing.
"""

SOAK = """\
## A week of twelve meters

`make soak` records twelve simulated meters for a week of their time, in ten minutes, with a file
per day. Each of them is unplugged 30 times, silent 15 times and without power 8 times, at random,
and sends noise and garbled packets. What a meter measured is stored, or reported in a gap. An
interval after a fault can be a few seconds longer or shorter than ten; apart from that, nothing is
missing.

| last run | |
|---|---|
"""

FUZZ = """\
## Hostile input

`make fuzz` fuzzes everything that reads what others wrote, guided by coverage, and gives ten
million mutated bytes to the framer and as many to the readers of files, sessions and texts. Each
input is read, or refused with a message; no other exception is allowed.

| target | last run | memory | exceptions |
|---|---|---|---|
"""

CLOSING = """\
## What cannot be promised

- A digit that noise turns into another digit is recorded as it came: the records of a meter have
  no checksum. A record that has no value, or a power that no meter can measure, is not a sample.
- If one record vanishes and leaves no trace on the line, the next one counts for two intervals.
  From two missing records on, and after garbled bytes, it is a gap.
- If the computer is so busy that it reads a record half an interval late, a garbled record after it
  may count for the next interval instead of being a gap.
- At a serial port the system refuses a second program, unless it runs as root.
- A disk that reports data as written although it is not can lose the last commits in a power cut.
  Network file systems differ in this: record to a disk of the computer, and copy.
- While the program is stopped, or the computer sleeps, the system holds what fits into its buffer,
  and the rest is lost. The gap has the right length, but it may be reported before those records
  instead of after them.
- A copy of a session without its journal `-wal` lacks the samples of the last minutes before it
  was copied. *Save a copy* in the window copies all of it.
"""


@dataclass(frozen=True)
class Promise:
    """A row of the page."""

    fault: str
    #: What the user sees.
    seen: str
    #: What is still there afterwards.
    remains: str
    #: Tests, as ``file::function``, with the file below ``tests/``.
    tests: list[str]


def promises() -> dict[str, list[Promise]]:
    """Return the rows of the page by their heading."""
    found = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    return {heading: [Promise(**row) for row in rows] for heading, rows in found.items()}


def load(folder: Path) -> dict[str, Any]:
    """Return the figures that a run of the suite wrote, summed up by function."""
    sums: dict[str, Counter[str]] = {}
    for path in sorted(folder.glob("*.json")):
        found = json.loads(path.read_text())
        name = found.pop("test").partition("[")[0]
        sums.setdefault(name, Counter()).update(found)
    return {"day": date.today().isoformat(), "tests": {name: dict(s) for name, s in sums.items()}}


def render(figures: dict[str, Any]) -> str:
    """Return the page."""
    tests: dict[str, dict[str, int]] = figures["tests"]
    accounts = [found for found in tests.values() if "sent" in found]
    totals = {key: f"{sum(found[name] for found in accounts):,}" for key, name in _TOTALS.items()}
    lines = [INTRODUCTION.format(day=figures["day"], **totals)]
    for heading, rows in promises().items():
        lines += [
            f"## {heading}\n",
            "| fault | what you see | what remains | last run | tested by |",
        ]
        lines += ["|---|---|---|---|---|"]
        lines += [_row(promise, tests) for promise in rows]
        lines += [""]
    lines += [SOAK + "\n".join(_soak_rows(_figures_of("soak"))), ""]
    lines += [FUZZ + "\n".join(_fuzz_rows(_figures_of("fuzz"))), ""]
    return "\n".join([*lines, CLOSING])


def _figures_of(name: str) -> dict[str, Any]:
    """Return the figures of the soak or of the fuzzing."""
    found: dict[str, Any] = json.loads((ROOT / "tests" / name / "figures.json").read_text())
    return found


def _soak_rows(found: dict[str, Any]) -> list[str]:
    def pair(name: str, unit: str = "") -> str:
        early, late = found[f"{name} early"], found[f"{name} late"]
        return f"{early:,g}{unit} after a fifth of the run, {late:,g}{unit} at its end"

    longer = found["reported in longer intervals"]
    rows = {
        "simulated time": f"{found['simulated days']:g} days, {found['meters']} meters",
        "samples": f"{found['sent']:,} sent = {found['stored']:,} stored"
        f" + {found['reported in gaps']:,} reported in {found['gaps']:,} gaps"
        f" {'+−'[longer < 0]} {abs(longer):,} in intervals of another length",
        "connected again": f"{found['reconnects']:,} times",
        "garbled packets": f"{found['unreadable packets']:,}",
        "memory": pair("memory", " MiB"),
        "handles": pair("handles"),
        "threads": pair("threads"),
        "longest commit": f"{found['longest commit in s']:.2f} s",
    }
    # Figures of earlier versions of the soak do not have it.
    if (growth := found.get("memory growth per day")) is not None:
        rows["growth of the memory"] = f"{growth:g} MiB per day, in the second half of the run"
    return [f"| {name} | {text} |" for name, text in rows.items()]


def _fuzz_rows(found: dict[str, Any]) -> list[str]:
    rows = []
    for name, one in found.items():
        if "runs" in one:
            cells = (f"{one['runs']:,} inputs", f"{one['memory in MiB']} MiB at most", "0")
        else:
            grown = f"grew by {one['growth in KiB']:g} KiB, {one['peak in MiB']:g} MiB at most"
            cells = (f"{one['bytes']:,} bytes", grown, str(one["exceptions"]))
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return rows


def _row(promise: Promise, tests: dict[str, dict[str, int]]) -> str:
    sums: Counter[str] = Counter()
    names = []
    for test in promise.tests:
        file, _colons, name = test.partition("::")
        sums.update(tests.get(name, {}))
        names.append(f"[{name}](../tests/{file})")
    cells = (promise.fault, promise.seen, promise.remains, _words(sums), "<br>".join(names))
    return f"| {' | '.join(cells)} |"


def _words(sums: Counter[str]) -> str:
    """Return figures in words; a dash for a test that has none."""
    if "sent" in sums:
        return (
            f"{sums['runs']:,} {'run' if sums['runs'] == 1 else 'runs'}: {sums['sent']:,} sent = "
            f"{sums['stored']:,} stored + {sums['reported lost']:,} reported"
        ) + "".join(f"; {sums[one]:,} {one}" for one in sums if one not in _ACCOUNT)
    return ", ".join(f"{count:,} {name}" for name, count in sums.items()) or "–"


_TOTALS = {"runs": "runs", "sent": "sent", "stored": "stored", "lost": "reported lost"}
_ACCOUNT = ("runs", "sent", "stored", "reported lost", "shown")


def _earlier() -> dict[str, dict[str, int]]:
    """Return the figures that are kept, of tests that are on the page."""
    named = {test for rows in promises().values() for row in rows for test in row.tests}
    names = {test.partition("::")[2] for test in named}
    found: dict[str, dict[str, int]] = json.loads(FIGURES.read_text())["tests"]
    return {name: one for name, one in found.items() if name in names}


def main() -> None:
    """Write the page, with new figures if a folder of them is given."""
    if len(sys.argv) > 1:
        figures = load(Path(sys.argv[1]))
        figures["tests"] = {**_earlier(), **figures["tests"]}
        FIGURES.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n")
    PAGE.write_text(render(json.loads(FIGURES.read_text())), encoding="utf-8")


if __name__ == "__main__":
    main()
