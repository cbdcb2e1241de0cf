# SPDX-License-Identifier: GPL-3.0-or-later
"""The guard of every file that is written: nothing is written over what it is made of."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest
from session_samples import METER, steady

import wattui
from wattui.errors import WouldOverwrite
from wattui.formats import all_formats, write
from wattui.session import Session, SessionWriter, copy_session
from wattui.session.destination import check_destination, is_same_file, is_session_file


def made(path: Path, count: int = 20) -> Path:
    with SessionWriter(path) as writer:
        writer.on_samples(METER, steady(count))
    return path


@pytest.mark.parametrize("way", ["name", "symlink", "hard link"])
@pytest.mark.parametrize("form", [name for name, form in all_formats().items() if form.write])
def test_no_format_is_written_over_its_session(form: str, way: str, tmp_path: Path) -> None:
    path = made(tmp_path / "run.wattui")
    target = path if way == "name" else tmp_path / "run.csv"
    if way == "symlink":
        target.symlink_to(path)
    elif way == "hard link":
        target.hardlink_to(path)
    with Session.open(path) as session:
        for force in (False, True):
            with pytest.raises(WouldOverwrite, match="over itself"):
                write(session, target, form, force=force)
        assert session.count(1) == 20


@pytest.mark.parametrize("way", ["name", "symlink", "hard link"])
def test_a_copy_never_replaces_its_session(way: str, tmp_path: Path) -> None:
    path = made(tmp_path / "run.wattui")
    target = path if way == "name" else tmp_path / "copy.wattui"
    if way == "symlink":
        target.symlink_to(path)
    elif way == "hard link":
        target.hardlink_to(path)
    with pytest.raises(WouldOverwrite):
        copy_session(path, target)
    with Session.open(path) as session:
        assert session.count(1) == 20


def test_a_session_is_replaced_only_by_force(tmp_path: Path) -> None:
    path, other = made(tmp_path / "run.wattui"), made(tmp_path / "other.csv")
    with Session.open(path) as session:
        with pytest.raises(WouldOverwrite, match="would be lost"):
            write(session, other)
        assert is_session_file(other)
        assert write(session, other, force=True) == 20
    assert not is_session_file(other)


def test_a_session_that_is_recorded_or_was_interrupted_is_never_replaced(tmp_path: Path) -> None:
    path, other = made(tmp_path / "run.wattui"), tmp_path / "live.db"
    with Session.open(path) as session, SessionWriter(other) as writer:
        writer.on_samples(METER, steady(3))
        with pytest.raises(WouldOverwrite, match="being recorded"):
            write(session, other, force=True)
        with pytest.raises(WouldOverwrite, match="being recorded"):
            copy_session(path, other)


def test_a_file_beside_a_session_is_part_of_it(tmp_path: Path) -> None:
    path = made(tmp_path / "run.wattui")
    for ending in ("-wal", "-shm", "-journal"):
        with pytest.raises(WouldOverwrite):
            check_destination(tmp_path / f"run.wattui{ending}", force=True)
        with pytest.raises(WouldOverwrite):
            check_destination(tmp_path / f"run.wattui{ending}", [path])


def test_names_of_files_that_do_not_exist_are_compared_without_links(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    (tmp_path / "dangling").symlink_to("new")
    new = tmp_path / "new"
    assert is_same_file(tmp_path / "link" / "new", new)
    assert is_same_file(tmp_path / "dangling", new)
    assert not is_same_file(tmp_path / "other", new)


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes of POSIX")
def test_a_pipe_is_not_opened_to_see_what_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe.wattui")
    opened: list[Path] = []
    monkeypatch.setattr(Path, "open", lambda path, *_: opened.append(path))
    check_destination(tmp_path / "pipe.wattui")
    assert opened == []


def test_standard_output_that_is_the_session_is_refused(tmp_path: Path) -> None:
    path = made(tmp_path / "run.wattui")
    opened = os.open(path, os.O_WRONLY | os.O_APPEND)
    try:
        with Session.open(path) as session, pytest.raises(WouldOverwrite):
            write(session, f"/dev/fd/{opened}")
    finally:
        os.close(opened)


#: Modules above the session that write a file without the guard: the command line has looked
#: already, or no user has named the file.
UNGUARDED = {
    "benchmark/lag.py",
    "cli/commands/report.py",
    "cli/measure_run.py",
    "cli/recording/status_file.py",
    "formats/archive.py",
    "formats/registry.py",
    "ui/figure/figure_file.py",
}
WRITING = re.compile(
    r"^from wattui.desktop.atomic_file import .*\b(?:write_(?:file|whole)|draft_(?:file|path))\b",
    re.MULTILINE,
)


def test_what_a_window_writes_goes_through_the_guard() -> None:
    """A report of the window replaced the session that a link of its name led to."""
    package = Path(wattui.__file__).parent
    found = {
        path.relative_to(package).as_posix()
        for room in ("benchmark", "cli", "formats", "forwarding", "meter_memory", "model", "ui")
        for path in (package / room).rglob("*.py")
        if WRITING.search(path.read_text(encoding="utf-8"))
    }
    assert found == UNGUARDED
