# SPDX-License-Identifier: GPL-3.0-or-later
"""What is remembered from one start to the next: a JSON file in the configuration folder.

A broken file, or a value of the wrong kind, counts as not set; names that this
version does not know are kept for the one that does.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from wattui.desktop.folders import settings_file
from wattui.errors import DiskRefused

_logger = logging.getLogger(__name__)


@dataclass
class Settings:
    """The settings, with their defaults; ``load`` and ``save`` them."""

    #: URL of the port that was used last.
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
    #: Sessions that were opened, the latest first.
    recent: list[str] = field(default_factory=list)
    #: Interrupted sessions that are not to be offered again.
    dismissed: list[str] = field(default_factory=list)
    #: Name and colour of each meter, by its key.
    meters: dict[str, dict[str, str]] = field(default_factory=dict)
    #: Several meters are plotted in an ``overlay``, or in ``rows``.
    arrangement: str = "overlay"
    #: What the file holds besides.
    unknown: dict[str, Any] = field(default_factory=dict, repr=False)
    #: Where they are kept.
    path: Path = field(default_factory=settings_file, repr=False)

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Read the settings; the defaults where there are none, or none that can be read."""
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
            _logger.warning("%s holds no settings", settings.path)
        return settings

    def update(self, values: Mapping[str, Any]) -> None:
        """Take over values by name; those of the wrong kind are left out."""
        for name, value in values.items():
            if name not in _KEPT:
                self.unknown[name] = value
            elif _is_like(value, getattr(_DEFAULTS, name), name):
                setattr(self, name, value)
            else:
                _logger.warning("%s: %s is no value for %s", self.path, value, name)

    def to_dict(self) -> dict[str, Any]:
        """Give what is kept in the file."""
        return {**self.unknown, **{name: getattr(self, name) for name in _KEPT}}

    def save(self) -> None:
        """Write the file, whole or not at all.

        Raises
        ------
        DiskRefused
            It cannot be written; the old one is as it was.
        """
        text = json.dumps(self.to_dict(), indent=2, ensure_ascii=False) + "\n"
        draft = ""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, draft = tempfile.mkstemp(".tmp", "settings", self.path.parent)
            with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(draft).replace(self.path)
        except OSError as error:
            if draft:
                with contextlib.suppress(OSError):
                    Path(draft).unlink()
            raise DiskRefused(
                f"The settings cannot be written to {self.path} ({error.strerror})",
                "Make room on the disk, or make its folder writable.",
            ) from error

    def remember_session(self, path: Path, most: int = 10) -> None:
        """Put a session to the front of the recent ones."""
        name = str(path)
        self.recent = [name, *(one for one in self.recent if one != name)][:most]


_KEPT = tuple(one.name for one in fields(Settings) if one.name not in ("unknown", "path"))
_DEFAULTS = Settings(path=Path())

#: What the items of lists are.
_ITEMS: dict[str, type] = {"window": int, "panes": int}


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
