# SPDX-License-Identifier: GPL-3.0-or-later
"""The default views of a meter and of a bench, alone and in the window of another program."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from event_loop import wait_for
from PyQt5 import QtCore, QtWidgets
from traits.api import HasTraits, Instance, Str
from traitsui.api import Item, View

from wattui.api import Bench, Meter
from wattui.desktop.folders import sessions_folder
from wattui.session import Session
from wattui.ui.theme.palette import DARK, LIGHT
from wattui.ui.theme.style_sheet import qt_palette
from wattui.ui.window import meter_view as views

LAMP = "sim://pro?load=lamp&speed=60"
PAGE = Path(__file__).resolve().parents[3] / "docs" / "python.md"


@pytest.fixture
def application():
    """Return a Qt application that nobody gave colours."""
    found = QtWidgets.QApplication.instance() or QtWidgets.QApplication(["test"])
    sheet, palette = found.styleSheet(), found.palette()
    found.setStyleSheet("")
    yield found
    found.setPalette(palette)
    found.setStyleSheet(sheet)


@pytest.fixture
def meter(application):
    one = Meter(url=LAMP)
    yield one
    one.disconnect()
    wait_for(lambda: one.state == "closed", "the end")
    assert one.main_thread.join(20.0) == []
    assert views._shown == {}


def editor(ui):
    """Return the editor that shows the parts, in a view or in a view inside of it."""
    (found,) = ui.get_editors("url") + ui.get_editors("currency")
    return found


def shown(ui):
    """Return the model of the parts."""
    return editor(ui)._view.context["object"]


def close(ui):
    ui.dispose()
    QtWidgets.QApplication.processEvents()


def test_a_connected_meter_is_plotted_and_leaves_nothing_behind(meter):
    meter.connect()
    wait_for(lambda: meter.sample_count > 5, "samples")
    ui = meter.edit_traits()
    model = shown(ui)
    wait_for(lambda: model.plots.frames > 3 and model.place == "plots", "plots")
    bench = model.bench
    assert model.readings.value("power") == f"{meter.watts:.1f}"
    assert model.status.words == "Live, not recorded"
    assert "wattui-" in str(bench.session_path.parent)
    assert model.status.right == ("PRO, firmware 3.14",), "no file is named"
    path = bench.session_path
    close(ui)
    wait_for(lambda: not any("removal" in one.name for one in threading.enumerate()), "the removal")
    with ThreadPoolExecutor() as workers:  # It waits for the disk.
        assert not workers.submit(path.parent.exists).result()
    assert list(sessions_folder().glob("*")) == []
    count = meter.sample_count
    wait_for(lambda: meter.sample_count > count + 5, "the meter goes on")
    assert meter.state_text == "Live, not recorded"
    assert not any("writer" in one.name for one in threading.enumerate())


def test_a_port_is_chosen_and_connected_in_the_view(application):
    meter = Meter()
    ui = meter.edit_traits()
    model = shown(ui)
    assert "sessions" not in editor(ui)._view.info.place.control.buttons
    model.port = LAMP
    model.connect_button = True
    wait_for(lambda: meter.live, "the meter")
    assert meter.url == LAMP
    assert model.bench.meters == [meter]
    model.connect_button = True
    wait_for(lambda: meter.state == "closed", "the end")
    assert model.status.words == "Stopped, not recorded"
    model.port = "sim://es?load=fridge&speed=60"
    model.connect_button = True
    wait_for(lambda: meter.live and meter.model == "PRO ES", "the other port")
    assert model.bench.meters == [meter]
    model.connect_button = True
    wait_for(lambda: meter.state == "closed", "the end")
    close(ui)


def test_a_session_is_not_opened_in_the_view_of_a_meter(meter, tmp_path):
    ui = meter.edit_traits()
    errors = []
    shown(ui).bench.open_session(tmp_path / "other.wattui", errors.append)
    assert "shows a live meter only" in str(errors[0])
    assert shown(ui).bench.meters == [meter]
    close(ui)


def test_two_views_of_a_meter_share_what_they_show(meter):
    meter.connect()
    first, second = meter.edit_traits(), meter.edit_traits()
    assert shown(first).bench is shown(second).bench
    wait_for(lambda: shown(second).plots.frames > 2, "plots")
    close(first)
    wait_for(lambda: shown(second).plots.frames > 5, "plots")
    count = meter.sample_count
    wait_for(lambda: meter.sample_count > count + 5, "samples")
    close(second)


def test_a_bench_is_shown_and_goes_on_after_the_view_is_closed(application):
    bench = Bench()
    urls = ["sim://pro?load=lamp&speed=60&seed=1", "sim://es?load=fridge&speed=60&seed=2"]
    bench.connect(urls, names=["lamp", "fridge"])
    ui = bench.edit_traits()
    model = shown(ui)
    wait_for(lambda: len(model.meter_rows) == 2 and model.plots.frames > 3, "the table")
    assert model.status.words == "Recording 2 meters"
    close(ui)
    count = bench.meters[0].sample_count
    wait_for(lambda: bench.meters[0].sample_count > count + 5, "samples")
    one = bench.meters[1].edit_traits()
    assert shown(one).bench is bench, "a meter of a bench is shown with it"
    assert bench.meter is bench.meters[1]
    close(one)
    assert bench.close() == []
    with Session.open(bench.session_path) as session:
        assert len(session.meters) == 2


class Lab(HasTraits):
    """The program of somebody else."""

    note = Str("Warm up for an hour")
    meter = Instance(Meter)
    traits_view = View(Item("note"), Item("meter", style="custom"), resizable=True)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_view_takes_the_colours_of_a_foreign_window_and_changes_none(meter, application, dark):
    application.setPalette(qt_palette(DARK if dark else LIGHT))
    before = application.palette(), application.styleSheet()
    meter.connect()
    ui = Lab(meter=meter).edit_traits()
    (inner,) = ui.get_editors("meter")
    model = shown(inner._ui)
    assert model.palette.dark is dark
    wait_for(lambda: model.plots.frames > 3 and model.place == "plots", "plots")
    picture = editor(inner._ui).control.grab().toImage()
    corner = picture.pixelColor(picture.width() - 3, picture.height() // 2)
    assert corner.name() == model.palette.ground
    assert (application.palette(), application.styleSheet()) == before
    close(ui)


def test_traits_are_set_by_the_thread_of_an_event_loop_that_runs(meter, application):
    threads = set()
    meter.observe(lambda _event: threads.add(threading.current_thread()), "watts, state")
    loop = QtCore.QEventLoop()
    QtCore.QTimer.singleShot(0, meter.connect)
    timer = QtCore.QTimer()
    timer.timeout.connect(lambda: loop.quit() if meter.sample_count > 10 else None)
    timer.start(20)
    QtCore.QTimer.singleShot(20_000, loop.quit)
    loop.exec_()
    assert meter.sample_count > 10
    assert threads == {threading.main_thread()}


def test_the_program_of_the_docs_embeds_a_meter(tmp_path):
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.S)
    (program,) = [one for one in blocks if "configure_traits" in one and "class " in one]
    lines = [line for line in program.splitlines() if line.strip()]
    assert len(lines) <= 10
    around = (
        "from PyQt5 import QtCore, QtWidgets\n"
        "application = QtWidgets.QApplication([])\n"
        "shot = lambda: application.activeWindow() or application.topLevelWidgets()[0]\n"
        "QtCore.QTimer.singleShot(4000, lambda: (max(application.topLevelWidgets(),"
        " key=lambda one: one.width()).grab().save('shot.png'), application.closeAllWindows()))\n"
    )
    fast = program.replace("/dev/ttyUSB0", LAMP).replace('"sim://pro"', f'"{LAMP}"')
    done = subprocess.run(
        [sys.executable, "-c", around + fast],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "shot.png").stat().st_size > 10_000
