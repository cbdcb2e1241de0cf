# SPDX-License-Identifier: GPL-3.0-or-later
"""Take the pictures of the guide from the real window, offscreen: ``make screenshots``.

Half an hour of a simulated meter, or more of a fridge, is recorded live, at speed, into a temporary
folder.  The pictures are kept in the repository.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

IMAGES = Path(__file__).resolve().parent
#: Size of the window in logical pixels, and pixels of the picture per logical pixel.
SIZE = (1280, 800)
SCALE = 1
#: The pictures: theme, load of the meter, recorded time in seconds, its speed, what is selected.
PICTURES = {
    "window.png": ("light", "desktop", 1800, 60, None),
    "window-dark.png": ("dark", "desktop", 1800, 60, None),
    "part.png": ("light", "fridge", 4500, 120, ("2:00", "40:00")),
}
#: Font size in points, since no desktop sets one.
LETTERS = 10
PATIENCE = 120.0


def wait(application: object, ready: object, what: str) -> None:
    """Run the event loop until *ready* returns true.

    Raises
    ------
    SystemExit
        It did not become true within :data:`PATIENCE` seconds.
    """
    deadline = time.monotonic() + PATIENCE
    while not ready():
        application.processEvents()
        time.sleep(0.01)
        if time.monotonic() > deadline:
            raise SystemExit(f"gave up waiting for {what}")


def take(target: Path) -> None:
    """Record, and take one picture."""
    theme, load, recorded, speed, selected = PICTURES[target.name]
    from PyQt5.QtWidgets import QApplication

    from wattui.desktop.preferences_file import PreferencesFile
    from wattui.ui import app
    from wattui.ui.plots import paint_guard

    settings = PreferencesFile.load()
    settings.theme = theme
    settings.ask_before_closing = False
    application = QApplication(["wattui"])
    font = application.font()
    font.setPointSize(LETTERS)
    application.setFont(font)
    app.application(settings)
    paint_guard.install()
    ui = app.build(settings=settings)
    ui.control.resize(*SIZE)
    ui.control.show()
    model = ui.context["object"]
    if selected:
        model.clock_mode = "elapsed"
    model.connect_port(f"sim://pro?load={load}&seed=3&serial=A1000WT3&speed={speed}")
    wait(
        application,
        lambda: model.bench.meters and model.bench.meter.duration >= recorded,
        f"{recorded} s of samples",
    )
    if selected:
        model.figures.type_start(selected[0])
        model.figures.type_stop(selected[1])
    settled = time.monotonic() + 1.5
    wait(application, lambda: time.monotonic() > settled, "the last redraw")
    if not ui.control.grab().save(str(target)):
        raise SystemExit(f"{target} could not be written")
    ui.control.close()
    closed = time.monotonic() + 0.3
    wait(application, lambda: time.monotonic() > closed, "the end")


def main() -> None:
    """Take all pictures, each in its own process and folders."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--to", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("names", nargs="*", default=[*PICTURES], help="of the pictures to take")
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


if __name__ == "__main__":
    main()
