# SPDX-License-Identifier: GPL-3.0-or-later
"""Running totals, compared with sums made by hand."""

from __future__ import annotations

import math

import pytest

from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.fields import FIELD_INDEX, POWER_LIMIT, WireValue
from wattui.measurement.sample import Sample
from wattui.measurement.totals import Tally

HOUR = 3600 * MICROSECONDS


def sample(time: int, interval: int, gap: int = 0, **fields: WireValue) -> Sample:
    values: list[WireValue] = [0] * 18
    for name, value in fields.items():
        values[FIELD_INDEX[name]] = value
    return Sample(time, interval, tuple(values), gap)


def test_an_hour_of_100_watts_is_100_watt_hours_with_the_manuals_limit_of_error():
    tally = Tally()
    tally.add([sample(HOUR, HOUR, power=1000)])
    assert tally.energy_wh == 100.0
    assert tally.energy_error_wh == pytest.approx(1.5 + 0.3)
    assert (tally.count, tally.recorded_s, tally.elapsed_s) == (1, 3600.0, 3600.0)


def test_a_gap_is_counted_and_adds_no_energy():
    tally = Tally()
    tally.add([sample(HOUR, HOUR, power=1000), sample(3 * HOUR, HOUR, gap=HOUR, power=1000)])
    assert tally.energy_wh == 200.0
    assert (tally.gap_count, tally.gap_s) == (1, 3600.0)
    assert tally.recorded_s == 7200.0
    assert tally.elapsed_s == 3 * 3600.0


def test_the_meters_counter_that_was_reset_goes_on_from_zero():
    tally = Tally()
    for time, counter in enumerate((79, 90, 3, 5), start=1):
        tally.add([sample(time * HOUR, HOUR, energy=counter)])
    assert tally.counter_wh == pytest.approx((11 + 3 + 2) / 10)


def test_a_record_without_power_adds_neither_energy_nor_error():
    tally = Tally()
    tally.add([sample(HOUR, HOUR, power=None, energy=None)])
    assert (tally.energy_wh, tally.energy_error_wh) == (0.0, 0.0)
    assert tally.count == 1


def test_a_power_that_no_meter_can_measure_counts_no_more_than_in_a_session():
    tally = Tally()
    tally.add([sample(HOUR, HOUR, power=2**32 - 1)])
    assert tally.energy_wh == POWER_LIMIT / 10


def test_nothing_added_shows_nothing():
    tally = Tally()
    assert (tally.count, tally.elapsed_s, tally.energy_wh, tally.last) == (0, 0.0, 0.0, None)


def test_a_meter_that_sends_no_counter_did_not_count_nothing():
    tally = Tally()
    tally.add([sample(HOUR, HOUR, power=400, energy=None)])
    assert math.isnan(tally.counter_wh)
    assert tally.energy_wh == 40.0
