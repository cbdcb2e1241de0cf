# SPDX-License-Identifier: GPL-3.0-or-later
"""CPU time of one redraw of three plots: wattui, matplotlib (the 2011 way), pyqtgraph.

::

    python benchmarks/redraw.py [--interval 10] [--redraws 12] [--session FILE]

A session of a year is made (one record every *interval* seconds).  Each program
shows its last hour, week and year in a window of the same size, as power, current
and voltage, and draws it again as after a new record.

- wattui asks its session file for what is in view, and draws that.
- matplotlib is handed the whole history and draws all of it, as ``wattui.py`` of
  2011 did.
- pyqtgraph is handed the whole history too, with peak downsampling and clipping.

Each measurement runs in a process of its own; the programs take turns.  CPU time
counts all threads.  The aims: ahead of both, and a year no more than 1.5 times an
hour.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

SPANS = {"hour": 3600, "week": 7 * 86400, "year": 365 * 86400}
PROGRAMS = ("wattui", "matplotlib", "pyqtgraph")
SIZE = (960, 640)
FIELDS = ("power", "current", "voltage")


def history(path: Path, seconds: int) -> dict[str, object]:
    """Give the last *seconds* of the session as arrays."""
    from wattui.session import Session

    with Session.open(path) as session:
        meter = session.meters[0].id
        _, stop = session.span()
        return session.columns(meter, FIELDS, stop - seconds * 1_000_000, stop)


def measure(redraw: Callable[[], None], redraws: int) -> float:
    """Give the median CPU time of a redraw in ms."""
    for _ in range(2):
        redraw()
    spent = []
    for _ in range(redraws):
        start = time.process_time()
        redraw()
        spent.append((time.process_time() - start) * 1000)
    return statistics.median(spent)


def with_wattui(path: Path, seconds: int, redraws: int) -> float:
    """Draw with the program's own plots, through its own file."""
    from PyQt5.QtWidgets import QApplication

    from wattui import app
    from wattui.bench import Bench
    from wattui.session import Session
    from wattui.settings import Settings

    bench = Bench()
    ui = app.build(bench, Settings.load(), look=None)
    model, running = ui.context["object"], QApplication.instance()
    ui.control.resize(SIZE[0] + 340, SIZE[1] + 130)
    ui.control.show()
    model.channels = list(FIELDS)
    stack = model.plots
    with Session.open(path) as session:
        _, stop = session.span()
    bench.open_session(path)

    def settle(frames: int) -> None:
        deadline = time.monotonic() + 60
        while stack.frames <= frames or stack.reading:
            running.processEvents()
            time.sleep(0.001)
            if time.monotonic() > deadline:
                raise TimeoutError(stack.problem or "nothing was drawn")
        ui.control.repaint()

    settle(0)
    stack.view.show(stop / 1e6 - seconds, stop / 1e6)
    settle(stack.frames)

    def redraw() -> None:
        frames = stack.frames
        stack.revision += 1
        settle(frames)

    try:
        return measure(redraw, redraws)
    finally:
        ui.control.close()
        running.processEvents()


def with_matplotlib(path: Path, seconds: int, redraws: int) -> float:
    """Draw the whole history again."""
    import matplotlib

    matplotlib.use("Agg")  # drawing alone, without the cost of a window
    from matplotlib import pyplot

    data = history(path, seconds)
    figure, axes = pyplot.subplots(3, 1, sharex=True, figsize=(SIZE[0] / 100, SIZE[1] / 100))
    lines = [
        axis.plot(data["time"], data[name])[0] for axis, name in zip(axes, FIELDS, strict=True)
    ]

    def redraw() -> None:
        for line, name in zip(lines, FIELDS, strict=True):
            line.set_data(data["time"], data[name])
        figure.canvas.draw()

    return measure(redraw, redraws)


def with_pyqtgraph(path: Path, seconds: int, redraws: int) -> float:
    """Draw with peak downsampling."""
    import PyQt5.QtWidgets  # noqa: F401 - names the binding for pyqtgraph
    import pyqtgraph

    running = pyqtgraph.mkQApp()
    pyqtgraph.setConfigOptions(background="w", foreground="k", antialias=False)
    data = history(path, seconds)
    board = pyqtgraph.GraphicsLayoutWidget()
    board.resize(*SIZE)
    curves = []
    for row, name in enumerate(FIELDS):
        plot = board.addPlot(row=row, col=0)
        plot.setDownsampling(auto=True, mode="peak")
        plot.setClipToView(True)
        plot.showGrid(x=True, y=True)
        curves.append(plot.plot(data["time"], data[name], pen="r"))
    board.show()
    running.processEvents()

    def redraw() -> None:
        for curve, name in zip(curves, FIELDS, strict=True):
            curve.setData(data["time"], data[name])
        running.processEvents()
        board.grab()

    return measure(redraw, redraws)


def peak_memory() -> float:
    """Give the peak memory of this process in MB, where the system tells it."""
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
    return int(lines["VmHWM"].split()[0]) / 1024


def alone(program: str, path: Path, seconds: int, redraws: int) -> dict[str, float]:
    """Measure in a process of its own: milliseconds, and peak memory in MB."""
    command = [sys.executable, __file__, "--only", program, "--seconds", str(seconds)]
    command += ["--session", str(path), "--redraws", str(redraws)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{program} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--interval", type=int, default=10, help="seconds between records")
    parser.add_argument("--redraws", type=int, default=12)
    parser.add_argument("--session", type=Path, help="use, or make, this session")
    parser.add_argument("--only", choices=PROGRAMS, help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        spent = globals()[f"with_{options.only}"](options.session, options.seconds, options.redraws)
        print(json.dumps({"ms": spent, "mb": peak_memory()}))
        return
    os.environ.update(QT_QPA_PLATFORM="offscreen", QT_API="pyqt5", ETS_TOOLKIT="qt.qpainter")
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(WATTUI_DATA=folder, WATTUI_CONFIG=folder)
        path = options.session or Path(folder) / "year.wattui"
        if not path.exists():
            from envelope import make

            print(
                f"a year at one record every {options.interval} s: {make(path, options.interval):,}"
            )
        results: dict[tuple[str, str], dict[str, float]] = {}
        for span, seconds in SPANS.items():
            for program in PROGRAMS:
                results[program, span] = alone(program, path, seconds, options.redraws)
    print(f"{'CPU ms a redraw':16}" + "".join(f"{span:>12}" for span in SPANS) + "   year/hour")
    for program in PROGRAMS:
        spent = [results[program, span]["ms"] for span in SPANS]
        print(f"{program:16}" + "".join(f"{ms:12.1f}" for ms in spent), end="")
        print(f"{spent[-1] / spent[0]:12.2f}")
    for program in PROGRAMS[1:]:
        ratios = [results[program, span]["ms"] / results["wattui", span]["ms"] for span in SPANS]
        print(f"{program + ' / wattui':16}"[:16] + "".join(f"{one:12.2f}" for one in ratios))
    print(f"{'peak memory, MB':16}")
    for program in PROGRAMS:
        peaks = [results[program, span]["mb"] for span in SPANS]
        print(f"{program:16}" + "".join(f"{one:12.0f}" for one in peaks))


if __name__ == "__main__":
    main()
