# SPDX-License-Identifier: GPL-3.0-or-later
"""The mean of a power factor is energy divided by apparent energy, not a mean of readings."""

from __future__ import annotations

import gzip
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from session_samples import BEGIN, as_version

from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import MeterInfo
from wattui.measurement.fields import FIELD_COUNT, FIELD_INDEX, POWER_LIMIT
from wattui.measurement.sample import Sample
from wattui.session import Session, SessionWriter, read_access, span_statistics, verify
from wattui.session.bulk import BulkWriter
from wattui.session.summary import as_samples

METERS = [MeterInfo(key, key, key) for key in ("one", "two", "three")]


def samples_of(seed: int, count: int = 6_000) -> list[Sample]:
    """A load that switches, with gaps, intervals that change, and values that are absent."""
    rng = np.random.default_rng(seed)
    made, time = [], BEGIN
    for n in range(count):
        interval = MICROSECONDS + int(rng.integers(-900, 900)) + (n > count // 2) * MICROSECONDS
        gap = int(rng.integers(3, 500)) * MICROSECONDS if rng.random() < 0.01 else 0
        time += interval + gap
        volts, on = int(rng.integers(1_150, 1_250)), rng.random() < 0.4
        amps = int(rng.integers(4_000, 9_000)) if on else int(rng.integers(20, 90))
        factor = 0.98 if on else 0.45
        values: list[int | None] = [None] * FIELD_COUNT
        values[FIELD_INDEX["power"]] = round(volts * amps * factor / 1_000)
        values[FIELD_INDEX["voltage"]] = volts
        values[FIELD_INDEX["current"]] = amps
        values[FIELD_INDEX["power_factor"]] = round(factor * 100)
        if rng.random() < 0.02:
            values[int(rng.integers(0, 3))] = None
        made.append(Sample(time, interval, tuple(values), gap))
    return made


def plain(samples: Sequence[Sample], start: int, stop: int) -> float:
    """Return energy divided by apparent energy by plain NumPy."""
    rows = [
        (one["power"], one["voltage"], one["current"], one.interval_us)
        for one in samples
        if start < one.time_us <= stop
    ]
    table = np.array(rows, dtype=float)
    table = table[~np.isnan(table).any(axis=1)]
    power, volts, amps, interval = table.T
    return float((power * interval).sum() / (volts * amps * interval).sum())


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[list[Sample]]]:
    path = tmp_path_factory.mktemp("factor") / "three.wattui"
    lists = [samples_of(seed) for seed in range(3)]
    with SessionWriter(path) as writer:
        for start in range(0, len(lists[0]), 300):
            for meter, samples in zip(METERS, lists, strict=True):
                writer.on_samples(meter, samples[start : start + 300])
    return path, lists


def spans(samples: Sequence[Sample]) -> list[tuple[int, int]]:
    first, last = samples[0].time_us - samples[0].interval_us, samples[-1].time_us
    rng = np.random.default_rng(5)
    inner = np.sort(rng.integers(first, last, (8, 2))).tolist()
    return [(first, last), (first + 17 * MICROSECONDS, first + 40 * MICROSECONDS), *inner]


def test_the_mean_of_a_power_factor_was_the_mean_of_its_readings(recorded) -> None:
    path, lists = recorded
    with Session.open(path) as session:
        for meter, samples in zip(session.meters, lists, strict=True):
            for start, stop in spans(samples):
                found = session.statistics(meter.id, start, stop)["power_factor"]
                assert found.mean == pytest.approx(plain(samples, start, stop), rel=1e-6)
            # The load is on for 40 % of the time, but that is most of the energy.
            assert found.mean > 0.9
            readings = [one["power_factor"] for one in samples]
            assert np.mean([value for value in readings if value is not None]) < 0.7
    assert verify(path) == []


def test_a_span_without_records_has_none(recorded) -> None:
    path, _lists = recorded
    with Session.open(path) as session:
        found = session.statistics(1, BEGIN - 60 * MICROSECONDS, BEGIN - MICROSECONDS)
        assert found.count == 0
        assert np.isnan(found["power_factor"].mean)


def test_a_session_written_at_once_has_the_same_mean(recorded, tmp_path: Path) -> None:
    path, lists = recorded
    with Session.open(path) as session:
        expected = session.statistics(1)["power_factor"]
    table = as_samples([
        (one.time_us, one.interval_us, one.gap_us or None, *one.values) for one in lists[0]
    ])  # fmt: skip
    other = tmp_path / "bulk.wattui"
    with BulkWriter(other) as writer:
        writer.add(METERS[0], table[:, 0], table[:, 1], table[:, 3:], np.maximum(table[:, 2], 0))
    with Session.open(other) as session:
        assert session.statistics(1)["power_factor"] == expected


