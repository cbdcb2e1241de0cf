# SPDX-License-Identifier: GPL-3.0-or-later
"""Take the pictures of the guide from the real window, offscreen: ``make screenshots``.

Simulated meters are recorded live, at speed, or sessions are made from their loads, into a
temporary folder.  The pictures are kept in the repository, so each is small.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import made_sessions
import numpy as np
from PIL import Image

IMAGES = Path(__file__).resolve().parent
#: Size of the window in logical pixels, and pixels of the picture per logical pixel.
SIZE = (1280, 800)
SCALE = 1
#: Font size in points, since no desktop sets one.
LETTERS = 10
#: Colours of a picture: the most that a palette holds.
COLOURS = 256
PATIENCE = 240.0
#: The meter of the tutorial.
FRIDGE = "sim://pro?load=fridge&speed=60"


class Stage:
    """The program's window, and what the scenes do with it."""

    def __init__(self, theme: str, folder: Path) -> None:
        from PyQt5.QtWidgets import QApplication

        from wattui.desktop.preferences_file import PreferencesFile
        from wattui.ui import app
        from wattui.ui.plots import paint_guard

        self.folder = folder
        settings = PreferencesFile.load()
        settings.theme = theme
        settings.ask_before_closing = False
        self.application = QApplication(["wattui"])
        font = self.application.font()
        font.setPointSize(LETTERS)
        self.application.setFont(font)
        app.application(settings)
        paint_guard.install()
        self.ui = app.build(settings=settings)
        self.window = self.ui.control
        self.window.resize(*SIZE)
        self.window.show()
        self.model = self.ui.context["object"]
        self.model.clock_mode = "elapsed"
        self.handle(0.3)

    def wait(self, ready: Callable[[], object], what: str) -> None:
        """Run the event loop until *ready* returns true.

        Raises
        ------
        SystemExit
            It did not become true within :data:`PATIENCE` seconds.
        """
        deadline = time.monotonic() + PATIENCE
        while not ready():
            self.application.processEvents()
            time.sleep(0.01)
            if time.monotonic() > deadline:
                raise SystemExit(f"gave up waiting for {what}")

    def handle(self, seconds: float) -> None:
        """Run the event loop for some time."""
        end = time.monotonic() + seconds
        self.wait(lambda: time.monotonic() > end, "the next moment")

    def do(self, action: str) -> None:
        """Do an action of the menus."""
        self.ui.handler.do(self.ui.info, action)
        self.handle(0.5)

    def opened(self) -> object:
        """Return the dialog that is open."""
        found = self.application.topLevelWidgets()
        return next(one for one in found if one.isVisible() and one is not self.window)

    def click(self, shown: object, label: str) -> None:
        """Click a button of a dialog."""
        from PyQt5.QtWidgets import QPushButton

        buttons = shown.findChildren(QPushButton)
        next(one for one in buttons if one.text().replace("&", "") == label).click()

    def record(self, url: str, seconds: float) -> None:
        """Record a simulated meter for some of its time."""
        self.model.connect_port(url)
        self.wait(
            lambda: self.model.bench.meters and self.model.bench.meter.duration >= seconds,
            f"{seconds} s of samples",
        )

    def open(self, path: Path) -> None:
        """Open a session, and wait until its plots are drawn."""
        self.ui.handler.context.files.open([path])
        self.wait(lambda: self.model.plots.view.known, f"the plots of {path}")
        self.handle(1.0)

    def select(self, start: str, stop: str) -> None:
        """Select a part, as a user types it."""
        self.model.figures.type_start(start)
        self.model.figures.type_stop(stop)
        self.handle(1.0)


def recording(stage: Stage) -> object:
    """Half an hour of a computer, live."""
    stage.model.clock_mode = "clock"
    stage.record("sim://pro?load=desktop&seed=3&serial=A1000WT7&speed=60", 1800)
    return stage.window


def start(stage: Stage) -> object:
    """The window without a meter."""
    stage.window.resize(1024, 640)
    return stage.window


def part(stage: Stage) -> object:
    """A selection and its figures."""
    stage.record("sim://pro?load=fridge&seed=3&serial=A1000WT3&speed=120", 4500)
    stage.select("2:00", "40:00")
    return stage.window


def watch(stage: Stage) -> object:
    """The fridge of the tutorial, live."""
    stage.record(FRIDGE, 1500)
    return stage.window


def cycle(stage: Stage) -> object:
    """The fridge of the tutorial, with one cycle kept as a span."""
    stage.record(FRIDGE, 5700)
    stage.model.disconnect_all()
    stage.select("45:00", "1:30:00")
    stage.do("keep_span")
    notes = stage.model.marks
    stage.wait(lambda: notes.rows, "the span")
    notes.name(notes.rows[0].note, "cycle")
    stage.wait(lambda: notes.rows[0].note.name, "its name")
    return stage.window


