# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from wattui.cli.options import parse_moment
from wattui.measurement.clock import MICROSECONDS


@pytest.fixture(autouse=True)
def _berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * MICROSECONDS


#: From eight in the evening to two at night, summer time.
START, STOP = utc("2026-06-01T18:00"), utc("2026-06-02T00:00")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("0", START),
        ("1h30m", utc("2026-06-01T19:30")),
        ("90", START + 90 * MICROSECONDS),
        ("-10m", utc("2026-06-01T23:50")),
        ("-0", STOP),
        ("21:15", utc("2026-06-01T19:15")),
        ("1:15", utc("2026-06-01T23:15")),
        ("01:15:30", utc("2026-06-01T23:15:30")),
        ("2026-06-01T21:15", utc("2026-06-01T19:15")),
        ("2026-06-01 21:15", utc("2026-06-01T19:15")),
        ("2026-06-01T21:15Z", utc("2026-06-01T21:15")),
        ("2026-06-01T21:15-05:00", utc("2026-06-02T02:15")),
        ("2026-06-02", utc("2026-06-01T22:00")),
    ],
)
def test_times_within_a_session(text: str, moment: int) -> None:
    assert parse_moment(text).within(START, STOP) == moment


def test_a_time_of_day_across_the_end_of_summer_time() -> None:
    # 2026-10-25 has 25 hours in Berlin.
    start = utc("2026-10-24T20:00")
    assert parse_moment("21:00").within(start, start) == utc("2026-10-25T20:00")


@pytest.mark.parametrize("text", ["", "noon", "25:00", "12:60", "2026-13-01", "--5m", "5x"])
def test_texts_that_are_not_a_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_moment(text)
