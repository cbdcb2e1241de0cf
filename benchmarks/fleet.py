# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet of meters as a data set: time to archive, size, and time of queries.

::

    python benchmarks/fleet.py [--meters 1000] [--days 2] [--interval 60]

Sessions of fifty meters each are made, archived by ``wattui archive``'s function, and archived
again, which finds nothing new.  DuckDB and polars then compute the energy of each meter and day
of the whole data set, in processes of their own.  The idle level of a load and its noise are
those of a desktop computer: constant values would compress better than real ones.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from redraw import new_values

BEGIN = 1_767_225_600
DAY = 86_400

DUCKDB = """
import duckdb
print(len(duckdb.sql('''SELECT meter_id, date, sum(power_w * interval_s) / 3600
FROM read_parquet('{}/**/*.parquet', hive_partitioning = true) GROUP BY ALL''').fetchall()))
"""
POLARS = """
import polars
data = polars.scan_parquet('{}/**/*.parquet', hive_partitioning=True)
energy = (polars.col("power_w") * polars.col("interval_s")).sum() / 3600
print(len(data.group_by("meter_id", "date").agg(energy).collect()))
"""


def make(folder: Path, meters: int, days: int, interval: int) -> int:
    """Write sessions of fifty meters, and return the number of records."""
    from wattui.measurement.events import MeterInfo
    from wattui.session import BulkWriter

    random, done = np.random.default_rng(0), 0
    second = np.arange(0, days * DAY, interval)
    for first in range(0, meters, 50):
        with BulkWriter(folder / f"rack {first // 50:02}.wattui") as writer:
            for number in range(first, min(first + 50, meters)):
                meter = MeterInfo(f"A{number:05}", "sim://pro", model="PRO", interval=interval)
                times = (BEGIN + second + interval) * 1_000_000
                values = new_values(second, random)
                done += writer.add(meter, times, interval * 1_000_000, values)
    return done


def main() -> None:
    """Measure and print what it took."""
    from wattui.formats.archive import archive

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meters", type=int, default=1000)
    parser.add_argument("--days", type=int, default=2)
    parser.add_argument("--interval", type=int, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, goal = Path(name) / "sessions", Path(name) / "set"
        folder.mkdir()
        count = make(folder, options.meters, options.days, options.interval)
        sessions = sum(one.stat().st_size for one in folder.iterdir())
        for words in ("archive", "archive again"):
            begin = time.perf_counter()
            result = archive(folder, goal)
            seconds = time.perf_counter() - begin
            print(f"{words:15} {seconds:7.1f} s   {result.file_count:,} files")
        size = sum(one.stat().st_size for one in goal.rglob("*.parquet"))
        print(f"{count:,} records: {sessions / count:.0f} bytes each as sessions, ", end="")
        print(f"{size / count:.1f} as Parquet")
        for words, program in (("DuckDB", DUCKDB), ("polars", POLARS)):
            code = program.format(json.dumps(str(goal))[1:-1])
            begin = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
            print(f"{words:15} {time.perf_counter() - begin:7.1f} s")


if __name__ == "__main__":
    main()
