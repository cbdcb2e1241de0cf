# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of 3,000 sessions, against looking at the same files and nothing else.

::

    python benchmarks/session_list.py [--sessions 3000] [--rounds 5]

*look* is ``os.scandir`` with the size and time of each file: no list takes less.  *listed* is the
list with everything that was read before, as the browser opens; *first* is the same without a
cache, which shows names and sizes.  *read* reads one session after the other, in the background.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import Event, EventKind, MeterInfo
from wattui.measurement.sample import Sample
from wattui.session import SessionWriter
from wattui.session.catalogue import Catalogue
from wattui.session.outline_cache import OutlineCache

#: Samples of each session: ten minutes.
SAMPLES = 600


def make_sessions(folder: Path, count: int) -> None:
    """Write sessions that are all the same, as if they were of yesterday."""
    first, noon = folder / "0.wattui", 1_795_608_000
    meter = MeterInfo("A80012", "/dev/ttyUSB0", model="PRO")
    with SessionWriter(first) as writer:
        writer.on_event(meter, Event(noon * MICROSECONDS, EventKind.STARTED))
        values = (600, 2300, 261, *(None,) * 15)
        times = [(noon + n) * MICROSECONDS for n in range(1, SAMPLES + 1)]
        writer.on_samples(meter, [Sample(one, MICROSECONDS, values) for one in times])
    for number in range(1, count):
        shutil.copy(first, folder / f"{number}.wattui")
    then = time.time_ns() - 86_400 * 10**9
    for path in folder.iterdir():
        os.utime(path, ns=(then, then))


def look(folder: Path) -> int:
    """Look at every file."""
    with os.scandir(folder) as files:
        return sum(file.stat().st_size for file in files)


def seconds(call: Callable[[], object]) -> float:
    """Return how long a call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sessions", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as base:
        folder = Path(base) / "sessions"
        folder.mkdir()
        make_sessions(folder, given.sessions)
        cold, warm = OutlineCache(Path(base) / "none"), OutlineCache(Path(base) / "cache")
        reading = seconds(lambda: Catalogue(folder, warm).complete(Catalogue(folder, warm).scan()))
        ways = {
            "look": lambda: look(folder),
            "first": lambda: Catalogue(folder, cold).scan(),
            "listed": lambda: Catalogue(folder, warm).scan(),
        }
        times: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(given.rounds + 1):
            for name, way in ways.items():
                times[name].append(seconds(way))
        middle = {name: statistics.median(found[1:]) for name, found in times.items()}
        for name, found in middle.items():
            print(f"{name:8} {found * 1000:8.1f} ms  {found / middle['look']:6.1f} times look")
        print(f"{'read':8} {reading * 1000:8.1f} ms  {reading / given.sessions * 1e3:6.2f} ms each")


if __name__ == "__main__":
    main()
