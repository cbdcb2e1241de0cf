# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions that are written from arrays: the same as if they had been recorded."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from session_samples import BEGIN, METER, OTHER, noisy, sample, sample_lists, steady

from wattui.errors import DiskRefused
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import Event, EventKind, MeterInfo
from wattui.measurement.fields import FIELD_COUNT
from wattui.measurement.sample import Sample
from wattui.session import BulkWriter, Session, SessionWriter, verify

TABLES = ("sample", "summary", "seal", "value_count", "meter")


def write_bulk(
    path: Path, meters: Sequence[MeterInfo], samples: Sequence[Sample], seed: int = 0
) -> None:
    """Write the samples of each meter in parts of any size; the meters take turns."""
    chance = random.Random(seed)
    with BulkWriter(path, replace=True) as writer:
        begin = 0
        while begin < len(samples):
            part = slice(begin, begin + chance.choice((1, 7, 100, 1_000, 5_000, 20_000)))
            for meter in meters:
                writer.add_samples(meter, samples[part])
            begin = part.stop


def write_live(path: Path, meters: Sequence[MeterInfo], samples: Sequence[Sample]) -> None:
    with SessionWriter(path) as writer:
        for start in range(0, len(samples), 700):
            for meter in meters:
                writer.on_samples(meter, samples[start : start + 700])


