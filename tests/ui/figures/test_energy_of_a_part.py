# SPDX-License-Identifier: GPL-3.0-or-later
"""The job: energy and mean power of minute 2 to minute 5, the peak in it, how long it was on."""

from __future__ import annotations

import numpy as np
import pytest
from opened_window import OpenedWindow, threads_left
from plot_window import Recording, sample
from PyQt5 import QtCore, QtGui, QtTest, QtWidgets

from wattui.measurement.text import elapsed_text, energy_text, power_text
from wattui.session import Session
from wattui.simulator import loads

#: The simulated fridge is on for 37:10 of its first 5,190 s, in two cycles.
LENGTH, ON = 5_190, 2_230
#: When marks were set in it.
MARKS = (600, 1_800)
#: The same as a port.
FRIDGE = "sim://pro?load=fridge&speed=120"

NO_KEY = QtCore.Qt.NoModifier


class Job:
    """A window, and what someone does in it with mouse and keyboard alone."""

    def __init__(self):
        self.opened = OpenedWindow()
        self.model = self.opened.model
        self.plots = self.model.plots
        self.panel = self.opened.control("figures")
        self.model.clock_mode = "elapsed"

    def open_fridge(self, folder):
        """Open a recording of the simulated fridge."""
        load = loads.Load(loads.fridge)
        recording = Recording(folder, ["Fridge"])
        readings = [load.reading(float(second)) for second in range(1, LENGTH + 61)]
        recording.add([sample(n, power=one.power) for n, one in enumerate(readings, 1)])
        for second in MARKS:
            recording.mark(second, "door")
        recording.close()
        self.model.bench.open_session(recording.path)
        self.opened.wait_for(lambda: self.plots.frames and self.plots.view.known, "the plots")
        self.settle()

    def press(self, name):
        """Click a button of the bar above the plots."""
        self.opened.click(self.opened.control("plots").buttons[name])

    def mouse(self, kind, x, y, buttons, button=QtCore.Qt.NoButton):
        """Send an event of the mouse to the plots, in Enable's coordinates."""
        widget = self.plots.component.window.control
        place = QtCore.QPointF(x, widget.height() - 1 - y)
        event = QtGui.QMouseEvent(kind, place, button, buttons, NO_KEY)
        QtWidgets.QApplication.sendEvent(widget, event)
        self.opened.handle_events()

    def drag(self, start, stop):
        """Drag over the plots from a place to another one."""
        left = QtCore.Qt.LeftButton
        self.mouse(QtCore.QEvent.MouseButtonPress, *start, left, left)
        for share in (0.3, 0.7, 1.0):
            place = (a + share * (b - a) for a, b in zip(start, stop, strict=True))
            self.mouse(QtCore.QEvent.MouseMove, *place, left)
        self.mouse(QtCore.QEvent.MouseButtonRelease, *stop, QtCore.Qt.NoButton, left)

    def place(self, second, row=0):
        """Return the place of a time of the run in the middle of a plot."""
        plot = self.plots.shown_rows()[row].plot
        moment = self.plots.view.first + second
        x = float(plot.index_mapper.map_screen(np.array([moment]))[0])
        return x, plot.y + plot.height / 2

    def type(self, text, key=QtCore.Qt.Key_Tab):
        """Type into the field with the focus, and leave it."""
        QtTest.QTest.keyClicks(QtWidgets.QApplication.focusWidget(), text)
        self.opened.key(key)

    def settle(self):
        """Wait until nothing is being read."""
        figures = self.model.figures
        self.opened.wait_for(
            lambda: (
                not self.plots.reading
                and not figures.reading
                and not figures._pace._timer.isActive()
                and not figures._detail_pace._timer.isActive()
            ),
            "the figures",
        )

    def read(self, name, part="Selection"):
        """Return the text of a figure in the table."""
        table = self.panel.table
        column = {"Selection": 1, "View": 2, "Run": 3}[part]
        rows = [n for n, row in enumerate(self.model.figures.rows) if row.name == name]
        return table.item(rows[0], column).text()

    def samples(self, start, stop):
        """Return times, intervals and powers between two times since the start."""
        first = self.plots.view.first
        span = (round((first + second) * 1e6) for second in (start, stop))
        with Session.open(self.model.bench.session_path) as session:
            found = session.columns(session.meters[0].id, ["power"], *span)
        return found["time"] - first, found["interval"], found["power"]


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    one = Job()
    one.open_fridge(tmp_path_factory.mktemp("fridge"))
    yield one
    one.opened.close()
    assert threads_left() == []


