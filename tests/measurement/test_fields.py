# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of fields, compared with the manual's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattui.measurement.fields import (
    CHANNEL,
    CHANNELS,
    FIELD_COUNT,
    FIELD_INDEX,
    FIELDS,
    INTEGRATED_ENERGY,
    Field,
)

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


def test_the_fields_are_those_of_the_manual() -> None:
    assert [(f.header, f.scale, f.unit, f.low, f.high) for f in FIELDS] == MANUAL
    assert FIELD_COUNT == 18


@pytest.mark.parametrize("names", [[f.name for f in FIELDS], [f.column for f in FIELDS]])
def test_no_two_fields_have_the_same_name(names: list[str]) -> None:
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
