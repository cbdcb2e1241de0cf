# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a memory, and how long it lasts, in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from wattui.errors import SettingOutOfRange
from wattui.measurement.fields import FIELD_COUNT
from wattui.meter_memory.state import MemoryState
from wattui.meter_memory.wording import (
    endurance,
    fields_text,
    left_text,
    loss_text,
    parse_fields,
    record_limit,
    span_text,
    used_text,
)
from wattui.protocol import FullHandling, LoggingMode
from wattui.protocol.models import MODELS
from wattui.simulator.record_memory import RecordMemory

ALL = (True,) * FIELD_COUNT
HALF = MemoryState(1000, 2000, 10, FullHandling.STOP, LoggingMode.INTERNAL, ALL)


@pytest.mark.parametrize("model", ["pro", "es", "net"])
@pytest.mark.parametrize("fields", ["w", "w,v,a", "w,v,a,wh", "all"])
def test_the_estimated_limit_is_close_to_what_the_meter_reports(model: str, fields: str) -> None:
    size = MODELS[model].memory
    now = RecordMemory(size, ALL).limit
    estimate, estimated = record_limit(parse_fields(fields), ALL, now)
    assert estimate == pytest.approx(RecordMemory(size, parse_fields(fields)).limit, rel=0.01)
    assert estimated is (fields != "all")


def test_each_handling_shows_how_long_it_lasts() -> None:
    said = {
        handling: endurance(ALL, 10, handling, HALF)
        for handling in (FullHandling.STOP, FullHandling.OVERWRITE, FullHandling.CONDENSE)
    }
    assert said[FullHandling.STOP].seconds == 20_000
    assert said[FullHandling.STOP].text == (
        "2,000 records fit: 5 hours 33 minutes, then logging stops."
    )
    assert "newest 5 hours 33 minutes are kept" in said[FullHandling.OVERWRITE].text
    assert said[FullHandling.CONDENSE].seconds == 2000
    assert "doubles" in said[FullHandling.CONDENSE].text


def test_an_estimate_is_called_one() -> None:
    assert endurance(parse_fields("w"), 1, FullHandling.STOP, HALF).text.startswith("About ")
    unknown = replace(HALF, limit=None)
    assert "doesn't report" in endurance(ALL, 1, FullHandling.STOP, unknown).text


def test_state_of_a_half_full_memory() -> None:
    assert used_text(HALF) == "1,000 of 2,000 records (50 %)"
    assert left_text(HALF) == "2 hours 46 minutes"
    assert span_text(HALF, 1_700_000_000).startswith("about 2 hours 46 minutes: 2023-11-1")
    assert fields_text(HALF.fields) == "all"


@pytest.mark.parametrize(
    ("changed", "left"),
    [
        ({"mode": LoggingMode.STOPPED}, "not logging into the memory"),
        ({"mode": LoggingMode.STOPPED, "used": 2000}, "the memory is full"),
        ({"full_handling": FullHandling.OVERWRITE, "used": 2000}, "full: the oldest"),
        ({"full_handling": FullHandling.CONDENSE}, "the interval doubles to 20 s"),
        ({"limit": None}, "unknown"),
    ],
)
def test_time_left_in_each_state(changed: dict[str, object], left: str) -> None:
    assert left in left_text(replace(HALF, **changed))  # type: ignore[arg-type]


def test_the_loss_has_records_and_time() -> None:
    assert loss_text(HALF, 1_700_000_000).startswith("1,000 records would be lost, covering about")
    assert "empty" in loss_text(replace(HALF, used=0))
    assert "unknown time" in span_text(replace(HALF, mode=LoggingMode.STOPPED))
    assert used_text(replace(HALF, limit=None)) == "1,000 records"


def test_fields_are_written_as_they_are_read() -> None:
    chosen = parse_fields("w, V,power_factor")
    assert fields_text(chosen) == "w,v,pf"
    assert parse_fields(fields_text(chosen)) == chosen
    assert fields_text(parse_fields("all")) == "all"
    for wrong in ("", "w,watts"):
        with pytest.raises(SettingOutOfRange):
            parse_fields(wrong)
