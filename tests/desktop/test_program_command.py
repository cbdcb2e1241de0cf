# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands that start wattui again, from an environment and from a bundle."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from wattui.desktop import menu_entry, program_command, systemd_unit
from wattui.errors import PackageMissing
from wattui.formats.registry import all_formats

PACKAGE = Path(program_command.__file__).parents[1]


@pytest.fixture
def frozen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a bundle, from which this process seems to run."""
    folder = tmp_path / "my bundle"
    (folder / "_internal").mkdir(parents=True)
    for name in ("wattui", "wattui-gui"):
        (folder / name).touch()
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "_MEIPASS", str(folder / "_internal"), raising=False)
    monkeypatch.setattr(sys, "executable", str(folder / "wattui"))
    monkeypatch.setattr(sys, "platform", "linux")
    return folder


@pytest.fixture
def single(frozen: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the path of a bundle in a single file, from which this process seems to run."""
    file = frozen / "wattui-0.1.0-x86_64"
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path / "_MEIabc123"))
    monkeypatch.setattr(sys, "executable", str(file))
    return file


def exec_line(text: str, key: str) -> list[str]:
    line = next(line for line in text.splitlines() if line.startswith(key))
    return shlex.split(line.removeprefix(key))


def test_the_command_of_an_environment_starts_this_copy() -> None:
    done = subprocess.run(
        [*program_command.program_command(), "--version"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.startswith("wattui ")


def test_without_programs_beside_python_modules_are_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = str(tmp_path / "python3")
    monkeypatch.setattr(sys, "executable", python)
    assert program_command.program_command() == [python, "-m", "wattui"]
    assert program_command.program_command(window=True) == [python, "-m", "wattui", "gui"]


@pytest.mark.parametrize("running", ["wattui", "wattui-gui"])
def test_a_bundle_wrote_commands_for_a_python_that_it_lacks(
    running: str, frozen: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(frozen / running))
    assert program_command.program_command() == [str(frozen / "wattui")]
    assert program_command.program_command(window=True) == [str(frozen / "wattui-gui")]
    unit = systemd_unit.unit_text(["log", "--all"])
    assert exec_line(unit, "ExecStart=") == [str(frozen / "wattui"), "log", "--all"]
    assert "TMPDIR" not in unit


def test_a_bundle_on_windows_starts_programs_with_their_suffix(
    frozen: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("wattui.exe", "wattui-gui.exe"):
        (frozen / name).touch()
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(sys, "executable", str(frozen / "wattui-gui.exe"))
    assert program_command.program_command() == [str(frozen / "wattui.exe")]
    assert program_command.program_command(window=True) == [str(frozen / "wattui-gui.exe")]


def test_a_single_file_starts_itself_and_not_what_lies_beside_it(
    single: Path, tmp_path: Path
) -> None:
    assert program_command.program_command() == [str(single)]
    assert program_command.program_command(window=True) == [str(single), "gui"]
    menu_entry.install(tmp_path / "share")
    entry = (tmp_path / "share" / "applications" / "wattui.desktop").read_text()
    assert exec_line(entry, "Exec=") == [str(single), "gui", "%f"]
    # systemd hears from both of its processes, and nothing that it unpacked is cleaned away.
    unit = systemd_unit.unit_text(["log", "--all"])
    assert exec_line(unit, "ExecStart=") == [str(single), "log", "--all"]
    assert "NotifyAccess=all" in unit
    assert "Environment=TMPDIR=%C" in unit


def test_the_rule_of_a_single_file_is_installed_when_its_files_are_gone(single: Path) -> None:
    command = menu_entry.udev_command()
    assert str(menu_entry.udev_rule()) not in command
    (echo,) = [part for part in command.split(" && ")[0].split(" | ") if part.startswith("echo")]
    written = subprocess.run(["sh", "-c", echo], capture_output=True, text=True, check=True).stdout
    lines = menu_entry.udev_rule().read_text(encoding="utf-8").splitlines()
    assert written.strip() == next(line for line in lines if line.startswith("ACTION"))


def test_a_bundle_does_not_advise_pip_for_what_it_lacks(
    frozen: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(PackageMissing) as caught:
        all_formats()["parquet"].require_package()
    assert "pipx install 'wattui[parquet]'" in caught.value.hint


def test_only_one_function_decides_what_starts_the_program() -> None:
    names = {
        path.name
        for path in PACKAGE.rglob("*.py")
        if "sys.executable" in path.read_text(encoding="utf-8")
    }
    assert names == {"program_command.py"}
