# SPDX-License-Identifier: GPL-3.0-or-later
"""The program as a whole: help, commands, errors, exit codes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from wattui import errors
from wattui.cli import commands, exits
from wattui.cli import help as help_
from wattui.cli.help import ExplainedCommand, Group
from wattui.cli.program import program as wattui_program


def run(*args: str) -> Result:
    return CliRunner().invoke(wattui_program, args)


def all_commands() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(wattui_program)
    for name in wattui_program.list_commands(context):
        found = wattui_program.get_command(context, name)
        assert found is not None
        yield name, found
        if isinstance(found, Group):
            for inner in found.list_commands(context):
                command = found.get_command(context, inner)
                assert command is not None
                yield f"{name} {inner}", command


@pytest.mark.parametrize(("name", "command"), list(all_commands()))
def test_every_command_has_help_and_each_option_too(name: str, command: click.Command) -> None:
    assert isinstance(command, ExplainedCommand)
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{name} {parameter.name}"
    result = run(*name.split(), "--help")
    assert result.exit_code == 0
    assert max(map(len, result.output.splitlines())) <= 80
    if name not in ("desktop install", "desktop remove"):
        assert "Examples:" in result.output


def test_examples_of_the_help_can_be_parsed() -> None:
    import shlex

    for _, command in all_commands():
        for typed, _ in getattr(command, "examples", ()):
            first, *args = shlex.split(typed.partition(" > ")[0])
            assert first == "wattui"
            if not args:
                continue
            context = click.Context(wattui_program)
            inner = wattui_program.get_command(context, args[0])
            assert inner is not None, typed
            inner.make_context(args[0], args[1:], resilient_parsing=False)


def test_help_of_help_and_of_a_command() -> None:
    assert run("help").output == run("--help").output
    assert run("help", "log").output == run("log", "--help").output
    assert run("help", "nonsense").exit_code == 2


def test_every_exit_code_of_the_errors_is_documented() -> None:
    documented = [code for code, _ in exits.EXIT_CODES]
    assert len(set(documented)) == len(documented)
    kinds = [errors.WattuiError]
    for kind in kinds:
        kinds.extend(kind.__subclasses__())
        assert kind.exit_status in documented, kind
    shown = run("help", "exit-codes").output
    for code, meaning in exits.EXIT_CODES:
        assert re.search(rf"^  {code} +{re.escape(meaning[:30])}", shown, re.MULTILINE)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["lgo"], "Did you mean 'log'?"),
        (["nonsense"], "There is no command 'nonsense'"),
        (["log"], "Give a port"),
        (["log", "sim://pro", "sim://pro"], "given twice"),
        (["log", "sim://pro", "-d", "3x"], "not a duration"),
        (["log", "sim://pro", "-i", "0"], "0"),
        (["log", "sim://pro", "sim://es", "--raw", "x"], "one port"),
        (["log", "--nonsense"], "No such option"),
        (["export", "x.wattui"], "--output"),
        (["export", "x.wattui", "-o", "x.csv", "--from", "noon"], "not a valid time"),
        (["simulate", "--load", "toaster"], "toaster"),
        (["simulate", "sim://pro", "--load", "lamp"], "not both"),
        (["simulate", "--speed", "fast"], "speed"),
        (["simulate", "--count", "2", "--link", "a", "--link", "b", "--link", "c"], "3 links"),
    ],
)
def test_wrong_command_lines_exit_with_2(args: list[str], said: str) -> None:
    result = run(*args)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""


def test_an_error_is_reported_without_traceback_and_markup_is_unchanged() -> None:
    result = run("info", "/dev/no[bold]such[/bold]port")
    assert result.exit_code == 3
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")
    assert "no[bold]such[/bold]port" in result.stderr
    assert "Traceback" not in result.stderr
    assert len(result.stderr.splitlines()) == 2


def test_debug_shows_the_traceback() -> None:
    result = run("--debug", "info", "/dev/nosuchport")
    assert result.exit_code == 3
    assert "Traceback" in result.stderr


def test_quoted_text_in_an_error_cannot_control_the_terminal() -> None:
    result = run("info", "/dev/\x1b[31mred\x07")
    assert "\x1b" not in result.stderr
    assert "\x07" not in result.stderr


def test_an_unexpected_error_is_reported_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("wattui.ports.listing.list_ports", fail)
    result = run("ports")
    assert result.exit_code == 1
    assert "RuntimeError: boom" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_port_or_a_file_instead_of_a_command_opens_the_window(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    session = tmp_path / "run.wattui"
    session.touch()
    for args in ([], ["sim://pro"], [str(session)], ["/dev/ttyUSB0"]):
        result = run(*args)
        assert result.exit_code == 8
        assert "There is no display" in result.stderr


def test_help_is_coloured_only_where_colour_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    runner = CliRunner()
    assert "\x1b[" in runner.invoke(wattui_program, ["log", "--help"], color=True).output
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in runner.invoke(wattui_program, ["log", "--help"], color=True).output


def test_the_command_line_loads_no_toolkit(program: list[str]) -> None:
    script = (
        "import sys, importlib, pkgutil, wattui.cli\n"
        "for module in pkgutil.walk_packages(wattui.cli.__path__, 'wattui.cli.'):\n"
        "    importlib.import_module(module.name)\n"
        "names = ('traits', 'traitsui', 'pyface', 'chaco', 'enable', 'kiva', 'PyQt5')\n"
        "print([name for name in sys.modules if name.partition('.')[0] in names])\n"
    )
    result = subprocess.run([program[0], "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("args", [["--help"], ["ports", "--json"], ["help", "exit-codes"]])
def test_output_to_a_full_disk_is_an_error(program: list[str], args: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            [*program, *args], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert result.returncode == 6
    assert result.stderr.startswith("Error: Standard output cannot be written: No space left")
    assert "Traceback" not in result.stderr
    assert "Exception ignored" not in result.stderr


@pytest.mark.parametrize("args", [["--help"], ["ports", "--json"]])
def test_a_closed_output_prints_no_error(program: list[str], args: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    result = subprocess.run(
        [*program, *args], stdout=writing, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writing)
    assert result.returncode == 141
    assert result.stderr == ""


def test_python_m_wattui_is_the_program() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "wattui", "--version"], capture_output=True, text=True, check=True
    )
    assert result.stdout.startswith("wattui ")


# -- the folder of commands --


def test_a_file_in_the_folder_of_commands_is_a_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "greet.py").write_text(
        '"""Greet a meter."""\n'
        "import click\n"
        "from wattui.cli.help import command\n"
        '@command("greet", examples=(("wattui greet", "Greet it."),))\n'
        "def greet() -> None:\n"
        '    """Greet a meter."""\n'
        '    click.echo("Hello, meter.")\n'
    )
    monkeypatch.setattr(commands, "__path__", [*commands.__path__, str(tmp_path)])
    help_.modules.cache_clear()
    try:
        assert re.search(r"^  greet +Greet a meter$", run("--help").output, re.MULTILINE)
        assert run("greet").output == "Hello, meter.\n"
        assert run("help", "greet").output.startswith("Usage: ")
    finally:
        help_.modules.cache_clear()
        sys.modules.pop("wattui.cli.commands.greet", None)


def test_the_list_of_commands_loads_only_what_it_needs() -> None:
    """A start of Python and click take most of its time; each of these would add to it."""
    code = (
        "import sys; from wattui.cli.program import program\n"
        "program(['--help'], standalone_mode=False)\n"
        "later = ('numpy', 'rich', 'sqlite3', 'zoneinfo', 'dataclasses', 'json', 'subprocess',\n"
        "         'serial', 'wattui.session', 'wattui.measurement.text')\n"
        "assert [n for n in sys.modules if n.startswith('wattui.cli.commands.')] == []\n"
        "assert [n for n in later if n in sys.modules] == []"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, capture_output=True)


@pytest.mark.parametrize(("name", "command"), list(all_commands()))
def test_the_list_of_commands_shows_the_first_line_of_their_help(
    name: str, command: click.Command
) -> None:
    if " " in name:
        return
    assert command.help is not None
    assert " ".join(command.help.split("\n\n")[0].split()) == f"{help_.summary(name)}."


@pytest.mark.parametrize("name", ["ports", "info", "clear", "config"])
def test_a_command_that_only_talks_to_a_meter_starts_without_numpy(name: str) -> None:
    code = f"import sys, wattui.cli.commands.{name}; assert 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


# -- what people type --


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("record", "log"),
        ("Log", "log"),
        ("exprot", "export"),
        ("download", "fetch"),
        ("ls", "ports"),
    ],
)
def test_a_near_miss_is_named(typed: str, meant: str) -> None:
    result = run(typed)
    assert result.exit_code == 2
    assert f"Did you mean '{meant}'?" in result.stderr


def test_words_that_are_meant_are_commands() -> None:
    known = {name.rpartition(" ")[2] for name, _ in all_commands()}
    assert set(help_._MEANT.values()) <= known
    assert not set(help_._MEANT) & {name for name, _ in all_commands()}


@pytest.mark.parametrize("name", [name for name, _ in all_commands() if name != "help"])
def test_debug_is_understood_behind_every_command(name: str) -> None:
    assert run(*name.split(), "--debug", "--help").exit_code == 0


def test_summaries_are_not_cut_off() -> None:
    assert "..." not in run("--help").output.replace("[ARGS]...", "")
    for name, command in all_commands():
        if isinstance(command, Group):
            context = click.Context(command)
            text = " ".join(run(*name.split(), "-h").output.split())
            assert all(" ".join(words.split()) in text for _, words in command.summaries(context))


@pytest.mark.parametrize("url", ["sim://prro", "sim://pro?sped=3", "sim://pro?load=foo"])
@pytest.mark.parametrize("name", ["log", "info", "fetch", "gui", "clear"])
def test_a_typo_in_the_url_of_a_simulated_meter_is_one_of_the_command_line(
    name: str, url: str
) -> None:
    result = run(name, url)
    assert result.exit_code == 2
    assert "use one of" in " ".join(result.stderr.split())


def test_a_file_that_does_not_exist_has_the_same_exit_code_everywhere(tmp_path: Path) -> None:
    missing = str(tmp_path / "none.log")
    for args in (
        ("import", missing), ("replay", missing), ("plot", missing, "-o", str(tmp_path / "a.png")),
        ("export", missing, "-o", str(tmp_path / "a.csv")), ("simulate", "--replay", missing),
        ("config", "sim://pro", "--apply", missing),
    ):  # fmt: skip
        result = run(*args)
        assert result.exit_code == 6, args
        assert f"There is no file {missing}" in " ".join(result.stderr.split())
