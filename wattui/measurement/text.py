# SPDX-License-Identifier: GPL-3.0-or-later
"""Values, counts, durations, times and energies as people read and type them."""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import Final

from wattui.measurement.clock import utc_time
from wattui.measurement.fields import CHANNEL

#: Shown where there is no value.
NO_VALUE: Final = "–"

#: Units in which an energy can be shown: how many make a Wh, and decimals.
ENERGY_UNITS: Final[dict[str, tuple[float, int]]] = {
    "Wh": (1.0, 2),
    "kWh": (0.001, 4),
    "kJ": (3.6, 2),
    "MJ": (0.0036, 4),
}

#: Wh from which an energy beside its error is shown in kWh.
_IN_KWH: Final = 10_000.0

#: Units of a duration in seconds, largest first, with a short and a long name.
_UNITS: Final = (
    (86_400, "d", "day"),
    (3_600, "h", "hour"),
    (60, "min", "minute"),
    (1, "s", "second"),
)

_TYPED_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_TYPED_PART: Final = re.compile(
    r"(\d+(?:\.\d*)?|\.\d+)"
    r"(?:(d)(?:ays?)?|(h)(?:(?:ou)?rs?)?|(m)(?:in(?:ute)?s?)?|(s)(?:ec(?:ond)?s?)?)?"
)

_SURROGATE: Final = re.compile("[\ud800-\udfff]")

#: Longest duration that is accepted, in seconds: longer is a slip of the finger.
_LONGEST: Final = 100 * 366 * 86400.0


def is_number(value: float | None) -> bool:
    """Check whether there is a value."""
    return value is not None and not math.isnan(value)


def value_text(name: str, value: float | None) -> str:
    """Return a channel's value with its decimals, without the unit."""
    return CHANNEL[name].format(value) if is_number(value) else NO_VALUE


def count_text(count: int, noun: str) -> str:
    """Return a count and what is counted: ``1,792 samples``, ``1 gap``, ``no gaps``."""
    return f"{f'{count:,}' if count else 'no'} {noun}{_ending(count)}"


def _ending(count: int) -> str:
    return "" if count == 1 else "s"


def size_text(count: int) -> str:
    """Return the size of a file: ``118 kB``."""
    if count < 1000:
        return f"{count} B"
    for unit, size in (("kB", 1e3), ("MB", 1e6), ("GB", 1e9)):
        if count < size * 999.5:
            value = count / size
            return f"{value:.1f} {unit}" if value < 10 else f"{value:.0f} {unit}"
    return f"{count / 1e12:.1f} TB"


def unicode_text(text: str) -> str:
    r"""Return a text that every encoding of Unicode holds: ``\xff`` for a byte of a file's name.

    Python puts bytes of a name that are not UTF-8 into a text as lone surrogates.
    """
    if text.isascii() or not _SURROGATE.search(text):
        return text
    return _SURROGATE.sub(lambda found: _surrogate_text(ord(found[0])), text)


def _surrogate_text(code: int) -> str:
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"


# -- durations --------------------------------------------------------------------


def elapsed_text(seconds: float) -> str:
    """Return a duration as a clock shows it: ``29:52``, ``3:12:05``, ``2 d 3:12:05``."""
    if math.isnan(seconds):
        return NO_VALUE
    minutes, second = divmod(max(round(seconds), 0), 60)
    hours, minute = divmod(minutes, 60)
    if not hours:
        return f"{minute}:{second:02d}"
    days, hour = divmod(hours, 24)
    return f"{f'{days} d ' if days else ''}{hour}:{minute:02d}:{second:02d}"


def duration_text(seconds: float, *, long: bool = False) -> str:
    """Return a duration in its two largest units: ``45 s``, ``3 h 12 min``, ``2 d 5 h``.

    Below ten seconds the tenths are shown, and nothing but zero is shown as zero.

    Parameters
    ----------
    long
        Write the units out: ``3 hours 12 minutes``, and whole seconds only.
    """
    if math.isnan(seconds):
        return NO_VALUE
    if not long and 0 < seconds < 9.95:
        return f"{max(seconds, 0.1):.1f}".removesuffix(".0") + " s"
    rest = max(round(seconds), 0)
    first = next((i for i, unit in enumerate(_UNITS) if rest >= unit[0]), len(_UNITS) - 1)
    parts: list[str] = []
    for size, short, word in _UNITS[first : first + 2]:
        count, rest = divmod(rest, size)
        if count or not parts:
            parts.append(f"{count:,} {f'{word}{_ending(count)}' if long else short}")
    return " ".join(parts)


