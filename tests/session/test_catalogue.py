# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of sessions: complete, remembered, and right although files change meanwhile."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from session_samples import METER, OTHER, noisy, sample, steady

from wattui.measurement.energy import error_of_sum
from wattui.measurement.events import Event, EventKind
from wattui.session import Session, SessionWriter, catalogue, set_info
from wattui.session.catalogue import Catalogue, CatalogueEntry, SessionState
from wattui.session.outline import FULL, GAP, NAME, NOTE, THUMBNAIL_WIDTH, Origin, read_outline
from wattui.session.outline_cache import OutlineCache
from wattui.session.removal import move_all_to_trash


def make(path: Path, count: int = 40, old: bool = True) -> Path:
    with SessionWriter(path) as writer:
        writer.on_samples(METER, noisy(count, seed=count))
    if old:
        age(path)
    return path


def age(path: Path) -> None:
    """Make a file look as if it had been written yesterday."""
    then = time.time_ns() - 86_400 * 10**9
    os.utime(path, ns=(then, then))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "sessions"
    made.mkdir()
    return made


@pytest.fixture
def listed(folder: Path, tmp_path: Path) -> Catalogue:
    return Catalogue(folder, OutlineCache(tmp_path / "cache" / "sessions.sqlite"))


def again(listed: Catalogue) -> Catalogue:
    """Return the list of another program."""
    return Catalogue(listed.folder, OutlineCache(listed._cache.path))


def test_energy_and_picture_are_those_of_all_meters(tmp_path: Path) -> None:
    path = tmp_path / "a.wattui"
    with SessionWriter(path) as writer:
        writer.on_samples(METER, steady(600))
        writer.on_samples(OTHER, noisy(600))
    found = read_outline(path)
    with Session.open(path) as session:
        figures = [session.statistics(meter.id) for meter in session.meters]
    assert found.energy_wh == sum(one.energy_wh for one in figures)
    assert found.energy_error_wh == error_of_sum(one.energy_error_wh for one in figures)
    assert len(found.thumbnail) == THUMBNAIL_WIDTH
    assert max(value for value in found.thumbnail if value != GAP) == FULL


def test_a_gap_is_a_gap_in_the_picture(tmp_path: Path) -> None:
    with SessionWriter(tmp_path / "a.wattui") as writer:
        writer.on_samples(METER, [*steady(300), sample(601, gap=300), *steady(299, first=602)])
    picture = read_outline(tmp_path / "a.wattui").thumbnail
    third = THUMBNAIL_WIDTH // 3
    assert set(picture[third + 1 : 2 * third - 1]) == {GAP}
    assert GAP not in picture[: third - 1]
    assert GAP not in picture[2 * third + 2 :]


def test_a_list_is_complete_after_it_is_read(listed: Catalogue, folder: Path) -> None:
    paths = [make(folder / f"{n}.wattui", 20 + n) for n in range(3)]
    (folder / "notes.txt").write_text("hello")
    first = listed.scan()
    assert {one.path for one in first} == set(paths)
    assert {one.state for one in first} == {SessionState.UNREAD}
    shown: list[CatalogueEntry] = []
    found = listed.complete(first, shown.append)
    assert shown == found
    for one in found:
        assert one.state is SessionState.COMPLETE
        assert one.outline == read_outline(one.path)
        assert one.size == one.path.stat().st_size