def marks(stage: Stage) -> object:
    """The list of marks and spans, with a baseline."""
    stage.open(made_sessions.two_jobs(stage.folder))
    stage.do("mark_list")
    chosen = stage.model.marks
    stage.wait(lambda: chosen.rows, "the list")
    chosen.chosen = next(one.note for one in chosen.rows if getattr(one.note, "name", "") == "old")
    chosen.compare_with_chosen()
    return stage.window


def levels(stage: Stage) -> object:
    """The levels of a load as spans."""
    stage.open(made_sessions.load_levels(stage.folder))
    for name in ("current", "voltage", "integrated_energy"):
        stage.model.toggle_channel(name)
    stage.do("mark_list")
    return stage.window


def port(stage: Stage) -> object:
    """What to do if a port is missing."""
    stage.do("missing_port")
    shown = stage.opened()
    shown.resize(600, 320)
    return shown


def compare(stage: Stage) -> object:
    """Two jobs laid over one another."""
    stage.open(made_sessions.two_jobs(stage.folder))
    stage.do("compare")
    shown = stage.ui.handler.context.comparison
    stage.handle(1.0)
    from PyQt5.QtCore import Qt

    for number in range(shown.parts.count()):
        item = shown.parts.item(number)
        item.setCheckState(Qt.Checked if item.text() in ("old", "new") else Qt.Unchecked)
    shown.resize(1000, 560)
    stage.wait(lambda: len(shown.plot.shown) == 2, "both curves")
    return shown


def sessions(stage: Stage) -> object:
    """The list of sessions of a week."""
    made_sessions.list_of_sessions(Path(os.environ["WATTUI_DATA"]) / "sessions")
    stage.do("sessions")
    shown = stage.opened()
    shown.resize(1240, 460)
    stage.handle(4.0)
    return shown


def alerts(stage: Stage) -> object:
    """The list of alerts."""
    stage.do("alerts")
    shown = stage.opened()
    for rule in ("power of Fridge < 2 W for 1 h", "total power > 1.5 kW for 10 s"):
        shown.typed.setText(rule)
        stage.click(shown, "Add")
    return shown


def export(stage: Stage) -> object:
    """The dialog for exports."""
    stage.open(made_sessions.two_jobs(stage.folder))
    stage.select("5:00", "15:00")
    stage.do("export")
    return stage.opened()


def memory(stage: Stage) -> object:
    """The memory and the settings of a meter."""
    stage.record("sim://pro?load=fridge&seed=3&serial=A1000WT3&memory=full&interval=10", 3)
    stage.do("memory")
    shown = stage.opened()
    stage.click(shown, "Ask the meter")
    stage.handle(6.0)
    shown.resize(680, 640)
    return shown


def several(stage: Stage) -> object:
    """Four meters on the bench, one curve each."""
    for load, serial in made_sessions.BENCH.values():
        stage.model.connect_added(f"sim://pro?load={load}&seed=3&serial={serial}&speed=60")
        stage.handle(0.3)
    bench = stage.model.bench
    for row, name in enumerate(made_sessions.BENCH):
        stage.model.rename_meter(row, name)
    stage.wait(lambda: all(one.duration >= 2700 for one in bench.meters), "45 minutes")
    return stage.window


def large(stage: Stage) -> object:
    """The power in large letters."""
    several(stage)
    stage.do("large")
    stage.window.resize(1024, 640)
    return stage.window


def import_table(stage: Stage) -> object:
    """A table of another program, column by column."""
    from PyQt5.QtWidgets import QFileDialog

    table = stage.folder / "meter.csv"
    times = (f"23/11/2026;14:{n // 60:02}:{n % 60:02}" for n in range(120))
    lines = (f"{time};{60 + n % 7 / 10};{230 + n % 9 / 10}" for n, time in enumerate(times))
    table.write_text("\n".join(["Datum;Zeit;Leistung in W;Spannung", *lines]).replace(".", ","))
    QFileDialog.getOpenFileNames = staticmethod(lambda *_: ([str(table)], ""))
    stage.do("import_table")
    stage.handle(3.0)
    shown = stage.opened()
    shown.resize(800, 720)
    return shown


#: The scenes of the window: name of the picture, theme, and what is shown.
SCENES: dict[str, tuple[str, Callable[[Stage], object]]] = {
    "window.png": ("light", recording),
    "window-dark.png": ("dark", recording),
    "start.png": ("light", start),
    "part.png": ("light", part),
    "marks.png": ("light", marks),
    "levels.png": ("light", levels),
    "port.png": ("light", port),
    "compare.png": ("light", compare),
    "sessions.png": ("light", sessions),
    "alerts.png": ("light", alerts),
    "export.png": ("light", export),
    "memory.png": ("light", memory),
    "several-meters.png": ("light", several),
    "large-readings.png": ("dark", large),
    "import-table.png": ("light", import_table),
    "tutorial-watch.png": ("light", watch),
    "tutorial-cycle.png": ("light", cycle),
}


