# SPDX-License-Identifier: GPL-3.0-or-later
"""A report of a problem: versions, checks, settings, sizes and logs, without names.

The window shows it before it is saved, and ``wattui doctor --report`` writes the same.
"""

from __future__ import annotations

import contextlib
import getpass
import importlib
import os
import platform
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from wattui.client.diagnosis import CheckResult, diagnose
from wattui.desktop.folders import cache_folder, config_folder, data_folder
from wattui.desktop.preferences_file import PreferencesFile
from wattui.desktop.program_log import log_files
from wattui.errors import SessionError
from wattui.measurement.log_format import without_passwords
from wattui.measurement.text import count_text, size_text
from wattui.ports.listing import list_ports
from wattui.report.anonymous import Anonymous
from wattui.session import Session
from wattui.session.catalogue import Catalogue, CatalogueEntry

#: How much of the logs is in it, in characters, and of each of them.
_LOGS: Final = 120_000
_LOG: Final = 60_000

#: Sessions that are listed, and those whose meters are read to know their names.
_LISTED: Final = 20

#: Settings that are texts of the user: only how many there are is reported.
_COUNTED: Final = (
    "recent", "recent_times", "dismissed", "meters", "alerts", "alert_command", "export_folder",
)  # fmt: skip

#: The name of a computer in a URL, which an error may mention alone.
_HOST: Final = re.compile(r"(?<!sim)(?<!replay)://(?:[^@/\s]*@)?([\w.-]{4,})")

#: Variables of the environment with passwords, and what their names end with.
_SECRET: Final = ("PASSWORD", "TOKEN")

_HEAD: Final = """\
Problem report of wattui

Names of users, computers, folders, sessions and meters, serial numbers and addresses are
replaced, as in <user> or <meter 1>. Nothing was sent to anybody. Please read it before you
pass it on, and describe what you did, what you expected, and what happened instead.
"""


def problem_report() -> str:
    """Return the text of a report.  Waits for the disk; opens no port and changes nothing.

    Returns
    -------
    str
        Plain text that shows no names.
    """
    sessions = Catalogue().scan()
    settings = PreferencesFile.load()
    parts = (
        ("This machine", "\n".join(_check_text(one) for one in diagnose())),
        ("Settings that differ from the defaults", _settings_text(settings)),
        ("Sessions", _sessions_text(sessions)),
        *_logs(),
    )
    body = "\n\n".join(f"== {title}\n\n{text}" for title, text in parts)
    names = {**_names(sessions, settings), "address": set(_HOST.findall(body))}
    return f"{_HEAD}\n{Anonymous(names)(without_passwords(body))}\n"


def _names(sessions: list[CatalogueEntry], settings: PreferencesFile) -> dict[str, set[str]]:
    """Return the names that must not appear, by kind."""
    meters = {one["name"] for one in settings.meters.values() if one.get("name")}
    serials = {port.serial_number for port in list_ports()}
    for entry in sessions[:_LISTED]:
        with contextlib.suppress(SessionError, OSError), Session.open(entry.path) as session:
            for meter in session.meters:
                meters.add(meter.info.name)
                serials.add(meter.info.serial_number)
    for entry in sessions:
        labels = () if entry.outline is None else entry.outline.meters
        meters.update(labels)
    serials.update(key for key in settings.meters if "/" not in key)
    names = {entry.name for entry in sessions} | {entry.given_name for entry in sessions}
    environment = {value for name, value in os.environ.items() if name.endswith(_SECRET)}
    return {
        "secret": environment,
        "home": _homes(),
        "folder": {str(one) for one in (data_folder(), config_folder(), cache_folder())},
        "user": _users(),
        "computer": _computers(),
        "meter": meters,
        "serial": serials,
        "session": names,
    }


def _homes() -> set[str]:
    found = {os.environ.get("HOME", ""), os.environ.get("USERPROFILE", "")}
    with contextlib.suppress(RuntimeError, OSError):
        found |= {str(Path.home()), str(Path.home().resolve())}
    return found - {os.sep, ""}


def _users() -> set[str]:
    found = {os.environ.get(name, "") for name in ("USER", "LOGNAME", "USERNAME", "SUDO_USER")}
    with contextlib.suppress(Exception):  # there may be no such user
        found.add(getpass.getuser())
    with contextlib.suppress(ImportError, AttributeError, KeyError):
        entry = importlib.import_module("pwd").getpwuid(os.getuid())
        full = entry.pw_gecos.partition(",")[0]
        found |= {entry.pw_name, full, *full.split()}
    return found


def _computers() -> set[str]:
    found = {platform.node()}
    with contextlib.suppress(OSError):
        found.add(socket.gethostname())
    return found | {name.partition(".")[0] for name in found}


def _check_text(one: CheckResult) -> str:
    more = "".join(f"\n    {text}" for text in (one.hint, one.command) if text)
    return f"{one.verdict}: {one.topic}: {one.text}{more}"


def _settings_text(settings: PreferencesFile) -> str:
    found, usual = settings.to_dict(), PreferencesFile(path=settings.path).to_dict()
    lines = []
    for name in (one for one in usual if found[one] != usual[one]):
        value = found[name]
        if name in _COUNTED:
            value = count_text(len(value), "entry") if isinstance(value, list | dict) else "set"
        lines.append(f"{name}: {value}")
    return "\n".join(lines) or "none"


def _sessions_text(sessions: list[CatalogueEntry]) -> str:
    total = sum(entry.size for entry in sessions)
    lines = [f"{count_text(len(sessions), 'session')}, {size_text(total)}"]
    for entry in sessions[:_LISTED]:
        words = [size_text(entry.size), str(entry.state) or "not read yet"]
        if entry.outline is not None:
            words.append(count_text(len(entry.outline.meters), "meter"))
            words.append(count_text(entry.outline.count, "sample"))
        lines.append(", ".join(words))
    if len(sessions) > _LISTED:
        lines.append(f"and {count_text(len(sessions) - _LISTED, 'older session')}")
    return "\n".join(lines)


def _logs() -> Iterator[tuple[str, str]]:
    """Yield the ends of the logs, newest first."""
    left = _LOGS
    for path in log_files():
        text = _end_of(path, min(_LOG, left))
        if text:
            left -= len(text)
            yield f"Log: {path.name}", text
        if left <= 0:
            return
    if left == _LOGS:
        yield "Log", "There is none."


def _end_of(path: Path, most: int) -> str:
    """Return the last lines of a file, of *most* characters at most."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - most))
            text = file.read(most).decode("utf-8", "replace")
    except OSError as error:
        return f"It cannot be read: {error.strerror}"
    whole = len(text) < most
    return (text if whole else text.partition("\n")[2]).rstrip()
