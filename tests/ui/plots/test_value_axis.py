# SPDX-License-Identifier: GPL-3.0-or-later
"""Ranges and ticks of a value axis."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wattui.ui.plots.value_axis import (
    ValueRange,
    ValueTicks,
    fitted_range,
    labels,
    nice_step,
    steady_range,
    ticks,
    zoomed_range,
)


@pytest.mark.parametrize("value", [10.0, 100.0, 118.3, 0.0, 0.361, 5000.0, -3.0])
@pytest.mark.parametrize("zero", [True, False])
def test_a_constant_load_is_a_line_in_the_middle(value, zero):
    shown = fitted_range(value, value, zero=zero)
    assert (shown.low + shown.high) / 2 == pytest.approx(value)
    assert 0 < shown.width <= max(0.2 * abs(value), 2.0)
    found, _decimals = ticks(shown.low, shown.high, 5)
    assert 2 <= len(found) <= 6


@pytest.mark.parametrize(
    ("low", "high"), [(0.0, 45.5), (118.8, 120.3), (0.0, 0.386), (38.7, 1204.0), (-4.0, 9.0)]
)
@pytest.mark.parametrize("zero", [True, False])
def test_values_fill_their_range_and_lie_in_it(low, high, zero):
    shown = fitted_range(low, high, zero=zero)
    assert shown.low <= low < high <= shown.high
    start = 0.0 if zero and shown.low == 0 else low
    assert high - start >= 0.6 * shown.width


def test_the_axis_of_power_starts_at_zero_if_that_is_near():
    assert fitted_range(0.0, 45.5, zero=True) == ValueRange(0.0, 50.0)
    assert fitted_range(20.0, 45.5, zero=True).low == 0.0
    assert fitted_range(40.0, 45.5, zero=True).low > 30.0
    assert fitted_range(118.8, 120.3, zero=True).low > 100.0


def test_the_axis_does_not_jump_at_each_sample():
    rng = np.random.default_rng(7)
    shown, changes = None, 0
    values = list(60 + rng.normal(0, 0.5, 20))
    for value in 60 + rng.normal(0, 0.5, 500):
        values = [*values[1:], float(value)]
        before, shown = shown, steady_range(shown, min(values), max(values))
        assert shown.low <= min(values)
        assert max(values) <= shown.high
        changes += shown != before
    assert changes < 20


def test_a_range_grows_at_once_and_shrinks_when_it_is_mostly_empty():
    shown = steady_range(None, 0.0, 100.0, zero=True)
    assert steady_range(shown, 0.0, 80.0, zero=True) == shown
    assert steady_range(shown, 0.0, 140.0, zero=True).high >= 140.0
    assert steady_range(shown, 0.0, 20.0, zero=True).high <= 30.0


def test_values_that_become_constant_move_to_the_middle():
    shown = steady_range(ValueRange(0.0, 50.0), 41.6, 41.6, zero=True)
    assert (shown.low + shown.high) / 2 == pytest.approx(41.6)
    assert steady_range(shown, 41.6, 41.6, zero=True) == shown


@pytest.mark.parametrize("most", [1, 3, 5, 8])
@pytest.mark.parametrize(("low", "high"), [(118.5, 120.5), (0, 50), (0, 0.45), (-1, 1), (0, 1e6)])
def test_all_labels_have_the_same_decimals_and_match_their_ticks(low, high, most):
    found, decimals = ticks(low, high, most)
    assert len(found) <= most + 1
    assert np.all(found >= low - 1e-9)
    assert np.all(found <= high + 1e-9)
    found_labels = labels(found, decimals)
    assert len({len(re.sub(r"[kM]$", "", label).partition(".")[2]) for label in found_labels}) <= 1
    assert len(set(found_labels)) == len(found_labels)
    for label, tick in zip(found_labels, found, strict=True):
        scale = {"k": 1e3, "M": 1e6}.get(label[-1], 1.0)
        assert float(label.rstrip("kM")) * scale == pytest.approx(tick, abs=1e-9)


def test_large_values_are_in_thousands():
    assert labels(np.array([0.0, 10_000.0, 20_000.0]), 0) == ["0k", "10k", "20k"]
    assert labels(np.array([10_000.0, 10_500.0, 11_000.0]), 0) == ["10.0k", "10.5k", "11.0k"]
    assert labels(np.array([0.0, 5e6, 1e7]), 0) == ["0M", "5M", "10M"]


def test_no_label_is_minus_zero():
    assert labels(np.array([-0.2, -1e-17, 0.2]), 1) == ["-0.2", "0.0", "0.2"]


def test_steps_are_one_two_or_five():
    for width in np.geomspace(1e-3, 1e6, 200):
        step = nice_step(width, 5)
        assert width / step <= 5 * (1 + 1e-6)
        assert round(step / 10 ** np.floor(np.log10(step) + 1e-9)) in (1, 2, 5)


def test_zooming_keeps_the_value_under_the_pointer():
    shown = zoomed_range(ValueRange(0.0, 50.0), 0.5, 20.0)
    assert shown == ValueRange(10.0, 35.0)
    assert zoomed_range(ValueRange(0.0, 1e-6), 0.1, 0.0) == ValueRange(0.0, 1e-6)


def test_a_low_plot_has_few_labels_and_a_tall_one_no_crowd():
    generator = ValueTicks()
    assert len(generator.ticks_and_labels(0.0, 50.0, 40)[0]) <= 3
    assert len(generator.ticks_and_labels(0.0, 50.0, 2000)[0]) <= 9


def test_an_axis_without_a_width_has_no_ticks():
    assert len(ticks(5.0, 5.0, 4)[0]) == 0


@given(
    low=st.floats(-1e4, 1e5),
    width=st.floats(1e-6, 1e7),
    room=st.floats(12, 3000),
    unit=st.sampled_from(["W", "Wh", "A", ""]),
)
@example(low=117.5, width=4.7, room=40, unit="V")
@example(low=59.9, width=0.2, room=12, unit="Hz")
@example(low=0, width=55_000, room=30, unit="Wh")
def test_an_axis_has_at_least_two_numbers_at_every_size(low, width, room, unit):
    """Low plots and some ranges had one number or none, which says nothing of the scale."""
    high = low + width
    positions, found = ValueTicks(unit=unit).ticks_and_labels(low, high, room)
    assert len(positions) >= 2
    assert len(set(found)) == len(positions)
    assert np.all((positions >= low - 1e-6 * width) & (positions <= high + 1e-6 * width))
    apart = np.diff(positions) * room / width
    assert len(positions) == 2 or apart.min() >= min(ValueTicks.pixels, room / 6) - 1e-6


@given(
    low=st.floats(-1e4, 1e5),
    width=st.floats(0, 1e6),
    digits=st.integers(0, 3),
    zero=st.booleans(),
    room=st.floats(12, 1500),
)
def test_every_range_that_is_fitted_to_values_has_two_numbers(low, width, digits, zero, room):
    shown = fitted_range(low, low + width, digits=digits, zero=zero)
    positions, found = ValueTicks().ticks_and_labels(shown.low, shown.high, room)
    assert len(set(found)) == len(positions) >= 2
