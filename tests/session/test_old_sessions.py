# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions that version 0.1.0 wrote: closed properly, and in the middle of a recording.

Both hold a lamp, one record per second with a gap of 100 s, and a desk, one record per
minute with all 18 fields, and a mark.
"""

from __future__ import annotations

import gzip
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from session_samples import sample

from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import EventKind
from wattui.measurement.sample import Sample
from wattui.session import (
    Session,
    SessionWriter,
    complete,
    copy_session,
    interrupted_sessions,
    verify,
)

DATA = Path(__file__).with_name("data")
BEGIN = 1_700_000_000 * MICROSECONDS


def unpacked(folder: Path, name: str) -> Path:
    for packed in DATA.glob(f"{name}.wattui*.gz"):
        (folder / packed.stem).write_bytes(gzip.decompress(packed.read_bytes()))
    return folder / f"{name}.wattui"


@pytest.fixture(params=["finished", "recording"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return unpacked(tmp_path, request.param)


def check_figures(path: Path) -> None:
    with Session.open(path) as session:
        lamp, desk = session.meters
        assert (lamp.info.label, lamp.colour, desk.info.label) == (
            *("lamp", "#0072b2", "PRO ES sim://es"),
        )
        assert session.info["software"] == "wattui 0.1.0"
        assert session.span_us() == (BEGIN, BEGIN + 9_600_250_000)
        found = session.statistics(lamp.id)
        assert (found.count, found.duration_s, found.gap_s, found.gap_count) == (120, 120, 100, 1)
        assert found.energy_wh == 1.3432777777777778
        assert found.energy_error_wh == pytest.approx(0.030149166666666664)
        assert found.counter_wh == 1.2
        assert (found["power"].low, found["power"].high) == (40.0, 40.6)
        assert session.gaps(lamp.id).tolist() == [[1_700_000_040.0, 1_700_000_140.0]]
        found = session.statistics(desk.id)
        assert (found.count, found.energy_wh) == (160, 272.8833333333333)
        assert found["power"].mean == 102.33125
        assert found["apparent_power"].count == 160
        (mark,) = session.events([EventKind.MARK])
        assert (mark.event.time_us, mark.event.text) == (BEGIN + 3600 * MICROSECONDS, "kettle on")
        samples = list(session.samples(lamp.id))
        values = (401, 1198, 361, 5, *(None,) * 14)
        assert samples[0] == Sample(BEGIN + MICROSECONDS, MICROSECONDS, values)
        assert [one.gap_us for one in samples if one.gap_us] == [100 * MICROSECONDS]
        view = session.envelope(desk.id, ["power"], BEGIN, BEGIN + 9_600 * MICROSECONDS, 20)
        assert np.nanmax(view.value["power"]) == 104.9


def test_an_old_session_opens_with_the_right_figures(path: Path) -> None:
    check_figures(path)
    assert verify(path) == []


def test_an_old_session_is_copied_and_continued(path: Path, tmp_path: Path) -> None:
    copy_session(path, tmp_path / "copy.wattui")
    check_figures(tmp_path / "copy.wattui")
    with Session.open(path) as session:
        lamp = session.meters[0].info
        last = session.span_us([1])
    assert last is not None
    with SessionWriter(path) as writer:
        writer.on_samples(lamp, [sample(10_000 + n) for n in range(5_000)])
    with Session.open(path) as session:
        assert session.count(1) == 5_120
        assert session.count(1, stop_us=last[1]) == 120
    assert verify(path) == []


def test_an_old_session_that_was_killed_is_found_and_completed(tmp_path: Path) -> None:
    path = unpacked(tmp_path, "recording")
    (found,) = interrupted_sessions(tmp_path)
    assert found.meters == ("lamp", "PRO ES sim://es")
    assert found.duration_s == 9_600.25
    complete(path)
    check_figures(path)
    assert interrupted_sessions(tmp_path) == []
    assert [one.name for one in tmp_path.iterdir()] == ["recording.wattui"]


def test_a_new_session_has_the_tables_of_an_old_one(tmp_path: Path) -> None:
    new = tmp_path / "new.wattui"
    SessionWriter(new).close()
    schemas = []
    for path in (unpacked(tmp_path, "finished"), new):
        complete(path)
        with closing(sqlite3.connect(path)) as database:
            schemas.append(
                database.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
                + database.execute("PRAGMA user_version").fetchall()
            )
    assert schemas[0] == schemas[1]
