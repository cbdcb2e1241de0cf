# SPDX-License-Identifier: GPL-3.0-or-later
"""Files instead of a session, and sessions with anything in any column of any table.

Every command that reads sessions ends with an exit code of its own, and never with an error of
the program; what differs from what was recorded is reported.
"""

from __future__ import annotations

import csv
import os
import random
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from session_samples import BEGIN, METER, OTHER, sample, steady

from wattui.cli.program import program
from wattui.desktop.folders import sessions_folder
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import Event, EventKind
from wattui.session import SessionWriter
from wattui.session.schema import migrate

Rounds = Callable[[int, int], int]
PAGE = 4096

TABLES = ("info", "meter", "sample", "summary", "seal", "event")
VALUES: tuple[Any, ...] = (None, b"\xff\x00", "text", 2**63 - 1, -1, 1e300, "\x1b[2J", 0)
#: What a change of these tables makes different is wrong; names and marks can be anything.
MEASURED = ("sample", "summary", "seal")

#: Ends of a command, as ``wattui help`` lists them; 1 is an error of the program.
DOCUMENTED = {0, 2, 6, 7, 141}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a session of two meters, with marks and a gap."""
    path = tmp_path_factory.mktemp("sound") / "a.wattui"
    with SessionWriter(path, commit_seconds=0) as writer:
        writer.on_samples(METER, [*steady(400), *steady(400, first=500)])
        writer.on_samples(OTHER, [sample(2 * n + 1, 300 + n % 70, interval=2.0) for n in range(9)])
        writer.on_event(METER, Event(BEGIN + 9 * MICROSECONDS, EventKind.MARK, "here"))
    return path


def columns() -> list[tuple[str, str, Any]]:
    """Return every column of every table with every odd value, in random order."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        migrate(database)
        found = [
            (table, row[1], value)
            for table in TABLES
            for row in database.execute(f"PRAGMA table_info({table})")
            for value in VALUES
        ]
    random.Random(5).shuffle(found)
    return found


def change(path: Path, *statements: tuple[Any, ...]) -> bool:
    """Change a session as no version of wattui does; return whether SQLite accepts it."""
    with closing(sqlite3.connect(path)) as database:
        try:
            for statement in statements:
                database.execute(*statement)
            database.commit()
        except sqlite3.Error:
            return False
    return True


def damage(data: bytes, seed: int) -> bytes:
    """Return a copy with swapped or emptied pages, flipped bytes, or cut off."""
    chance = random.Random(seed)
    copy, pages = bytearray(data), len(data) // PAGE
    kind = seed % 7
    if kind == 0:
        one, other = (slice(n * PAGE, n * PAGE + PAGE) for n in chance.sample(range(pages), 2))
        copy[one], copy[other] = copy[other], copy[one]
    elif kind == 1:
        page = chance.randrange(pages) * PAGE
        copy[page : page + PAGE] = bytes(PAGE)
    elif kind == 2:
        del copy[chance.randrange(1, len(copy)) :]
    elif kind == 3:
        place = chance.randrange(len(copy) - 512)
        copy[place : place + 512] = chance.randbytes(512)
    elif kind == 4:
        copy[18:20] = b"\2\2"  # its journal is missing
        copy[chance.randrange(len(copy))] ^= 255
    else:
        copy[chance.randrange(len(copy))] ^= 1 << chance.randrange(8)
    return bytes(copy)


def run(*args: object) -> Any:
    """Run a command in this process; check how it ends and what it prints."""
    done = CliRunner().invoke(program, [str(one) for one in args])
    said = done.stderr + done.stdout
    assert done.exit_code in DOCUMENTED, f"{args}: {done.exit_code}: {said}"
    assert not re.search("Traceback|Unexpected error|unforeseen|\x1b", said), f"{args}: {said}"
    return done


def table(path: Path) -> list[tuple[str, ...]]:
    """Return the numbers of a CSV: neither names nor ports."""
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    return [
        tuple(value for name, value in row.items() if name not in ("meter", "port"))
        for row in csv.DictReader(lines)
    ]


def read_with_every_command(path: Path, folder: Path) -> tuple[list[Any], list[Any] | None]:
    """Return what the commands ended with, and the table that was exported."""
    goal = folder / "a.csv"
    goal.unlink(missing_ok=True)
    ends = [
        run("export", path, "-o", goal, "--force"),
        run("export", path, "--wide", "-o", folder / "wide.csv", "--force"),
        run("export", path, "--strict", "-o", folder / "strict.csv", "--force"),
        run("verify", path),
        run("repair", path, "-o", folder / "repaired.wattui"),
        run("plot", path, "-o", folder / "a.svg", "--force"),
        run("sessions", "--json"),
    ]
    (folder / "repaired.wattui").unlink(missing_ok=True)
    return ends, table(goal) if goal.exists() else None