def tables(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        found = {name: database.execute(f"SELECT * FROM {name}").fetchall() for name in TABLES}
        found["event"] = sorted(
            database.execute("SELECT meter, time, kind, text, duration FROM event").fetchall()
        )
        # By the index, whatever else the planner would take.
        found["gap"] = database.execute(
            "SELECT meter, time, interval, gap FROM sample INDEXED BY sample_gap"
            " WHERE gap IS NOT NULL ORDER BY meter, time"
        ).fetchall()
        found["schema"] = database.execute("SELECT * FROM sqlite_master").fetchall()
        for name in ("user_version", "application_id"):
            found[name] = database.execute(f"PRAGMA {name}").fetchall()
    return found


@pytest.mark.parametrize("count", [1, 2, 3, 16, 40, 41, 137, 138, 139, 500, 9_000])
@pytest.mark.parametrize("make", [noisy, steady])
def test_the_same_rows_as_by_recording(tmp_path: Path, count: int, make) -> None:
    samples = make(count)
    write_live(tmp_path / "live.wattui", [METER, OTHER], samples)
    write_bulk(tmp_path / "bulk.wattui", [METER, OTHER], samples, count)
    assert tables(tmp_path / "bulk.wattui") == tables(tmp_path / "live.wattui")
    assert verify(tmp_path / "bulk.wattui") == []


@settings(
    deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(samples=sample_lists())
def test_any_samples(tmp_path: Path, samples: list[Sample]) -> None:
    if not samples:
        return
    (tmp_path / "live.wattui").unlink(missing_ok=True)
    write_live(tmp_path / "live.wattui", [METER], samples)
    write_bulk(tmp_path / "bulk.wattui", [METER], samples)
    assert tables(tmp_path / "bulk.wattui") == tables(tmp_path / "live.wattui")


def test_a_recording_goes_on_in_the_file(tmp_path: Path) -> None:
    samples = noisy(9_000)
    write_bulk(tmp_path / "bulk.wattui", [METER], samples[:4_321])
    write_live(tmp_path / "bulk.wattui", [METER], samples[4_321:])
    write_live(tmp_path / "live.wattui", [METER], samples[:4_321])
    write_live(tmp_path / "live.wattui", [METER], samples[4_321:])
    assert tables(tmp_path / "bulk.wattui") == tables(tmp_path / "live.wattui")


def test_rows_can_be_changed_and_deleted_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "run.wattui"
    samples = noisy(3_000)
    write_bulk(path, [METER], samples)
    last = samples[-1].time_us
    write_live(path, [METER], [Sample(last + n, 1, (1,)) for n in range(1, 3_000)])
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE sample SET power=power+1, duty_cycle=7")
        database.execute("DELETE FROM sample WHERE time % 3 = 0")
        database.execute("DELETE FROM summary WHERE bucket % 5 = 0")
        database.commit()
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        database.execute("VACUUM")


def test_an_existing_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "run.wattui"
    path.write_text("mine")
    with pytest.raises(DiskRefused, match="already exists"):
        BulkWriter(path)
    assert path.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_came_meanwhile_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "run.wattui"
    writer = BulkWriter(path)
    path.write_text("mine")
    with pytest.raises(DiskRefused, match="already exists"):
        writer.close()
    assert path.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_replaced_is_whole_until_the_end(tmp_path: Path) -> None:
    path = tmp_path / "run.wattui"
    path.write_text("earlier")
    with BulkWriter(path, replace=True) as writer:
        writer.add_samples(METER, steady(100))
        assert path.read_text() == "earlier"
    with Session.open(path) as session:
        assert session.count(1) == 100
    assert list(tmp_path.iterdir()) == [path]


def test_a_session_that_is_being_recorded_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "run.wattui"
    with SessionWriter(path), pytest.raises(DiskRefused, match="being recorded"):
        BulkWriter(path, replace=True)


def test_nothing_is_left_of_one_that_failed(tmp_path: Path) -> None:
    def fail() -> None:
        with BulkWriter(tmp_path / "run.wattui") as writer:
            writer.add_samples(METER, steady(1_000))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_times_that_do_not_increase_are_refused(tmp_path: Path) -> None:
    samples = steady(10)
    with BulkWriter(tmp_path / "run.wattui") as writer:
        writer.add_samples(METER, samples)
        for late in (samples[-1:], [samples[3]], [sample(11), sample(11)]):
            with pytest.raises(ValueError, match="do not increase"):
                writer.add_samples(METER, late)


def test_arrays_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    with BulkWriter(tmp_path / "a.wattui") as writer:
        with pytest.raises(ValueError, match="increase"):
            writer.add(METER, [2, 1], 1, np.zeros((2, 18), int))
        with pytest.raises(ValueError, match="match"):
            writer.add(METER, [1, 2], 1, np.zeros((2, 17), int))
        assert writer.add(METER, [], 1, np.zeros((0, FIELD_COUNT), int)) == 0


def test_events_and_facts_are_stored(tmp_path: Path) -> None:
    path = tmp_path / "run.wattui"
    with BulkWriter(path) as writer:
        writer.add(METER, [1_000_000, 2_000_000, 3_000_000], 1_000_000, powers(1, 2, 3))
        writer.add_event(Event(5 * MICROSECONDS, EventKind.NOTE, "assumed"))
        writer.set_info("source", "old.log")
    with Session.open(path) as session:
        assert session.info["source"] == "old.log"
        assert not session.interrupted
        assert [e.event.text for e in session.events([EventKind.NOTE])] == ["assumed"]
        assert session.statistics(1).fields.keys() == {"power"}


def powers(*watts: int) -> np.ndarray:
    values = np.full((len(watts), FIELD_COUNT), -(2**62), np.int64)
    values[:, 0] = watts
    return values


def test_each_meter_has_its_own_events(tmp_path: Path) -> None:
    with BulkWriter(tmp_path / "a.wattui") as writer:
        writer.add_samples(METER, [sample(1), sample(2)])
        writer.add_samples(OTHER, [sample(7, gap=3)])
        writer.add_event(Event(BEGIN, EventKind.NOTE, "times are a guess"))
        writer.set_info("source", "fan.raw")
    with Session.open(tmp_path / "a.wattui") as session:
        assert session.info["source"] == "fan.raw"
        assert session.span_us() == (BEGIN, BEGIN + 7 * MICROSECONDS)
        assert session.statistics(2).gap_count == 1
        kinds = sorted(one.event.kind for one in session.events())
        assert kinds == ["note", "started", "started", "stopped", "stopped"]
