# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies, later additions, and names of sessions; the bulk path."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from session_samples import BEGIN, METER, noisy, record, sample, steady

from wattui.errors import Cancelled, DiskRefused, NotASession
from wattui.measurement.events import Event, EventKind
from wattui.session import (
    BulkWriter,
    Session,
    SessionWriter,
    add_event,
    complete,
    copy_session,
    describe_meter,
    interrupted_sessions,
    new_session_path,
    set_info,
    verify,
)


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def test_a_copy_is_whole(tmp_path: Path) -> None:
    path = record(tmp_path / "a.wattui", noisy(3_000))
    seen: list[tuple[int, int]] = []
    copy_session(path, tmp_path / "b.wattui", lambda done, total: seen.append((done, total)))
    assert seen[-1][0] == seen[-1][1] > 0
    assert verify(tmp_path / "b.wattui") == []
    with Session.open(tmp_path / "b.wattui") as session:
        assert list(session.samples(1)) == noisy(3_000)
    assert names(tmp_path) == ["a.wattui", "b.wattui"]


def test_a_copy_of_a_running_recording_has_an_end(tmp_path: Path) -> None:
    with SessionWriter(tmp_path / "a.wattui") as writer:
        writer.on_samples(METER, steady(30))
        assert writer.flush()
        copy_session(writer.path, tmp_path / "b.wattui")
        with Session.open(tmp_path / "b.wattui") as session:
            assert not session.interrupted
            assert session.count(1) == 30
        writer.on_samples(METER, steady(5, first=31))
    with Session.open(tmp_path / "a.wattui") as session:
        assert session.count(1) == 35


def test_a_cancelled_copy_leaves_nothing(tmp_path: Path) -> None:
    path = record(tmp_path / "a.wattui", steady(300))
    old = record(tmp_path / "b.wattui", steady(3))
    with pytest.raises(Cancelled):
        copy_session(path, old, cancelled=lambda: True)
    assert names(tmp_path) == ["a.wattui", "b.wattui"]
    with Session.open(old) as session:
        assert session.count(1) == 3


def test_a_copy_that_is_not_possible_is_refused(tmp_path: Path) -> None:
    path = record(tmp_path / "a.wattui", steady(3))
    with pytest.raises(DiskRefused):
        copy_session(path, path)
    with pytest.raises(DiskRefused):
        copy_session(path, tmp_path / "absent" / "b.wattui")
    with pytest.raises(NotASession):
        copy_session(tmp_path / "none.wattui", tmp_path / "b.wattui")
    with SessionWriter(tmp_path / "live.wattui"), pytest.raises(DiskRefused, match="recorded"):
        copy_session(path, tmp_path / "live.wattui")


def test_marks_and_words_are_added_later(tmp_path: Path) -> None:
    path = record(tmp_path / "a.wattui", steady(3))
    add_event(path, Event(BEGIN, EventKind.MARK, "kettle"), 1)
    set_info(path, "reconstructed", "times counted back")
    with Session.open(path) as session:
        assert [one.event.text for one in session.events([EventKind.MARK])] == ["kettle"]
        assert session.info["reconstructed"] == "times counted back"
    assert names(tmp_path) == ["a.wattui"]


def test_a_session_that_is_recorded_is_not_changed_by_others(tmp_path: Path) -> None:
    with SessionWriter(tmp_path / "a.wattui") as writer:
        writer.on_samples(METER, steady(3))
        assert writer.flush()
        with pytest.raises(DiskRefused, match="being recorded"):
            complete(writer.path)
        assert interrupted_sessions(tmp_path) == []


def test_a_folder_that_is_not_there_has_no_interrupted_sessions(tmp_path: Path) -> None:
    assert interrupted_sessions(tmp_path / "absent") == []
    (tmp_path / "empty.wattui").touch()
    (tmp_path / "text.wattui").write_text("x" * 5000)
    assert interrupted_sessions(tmp_path) == []


# -- names --

NOON = datetime(2026, 11, 23, 14, 5, 7)


def test_a_session_is_named_by_time_and_meter(tmp_path: Path) -> None:
    path = new_session_path("Watts up? PRO A80012", tmp_path, NOON)
    assert path.name == "2026-11-23 14.05.07 Watts up PRO A80012.wattui"
    path.touch()
    again = new_session_path("Watts up? PRO A80012", tmp_path, NOON)
    assert again.name == "2026-11-23 14.05.07 Watts up PRO A80012 (2).wattui"


def test_sessions_go_into_the_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATTUI_DATA", str(tmp_path))
    assert new_session_path("x").parent == tmp_path / "sessions"


@given(st.text(max_size=400))
def test_any_label_makes_a_name_that_every_file_system_takes(label: str) -> None:
    name = new_session_path(label, Path("/nowhere"), NOON).name
    assert len(name.encode()) <= 200
    assert not set(name) & set('<>:"/\\|?*\0')
    assert all(ord(c) >= 32 for c in name)
    assert not name.removesuffix(".wattui").endswith((" ", "."))


def test_a_meter_keeps_name_and_colour_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.wattui"
    with BulkWriter(path) as writer:
        writer.add_samples(replace(METER, name="fan", colour="#0072b2"), [sample(1)])
        writer.add_samples(replace(METER, name="fan"), [sample(2)])
    with Session.open(path) as session:
        assert (session.meters[0].info.name, session.meters[0].colour) == ("fan", "#0072b2")
    describe_meter(path, METER.key, "router", "#d55e00")
    with Session.open(path) as session:
        assert (session.meters[0].info.name, session.meters[0].colour) == ("router", "#d55e00")


def test_a_folder_that_may_not_be_looked_into_still_gives_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a recording there has no writer, and no error says so."""

    def denied(*_arguments: object, **_named: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.lstat", denied)
    monkeypatch.setattr("os.stat", denied)
    found = new_session_path("PRO", tmp_path, datetime(2026, 11, 23, 14, 5, 7))
    assert found == tmp_path / "2026-11-23 14.05.07 PRO.wattui"
