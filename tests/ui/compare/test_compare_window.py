# SPDX-License-Identifier: GPL-3.0-or-later
"""The window that lays parts of sessions over one another."""

from __future__ import annotations

import contextlib
import gc
import sqlite3

import numpy as np
import pytest
from drawn_texts import drawn_texts
from opened_window import OpenedWindow, threads_left
from PyQt5 import QtCore, QtGui, QtTest, QtWidgets

from wattui.ui.compare.compare_window import CompareWindow
from wattui.ui.theme.palette import DARK, LIGHT, mix


def recorded(folder, name, power):
    from plot_window import Recording, sample

    folder.mkdir()
    recording = Recording(folder, (name,))
    recording.add([sample(n, power + n % 3, current=n) for n in range(1, 121)])
    recording.close()
    return recording.path.rename(folder / f"{name}.wattui")


@pytest.fixture
def window(tmp_path):
    opened = OpenedWindow()
    opened.context.files.open([recorded(tmp_path / "a", "kettle", 40)])
    opened.wait_for(lambda: opened.model.readings.current, "the means")
    opened.wait_for(lambda: opened.model.plots.view.known, "the view")
    yield opened
    opened.close()
    assert threads_left() == []


def compare(window):
    """Open the window by its key, and wait for the first curves."""
    window.key(QtCore.Qt.Key_L, QtCore.Qt.ControlModifier)
    window.wait_for(lambda: window.context.comparison.plot.shown, "a curve")
    return window.context.comparison


def open_windows():
    """Return the windows *Compare* on the screen."""
    shown = [one for one in QtWidgets.QApplication.topLevelWidgets() if one.isVisible()]
    return [one for one in shown if isinstance(one, CompareWindow)]


def pixels_of(shown, colour):
    """Return how many pixels of the plot have nearly a colour."""
    picture = shown.window_of_plot.control.grab().toImage().convertToFormat(4)
    bits = picture.constBits()
    bits.setsize(picture.sizeInBytes())
    rows = np.frombuffer(bits, np.uint8).reshape(picture.height(), -1, 4)[:, :, 2::-1].astype(int)
    wanted = [int(colour[n : n + 2], 16) for n in (1, 3, 5)]
    return int((np.abs(rows - wanted).max(axis=2) < 40).sum())


def test_the_selection_and_another_session_are_laid_over_one_another(window, tmp_path):
    view = window.model.plots.view
    view.select(view.first + 30, view.first + 60)
    shown = compare(window)
    assert [one.label for one in shown.checked()] == ["selection"]
    assert [one.label for one in shown.listed()] == ["selection", "whole session"]
    shown.add(recorded(tmp_path / "b", "lamp", 90))
    window.wait_for(lambda: len(shown.plot.shown) == 2, "both curves")
    assert [one.label for one in shown.checked()] == ["selection, kettle", "whole session, lamp"]
    assert [one.x[0] for one in shown.plot.shown] == [1.0, 1.0]
    for number in range(2):
        assert pixels_of(shown, LIGHT.meter(number)) > 100
    # A click on a check box takes a part away.
    item = shown.parts.item(0)
    place = shown.parts.visualItemRect(item)
    at = QtCore.QPoint(place.left() + 12, place.center().y())
    QtTest.QTest.mouseClick(shown.parts.viewport(), QtCore.Qt.LeftButton, pos=at)
    window.wait_for(lambda: len(shown.plot.shown) == 1, "one curve")


def test_each_selection_has_a_label_of_its_own(window):
    view = window.model.plots.view
    view.select(view.first + 30, view.first + 60)
    shown = compare(window)
    view.select(view.first + 70, view.first + 90)
    (button,) = [
        one for one in shown.findChildren(QtWidgets.QPushButton) if "selection" in one.text()
    ]
    for _ in range(2):
        window.click(button)
    window.wait_for(lambda: len(shown.plot.shown) == 2, "both selections")
    assert [one.label for one in shown.listed()] == ["selection", "whole session", "selection 2"]


def test_a_long_name_is_shown_whole_in_a_tooltip_and_every_box_has_a_frame(window, tmp_path):
    shown = compare(window)
    name = "a recording of the refrigerator in the kitchen of the second floor"
    shown.add(recorded(tmp_path / "b", name, 90))
    window.wait_for(lambda: shown.parts.count() == 2, "the other session")
    item = shown.parts.item(1)
    assert item.toolTip().startswith(name + "\n")
    assert shown.parts.horizontalScrollBar().maximum() == 0
    item.setCheckState(QtCore.Qt.Unchecked)
    window.handle_events()
    place = shown.parts.visualItemRect(item)
    box = shown.parts.grab(QtCore.QRect(place.left(), place.top(), 24, place.height())).toImage()
    seen = {box.pixelColor(x, y).name() for x in range(box.width()) for y in range(box.height())}
    assert mix(LIGHT.line, LIGHT.muted, 0.45) in seen


def test_one_field_is_plotted_against_another(window):
    shown = compare(window)
    shown.against.setFocus()
    shown.against.setCurrentIndex(shown.against.findData("current"))
    window.wait_for(lambda: shown.plot.against == "current", "the other axis")
    assert not shown.derived.isEnabled()
    assert pixels_of(shown, LIGHT.meter(0)) > 100
    assert shown.plot.index_range.high >= 0.12


def texts_of(control):
    return {one.text for one in drawn_texts(control)}


