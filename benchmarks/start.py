# SPDX-License-Identifier: GPL-3.0-or-later
"""The start of the window, compared with a bare Chaco plot, and of the command line.

::

    python benchmarks/start.py [--rounds 7] [--before FOLDER]

Each start is a process of its own, from its first instruction to the first event after the window
was painted, with the modules already compiled.  *Bare Chaco* is a TraitsUI window with one
plot: what every program of this kind needs.  *The window* is the whole program, as a click on
its icon starts it; *two seconds on* is the same with the two seconds after that, for what was
only put off.  ``wattui --help`` is compared with a click program of one command.  With
``--before``, the same window of an earlier state of the project, in that folder with its own
``.venv``, is measured in turn.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

#: Ends the process with the first event after the first paint of the window, or *later* ms
#: after it.
WATCH = """
import os
from PyQt5.QtCore import QEvent, QObject, QTimer
from PyQt5.QtWidgets import QApplication
class Watch(QObject):
    def eventFilter(self, widget, event):
        if event.type() == QEvent.Paint and widget.isWidgetType():
            application.removeEventFilter(self)
            QTimer.singleShot({later}, lambda: os._exit(0))
        return False
def watched(application):
    globals().update(application=application, watch=Watch())
    application.installEventFilter(watch)
    return run()
run, QApplication.exec_ = QApplication.exec_, watched
"""

WINDOW = """
import sys
sys.argv = ["wattui-gui"]
from wattui.ui import app
app.main([])
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
QApplication.instance().exec_()
"""

CLICK = """
import click
@click.group()
def main(): "A program."
@main.command()
def one(): "One command."
main(["--help"])
"""

#: Python would compile every module at every start.
NOT_INHERITED = ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX")

HELP = "from wattui.cli import main; import sys; sys.argv = ['wattui', '--help']; main()"


def cost(python: Path, code: str, folder: str) -> float:
    """Run code in a new process; return its CPU time in ms."""
    environment = {
        **{name: value for name, value in os.environ.items() if name not in NOT_INHERITED},
        "WATTUI_DATA": folder,
        "WATTUI_CONFIG": folder,
        "XDG_DATA_HOME": folder,
        "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen"),
    }
    process = subprocess.Popen(
        [python, "-c", code],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{python} ended with {process.returncode}")
    return (usage.ru_utime + usage.ru_stime) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--before", type=Path, help="a checkout of an earlier state, with .venv")
    options = parser.parse_args()
    here = Path(sys.executable)
    once, longer = WATCH.format(later=0), WATCH.format(later=2000)
    programs = {
        "bare Chaco": (here, once + BARE),
        "the window": (here, once + WINDOW),
        "two seconds on": (here, longer + WINDOW),
        "bare click": (here, CLICK),
        "wattui --help": (here, HELP),
    }
    if options.before:
        earlier = options.before.absolute() / ".venv" / "bin" / "python"
        programs["the window before"] = (earlier, once + WINDOW)
    found: dict[str, list[float]] = {name: [] for name in programs}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(options.rounds + 1):
            for name, (python, code) in programs.items():
                measured = cost(python, code, folder)
                if number:
                    found[name].append(measured)
    print(
        f"{f'{options.rounds} rounds, CPU ms':20}{'least':>8}{'ratio':>8}{'median':>8}{'ratio':>8}"
    )
    for name, rows in found.items():
        base = found["bare click" if name in ("bare click", "wattui --help") else "bare Chaco"]
        spent = ""
        for pick in (min, statistics.median):
            spent += f"{pick(rows):8.0f}{pick(rows) / pick(base):8.2f}"
        print(f"{name:20}{spent}")


if __name__ == "__main__":
    main()
