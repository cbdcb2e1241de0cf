# SPDX-License-Identifier: GPL-3.0-or-later
"""Every command works with files and folders whose names are not UTF-8."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from session_samples import METER, steady

from wattui.cli.program import program
from wattui.formats import all_formats
from wattui.session import SessionWriter

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="names of files are bytes")

#: A byte that is Latin-1, and one that no encoding of text has.
ODD = os.fsdecode(b"caf\xe9\xff")

#: Commands without files of their own, or that are tried elsewhere.
ELSEWHERE = {
    *("arm", "clear", "completion", "config", "desktop", "doctor", "fetch", "gui", "help", "info"),
    *("listen", "log", "measure", "ports", "service", "simulate"),
}

#: These print a path as it is, which the runner of click refuses.
REAL = {"import", "replay"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of such a name with a session; it is the data folder, too."""
    folder = tmp_path / ODD
    (folder / "sessions").mkdir(parents=True)
    monkeypatch.setenv("WATTUI_DATA", str(folder))
    with SessionWriter(folder / "sessions" / f"{ODD}.wattui") as writer:
        writer.on_samples(METER, steady(20))
        writer.mark(ODD, when=steady(20)[9].time_us / 1e6)
    return folder


def run(*args: object) -> None:
    """Run a command, which must succeed."""
    words = [str(one) for one in args]
    if words[0] in REAL:
        whole = [sys.executable, "-m", "wattui", *words]
        done = subprocess.run(whole, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, (args, done.stderr)
        return
    result = CliRunner().invoke(program, words)
    assert result.exit_code == 0, (args, result.output)


def test_every_command_takes_names_that_are_not_utf_8(folder: Path) -> None:
    """`wattui archive` and an export to Parquet ended in an unexpected error."""
    session, goal = folder / "sessions" / f"{ODD}.wattui", folder / f"goal {ODD}"
    calls: list[tuple[object, ...]] = [
        ("archive", folder, goal),
        ("archive", folder, goal),
        ("export", ODD, "-o", f"{goal}.csv"),
        ("import", f"{goal}.csv", "--session", f"{goal} imported.wattui"),
        ("mark", ODD, "--session", session, "--at", "10s"),
        ("marks", session),
        ("marks", session, "--csv"),
        ("marks", session, "--json"),
        ("plot", session, "-o", f"{goal}.svg", "--title", ODD),
        ("repair", session, "-o", f"{goal} repaired.wattui"),
        ("replay", session, "--speed", "1000", "--session", f"{goal} replayed.wattui"),
        ("report", session, "-o", f"{goal}.html", "--title", ODD),
        ("sessions",),
        ("sessions", "--json"),
        ("stats", session),
        ("stats", session, "--json"),
        ("verify", session, f"{goal} repaired.wattui"),
    ]
    for call in calls:
        run(*call)
    assert len(list(goal.rglob("*.parquet"))) == 1
    names = set(program.list_commands(click.Context(program)))
    assert {call[0] for call in calls} == names - ELSEWHERE


@pytest.mark.parametrize("name", [n for n, form in all_formats().items() if form.is_written])
def test_every_format_is_written_to_a_name_that_is_not_utf_8(folder: Path, name: str) -> None:
    goal = folder / ODD
    run("export", ODD, "-o", goal, "--format", name, "--meter", "1")
    assert goal.stat().st_size
