# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated meter's memory: limits, and what happens when it is full."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattui.measurement.fields import FIELD_COUNT, WIRE_MAXIMUM
from wattui.protocol import FullHandling
from wattui.protocol.models import find_model
from wattui.simulator.record_memory import RecordMemory

ALL = (True,) * FIELD_COUNT
POWER = tuple(n == 0 for n in range(FIELD_COUNT))


def numbered(count: int, handling: FullHandling, limit: int = 10) -> RecordMemory:
    """Return a memory for *limit* records after 0, 1, 2, ... were added."""
    memory = RecordMemory(2 * limit, POWER, handling)
    for n in range(count):
        memory.add((n,) * FIELD_COUNT)
    return memory


def stored(memory: RecordMemory) -> list[int | None]:
    return [values[0] for values in memory.records()]


@pytest.mark.parametrize(
    ("model", "fields", "limit"),
    [
        ("pro", 18, 1_917),
        ("pro", 1, 32_603),
        ("es", 18, 15_420),
        ("es", 2, 131_072),
        ("es", 1, 262_144),
        ("net", 1, 262_144),
    ],
)
def test_the_limit_follows_from_model_and_fields(model: str, fields: int, limit: int) -> None:
    chosen = tuple(n < fields for n in range(FIELD_COUNT))
    assert RecordMemory(find_model(model).memory, chosen).limit == limit


def test_every_record_takes_at_least_two_bytes() -> None:
    for n in range(FIELD_COUNT):
        one = tuple(i == n for i in range(FIELD_COUNT))
        assert RecordMemory(find_model("es").memory, one).limit <= 262_144


def test_stop_keeps_the_oldest() -> None:
    memory = numbered(15, FullHandling.STOP)
    assert stored(memory) == list(range(10))
    assert memory.full
    assert not memory.add((99,) * FIELD_COUNT)


def test_overwrite_keeps_the_newest_in_order() -> None:
    assert stored(numbered(25, FullHandling.OVERWRITE)) == list(range(15, 25))


def test_condense_drops_every_other_record_and_doubles_the_interval() -> None:
    memory = numbered(10, FullHandling.CONDENSE)
    assert stored(memory) == [1, 3, 5, 7, 9]
    assert memory.interval == 2
    assert stored(numbered(9, FullHandling.CONDENSE, limit=9)) == [0, 2, 4, 6, 8]


def test_clearing_a_condensed_memory_starts_at_one_second_again() -> None:
    memory = numbered(10, FullHandling.CONDENSE)
    memory.clear()
    assert (len(memory), memory.interval) == (0, 1)


def test_fields_that_were_not_chosen_are_none() -> None:
    memory = RecordMemory(100, tuple(n in (0, 17) for n in range(FIELD_COUNT)))
    memory.add(tuple(range(FIELD_COUNT)))
    assert next(memory.records()) == (0, *(None,) * 16, 17)


def test_reading_does_not_see_records_added_later() -> None:
    memory = numbered(10, FullHandling.OVERWRITE)
    reading = memory.records()
    first = next(reading)
    memory.add((99,) * FIELD_COUNT)
    assert [first[0], *(values[0] for values in reading)] == list(range(10))


@given(st.integers(0, 200), st.integers(2, 20), st.sampled_from(list(FullHandling)))
def test_it_never_holds_more_records_than_the_limit(
    count: int, limit: int, handling: FullHandling
) -> None:
    memory = numbered(count, handling, limit)
    values = stored(memory)
    assert len(values) == len(memory) <= limit
    assert values == sorted(set(values))  # type: ignore[type-var]
    steps = {after - before for before, after in itertools.pairwise(values)}  # type: ignore[operator]
    # Every record was offered here, so after condensing the new ones stand closer.
    assert steps <= {1} or handling is FullHandling.CONDENSE


def test_values_beyond_four_bytes_are_held_at_the_largest() -> None:
    memory = RecordMemory(100, ALL)
    memory.add((2**40, None, *(0,) * 16))
    assert next(memory.records())[:2] == (WIRE_MAXIMUM, 0)
