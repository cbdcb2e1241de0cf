# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plot is given: few points, the right ones, in the right place."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from fake_meter import ManualClock
from hypothesis import given, settings
from hypothesis import strategies as st
from session_samples import BEGIN, METER, noisy, record, sample, sample_lists, steady

from wattui.client.sampler import Sampler
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.sample import Sample
from wattui.session import BulkWriter, Envelope, Session
from wattui.session.envelope import column_width

HOUR = 3600 * MICROSECONDS


def finite(envelope: Envelope, name: str = "power") -> np.ndarray:
    values = envelope.value[name]
    return values[~np.isnan(values)]


def test_few_samples_are_drawn_each(tmp_path: Path) -> None:
    samples = steady(100)
    with Session.open(record(tmp_path / "a.wattui", samples)) as session:
        found = session.envelope(1, ["power"], BEGIN, samples[-1].time_us, 400)
    assert found.column == 0
    np.testing.assert_array_equal(found.time, [one.time_us / 1e6 for one in samples])
    np.testing.assert_array_equal(found.value["power"], [one["power"] for one in samples])


def test_neighbours_outside_of_the_view_carry_the_line_to_its_edges(tmp_path: Path) -> None:
    samples = steady(20_000)
    with Session.open(record(tmp_path / "a.wattui", samples)) as session:
        for seconds, pixels in ((0.4, 300), (5, 300), (3_600, 300), (15_000, 300)):
            start = BEGIN + 2_000_300_000
            stop = start + round(seconds * MICROSECONDS)
            found = session.envelope(1, ["power"], start, stop, pixels)
            assert found.time[0] <= start / 1e6
            assert found.time[-1] >= stop / 1e6


def test_a_view_between_two_samples_has_both(tmp_path: Path) -> None:
    with Session.open(
        record(tmp_path / "a.wattui", [sample(1), sample(500, interval=499)])
    ) as session:
        found = session.envelope(1, ["power"], BEGIN + 10**8, BEGIN + 2 * 10**8, 300)
        assert len(found) == 2


@pytest.mark.parametrize("step", [5, 60, 7_000, 400_000])
def test_a_clock_that_is_set_forward_breaks_the_line(tmp_path: Path, step: int) -> None:
    """Records were joined across the hours that the clock had skipped: none is missing."""
    sampler, made = Sampler(), []
    clock = ManualClock(BEGIN / MICROSECONDS)
    for second in range(10_000):
        clock.advance(1.0)
        if second == 6_000:
            clock.wall += step
        made += sampler.take([(423,) + (None,) * 17], clock.time(), clock.monotonic())[0]
    assert all(one.gap_us == 0 for one in made)
    skipped = made[5_999].time_us / 1e6, made[6_000].time_us / 1e6 - 1
    with Session.open(record(tmp_path / "a.wattui", made)) as session:
        start, stop = session.span_us() or (0, 0)
        fields = ["power", "integrated_energy"]
        views = [session.envelope(1, fields, start, stop, n) for n in (50, 400, 2_000, 40_000)]
        energy = session.statistics(1).energy_wh
    assert energy == pytest.approx(42.3 * 10_000 / 3600, abs=1e-3)
    for found in views:
        broken = found.time[np.isnan(found.value["power"])]
        if found.column * 3 < step:
            assert len(broken) == 1
            assert skipped[0] - found.column <= broken[0] <= skipped[1] + found.column
        else:
            assert len(broken) <= 1


def test_a_longer_interval_breaks_no_line(tmp_path: Path) -> None:
    samples = [*steady(100), *(sample(100 + 600 * n, interval=600) for n in range(1, 60))]
    with Session.open(record(tmp_path / "a.wattui", samples)) as session:
        start, stop = session.span_us() or (0, 0)
        for pixels in (60, 100, 300, 30_000):
            found = session.envelope(1, ["power"], start, stop, pixels)
            assert not np.isnan(found.value["power"]).any()