@pytest.fixture(autouse=True)
def _start_without_a_selection(job):
    job.model.plots.view.clear_selection()
    job.plots.fit()
    job.model.figures.trait_set(wanted=False, unwanted=False, above=None)
    job.settle()


def numbers(powers, intervals):
    """Return energy and mean power with their errors, by NumPy."""
    hours = intervals.sum() / 3600
    energy = float(np.sum(powers * intervals)) / 3600
    error = 0.015 * energy + 0.3 * hours
    return energy, error, energy / hours, error / hours


def test_the_job_is_done_with_the_mouse_and_what_is_shown(job):
    """Energy and mean power with error of minute 2 to 5, its peak, and how long it was on."""
    assert not job.panel.isVisible()
    job.press("select")
    assert job.panel.isVisible()
    job.drag(job.place(300), job.place(900))
    job.settle()
    assert job.panel.start.text() == elapsed_text(
        job.plots.view.selection[0] - job.plots.view.first
    )
    # A drag is as exact as a pixel; the minutes are typed.
    for field, text in ((job.panel.start, "2:00"), (job.panel.stop, "5:00")):
        job.opened.click(field)
        field.selectAll()
        job.type(text)
    job.settle()
    times, intervals, powers = job.samples(120, 300)
    energy, error, mean, mean_error = numbers(powers, intervals)
    assert job.panel.duration.text() == job.read("Duration") == "3:00"
    assert job.read("Records") == str(len(powers)) == "180"
    assert job.read("Energy") == energy_text(energy, error)
    assert job.read("Mean power") == power_text(mean, mean_error)
    assert job.read("Highest power") == f"{powers.max():.1f} W"
    assert job.read("Highest power at") == elapsed_text(np.floor(times[powers.argmax()] + 0.001))
    # The fridge was on for a time that is known from its load.
    job.opened.click(job.panel.stop)
    job.panel.stop.selectAll()
    job.type(elapsed_text(LENGTH))
    job.opened.click(job.panel.start)
    job.panel.start.selectAll()
    job.type("0")
    job.settle()
    _times, intervals, powers = job.samples(0, LENGTH)
    on = float(intervals[powers > job.model.figures.threshold].sum())
    assert on == ON
    assert job.read("On (above 50 W)") == "37:10 (43 %)"
    assert job.read("Cycles") == "2"
    on_energy = float(np.sum((powers * intervals)[powers > 50])) / 3600
    on_error = 0.015 * on_energy + 0.3 * on / 3600
    assert f"{job.read('Energy while on')} Wh" == energy_text(on_energy, on_error)


