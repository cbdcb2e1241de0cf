# SPDX-License-Identifier: GPL-3.0-or-later
"""Times, intervals and gaps, whatever the clocks and the operating system do."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattui.client.sampler import Sampler
from wattui.measurement.events import Event, EventKind
from wattui.measurement.sample import Sample

SECOND = 1_000_000
HOUR = 3600.0
WALL = 1_700_000_000.0


def record(number: int = 0) -> tuple[int | None, ...]:
    return (number,) + (None,) * 17


class Bench:
    """A sampler and its clocks."""

    def __init__(self, interval: float = 1.0) -> None:
        self.sampler = Sampler(interval)
        self.wall = WALL
        self.mono = 50.0
        self.samples: list[Sample] = []
        self.events: list[Event] = []

    def after(self, seconds: float, count: int = 1, step: float = 0.0) -> list[Sample]:
        """Receive *count* records in one read, after a time in which the clock stepped."""
        self.mono += seconds
        self.wall += seconds + step
        samples, events = self.sampler.take([record()] * count, self.wall, self.mono)
        self.samples += samples
        self.events += events
        return samples


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_first_sample_stands_for_one_interval_and_has_the_wall_clocks_time(bench: Bench) -> None:
    (sample,) = bench.after(0)
    assert sample == Sample(int(WALL * SECOND), SECOND, record())


def test_records_of_the_first_read_stand_for_one_interval_each(bench: Bench) -> None:
    samples = bench.after(0, count=3)
    assert [sample.interval_us for sample in samples] == [SECOND] * 3
    assert samples[-1].time_us == int(WALL * SECOND)
    assert samples[0].time_us == int((WALL - 2) * SECOND)
    assert not bench.events


def test_interval_is_the_distance_to_the_previous_record(bench: Bench) -> None:
    bench.after(0)
    (sample,) = bench.after(1.2)
    assert (sample.interval_us, sample.gap_us) == (1_200_000, 0)


@pytest.mark.parametrize("distance", [0.2, 0.9, 1.1, 1.8, 2.5])
def test_jitter_makes_no_gap(bench: Bench, distance: float) -> None:
    bench.after(0)
    (sample,) = bench.after(distance)
    assert (sample.interval_us, sample.gap_us) == (round(distance * SECOND), 0)
    assert not bench.events


def test_beyond_two_and_a_half_intervals_one_counts_and_the_rest_is_a_gap(bench: Bench) -> None:
    bench.after(0)
    (sample,) = bench.after(2.51)
    assert (sample.interval_us, sample.gap_us) == (SECOND, 1_510_000)
    (event,) = bench.events
    assert event.kind is EventKind.GAP
    assert event.duration_us == sample.gap_us
    # A gap ends where the interval begins.
    assert event.time_us == sample.time_us - sample.interval_us
    assert event.text == "No record for 1.5 s"


def test_burst_of_a_late_system_is_spread_over_the_time_that_it_took(bench: Bench) -> None:
    bench.after(0)
    samples = bench.after(5.0, count=5)
    assert [sample.interval_us for sample in samples] == [SECOND] * 5
    assert [sample.time_us - bench.samples[0].time_us for sample in samples] == [
        number * SECOND for number in range(1, 6)
    ]
    assert not bench.events


def test_burst_after_a_gap_has_the_gap_before_it(bench: Bench) -> None:
    bench.after(0)
    samples = bench.after(60.0, count=2)
    assert [sample.gap_us for sample in samples] == [58 * SECOND, 0]
    assert [sample.interval_us for sample in samples] == [SECOND, SECOND]


def test_records_of_one_instant_keep_their_order(bench: Bench) -> None:
    bench.after(0)
    for _read in range(3):
        bench.after(0, count=4)
    times = [sample.time_us for sample in bench.samples]
    assert times == sorted(set(times))


@pytest.mark.parametrize(("step", "word"), [(HOUR, "forward"), (-HOUR, "back")])
def test_clock_that_steps_becomes_an_event_and_no_gap(bench: Bench, step: float, word: str) -> None:
    bench.after(0)
    (sample,) = bench.after(1.0, step=step)
    assert (sample.interval_us, sample.gap_us) == (SECOND, 0)
    (event,) = bench.events
    assert event.kind is EventKind.CLOCK_STEPPED
    assert f"set {word} by 1 h" in event.text


def test_clock_set_forward_is_followed(bench: Bench) -> None:
    bench.after(0)
    (sample,) = bench.after(1.0, step=HOUR)
    assert sample.time_us == round(bench.wall * SECOND)


def test_times_continue_evenly_after_the_clock_was_set_back(bench: Bench) -> None:
    bench.after(0)
    bench.after(1.0, step=-HOUR)
    bench.after(1.0)
    assert [sample.time_us - bench.samples[0].time_us for sample in bench.samples] == [
        0,
        SECOND,
        2 * SECOND,
    ]
    assert len(bench.events) == 1  # reported once


def test_times_are_the_wall_clocks_again_when_it_has_caught_up(bench: Bench) -> None:
    bench.after(0)
    bench.after(1.0, step=-HOUR)
    (sample,) = bench.after(1.0, step=+HOUR)
    assert sample.time_us == round(bench.wall * SECOND)


def test_clock_that_is_slowed_to_the_right_time_is_followed_silently(bench: Bench) -> None:
    bench.after(0)
    for _second in range(100):
        bench.after(1.0, step=-0.0005)
    assert not bench.events
    assert bench.samples[-1].time_us == round(bench.wall * SECOND)


def test_after_an_interruption_one_interval_counts_even_if_it_was_short() -> None:
    bench = Bench(interval=60)
    bench.after(0)
    bench.sampler.interrupt()
    (sample,) = bench.after(70.0)
    assert (sample.interval_us, sample.gap_us) == (60 * SECOND, 10 * SECOND)


def test_interruption_shorter_than_an_interval_leaves_no_gap(bench: Bench) -> None:
    bench.after(0)
    bench.sampler.interrupt()
    samples = bench.after(0.700_001, count=3)
    assert sum(sample.interval_us for sample in samples) == 700_001
    assert not bench.events


def test_shorter_interval_makes_no_gap_of_the_current_one() -> None:
    bench = Bench(interval=60)
    bench.after(0)
    bench.sampler.set_interval(1)
    (sample,) = bench.after(51.0)
    assert (sample.interval_us, sample.gap_us) == (51 * SECOND, 0)
    (sample,) = bench.after(51.0)
    assert (sample.interval_us, sample.gap_us) == (SECOND, 50 * SECOND)


def test_event_is_never_before_the_last_sample(bench: Bench) -> None:
    bench.after(0)
    bench.after(1.0, step=-HOUR)
    assert bench.sampler.stamp(bench.wall) == bench.samples[-1].time_us
    assert bench.sampler.stamp(bench.wall - 5) == bench.samples[-1].time_us


reads = st.lists(
    st.tuples(
        st.floats(0, 100) | st.floats(0, 2),  # seconds by the monotonic clock
        st.integers(1, 6),  # records in one read
        st.sampled_from([0.0, 0.0, 0.0, HOUR, -HOUR]) | st.floats(-5, 5),  # step of the wall clock
        st.sampled_from(["", "", "", "interrupt", "faster", "slower"]),
    ),
    min_size=1,
    max_size=40,
)


@given(reads)
def test_times_increase_strictly_whatever_the_wall_clock_does(
    reads: list[tuple[float, int, float, str]],
) -> None:
    bench = _play(reads)
    times = [sample.time_us for sample in bench.samples]
    assert all(after > before for before, after in itertools.pairwise(times))


@given(reads)
def test_intervals_and_gaps_add_up_to_the_time_that_passed(
    reads: list[tuple[float, int, float, str]],
) -> None:
    bench = _play(reads)
    samples = bench.samples
    first_read = sum(sample.interval_us for sample in samples[: reads[0][1]])
    total = sum(sample.interval_us + sample.gap_us for sample in samples)
    passed = round(bench.mono * SECOND) - round((50.0 + reads[0][0]) * SECOND)
    # One microsecond per record may be borrowed if records came at the same instant.
    assert passed <= total - first_read <= passed + len(samples)
    assert first_read == reads[0][1] * SECOND
    assert all(sample.interval_us > 0 and sample.gap_us >= 0 for sample in samples)


@given(reads)
def test_every_gap_is_an_event(reads: list[tuple[float, int, float, str]]) -> None:
    bench = _play(reads)
    gaps = [sample.gap_us for sample in bench.samples if sample.gap_us]
    reported = [event.duration_us for event in bench.events if event.kind is EventKind.GAP]
    assert gaps == reported


def _play(reads: list[tuple[float, int, float, str]]) -> Bench:
    bench = Bench()
    for seconds, count, step, change in reads:
        if change == "interrupt":
            bench.sampler.interrupt()
        elif change and bench.samples:
            bench.sampler.set_interval(1 if change == "faster" else 60)
        bench.after(seconds, count, step)
    return bench


@pytest.mark.parametrize("count", [1, 3])
def test_interval_of_a_garbled_record_is_a_gap(bench: Bench, count: int) -> None:
    bench.after(0)
    bench.sampler.garbled()
    samples = bench.after(count + 1, count=count)
    assert [sample.interval_us for sample in samples] == [SECOND] * count
    assert [sample.gap_us for sample in samples] == [SECOND] + [0] * (count - 1)
    assert [event.kind for event in bench.events] == [EventKind.GAP]
    assert "garbled" in bench.events[0].text


def test_garbage_that_takes_no_interval_away_makes_no_gap(bench: Bench) -> None:
    bench.after(0)
    for late in (0.0, 0.4, -0.4):
        bench.sampler.garbled()
        (sample,) = bench.after(1 + late)
        assert (sample.interval_us, sample.gap_us) == (round((1 + late) * SECOND), 0)
    (sample,) = bench.after(2.2)  # a record that is merely late, as ever
    assert (sample.interval_us, sample.gap_us) == (round(2.2 * SECOND), 0)
    assert not bench.events


def test_record_after_garbage_may_still_follow_the_old_interval(bench: Bench) -> None:
    bench.sampler.set_interval(10)
    bench.after(0)
    bench.after(10)
    bench.sampler.set_interval(1)
    bench.sampler.garbled()
    (sample,) = bench.after(10)
    assert (sample.interval_us, sample.gap_us) == (10 * SECOND, 0)
