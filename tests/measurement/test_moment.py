# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.moment import parse_moment, read_time
from wattui.measurement.text import RunTimes, TimeMode


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


ELAPSED = RunTimes(TimeMode.ELAPSED, START / MICROSECONDS, 6 * 3600)
BY_CLOCK = RunTimes(TimeMode.CLOCK, START / MICROSECONDS, 6 * 3600)


@pytest.mark.parametrize(
    ("text", "form", "moment"),
    [
        ("2:00", ELAPSED, START + 120 * MICROSECONDS),
        ("2:05:30", ELAPSED, START + 7_530 * MICROSECONDS),
        # There is no such time of day.
        ("40:00", ELAPSED, START + 2_400 * MICROSECONDS),
        ("40:00", BY_CLOCK, START + 2_400 * MICROSECONDS),
        ("2:00.5", ELAPSED, START + 120_500_000),
        # It would be beyond the run, which has such a time of day.
        ("21:15:00", ELAPSED, utc("2026-06-01T19:15")),
        ("21:15", BY_CLOCK, utc("2026-06-01T19:15")),
        # At two o'clock the run is over.
        ("2:01", BY_CLOCK, START + 121 * MICROSECONDS),
        ("2 min", BY_CLOCK, START + 120 * MICROSECONDS),
        ("5 min", ELAPSED, START + 300 * MICROSECONDS),
        ("-5 min", BY_CLOCK, STOP - 300 * MICROSECONDS),
        ("1 Jun 21:15:00", BY_CLOCK, utc("2026-06-01T19:15")),
        ("2 Jun 1:15", BY_CLOCK, utc("2026-06-01T23:15")),
        ("1 Jun 2026 21:15:00", BY_CLOCK, utc("2026-06-01T19:15")),
        ("0", ELAPSED, START),
        ("0:00", ELAPSED, START),
        ("-0", ELAPSED, STOP),
    ],
)
def test_times_typed_in_the_window(text: str, form: RunTimes, moment: int) -> None:
    assert read_time(text, form, START, STOP) == moment


@pytest.mark.parametrize("mode", list(TimeMode))
@pytest.mark.parametrize("days", [0.01, 0.03, 0.5, 3, 400])
def test_a_time_that_is_shown_can_be_typed(mode: TimeMode, days: float) -> None:
    stop = START + round(days * 86_400) * MICROSECONDS
    form = RunTimes(mode, START / MICROSECONDS, days * 86_400)
    for share in (0, 0.3, 0.77, 1):
        moment = START + round(share * (stop - START) / MICROSECONDS) * MICROSECONDS
        shown = form.text(moment / MICROSECONDS)
        assert read_time(shown, form, START, stop) == moment, shown


@pytest.mark.parametrize("text", ["", "noon", "7:00:00", "1 Foo 21:15", "1 Jun", "-9h"])
@pytest.mark.parametrize("form", [ELAPSED, BY_CLOCK])
def test_a_time_outside_of_the_run_is_refused_with_what_to_write(text: str, form: RunTimes) -> None:
    with pytest.raises(ValueError, match="Write a time since the start"):
        read_time(text, form, START, STOP)
