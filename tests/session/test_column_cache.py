# SPDX-License-Identifier: GPL-3.0-or-later
"""A session that stays open while it grows shows the same as one opened afterwards."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from session_samples import METER, noisy, sample, steady

from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.sample import Sample
from wattui.session import BulkWriter, Session, SessionWriter
from wattui.session.column_cache import ColumnCache, Columns
from wattui.session.store import rebuild

NAMES = ("power", "voltage", "integrated_energy")


def add(writer: SessionWriter, samples: Sequence[Sample]) -> None:
    writer.on_samples(METER, samples)
    assert writer.flush()


def assert_as_new(growing: Session, path: Path, start: int, stop: int, pixels: int) -> None:
    with Session.open(path) as new:
        expected = new.envelope(1, NAMES, start, stop, pixels)
        figures = new.statistics(1, start, stop)
    found = growing.envelope(1, NAMES, start, stop, pixels)
    np.testing.assert_array_equal(found.time, expected.time)
    for name in NAMES:
        np.testing.assert_allclose(found.value[name], expected.value[name], rtol=1e-12)
    assert growing.statistics(1, start, stop) == figures


@pytest.mark.parametrize("seed", range(4))
def test_a_growing_session_is_drawn_as_if_opened_now(tmp_path: Path, seed: int) -> None:
    random_, path = random.Random(seed), tmp_path / "a.wattui"
    samples = noisy(3_000, seed)
    with SessionWriter(path, commit_seconds=0) as writer:
        add(writer, samples[:1_500])
        with Session.open(path) as growing:
            done, width = 1_500, 3_600 * MICROSECONDS
            while done < len(samples):
                step = random_.choice((1, 1, 1, 7, 60))
                add(writer, samples[done : done + step])
                done = min(done + step, len(samples))
                last = samples[done - 1].time_us
                if random_.random() < 0.1:
                    width = random_.choice((600, 3_600, 40_000, 900_000)) * MICROSECONDS
                pixels = random_.choice((50, 300)) if random_.random() < 0.1 else 120
                back = random_.randrange(width) if random_.random() < 0.2 else 0
                if random_.random() < 0.15:
                    assert_as_new(growing, path, last - width - back, last - back, pixels)
                else:
                    growing.envelope(1, NAMES, last - width - back, last - back, pixels)
                    growing.statistics(1, last - width - back, last - back)


def test_records_that_are_put_in_between_are_seen(tmp_path: Path) -> None:
    path = tmp_path / "a.wattui"
    early, late = steady(4_000), [sample(9_000 + n, 700) for n in range(4_000)]
    with BulkWriter(path) as writer:
        writer.add_samples(METER, [*early, *late])
    with Session.open(path) as growing:
        begin, end = growing.span_us() or (0, 0)
        growing.envelope(1, NAMES, begin, end, 100)
        growing.statistics(1, begin, end)
        between = [sample(4_001 + n, 5_000) for n in range(4_000)]
        with closing(sqlite3.connect(path)) as database:
            database.executemany(
                "INSERT INTO sample (meter, time, interval, power) VALUES (1, ?, ?, ?)",
                [(one.time_us, one.interval_us, one.values[0]) for one in between],
            )
            rebuild(database, 1, 0, begin, end)
            database.execute("INSERT INTO event (time, kind) VALUES (0, 'note')")
            database.commit()
        assert_as_new(growing, path, begin, end, 100)
        assert growing.statistics(1, begin, end)["power"].high == 500.0


def test_only_the_last_columns_are_read_again(tmp_path: Path) -> None:
    path = tmp_path / "a.wattui"
    samples = steady(5_000)
    with SessionWriter(path, commit_seconds=0) as writer:
        add(writer, samples[:-1])
        with Session.open(path) as growing:
            work: list[int] = []
            for number in (-2, -1):
                growing.envelope(1, ("power",), samples[0].time_us, samples[-1].time_us, 300)
                steps = 0

                def count() -> int:
                    nonlocal steps
                    steps += 1
                    return 0

                growing._connection.set_progress_handler(count, 10)
                growing.envelope(1, ("power",), samples[0].time_us, samples[-1].time_us, 300)
                growing._connection.set_progress_handler(None, 0)
                work.append(steps)
                if number == -2:
                    add(writer, samples[-1:])
            with Session.open(path) as new:
                steps = 0
                new._connection.set_progress_handler(count, 10)
                new.envelope(1, ("power",), samples[0].time_us, samples[-1].time_us, 300)
    assert max(work) < steps / 20


def test_the_cache_is_bounded() -> None:
    cache = ColumnCache()
    for grid in range(100):
        cache.put(grid, Columns(0, 1, np.empty((0, 2))))
    assert cache.columns(0) is None
    assert cache.columns(99) is not None
