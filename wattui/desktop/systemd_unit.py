# SPDX-License-Identifier: GPL-3.0-or-later
"""The user's own service that records for good: a systemd user unit, put there and taken away.

The unit lies in ``~/.config/systemd/user`` and needs no root.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Final

from wattui.desktop.atomic_file import write_whole
from wattui.errors import DiskRefused, WattuiError

_log = logging.getLogger(__name__)

#: Name of the unit.
UNIT: Final = "wattui-log.service"

#: Seconds that systemctl may take.
_PATIENCE: Final = 30.0


class NoServices(WattuiError):
    """The system has no systemd: it is Windows or macOS."""


class UnitFailed(WattuiError):
    """systemd did not take the unit."""


def unit_path() -> Path:
    """Give the path of the unit."""
    named = os.environ.get("XDG_CONFIG_HOME", "")
    # The specification has relative paths ignored.
    config = Path(named) if Path(named).is_absolute() else Path.home() / ".config"
    return config / "systemd" / "user" / UNIT


def program_command() -> list[str]:
    """Give what starts wattui from this very environment."""
    program = Path(sys.executable).parent / "wattui"
    return [str(program)] if program.exists() else [sys.executable, "-m", "wattui"]


def quoted(word: str) -> str:
    """Quote a word of an ``Exec`` line (``systemd.service(5)``, *Command lines*).

    Percent signs are specifiers, dollar signs variables there, in quotes too.
    """
    if any(ord(c) < 32 or ord(c) == 127 for c in word):
        raise WattuiError(f"{word!r} cannot stand in a service", "Choose another name.")
    word = word.replace("%", "%%").replace("$", "$$")
    if word and not set(word) & set(" \t\"'\\;"):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def unit_text(arguments: Sequence[str]) -> str:
    """Give the unit that runs ``wattui`` of this environment with such arguments."""
    template = (resources.files("wattui.resources") / UNIT).read_text(encoding="utf-8")
    # A program's path is not looked at for variables, and has no $$.
    program, *first = program_command()
    words = [quoted(program).replace("$$", "$"), *map(quoted, (*first, *arguments))]
    lines = []
    for line in template.splitlines():
        lines.append("ExecStart=" + " ".join(words) if line.startswith("ExecStart=") else line)
        if line == "Type=notify" and (folders := _environment()):
            lines += folders
    return "\n".join(lines) + "\n"


def _environment() -> list[str]:
    """Give the folders of our own that the service is to use as well."""
    names = ("WATTUI_DATA", "WATTUI_CONFIG")
    return [
        "Environment=" + quoted(f"{name}={os.environ[name]}").replace("$$", "$")
        for name in names
        if os.environ.get(name)
    ]


def commands(verb: str) -> list[list[str]]:
    """Give what is to be told to systemd to ``install`` or ``remove`` the unit."""
    user = ["systemctl", "--user"]
    if verb == "install":
        return [[*user, "daemon-reload"], [*user, "enable", UNIT], [*user, "restart", UNIT]]
    return [[*user, "daemon-reload"]]


def install(arguments: Sequence[str]) -> tuple[Path, list[list[str]]]:
    """Write the unit, and have systemd start it, now and at each login.

    Returns
    -------
    tuple
        The unit's path, and the commands that are left to be run by hand: systemd
        could not be reached.

    Raises
    ------
    NoServices
        The system has no systemd.
    DiskRefused
        The unit cannot be written.
    UnitFailed
        systemd refused it.
    """
    _refuse_elsewhere()
    path = unit_path()
    try:
        write_whole(path, unit_text(arguments).encode())
    except OSError as error:
        raise DiskRefused(
            f"{error.filename or path} cannot be written: {error.strerror or error}",
            "Check that the folder is yours, or set XDG_CONFIG_HOME to one that is.",
        ) from error
    return path, _run(commands("install"))


def remove() -> tuple[Path | None, list[list[str]]]:
    """Stop the service and take the unit away.

    Returns
    -------
    tuple
        The unit's path, None where there was none, and the commands that are left.

    Raises
    ------
    NoServices
        The system has no systemd.
    DiskRefused
        The unit cannot be removed.
    """
    _refuse_elsewhere()
    path = unit_path()
    if not path.exists():
        return None, []
    left = _run([["systemctl", "--user", "disable", "--now", UNIT]])
    try:
        path.unlink(missing_ok=True)
        # Where systemd could not be reached, its link is still there.
        link = path.parent / "default.target.wants" / UNIT
        if link.is_symlink():
            link.unlink()
    except OSError as error:
        raise DiskRefused(
            f"{path} cannot be removed: {error.strerror or error}", "Check that it is yours."
        ) from error
    return path, left + _run(commands("remove"))


def status_text() -> str:
    """Give what systemd says of the service; empty where it cannot be reached."""
    done = _call(["systemctl", "--user", "--no-pager", "--lines=5", "status", UNIT])
    if done is None or "Failed to connect" in done.stderr:
        return ""
    return done.stdout or done.stderr


def lingers() -> bool:
    """Tell whether the user's services run without a login."""
    user = os.environ.get("USER") or os.environ.get("LOGNAME") or ""
    return bool(user) and (Path("/var/lib/systemd/linger") / user).exists()


def _refuse_elsewhere() -> None:
    if sys.platform in ("win32", "darwin"):
        raise NoServices(
            "There are no systemd services on this system",
            "Have `wattui log --all --wait --output-dir FOLDER --rotate day` started at login.",
        )


def _run(orders: Sequence[list[str]]) -> list[list[str]]:
    """Run commands; give those that are left where systemd cannot be reached.

    Raises
    ------
    UnitFailed
        systemd refused one.
    """
    for number, order in enumerate(orders):
        done = _call(order)
        if done is None:
            return list(orders[number:])
        if done.returncode:
            said = " ".join(done.stderr.split())
            if "Failed to connect" in said or "not been booted" in said or "No medium" in said:
                _log.info("systemd cannot be reached: %s", said)
                return list(orders[number:])
            raise UnitFailed(
                f"`{' '.join(order)}` failed: {said}",
                f"`journalctl --user -u {UNIT}` tells more.",
            )
    return []


def _call(order: Sequence[str]) -> subprocess.CompletedProcess[str] | None:
    """Run a command; None where it is not there or does not answer."""
    found = shutil.which(order[0])
    if found is None:
        return None
    try:
        return subprocess.run(
            [found, *order[1:]], capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        _log.info("%s did not run: %s", order[0], error)
        return None