def test_the_keyboard_alone_suffices(job):
    job.opened.window.setFocus()
    job.opened.key(QtCore.Qt.Key_S)
    job.type("2:00")
    job.type("5:00")
    view = job.plots.view
    assert view.selection == pytest.approx((view.first + 120, view.first + 300), abs=0.01)
    assert not view.selecting
    job.type("5 min", QtCore.Qt.Key_Return)
    assert view.selection[1] - view.selection[0] == pytest.approx(300)
    job.settle()
    assert job.read("Duration") == "5:00"
    job.opened.key(QtCore.Qt.Key_Z)
    assert view.start < view.selection[0] < view.selection[1] < view.stop
    assert view.width < 400
    before = view.selection
    job.opened.key(QtCore.Qt.Key_Right, QtCore.Qt.ShiftModifier)
    assert view.selection[0] > before[0]
    assert view.selection[1] - view.selection[0] == pytest.approx(before[1] - before[0])
    job.opened.key(QtCore.Qt.Key_Left, QtCore.Qt.ShiftModifier)
    job.opened.key(QtCore.Qt.Key_Left, QtCore.Qt.ControlModifier)
    assert view.selection[0] == pytest.approx(before[0])
    assert view.selection[1] < before[1]
    job.opened.key(QtCore.Qt.Key_Left, QtCore.Qt.ControlModifier | QtCore.Qt.ShiftModifier)
    assert view.selection[0] < before[0]
    job.opened.key(QtCore.Qt.Key_A, QtCore.Qt.ControlModifier)
    assert view.selection == (view.first, view.last)
    job.opened.key(QtCore.Qt.Key_Escape)
    assert view.selection is None
    assert not job.panel.isVisible()


def test_a_part_is_selected_between_two_marks_and_from_the_pointer_on(job):
    view = job.plots.view
    job.opened.window.setFocus()

    def selected():
        return view.selection and tuple(round(edge - view.first) for edge in view.selection)

    for second, span in ((1_000, MARKS), (300, (0, 600)), (4_000, (1_800, round(view.length)))):
        view.clear_selection()
        job.mouse(QtCore.QEvent.MouseMove, *job.place(second), QtCore.Qt.NoButton)
        job.opened.key(QtCore.Qt.Key_M, QtCore.Qt.ShiftModifier)
        job.opened.wait_for(lambda: selected() is not None, "a selection")
        assert selected() == span
    job.mouse(QtCore.QEvent.MouseMove, *job.place(2_000), QtCore.Qt.NoButton)
    job.opened.key(QtCore.Qt.Key_V, QtCore.Qt.ShiftModifier)
    assert selected() == (pytest.approx(2_000, abs=10), round(view.length))
    view.show(view.first + 100, view.first + 400)
    job.opened.key(QtCore.Qt.Key_V)
    assert selected() == (100, 400)
    assert not view.growing


def test_a_time_that_makes_no_sense_is_refused_with_what_to_write(job):
    job.press("select")
    job.type("noon")
    assert "2:00" in job.panel.reason.text()
    assert job.plots.view.selection is None
    # Esc forgets what was typed, and then puts the tool away.
    job.panel.start.setFocus()
    job.opened.key(QtCore.Qt.Key_Escape)
    assert job.panel.start.text() == ""
    assert job.plots.view.selecting
    job.opened.key(QtCore.Qt.Key_Escape)
    assert not job.plots.view.selecting


def test_a_click_on_the_time_of_the_peak_shows_it(job):
    view = job.plots.view
    job.press("figures")
    view.show(view.last - 60, view.last)
    job.settle()
    table, names = job.panel.table, [row.name for row in job.model.figures.rows]
    item = table.item(names.index("Highest power at"), 3)
    place = table.visualItemRect(item).center()
    QtTest.QTest.mouseClick(table.viewport(), QtCore.Qt.LeftButton, NO_KEY, place)
    job.settle()
    times, _intervals, powers = job.samples(0, view.length)
    peak = view.first + times[powers.argmax()]
    assert view.start < peak < view.stop
    assert job.plots.pointer_time == pytest.approx(peak, abs=0.5)
    assert job.plots.pointer_values["power"] == powers.max()


