# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of fields, and the sample."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattui.measurement.events import Event, EventKind
from wattui.measurement.fields import (
    CHANNEL,
    CHANNELS,
    FIELD_COUNT,
    FIELD_INDEX,
    FIELDS,
    INTEGRATED_ENERGY,
    Field,
)
from wattui.measurement.sample import Sample, complete

#: The manual's table: header, wire units in one base unit, unit, lowest, highest.
MANUAL = [
    ("W", 10, "W", 0, 50_000),
    ("V", 10, "V", 900, 2_800),
    ("A", 1000, "A", 0, 20_000),
    ("WH", 10, "Wh", 0, 2**32 - 1),
    ("Cost", 1000, "", 0, 2**32 - 1),
    ("WH/Mo", 1, "Wh", 0, 2**24 - 1),
    ("Cost/Mo", 1000, "", 0, 2**32 - 1),
    ("Wmax", 10, "W", 0, 50_000),
    ("Vmax", 10, "V", 900, 2_800),
    ("Amax", 1000, "A", 0, 20_000),
    ("Wmin", 10, "W", 0, 50_000),
    ("Vmin", 10, "V", 900, 2_800),
    ("Amin", 1000, "A", 0, 20_000),
    ("PF", 100, "", 0, 100),
    ("DC", 100, "", 0, 100),
    ("PC", 1, "", 0, 255),
    ("Hz", 10, "Hz", 400, 700),
    ("VA", 10, "VA", 0, 50_000),
]

RECORD = (423, 1198, 361, 79, 0, 34, 2, 423, 1202, 361, 0, 1199, 0, 97, 100, 0, 600, 432)


def test_the_fields_are_those_of_the_manual() -> None:
    assert [(f.header, f.scale, f.unit, f.low, f.high) for f in FIELDS] == MANUAL
    assert FIELD_COUNT == 18


@pytest.mark.parametrize("names", [[f.name for f in FIELDS], [f.column for f in FIELDS]])
def test_names_are_told_apart(names: list[str]) -> None:
    assert len(set(names)) == FIELD_COUNT
    assert all(name.isidentifier() for name in names)


def test_columns_carry_their_unit() -> None:
    for field in FIELDS:
        assert field.column == "_".join(filter(None, (field.name, field.unit.lower())))


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_no_more_decimals_are_shown_than_the_wire_resolves(field: Field) -> None:
    assert 10**field.digits <= field.scale


@given(st.sampled_from(FIELDS), st.integers(0, 2**32 - 1))
def test_from_the_wire_and_back(field: Field, wire: int) -> None:
    value = field.to_base(wire)
    assert value == wire / field.scale
    assert field.to_wire(value) == wire


def test_no_value_stays_none() -> None:
    field = FIELDS[0]
    assert field.to_base(None) is None
    assert field.to_wire(None) is None
    assert field.format(None) == "–"


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [("power", 42.3, "42.3"), ("current", 0.361, "0.361"), ("energy_per_month", 34.0, "34")],
)
def test_values_are_shown_with_fixed_decimals(name: str, value: float, text: str) -> None:
    assert CHANNEL[name].format(value) == text


def test_titles_name_the_unit_where_there_is_one() -> None:
    assert CHANNEL["power"].title == "Power W"
    assert CHANNEL["power_factor"].title == "Power factor"


def test_every_field_and_the_summed_energy_can_be_plotted() -> None:
    assert {field.name for field in CHANNELS} == {*FIELD_INDEX, "integrated_energy"}
    assert CHANNEL["integrated_energy"] is INTEGRATED_ENERGY
    # Wire power times microseconds, as it is summed: 1 W for an hour is 1 Wh.
    assert INTEGRATED_ENERGY.to_base(10 * 3_600 * 1_000_000) == 1.0


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
