# SPDX-License-Identifier: GPL-3.0-or-later
"""Samples and events: their values and times in base units."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from wattui.measurement.events import Event, EventKind
from wattui.measurement.fields import FIELD_COUNT
from wattui.measurement.sample import Sample, complete

RECORD = (423, 1198, 361, 79, 0, 34, 2, 423, 1202, 361, 0, 1199, 0, 97, 100, 0, 600, 432)


def test_a_sample_gives_its_values_in_base_units() -> None:
    sample = Sample(time_us=0, interval_us=1_000_000, values=RECORD)
    assert (sample["power"], sample["voltage"], sample["current"]) == (42.3, 119.8, 0.361)
    assert (sample["power_factor"], sample["frequency"]) == (0.97, 60.0)
    assert (sample.gap_us, sample.gap, sample.interval) == (0, 0.0, 1.0)
    with pytest.raises(KeyError):
        sample["watts"]


def test_a_sample_and_an_event_have_an_aware_time_that_is_exact_to_the_microsecond() -> None:
    time_us = 253_402_300_799_999_999
    latest = datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    assert Sample(time_us, 1, RECORD).time == latest
    event = Event(time_us, EventKind.GAP, duration_us=1_500_000)
    assert (event.time, event.duration) == (latest, 1.5)


def test_a_record_of_sixteen_fields_has_neither_frequency_nor_apparent_power() -> None:
    sample = Sample(time_us=0, interval_us=1_000_000, values=complete(RECORD[:16]))
    assert len(sample.values) == FIELD_COUNT
    assert sample["frequency"] is None
    assert sample["apparent_power"] is None
    assert complete(RECORD) is RECORD
