# SPDX-License-Identifier: GPL-3.0-or-later
"""Files and ports on the command line: no command writes over what it reads, nor over a session.

Commands and their files are found by themselves, so that a new command is covered.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from test_export import make

from wattui.cli.file_options import File, PortName, SessionFile, Use
from wattui.cli.help import Group
from wattui.cli.program import program
from wattui.session import Session, SessionWriter

#: Metavars of options that take a file or folder.
FILE_WORDS = ("FILE", "PATH", "DIR", "LINK", "SESSION")

#: Options whose value looks like a file and belongs to the meter.
NO_FILES = {"--post-file"}


def all_commands() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(program)
    for name in program.list_commands(context):
        command = program.get_command(context, name)
        assert command is not None
        yield (name,), command
        if isinstance(command, Group):
            for inner, one in command.commands.items():
                yield (name, inner), one


def files(command: click.Command) -> list[click.Parameter]:
    return [one for one in command.params if isinstance(one.type, File)]


PAIRS = [
    (words, command, first, second)
    for words, command in all_commands()
    for first, second in combinations(files(command), 2)
    if {first.type.use, second.type.use} != {Use.READ}  # type: ignore[attr-defined]
    if Use.FOLDER not in (first.type.use, second.type.use)  # type: ignore[attr-defined]
]
WRITTEN = [
    (words, command, one)
    for words, command in all_commands()
    for one in files(command)
    if one.type.use in (Use.WRITE, Use.APPEND, Use.CREATE)  # type: ignore[attr-defined]
]


def names(rows: list[Any]) -> list[str]:
    return [" ".join((*row[0], *(one.opts[0] for one in row[2:]))) for row in rows]


def typed(command: click.Command, values: dict[str, str]) -> list[str]:
    """Return the words of a command line with these files, and a port where one is needed."""
    words: list[str] = []
    for one in command.params:
        value = values.get(one.name or "")
        if isinstance(one, click.Option):
            words += [one.opts[0], value] if value else []
        elif value:
            words.append(value)
        elif isinstance(one.type, File):
            words.append("run.wattui")
        elif isinstance(one.type, PortName) and command.name != "simulate":
            words.append("sim://pro?speed=200")
    for one in command.params:
        if one.required and one.name == "output" and one.name not in values:
            words += ["-o", f"some{(one.type.suffixes or ('.csv',))[0]}"]  # type: ignore[attr-defined]
    return words


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect the commands that run although they should not."""
    found: list[str] = []
    for words, command in all_commands():
        monkeypatch.setattr(command, "callback", lambda *_, words=words, **__: found.append(words))
    return found


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "run.wattui", count=3)
    return tmp_path


def other_name(path: Path, way: str) -> Path:
    """Return another name of the same file."""
    other = path.with_name(f"other{path.suffix}")
    if way == "symlink":
        other.symlink_to(path.name)
    elif way == "hard link":
        other.hardlink_to(path)
    elif way == "relative":
        return Path("..") / path.parent.name / path.name
    elif way == "linked folder":
        (path.parent / "linked").symlink_to(path.parent)
        return path.parent / "linked" / path.name
    return path if way in ("name", "relative") else other


def test_every_option_for_a_file_says_what_is_done_with_it() -> None:
    seen = 0
    for words, command in all_commands():
        for one in command.params:
            metavar = (one.metavar or (one.name or "").upper()).upper()
            if set(one.opts) & NO_FILES or isinstance(one.type, PortName):
                continue
            looks = any(word in metavar for word in FILE_WORDS)
            assert not isinstance(one.type, click.Path) or isinstance(one.type, File), (words, one)
            assert not looks or isinstance(one.type, File), (words, one.opts)
            seen += isinstance(one.type, File)
    assert seen > 15


READ = [
    (words, command, one)
    for words, command in all_commands()
    for one in files(command)
    if one.type.use is Use.READ  # type: ignore[attr-defined]
]


@pytest.mark.parametrize("name", [".", ""])
@pytest.mark.parametrize("case", READ, ids=names(READ))
def test_a_folder_or_an_empty_name_is_refused_with_a_reason(
    case: Any, name: str, folder: Path, reached: list[str]
) -> None:
    """`wattui repair .` ended in an unexpected error."""
    words, command, one = case
    line = typed(command, {one.name: "PLACE"})
    result = real(*words, *(name if word == "PLACE" else word for word in line))
    assert reached == []
    assert result.exit_code == (6 if name else 2), result.stderr
    assert ("is a folder" if name else "name of the file is missing") in result.stderr


