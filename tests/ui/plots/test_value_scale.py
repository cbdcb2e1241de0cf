# SPDX-License-Identifier: GPL-3.0-or-later
"""A logarithmic value axis."""

from __future__ import annotations

import numpy as np
import pytest
from chaco.data_range_1d import DataRange1D
from hypothesis import given
from hypothesis import strategies as st
from plot_window import PlotWindow, Recording, sample

from wattui.ui.plots.value_axis import ValueRange
from wattui.ui.plots.value_scale import (
    LogScale,
    LogTicks,
    log_range,
    log_ticks,
    zoomed_log_range,
)
from wattui.ui.theme.palette import LIGHT


def scale(low=1.0, high=1000.0):
    return LogScale(range=DataRange1D(low_setting=low, high_setting=high), low_pos=0, high_pos=300)


def test_each_power_of_ten_takes_the_same_room():
    np.testing.assert_allclose(scale().map_screen(np.array([1, 10, 100, 1000])), [0, 100, 200, 300])


def test_a_break_stays_a_break_and_zero_is_far_below():
    found = scale().map_screen(np.array([np.nan, 0.0, -3.0, 10.0]))
    assert np.isnan(found[0])
    assert found[1] == found[2] < -500
    assert found[3] == pytest.approx(100)


def test_chaco_has_a_break_at_one():
    """So there is a mapper of our own."""
    from chaco.log_mapper import LogMapper

    shown = DataRange1D(low_setting=1.0, high_setting=1000.0)
    mapper = LogMapper(range=shown, low_pos=0, high_pos=300)
    assert mapper.map_screen(np.array([np.nan]))[0] == 0.0


@given(st.floats(1e-3, 1e6), st.floats(1.0, 1e6), st.integers(2, 10))
def test_ticks_lie_on_the_axis_and_are_not_too_many(low, ratio, most):
    shown = log_range(None, low, low * ratio)
    assert shown.low <= low <= low * ratio <= shown.high
    places, texts = log_ticks(shown.low, shown.high, most, 1.0)
    assert len(places) == len(texts) <= most + 3
    assert len(places) >= 1
    assert np.all((places >= shown.low * 0.999) & (places <= shown.high * 1.001))


def test_labels_of_a_wide_axis():
    texts = LogTicks().ticks_and_labels(0.1, 20_000.0, 400)[1]
    assert texts == ["0.1", "0.3", "1", "3", "10", "30", "100", "300", "1000", "3000", "10k"]


def test_a_range_stays_while_it_is_suitable():
    first = log_range(None, 3.0, 800.0)
    assert first == ValueRange(2.0, 1000.0)
    assert log_range(first, 2.5, 900.0) is first
    assert log_range(first, 2.5, 1100.0).high == 2000.0
    assert log_range(first, np.inf, -np.inf) is first


def test_zooming_keeps_the_value_at_the_pointer():
    found = zoomed_log_range(ValueRange(1.0, 10_000.0), 0.5, 100.0)
    assert (found.low, found.high) == (pytest.approx(10.0), pytest.approx(1000.0))


@pytest.fixture
def window(tmp_path):
    recording = Recording(tmp_path)
    values = [0.0, *(10.0 ** (n % 4) for n in range(200)), 0.0]
    recording.add([sample(n + 1, power=value) for n, value in enumerate(values)])
    recording.close()
    shown = PlotWindow(session_path=recording.path, channels=["power"])
    shown.next_frame()
    yield shown
    shown.close()


def test_a_plot_becomes_logarithmic_and_linear_again(window):
    (row,) = window.stack.shown_rows()
    before = row.plot.value_range.low, row.plot.value_range.high
    row.choose_scale(logarithmic=True)
    window.control.repaint()
    places = row.plot.value_mapper.map_screen(np.array([1.0, 10.0, 100.0, 1000.0]))
    np.testing.assert_allclose(np.diff(places), np.diff(places)[0])
    # The curve is drawn by the same scale as the axis.
    assert len(window.where(LIGHT.channel("power"), row.plot, tolerance=0.1)) > 500
    curve = next(iter(row.plot.curves.values()))
    np.testing.assert_allclose(
        curve.value_mapper.map_screen(np.array([10.0]))[0] + row.plot.y, places[1], atol=1.5
    )
    row.choose_scale(logarithmic=False)
    window.control.repaint()
    assert (row.plot.value_range.low, row.plot.value_range.high) == before


def test_a_chosen_range_stays_until_it_is_fitted(window):
    (row,) = window.stack.shown_rows()
    row.choose_range(ValueRange(5.0, 25.0))
    window.next_frame(lambda: window.stack.view.zoom(0.5))
    assert (row.plot.value_range.low, row.plot.value_range.high) == (5.0, 25.0)
    row.release_values()
    assert row.plot.value_range.low == 0.0
