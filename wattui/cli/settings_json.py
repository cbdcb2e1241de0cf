# SPDX-License-Identifier: GPL-3.0-or-later
"""All settings of a meter as a JSON object, and the settings to write from such an object."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from wattui.cli.exits import disk_error
from wattui.cli.options import parse_rate
from wattui.errors import FormatError, SettingOutOfRange
from wattui.protocol import FullHandling, LoggingMode, NetworkAddress, PostTarget

if TYPE_CHECKING:
    from wattui.client import MeterClient
    from wattui.meter_memory.settings import Changes, Settings
    from wattui.meter_memory.state import MemoryState
    from wattui.protocol import Calibration

_Part = TypeVar("_Part", NetworkAddress, PostTarget)

#: Keys that describe the meter, and are not written.
_READ_ONLY: Final = frozenset(
    ("port", "model", "firmware", "serial_number", "version", "memory", "calibration")
)
_CURRENCIES: Final = ("dollar", "euro")


#: Settings to write, by their names in ``Changes``, and the mode of ``logging``.  Of
#: ``network`` and ``post`` only the parts to change, by their names.
Wanted = dict[str, Any]


def changes_to(wanted: Wanted, now: Settings) -> Changes:
    """Return the changes to a meter's settings; other modes than internal are left out.

    Raises
    ------
    SettingOutOfRange
        A network setting is given, but the meter has no network.
    """
    from wattui.meter_memory.settings import Changes, nearest_interval

    wanted = dict(wanted)
    start = wanted.pop("logging", None) is LoggingMode.INTERNAL
    start = start and (now.logging is None or now.logging.mode is not LoggingMode.INTERNAL)
    network = _with_parts(now.network, wanted.pop("network", None))
    post = _with_parts(now.post, wanted.pop("post", None))
    changes = Changes(**wanted, start_internal=start, network=network, post=post)
    if start and changes.interval is None and now.logging is not None:
        return replace(changes, interval=nearest_interval(now.logging.interval))
    return changes


def _with_parts(now: _Part | None, parts: Mapping[str, Any] | None) -> _Part | None:
    """Return the network settings with some parts changed; None without any parts."""
    if not parts:
        return None
    if now is None:
        raise SettingOutOfRange(
            "This meter has no network", "Leave out the network settings, which only a .NET has."
        )
    return replace(now, **parts)


# -- to JSON -----------------------------------------------------------------------


def settings_json(
    client: MeterClient,
    settings: Settings,
    state: MemoryState | None,
    calibration: Calibration | None,
) -> dict[str, Any]:
    """Return all settings of a meter, by the names under which a file is read back."""
    info, user, logging = client.info, settings.user, settings.logging
    handling = settings.full_handling
    return {
        "port": info.port,
        "model": info.model,
        "firmware": info.firmware,
        "serial_number": info.serial_number,
        "version": _version(settings),
        "memory": _memory(state),
        "logging": None if logging is None else logging.mode.name.lower(),
        "interval": None if logging is None else logging.interval,
        "full_handling": None if handling is None else handling.name.lower(),
        "fields": None if settings.fields is None else list(settings.field_names),
        "rate": None if user is None else user.rate_mils / 1000,
        "threshold": None if user is None else user.threshold,
        "currency": None if user is None else _CURRENCIES[user.euro],
        "network": None if settings.network is None else asdict(settings.network),
        "post": None if settings.post is None else asdict(settings.post),
        "calibration": None if calibration is None else list(calibration.factors),
    }


def _version(settings: Settings) -> dict[str, Any] | None:
    version = settings.version
    if version is None:
        return None
    return {
        "memory_bytes": version.memory,
        "hardware": "{}.{}".format(*version.hardware),
        "firmware_date": version.built_text,
        "checksum": version.checksum,
    }


def _memory(state: MemoryState | None) -> dict[str, Any] | None:
    if state is None:
        return None
    return {
        "records": state.used,
        "limit": state.limit,
        "full": state.full,
        "interval": state.interval,
        "span_s": state.span,
        "seconds_left": state.seconds_left,
    }


# -- from JSON ---------------------------------------------------------------------


def read_wanted(path: Path) -> Wanted:
    """Read the settings to write from a file made by :func:`settings_json`.

    Raises
    ------
    FormatError
        It is not such a file.
    SettingOutOfRange
        No meter accepts a value.
    DiskRefused
        It cannot be read.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise disk_error(error, path, "read") from error
    except ValueError as error:
        raise FormatError(
            f"{path} is not a settings file: it is not JSON ({error})",
            "Create one with `wattui config PORT --json`.",
        ) from error
    if not isinstance(found, dict):
        raise _refused(path, "it is not a JSON object")
    unknown = [name for name in found if name not in _READERS and name not in _READ_ONLY]
    if unknown:
        raise _refused(path, f"there is no setting {unknown[0]!r}")
    values: Wanted = {}
    for name, value in found.items():
        if name in _READERS and value is not None:
            key, read = _READERS[name]
            try:
                values[key] = read(value)
            except (AttributeError, TypeError, ValueError, KeyError) as error:
                raise _refused(path, f"{name} is {value!r}") from error
    if values.get("full_handling") is FullHandling.CONDENSE:
        # The interval starts at 1 s, and the meter itself doubles it.
        values.pop("interval", None)
    return values


def _refused(path: Path, why: str) -> FormatError:
    return FormatError(
        f"{path} is not a valid settings file: {why}",
        "Create one with `wattui config PORT --json`, and edit that.",
    )


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(value)
    return value


def _fields(value: Any) -> tuple[bool, ...]:
    from wattui.meter_memory.wording import parse_fields

    return parse_fields(value if isinstance(value, str) else ",".join(value))


def _rate(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError(value)
    return parse_rate(str(value))


def _parts(kind: type[NetworkAddress | PostTarget]) -> Callable[[Any], Mapping[str, Any]]:
    types: dict[str, str] = {name: str(one.type) for name, one in kind.__dataclass_fields__.items()}

    def read(value: Any) -> Mapping[str, Any]:
        parts = {name: part for name, part in dict(value).items() if name != "mac"}
        for name, part in parts.items():
            if type(part).__name__ != types[name]:
                raise TypeError(part)
        return parts

    return read


_READERS: Final[dict[str, tuple[str, Callable[[Any], Any]]]] = {
    "interval": ("interval", _whole),
    "full_handling": ("full_handling", lambda name: FullHandling[name.upper()]),
    "fields": ("fields", _fields),
    "rate": ("rate_mils", _rate),
    "threshold": ("threshold", _whole),
    "currency": ("euro", lambda name: bool(_CURRENCIES.index(name))),
    "logging": ("logging", lambda name: LoggingMode[name.upper()]),
    "network": ("network", _parts(NetworkAddress)),
    "post": ("post", _parts(PostTarget)),
}