@pytest.mark.parametrize("way", ["name", "relative", "symlink", "hard link", "linked folder"])
@pytest.mark.parametrize("pair", PAIRS, ids=names(PAIRS))
def test_a_command_never_writes_over_its_own_files(
    pair: tuple[tuple[str, ...], click.Command, click.Parameter, click.Parameter],
    way: str, folder: Path, reached: list[str],
) -> None:  # fmt: skip
    words, command, first, second = pair
    if Use.LINK in (first.type.use, second.type.use) and "link" in way:  # type: ignore[attr-defined]
        pytest.skip("a link takes the place of links only, and their target is unharmed")
    endings = [one.type.suffixes for one in (first, second)]  # type: ignore[attr-defined]
    path = folder / f"file{next((ends[0] for ends in endings if ends), '.dat')}"
    path.write_text("time,power_w\n")
    other = other_name(path, way)
    for one, two in ((path, other), (other, path)):
        values = {first.name or "": str(one), second.name or "": str(two)}
        result = CliRunner().invoke(program, [*words, *typed(command, values)])
        assert not reached, result.output
        assert result.exit_code == 6, result.output
        assert path.read_text() == "time,power_w\n"


@pytest.mark.parametrize("way", ["name", "relative", "symlink", "linked folder"])
@pytest.mark.parametrize("pair", PAIRS, ids=names(PAIRS))
def test_two_files_that_do_not_exist_yet_must_differ_too(
    pair: tuple[tuple[str, ...], click.Command, click.Parameter, click.Parameter],
    way: str, folder: Path, reached: list[str],
) -> None:  # fmt: skip
    words, command, first, second = pair
    if Use.READ in (first.type.use, second.type.use):  # type: ignore[attr-defined]
        pytest.skip("what is read exists")
    endings = [one.type.suffixes for one in (first, second)]  # type: ignore[attr-defined]
    path = folder / f"new{next((ends[0] for ends in endings if ends), '')}"
    other = other_name(path, way)
    for one, two in ((path, other), (other, path)):
        values = {first.name or "": str(one), second.name or "": str(two)}
        result = CliRunner().invoke(program, [*words, *typed(command, values)])
        assert not reached, result.output
        assert result.exit_code == 6, result.output
        assert not path.exists()


@pytest.mark.parametrize("way", ["name", "symlink", "hard link"])
@pytest.mark.parametrize("row", WRITTEN, ids=names(WRITTEN))
def test_a_command_never_writes_over_a_session(
    row: tuple[tuple[str, ...], click.Command, click.Parameter],
    way: str, folder: Path, reached: list[str],
) -> None:  # fmt: skip
    words, command, written = row
    precious = make(folder / "precious.wattui", count=5)
    if written.type.suffixes:  # type: ignore[attr-defined]
        precious = precious.rename(folder / f"precious{written.type.suffixes[0]}")  # type: ignore[attr-defined]
    path = other_name(precious, way)
    result = CliRunner().invoke(program, [*words, *typed(command, {written.name or "": str(path)})])
    assert not reached, result.output
    assert result.exit_code == 6, result.output
    assert "Error" in result.stderr
    with Session.open(precious) as session:
        assert session.count(1) == 5


@pytest.mark.parametrize("row", WRITTEN, ids=names(WRITTEN))
def test_force_replaces_another_session_and_never_the_one_that_is_read(
    row: tuple[tuple[str, ...], click.Command, click.Parameter], folder: Path, reached: list[str]
) -> None:
    words, command, written = row
    if "force" not in {one.name for one in command.params} or written.type.use is not Use.WRITE:  # type: ignore[attr-defined]
        pytest.skip("does not replace files")
    ending = (written.type.suffixes or (".csv",))[0]  # type: ignore[attr-defined]
    old = make(folder / "old.wattui").rename(folder / f"old{ending}")
    line = [*words, *typed(command, {written.name or "": str(old)})]
    assert CliRunner().invoke(program, line).exit_code == 6
    assert CliRunner().invoke(program, [*line, "--force"]).exit_code == 0
    assert reached == [words]


