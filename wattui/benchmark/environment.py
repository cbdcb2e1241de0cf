# SPDX-License-Identifier: GPL-3.0-or-later
"""What a measurement should know of its machine: host, governor, temperature, processor energy.

Linux shows the processor's own energy counter in ``/sys/class/powercap`` (Intel's RAPL, also on
AMD).  It is read at the same edges as the runs, and shown beside the energy at the wall.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from wattui import __version__

_SYSTEM: Final = Path("/sys")

#: Microjoules in a joule.
_MICRO: Final = 1e6


class ProcessorEnergy:
    """The energy counters of the processor's packages.

    Parameters
    ----------
    system
        Where Linux shows its devices.
    """

    def __init__(self, system: Path = _SYSTEM) -> None:
        # Names such as intel-rapl:0 are packages; those with two colons are parts of one.
        folders = sorted((system / "class" / "powercap").glob("*:*"))
        self._zones = [one for one in folders if one.name.count(":") == 1 and _is_package(one)]
        #: Whether they can be read: on most systems only by root.
        self.readable = bool(self._zones) and self.read() is not None

    def read(self) -> tuple[float, ...] | None:
        """Return the counters in J; None if one cannot be read."""
        values = [_number(zone / "energy_uj") for zone in self._zones]
        known = [one / _MICRO for one in values if one is not None]
        return tuple(known) if known and len(known) == len(values) else None

    def between(
        self, first: tuple[float, ...] | None, last: tuple[float, ...] | None
    ) -> float | None:
        """Return the energy between two readings, in J; None if it is not known.

        A counter that overflowed once in between is corrected for that.
        """
        if first is None or last is None or len(first) != len(last):
            return None
        total = 0.0
        for zone, before, after in zip(self._zones, first, last, strict=True):
            if after < before:
                after += (_number(zone / "max_energy_range_uj") or 0.0) / _MICRO
            total += after - before
        return total if total >= 0 else None


def _is_package(zone: Path) -> bool:
    return (_text(zone / "name") or "").startswith("package")


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None


def _number(path: Path) -> float | None:
    try:
        return float(_text(path) or "")
    except ValueError:
        return None


def describe_environment(system: Path = _SYSTEM) -> dict[str, str]:
    """Return the facts about this machine that matter for an energy, as far as they are known."""
    cpu = system / "devices" / "system" / "cpu"
    found = {
        "wattui": __version__,
        "host": platform.node(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "processors": str(os.cpu_count() or ""),
        "governor": _text(cpu / "cpu0" / "cpufreq" / "scaling_governor") or "",
        "turbo": {"0": "on", "1": "off"}.get(_text(cpu / "intel_pstate" / "no_turbo") or "", ""),
        "temperature": temperature_text(system),
    }
    return {name: value for name, value in found.items() if value}


def temperature_text(system: Path = _SYSTEM) -> str:
    """Return the highest temperature that the machine shows, as in ``45 °C``; empty if none."""
    values = [one for one in _temperatures(system) if 0 < one < 150]
    return f"{max(values):.0f} °C" if values else ""


def _temperatures(system: Path) -> Iterator[float]:
    for zone in (system / "class" / "thermal").glob("thermal_zone*"):
        value = _number(zone / "temp")
        if value is not None:
            yield value / 1000
