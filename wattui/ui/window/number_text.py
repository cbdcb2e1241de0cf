# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers as the window writes them.  No toolkit is needed here."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Final

from wattui.measurement import clock
from wattui.measurement.fields import CHANNEL

#: Units in which an energy can be shown: how many make a Wh, and decimals.
ENERGY_UNITS: Final[dict[str, tuple[float, int]]] = {
    "Wh": (1.0, 2),
    "kWh": (0.001, 4),
    "kJ": (3.6, 2),
    "MJ": (0.0036, 4),
}

#: What stands where there is no value.
NOTHING: Final = "–"


def is_number(value: float | None) -> bool:
    """Tell whether there is a value."""
    return value is not None and not math.isnan(value)


def value_text(name: str, value: float | None) -> str:
    """Write a channel's value with its decimals, without the unit."""
    return CHANNEL[name].format(value) if is_number(value) else NOTHING


def count_text(count: int, noun: str, plural: str = "") -> str:
    """Write a count and what is counted: ``1,792 samples``, ``no gaps``."""
    if count == 0:
        return f"no {plural or noun + 's'}"
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def duration_text(seconds: float) -> str:
    """Write a duration in seconds as a clock does: ``29:52``, ``3:12:05``, ``2 d 3:12:05``."""
    if math.isnan(seconds):
        return NOTHING
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    if not hours:
        return f"{minute}:{second:02d}"
    days, hour = divmod(hours, 24)
    start = f"{days} d " if days else ""
    return f"{start}{hour}:{minute:02d}:{second:02d}"


def span_text(seconds: float) -> str:
    """Write a duration in seconds in words: ``45 s``, ``3 h 12 min``, ``2 d 5 h``."""
    if 0 < seconds < 1:
        return f"{max(seconds, 0.1):.1f} s"
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min" + (f" {whole % 60} s" if whole < 600 and whole % 60 else "")
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"


def clock_text(seconds: float, seconds_shown: bool = True) -> str:
    """Write a time (seconds UTC) as this machine's clock shows it: ``12:31:05``."""
    if math.isnan(seconds):
        return NOTHING
    return clock.clock_text(seconds, seconds_shown)


def date_text(seconds: float) -> str:
    """Write a time (seconds UTC) with its date: ``2026-11-23 14:05``."""
    if math.isnan(seconds):
        return NOTHING
    return datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M")


def size_text(count: int) -> str:
    """Write the size of a file: ``118 kB``."""
    if count < 1000:
        return f"{count} B"
    for unit, size in (("kB", 1e3), ("MB", 1e6), ("GB", 1e9)):
        if count < size * 999.5:
            value = count / size
            return f"{value:.1f} {unit}" if value < 10 else f"{value:.0f} {unit}"
    return f"{count / 1e12:.1f} TB"


def energy_text(watt_hours: float, unit: str = "Wh") -> str:
    """Write an energy (Wh) in one of :data:`ENERGY_UNITS`, without the unit."""
    if not is_number(watt_hours):
        return NOTHING
    factor, digits = ENERGY_UNITS[unit]
    return f"{watt_hours * factor:,.{digits}f}"


def cost_text(watt_hours: float, rate: float, currency: str) -> str:
    """Write what an energy (Wh) costs at a *rate* per kWh: ``$ 0.0017 at 0.08 per kWh``."""
    cost = watt_hours / 1000 * rate
    digits = 2 if abs(cost) >= 100 else 4
    return f"{currency} {cost:,.{digits}f} at {rate:g} per kWh".strip()


def short_port(url: str) -> str:
    """Write a port without what every port has: ``/dev/ttyUSB0`` is ``ttyUSB0``."""
    return url.removeprefix("/dev/")


def model_text(model: str, firmware: str) -> str:
    """Write a meter's model and firmware: ``PRO, firmware 3.14``."""
    return ", ".join(part for part in (model, f"firmware {firmware}" if firmware else "") if part)
