# SPDX-License-Identifier: GPL-3.0-or-later
"""An exception while painting: the process survives, and the next frame is drawn."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest
from plot_window import PlotWindow, Recording, sample

from wattui.ui.plots import paint_guard
from wattui.ui.plots.curve import CurvePlot
from wattui.ui.theme.palette import LIGHT


@pytest.fixture
def recording(tmp_path):
    one = Recording(tmp_path)
    one.add([sample(n + 1) for n in range(60)])
    yield one
    one.close()


def test_an_exception_in_a_renderer_leaves_the_plot_drawing(recording, monkeypatch, caplog):
    window = PlotWindow(session_path=recording.path, channels=["power"])
    window.next_frame()
    plot = window.stack.shown_rows()[0].plot
    with monkeypatch.context() as broken:
        broken.setattr(CurvePlot, "_render", lambda *_: 1 / 0)
        for _ in range(3):
            window.control.repaint()
    assert paint_guard.failures["ZeroDivisionError: division by zero"] >= 3
    assert caplog.text.count("the next frame tries again") == 1
    assert len(window.where(LIGHT.channel("power"), plot)) > 300
    window.close()


SCRIPT = """
    import sys
    from pyface.qt import QtGui
    application = QtGui.QApplication([])
    from enable.api import Component, Window
    from wattui.ui.plots import paint_guard
    if sys.argv[1] == "guarded":
        paint_guard.install()

    class Breaks(Component):
        broken = True

        def _draw_mainlayer(self, gc, view_bounds=None, mode="default"):
            with gc:
                if self.broken:
                    raise RuntimeError("broken on purpose")
            print("drawn")

    component = Breaks()
    window = Window(None, size=(100, 100), component=component)
    window.control.show()
    window.control.grab()
    print("alive")
    component.broken = False
    window.control.grab()
    window.control.close()
    print("ended")
"""


def run(mode):
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SCRIPT), mode],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_process_survives_and_ends_properly():
    done = run("guarded")
    assert done.stdout.split()[0] == "alive"
    assert done.stdout.split()[-2:] == ["drawn", "ended"]
    assert done.returncode == 0
    assert "broken on purpose" in done.stderr


def test_without_the_guard_the_process_dies_so_it_is_still_needed():
    done = run("bare")
    assert done.returncode != 0
    assert "ended" not in done.stdout


def test_it_can_be_installed_twice_and_removed():
    from enable.abstract_window import AbstractWindow

    paint_guard.remove()
    bare = AbstractWindow._paint
    paint_guard.install()
    paint_guard.install()
    assert AbstractWindow._paint.__wrapped__ is bare
    paint_guard.remove()
    assert AbstractWindow._paint is bare
    paint_guard.install()
