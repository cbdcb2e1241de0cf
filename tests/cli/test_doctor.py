# SPDX-License-Identifier: GPL-3.0-or-later
"""``wattui doctor``: what is wrong with a machine, and the command that mends it."""

from __future__ import annotations

import json
import os
import shutil
from collections import namedtuple
from importlib import metadata

import pytest
from click.testing import CliRunner, Result

from wattui import __version__
from wattui.cli.program import program
from wattui.client import diagnosis
from wattui.ports.listing import PortInfo, PortProblem
from wattui.ports.port_checks import LinuxFacts

_Usage = namedtuple("_Usage", "total used free")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(program, ["doctor", *arguments])


@pytest.fixture(autouse=True)
def sound(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with a meter, and nothing wrong."""
    meter = PortInfo("/dev/ttyUSB0", serial_number="A1", likely_meter=True)
    monkeypatch.setattr(diagnosis, "list_ports", lambda: [meter])
    monkeypatch.setattr(diagnosis, "linux_facts", lambda: LinuxFacts("ada", in_group=True))
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: _Usage(10**12, 0, 10**12))


def test_a_sound_machine() -> None:
    result = run()
    assert result.exit_code == 0
    assert f"wattui {__version__}" in result.stdout
    assert "Watts up? · A1 · /dev/ttyUSB0" in result.stdout
    assert result.stdout.endswith("No problem found.\n")


def test_each_problem_has_the_command_that_mends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    denied = PortInfo("/dev/ttyUSB0", likely_meter=True, problem=PortProblem.NO_PERMISSION)
    facts = LinuxFacts("ada", brltty=True, modem_manager=True, upower=True)
    monkeypatch.setattr(diagnosis, "list_ports", lambda: [denied])
    monkeypatch.setattr(diagnosis, "linux_facts", lambda: facts)
    monkeypatch.setattr(os, "access", lambda *_: False)
    result = run()
    assert result.exit_code == 1
    for command in ("usermod -a -G dialout ada", "apt remove brltty", "restart upower", "udevadm"):
        assert command in result.stdout
    assert "is not writable" in result.stdout
    assert "WATTUI_DATA" in result.stdout
    assert result.stdout.endswith("6 problems found.\n")


def test_what_is_only_missing_here_is_no_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(package: str) -> str:
        if package == "PyQt5":
            raise metadata.PackageNotFoundError(package)
        return "1.0"

    busy = PortInfo("/dev/ttyUSB0", problem=PortProblem.IN_USE)
    monkeypatch.setattr(diagnosis, "list_ports", lambda: [busy])
    monkeypatch.setattr(metadata, "version", version)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: _Usage(10**12, 0, 10**8))
    monkeypatch.setenv("QT_QPA_PLATFORM", "")
    monkeypatch.setenv("DISPLAY", "")
    monkeypatch.setenv("WAYLAND_DISPLAY", "")
    result = run("--json")
    assert result.exit_code == 0
    found = {one["topic"]: one for one in json.loads(result.stdout)}
    notes = [topic for topic, one in found.items() if one["verdict"] == "note"]
    assert notes == ["Packages of the window", "Port", "Meters", "Window", "Disk"]
    assert "pip install wattui" in found["Packages of the window"]["hint"]
    assert found["Meters"]["command"] == "wattui log sim://pro"
    assert all(found[topic]["hint"] for topic in notes)


def test_a_core_package_that_is_missing_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(package: str) -> str:
        if package == "numpy":
            raise metadata.PackageNotFoundError(package)
        return "1.0"

    monkeypatch.setattr(metadata, "version", version)
    result = run()
    assert result.exit_code == 1
    assert "numpy not installed" in result.stdout
