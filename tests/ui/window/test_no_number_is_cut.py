# SPDX-License-Identifier: GPL-3.0-or-later
"""No number of any window is cut off, at the widest values, in any width, at any size of type.

The numbers are found by painting every widget that there is: see ``drawn_texts``.
"""

from __future__ import annotations

import numpy as np
import pytest
from drawn_texts import Drawn, cut_numbers, drawn_texts
from opened_window import OpenedWindow, threads_left
from PyQt5 import QtCore, QtGui, QtWidgets

from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import MeterInfo
from wattui.measurement.fields import FIELD_INDEX
from wattui.session import BulkWriter
from wattui.session.summary import ABSENT
from wattui.ui.plots.stack_layout import Arrangement

#: Sizes of the window: large, common, the least that fits a screen, and at 150 %.
SIZES = ((1400, 900), (1024, 676), (800, 456), (682, 488))

#: The widest values that a recording of years at the limit of a meter can have.
WIDEST = {
    "watts": 12_345.6, "volts": 281.4, "amps": 53.681, "power_factor": 0.88, "hertz": 60.1,
    "energy": 11_110_560.55, "energy_error": 166_659.4, "counter_moved": 11_098_765.4,
    "sample_count": 131_536_000, "gap_count": 12_345, "gap_duration": 86_400.0 * 3,
    "duration": 86_400.0 * 1_234, "elapsed": 86_400.0 * 1_237,
}  # fmt: skip


@pytest.fixture
def window(request):
    """Open a window, with type of the usual size or of another one, in pixels."""
    application = QtWidgets.QApplication.instance() or QtWidgets.QApplication([])
    before = application.font()
    font = QtGui.QFont(before)
    font.setPixelSize(getattr(request, "param", 13))
    application.setFont(font)
    opened = OpenedWindow()
    yield opened
    opened.close()
    application.setFont(before)
    assert threads_left() == []


def widen(window):
    """Show the widest values, as if they had been recorded."""
    window.bench.rate = 65.535
    window.bench.trait_set(file_size=987_654_321_012)
    for meter in window.bench.meters:
        meter.trait_set(**WIDEST)
    window.model.refresh()
    window.handle_events()


def record(window, count):
    for number in range(count):
        window.model.connect_added(
            f"sim://pro?load=desktop&speed=20&seed={number}&serial=M{number}"
        )
    # Enough of each for a part of them to be selected.
    enough = 12
    window.wait_for(
        lambda: all(one.live and one.sample_count > enough for one in window.bench.meters),
        "records of every meter",
    )
    window.wait_for(lambda: window.model.plots.frames > 1, "the plots")
    for meter in window.bench.meters:
        # Nothing changes any more.
        window.bench.disconnect(meter)
    window.wait_for(lambda: not window.bench.recording, "the end")


def problems(window, sizes=SIZES):
    return {
        size: found
        for size in sizes
        if (found := [_resize(window, size), *cut_numbers(window.window)][1:])
    }


def _resize(window, size):
    window.window.resize(*size)
    window.handle_events()
    widen(window)


#: A window, and how many meters it has.
USUAL_AND_LARGE = pytest.mark.parametrize(("window", "count"), [(13, 1), (13, 4), (19, 4)],
                                          indirect=["window"])  # fmt: skip


@USUAL_AND_LARGE
def test_no_number_of_the_window_is_cut(window, count):
    record(window, count)
    window.model.channels = ["power", "energy", "integrated_energy"]
    window.model.with_total = count > 1
    window.wait_for(lambda: not window.model.plots.reading, "the plots")
    assert not (found := problems(window)), found
    window.model.energy_unit = "kJ"
    assert not (found := problems(window, SIZES[-1:])), found


@pytest.mark.parametrize("count", [1, 12])
def test_no_number_of_the_large_readings_is_cut(window, count):
    record(window, count)
    window.model.large = True
    window.handle_events()
    assert not (found := problems(window)), found


def test_no_number_of_a_selection_is_cut(window):
    record(window, 4)
    plots = window.model.plots
    span = plots.view.stop - plots.view.start
    plots.view.select(plots.view.start + span / 4, plots.view.stop - span / 4)
    window.wait_for(lambda: plots.selection_statistics, "the selection")
    assert not (found := problems(window)), found


