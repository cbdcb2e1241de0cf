# SPDX-License-Identifier: GPL-3.0-or-later
"""CPU time of one redraw of three plots: wattui, matplotlib (the 2011 way), pyqtgraph.

::

    python benchmarks/redraw.py [--interval 10] [--redraws 20] [--rounds 3] [--session FILE]

The session covers a year: one record per second in its last week, one every *interval*
seconds before (1 makes 31.5 million records, 2.4 GB, in some minutes).  So an hour has
3,600 records, and a week 604,800.  Each program shows the last hour, week and year as
power, current and voltage, at 960 x 640 pixels and a pixel ratio of 1, and draws once for
each new record, as in live use.

- wattui is the whole window: it reads what is in view from its session file, on its own
  thread, draws that, and shows the statistics of the view in readings and head lines.
- matplotlib gets all records of the span and draws all of them, like ``wattui.py`` of
  2011, on Agg alone: without the cost of a window.
- pyqtgraph has all records of the span in memory, in arrays with room for more, with
  peak downsampling, clipping and thin lines, which is its fastest mode.  *smooth* is the
  same with antialiased lines, like those of the other two.

Each measurement runs in its own process; the programs alternate.  CPU time includes
all threads, from the arrival of the record to the end of the paint event that follows.
The result is the mean of the redraws, since not all of them read the strip of the run
again, and the median of the rounds.  The aims: faster than the others, a year in at most
20 ms, and in at most 1.5 times the time of an hour.
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
from typing import Any

import numpy as np

WEEK, YEAR = 7 * 86400, 365 * 86400
SPANS = {"hour": 3600, "week": WEEK, "year": YEAR}
PROGRAMS = ("wattui", "matplotlib", "pyqtgraph", "smooth")
SIZE = (960, 640)
FIELDS = ("power", "current", "voltage")
BEGIN = 1_735_689_600


def new_values(second: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return records of a cyclic load with noise, as integers of the protocol."""
    from wattui.measurement.fields import FIELD_COUNT

    values = np.zeros((len(second), FIELD_COUNT), np.int64)
    values[:, 0] = 400 + 900 * (second // 600 % 3 == 0) + random.integers(0, 60, len(second))
    values[:, 1] = 1200 + random.integers(-9, 9, len(second))
    values[:, 2] = values[:, 0] * 1000 // values[:, 1]
    values[:, 3] = second // 60
    values[:, 13], values[:, 16], values[:, 17] = 97, 600, values[:, 0]
    return values


def make(path: Path, interval: int) -> int:
    """Write a year, and return the number of records."""
    from wattui.measurement.events import MeterInfo
    from wattui.session import BulkWriter

    random, done = np.random.default_rng(0), 0
    meter = MeterInfo("A80012", "sim://pro", model="PRO", interval=1)
    with BulkWriter(path) as writer:
        for low, high, step in ((0, YEAR - WEEK, interval), (YEAR - WEEK, YEAR, 1)):
            for start in range(low, high, 200_000 * step):
                second = np.arange(start, min(start + 200_000 * step, high), step)
                times = (BEGIN + second + step) * 1_000_000
                values = new_values(second, random)
                done += writer.add(meter, times, step * 1_000_000, values)
    return done


class Growing:
    """The records of a span in memory: time and fields, with room for more."""

    def __init__(self, path: Path, seconds: int) -> None:
        stored = np.load(path.with_suffix(".npy"), mmap_mode="r")
        first = int(np.searchsorted(stored[0], stored[0, -1] - seconds, side="right"))
        self._count = stored.shape[1] - first
        self._table = np.empty((len(stored), self._count + 10_000))
        self._table[:, : self._count] = stored[:, first:]

    def grow(self) -> None:
        """Add one record."""
        count = self._count
        self._table[0, count] = self._table[0, count - 1] + 1.0
        self._table[1:, count] = self._table[1:, count - 1800]
        self._count += 1

    def arrays(self) -> list[np.ndarray]:
        """Return time, power, current and voltage."""
        return list(self._table[:, : self._count])


def keep_arrays(path: Path) -> None:
    """Save the year as arrays beside the session, for programs that need it in memory."""
    from wattui.session import Session

    parts = []
    with Session.open(path) as session:
        meter, (start, stop) = session.meters[0].id, session.span_us()
        for low in range(start, stop, 30 * 86400 * 1_000_000):
            found = session.columns(meter, FIELDS, low, min(low + 30 * 86400 * 1_000_000, stop))
            parts.append(np.array([found["time"], *(found[name] for name in FIELDS)]))
    np.save(path.with_suffix(".npy"), np.concatenate(parts, axis=1))


def measure(prepare: Callable[[], None], redraw: Callable[[], None], redraws: int) -> float:
    """Return the mean CPU time of a redraw in ms, without *prepare*."""
    spent = []
    for _ in range(redraws + 3):
        prepare()
        start = time.process_time()
        redraw()
        spent.append((time.process_time() - start) * 1000)
    return statistics.fmean(spent[3:])


def paint_counter(widget: object) -> Callable[[], int]:
    """Count the paint events of a Qt widget."""
    from PyQt5.QtCore import QEvent, QObject

    class Counter(QObject):
        count = 0

        def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
            self.count += event.type() == QEvent.Paint
            return False

    counter = Counter(widget)
    widget.installEventFilter(counter)
    return lambda: counter.count


def once_painted(running: object, painted: Callable[[], int]) -> Callable[[], None]:
    """Return a function that handles events until the next paint event."""
    from PyQt5.QtCore import QEventLoop

    def wait() -> None:
        before = painted()
        while painted() == before:
            running.processEvents(QEventLoop.WaitForMoreEvents)
        if painted() != before + 1:
            print(f"painted {painted() - before} times", file=sys.stderr)

    return wait


def live_window(path: Path, seconds: int) -> tuple[Any, Any]:
    """Open the program's window on the last *seconds*, live; return it and its plots."""
    from PyQt5.QtCore import QEventLoop
    from PyQt5.QtWidgets import QApplication

    from wattui.desktop.preferences_file import PreferencesFile
    from wattui.model.bench import Bench
    from wattui.ui import app

    bench = Bench()
    ui = app.build(bench, PreferencesFile.load(), look=None)
    model, running = ui.context["object"], QApplication.instance()
    ui.control.resize(SIZE[0] + 340, SIZE[1] + 130)
    ui.control.show()
    model.channels = list(FIELDS)
    stack = model.plots
    bench.open_session(path, failed=lambda error: sys.exit(f"{error}"))
    while not stack.frames or stack.reading:
        running.processEvents(QEventLoop.WaitForMoreEvents)
    stack.live = True
    stack.view.show(stack.view.last - seconds, stack.view.last)
    stack.revision += 1
    deadline = time.monotonic() + 1.5
    while time.monotonic() < deadline:
        running.processEvents()
        time.sleep(0.01)
    return ui, stack


def with_wattui(path: Path, seconds: int, redraws: int) -> float:
    """Draw with the program's own window, through its own file."""
    from PyQt5.QtWidgets import QApplication

    from wattui.measurement.sample import Sample
    from wattui.session import Session, SessionWriter

    _ui, stack = live_window(path, seconds)
    running, random = QApplication.instance(), np.random.default_rng(1)
    with Session.open(path) as session:
        meter, (_, stop) = session.meters[0].info, session.span_us()
    wait = once_painted(running, paint_counter(stack.component.window.control))

    def prepare() -> None:
        nonlocal stop
        stop += 1_000_000
        second = np.array([stop // 1_000_000 - BEGIN])
        values = tuple(new_values(second, random)[0].tolist())
        writer.on_samples(meter, [Sample(stop, 1_000_000, values)])
        writer.flush()
        time.sleep(0.15)  # longer than the least time between two redraws
        running.processEvents()

    def redraw() -> None:
        stack.revision += 1
        wait()

    with SessionWriter(path, commit_seconds=0) as writer:
        spent = measure(prepare, redraw, redraws)
    assert abs(stack.view.last - stop / 1e6) < 1, "the records did not arrive"
    os._exit(report(spent))  # the window would ask for confirmation


def with_matplotlib(path: Path, seconds: int, redraws: int) -> float:
    """Draw the whole history again."""
    import matplotlib

    matplotlib.use("Agg")  # drawing alone, without the cost of a window
    from matplotlib import pyplot

    data = Growing(path, seconds)
    figure, axes = pyplot.subplots(3, 1, sharex=True, figsize=(SIZE[0] / 100, SIZE[1] / 100))
    times, *fields = data.arrays()
    lines = [axis.plot(times, values)[0] for axis, values in zip(axes, fields, strict=True)]

    def redraw() -> None:
        times, *fields = data.arrays()
        for line, values in zip(lines, fields, strict=True):
            line.set_data(times, values)
        axes[0].set_xlim(times[-1] - seconds, times[-1])
        figure.canvas.draw()

    return measure(data.grow, redraw, redraws)


def with_pyqtgraph(path: Path, seconds: int, redraws: int, smooth: bool = False) -> float:
    """Draw with peak downsampling."""
    import PyQt5.QtWidgets  # noqa: F401 - names the binding for pyqtgraph
    import pyqtgraph

    running = pyqtgraph.mkQApp()
    pyqtgraph.setConfigOptions(background="w", foreground="k", antialias=smooth)
    data = Growing(path, seconds)
    board = pyqtgraph.GraphicsLayoutWidget()
    board.resize(*SIZE)
    times, *fields = data.arrays()
    curves, plots = [], []
    for row, values in enumerate(fields):
        plot = board.addPlot(row=row, col=0)
        plot.setDownsampling(auto=True, mode="peak")
        plot.setClipToView(True)
        plot.showGrid(x=True, y=True)
        if plots:
            plot.setXLink(plots[0])
        plots.append(plot)
        curves.append(plot.plot(times, values, pen="r"))
    board.show()
    running.processEvents()
    wait = once_painted(running, paint_counter(board.viewport()))

    def prepare() -> None:
        data.grow()
        # What is left of the last redraw does not count.
        for _ in range(5):
            time.sleep(0.01)
            running.processEvents()

    def redraw() -> None:
        times, *fields = data.arrays()
        for curve, values in zip(curves, fields, strict=True):
            curve.setData(times, values)
        plots[0].setXRange(times[-1] - seconds, times[-1], padding=0)
        wait()

    return measure(prepare, redraw, redraws)


def with_smooth(path: Path, seconds: int, redraws: int) -> float:
    """Draw as pyqtgraph does, antialiased."""
    return with_pyqtgraph(path, seconds, redraws, smooth=True)


def report(spent: float) -> int:
    """Report the measurement to the parent process."""
    print(json.dumps({"ms": spent, "mb": peak_memory()}), flush=True)
    return 0


def peak_memory() -> float:
    """Return the peak memory of this process in MB, if the system reports it."""
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
    return int(lines["VmHWM"].split()[0]) / 1024


def alone(program: str, path: Path, seconds: int, redraws: int) -> dict[str, float]:
    """Measure in a process of its own: milliseconds, and peak memory in MB."""
    command = [sys.executable, __file__, "--only", program, "--seconds", str(seconds)]
    command += ["--session", str(path), "--redraws", str(redraws)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    if "painted" in done.stderr:
        print(f"{program}: more than one paint event per redraw", file=sys.stderr)
    if done.returncode:
        sys.exit(f"{program} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--interval", type=int, default=10, help="seconds between old records")
    parser.add_argument("--redraws", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--session", type=Path, help="use, or make, this session; it will grow")
    parser.add_argument("--programs", nargs="+", default=PROGRAMS, choices=PROGRAMS)
    parser.add_argument("--only", choices=PROGRAMS, help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        report(globals()[f"with_{options.only}"](options.session, options.seconds, options.redraws))
        return
    os.environ.update(QT_QPA_PLATFORM="offscreen", QT_API="pyqt5", ETS_TOOLKIT="qt.qpainter")
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(WATTUI_DATA=folder, WATTUI_CONFIG=folder)
        path = options.session or Path(folder) / "year.wattui"
        if not path.exists():
            print(f"a year in {make(path, options.interval):,} records")
        if not path.with_suffix(".npy").exists():
            keep_arrays(path)
        found: dict[tuple[str, str], list[dict[str, float]]] = {}
        for _ in range(options.rounds):
            for span, seconds in SPANS.items():
                for program in options.programs:
                    one = alone(program, path, seconds, options.redraws)
                    found.setdefault((program, span), []).append(one)
    show(options.programs, found)


def show(programs: list[str], found: dict[tuple[str, str], list[dict[str, float]]]) -> None:
    """Print medians and ratios."""
    spent = {
        program: [statistics.median(one["ms"] for one in found[program, span]) for span in SPANS]
        for program in programs
    }
    print(f"{'CPU ms per redraw':20}" + "".join(f"{span:>10}" for span in SPANS) + "  year/hour")
    for program in programs:
        print(f"{program:20}" + "".join(f"{ms:10.1f}" for ms in spent[program]), end="")
        print(f"{spent[program][-1] / spent[program][0]:11.2f}")
    for program in programs:
        if program != "wattui" and "wattui" in spent:
            pairs = zip(spent[program], spent["wattui"], strict=True)
            print(f"{program + ' / wattui':20}" + "".join(f"{a / b:10.2f}" for a, b in pairs))
    print("peak memory, MB")
    for program in programs:
        peaks = [max(one["mb"] for one in found[program, span]) for span in SPANS]
        print(f"{program:20}" + "".join(f"{one:10.0f}" for one in peaks))


if __name__ == "__main__":
    main()