def chip_of(shown, row):
    """Return the colour beside a part in the list; empty without one."""
    image = shown.parts.item(row).data(QtCore.Qt.DecorationRole).toImage()
    colour = image.pixelColor(5, 5)
    return colour.name() if colour.alpha() else ""


def test_the_list_shows_which_curve_is_which(window, tmp_path):
    shown = compare(window)
    shown.add(recorded(tmp_path / "b", "lamp", 90))
    window.wait_for(lambda: len(shown.plot.shown) == 2, "both curves")
    assert [chip_of(shown, row) for row in (0, 1)] == [LIGHT.meter(0), LIGHT.meter(1)]
    shown.parts.item(0).setCheckState(QtCore.Qt.Unchecked)
    assert [chip_of(shown, row) for row in (0, 1)] == ["", LIGHT.meter(0)]
    window.model.palette = DARK
    assert chip_of(shown, 1) == DARK.meter(0)


def test_the_values_at_the_pointer_are_shown(window, tmp_path):
    shown = compare(window)
    shown.add(recorded(tmp_path / "b", "lamp", 90))
    window.wait_for(lambda: len(shown.plot.shown) == 2, "both curves")
    control, plot = shown.window_of_plot.control, shown.plot
    x = round(float(plot.index_mapper.map_screen(np.array([59.6]))[0]))
    assert not {"0:59", "90.0"} & texts_of(control)
    at, none = QtCore.QPointF(x, control.height() / 2), QtCore.Qt.NoButton
    QtWidgets.QApplication.sendEvent(
        control, QtGui.QMouseEvent(QtCore.QEvent.MouseMove, at, none, none, QtCore.Qt.NoModifier)
    )
    assert texts_of(control) >= {"0:59", "40.0", "90.0"}
    QtWidgets.QApplication.sendEvent(control, QtCore.QEvent(QtCore.QEvent.Leave))
    assert not {"0:59", "40.0", "90.0"} & texts_of(control)


def test_a_moving_mean_is_chosen_from_a_list(window):
    shown = compare(window)
    before = np.ptp(shown.plot.shown[0].y)
    QtTest.QTest.keyClicks(shown.derived, "mean of 1 min")
    window.wait_for(lambda: np.ptp(shown.plot.shown[0].y) < before, "a smoother curve")


def test_the_wheel_zooms_and_a_double_click_fits(window):
    shown = compare(window)
    control, plot = shown.window_of_plot.control, shown.plot
    width = plot.index_range.high - plot.index_range.low
    at = QtCore.QPointF(plot.x + 100, control.height() / 2)
    none = QtCore.QPoint()
    event = QtGui.QWheelEvent(
        at, control.mapToGlobal(at.toPoint()), none, QtCore.QPoint(0, 120),
        QtCore.Qt.NoButton, QtCore.Qt.NoModifier, QtCore.Qt.NoScrollPhase, False,
    )  # fmt: skip
    QtWidgets.QApplication.sendEvent(control, event)
    assert plot.index_range.high - plot.index_range.low == pytest.approx(0.8 * width)
    QtTest.QTest.mouseDClick(control, QtCore.Qt.LeftButton, pos=at.toPoint())
    assert plot.index_range.high - plot.index_range.low == pytest.approx(width)


def test_the_window_takes_on_the_theme_and_closes_with_esc(window):
    shown = compare(window)
    window.model.theme = "dark"
    window.model.palette = DARK
    assert pixels_of(shown, DARK.meter(0)) > 100
    QtTest.QTest.keyClick(shown, QtCore.Qt.Key_Escape)
    window.handle_events()
    assert window.context.comparison.closed
    assert open_windows() == []
    window.handler.do(window.info, "compare")
    assert window.context.comparison is not shown
    window.wait_for(lambda: window.context.comparison.plot.shown, "a curve")


def test_the_close_button_closes_the_window(window):
    shown = compare(window)
    shown.close()
    window.handle_events()
    assert shown.closed
    assert open_windows() == []


@pytest.mark.filterwarnings("always::ResourceWarning")
def test_a_session_that_cannot_be_read_is_reported_in_the_window(window, tmp_path, recwarn):
    shown = compare(window)
    path = tmp_path / "letter.wattui"
    path.write_text("Dear Sir or Madam")
    shown.add(path)
    window.wait_for(lambda: shown.message.text(), "the reason")
    assert "letter.wattui" in shown.message.text()
    shown.close()
    window.handle_events()
    gc.collect()
    # A folder that nobody removes goes whenever it is collected, on the window's thread.
    assert [one for one in recwarn if "cleaning up" in str(one.message)] == []


def test_of_a_damaged_session_what_can_be_read_is_compared(window, tmp_path):
    """Its changed values were drawn without a word."""
    path = recorded(tmp_path / "b", "lamp", 90)
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        when = database.execute("SELECT time FROM sample LIMIT 1 OFFSET 60").fetchone()
        database.execute("UPDATE sample SET power=50000 WHERE time=?", when)
    shown = compare(window)
    shown.add(path)
    window.wait_for(lambda: "lamp.wattui is damaged" in shown.message.text(), "the damage")
    assert "left out" in shown.message.text()
    window.wait_for(lambda: len(shown.plot.shown) == 2, "both curves")
    assert np.nanmax(shown.plot.shown[1].y) < 100
    assert [one.label for one in shown.checked()] == ["kettle", "lamp"]
    copies = [one.path for one in shown.listed() if one.path != window.model.bench.session_path]
    assert copies
    assert path not in copies
    shown.close()
    window.wait_for(lambda: not any(one.exists() for one in copies), "the copy's end")
