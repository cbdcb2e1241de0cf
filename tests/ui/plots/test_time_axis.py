# SPDX-License-Identifier: GPL-3.0-or-later
"""Ticks and labels of the time axis, in every zone and across changes of the clock."""

from __future__ import annotations

import os
import time
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from wattui.ui.plots.time_axis import TimeTicks, clock_label, elapsed_label, utc_offset

ZONES = (
    *("Europe/Berlin", "America/New_York", "Europe/London", "Australia/Sydney"),
    *("Asia/Kolkata", "America/St_Johns", "Asia/Kathmandu", "UTC"),
)

#: Widths of views in seconds, from two seconds to twelve years.
WIDTHS = (2.0, 7.0, 60.0, 600.0, 3600.0, 6 * 3600.0, 86400.0, 3.3 * 86400, 30 * 86400.0)
LONG = (200 * 86400.0, 366 * 86400.0, 12 * 365 * 86400.0)

pytestmark = pytest.mark.skipif(not hasattr(time, "tzset"), reason="no time zones to switch here")


@pytest.fixture
def zone(request):
    """Switch to another time zone for a test."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield ZoneInfo(request.param)
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


in_every_zone = pytest.mark.parametrize("zone", ZONES, indirect=True)


def moments(zone):
    """Yield the interesting times of a year: seasons, changes of the clock, new year."""
    yield from (datetime(2026, month, 15, 13, 7, tzinfo=zone).timestamp() for month in (1, 7))
    day = 1_767_225_600.0
    for _ in range(366):
        if zone.utcoffset(datetime.fromtimestamp(day, zone)) != zone.utcoffset(
            datetime.fromtimestamp(day + 86400, zone)
        ):
            yield day + 43200
        day += 86400
    yield datetime(2027, 1, 1, tzinfo=zone).timestamp()


@in_every_zone
@pytest.mark.parametrize("width", WIDTHS)
def test_clock_labels_are_what_a_clock_on_the_wall_showed(zone, width):
    generator = TimeTicks(mode="clock")
    for middle in moments(zone):
        low, high = middle - width / 2, middle + width / 2
        ticks, step = generator.choose(low, high, 10)
        labels = generator.labels(ticks, step)
        assert ticks == sorted(set(ticks))
        assert all(low - 1e-6 <= tick <= high + 1e-6 for tick in ticks)
        for tick, label in zip(ticks, labels, strict=True):
            wall = datetime.fromtimestamp(round(tick, 1), zone)
            if ":" in label:
                clock = label.split()[-1]
                expected = f"{wall:%H:%M:%S}.{wall.microsecond // 100_000}"
                assert expected.startswith(clock)
                assert (wall.hour * 3600 + wall.minute * 60 + wall.second) % max(step, 1) == 0
            else:
                assert wall.hour == wall.minute == wall.second == 0
                assert label.split()[0] == str(wall.day)


@in_every_zone
@pytest.mark.parametrize("width", WIDTHS + LONG)
@pytest.mark.parametrize("mode", ["clock", "elapsed"])
def test_there_are_four_to_ten_ticks(zone, width, mode):
    for middle in moments(zone):
        low = middle - width / 2
        generator = TimeTicks(mode=mode, origin=low - 0.013 * width)
        ticks, labels = generator.ticks_and_labels(low, low + width, 1100)
        assert 4 <= len(ticks) <= 10
        assert len(labels) == len(ticks)


@pytest.mark.parametrize("zone", ["Europe/Berlin"], indirect=True)
def test_labels_were_an_hour_off_in_summer(zone):
    generator = TimeTicks(mode="clock")
    noon = datetime(2026, 7, 1, 12, tzinfo=zone).timestamp()
    ticks, step = generator.choose(noon - 3600, noon + 3600, 10)
    assert "12:00" in generator.labels(ticks, step)
    assert ticks[generator.labels(ticks, step).index("12:00")] == noon


@pytest.mark.parametrize("zone", ["Europe/Berlin"], indirect=True)
def test_an_hour_that_occurs_twice_has_two_labels(zone):
    generator = TimeTicks(mode="clock")
    midnight = datetime(2026, 10, 25, tzinfo=zone).timestamp()
    ticks, step = generator.choose(midnight, midnight + 5 * 3600, 10)
    labels = generator.labels(ticks, step)
    assert labels.count("02:00") == 2
    assert np.allclose(np.diff(ticks), step)


@pytest.mark.parametrize("zone", ["Europe/Berlin"], indirect=True)
def test_a_skipped_hour_has_no_label(zone):
    generator = TimeTicks(mode="clock")
    midnight = datetime(2026, 3, 29, tzinfo=zone).timestamp()
    ticks, step = generator.choose(midnight, midnight + 5 * 3600, 10)
    labels = generator.labels(ticks, step)
    assert "02:00" not in labels
    assert "03:00" in labels
    assert np.allclose(np.diff(ticks), step)


@pytest.mark.parametrize("zone", ["America/New_York"], indirect=True)
def test_midnights_stay_midnights_over_a_change_of_the_clock(zone):
    generator = TimeTicks(mode="clock")
    low = datetime(2026, 10, 28, tzinfo=zone).timestamp()
    ticks, step = generator.choose(low, low + 8 * 86400, 10)
    assert step == 86400
    assert generator.labels(ticks, step)[:5] == ["28 Oct", "29 Oct", "30 Oct", "31 Oct", "1 Nov"]
    assert all(datetime.fromtimestamp(tick, zone).hour == 0 for tick in ticks)


@pytest.mark.parametrize("zone", ["Asia/Kolkata"], indirect=True)
def test_offsets_of_half_an_hour_are_known(zone):
    assert utc_offset(1_795_442_700.0) == 19800
    assert clock_label(datetime(2026, 11, 23, 9, 30, tzinfo=zone).timestamp(), 1800) == "09:30"


@pytest.mark.parametrize("zone", ["UTC"], indirect=True)
def test_the_first_label_has_the_date_where_no_midnight_is_in_view(zone):
    generator = TimeTicks(mode="clock")
    low = datetime(2026, 11, 23, 14, 1, tzinfo=zone).timestamp()
    _ticks, labels = generator.ticks_and_labels(low, low + 1800, 1000)
    assert labels[0] == "23 Nov 14:05"
    assert labels[1] == "14:10"
    low = datetime(2026, 11, 23, 22, 0, tzinfo=zone).timestamp()
    _ticks, labels = generator.ticks_and_labels(low, low + 4 * 3600, 1000)
    assert labels[0] == "22:00"
    assert "24 Nov" in labels


@pytest.mark.parametrize("zone", ["Australia/Sydney"], indirect=True)
def test_the_labels_of_a_long_run_are_months_and_years(zone):
    generator = TimeTicks(mode="clock")
    low = datetime(2026, 9, 3, tzinfo=zone).timestamp()
    _ticks, labels = generator.ticks_and_labels(low, low + 250 * 86400, 1000)
    assert labels == ["Oct", "Nov", "Dec", "Jan 2027", "Feb", "Mar", "Apr", "May"]
    _ticks, labels = generator.ticks_and_labels(low, low + 8 * 365 * 86400, 1000)
    assert labels[0] == "2027"


@pytest.mark.parametrize(
    ("seconds", "step", "labels"),
    [
        (0, 600, "0:00"),
        (600, 600, "10:00"),
        (3600, 600, "1:00:00"),
        (5.5, 0.5, "0:05.5"),
        (-10, 10, "-0:10"),
        (2 * 86400 + 3 * 3600, 3600, "2 d 3:00"),
        (2 * 86400 + 5, 5, "2 d 0:00:05"),
        (3 * 86400, 86400, "3 d"),
        (0, 86400, "0"),
        (59.96, 1, "1:00"),
    ],
)
def test_elapsed_time_is_as_short_as_possible(seconds, step, labels):
    assert elapsed_label(seconds, step) == labels


def test_elapsed_ticks_count_from_the_start_of_the_run():
    generator = TimeTicks(origin=1_795_442_703.7)
    ticks, labels = generator.ticks_and_labels(1_795_442_703.7, 1_795_444_503.7, 1000)
    assert labels[:3] == ["0:00", "5:00", "10:00"]
    assert ticks[1] == pytest.approx(1_795_443_003.7)


def test_a_narrow_plot_has_fewer_labels():
    generator = TimeTicks(origin=0.0)
    assert len(generator.ticks_and_labels(0.0, 3600.0, 260)[0]) <= 4


@pytest.mark.parametrize("span", [(5.0, 5.0), (float("nan"), 1.0), (0.0, float("inf"))])
def test_an_axis_without_a_width_has_no_ticks(span):
    assert TimeTicks().choose(*span, 10)[0] == []


@pytest.mark.parametrize("zone", ["UTC"], indirect=True)
def test_one_time_is_shown_in_full(zone):
    moment = datetime(2026, 11, 23, 14, 5, 9, 250_000, tzinfo=zone).timestamp()
    generator = TimeTicks(mode="clock")
    assert generator.time_text(moment, 3600) == "14:05:09"
    assert generator.time_text(moment, 10) == "14:05:09.2"
    generator.span = 86_401.0
    assert generator.time_text(moment, 3600) == "23 Nov 14:05:09"
    generator.trait_set(mode="elapsed", origin=moment - 65)
    assert generator.time_text(moment, 3600) == "1:05"
