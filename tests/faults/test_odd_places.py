# SPDX-License-Identifier: GPL-3.0-or-later
"""Odd names of files and folders, every locale, no home, no display, a newer version's session."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import pytest
from account import Account
from numbered_meter import DEADLINE, NumberedMeter
from running_log import RunningWindow, environment
from suite_size import some

Rounds = Callable[[int, int], int]

SIMULATED = "sim://pro?speed=500"

#: Folders, as bytes: not all are UTF-8.
PLACES = {
    "spaces": b" two  words ",
    "umlauts": "Größe und Übermaß".encode(),
    "emoji": "⚡🔌📈".encode(),
    "quotes": b'it\'s "so" $HOME `x` %s {} \\n;&|<>*?[a]#',
    "newline": b"two\nlines\x1b[31m",
    "not UTF-8": b"caf\xe9\xff",
    "400 bytes": b"long" * 50,
    "decomposed": "Gro\u0308ße".encode(),
    "right to left": "שלום".encode(),
    "dash": b"--help",
}

#: For these, SQLite has no room.
TOO_LONG = {"600 bytes": b"/".join([b"l" * 200] * 3), "4 KB": b"/".join([b"l" * 200] * 19)}

LOCALES = (
    *("C", "POSIX", "C.UTF-8", "de_DE.UTF-8", "tr_TR.UTF-8", "ar_SA.UTF-8", "zh_CN.GB18030"),
    *("ja_JP.eucJP", "de_DE.ISO-8859-1", "xx_YY", "", "en_US.utf8"),
)


def run(
    *arguments: str | Path, env: Mapping[str, str] | None = None, status: int = 0
) -> subprocess.CompletedProcess[bytes]:
    """Run a command of wattui to its end, and check how it ended."""
    done = subprocess.run(
        [sys.executable, "-m", "wattui", *map(str, arguments)],
        capture_output=True,
        timeout=DEADLINE,
        env=env or environment(),
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    assert b"Unexpected error" not in done.stderr, done.stderr.decode()
    assert done.returncode == status, (arguments, done.returncode, done.stderr.decode())
    return done


@pytest.mark.parametrize("name", some([*PLACES], ["not UTF-8"]))
def test_a_folder_of_any_name(
    name: str, figures: dict[str, int], tmp_path: Path, rounds: Rounds
) -> None:
    folder = tmp_path / os.fsdecode(PLACES[name])
    folder.mkdir(parents=True)
    session, table = folder / "a.wattui", folder / "a.csv"
    env = environment(WATTUI_DATA=folder / "data")
    run("log", SIMULATED, "-d", "5", "--session", session, "-o", table, env=env)
    run("export", session, "-o", folder / "b.csv", env=env)
    assert table.read_bytes() == (folder / "b.csv").read_bytes()
    run("log", SIMULATED, "-d", "3", "--quiet", env=env)
    assert len(list((folder / "data").rglob("*.wattui"))) == 1
    run("sessions", env=env)
    figures["commands"] = 4
    for command in (
        ("import", table, "--session", folder / "c.wattui"),
        ("plot", session, "-o", folder / "a.png"),
        ("verify", session),
        ("repair", session, "-o", folder / "d.wattui"),
        ("replay", session, "--speed", "1000", "--session", folder / "e.wattui"),
        ("log", SIMULATED, "-d", "3", "--output-dir", folder / "days", "--csv"),
    )[: rounds(0, 6)]:
        run(*command, env=env)
        figures["commands"] += 1


@pytest.mark.parametrize("name", some([*TOO_LONG], ["600 bytes"]))
def test_a_name_that_is_too_long_is_an_error_that_explains_it(name: str, tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(TOO_LONG[name])
    here = Path.cwd()
    os.chdir(tmp_path)
    try:
        for part in folder.relative_to(tmp_path).parts:
            Path(part).mkdir()
            os.chdir(part)
    finally:
        os.chdir(here)
    done = run("log", SIMULATED, "-d", "3", "--session", folder / "a.wattui", status=6)
    assert b"too long" in done.stderr
    run("verify", folder / "a.wattui", status=6)


@pytest.mark.parametrize("name", some(["spaces", "not UTF-8", "emoji"], []))
def test_a_window_records_into_a_folder_of_any_name(
    name: str, meter: NumberedMeter, account: Account, tmp_path: Path
) -> None:
    folder = tmp_path / os.fsdecode(PLACES[name])
    with RunningWindow(meter.link, env=environment(WATTUI_DATA=folder)) as window:
        window.wait_shown(meter.first)
        meter.hold()
        window.wait_shown(meter.number)
        assert window.end() == 0
    account.add(meter.sent, list(folder.rglob("*.wattui")), window.shown)
    assert account.reported == 0


@pytest.mark.parametrize("locale", some([*LOCALES], ["C"]))
def test_every_locale(locale: str, figures: dict[str, int], tmp_path: Path) -> None:
    folder = tmp_path / "Größe ⚡"
    folder.mkdir()
    env = environment(LC_ALL=locale, LANG=locale, PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    env["WATTUI_DATA"] = str(folder)
    session = folder / "a.wattui"
    run("log", SIMULATED, "-d", "3", "--session", session, "-o", folder / "é.csv", env=env)
    done = run("sessions", env=env)
    run("export", session, "-o", folder / "b.csv", env=env)
    assert b"a.wattui" not in done.stdout  # that is in another folder
    assert (folder / "é.csv").read_text("utf-8") == (folder / "b.csv").read_text("utf-8")
    figures["locales"] = 1


def test_no_home(tmp_path: Path) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("XDG")}
    for name in ("WATTUI_DATA", "WATTUI_CONFIG"):
        env.pop(name, None)
    env["HOME"] = "/proc/nowhere"
    done = run("log", SIMULATED, "-d", "3", env=env, status=6)
    assert b"cannot be created" in done.stderr
    run("log", SIMULATED, "-d", "3", "--session", tmp_path / "a.wattui", env=env)
    assert (tmp_path / "a.wattui").exists()
    run("sessions", env=env)


def test_no_display(tmp_path: Path) -> None:
    env = environment()
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        env.pop(name, None)
    done = run("gui", "--demo", env=env, status=8)
    assert b"wattui log" in done.stderr


def newer(path: Path) -> bytes:
    """Record a session, and make it one of a later version."""
    run("log", SIMULATED, "-d", "3", "--session", path)
    with closing(sqlite3.connect(path)) as database:
        (version,) = database.execute("PRAGMA user_version").fetchone()
        database.execute(f"PRAGMA user_version={version + 1}")
    return path.read_bytes()


def test_a_session_of_a_newer_version_is_refused_and_unchanged(
    tmp_path: Path, rounds: Rounds
) -> None:
    path = tmp_path / "a.wattui"
    content = newer(path)
    for command in (
        ("export", path, "-o", tmp_path / "a.csv"),
        ("verify", path),
        ("replay", path, "--session", tmp_path / "b.wattui"),
        ("plot", path, "-o", tmp_path / "a.png"),
        ("repair", path, "-o", tmp_path / "c.wattui"),
    )[: rounds(2, 5)]:
        done = run(*command, status=6)
        assert b"newer" in done.stderr or b"later" in done.stderr, done.stderr
    data = tmp_path / "data"
    (data / "sessions").mkdir(parents=True)
    shutil.copy(path, data / "sessions")
    run("sessions", env=environment(WATTUI_DATA=data))
    assert path.read_bytes() == content
