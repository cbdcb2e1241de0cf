# SPDX-License-Identifier: GPL-3.0-or-later
"""The user's preferences: a JSON file in the configuration folder.

A broken file or a value of the wrong type is treated as not set.  Unknown names stay in the
file, for the version of wattui that knows them.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from wattui.desktop.atomic_file import write_whole
from wattui.desktop.folders import preferences_path
from wattui.errors import DiskRefused

_logger = logging.getLogger(__name__)


@dataclass
class PreferencesFile:
    """The preferences with their defaults; ``load`` and ``save`` them."""

    #: URL of the last port.
    port: str = ""
    #: Seconds between two records.
    interval: int = 1
    #: Names of the channels that are plotted.
    channels: list[str] = field(
        default_factory=lambda: ["power", "current", "voltage", "integrated_energy"]
    )
    #: Price of a kWh.
    rate: float = 0.08
    currency: str = "$"
    #: Unit in which energies are shown: ``Wh``, ``kWh`` or ``kJ``.
    energy_unit: str = "Wh"
    #: ``system``, ``light`` or ``dark``.
    theme: str = "system"
    #: The time axis shows ``elapsed`` or ``clock`` time.
    time_axis: str = "clock"
    #: Left, top, width and height of the window in pixels; empty before the first time.
    window: list[int] = field(default_factory=list)
    #: Widths of the window's panes in pixels; empty before the first time.
    panes: list[int] = field(default_factory=list)
    #: Folder of the last export.
    export_folder: str = ""
    #: CSV dialect: ``standard`` or ``spreadsheet``.
    csv_dialect: str = "standard"
    #: Sessions that were opened or recorded, most recent first, and when (seconds UTC).
    recent: list[str] = field(default_factory=list)
    recent_times: list[int] = field(default_factory=list)
    #: Interrupted sessions that are not offered again.
    dismissed: list[str] = field(default_factory=list)
    #: Name and colour of each meter, by its key.
    meters: dict[str, dict[str, str]] = field(default_factory=dict)
    #: How several meters are plotted: as an ``overlay`` or in ``rows``.
    arrangement: str = "overlay"
    #: Whether closing the window asks while a recording runs.
    ask_before_closing: bool = True
    #: Alerts as texts, the command that is run for each, and whether a shell runs it.
    alerts: list[str] = field(default_factory=list)
    alert_command: str = ""
    alert_shell: bool = False
    #: Everything else in the file.
    unknown: dict[str, Any] = field(default_factory=dict, repr=False)
    #: The file.
    path: Path = field(default_factory=preferences_path, repr=False)

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Read the preferences; return the defaults if there are none that can be read."""
        settings = cls() if path is None else cls(path=path)
        try:
            found = json.loads(settings.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return settings
        except (OSError, ValueError, RecursionError) as error:
            _logger.warning("%s cannot be read: %s", settings.path, error)
            return settings
        if isinstance(found, dict):
            settings.update(found)
        else:
            _logger.warning("%s contains no preferences", settings.path)
        return settings

    def update(self, values: Mapping[str, Any]) -> None:
        """Set values by name, except for those of the wrong type."""
        for name, value in values.items():
            if name not in _NAMES:
                self.unknown[name] = value
            elif _is_like(value, getattr(_DEFAULTS, name), name):
                setattr(self, name, value)
            else:
                _logger.warning("%s: %s is not a value for %s", self.path, value, name)

    def to_dict(self) -> dict[str, Any]:
        """Return the contents of the file."""
        return {**self.unknown, **{name: getattr(self, name) for name in _NAMES}}

    def save(self) -> None:
        """Write the file.

        Raises
        ------
        DiskRefused
            It cannot be written; the old one is unchanged.
        """
        text = json.dumps(self.to_dict(), indent=2, ensure_ascii=False) + "\n"
        try:
            # Names of files that are not UTF-8 become escapes that JSON knows.
            write_whole(self.path, text.encode(errors="backslashreplace"))
        except OSError as error:
            raise DiskRefused(
                f"The preferences cannot be saved to {self.path} ({error.strerror})",
                "Free some space on the disk, or make the folder writable.",
            ) from error

    def remember_session(self, path: Path, most: int = 10) -> None:
        """Move a session to the front of the recent ones, whichever way its path is written."""
        times = {_absolute(name): when for name, when in self.recent_sessions()}
        times.pop(name := _absolute(path), None)
        self.recent = [name, *times][:most]
        self.recent_times = [int(time.time()), *times.values()][:most]

    def recent_sessions(self) -> list[tuple[str, int]]:
        """Return the recent sessions, and when each was opened or recorded; 0 if unknown."""
        return list(zip(self.recent, [*self.recent_times, *[0] * len(self.recent)], strict=False))


_NAMES = tuple(one.name for one in fields(PreferencesFile) if one.name not in ("unknown", "path"))
_DEFAULTS = PreferencesFile(path=Path())

#: Types of the items of lists, where not text.
_ITEMS: dict[str, type] = {"window": int, "panes": int, "recent_times": int}


def _absolute(path: Path | str) -> str:
    """Return a path in full and without ``..``, without waiting for the disk."""
    return os.path.abspath(path)  # noqa: PTH100 - resolve() reads links


def _is_like(value: object, default: object, name: str) -> bool:
    if isinstance(value, bool):
        return isinstance(default, bool)
    if isinstance(default, float):
        return isinstance(value, int | float) and value == value and abs(value) < float("inf")
    if isinstance(default, list):
        kind = _ITEMS.get(name, str)
        return isinstance(value, list) and all(
            isinstance(one, kind) and not isinstance(one, bool) for one in value
        )
    if isinstance(default, dict):
        return isinstance(value, dict) and all(
            isinstance(one, dict) and all(isinstance(text, str) for text in one.values())
            for one in value.values()
        )
    return isinstance(value, type(default))