def test_at_most_two_points_a_column(tmp_path: Path) -> None:
    samples = noisy(8_000, seed=5)
    with Session.open(record(tmp_path / "a.wattui", samples)) as session:
        begin, end = session.span_us() or (0, 0)
        for pixels in (1, 10, 300, 1_200):
            for part in (1, 7, 100):
                start = begin + (end - begin) // 3
                found = session.envelope(1, ["power"], start, start + (end - begin) // part, pixels)
                breaks = np.count_nonzero(np.isnan(found.time) | np.isnan(found.value["power"]))
                assert len(found) - breaks <= 2 * pixels + 8
                assert np.all(np.diff(found.time) >= 0)


@settings(max_examples=60, deadline=None)
@given(sample_lists(), st.integers(1, 400), st.data())
def test_each_column_has_its_minimum_and_maximum(
    samples: list[Sample], pixels: int, data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.wattui"
        with BulkWriter(path) as writer:
            writer.add_samples(METER, samples)
        if not samples:
            return
        moment = st.integers(samples[0].time_us - 10**7, samples[-1].time_us + 10**7)
        start = data.draw(moment)
        stop = start + data.draw(st.integers(1, 10**12))
        with Session.open(path) as session:
            found = session.envelope(1, ["power"], start, stop, pixels)
        seen = finite(found)
        inside = [one["power"] for one in samples if start < one.time_us <= stop]
        there = [value for value in inside if value is not None]
        # No extreme is lost, and nothing is made up.
        if there:
            assert seen.min() <= min(there)
            assert seen.max() >= max(there)
        assert set(seen) <= {one["power"] for one in samples}


def test_columns_agree_with_the_samples_one_by_one(tmp_path: Path) -> None:
    samples = noisy(9_000, seed=7)
    with Session.open(record(tmp_path / "a.wattui", samples)) as session:
        found = session.envelope(1, ["power"], samples[0].time_us, samples[-1].time_us, 200)
    width = column_width(samples[-1].time_us - samples[0].time_us, 200)
    columns: dict[int, list[float]] = {}
    drawn: dict[int, list[float]] = {}
    for one in samples:
        if one["power"] is not None:
            columns.setdefault(one.time_us // width, []).append(one["power"])
    for time, value in zip(found.time, found.value["power"], strict=True):
        if not np.isnan(value):
            drawn.setdefault(int(time * 1e6 // width), []).append(value)
    # A summary's bucket goes into one column whole: half a column off at most.
    for column, values in columns.items():
        near = [value for i in (-1, 0, 1) for value in drawn.get(column + i, [])]
        assert min(values) in near or min(near) < min(values)
        assert max(values) in near or max(near) > max(values)
    for column, values in drawn.items():
        near = [value for i in (-1, 0, 1) for value in columns.get(column + i, [])]
        assert set(values) <= set(near)


def test_scrolling_does_not_change_a_column(tmp_path: Path) -> None:
    samples = steady(30_000)
    for one in (1_003, 777_777, 60_000_001):
        assert column_width(HOUR + one % 3, 500) == column_width(HOUR, 500)
    with Session.open(record(tmp_path / "a.wattui", samples)) as session:
        for span in (HOUR, 6 * HOUR):
            start = BEGIN + HOUR
            first = session.envelope(1, ["power"], start, start + span, 500)
            moved = session.envelope(1, ["power"], start + 7_700_000, start + span + 7_700_001, 500)
            a = dict(zip(first.time[::2], first.value["power"][1::2], strict=True))
            b = dict(zip(moved.time[::2], moved.value["power"][1::2], strict=True))
            both = a.keys() & b.keys()
            assert len(both) > 0.9 * len(a)
            assert all(a[time] == b[time] for time in both)


@pytest.mark.parametrize("tail", [0, 3, 40, 900])
def test_a_gap_breaks_the_line_at_every_zoom(tmp_path: Path, tail: int) -> None:
    samples = steady(2_000)
    samples.append(sample(6_001, gap=4_000))
    samples += steady(2_000 + tail, first=6_002)
    with Session.open(record(tmp_path / "a.wattui", samples)) as session:
        begin, end = session.span_us() or (0, 0)
        middle = BEGIN / 1e6 + 4_000
        for pixels in (20, 100, 300, 1_000, 10_000):
            found = session.envelope(1, ["power", "integrated_energy"], begin, end, pixels)
            assert np.count_nonzero(np.isnan(found.value["power"])) == 1
            (at,) = np.flatnonzero(np.isnan(found.value["power"]))
            assert np.isnan(found.value["integrated_energy"][at])
            assert found.time[at - 1] < middle < found.time[at + 1]


def test_a_gap_within_a_column_does_not_break_it(tmp_path: Path) -> None:
    samples = [*steady(2_000), sample(2_011, gap=10), *steady(2_000, first=2_012)]
    with Session.open(record(tmp_path / "a.wattui", samples)) as session:
        found = session.envelope(1, ["power"], samples[0].time_us, samples[-1].time_us, 10)
        assert np.count_nonzero(np.isnan(found.value["power"])) <= 1
        assert session.statistics(1).gap_count == 1


def test_energy_starts_where_the_view_does(tmp_path: Path) -> None:
    samples = noisy(5_000, seed=9)
    cumulative = np.cumsum([(one.values[0] or 0) * one.interval_us for one in samples]) / 36e9
    with Session.open(record(tmp_path / "a.wattui", samples)) as session:
        for first, last, pixels in ((0, 4_999, 100), (2_000, 2_100, 900), (1_000, 4_000, 300)):
            start, stop = samples[first].time_us, samples[last].time_us
            found = session.envelope(1, ["integrated_energy"], start, stop, pixels)
            energy = finite(found, "integrated_energy")
            assert np.all(np.diff(energy) >= 0)
            assert energy[0] <= cumulative[first] + 1e-9
            assert energy[-1] >= cumulative[last] - 1e-9
        assert finite(found, "integrated_energy")[-1] <= cumulative[-1] + 1e-9


def test_an_absent_field_has_no_line(tmp_path: Path) -> None:
    with Session.open(record(tmp_path / "a.wattui", steady(5_000))) as session:
        for pixels in (10, 10_000):
            found = session.envelope(1, ["frequency"], BEGIN, BEGIN + 2 * HOUR, pixels)
            assert len(found)
            assert not len(finite(found, "frequency"))


def test_nothing_to_draw_is_empty_not_an_error(tmp_path: Path) -> None:
    with Session.open(record(tmp_path / "a.wattui", steady(3))) as session:
        assert not len(session.envelope(1, ["power"], BEGIN + HOUR, BEGIN, 100))
        with pytest.raises(KeyError):
            session.envelope(1, ["watts"], BEGIN, BEGIN + HOUR, 100)


def rows_read(session: Session, start: int, stop: int) -> int:
    """Count the steps that SQLite makes for a view, in hundreds."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    session._connection.set_progress_handler(count, 100)
    session.envelope(1, ["power"], start, stop, 1_000)
    session._connection.set_progress_handler(None, 0)
    return steps


def test_a_year_in_view_reads_only_a_few_hours_of_samples(tmp_path: Path) -> None:
    # 100,000 records, a minute apart, are ten weeks; the work must not grow with them.
    count = 100_000
    power = np.random.default_rng(1).integers(0, 5_000, count)
    values = np.tile(power[:, None], (1, 18))
    times = BEGIN + np.arange(1, count + 1) * 60 * MICROSECONDS
    with BulkWriter(tmp_path / "a.wattui") as writer:
        writer.add(METER, times, 60 * MICROSECONDS, values)
    with Session.open(tmp_path / "a.wattui") as session:
        # Four records a column: as many as there ever are.
        hours = rows_read(session, int(times[0]), int(times[3_999]))
        for part in (10_000, 30_000, 100_000):
            assert rows_read(session, int(times[0]), int(times[part - 1])) < 1.5 * hours


@pytest.mark.parametrize("pixels", [3, 40, 300])
def test_each_column_has_the_mean_of_its_records(tmp_path: Path, pixels: int) -> None:
    samples = noisy(9_000, seed=3)
    with Session.open(record(tmp_path / "a.wattui", samples)) as session:
        start, stop = session.span_us() or (0, 0)
        names = ["power", "voltage", "integrated_energy"]
        found = session.envelope(1, names, start, stop, pixels)
        whole = session.statistics(1)
    for name in names:
        times, means = found.means(name)
        assert np.all(np.diff(times) > 0)
        low, high = found.value[name], found.mean[name]
        assert len(low) == len(high) == len(found.time)
        for time, mean in zip(times, means, strict=True):
            both = low[found.time == time]
            if not np.isnan(mean):
                assert both.min() - 1e-9 <= mean <= both.max() + 1e-9
    # The mean of all columns is near the mean of all records.
    assert np.nanmean(found.means("power")[1]) == pytest.approx(whole["power"].mean, rel=0.25)


def test_a_column_of_samples_has_their_exact_mean(tmp_path: Path) -> None:
    samples = [sample(n + 1, power=100 if n % 4 else 500) for n in range(400)]
    with Session.open(record(tmp_path / "a.wattui", samples)) as session:
        start, stop = session.span_us() or (0, 0)
        found = session.envelope(1, ["power"], start, stop, 50)
    assert found.column
    _times, means = found.means("power")
    assert np.nanmean(means[2:-2]) == pytest.approx(20.0, abs=0.5)
    assert found.value["power"].max() == 50.0