@pytest.mark.parametrize("ending", ["-wal", "-shm", "-journal"])
def test_a_file_beside_a_session_belongs_to_it(
    ending: str, folder: Path, reached: list[str]
) -> None:
    del folder
    result = CliRunner().invoke(program, ["export", "run.wattui", "-o", f"run.wattui{ending}"])
    assert result.exit_code == 6
    result = CliRunner().invoke(program, ["log", "sim://pro", "-o", f"run.wattui{ending}"])
    assert result.exit_code == 6
    assert not reached


def test_a_session_that_is_being_written_is_not_replaced_even_with_force(
    folder: Path, reached: list[str]
) -> None:
    make(folder / "new.wattui")
    with SessionWriter(folder / "new.wattui"):
        line = ["export", "run.wattui", "-o", "new.wattui", "--force"]
        assert CliRunner().invoke(program, line).exit_code == 6
    assert not reached


def test_a_capture_that_a_simulated_meter_plays_is_not_written_over(
    folder: Path, reached: list[str]
) -> None:
    (folder / "fan.raw").write_text("#d,-,18,\n")
    for option in ("-o", "--raw", "--session"):
        result = CliRunner().invoke(program, ["log", "sim://pro?replay=fan.raw", option, "fan.raw"])
        assert result.exit_code == 6, option
    assert not reached


@pytest.mark.skipif(sys.platform == "win32", reason="devices of POSIX")
@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/null", "-", "/dev/fd/1"])
def test_devices_and_standard_output_can_be_written(
    name: str, folder: Path, reached: list[str]
) -> None:
    del folder
    assert CliRunner().invoke(program, ["export", "run.wattui", "-o", name]).exit_code == 0
    assert CliRunner().invoke(program, ["log", "sim://pro", "-o", name]).exit_code == 0
    assert len(reached) == 2


def real(*args: str) -> Result:
    return CliRunner().invoke(program, args)


def test_an_export_over_its_own_session_leaves_it_as_it_was(folder: Path) -> None:
    before = (folder / "run.wattui").read_bytes()
    result = real("export", "run.wattui", "-o", "run.wattui")
    assert result.exit_code == 6
    assert "run.wattui would be written over itself" in result.stderr
    assert real("log", "sim://pro", "--session", "X", "-o", "X").exit_code == 6
    assert real("fetch", "sim://pro", "--session", "X", "-o", "X").exit_code == 6
    assert not (folder / "X").exists()
    (folder / "a.png").symlink_to("run.wattui")
    assert real("plot", "run.wattui", "-o", "a.png").exit_code == 6
    assert (folder / "run.wattui").read_bytes() == before


def test_an_old_file_is_replaced_as_before(folder: Path) -> None:
    (folder / "run.csv").write_text("old")
    assert real("export", "run.wattui", "-o", "run.csv").exit_code == 0
    assert "old" not in (folder / "run.csv").read_text()


# -- ports --


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("ttyUSB0", "/dev/ttyUSB0"),
        ("ttyACM3", "/dev/ttyACM3"),
        ("/dev/ttyUSB0", "/dev/ttyUSB0"),
        ("sim://pro", "sim://pro"),
        ("run.wattui", "run.wattui"),
        ("sub/ttyUSB0", "sub/ttyUSB0"),
        ("", ""),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="there are no devices in a folder")
def test_the_name_of_a_device_needs_no_folder(text: str, port: str) -> None:
    assert PortName().convert(text, None, None) == port


def test_every_port_is_a_port_name() -> None:
    for words, command in all_commands():
        for one in command.params:
            # Among words that may be commands too, `wattui measure` looks for the port itself.
            if "PORT" in (one.metavar or "") and "COMMAND" not in (one.metavar or ""):
                assert isinstance(one.type, PortName), words


def test_a_session_may_be_a_name_from_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    from wattui.desktop.folders import sessions_folder

    sessions_folder().mkdir(parents=True)
    path = make(sessions_folder() / "fan.wattui")
    monkeypatch.chdir(sessions_folder().parent)
    assert SessionFile().convert("fan", None, None) == path