def years(path):
    """Write a session of three years at the limit of two meters."""
    count = 3 * 365 * 4
    table = np.full((count, 18), ABSENT)
    for name, value in (
        *(("power", 123_456), ("voltage", 2_814), ("current", 53_681), ("power_factor", 88)),
        *(("frequency", 601), ("apparent_power", 151_058), ("cost", 99_999_999)),
    ):
        table[:, FIELD_INDEX[name]] = value - np.arange(count) % 7
    table[:, FIELD_INDEX["energy"]] = np.arange(1, count + 1) * 123_456
    step = 6 * 3600 * MICROSECONDS
    times = 1_700_000_000 * MICROSECONDS + np.arange(1, count + 1) * step
    with BulkWriter(path) as writer:
        for number in (1, 2):
            meter = MeterInfo(f"M{number}", f"/dev/ttyUSB{number}", f"rack {number}", "PRO", "3.14")
            writer.add(meter, times, step, table)
    return path


@pytest.mark.parametrize(
    ("window", "arrangement"),
    [(13, Arrangement.OVERLAY), (13, Arrangement.ROWS), (19, Arrangement.OVERLAY)],
    indirect=["window"],
)
def test_no_number_of_years_at_full_load_is_cut(window, tmp_path, arrangement):
    window.bench.rate = 65.535
    window.bench.open_session(years(tmp_path / "years.wattui"))
    model, plots = window.model, window.model.plots
    window.wait_for(lambda: window.bench.opened, "the session")
    model.trait_set(with_total=True, arrangement=arrangement)
    for channels in (["power", "current", "energy"], ["cost", "integrated_energy", "power_factor"]):
        model.channels = channels
        for pointer in (None, 500.0):
            window.wait_for(lambda: plots.statistics and not plots.reading, "the plots")
            plots.point(pointer)
            for size in SIZES[1::2]:
                window.window.resize(*size)
                window.wait_for(lambda: not plots.reading, "the plots")
                assert not (found := cut_numbers(window.window)), (size, channels, pointer, found)
        plots.point(None)


# -- the check itself ------------------------------------------------------------------------


class Painted(QtWidgets.QWidget):
    """Draws a number at a place."""

    def __init__(self, x):
        super().__init__()
        self._x = x
        self.resize(100, 30)

    def paintEvent(self, _event):
        painter = QtGui.QPainter(self)
        painter.drawText(self._x, 20, "12345")
        painter.end()


def test_the_charts_hide_no_figure(window, tmp_path):
    window.bench.open_session(years(tmp_path / "years.wattui"))
    window.wait_for(lambda: window.model.plots.statistics, "the plots")
    window.handler.do(window.info, "figures")
    panel, figures = window.control("figures"), window.model.figures
    shown = {}
    for width in (1500, 1024):
        window.window.resize(width, 700)
        window.wait_for(lambda: panel.isVisible() and figures.rows, "the figures")
        window.wait_for(lambda: not figures.reading and figures.threshold, "all of them")
        shown[width] = panel.charts.isVisible()
        hidden = panel.table.horizontalScrollBar().maximum()
        assert not (hidden and shown[width]), width
        for field in (panel.start, panel.stop):
            advance = field.fontMetrics().horizontalAdvance(field.placeholderText())
            assert field.width() >= advance + 18
    assert shown == {1500: True, 1024: False}


def test_the_check_finds_a_number_that_is_cut(window):
    assert cut_numbers(Painted(10)) == []
    (found,) = cut_numbers(Painted(80))
    assert "'12345' is at 80" in found
    label = QtWidgets.QLabel("1,110.56 Wh")
    label.resize(30, 20)
    assert cut_numbers(label)
    label.resize(300, 20)
    assert cut_numbers(label) == []
    table = QtWidgets.QTableWidget(1, 1)
    table.setItem(0, 0, QtWidgets.QTableWidgetItem("11,110.56"))
    table.setColumnWidth(0, 40)
    table.resize(300, 80)
    assert any("cut off" in one for one in cut_numbers(table))
    texts: list[Drawn] = drawn_texts(Painted(10))
    assert [one.text for one in texts] == ["12345"]
    assert isinstance(texts[0].place, QtCore.QRectF)
