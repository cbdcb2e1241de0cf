# SPDX-License-Identifier: GPL-3.0-or-later
"""The value counts in the file: the same figures with them, without them, and damaged."""

from __future__ import annotations

import sqlite3
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from session_samples import BEGIN, METER, OTHER, as_version

from wattui.errors import SessionDamaged
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.distribution import Distribution
from wattui.measurement.events import MeterInfo
from wattui.measurement.fields import FIELD_COUNT, FIELD_INDEX
from wattui.measurement.sample import Sample
from wattui.session import (
    BulkWriter,
    Session,
    SessionWriter,
    open_checked,
    salvage,
    value_counts,
    verify,
)
from wattui.session.schema import WIDTHS
from wattui.session.summary import ABSENT
from wattui.session.value_counts import pack, unpacked

#: Two 18-hour buckets and a part of a third, of records every 4 s with gaps.
COUNT = 16_000
LAMP = replace(METER, interval=4.0)


def table(count: int = COUNT, seed: int = 0) -> np.ndarray:
    """Return samples with jitter, gaps, absent values and noise, (n, 21)."""
    chance = np.random.default_rng(seed)
    interval = 4 * MICROSECONDS + chance.integers(-900, 900, count)
    gap = np.where(chance.random(count) < 0.001, chance.integers(1, 9_000, count), 0) * MICROSECONDS
    samples = np.full((count, 3 + FIELD_COUNT), ABSENT, np.int64)
    samples[:, 0] = BEGIN + np.cumsum(interval + gap)
    samples[:, 1], samples[:, 2] = interval, gap
    on = np.arange(count) // 300 % 3 == 0
    samples[:, 3] = np.where(on, 1000 + chance.integers(0, 99, count), chance.integers(0, 9, count))
    samples[:, 4] = np.where(chance.random(count) < 0.1, ABSENT, chance.integers(1190, 1210, count))
    return samples


def write(path: Path, samples: np.ndarray, meters: tuple[MeterInfo, ...] = (LAMP,)) -> Path:
    with BulkWriter(path) as writer:
        for meter in meters:
            writer.add(meter, samples[:, 0], samples[:, 1], samples[:, 3:], samples[:, 2])
    return path


def go_on(path: Path, samples: np.ndarray) -> None:
    """Continue a session, as a recording does."""
    rows = [tuple(None if v == ABSENT else v for v in row) for row in samples.tolist()]
    with SessionWriter(path) as writer:
        writer.on_samples(LAMP, [Sample(row[0], row[1], row[3:], row[2]) for row in rows])


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("counts") / "sound.wattui", table())


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("counts") / "small.wattui", table(4_000))


