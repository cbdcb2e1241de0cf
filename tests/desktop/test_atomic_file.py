# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are complete or absent."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from wattui.desktop.atomic_file import draft_file, draft_path, write_whole
from wattui.errors import DiskRefused


def test_a_file_is_written_with_its_folder(tmp_path: Path) -> None:
    goal = tmp_path / "new" / "file"
    write_whole(goal, b"first")
    write_whole(goal, b"second")
    assert goal.read_bytes() == b"second"
    assert list(goal.parent.iterdir()) == [goal]


def test_after_an_error_the_older_file_is_unchanged_and_no_draft_is_left(tmp_path: Path) -> None:
    goal = tmp_path / "file"
    goal.write_text("older")

    def fail() -> None:
        with draft_path(goal) as draft:
            draft.write_text("half")
            draft.with_name(draft.name + "-wal").touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert goal.read_text() == "older"
    assert list(tmp_path.iterdir()) == [goal]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    goal, link = tmp_path / "file", tmp_path / "link"
    goal.write_text("older")
    link.symlink_to(goal)
    write_whole(link, b"newer")
    assert link.is_symlink()
    assert goal.read_text() == "newer"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_device_is_written_to_directly(tmp_path: Path) -> None:
    with draft_file(Path("/dev/null"), "utf-8") as file:
        file.write("gone")
    assert Path("/dev/null").is_char_device()
    with (
        pytest.raises(DiskRefused, match="The disk is full"),
        draft_file(Path("/dev/full"), "utf-8") as file,
    ):
        file.write("does not fit")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DiskRefused, match="is a folder"), draft_file(tmp_path, "utf-8"):
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="processes cannot be looked up")
def test_drafts_of_killed_programs_do_not_stay_for_ever(tmp_path: Path) -> None:
    """Those of running programs stay, and so do recent ones: another computer's, perhaps."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    old = time.time() - 3_600
    abandoned = tmp_path / f".a.csv.{child.pid}.part"
    running = tmp_path / f".b.csv.{os.getpid()}.part"
    recent = tmp_path / f".c.csv.{child.pid}.part"
    other = tmp_path / ".notes.part"
    for path in (abandoned, abandoned.with_name(f"{abandoned.name}-wal"), running, recent, other):
        path.touch()
        if path != recent:
            os.utime(path, (old, old))
    write_whole(tmp_path / "d.csv", b"done")
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == sorted((running.name, recent.name, other.name, "d.csv"))