def test_the_threshold_can_be_dragged_and_typed(job):
    job.press("figures")
    job.settle()
    assert job.model.figures.threshold == 50
    first = job.read("On (above 50 W)", "Run")
    plot = job.plots.shown_rows()[0].plot
    x = plot.x + plot.width * 0.6
    at, to = (float(plot.value_mapper.map_screen(np.array([w]))[0]) for w in (50.0, 99.0))
    view = job.plots.view.start, job.plots.view.stop
    control = job.plots.component.window.control
    for y, shape in ((at, QtCore.Qt.SizeVerCursor), (at + 40, QtCore.Qt.ArrowCursor)):
        job.mouse(QtCore.QEvent.MouseMove, x, y, QtCore.Qt.NoButton)
        assert control.cursor().shape() == shape
    job.drag((x, at), (x, to))
    assert (job.plots.view.start, job.plots.view.stop) == view
    threshold = job.model.figures.threshold
    assert threshold == pytest.approx(99, abs=5)
    job.settle()
    assert job.panel.threshold.text() == f"{threshold:g} W"
    assert job.read(f"On (above {threshold:g} W)", "Run") != first
    job.opened.click(job.panel.threshold)
    job.panel.threshold.selectAll()
    job.type("0,5")
    job.settle()
    assert job.read("On (above 0.5 W)", "Run").endswith("(100 %)")
    job.opened.click(job.panel.threshold)
    job.panel.threshold.selectAll()
    job.type("many")
    assert "not a number" in job.panel.reason.text()


def test_figures_are_copied_with_error_and_unit(job):
    job.press("figures")
    job.settle()
    table, names = job.panel.table, [row.name for row in job.model.figures.rows]
    item = table.item(names.index("Energy in J"), 3)
    menu = table.context_menu(item)
    texts = [one.text() for one in menu.actions()]
    assert texts[0].startswith("Copy ")
    assert " ± " in texts[0]
    assert texts[0].endswith(" J")
    menu.actions()[0].trigger()
    assert f"Copy {QtWidgets.QApplication.clipboard().text()}" == texts[0]
    assert job.model.message == f"Copied {texts[0].removeprefix('Copy ')}"
    table.setCurrentItem(table.item(names.index("Mean power"), 3))
    table.setFocus()
    for key in (QtCore.Qt.Key_Left, QtCore.Qt.Key_Right):
        view = job.plots.view.start
        job.opened.key(key)
        assert job.plots.view.start == view, "an arrow key moved the view"
    job.opened.key(QtCore.Qt.Key_C, QtCore.Qt.ControlModifier)
    assert QtWidgets.QApplication.clipboard().text() == job.read("Mean power", "Run")
    job.panel.copy_button.menu().actions()[2].trigger()
    assert QtWidgets.QApplication.clipboard().text().startswith("figure,unit,view,view_error,run,")


def test_the_buttons_show_the_last_part_and_how_wide_the_view_is(job):
    view, bar = job.plots.view, job.opened.control("plots")
    job.press("last_5_minutes")
    assert view.width == pytest.approx(300)
    assert bar.width_label.text() == "View 5 min"
    assert bar.buttons["last_5_minutes"].property("role") == "page-on"
    job.press("fit")
    assert view.whole
    assert bar.buttons["fit"].property("role") == "page-on"
    assert bar.buttons["last_5_minutes"].property("role") == "page"


def test_a_selection_grows_while_the_fridge_is_recorded():
    live = Job()
    opened, view = live.opened, live.plots.view
    opened.connect(FRIDGE)
    opened.wait_for(lambda: view.length > 60, "a minute of the fridge")
    opened.window.setFocus()
    opened.key(QtCore.Qt.Key_A, QtCore.Qt.ControlModifier)
    assert view.growing
    length = view.selection[1] - view.selection[0]
    opened.wait_for(lambda: view.selection[1] - view.selection[0] > length + 60, "its growth")

    def agrees():
        """Check whether selection and run are the same, and are read in full."""
        rows = {row.name: row.cells for row in live.model.figures.rows if row.cells}
        names = ("Energy", "Duration", "Records", "Cycles")
        found = [(rows[name][0].text, rows[name][2].text) for name in names if name in rows]
        return len(found) == len(names) and all(a == b != "…" for a, b in found)

    opened.wait_for(agrees, "the figures of a growing selection")
    opened.close()
