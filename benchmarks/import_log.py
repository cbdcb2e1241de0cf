# SPDX-License-Identifier: GPL-3.0-or-later
"""Importing an old log of a million lines, compared with ``numpy.genfromtxt``.

::

    python benchmarks/import_log.py [--lines 1000000] [--rounds 5] [--keep FILE]

``genfromtxt`` reads the four columns of numbers into an array.  wattui reads the same lines,
and the times, and writes a session: rows, summaries for the plots and checksums, synced to
the disk.  The ways alternate, each in its own process, so that its memory can be
measured; the file has been read once before.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

#: The program of each way; ``path`` is the log.
WAYS = {
    "genfromtxt": """
import numpy as np
got = len(np.genfromtxt(path, usecols=(2, 3, 4, 5)))
""",
    "loadtxt": """
import numpy as np
got = len(np.loadtxt(path, usecols=(2, 3, 4, 5)))
""",
    "parse": """
got = sum(len(block) for block in read(path))
""",
    "import": """
with tempfile.TemporaryDirectory(dir=os.path.dirname(path)) as folder:
    got = import_files([path], os.path.join(folder, "run.wattui")).count
""",
}

_PROCESS = """
import json, os, resource, sys, tempfile, time
import numpy
from wattui.formats import read
from wattui.formats.import_files import import_files
path = {path!r}
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
begin, idle = time.perf_counter(), time.process_time()
{way}
spent, worked = time.perf_counter() - begin, time.process_time() - idle
used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(json.dumps([got, spent, worked, used / 1024]))
"""


def make_log(path: Path, lines: int) -> None:
    """Write a log like the script of 2011: a load that is switched, and noise."""
    chance = random.Random(2011)
    moment = datetime(2016, 11, 9, 13, 24, 18, 123456)
    with path.open("w", encoding="ascii") as file:
        for number in range(lines):
            moment += timedelta(seconds=1, microseconds=chance.randrange(-2000, 2000))
            watts = chance.uniform(90, 110)
            if number // 600 % 3 == 0:
                watts = chance.choice((chance.uniform(0, 99), chance.uniform(100, 1500)))
            volts = chance.uniform(117, 122)
            file.write(f"{moment} {number} {watts:.1f} {volts:.1f} {watts / volts:.3f}\n")


def run(way: str, path: Path) -> tuple[int, float, float, float]:
    """Run one way; return lines, seconds, processor seconds, and MB of additional memory."""
    program = _PROCESS.format(path=str(path), way=WAYS[way])
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    got, spent, worked, used = json.loads(done.stdout)
    return got, spent, worked, used


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="write the log here, or use the one there")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        path = (options.keep or Path(folder) / "old.log").absolute()
        if not path.exists():
            make_log(path, options.lines)
        lines = sum(1 for _ in path.open("rb"))
        taken: dict[str, list[tuple[int, float, float, float]]] = {way: [] for way in WAYS}
        for _ in range(options.rounds):
            for way in WAYS:
                taken[way].append(run(way, path))
    figures = {
        way: [statistics.median(t[i] for t in all_) for i in (1, 2, 3)]
        for way, all_ in taken.items()
    }
    best = {way: min(t[1] for t in all_) for way, all_ in taken.items()}
    old = figures["genfromtxt"]
    print(f"{lines:,} lines, {os.cpu_count()} processors, median of {options.rounds} rounds")
    print(
        f"{'':12}{'time':>8}{'processor':>11}{'memory':>9}{'ratio':>9}{'best':>7}{'processor':>11}"
    )
    print(f"{'':12}{'µs':>8}{'µs':>11}{'MB':>9}")
    for way, (spent, worked, used) in figures.items():
        assert all(got == lines for got, *_ in taken[way]), way
        print(
            f"{way:12}{spent / lines * 1e6:8.3f}{worked / lines * 1e6:11.3f}{used:9.1f}"
            f"{old[0] / spent:9.1f}{best['genfromtxt'] / best[way]:7.1f}{old[1] / worked:11.1f}"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