def parse_duration(text: str) -> float:
    """Return the seconds of ``90``, ``90s``, ``5m``, ``5 min``, ``8h``, ``2 days``, ``1h30m``.

    Raises
    ------
    ValueError
        It is not a duration, is zero, or names a unit twice.
    """
    squeezed = "".join(text.split()).lower()
    found = list(_TYPED_PART.finditer(squeezed))
    if not found or "".join(part[0] for part in found) != squeezed:
        raise ValueError(f"{text!r} is not a duration")
    parts = [(part[1], next(filter(None, part.groups()[1:]), "")) for part in found]
    units = [unit for _, unit in parts]
    if len(set(units)) < len(units) or (len(units) > 1 and "" in units):
        raise ValueError(f"{text!r} names a unit twice, or leaves one out")
    seconds = math.fsum(float(number) * _TYPED_UNITS[unit or "s"] for number, unit in parts)
    if not 0 < seconds <= _LONGEST:
        raise ValueError(f"{text!r} is not between zero and a hundred years")
    return seconds


# -- times ------------------------------------------------------------------------


def clock_text(seconds: float, seconds_shown: bool = True) -> str:
    """Return a time (seconds UTC) as this machine's clock shows it: ``12:31:05``, ``12:31``."""
    return _local_text(seconds, "%H:%M:%S" if seconds_shown else "%H:%M")


def date_text(seconds: float) -> str:
    """Return a time (seconds UTC) with its date: ``2026-11-23 14:05``."""
    return _local_text(seconds, "%Y-%m-%d %H:%M")


def _local_text(seconds: float, form: str) -> str:
    return NO_VALUE if math.isnan(seconds) else datetime.fromtimestamp(seconds).strftime(form)


def iso_text(time_us: int) -> str:
    """Return a time (microseconds UTC) as local time with its offset, ISO 8601."""
    return utc_time(time_us).astimezone().isoformat(timespec="microseconds")


# -- energies and money -----------------------------------------------------------


def energy_text(watt_hours: float, unit: str = "Wh") -> str:
    """Return an energy (Wh) in one of :data:`ENERGY_UNITS`, without the unit."""
    if not is_number(watt_hours):
        return NO_VALUE
    factor, digits = ENERGY_UNITS[unit]
    return f"{watt_hours * factor:,.{digits}f}"


def energy_error_text(watt_hours: float, error: float, digits: int = 2) -> str:
    """Return an energy and its error (Wh) with the unit: ``20.99 ± 0.47 Wh``, or in kWh."""
    if watt_hours >= _IN_KWH:
        return f"{watt_hours / 1000:,.3f} ± {error / 1000:.3f} kWh"
    return f"{watt_hours:,.{digits}f} ± {error:.{digits}f} Wh"


def money_text(amount: float) -> str:
    """Return an amount of money, without its currency."""
    return f"{amount:,.2f}" if abs(amount) >= 100 else f"{amount:.4f}"


def cost_text(watt_hours: float, rate: float, currency: str) -> str:
    """Return the cost of an energy (Wh) at a *rate* per kWh: ``$ 0.0017 at 0.08 per kWh``."""
    from wattui.measurement.energy import cost  # needs NumPy, which `wattui ports` does not

    return f"{currency} {money_text(cost(watt_hours, rate))} at {rate:g} per kWh".strip()


# -- meters -----------------------------------------------------------------------


def short_port(url: str) -> str:
    """Return a port without the prefix of devices: ``/dev/ttyUSB0`` is ``ttyUSB0``."""
    return url.removeprefix("/dev/")


def model_text(model: str, firmware: str) -> str:
    """Return a meter's model and firmware: ``PRO, firmware 3.14``."""
    return ", ".join(part for part in (model, f"firmware {firmware}" if firmware else "") if part)