@pytest.fixture
def place() -> Path:
    """Return where an odd session lies: in the folder that ``wattui sessions`` lists."""
    folder = sessions_folder()
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "odd.wattui"


def test_anything_in_any_column(
    sound: Path, place: Path, tmp_path: Path, figures: dict[str, int], rounds: Rounds
) -> None:
    goal = tmp_path / "sound.csv"
    run("export", sound, "-o", goal)
    truth = table(goal)
    tried = reported = 0
    for name, column, value in columns()[: rounds(4, 10_000)]:
        shutil.copy(sound, place)
        first = f"(SELECT min(rowid) FROM {name})" if name in ("event", "meter") else None
        where = f" WHERE rowid={first}" if first else ""
        if not change(place, (f"UPDATE OR IGNORE {name} SET {column}=?{where}", (value,))):
            continue
        ends, found = read_with_every_command(place, tmp_path)
        tried += 1
        is_reported = "damaged" in ends[0].stderr
        reported += is_reported
        if name in MEASURED and ends[0].exit_code == 0 and not is_reported:
            assert found == truth, (name, column, value)
    figures.update({"changed": tried, "reported": reported})


STRUCTURES: dict[str, tuple[tuple[str], ...]] = {
    **{f"without {name}": ((f"DROP TABLE {name}",),) for name in TABLES},
    **{f"{name} is empty": ((f"DELETE FROM {name}",),) for name in TABLES},
    **{
        f"{name} has one column": ((f"DROP TABLE {name}",), (f"CREATE TABLE {name} (a)",))
        for name in TABLES
    },
    "another program's": (("PRAGMA application_id=7",),),
    "of no version": (("PRAGMA user_version=0",),),
    "of a negative version": (("PRAGMA user_version=-5",),),
    "of a later version": (("PRAGMA user_version=99",),),
    "at the end of time": (("UPDATE sample SET time=time+9000000000000000000 WHERE time>0",),),
    "before 1970": (("UPDATE sample SET time=time-1800000000000000",),),
    "a view instead of samples": (
        ("ALTER TABLE sample RENAME TO old",),
        ("CREATE VIEW sample AS SELECT * FROM old",),
    ),
    "a trigger": (("CREATE TRIGGER t AFTER INSERT ON event BEGIN DELETE FROM sample; END",),),
}


def test_any_structure(sound: Path, place: Path, tmp_path: Path, rounds: Rounds) -> None:
    chosen = sorted(STRUCTURES)
    random.Random(6).shuffle(chosen)
    for name in chosen[: rounds(3, 100)]:
        shutil.copy(sound, place)
        assert change(place, *STRUCTURES[name]), name
        read_with_every_command(place, tmp_path)


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _loop(path: Path) -> None:
    path.symlink_to(path)


def _dangling(path: Path) -> None:
    path.symlink_to(path.with_name("nowhere"))


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _letter(path: Path) -> None:
    path.write_text("Dear Sir or Madam,\n" * 100)


def _nothing(path: Path) -> None:
    path.touch()


def _random(path: Path) -> None:
    path.write_bytes(random.Random(1).randbytes(50_000))


@pytest.mark.parametrize(
    "make", [_pipe, _loop, _dangling, _device, Path.mkdir, _letter, _nothing, _random]
)
def test_anything_in_the_place_of_a_session(
    place: Path, tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(place)
    ends, found = read_with_every_command(place, tmp_path)
    assert found is None
    assert [one.exit_code for one in ends[:5]] == [6] * 5
    run("replay", place, "--session", tmp_path / "b.wattui", "-d", "1")


def test_damaged_copies_through_every_command(
    sound: Path, place: Path, tmp_path: Path, figures: dict[str, int], rounds: Rounds
) -> None:
    goal = tmp_path / "sound.csv"
    run("export", sound, "-o", goal)
    truth, data = table(goal), sound.read_bytes()
    counts = {"read whole": 0, "reported": 0, "refused": 0}
    for seed in range(rounds(7, 1000)):
        place.write_bytes(damage(data, seed))
        ends, found = read_with_every_command(place, tmp_path)
        if ends[0].exit_code:
            counts["refused"] += 1
        elif "damaged" in ends[0].stderr:
            counts["reported"] += 1
        else:
            assert found == truth, seed
            counts["read whole"] += 1
    figures.update(counts)
