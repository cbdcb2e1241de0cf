# SPDX-License-Identifier: GPL-3.0-or-later
"""Installs and removes the user's service that records permanently: a systemd user unit.

The unit is in ``~/.config/systemd/user`` and needs no root.
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
from wattui.desktop.program_command import is_single_file, program_command
from wattui.errors import DiskRefused, WattuiError

_log = logging.getLogger(__name__)

#: Name of the unit.
UNIT: Final = "wattui-log.service"

#: Longest time that systemctl may take, in seconds.
_PATIENCE: Final = 30.0

#: What systemctl prints when it cannot reach systemd.
_UNREACHABLE: Final = ("Failed to connect", "not been booted", "No medium")

#: For a single file: it is two processes, and what it has unpacked into /tmp would be cleaned away.
_SINGLE_FILE: Final = ("NotifyAccess=all", "Environment=TMPDIR=%C")

_USER: Final = ["systemctl", "--user"]
_RELOAD: Final = [*_USER, "daemon-reload"]


class NoServices(WattuiError):
    """The system has no systemd: it is Windows or macOS."""


class UnitFailed(WattuiError):
    """systemd refused the unit."""


def unit_path() -> Path:
    """Return the path of the unit."""
    named = os.environ.get("XDG_CONFIG_HOME", "")
    # The specification requires relative paths to be ignored.
    config = Path(named) if Path(named).is_absolute() else Path.home() / ".config"
    return config / "systemd" / "user" / UNIT


def quoted(word: str) -> str:
    """Quote a word of an ``Exec`` line (``systemd.service(5)``, *Command lines*).

    Percent signs are specifiers there, and dollar signs variables, also in quotes.
    """
    if any(ord(c) < 32 or ord(c) == 127 for c in word):
        raise WattuiError(f"{word!r} cannot be used in a service", "Choose another name.")
    word = word.replace("%", "%%").replace("$", "$$")
    if word and not set(word) & set(" \t\"'\\;"):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def unit_text(arguments: Sequence[str]) -> str:
    """Return the unit that runs this copy of ``wattui`` with these arguments."""
    template = (resources.files("wattui.resources") / UNIT).read_text(encoding="utf-8")
    # A program's path is not searched for variables, and needs no $$.
    program, *first = program_command()
    words = [quoted(program).replace("$$", "$"), *map(quoted, (*first, *arguments))]
    lines = []
    for line in template.splitlines():
        lines.append("ExecStart=" + " ".join(words) if line.startswith("ExecStart=") else line)
        if line == "Type=notify":
            lines += _environment()
            lines += _SINGLE_FILE if is_single_file() else ()
    return "\n".join(lines) + "\n"


def _environment() -> list[str]:
    """Return the lines with the folders of wattui, which the service uses as well."""
    names = ("WATTUI_DATA", "WATTUI_CONFIG")
    return [
        "Environment=" + quoted(f"{name}={os.environ[name]}").replace("$$", "$")
        for name in names
        if os.environ.get(name)
    ]


def install(arguments: Sequence[str]) -> tuple[Path, list[list[str]]]:
    """Write the unit, and start it now and at each login.

    Returns
    -------
    tuple
        The unit's path, and the commands that the user must run because systemd could
        not be reached.

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
    return path, _run([_RELOAD, [*_USER, "enable", UNIT], [*_USER, "restart", UNIT]])


def remove() -> tuple[Path | None, list[list[str]]]:
    """Stop the service and remove the unit.

    Returns
    -------
    tuple
        The unit's path, None if there was none, and the commands that the user must run.

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
    left = _run([[*_USER, "disable", "--now", UNIT]])
    try:
        path.unlink(missing_ok=True)
        # If systemd could not be reached, its link still exists.
        link = path.parent / "default.target.wants" / UNIT
        if link.is_symlink():
            link.unlink()
    except OSError as error:
        raise DiskRefused(
            f"{path} cannot be removed: {error.strerror or error}", "Check that it is yours."
        ) from error
    return path, left + _run([_RELOAD])


def status_text() -> str:
    """Return systemd's report on the service; empty if systemd cannot be reached."""
    done = _call([*_USER, "--no-pager", "--lines=5", "status", UNIT])
    if done is None or "Failed to connect" in done.stderr:
        return ""
    return done.stdout or done.stderr


def lingers() -> bool:
    """Check whether the user's services run without a login."""
    user = os.environ.get("USER") or os.environ.get("LOGNAME") or ""
    return bool(user) and (Path("/var/lib/systemd/linger") / user).exists()


def _refuse_elsewhere() -> None:
    if sys.platform in ("win32", "darwin"):
        raise NoServices(
            "There are no systemd services on this system",
            "Start `wattui log --all --wait --output-dir FOLDER --rotate day` at login.",
        )


def _run(orders: Sequence[list[str]]) -> list[list[str]]:
    """Run commands; return those that are left when systemd cannot be reached.

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
            output = " ".join(done.stderr.split())
            if (
                "Failed to connect" in output
                or "not been booted" in output
                or "No medium" in output
            ):
                _log.info("systemd cannot be reached: %s", output)
                return list(orders[number:])
            raise UnitFailed(
                f"`{' '.join(order)}` failed: {output}",
                f"`journalctl --user -u {UNIT}` shows more.",
            )
    return []


def _call(order: Sequence[str]) -> subprocess.CompletedProcess[str] | None:
    """Run a command; return None if it does not exist or does not answer."""
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