def figure(target: Path, folder: Path) -> None:
    """The figure of the tutorial."""
    run = folder / "fridge.wattui"
    wattui("log", FRIDGE, "-d", "95m", "--session", str(run), "--quiet")
    words = ("--from", "45m", "--to", "90m", "--title", "One cycle of a fridge")
    wattui("plot", str(run), *words, "-o", str(target), "--size", "960x540")


def report(target: Path, folder: Path) -> None:
    """The first page of a report, as a browser shows it."""
    page = folder / "sort.html"
    wattui("report", str(made_sessions.two_jobs(folder)), "-o", str(page))
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        raise SystemExit("The picture of a report needs Chromium: apt install chromium")
    subprocess.run(
        [browser, "--headless", "--no-sandbox", "--hide-scrollbars", "--window-size=900,1000",
         f"--screenshot={target}", page.as_uri()],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def measured(target: Path, folder: Path) -> None:
    """The figure of two measured commands."""
    load = folder / "load"
    load.touch()
    for name, watts in (("old", 82), ("new", 64)):
        script = folder / name
        script.write_text(
            f'#!/bin/sh\necho "$(date +%s.%N) {watts}" >> {load}; sleep 2\n'
            f'echo "$(date +%s.%N) 0" >> {load}\n'
        )
        script.chmod(0o755)
    wattui(
        "measure", f"sim://pro?load=lamp&switch={load}&lag=2.4&noise=0.3", "--lag", "2.4",
        "-n", "old", str(folder / "old"), "-n", "new", str(folder / "new"),
        "--runs", "6", "--min-time", "8s", "--idle", "15s", "--plot", str(target),
    )  # fmt: skip


def wattui(*words: str) -> None:
    """Run a command."""
    program = Path(sys.executable).with_name("wattui")
    subprocess.run([program, *words], check=True, stdout=subprocess.DEVNULL)


#: The pictures that commands make.
MADE: dict[str, Callable[[Path, Path], None]] = {
    "tutorial-figure.png": figure,
    "report.png": report,
    "measure.png": measured,
}


def take(target: Path) -> None:
    """Set a scene, and take its picture."""
    if target.name in MADE:
        with tempfile.TemporaryDirectory() as folder:
            MADE[target.name](target, Path(folder))
        return
    theme, scene = SCENES[target.name]
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(theme, Path(folder))
        shown = scene(stage)
        stage.handle(1.5)
        if not shown.grab().save(str(target)):
            raise SystemExit(f"{target} could not be written")
        stage.window.close()
        stage.handle(0.3)


def shrink(path: Path) -> None:
    """Store a picture with the colours that matter most, which takes a third of the space."""
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    colours, place, counts = np.unique(
        pixels.reshape(-1, 3).astype(int), axis=0, return_inverse=True, return_counts=True
    )
    chosen, loss = [int(counts.argmax())], np.full(len(colours), np.inf)
    while len(chosen) < COLOURS and loss.any():
        loss = np.minimum(loss, ((colours - colours[chosen[-1]]) ** 2).sum(axis=1))
        chosen.append(int((loss * counts).argmax()))
    palette = colours[chosen]
    nearest = np.array([((palette - one) ** 2).sum(axis=1).argmin() for one in colours])
    small = Image.fromarray(nearest[place.ravel()].reshape(pixels.shape[:2]).astype(np.uint8))
    small.putpalette(palette.astype(np.uint8).tobytes())
    small.save(path, optimize=True)
    print(f"{path.name}: {path.stat().st_size / 1024:.0f} KB")


def main() -> None:
    """Take all pictures, each in its own process and folders."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--to", type=Path, help=argparse.SUPPRESS)
    parser.add_argument(
        "names", nargs="*", default=[*SCENES, *MADE], help="of the pictures to take"
    )
    arguments = parser.parse_args()
    if arguments.to:
        take(arguments.to)
        return
    for name in arguments.names:
        with tempfile.TemporaryDirectory() as folder:
            environment = os.environ | {
                "QT_QPA_PLATFORM": "offscreen",
                "QT_SCALE_FACTOR": str(SCALE),
                "QT_API": "pyqt5",
                "ETS_TOOLKIT": "qt.qpainter",
                "WATTUI_DATA": f"{folder}/data",
                "WATTUI_CONFIG": f"{folder}/config",
            }
            command = [sys.executable, __file__, "--to", str(IMAGES / name)]
            subprocess.run(command, env=environment, check=True)
        shrink(IMAGES / name)


if __name__ == "__main__":
    main()
