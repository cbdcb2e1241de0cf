# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of random spans of a year, compared with those of an hour.

::

    python benchmarks/span_figures.py [--interval 1] [--rounds 40] [--session FILE]

Makes a session of a year, one record every *interval* seconds, and asks for the figures of
random spans: energy, duration, gaps and extremes; quantiles and standard deviation of power,
voltage and current; time and cycles above a threshold.  Spans of an hour and of most of a year
take turns.  The aim: a year costs at most twice what an hour costs.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from envelope import YEAR, make

from wattui.measurement.clock import MICROSECONDS
from wattui.session import Session

FIELDS = ("power", "voltage", "current")

Span = tuple[int, int]


def figures(session: Session, start: int, stop: int) -> None:
    session.statistics(1, start, stop)


def times(session: Session, start: int, stop: int) -> None:
    session.statistics(1, start, stop, times_of=FIELDS)


def distribution(session: Session, start: int, stop: int) -> None:
    found = session.distribution(1, "power", start, stop)
    assert found.median <= found.quantile(0.95)


def panel(session: Session, start: int, stop: int) -> None:
    session.statistics(1, start, stop, times_of=FIELDS)
    for name in FIELDS:
        found = session.distribution(1, name, start, stop)
        assert found.median <= found.quantile(0.95)
        assert found.std >= 0
        if name == "power":
            found.on_off(100.0)


WAYS = {
    "energy, gaps, extremes": figures,
    "the same, with times of extremes": times,
    "quantiles of the power": distribution,
    "everything, of three fields": panel,
}


def spans(begin: int, chance: random.Random) -> dict[str, Span]:
    """Return a random hour, and a random span of most of the year."""
    hour = begin + chance.randrange((YEAR - 3600) * MICROSECONDS)
    first = begin + chance.randrange(YEAR // 20 * MICROSECONDS)
    last = begin + chance.randrange(YEAR * 19 // 20 * MICROSECONDS, YEAR * MICROSECONDS)
    return {"hour": (hour, hour + 3600 * MICROSECONDS), "year": (first, last)}


def spent(path: Path, way: Callable[[Session, int, int], None], span: Span) -> float:
    """Return the CPU time in ms of figures, in a session from which nothing was read before."""
    with Session.open(path) as session:
        session.count(1, span[0], span[0])
        begin = time.thread_time()
        way(session, *span)
        return (time.thread_time() - begin) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--interval", type=int, default=1, help="seconds between records")
    parser.add_argument("--rounds", type=int, default=40, help="spans of each length")
    parser.add_argument("--session", type=Path, help="keep the session here, or use it again")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = chosen.session or Path(folder) / "year.wattui"
        if not path.exists():
            print(f"{make(path, chosen.interval):,} samples, {path.stat().st_size / 1e6:,.0f} MB")
        report(path, chosen.rounds)


def report(path: Path, rounds: int) -> None:
    chance = random.Random(9)
    with Session.open(path) as session:
        ends = session.span_us()
    assert ends is not None
    print(f"{'CPU time in ms, median':36}{'hour':>8}{'year':>8}{'ratio':>8}")
    for label, way in WAYS.items():
        found: dict[str, list[float]] = {"hour": [], "year": []}
        for _ in range(rounds):
            for name, span in spans(ends[0], chance).items():
                found[name].append(spent(path, way, span))
        hour, year = (statistics.median(found[name]) for name in ("hour", "year"))
        print(f"{label:36}{hour:8.2f}{year:8.2f}{year / hour:8.2f}")


if __name__ == "__main__":
    main()
