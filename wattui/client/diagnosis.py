# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether this machine can record: packages, ports, display and disk, and what to do if not."""

from __future__ import annotations

import enum
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final

from wattui import __version__
from wattui.desktop import display_check
from wattui.desktop.folders import sessions_folder
from wattui.desktop.menu_entry import udev_command
from wattui.errors import DisplayMissing
from wattui.measurement.text import size_text
from wattui.ports.listing import PortProblem, list_ports
from wattui.ports.port_checks import linux_facts, linux_obstacles

_CORE: Final = ("numpy", "pyserial", "click", "rich", "platformdirs", "filelock")
_WINDOW: Final = ("PyQt5", "chaco", "enable", "traits", "traitsui", "pyface")

#: Free bytes that are enough for a year of one meter.
_ENOUGH: Final = 3_000_000_000


class Verdict(enum.StrEnum):
    """What a finding means."""

    FINE = "fine"
    #: Nothing is wrong, but something does not work here.
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Something that was looked at."""

    topic: str
    verdict: Verdict
    #: What was found, as a sentence or a list.
    text: str
    #: What to do; empty if nothing.
    hint: str = ""
    #: The command that does it; empty if there is none.
    command: str = ""


def diagnose() -> list[CheckResult]:
    """Look at everything that a recording needs.  Opens no port, and changes nothing."""
    return [_system(), *_packages(), *_ports(), *_obstacles(), _display(), _disk()]


def _system() -> CheckResult:
    text = f"wattui {__version__}, Python {platform.python_version()}, {platform.platform()}"
    return CheckResult("Versions", Verdict.FINE, text)


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _packages() -> Iterator[CheckResult]:
    for topic, names in (("Packages", _CORE), ("Packages of the window", _WINDOW)):
        found = {name: _version(name) for name in names}
        missing = [name for name, version in found.items() if not version]
        there = ", ".join(f"{name} {version}" for name, version in found.items() if version)
        if not missing:
            yield CheckResult(topic, Verdict.FINE, there)
        elif names is _CORE:
            yield CheckResult(
                topic,
                Verdict.PROBLEM,
                f"{', '.join(missing)} not installed",
                "Install wattui again.",
            )
        else:
            error = display_check.package_missing(missing[0])
            yield CheckResult(
                topic, Verdict.NOTE, f"{', '.join(missing)} not installed", error.hint
            )


def _ports() -> Iterator[CheckResult]:
    ports = list_ports()
    for port in ports:
        if port.problem is PortProblem.IN_USE:
            hint = "Another program has it open: close it there."
            yield CheckResult("Port", Verdict.NOTE, port.label, hint)
        elif port.problem is PortProblem.NO_PERMISSION:
            yield CheckResult(
                "Port", Verdict.PROBLEM, port.label, "You have no permission: see below."
            )
        else:
            yield CheckResult("Port", Verdict.FINE, port.label)
    if not any(port.likely_meter for port in ports):
        yield CheckResult(
            "Meters",
            Verdict.NOTE,
            "No Watts up? is plugged in",
            "Plug one in, or try a simulated one.",
            "wattui log sim://pro",
        )


def _obstacles() -> Iterator[CheckResult]:
    if not sys.platform.startswith("linux"):
        return
    found = linux_obstacles(linux_facts(), udev_command())
    for one in found:
        yield CheckResult(
            one.title, Verdict.PROBLEM, "Keeps ports from being used", one.text, one.command
        )
    if not found:
        yield CheckResult("Access to ports", Verdict.FINE, "Nothing prevents it")


def _display() -> CheckResult:
    try:
        display_check.check()
    except DisplayMissing as error:
        return CheckResult("Window", Verdict.NOTE, error.what, error.hint)
    return CheckResult("Window", Verdict.FINE, "A window can be opened")


def _disk() -> CheckResult:
    folder = sessions_folder()
    there = next(one for one in (folder, *folder.parents) if one.exists())
    if not os.access(there, os.W_OK):
        hint = "Choose another folder with the variable WATTUI_DATA."
        return CheckResult("Disk", Verdict.PROBLEM, f"{there} is not writable", hint)
    return _room(folder, shutil.disk_usage(there).free)


def _room(folder: Path, free: int) -> CheckResult:
    text = f"{size_text(free)} free for sessions in {folder}"
    if free < _ENOUGH:
        hint = f"A year of one meter takes up to {size_text(_ENOUGH)}: free some space."
        return CheckResult("Disk", Verdict.NOTE, text, hint)
    return CheckResult("Disk", Verdict.FINE, text)
