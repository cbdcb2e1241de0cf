# SPDX-License-Identifier: GPL-3.0-or-later
"""The menus of the right mouse button, opened by its events and used by clicks."""

from __future__ import annotations

import pytest
from opened_window import OpenedWindow, threads_left
from PyQt5 import QtCore, QtGui, QtTest, QtWidgets

from wattui.ui.plots.value_axis import ValueRange


@pytest.fixture
def window(tmp_path):
    from plot_window import Recording, sample

    recording = Recording(tmp_path)
    recording.add([sample(second, 40 + second % 3) for second in range(1, 121)])
    recording.close()
    opened = OpenedWindow()
    opened.context.files.open([recording.path])
    opened.wait_for(lambda: opened.model.readings.current, "the means")
    yield opened
    opened.close()
    assert threads_left() == []


@pytest.fixture
def two_meters(tmp_path):
    from plot_window import Recording, sample

    recording = Recording(tmp_path, ("server", "desktop"))
    for number in range(2):
        values = [sample(second, 40 + 50 * number) for second in range(1, 121)]
        recording.add(values, meter=number)
    recording.close()
    opened = OpenedWindow()
    opened.context.files.open([recording.path])
    opened.wait_for(lambda: opened.model.plots.statistics, "the curves")
    yield opened
    opened.close()


def right_click(window, widget, x, y):
    """Ask for a menu at a position from the top left; return its texts."""
    at = QtCore.QPoint(round(x), round(y))
    kind = QtGui.QContextMenuEvent.Mouse
    event = QtGui.QContextMenuEvent(kind, at, widget.mapToGlobal(at))
    window.context.popup = None
    QtWidgets.QApplication.sendEvent(widget, event)
    window.handle_events()
    menu = window.context.popup
    return [] if menu is None else [one.text().replace("&", "") for one in menu.actions()]


def on_plots(window, x, y):
    """Ask for a menu at a position of the plots, from the bottom left."""
    control = window.control("component")
    return right_click(window, control, x, control.height() - y)


def choose(window, text):
    """Click an entry of the open menu."""
    menu = window.context.popup
    (entry,) = [one for one in menu.actions() if one.text().replace("&", "") == text]
    QtTest.QTest.mouseClick(menu, QtCore.Qt.LeftButton, pos=menu.actionGeometry(entry).center())
    window.handle_events()


def entry(window, text):
    (found,) = [one for one in window.context.popup.actions() if one.text() == text]
    return found


def first_plot(window):
    return window.model.plots.shown_rows()[0].plot


def test_the_menu_of_a_plot_moves_the_view_and_goes_back(window):
    plot, view = first_plot(window), window.model.plots.view
    texts = on_plots(window, plot.x + 200, plot.y + 15)
    assert {"Zoom in", "Fit", "Back", "Export…", "Mark this moment", "Hide power"} <= set(texts)
    width = view.width
    choose(window, "Zoom in")
    assert view.width < width
    window.wait_for(lambda: window.model.can_go_back, "a view before")
    on_plots(window, plot.x + 200, plot.y + 15)
    choose(window, "Back")
    assert view.width == pytest.approx(width)
    window.wait_for(lambda: window.model.can_go_forward, "a view ahead")
    window.key(QtCore.Qt.Key_Right, QtCore.Qt.AltModifier)
    assert view.width < width


def test_the_keys_of_back_and_forward_work_in_the_window(window):
    view = window.model.plots.view
    width = view.width
    window.key(QtCore.Qt.Key_Plus)
    assert view.width < width
    window.wait_for(lambda: window.model.can_go_back, "a view before")
    window.key(QtCore.Qt.Key_Left, QtCore.Qt.AltModifier)
    assert view.width == pytest.approx(width)


def test_the_buttons_of_back_and_forward_work_while_there_is_a_view(window):
    view = window.model.plots.view
    width = view.width
    buttons = {
        one.accessibleName(): one
        for one in window.window.findChildren(QtWidgets.QPushButton)
        if one.accessibleName() in ("Back", "Forward")
    }
    assert not any(one.isEnabled() for one in buttons.values())
    window.key(QtCore.Qt.Key_Plus)
    window.wait_for(buttons["Back"].isEnabled, "a view before")
    window.click(buttons["Back"])
    assert view.width == pytest.approx(width)
    window.wait_for(buttons["Forward"].isEnabled, "a view ahead")
    window.click(buttons["Forward"])
    assert view.width < width


