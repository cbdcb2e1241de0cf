# SPDX-License-Identifier: GPL-3.0-or-later
"""What a list of sessions shows of each is what the session itself says."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import time
from pathlib import Path

import pytest
from session_samples import METER, OTHER, noisy, steady

from wattui.errors import SessionDamaged, SessionError
from wattui.session import Session, SessionWriter
from wattui.session.outline import read_outline


@pytest.mark.parametrize("count", [0, 1, 15, 16, 17, 300, 5_000])
def test_an_outline_agrees_with_the_session(count: int, tmp_path: Path) -> None:
    path = tmp_path / "a.wattui"
    with SessionWriter(path) as writer:
        if count:
            writer.on_samples(METER, noisy(count))
            writer.on_samples(OTHER, steady(count))
    found = read_outline(path)
    with Session.open(path) as session:
        assert found.meters == tuple(meter.info.label for meter in session.meters)
        assert found.count == sum(session.count(meter.id) for meter in session.meters)
        assert found.count == 2 * count
        assert found.span_us == session.span_us()
        assert found.interrupted == session.interrupted
        assert found.info == session.info


@pytest.mark.parametrize(
    "damage",
    [
        "PRAGMA user_version=-1",
        "UPDATE sample SET time=9223372036854775807",
        "UPDATE sample SET time=-9223372036854775807",
        "DROP TABLE event",
    ],
)
def test_values_that_make_no_sense_are_a_clear_error(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "a.wattui"
    with SessionWriter(path) as writer:
        writer.on_samples(METER, steady(1))
    with sqlite3.connect(path) as connection:
        connection.execute(damage)
    connection.close()
    with pytest.raises(SessionError):
        read_outline(path)


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are Unicode there")
def test_a_session_in_a_folder_that_is_not_utf_8(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/d\xff"))
    folder.mkdir()
    path = folder / os.fsdecode(b"r\xe9n.wattui")
    with SessionWriter(path) as writer:
        writer.on_samples(METER, steady(20))
    assert path.exists()
    assert read_outline(path).count == 20


def test_a_session_without_its_journal_is_said_to_be_just_that(tmp_path: Path) -> None:
    path, copy = tmp_path / "a.wattui", tmp_path / "copy" / "a.wattui"
    copy.parent.mkdir()
    with SessionWriter(path) as writer:
        writer.on_samples(METER, steady(20))
        journal = path.with_name("a.wattui-wal")
        deadline = time.monotonic() + 10
        while not journal.exists() or not journal.stat().st_size:
            assert time.monotonic() < deadline
        shutil.copy(path, copy)
    with pytest.raises(SessionDamaged, match=r"without its journal a\.wattui-wal"):
        Session.open(copy)
    with pytest.raises(SessionDamaged, match="without its journal"):
        read_outline(copy)
