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
