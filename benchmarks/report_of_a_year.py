# SPDX-License-Identifier: GPL-3.0-or-later
"""Time and memory of a report of an hour, a week and a year, as HTML and as PDF.

::

    python benchmarks/report_of_a_year.py [--interval 10] [--session FILE]

The session is that of ``redraw.py``: a year with one record per second in its last week and one
every *interval* seconds before.  Each report is written in its own process: reading the
figures and the curves, drawing, and writing the file.  The check of all samples against their
checksums, which ``wattui report`` does first, is measured by itself.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from redraw import SPANS, make

PROGRAM = """
import json, os, resource, sys, time
from pathlib import Path
path, seconds, target = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
from wattui.cli.window_start import window_program
window_program(screen=False).application()
from wattui.report.report_content import read_content
from wattui.session import Session
from wattui.ui.figure import figure_file, report_file
begin = time.perf_counter()
with Session.open(path) as session:
    start = session.span_us()[1] - seconds * 1_000_000
    content = read_content(session, path.name, start)
    read = time.perf_counter()
    figure = report_file.read_figure(session, content, ["power", "current"], aligned=True)
panels = [("power",), ("current",)]
plots = report_file.plots_of(figure, panels, "elapsed")
figure_file.write_file(target, report_file.report_bytes(content, plots, target.suffix))
end = time.perf_counter()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([read - begin, end - read, peak]))
"""


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--interval", type=int, default=10)
    parser.add_argument("--session", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = options.session or Path(folder) / "year.wattui"
        if not path.exists():
            print(f"{make(path, options.interval):,} records")
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-m", "wattui", "verify", path], check=True)
        print(f"checksums of all samples: {time.perf_counter() - begin:.1f} s")
        print("span   file   figures s   plots and file s   peak MB")
        for name, seconds in SPANS.items():
            for suffix in ("html", "pdf"):
                target = Path(folder) / f"report.{suffix}"
                words = [sys.executable, "-c", PROGRAM, path, str(seconds), target]
                done = subprocess.run(
                    words, capture_output=True, text=True, check=True, env={**os.environ}
                )
                figures, rest, peak = json.loads(done.stdout)
                print(f"{name:6} {suffix:6} {figures:9.2f}   {rest:16.2f}   {peak:7.0f}")


if __name__ == "__main__":
    main()
