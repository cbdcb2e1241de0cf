# SPDX-License-Identifier: GPL-3.0-or-later
"""Time from a movement of the selection to its figures, over an hour, a week and a year.

::

    python benchmarks/figures.py [--interval 10] [--moves 60] [--session FILE]

The session is that of ``redraw.py``.  The program's window shows the last hour, week or year,
and the end of a selection in it is dragged with the mouse.  Measured from each event of the
mouse until the panel shows the figures of just that selection are

- the wall time, which includes reading them on their thread, and the plots' own redraw,
- the time in which the main thread is busy, which is what the user feels.

The aim: within a frame of 40 ms, and for a year at most twice the time of an hour.  The details
that are read from every sample (quantiles, time above the threshold) come after the drag; how
long that takes is shown too.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from redraw import SPANS, live_window, make


def dragged(path: Path, seconds: int, moves: int) -> tuple[float, float, float, float]:
    """Return the median and largest wall time, the busy time, and the time of the details."""
    from PyQt5 import QtCore, QtGui
    from PyQt5.QtWidgets import QApplication

    ui, stack = live_window(path, seconds)
    stack.live = False
    running, model = QApplication.instance(), ui.context["object"]
    view, figures = stack.view, model.figures
    plot = stack.shown_rows()[0].plot
    widget = stack.component.window.control

    def mouse(kind: Any, x: float, button: Any, buttons: Any) -> None:
        place = QtCore.QPointF(x, widget.height() - 1 - plot.y - plot.height / 2)
        no_key = QtCore.Qt.NoModifier
        running.sendEvent(widget, QtGui.QMouseEvent(kind, place, button, buttons, no_key))

    def shown() -> bool:
        cells = next((row.cells for row in figures.rows if row.name == "Duration"), ())
        length = view.selection[1] - view.selection[0] if view.selection else -1.0
        return bool(cells) and bool(cells[0].text) and abs(cells[0].value - length) < 0.01

    def wait(ready: Any) -> float:
        begun, busy = time.perf_counter(), time.thread_time()
        while not ready():
            running.processEvents(QtCore.QEventLoop.WaitForMoreEvents, 5)
            if time.perf_counter() - begun > 60:
                raise SystemExit("the figures did not come")
        return time.thread_time() - busy

    left, none = QtCore.Qt.LeftButton, QtCore.Qt.NoButton
    places = np.random.default_rng(0).uniform(plot.x + 0.3 * plot.width, plot.x2 - 20, moves)
    view.selecting = True
    # The plots, which are lower now, are painted first: until then they ignore the mouse.
    wait(lambda: figures.rows and stack.component.window._size is not None)
    mouse(QtCore.QEvent.MouseButtonPress, plot.x + 10, left, left)
    mouse(QtCore.QEvent.MouseMove, plot.x + 40, none, left)
    wall, busy = [], []
    for x in [*places, plot.x2 - 5]:
        wait(lambda: not stack.reading and not figures.reading)
        time.sleep(0.05)  # Longer than the least time between two readings.
        begun, before = time.perf_counter(), time.thread_time()
        mouse(QtCore.QEvent.MouseMove, x, none, left)
        own = time.thread_time() - before
        busy.append(own + wait(shown))
        wall.append(time.perf_counter() - begun)
    begun = time.perf_counter()
    mouse(QtCore.QEvent.MouseButtonRelease, plot.x2 - 5, left, none)
    wait(lambda: figures.rows and not any("…" in one.text for one in _selected(figures.rows)))
    details = time.perf_counter() - begun
    model.ask_before_closing = False
    ui.control.close()
    times = (statistics.median(wall), max(wall), statistics.median(busy), details)
    return tuple(1000 * one for one in times)  # type: ignore[return-value]


def _selected(rows: list[Any]) -> list[Any]:
    return [row.cells[0] for row in rows if row.cells]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--interval", type=int, default=10, help="seconds between old records")
    parser.add_argument("--moves", type=int, default=60)
    parser.add_argument("--session", type=Path, help="use, or make, this session")
    options = parser.parse_args()
    os.environ.update(QT_QPA_PLATFORM="offscreen", QT_API="pyqt5", ETS_TOOLKIT="qt.qpainter")
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(WATTUI_DATA=folder, WATTUI_CONFIG=folder)
        path = options.session or Path(folder) / "year.wattui"
        if not path.exists():
            print(f"a year in {make(path, options.interval):,} records")
        print(f"{'ms':8}{'wall':>10}{'largest':>10}{'busy':>10}{'details':>10}")
        for span, seconds in SPANS.items():
            found = dragged(path, seconds, options.moves)
            print(f"{span:8}" + "".join(f"{one:10.1f}" for one in found), flush=True)
        os._exit(0)


if __name__ == "__main__":
    main()
