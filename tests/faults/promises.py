# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of promises: one row per fault, with the figures of the last full run.

``promises.py FOLDER`` reads the figures that the fault suite wrote into a folder, keeps them in
``figures.json`` and writes ``docs/promises.md``.  Without a folder it writes the page again.
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

CLOSING = """\
## What cannot be promised

- A digit that noise turns into another digit is recorded as it came: the records of a meter have
  no checksum. A record that has no value, or a power that no meter can measure, is not a sample.
- If one record vanishes and leaves no trace on the line, the next one counts for two intervals.
  From two missing records on, and after garbled bytes, it is a gap.
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
    return "\n".join([*lines, CLOSING])


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


def main() -> None:
    """Write the page, with new figures if a folder of them is given."""
    if len(sys.argv) > 1:
        figures = load(Path(sys.argv[1]))
        FIGURES.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n")
    PAGE.write_text(render(json.loads(FIGURES.read_text())), encoding="utf-8")


if __name__ == "__main__":
    main()
