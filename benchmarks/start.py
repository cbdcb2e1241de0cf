# SPDX-License-Identifier: GPL-3.0-or-later
"""The start of the window, compared with a bare Chaco plot, and of the command line.

::

    python benchmarks/start.py [--rounds 7] [--before FOLDER]

Each start is a process of its own, from its first instruction to the first event after the window
was painted, with the modules already compiled.  *Bare Chaco* is a TraitsUI window with one
plot: what every program of this kind needs.  ``wattui --help`` is compared with a
click program of one command.  With ``--before``, the same window of an earlier state of the
project, in that folder with its own ``.venv``, is measured in turn.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

#: Ends the process with the first event after the first paint of the window.
WATCH = """
import os
from PyQt5.QtCore import QEvent, QObject, QTimer
class Watch(QObject):
    def eventFilter(self, widget, event):
        if event.type() == QEvent.Paint and widget.isWidgetType():
            QTimer.singleShot(0, lambda: os._exit(0))
        return False
def run(application):
    watch = Watch(application)
    application.installEventFilter(watch)
    application.exec_()
"""

WINDOW = """
from wattui.ui import app
ui = app.build()
from PyQt5.QtWidgets import QApplication
run(QApplication.instance())
"""

BARE = """
os.environ["QT_API"], os.environ["ETS_TOOLKIT"] = "pyqt5", "qt.qpainter"
from chaco.api import ArrayPlotData, Plot
from enable.api import ComponentEditor
from traits.api import HasTraits, Instance
from traitsui.api import Item, View
class Bare(HasTraits):
    plot = Instance(Plot)
    traits_view = View(Item("plot", editor=ComponentEditor(), show_label=False), resizable=True)
plot = Plot(ArrayPlotData(x=[0, 1, 2], y=[1, 3, 2]))
plot.plot(("x", "y"))
bare = Bare(plot=plot)
ui = bare.edit_traits()
from PyQt5.QtWidgets import QApplication
run(QApplication.instance())
"""

CLICK = """
import click
@click.group()
def main(): "A program."
@main.command()
def one(): "One command."
main(["--help"])
"""

HELP = "from wattui.cli import main; import sys; sys.argv = ['wattui', '--help']; main()"


def cost(python: Path, code: str, folder: str) -> tuple[float, float]:
    """Run code in a new process; return its CPU time and its duration, in ms."""
    environment = {
        **os.environ,
        "WATTUI_DATA": folder,
        "WATTUI_CONFIG": folder,
        "XDG_DATA_HOME": folder,
        "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen"),
    }
    start = time.perf_counter()
    process = subprocess.Popen(
        [python, "-c", code],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
    )
    _, status, usage = os.wait4(process.pid, 0)
    took = (time.perf_counter() - start) * 1000
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{python} ended with {process.returncode}")
    return (usage.ru_utime + usage.ru_stime) * 1000, took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--before", type=Path, help="a checkout of an earlier state, with .venv")
    options = parser.parse_args()
    here = Path(sys.executable)
    programs = {
        "bare Chaco": (here, WATCH + BARE),
        "the window": (here, WATCH + WINDOW),
        "bare click": (here, CLICK),
        "wattui --help": (here, HELP),
    }
    if options.before:
        earlier = options.before.absolute() / ".venv" / "bin" / "python"
        programs["the window before"] = (earlier, WATCH + options_before(options.before))
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in programs}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(options.rounds + 1):
            for name, (python, code) in programs.items():
                measured = cost(python, code, folder)
                if number:
                    found[name].append(measured)
    print(f"{'median of ' + str(options.rounds):20}{'CPU ms':>10}{'ms':>10}{'CPU ratio':>12}")
    medians = {
        name: [statistics.median(column) for column in zip(*rows, strict=True)]
        for name, rows in found.items()
    }
    for name, (spent, took) in medians.items():
        base = medians["bare click" if name in ("bare click", "wattui --help") else "bare Chaco"]
        print(f"{name:20}{spent:10.0f}{took:10.0f}{spent / base[0]:12.2f}")


def options_before(folder: Path) -> str:
    """Return the code that opens the window of an earlier state."""
    if (folder / "wattui" / "ui" / "app.py").exists():
        return WINDOW
    return WINDOW.replace("from wattui.ui import app", "from wattui import app")


if __name__ == "__main__":
    main()