def test_the_menu_of_a_value_axis_makes_it_logarithmic_and_fixed(window):
    plot = first_plot(window)
    row = window.model.plots.shown_rows()[0]
    texts = on_plots(window, plot.x - 20, plot.y + 40)
    assert texts[:2] == ["Automatic range", "Fixed range…"]
    choose(window, "Logarithmic")
    assert row.logarithmic
    on_plots(window, plot.x - 20, plot.y + 40)
    assert entry(window, "Logarithmic").isChecked()
    choose(window, "Linear")
    assert not row.logarithmic
    on_plots(window, plot.x - 20, plot.y + 40)
    choose(window, "Fixed range…")
    dialog = window.context.dialog.control
    low, high = dialog.findChildren(QtWidgets.QLineEdit)
    ok = [one for one in dialog.findChildren(QtWidgets.QPushButton) if one.text() == "Set range"]
    for field, text in ((low, "50"), (high, "20")):
        field.selectAll()
        QtTest.QTest.keyClicks(field, text)
    window.click(ok[0])
    assert dialog.isVisible()  # its ends are the wrong way round
    assert row.chosen is None
    high.selectAll()
    QtTest.QTest.keyClicks(high, "62,5")
    window.click(ok[0])
    assert row.chosen == ValueRange(50.0, 62.5)
    on_plots(window, plot.x - 20, plot.y + 40)
    choose(window, "Automatic range")
    assert row.chosen is None


def test_the_menu_of_a_plot_has_that_of_its_value_axis(window):
    plot = first_plot(window)
    assert on_plots(window, plot.x + 200, plot.y + 15)[-1] == "Value axis"
    inner = window.context.popup.actions()[-1].menu()
    assert [one.text() for one in inner.actions()][-2:] == ["Linear", "Logarithmic"]
    inner.actions()[-1].trigger()
    window.handle_events()
    assert window.model.plots.shown_rows()[0].logarithmic


def test_the_menu_of_a_selection(window):
    plots, plot = window.model.plots, first_plot(window)
    start = plots.view.first
    plots.view.select(start + 30, start + 60)
    x = float(plot.index_mapper.map_screen(start + 45)[0])
    texts = on_plots(window, x, plot.y + 20)
    assert texts[:2] == ["Zoom to the selection", "Figures"]
    choose(window, "Zoom to the selection")
    assert plots.view.width == pytest.approx(33, abs=1)
    on_plots(window, plot.x + plot.width / 2, plot.y + 20)
    choose(window, "Clear the selection")
    assert plots.view.selection is None


def test_the_menu_of_the_strip_shows_the_part_that_was_clicked(window):
    plots = window.model.plots
    strip, first = plots.overview, plots.view.first
    plots.view.show(first, first + 20)
    x = float(strip.index_mapper.map_screen(first + 80)[0])
    texts = on_plots(window, x, strip.y + 10)
    assert texts[0] == "Show this part"
    choose(window, "Show this part")
    assert plots.view.start == pytest.approx(first + 70, abs=1)


def test_the_menu_of_the_time_axis_chooses_how_times_are_shown(window):
    plot = window.model.plots.shown_rows()[-1].plot
    texts = on_plots(window, plot.x + 100, plot.y - 12)
    assert texts[:2] == ["Elapsed time", "Clock time"]
    choose(window, "Clock time")
    assert window.model.clock_mode == "clock"


def test_the_menu_of_a_field_plots_only_that_one(window):
    panel = window.info.channels.panel
    place = panel.rows["voltage"].geometry().center()
    texts = right_click(window, panel, place.x(), place.y())
    assert texts[:2] == ["Hide", "Plot only voltage"]
    choose(window, "Plot only voltage")
    assert window.model.channels == ["voltage"]


def test_the_menu_of_a_curve_names_its_meter(two_meters):
    window = two_meters
    plots = window.model.plots
    row = plots.shown_rows()[0]
    x = row.plot.x + 200
    y = float(row.plot.value_mapper.map_screen(90.0)[0])
    texts = on_plots(window, x, y)
    assert "Rename desktop…" in texts
    choose(window, "Hide desktop in the plots")
    window.wait_for(lambda: len(plots.meters) == 1, "one curve")


def test_a_mark_is_set_where_the_menu_was_opened(window):
    plots, plot = window.model.plots, first_plot(window)
    moment = plots.view.first + 42
    on_plots(window, float(plot.index_mapper.map_screen(moment)[0]), plot.y + 20)
    choose(window, "Mark this moment")
    window.wait_for(lambda: plots.notes.marks, "the mark in the plots")
    assert window.bench.marks[0][0] == pytest.approx(moment, abs=0.2)
    on_plots(window, float(plot.index_mapper.map_screen(moment)[0]), plot.y + 20)
    choose(window, "Remove Mark 1")
    window.wait_for(lambda: not plots.notes.marks, "a plot without a mark")


def test_nothing_is_offered_without_a_session():
    opened = OpenedWindow()
    try:
        assert on_plots(opened, 200, 200) == []
    finally:
        opened.close()
