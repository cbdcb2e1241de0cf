# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions whose pages are made by NumPy: the same as if SQLite had inserted each row."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from session_samples import METER, OTHER, noisy, sample_lists, steady

from wattui.errors import DiskRefused
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import Event, EventKind, MeterInfo
from wattui.measurement.fields import FIELD_COUNT
from wattui.measurement.sample import Sample
from wattui.session import BulkWriter, Session, verify
from wattui.session import pages as pages_module
from wattui.session.fresh import FreshWriter
from wattui.session.summary import ABSENT

TABLES = ("sample", "summary", "seal", "meter")


def arrays(samples: Sequence[Sample]) -> tuple[np.ndarray, ...]:
    values = np.array(
        [[ABSENT if v is None else v for v in one.values] for one in samples], np.int64
    )
    return (
        np.array([one.time_us for one in samples], np.int64),
        np.array([one.interval_us for one in samples], np.int64),
        np.array([one.gap_us for one in samples], np.int64),
        values.reshape(len(samples), FIELD_COUNT),
    )


def write_fresh(
    path: Path, meters: Sequence[MeterInfo], samples: Sequence[Sample], seed: int = 0
) -> None:
    time, interval, gap, values = arrays(samples)
    chance = random.Random(seed)
    with FreshWriter(path) as writer:
        begin = 0
        while begin < len(samples):
            part = slice(begin, begin + chance.choice((1, 7, 100, 1_000, 5_000)))
            columns = {index: values[part, index] for index in range(FIELD_COUNT)}
            there = {i: c for i, c in columns.items() if (c != ABSENT).any()}
            for meter in meters:
                writer.add(meter, time[part], interval[part], gap[part], there)
            begin = part.stop


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
    return found


def write_bulk(path: Path, meters: Sequence[MeterInfo], samples: Sequence[Sample]) -> None:
    with BulkWriter(path) as writer:
        for meter in meters:
            writer.add_samples(meter, samples)


@pytest.mark.parametrize("count", [1, 2, 3, 16, 40, 41, 137, 138, 139, 500, 9_000])
@pytest.mark.parametrize("make", [noisy, steady])
def test_the_same_rows_as_by_insertion(tmp_path: Path, count: int, make) -> None:
    samples = make(count)
    write_bulk(tmp_path / "bulk.wattui", [METER, OTHER], samples)
    write_fresh(tmp_path / "fresh.wattui", [METER, OTHER], samples, count)
    assert tables(tmp_path / "fresh.wattui") == tables(tmp_path / "bulk.wattui")
    assert verify(tmp_path / "fresh.wattui") == []


@settings(
    deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(samples=sample_lists())
def test_any_samples(tmp_path: Path, samples: list[Sample]) -> None:
    for name in ("bulk", "fresh"):
        (tmp_path / f"{name}.wattui").unlink(missing_ok=True)
    if not samples:
        return
    write_bulk(tmp_path / "bulk.wattui", [METER], samples)
    write_fresh(tmp_path / "fresh.wattui", [METER], samples)
    assert tables(tmp_path / "fresh.wattui") == tables(tmp_path / "bulk.wattui")


def test_rows_can_be_added_changed_and_deleted_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "run.wattui"
    samples = noisy(3_000)
    write_fresh(path, [METER], samples)
    with BulkWriter(path) as writer:
        writer.add_samples(
            METER, [Sample(samples[-1].time_us + n, 1, (1,)) for n in range(1, 3_000)]
        )
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE sample SET power=power+1, duty_cycle=7")
        database.execute("DELETE FROM sample WHERE time % 3 = 0")
        database.execute("DELETE FROM summary WHERE bucket % 5 = 0")
        database.commit()
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        database.execute("VACUUM")


def test_the_page_that_sqlite_locks_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It lies at 1 GiB; here it is moved to where a small file has it.
    monkeypatch.setattr(pages_module, "_LOCK_BYTE", 40 * 4096)
    path = tmp_path / "run.wattui"
    write_fresh(path, [METER], steady(20_000))
    assert path.read_bytes()[40 * 4096 : 41 * 4096] == bytes(4096)
    with Session.open(path) as session:
        assert session.count(1) == 20_000
        assert len(list(session.samples(1))) == 20_000


def test_an_existing_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "run.wattui"
    path.write_text("mine")
    with pytest.raises(DiskRefused, match="exists already"):
        FreshWriter(path)
    assert path.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_is_left_of_one_that_failed(tmp_path: Path) -> None:
    def fail() -> None:
        with FreshWriter(tmp_path / "run.wattui") as writer:
            time, interval, gap, _ = arrays(steady(1_000))
            writer.add(METER, time, interval, gap, {0: time})
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_times_that_do_not_increase_are_refused(tmp_path: Path) -> None:
    time, interval, gap, _ = arrays(steady(10))
    with FreshWriter(tmp_path / "run.wattui") as writer:
        writer.add(METER, time, interval, gap, {0: interval})
        with pytest.raises(ValueError, match="do not increase"):
            writer.add(METER, time[-1:], interval[-1:], gap[-1:], {0: interval[-1:]})


def test_events_and_words_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "run.wattui"
    time, interval, gap, _ = arrays(steady(3))
    with FreshWriter(path) as writer:
        writer.add(METER, time, interval, gap, {0: np.array([1, 2, 3])})
        writer.add_event(Event(5 * MICROSECONDS, EventKind.NOTE, "assumed"))
        writer.set_info("source", "old.log")
    with Session.open(path) as session:
        assert session.info["source"] == "old.log"
        assert not session.interrupted
        assert [e.event.text for e in session.events([EventKind.NOTE])] == ["assumed"]
        assert session.statistics(1).fields.keys() == {"power"}
