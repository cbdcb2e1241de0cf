# SPDX-License-Identifier: GPL-3.0-or-later
"""The account of a run: samples sent, stored, and reported lost.

It reads the file with plain SQLite, so that an error of the program cannot hide in it.
"""

from __future__ import annotations

import bisect
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from wattui.session import verify

#: Samples beside a hole within which its gap may be reported.  What waits in the system while
#: the program is stopped arrives at once, and nobody can say where in it something is missing.
NEIGHBOURS = 0

#: What is said of a file that was killed between its creation and its first sample.
KILLED_EARLY = "has no samples and is without its journal"


@dataclass(frozen=True)
class Stored:
    """One sample in a file."""

    number: int
    time: int
    interval: int
    gap: int
    #: Whether an event since the sample before it says that something was dropped.
    dropped: bool = False


@dataclass
class Account:
    """What became of the samples of one run, or of several runs together."""

    sent: int = 0
    stored: int = 0
    reported: int = 0
    shown: int = 0
    runs: int = 0
    #: How often what was done, for the page of promises.
    counts: dict[str, int] = field(default_factory=dict)
    #: What is wrong; must be empty.
    faults: list[str] = field(default_factory=list)

    def add(
        self,
        sent: range,
        files: Sequence[Path],
        shown: Iterable[int] = (),
        neighbours: int = NEIGHBOURS,
        among: range | None = None,
    ) -> None:
        """Add a run.

        Parameters
        ----------
        sent
            The numbers that the meter sent, or would have sent.
        files
            The sessions of the run, in order; those of a killed program need not exist.
        shown
            The numbers that the program has shown.
        neighbours
            Samples beside a hole within which its gap may be reported.
        among
            The numbers of this meter, where several are in one session; None for all.
        """
        rows: list[Stored] = []
        ends: list[tuple[int, bool]] = []
        for path in files:
            if path.exists():
                found = samples_of(path, self.faults)
                rows += [one for one in found if among is None or one.number in among]
                ends.append((len(rows), ended_with_word(path)))
        self.runs += 1
        self.sent += len(sent)
        self._check_rows(rows, sent)
        missing = self._holes(rows, sent, ends, neighbours)
        stored = {row.number for row in rows}
        self.stored += len(stored)
        self.reported += missing
        seen = {one for one in shown if among is None or one in among}
        self.shown += len(seen)
        if lost := sorted(seen - stored):
            self.faults.append(f"shown, but not stored: {lost[:10]}")

    def _check_rows(self, rows: list[Stored], sent: range) -> None:
        numbers = [row.number for row in rows]
        if len(set(numbers)) != len(numbers):
            self.faults.append("samples are stored twice")
        if numbers != sorted(numbers):
            self.faults.append("samples are not in order")
        if not set(numbers) <= set(sent):
            self.faults.append("samples were stored that were never sent")

    def _holes(
        self, rows: list[Stored], sent: range, ends: list[tuple[int, bool]], neighbours: int
    ) -> int:
        """Return how many samples are missing where the files report it; note the others."""
        reported = 0
        last_of_file = {count for count, word in ends if word}
        before = sent.start - 1
        for index, row in enumerate(rows):
            missing = row.number - before - 1
            before = row.number
            if missing <= 0:
                continue
            around = rows[max(0, index - neighbours) : index + neighbours + 1]
            if index in last_of_file or any(one.gap or one.dropped for one in around):
                reported += missing
            else:
                self.faults.append(f"{missing} missing in silence before {row.number}")
        tail = sent.stop - 1 - before
        if tail > 0:
            if not rows or len(rows) in last_of_file:
                reported += tail
            else:
                self.faults.append(f"{tail} missing in silence at the end")
        return reported

    def check(self) -> None:
        """Fail unless sent = stored + reported, and nothing that was shown is missing."""
        assert not self.faults, self.faults[:10]
        assert self.sent == self.stored + self.reported, self.figures()

    def figures(self) -> dict[str, int]:
        """Return the figures for the page of promises."""
        return {
            "runs": self.runs,
            "sent": self.sent,
            "stored": self.stored,
            "reported lost": self.reported,
            "shown": self.shown,
            **self.counts,
        }


def samples_of(path: Path, faults: list[str]) -> list[Stored]:
    """Return the samples of a session, and add what is wrong with it to *faults*."""
    found = verify(path)
    if any(KILLED_EARLY in one for one in found):
        # Without samples: if any were shown, the account notices.
        return []
    faults += [f"{path.name}: {one}" for one in found]
    with closing(sqlite3.connect(path, timeout=30)) as database:
        for (found,) in database.execute("PRAGMA integrity_check"):
            if found != "ok":
                faults.append(f"{path.name}: {found}")
        rows = database.execute(
            "SELECT energy, time, interval, COALESCE(gap, 0) FROM sample ORDER BY meter, time"
        ).fetchall()
        dropped = database.execute("SELECT time FROM event WHERE kind='dropped'").fetchall()
    times = sorted(time for (time,) in dropped)
    samples, before = [], 0
    for row in rows:
        reported = bisect.bisect_left(times, before) < bisect.bisect_right(times, row[1])
        samples.append(Stored(*row, dropped=reported))
        before = row[1]
    return samples


def events_of(path: Path) -> list[tuple[str, str]]:
    """Return kind and text of the events of a session, in the order in which they happened."""
    with closing(sqlite3.connect(path, timeout=30)) as database:
        return database.execute("SELECT kind, text FROM event ORDER BY time, id").fetchall()


def ended_with_word(path: Path) -> bool:
    """Check whether a session reports that samples after its last one are missing.

    It does if it was interrupted, or if the meter was lost at its end.
    """
    kinds = [kind for kind, _text in events_of(path)]
    return "stopped" not in kinds or "lost" in kinds[-3:]