@pytest.fixture
def path(sound: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "run.wattui"
    copy.write_bytes(sound.read_bytes())
    return copy


def spans(samples: np.ndarray) -> Iterator[tuple[int | None, int | None]]:
    """Yield the whole, and spans whose edges fall on samples, between them, and on buckets."""
    yield None, None
    chance = np.random.default_rng(3)
    width = WIDTHS[6]
    bucket = int(samples[0, 0]) // width * width + width
    yield bucket, bucket + width
    yield bucket - 1, bucket + width + 1
    for first, last in np.sort(chance.integers(0, len(samples), (12, 2))).tolist():
        yield int(samples[first, 0]), int(samples[last, 0]) - 3


def assert_figures(path: Path, samples: np.ndarray, meter: int = 1) -> None:
    """Compare all figures with NumPy's over all samples."""
    with Session.open(path) as session:
        for start, stop in spans(samples):
            low = samples[:, 0] > (0 if start is None else start)
            inside = samples[low & (samples[:, 0] <= (2**62 if stop is None else stop))]
            for name in ("power", "voltage"):
                there = inside[inside[:, 3 + FIELD_INDEX[name]] != ABSENT]
                wire, weight = there[:, 3 + FIELD_INDEX[name]], there[:, 1]
                found = session.distribution(meter, name, start, stop)
                values, counts = np.unique(wire, return_counts=True)
                assert np.array_equal(found.wire, values)
                assert np.array_equal(found.counts, counts)
                assert np.array_equal(found.times_us, [weight[wire == v].sum() for v in values])
            load = session.load(meter, 50.0, start, stop)
            up = inside[:, 3] > 500
            assert load.on_s == inside[up, 1].sum() / MICROSECONDS
            assert load.cycles == np.count_nonzero(np.diff(up, prepend=False) & up)


def stored(path: Path) -> list[tuple[int, str]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute("SELECT level, field FROM value_count ORDER BY 1, 2").fetchall()


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()


def test_figures_are_those_of_all_samples(sound: Path) -> None:
    assert {4, 5, 6} <= {level for level, _ in stored(sound)}
    assert {field for _, field in stored(sound)} == {"power", "voltage"}
    assert_figures(sound, table())
    assert verify(sound) == []


def test_every_meter_has_its_own(tmp_path: Path) -> None:
    path = write(tmp_path / "two.wattui", table(9_000), (LAMP, replace(OTHER, interval=4.0)))
    assert_figures(path, table(9_000), 2)
    assert verify(path) == []


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_session_of_an_earlier_version_has_the_same_figures(path: Path, version: int) -> None:
    assert_figures(as_version(path, version), table())
    assert verify(path) == []


def test_a_session_of_an_earlier_version_that_is_continued(path: Path, tmp_path: Path) -> None:
    """Buckets of before and after, and the wide ones that hold both."""
    samples = table()
    write(tmp_path / "first.wattui", samples[:9_000])
    as_version(tmp_path / "first.wattui", 3)
    go_on(tmp_path / "first.wattui", samples[9_000:])
    assert_figures(tmp_path / "first.wattui", samples)
    assert verify(tmp_path / "first.wattui") == []
    levels = [level for level, _ in stored(tmp_path / "first.wattui")]
    assert 4 in levels
    assert levels.count(6) < [level for level, _ in stored(path)].count(6)


def damaged_byte(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT bucket, field, data FROM value_count").fetchall()
        for bucket, field, data in rows:
            middle = len(data) // 2
            other = data[:middle] + bytes([data[middle] ^ 16]) + data[middle + 1 :]
            key = (other, bucket, field)
            database.execute("UPDATE value_count SET data=? WHERE bucket=? AND field=?", key)
        database.commit()


def exchanged(path: Path) -> None:
    data = "(SELECT data FROM value_count WHERE level=4 AND field='voltage' LIMIT 1)"
    change(path, f"UPDATE value_count SET data={data} WHERE field='power'")


@pytest.mark.parametrize(
    "damage",
    [
        damaged_byte,
        exchanged,
        lambda path: change(path, "UPDATE value_count SET data='text'"),
        lambda path: change(path, "UPDATE value_count SET data=x''"),
        lambda path: change(path, "UPDATE value_count SET data=x'789c030000000001'"),
    ],
    ids=["a bit", "of another field", "text", "nothing", "no numbers"],
)
def test_damaged_counts_are_found_and_made_again_from_samples(
    small: Path, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    path = tmp_path / "run.wattui"
    path.write_bytes(small.read_bytes())
    damage(path)
    assert_figures(path, table(4_000))
    faults = verify(path)
    assert faults
    assert all("the value counts from" in fault and "are wrong" in fault for fault in faults)
    saved = salvage(path, tmp_path / "repaired.wattui")
    assert saved.samples == 4_000
    assert stored(tmp_path / "repaired.wattui") == stored(small)
    assert verify(tmp_path / "repaired.wattui") == []
    with open_checked(path) as session:
        assert session.damage
        assert session.count(1) == 4_000


def test_counts_that_claim_gigabytes_take_no_memory(small: Path, tmp_path: Path) -> None:
    path = tmp_path / "run.wattui"
    path.write_bytes(small.read_bytes())
    bomb = zlib.compress(bytes(1 << 26), 9)
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE value_count SET data=?", (bomb,))
        database.commit()
    tracemalloc.start()
    assert_figures(path, table(4_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 25
    assert verify(path)


def test_counts_that_cannot_be_are_an_error_and_not_a_figure(small: Path, tmp_path: Path) -> None:
    """Made on purpose: with a checksum of their own, and as many records as there are."""
    path = tmp_path / "run.wattui"
    path.write_bytes(small.read_bytes())
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute(
            "SELECT level, bucket, data FROM value_count WHERE field='power'"
        ).fetchall()
        for level, bucket, data in rows:
            found = unpacked("power", data)
            assert found is not None
            data = pack(replace(found, times_us=-found.times_us))
            key = (data, level, bucket)
            database.execute(
                "UPDATE value_count SET data=? WHERE level=? AND bucket=? AND field='power'", key
            )
        database.commit()
    with Session.open(path) as session, pytest.raises(SessionDamaged, match="value counts"):
        session.distribution(1, "power")
    assert verify(path)


def test_a_field_with_more_values_than_any_meter_sends_is_counted_from_samples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(value_counts, "_MOST_VALUES", 50)
    path = write(tmp_path / "wild.wattui", table(4_000))
    fields = [field for _, field in stored(path)]
    assert fields.count("power") < fields.count("voltage")
    assert_figures(path, table(4_000))
    assert verify(path) == []


def test_counts_of_times_without_samples_are_found(path: Path) -> None:
    change(path, "INSERT INTO value_count VALUES (1, 4, 0, 'power', x'00')")
    assert verify(path) == [f"{METER.label}: there are value counts of times without samples"]


def test_counts_that_are_gone_are_made_again(path: Path) -> None:
    change(path, "DELETE FROM value_count WHERE bucket / 4096000000 % 3 = 0")
    assert_figures(path, table())
    assert verify(path) == []


def test_slow_records_have_counts_of_wide_buckets_only(tmp_path: Path) -> None:
    """Of one record per minute, an 18-hour bucket has a thousand; one of 4096 s has too few."""
    samples = table(3_000)
    minute = samples.copy()
    minute[:, 0] = BEGIN + np.arange(1, 3_001) * 60 * MICROSECONDS
    minute[:, 1], minute[:, 2] = 60 * MICROSECONDS, 0
    path = write(tmp_path / "slow.wattui", minute, (replace(METER, interval=60.0),))
    assert {level for level, _ in stored(path)} == {6}
    assert_figures(path, minute)
    assert verify(path) == []


def test_records_that_come_faster_than_before_have_finer_counts(tmp_path: Path) -> None:
    samples = table(3_000)
    path = write(tmp_path / "a.wattui", samples[:1_000], (replace(METER, interval=60.0),))
    go_on(path, samples[1_000:])
    assert 4 in {level for level, _ in stored(path)}
    assert_figures(path, samples)
    assert verify(path) == []


@given(
    st.lists(
        st.tuples(st.integers(-(2**40), 2**40), st.integers(0, 2**40)), min_size=1, max_size=50
    )
)
def test_packed_and_unpacked_is_the_same(records: list[tuple[int, int]]) -> None:
    values, times = np.array(records, np.int64).T
    found = Distribution.of("power", values, times)
    other = unpacked("power", pack(found))
    assert other is not None
    assert unpacked("power", b"") is None
    assert unpacked("power", pack(found)[:-1]) is None
    for name in ("wire", "counts", "times_us", "rises"):
        assert np.array_equal(getattr(other, name), getattr(found, name)), name
    assert (other.first, other.last) == (found.first, found.last)
