# SPDX-License-Identifier: GPL-3.0-or-later
"""Several meters in the main window: added, named, coloured, moved and removed by a user."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from opened_window import OpenedWindow, threads_left
from PyQt5 import QtCore, QtGui, QtWidgets

from wattui.desktop.preferences_file import PreferencesFile
from wattui.measurement.fields import CHANNELS
from wattui.ports.listing import PortInfo
from wattui.ui.meters.meter_columns import COLUMNS
from wattui.ui.theme.palette import DARK, LIGHT
from wattui.ui.theme.tabular_figures import Figures
from wattui.ui.widgets.question import Question

_Qt = QtCore.Qt


def url(number, **options):
    more = "".join(f"&{name}={value}" for name, value in options.items())
    return f"sim://pro?load=lamp&speed=20&seed={number}&serial=M{number}{more}"


@pytest.fixture
def window():
    opened = OpenedWindow()
    yield opened
    opened.close()
    assert threads_left() == []


@pytest.fixture
def two(window):
    for number in (1, 2):
        window.model.connect_added(url(number))
    window.wait_for(lambda: all(one.live for one in window.bench.meters), "both meters")
    return window


def table(window):
    """Return the view of the table."""
    return window.control("meter_rows").view


def number(key):
    """Return the number of a column."""
    return [column.key for column in COLUMNS].index(key)


def cell_rect(window, row, key):
    """Return the rectangle of a cell, in pixels of the view."""
    return table(window).visualRect(table(window).model().index(row, number(key)))


def cell(window, row, column):
    """Return the middle of a cell, in pixels of the view."""
    return cell_rect(window, row, column).center()


def click(window, row, column="name", across=None):
    place = cell(window, row, column)
    if across is not None:
        place.setX(cell_rect(window, row, column).left() + across)
    from PyQt5 import QtTest

    QtTest.QTest.mouseClick(table(window).viewport(), _Qt.LeftButton, pos=place)
    window.handle_events()


def names(window):
    return [row.name for row in window.model.meter_rows]


def pick(window, text):
    """Pick a line of the open menu."""
    (action,) = [one for one in window.context.popup.actions() if one.text() == text]
    action.trigger()
    window.context.popup.close()
    window.handle_events()


def test_with_one_meter_there_is_no_table(window):
    window.connect()
    assert not window.control("meter_rows").isVisible()
    assert window.model.meter_rows == []
    assert not window.model.plots.coloured
    window.key(_Qt.Key_T, _Qt.ControlModifier)
    pick(window, "Simulated meter")
    window.wait_for(lambda: len(window.model.meter_rows) == 2, "the second row")
    assert window.control("meter_rows").isVisible()
    assert window.model.plots.coloured
    window.wait_for(lambda: window.bench.meters[1].live, "the second meter")


def test_a_row_has_every_number_and_the_total_adds_them_up(two):
    row = two.model.meter_rows[0]
    assert set(row.texts) == {column.key for column in COLUMNS}
    assert all(row.texts[column.key] for column in COLUMNS if column.is_number)
    assert row.state == "Recording"
    meters = two.bench.meters
    two.wait_for(
        lambda: two.model.meter_rows[1].texts["samples"] == f"{meters[1].sample_count:,}",
        "the count",
    )
    total = two.model.meter_total
    power, energy = total.statements
    assert (power.label, energy.label) == ("Power of 2 live meters", "Energy of 2 meters")
    watts = float(power.text.removesuffix(" W"))
    assert watts == pytest.approx(sum(one.watts for one in meters), abs=0.06)
    assert re.fullmatch(r"[\d.]+ ± [\d.]+ Wh", energy.text)
    assert two.model.status.words == "Recording 2 meters"
    assert two.window.windowTitle().startswith("2 meters")


def test_numbers_of_the_table_are_not_cut_off_when_the_font_changes(two):
    view = table(two)
    view.setStyleSheet("QTableView#meterTable { font-size: 22px; }")
    two.handle_events()
    bold = QtGui.QFont(view.font())
    bold.setBold(True)
    for column in COLUMNS:
        if column.is_number:
            # The theme adds padding.
            needed = QtGui.QFontMetrics(bold).horizontalAdvance(column.widest) + 10
            place = number(column.key)
            assert view.columnWidth(place) > needed or view.isColumnHidden(place)


def test_a_click_on_a_row_shows_its_readings(two):
    first, second = two.bench.meters
    assert two.bench.meter is second
    click(two, 0)
    assert two.bench.meter is first
    assert two.model.chosen_row == 0
    assert two.model.port == first.url
    two.wait_for(lambda: two.model.readings.value("power") == f"{first.watts:.1f}", "its power")
    assert two.model.plots.focus == first.key
    table(two).setFocus()
    two.key(_Qt.Key_Down)
    assert two.bench.meter is second


def test_a_name_is_typed_after_a_double_click_and_is_remembered(two):
    from PyQt5 import QtTest

    view = table(two)
    place = cell(two, 0, "name")
    QtTest.QTest.mouseClick(view.viewport(), _Qt.LeftButton, pos=place)
    QtTest.QTest.mouseDClick(view.viewport(), _Qt.LeftButton, pos=place)
    two.handle_events()
    (field,) = view.findChildren(QtWidgets.QLineEdit)
    field.selectAll()
    QtTest.QTest.keyClicks(field, "fridge 1")
    QtTest.QTest.keyClick(field, _Qt.Key_Return)
    two.handle_events()
    assert two.bench.meters[0].name == "fridge 1"
    assert names(two)[0] == "fridge 1"
    assert two.bench.recording, "no key of the name did anything else"
    two.close()
    assert two.settings.meters[url(1)]["name"] == "fridge 1"
    again = OpenedWindow(settings=two.settings)
    try:
        again.connect(url(1))
        assert again.bench.meter.name == "fridge 1"
    finally:
        again.close()


def test_f2_renames_the_chosen_meter(two):
    two.model.choose_row(1)
    two.handler.do(two.info, "rename_meter")
    (field,) = table(two).findChildren(QtWidgets.QLineEdit)
    assert field.isVisible()
    field.setText("nas")
    from PyQt5 import QtTest

    QtTest.QTest.keyClick(field, _Qt.Key_Return)
    two.handle_events()
    assert two.bench.meters[1].name == "nas"


def test_the_chip_offers_colours_and_the_plots_use_the_one_that_is_picked(two):
    click(two, 0, "box", across=42)
    colours = two.context.popup
    assert len(colours.buttons) == 12
    wanted = LIGHT.meter(7)
    two.click(colours.buttons[wanted])
    assert two.bench.meters[0].colour == wanted
    assert two.model.meter_rows[0].colour == wanted
    assert two.model.plots.shown_meters[0][2] == wanted
    two.model.theme = "dark"
    two.handle_events()
    assert two.model.meter_rows[0].colour == DARK.meter(7)


def test_the_box_and_the_space_bar_remove_a_meter_from_the_plots(two):
    two.wait_for(lambda: len(two.model.plots.meters) == 2, "both curves")
    click(two, 0, "box", across=16)
    assert [key for key, _l, _c in two.model.plots.meters] == [two.bench.meters[1].key]
    assert two.model.plots.coloured, "what is left keeps its colour"
    click(two, 1, "box", across=16)
    assert two.bench.meters[1].plotted, "the last one stays"
    table(two).setFocus()
    table(two).select(0)
    two.key(_Qt.Key_Space)
    assert len(two.model.plots.meters) == 2


def test_keys_move_meters(two):
    first, second = two.bench.meters
    two.model.choose_row(1)
    table(two).setFocus()
    two.key(_Qt.Key_Up, _Qt.AltModifier)
    assert two.bench.meters == [second, first]
    assert two.model.chosen_row == 0
    two.handler.do(two.info, "meter_down")
    assert two.bench.meters == [first, second]


def test_a_key_removes_a_meter_and_the_other_continues(two):
    first, second = two.bench.meters
    two.model.choose_row(0)
    table(two).setFocus()
    two.key(_Qt.Key_Delete)
    question = two.handler.context.window.findChild(Question)
    assert first.label in question.accessibleName()
    assert first.connected
    two.click(question.buttons["remove"])
    assert two.bench.meters == [second]
    assert not two.control("meter_rows").isVisible()
    assert two.bench.recording
    assert "its samples stay" in two.model.message
    two.wait_for(lambda: first.state == "closed", "the end of the first")


def test_ctrl_return_disconnects_the_chosen_row_alone(two):
    first, second = two.bench.meters
    two.model.choose_row(0)
    table(two).setFocus()
    two.key(_Qt.Key_Return, _Qt.ControlModifier)
    two.wait_for(lambda: first.state == "closed", "the end")
    assert second.live
    assert two.model.meter_rows[0].state == "Stopped"
    two.key(_Qt.Key_Return, _Qt.ControlModifier)
    two.wait_for(lambda: first.live, "the meter again")


def test_the_menu_of_a_row_offers_what_can_be_done(two):
    menu = two.info.meter_rows.row_menu()
    texts = [one.text() for one in menu.actions() if one.text()]
    assert texts == ["Disconnect", "Rename…", "Colour…", "Move up", "Move down", "Remove"]
    assert [one.isEnabled() for one in menu.actions() if one.data() == "meter_down"] == [False]
    menu.close()


def test_a_lost_and_a_failed_meter_are_shown_with_the_others(window):
    model = window.model
    model.connect_added(url(1))
    window.bench.connect([url(2, faults="unplug@30"), "/dev/ttyUSB-none"])
    states = lambda: [one.state for one in window.bench.meters]  # noqa: E731
    window.wait_for(lambda: states() == ["running", "lost", "failed"], "each state")
    rows = model.meter_rows
    assert [row.dot for row in rows] == ["ok", "amber", "red"]
    assert rows[1].state.startswith("Unplugged ")
    assert "/dev/ttyUSB-none" in rows[2].tooltip
    assert [row.current for row in rows] == [True, False, False]
    assert model.status.words == "Recording 1 of 3 meters, 1 unplugged, 1 failed"
    (notice,) = model.notices
    assert "/dev/ttyUSB-none" in notice.text
    labels = [one.label for one in model.meter_total.statements]
    assert labels == ["Power of 1 live meter", "Energy of 3 meters"]
    (band,) = window.control("notices").bands
    window.click(band.buttons["retry_failed"])
    window.wait_for(lambda: states() == ["running", "lost", "failed"], "another try")


def test_all_meters_that_are_found_are_connected_by_one_line_of_the_list():
    ports = [
        PortInfo(url(n), "meter", f"M{n}", 0x403, 0x6001, likely_meter=True) for n in (1, 2, 3)
    ]
    opened = OpenedWindow(look=lambda: list(ports))
    try:
        box = opened.control("port")
        opened.wait_for(lambda: box.count() == 8, "the list of ports")
        assert box.itemText(7) == "Connect all 3 meters found"
        box.activated[int].emit(7)
        opened.wait_for(
            lambda: len(opened.bench.meters) == 3 and all(m.live for m in opened.bench.meters),
            "all three",
        )
        opened.handler.do(opened.info, "connect_found")
        assert "already connected" in opened.model.message
        opened.handler.do(opened.info, "disconnect_all")
        opened.wait_for(lambda: not opened.bench.recording, "the end")
        assert opened.model.status.words == "Stopped, everything is saved"
    finally:
        opened.close()


def test_meters_in_rows_and_their_total(two):
    model = two.model
    model.channels = ["power", "voltage"]
    two.handler.do(two.info, "rows")
    assert two.model.plots.planned_rows() == [
        (name, meter.key) for name in ("power", "voltage") for meter in two.bench.meters
    ]
    two.key(_Qt.Key_T)
    assert len(two.model.plots.planned_rows()) == 5, "a total of the power, none of the voltage"
    frames = model.plots.frames
    two.wait_for(lambda: model.plots.frames > frames + 1, "frames")
    two.handler.do(two.info, "overlay")
    assert [key for _name, key in model.plots.planned_rows()] == [None, None]


def test_rows_that_do_not_fit_are_scrolled_to(two):
    model = two.model
    model.channels = [channel.name for channel in CHANNELS]
    two.handler.do(two.info, "rows")
    plots = model.plots
    seen = plots.rows_in_sight()
    assert 1 < len(seen) < len(plots.planned_rows())
    two.key(_Qt.Key_PageDown)
    assert plots.rows_in_sight()[0] == seen[-1]
    pages = 1
    while plots.rows_in_sight()[-1] != plots.planned_rows()[-1]:
        two.key(_Qt.Key_PageDown)
        pages += 1
        assert pages < 40
    two.key(_Qt.Key_PageDown)
    assert plots.rows_in_sight()[-1] == plots.planned_rows()[-1]
    for _ in range(pages + 1):
        two.key(_Qt.Key_PageUp)
    assert plots.rows_in_sight() == seen


def test_arrangement_and_colours_are_remembered():
    settings = PreferencesFile(theme="light")
    opened = OpenedWindow(settings=settings)
    try:
        opened.model.arrangement = "rows"
    finally:
        opened.close()
    assert settings.arrangement == "rows"
    settings.arrangement = "sideways"
    again = OpenedWindow(settings=settings)
    try:
        assert again.model.arrangement == "overlay"
    finally:
        again.close()


def test_a_column_is_added_in_one_place():
    """Adds one to the table of columns in another process, and reads it from the widget."""
    script = """
