# SPDX-License-Identifier: GPL-3.0-or-later
"""Energy, error and counter, compared with values worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattui.measurement import energy


def test_an_hour_of_a_hundred_watts_is_a_hundred_watt_hours() -> None:
    assert energy.energy_wh(np.full(3600, 100.0), 1.0) == pytest.approx(100.0)
    assert energy.energy_wh([100.0, math.nan, 50.0], [3600.0, 3600.0, 7200.0]) == 200.0
    assert energy.energy_wh([], []) == 0.0


def test_the_error_is_the_manuals_limit() -> None:
    # The manual's own example: 100 W is within 1.8 W; for an hour.
    assert energy.energy_error_wh(100.0, 3600.0) == pytest.approx(1.8)
    assert energy.energy_error_wh(0.0, 0.0) == 0.0
    assert energy.error_of_sum([0.5, 1.25]) == 1.75


def test_the_manuals_limit_is_stated_with_its_numbers() -> None:
    assert energy.ACCURACY == "1.5 % + 0.3 W"
    assert energy.ERROR_RULE == "1.5 % of the energy and 0.3 W for its duration"


def test_a_counter_that_was_reset_counts_on() -> None:
    assert energy.counter_moved([10.0, 12.5, 12.5]) == 2.5
    assert energy.counter_moved([10.0, 12.0, 0.5, 1.0]) == 3.0
    assert energy.counter_moved([10.0, math.nan, 12.0]) == 2.0
    assert energy.counter_moved([7.0]) == 0.0
    assert energy.counter_moved([]) == 0.0


@given(st.lists(st.integers(0, 10**6), max_size=50))
def test_a_counter_never_moves_back(values: list[int]) -> None:
    moved = energy.counter_moved(values)
    assert moved >= 0
    if values and values == sorted(values):
        assert moved == values[-1] - values[0]


def test_cost_and_mean() -> None:
    assert energy.cost(1500.0, 0.08) == pytest.approx(0.12)
    assert energy.average_power(200.0, 7200.0) == 100.0
    assert math.isnan(energy.average_power(0.0, 0.0))


amounts = st.tuples(st.floats(0.01, 1e5), st.floats(1.0, 1e6))
shares = st.floats(-energy.RELATIVE_ERROR, energy.RELATIVE_ERROR)
offsets = st.floats(-energy.ABSOLUTE_ERROR_W, energy.ABSOLUTE_ERROR_W)


def true(reading: tuple[float, float], share: float, offset: float) -> float:
    return reading[0] * (1 + share) + offset * reading[1] / 3600


@given(amounts, amounts, st.tuples(shares, offsets), st.tuples(shares, offsets), st.booleans())
def test_no_meter_within_its_limits_is_farther_off(
    first: tuple[float, float],
    second: tuple[float, float],
    one: tuple[float, float],
    other: tuple[float, float],
    constant: bool,
) -> None:
    """Whatever its errors are in both spans, and if they are the same in both."""
    if constant:
        other = one
    off = true(first, *one) - true(second, *other) - (first[0] - second[0])
    limit = energy.difference_error_wh(first, second, constant=constant)
    slack = 1e-9 * (first[0] + second[0] + first[1] + second[1])
    assert abs(off) <= limit + slack
    assert limit <= energy.difference_error_wh(first, second) + slack
    ratio = energy.ratio_error(first, second, constant=constant)
    if ratio < 1e6:
        off = true(first, *one) / true(second, *other) - first[0] / second[0]
        assert abs(off) <= ratio * (1 + 1e-6) + 1e-9
        assert ratio <= energy.ratio_error(first, second) * (1 + 1e-9) + 1e-9


def test_what_cancels_in_a_difference_and_in_a_ratio() -> None:
    hour, day = 3600.0, 86_400.0
    same = (100.0, hour), (100.0, hour)
    assert energy.difference_error_wh(*same) == pytest.approx(3.6)
    assert energy.difference_error_wh(*same, constant=True) == 0.0
    assert energy.ratio_error(*same, constant=True) == pytest.approx(0.0, abs=1e-12)
    assert energy.ratio_error(*same) == pytest.approx(0.0367, abs=1e-4)
    # The power that is added to each reading grows with the time, and does not cancel then.
    longer = (200.0, day), (100.0, hour)
    assert energy.difference_error_wh(*longer, constant=True) == pytest.approx(1.5 + 0.3 * 23)
    # Of equal mean powers it cancels in the ratio.
    assert energy.ratio_error((200.0, 2 * hour), (100.0, hour), constant=True) < 1e-12
    assert energy.ratio_error((1.0, hour), (0.2, hour)) == math.inf
    assert math.isnan(energy.ratio_error((1.0, hour), (0.0, hour)))


def test_the_error_of_a_mean_is_that_of_the_energy() -> None:
    for wh, seconds in ((20.99, 1792.0), (0.0, 10.0), (1e4, 86_400.0)):
        mean = energy.average_power(wh, seconds)
        error = energy.energy_error_wh(wh, seconds) * 3600 / seconds
        assert energy.average_power_error(mean) == pytest.approx(error)
