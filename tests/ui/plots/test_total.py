# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from wattui.ui.plots.total import total_curve

NAN = np.nan


def curve(times, values):
    return np.array(times, float), np.array(values, float)


def at(found, moment):
    times, values = found
    return values[np.searchsorted(times, moment)]


def test_meters_at_the_same_times_are_added_up():
    a, b = curve([1, 2, 3], [10, 20, 30]), curve([1, 2, 3], [1, 2, 3])
    times, values = total_curve([a, b], 0, 10, 100)
    assert list(times) == [1, 2, 3]
    assert list(values) == [11, 22, 33]


def test_meters_at_different_times_are_added_up_on_a_common_grid():
    a, b = curve([1, 2, 3], [10, 20, 30]), curve([1.5, 2.5, 3.5], [1, 2, 3])
    times, values = total_curve([a, b], 1.5, 3, 100)
    assert list(times) == [1.5, 2, 2.5, 3]
    assert list(values) == [21, 22, 32, 33]


def test_in_a_gap_of_one_the_sum_is_not_known():
    steady = curve(range(1, 21), [5] * 20)
    broken = curve([1, 2, 3, 9, 15, 16, 17, 18, 19, 20], [1, 1, 1, NAN, 1, 1, 1, 1, 1, 1])
    found = total_curve([steady, broken], 0, 30, 100)
    assert at(found, 3) == 6
    assert np.isnan(at(found, 9))
    assert np.isnan(at(found, 14)), "the record behind the gap stands for one interval only"
    assert at(found, 15) == 6


def test_a_meter_adds_nothing_before_its_start_and_after_its_end():
    steady, late = curve(range(1, 31), [5] * 30), curve(range(10, 16), [2] * 6)
    found = total_curve([steady, late], 0, 40, 100)
    assert [at(found, t) for t in (2, 12, 25)] == [5, 7, 5]
    unknown = total_curve([steady, late], 0, 40, 100, going=[True, True])
    assert np.isnan(at(unknown, 25)), "its meter goes on: what it uses is not known yet"


def test_an_energy_keeps_its_last_value():
    a, b = curve(range(1, 31), range(30)), curve(range(1, 6), range(5))
    found = total_curve([a, b], 0, 40, 100, holds=True)
    assert at(found, 30) == 29 + 4


@pytest.mark.parametrize("count", [500, 5000])
def test_many_points_become_two_a_column_and_keep_their_extremes(count):
    random = np.random.default_rng(1)
    times = np.arange(1, count + 1, dtype=float)
    values = [random.normal(100, 10, count) for _ in range(12)]
    found = total_curve([(times, one) for one in values], 0, count, 200)
    assert len(found[0]) <= 2 * 201
    whole = np.sum(values, axis=0)
    assert np.nanmax(found[1]) == pytest.approx(whole.max())
    assert np.nanmin(found[1]) == pytest.approx(whole.min())
    assert (np.diff(found[0]) >= 0).all()


def test_minimum_and_maximum_of_columns_bound_the_sum():
    a = curve([1, 1, 2, 2], [10, 14, 10, 12])
    b = curve([1, 1, 2, 2], [1, 3, 2, 2])
    times, values = total_curve([a, b], 0, 3, 3)
    assert list(times) == [1.5, 1.5, 2.5, 2.5]
    assert list(values) == [11, 17, 12, 14]


def test_nothing_adds_up_to_nothing():
    assert len(total_curve([], 0, 1, 10)[0]) == 0
    assert len(total_curve([curve([], [])], 0, 1, 10)[0]) == 0
