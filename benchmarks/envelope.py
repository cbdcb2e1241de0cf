# SPDX-License-Identifier: GPL-3.0-or-later
"""Cost of what a plot asks for: an hour, a week and a year in view.

::

    python benchmarks/envelope.py [--interval 10] [--keep FILE]

Makes a session of a year (one record every *interval* seconds) and times
``Session.envelope`` and ``Session.statistics``.  The aim: a year costs no more
than 1.5 times an hour.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import MeterInfo
from wattui.measurement.fields import FIELD_COUNT
from wattui.session import BulkWriter, Session

YEAR = 365 * 86400
BEGIN = 1_735_689_600
PIXELS = 1200
NAMES = ("power", "current", "voltage", "integrated_energy")


def make(path: Path, interval: int) -> int:
    """Write a year of a load that cycles, and give the number of samples."""
    meter = MeterInfo("A80012", "sim://pro", model="PRO", interval=interval)
    random = np.random.default_rng(0)
    done = 0
    with BulkWriter(path) as writer:
        for start in range(0, YEAR, 500_000 * interval):
            second = np.arange(start, min(start + 500_000 * interval, YEAR), interval)
            power = 400 + 900 * (second // 600 % 3 == 0) + random.integers(0, 60, len(second))
            values = np.zeros((len(second), FIELD_COUNT), np.int64)
            values[:, 0] = power
            values[:, 1] = 1200 + random.integers(-9, 9, len(second))
            values[:, 2] = power * 1000 // values[:, 1]
            values[:, 3] = second // 60
            values[:, 13], values[:, 16], values[:, 17] = 97, 600, power
            times = (BEGIN + second + interval) * MICROSECONDS
            done += writer.add(meter, times, interval * MICROSECONDS, values)
    return done


def milliseconds(run: object, repeats: int = 15) -> float:
    """Return the median time of a call in ms, after one that warms up."""
    assert callable(run)
    run()
    spent = []
    for _ in range(repeats):
        begin = time.perf_counter()
        run()
        spent.append(time.perf_counter() - begin)
    return statistics.median(spent) * 1000


def main() -> None:
    """Make the session where it is not there yet, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--interval", type=int, default=10, help="seconds between records")
    parser.add_argument("--keep", type=Path, help="keep the session here, or use it again")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = chosen.keep or Path(folder) / "year.wattui"
        if not path.exists():
            begin = time.perf_counter()
            count = make(path, chosen.interval)
            spent = time.perf_counter() - begin
            print(f"made {count} samples in {spent:.1f} s: {count / spent:,.0f} a second")
        report(path)


def report(path: Path) -> None:
    """Print the cost of each view and its ratio to that of an hour."""
    print(f"{path.stat().st_size / 1e6:.0f} MB")
    with Session.open(path) as session:
        (meter,) = session.meters
        span = session.span_us()
        assert span is not None
        base = {}
        for label, seconds in (
            *(("minute", 60), ("hour", 3600), ("day", 86400), ("week", 7 * 86400)),
            *(("month", 30 * 86400), ("year", YEAR)),
        ):
            stop = span[1] if label == "year" else span[0] + (YEAR * 7 // 10) * MICROSECONDS
            start = stop - seconds * MICROSECONDS

            def ask(names: tuple[str, ...] = NAMES, a: int = start, b: int = stop) -> object:
                return session.envelope(meter.id, names, a, b, PIXELS)

            def sum_up(a: int = start, b: int = stop) -> object:
                return session.statistics(meter.id, a, b)

            spent = milliseconds(ask), milliseconds(lambda: ask(("power",))), milliseconds(sum_up)
            base.setdefault(label, spent)
            ratios = " ".join(
                f"{one:7.2f} ms (x{one / hour:4.2f})"
                for one, hour in zip(spent, base.get("hour", spent), strict=True)
            )
            points = len(session.envelope(meter.id, NAMES, start, stop, PIXELS))
            print(f"{label:7} {points:5} points  4 channels, 1 channel, statistics: {ratios}")


if __name__ == "__main__":
    main()