@pytest.mark.parametrize("pixels", [30, 300])
def test_the_line_of_means_has_it_too(recorded, pixels: int) -> None:
    path, lists = recorded
    samples = lists[1]
    start, stop = samples[0].time_us, samples[-1].time_us
    with Session.open(path) as session:
        view = session.envelope(2, ["power_factor"], start, stop, pixels)
        times, means = view.means("power_factor")
    known = np.flatnonzero(np.isfinite(means))
    assert len(known) >= pixels // 3
    half = view.column / 2 * MICROSECONDS
    # Buckets belong to the column of their middle, so those at the edges are not compared.
    differences = []
    for index in known[1:-1]:
        middle = times[index] * MICROSECONDS
        inside = [one for one in samples if middle - half < one.time_us <= middle + half]
        if len(inside) > 20:
            differences.append(abs(means[index] - plain(inside, 0, 2**62)))
    assert np.median(differences) < 0.02
    assert means[known].max() <= 1.0


def test_without_a_load_there_is_no_power_factor(tmp_path: Path) -> None:
    values = (0, 1198, 0, *(None,) * 10, 100, *(None,) * 4)
    idle = [Sample(BEGIN + n * MICROSECONDS, MICROSECONDS, values) for n in range(1, 200)]
    with SessionWriter(tmp_path / "idle.wattui") as writer:
        writer.on_samples(METERS[0], idle)
    with Session.open(tmp_path / "idle.wattui") as session:
        found = session.statistics(1)["power_factor"]
        assert np.isnan(found.mean)
        assert (found.low, found.high) == (1.0, 1.0)


def test_values_that_no_meter_has_do_not_overflow(tmp_path: Path) -> None:
    largest = (2**32 - 1,) * FIELD_COUNT
    samples = [Sample(BEGIN + n * 3600 * MICROSECONDS, 3600 * MICROSECONDS, largest)
               for n in range(1, 400)]  # fmt: skip
    with SessionWriter(tmp_path / "wild.wattui") as writer:
        writer.on_samples(METERS[0], samples)
    with Session.open(tmp_path / "wild.wattui") as session:
        assert session.statistics(1)["power_factor"].mean == 1.0
        assert session.statistics(1).energy_wh == POWER_LIMIT / 10 * 399
    assert verify(tmp_path / "wild.wattui") == []


# -- sessions of the first version ---------------------------------------------------


def first_version(recorded, tmp_path: Path) -> Path:
    """Return the same session as the first version would have written it."""
    path = tmp_path / "old.wattui"
    path.write_bytes(recorded[0].read_bytes())
    return as_version(path, 1)


@pytest.mark.parametrize("writable", [True, False])
def test_an_old_session_has_the_mean_from_its_samples(
    recorded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writable: bool
) -> None:
    path, lists = first_version(recorded, tmp_path), recorded[1]
    before = path.read_bytes()
    if not writable:
        access = os.access
        monkeypatch.setattr(
            read_access.os, "access", lambda name, mode: mode != os.W_OK and access(name, mode)
        )
    with Session.open(path) as session:
        for meter, samples in zip(session.meters, lists, strict=True):
            start, stop = spans(samples)[0]
            found = session.statistics(meter.id, start, stop)["power_factor"]
            assert found.mean == pytest.approx(plain(samples, start, stop), rel=1e-6)
    assert verify(path) == []
    assert writable or path.read_bytes() == before


def test_a_mean_that_would_take_too_long_is_not_shown(
    recorded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = first_version(recorded, tmp_path)
    monkeypatch.setattr(span_statistics, "_MOST_SAMPLES", 100)
    with Session.open(path) as session:
        found = session.statistics(1)["power_factor"]
        assert np.isnan(found.mean)
        assert found.count > 5_000


def test_an_old_session_that_is_continued_has_both(recorded, tmp_path: Path) -> None:
    path, lists = first_version(recorded, tmp_path), recorded[1]
    later = [
        Sample(lists[0][-1].time_us + n * MICROSECONDS, MICROSECONDS, lists[0][7].values)
        for n in range(1, 500)
    ]
    with SessionWriter(path) as writer:
        writer.on_samples(METERS[0], later)
    everything = [*lists[0], *later]
    with Session.open(path) as session:
        found = session.statistics(1)["power_factor"]
    assert found.mean == pytest.approx(plain(everything, 0, 2**62), rel=1e-6)
    assert verify(path) == []


def test_the_old_sessions_of_the_released_version_open(tmp_path: Path) -> None:
    packed = Path(__file__).with_name("data") / "finished.wattui.gz"
    path = tmp_path / "finished.wattui"
    path.write_bytes(gzip.decompress(packed.read_bytes()))
    with Session.open(path) as session:
        desk = session.meters[1]
        samples = list(session.samples(desk.id))
        found = session.statistics(desk.id)["power_factor"]
    assert found.mean == pytest.approx(plain(samples, 0, 2**62), rel=1e-6)