def test_what_was_read_is_remembered(
    listed: Catalogue, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        make(folder / f"{n}.wattui", 20 + n)
    found = listed.complete(listed.scan())
    monkeypatch.setattr(catalogue, "read_outline", None)
    assert again(listed).scan() == found
    assert listed.complete(again(listed).scan()) == found
    assert listed.scan(found) == found


def test_a_session_that_changed_is_read_again(listed: Catalogue, folder: Path) -> None:
    path = make(folder / "a.wattui")
    before = listed.complete(listed.scan())
    set_info(path, NAME, "Fridge")
    set_info(path, NOTE, "with the door open")
    (found,) = listed.scan(before)
    assert found.state is SessionState.UNREAD
    (found,) = listed.complete([found])
    assert (found.name, found.note) == ("Fridge", "with the door open")


def test_a_file_written_a_moment_ago_is_not_remembered(listed: Catalogue, folder: Path) -> None:
    make(folder / "a.wattui", old=False)
    listed.complete(listed.scan())
    assert again(listed).scan()[0].state is SessionState.UNREAD


def test_a_session_that_vanishes_is_reported_and_then_gone(listed: Catalogue, folder: Path) -> None:
    path = make(folder / "a.wattui")
    (found,) = listed.scan()
    path.unlink()
    (found,) = listed.complete([found])
    assert found.state is SessionState.DAMAGED
    assert "There is no file" in found.problem
    assert listed.scan([found]) == []


def test_a_running_recording_differs_from_one_that_was_killed(
    listed: Catalogue, folder: Path
) -> None:
    path = folder / "a.wattui"
    with SessionWriter(path) as writer:
        writer.on_event(METER, Event(steady(1)[0].time_us, EventKind.STARTED))
        writer.on_samples(METER, steady(5))
        (found,) = listed.complete(listed.scan())
        assert found.state is SessionState.RECORDING
        assert found.is_recorded
        # It is read each time, since it grows.
        assert listed.scan([found])[0].state is SessionState.UNREAD
    (found,) = listed.complete(listed.scan())
    assert found.state is SessionState.COMPLETE
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("DELETE FROM event WHERE kind='stopped'")
    connection.close()
    (found,) = listed.complete(listed.scan())
    assert found.state is SessionState.INTERRUPTED


def test_origins(listed: Catalogue, folder: Path) -> None:
    facts = {
        Origin.RECORDED: {},
        Origin.REPLAYED: {"replay of": "fan at 60x", "source": "fan.raw"},
        Origin.FETCHED: {"source": "the memory", "reconstructed": "estimates"},
        Origin.IMPORTED: {"source": "old.log"},
    }
    for origin, given_facts in facts.items():
        path = make(folder / f"{origin}.wattui")
        for name, value in given_facts.items():
            set_info(path, name, value)
    found = listed.complete(listed.scan())
    assert {one.path.stem: one.origin for one in found} == {str(one): one for one in facts}


def test_a_folder_that_is_not_there_has_no_sessions(listed: Catalogue) -> None:
    listed.folder.rmdir()
    assert listed.scan() == []


# -- the cache --


@pytest.fixture(scope="module")
def one_session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cache") / "sessions"
    folder.mkdir()
    make(folder / "a.wattui")
    return folder


@given(
    junk=st.one_of(
        st.binary(max_size=200),
        st.tuples(st.integers(0, 20_000), st.integers(0, 255)),
    )
)
def test_a_damaged_cache_changes_nothing(one_session: Path, junk: bytes | tuple[int, int]) -> None:
    one = Catalogue(one_session, OutlineCache(one_session.parent / "sessions.sqlite"))
    found = one.complete(one.scan())
    if isinstance(junk, bytes):
        one._cache.path.write_bytes(junk)
    else:
        content = bytearray(one._cache.path.read_bytes())
        content[junk[0] % len(content)] = junk[1]
        one._cache.path.write_bytes(content)
    for _ in range(2):
        assert again(one).complete(again(one).scan()) == found


def test_a_cache_that_cannot_be_written_changes_nothing(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    make(folder / "a.wattui")
    one = Catalogue(folder, OutlineCache(tmp_path / "file" / "sessions.sqlite"))
    (found,) = one.complete(one.scan())
    assert found.state is SessionState.COMPLETE


def test_the_cache_is_bounded(folder: Path, tmp_path: Path) -> None:
    for n in range(5):
        make(folder / f"{n}.wattui")
    cache = OutlineCache(tmp_path / "sessions.sqlite", most=3)
    one = Catalogue(folder, cache)
    one.complete(one.scan())
    connection = sqlite3.connect(cache.path)
    assert connection.execute("SELECT count(*) FROM outline").fetchone() == (3,)
    connection.close()


# -- the trash --


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Take the place of the desktop's trash, which tests must not fill."""
    found: list[Path] = []

    def take(paths: list[Path]) -> None:
        for path in paths:
            path.unlink()
            found.append(path)

    monkeypatch.setattr("send2trash.send2trash", take)
    return found


def test_a_session_goes_to_the_trash_with_its_journal(folder: Path, moved: list[Path]) -> None:
    path = make(folder / "a.wattui")
    journal = path.with_name("a.wattui-wal")
    journal.write_bytes(b"left behind")
    assert move_all_to_trash([path, folder / "gone.wattui"])[0] == [path]
    assert moved == [path, journal]
    assert list(folder.iterdir()) == []


def test_a_session_that_is_being_recorded_is_never_deleted(folder: Path, moved: list[Path]) -> None:
    path = folder / "a.wattui"
    with SessionWriter(path) as writer:
        writer.on_samples(METER, steady(5))
        done, (refused,) = move_all_to_trash([path])
        assert done == moved == []
        assert "is being recorded" in refused.what
    assert path.exists()


def test_a_disk_without_a_trash_is_reported(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_paths: list[Path]) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr("send2trash.send2trash", refuse)
    path = make(folder / "a.wattui")
    _done, (refused,) = move_all_to_trash([path])
    assert "not moved to the trash" in refused.what
    assert path.exists()