from wattui.ui import app
from wattui.ui.meters import meter_columns as columns
extra = columns.MeterColumn(
    "volt_amps", "VA", "Apparent power of the last record",
    lambda shown: shown.reading("apparent_power"),
    lambda bench: f"{len(bench.meters)} in all", "1234.5",
)
columns.COLUMNS = (*columns.COLUMNS[:4], extra, *columns.COLUMNS[4:])
from opened_window import OpenedWindow
window = OpenedWindow()
for number in (1, 2):
    window.model.connect_added(f"sim://pro?load=lamp&speed=60&seed={number}&serial=M{number}")
window.wait_for(lambda: all(one.live for one in window.bench.meters), "both meters")
view = window.control("meter_rows").view
model = view.model()
print(model.headerData(4, 1, 0), model.headerData(4, 1, 3), model.headerData(3, 1, 0))
print(model.index(0, 4).data(), window.bench.meters[0].volt_amps)
print(window.model.meter_total.texts["volt_amps"], view.isColumnHidden(4))
window.window.grab()
window.close()
"""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    run = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=60
    )
    lines = run.stdout.splitlines()
    assert lines[0] == "VA Apparent power of the last record W", run.stderr
    text, value = lines[1].split()
    assert float(text) == pytest.approx(float(value), abs=0.06)
    assert lines[2] == "2 in all False"


def test_a_curve_that_is_brought_out_marks_the_row_of_its_meter(two):
    view, plots = table(two), two.model.plots

    def grounds():
        """Return the colours behind the boxes of both rows."""
        picture = view.viewport().grab().toImage()
        corners = [view.visualRect(view.model().index(row, 0)).topLeft() for row in range(2)]
        return [picture.pixelColor(at.x() + 2, at.y() + 3).name() for at in corners]

    plain, chosen = grounds(), two.model.chosen_row
    for row, meter in enumerate(two.bench.meters):
        plots.brought_out = meter.key
        two.handle_events()
        marked = [ground != before for ground, before in zip(grounds(), plain, strict=True)]
        # The row that is chosen has a ground of its own.
        assert marked == [number == row and number != chosen for number in range(2)]
    plots.brought_out = None
    two.handle_events()
    assert grounds() == plain


def test_the_pointer_on_a_row_brings_out_its_curves(two):
    from PyQt5 import QtTest

    view = table(two)
    plots, keys = two.model.plots, [meter.key for meter in two.bench.meters]
    area = view.viewport()
    for row, key in enumerate(keys):
        QtTest.QTest.mouseMove(area, cell(two, row, "name"))
        two.wait_for(lambda key=key: plots.brought_out == key, "the curve brought out")
    QtWidgets.QApplication.sendEvent(view, QtCore.QEvent(QtCore.QEvent.Leave))
    assert plots.brought_out is None


def test_names_of_meters_were_cut_to_two_letters_in_a_small_window(two):
    two.window.resize(800, 480)
    two.handle_events()
    view = table(two)
    width = view.columnWidth(number("name"))
    assert width >= view.fontMetrics().horizontalAdvance("PRO 12345"), width


def test_chips_of_fields_are_neutral_with_several_meters(two):
    """They had the colours of fields, which other meters had in the plots."""
    rows = two.control("channels").widget().rows
    assert {row._colour for row in rows.values()} == {two.model.palette.muted}


# -- numbers and their room -------------------------------------------------------------

#: The widest reading, with the widest unit.
_WIDEST = ("12345.6", "Hz")

#: The widest values that a session of years can have.
WIDEST = {
    "energy": 11_110_560.55,
    "energy_error": 166_659.4,
    "sample_count": 31_536_000,
    "gap_count": 12_345,
}


@pytest.mark.parametrize("width", [1400, 1100, 900, 800])
@pytest.mark.parametrize("unit", ["Wh", "kJ"])
def test_the_total_has_lost_its_leading_digit(two, width, unit):
    """11,110.56 Wh was shown as 1,110.56: the column was made for 1234.56."""
    two.model.energy_unit = unit
    for meter in two.bench.meters:
        meter.trait_set(**WIDEST)
    two.bench.rate = 65.5
    two.window.resize(width, 900)
    two.model.refresh()
    two.handle_events()
    view, total = table(two), two.control("meter_rows").total
    bold = QtGui.QFont(total.font())
    bold.setBold(True)
    bold = QtGui.QFontMetrics(bold)
    edge = view.viewport().width()
    for column in COLUMNS:
        if not column.is_number or view.isColumnHidden(number(column.key)):
            continue
        place = cell_rect(two, 0, column.key)
        assert place.left() >= 0
        assert place.right() < edge + 1, column.key
        for row in range(2):
            text = two.model.meter_rows[row].texts[column.key]
            assert view.fontMetrics().horizontalAdvance(text) <= place.width() - 8, text
        text = two.model.meter_total.texts.get(column.key, "")
        assert bold.horizontalAdvance(text) <= place.width() - 12, text
    shown = [key for key in ("power", "energy") if not view.isColumnHidden(number(key))]
    assert shown == ["power", "energy"]
    pieces = total.pieces()
    texts = [text for _place, text, _is_number in pieces]
    assert all(one.text in texts for one in two.model.meter_total.statements)
    places = sorted((place for place, _text, _ in pieces), key=lambda place: place.left())
    assert places[0].left() >= 0
    assert places[-1].right() <= total.width()
    assert all(a.right() < b.left() for a, b in itertools.pairwise(places))
    for place, text, is_number in pieces:
        metrics = bold if is_number else total.fontMetrics()
        assert metrics.horizontalAdvance(text) <= place.width()


def test_a_number_of_the_readings_is_cut_off(two):
    panel = two.control("readings")
    meter = two.bench.meters[0]
    meter.trait_set(**WIDEST)
    two.model.refresh()
    two.handle_events()
    for figures in panel.findChildren(Figures):
        widest = ("11,111,000", "± 170,000 kWh") if figures is panel._energy else _WIDEST
        figures.show_value(*widest)
        assert figures.drawn_width <= figures.width(), figures.accessibleName()
