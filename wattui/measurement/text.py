# SPDX-License-Identifier: GPL-3.0-or-later
"""Values, counts, durations, times and energies as people read and type them."""

from __future__ import annotations

import contextlib
import math
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from wattui.measurement.clock import utc_time
from wattui.measurement.fields import CHANNEL, INTEGRATED_ENERGY
from wattui.measurement.printable_text import printable as printable
from wattui.measurement.printable_text import unicode_text as unicode_text

#: Shown where there is no value.
NO_VALUE: Final = "–"

#: Units in which an energy can be shown: how many make a Wh, and the unit from a thousand on.
ENERGY_UNITS: Final[dict[str, tuple[float, str]]] = {
    "Wh": (1.0, "kWh"),
    "kWh": (0.001, "kWh"),
    "kJ": (3.6, "MJ"),
    "MJ": (0.0036, "MJ"),
}

#: The number in one unit from which the next unit is used.
_THOUSAND: Final = 1000.0

#: Decimals of a number whose error is zero, and the most that any number has.
_EXACT_DECIMALS: Final = 2
_MOST_DECIMALS: Final = 6

#: The most decimals of an amount of money.
_MONEY_DECIMALS: Final = 4

#: Units of a duration in seconds, largest first, with a short and a long name.
_UNITS: Final = (
    (86_400, "d", "day"),
    (3_600, "h", "hour"),
    (60, "min", "minute"),
    (1, "s", "second"),
)

#: Names of the months; those of the system may be in another language than the rest.
MONTHS: Final = tuple("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split())  # noqa: SIM905

#: Spans in seconds, from which a time has its date, and its year.
_DAY: Final = 86_400.0
_MOST_OF_A_YEAR: Final = 300 * _DAY

_TYPED_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_TYPED_PART: Final = re.compile(
    r"(\d+(?:\.\d*)?|\.\d+)"
    r"(?:(d)(?:ays?)?|(h)(?:(?:ou)?rs?)?|(m)(?:in(?:ute)?s?)?|(s)(?:ec(?:ond)?s?)?)?"
)

#: Minutes and seconds, with hours and days before them if need be, as a clock shows them.
_TYPED_CLOCK: Final = re.compile(r"(?:(?:(\d+)\s*d\s+)?(\d+):)?(\d+):(\d{2}(?:\.\d*)?)")

#: Between two parts of a line; and a part of a number at the end of what is left of one.
_BETWEEN_PARTS: Final = re.compile(r"(\s+·\s+|\s{3,})")
_END_OF_NUMBER: Final = re.compile(r"[\s\d.,:±-]+$")

#: Longest duration that is accepted, in seconds: longer is a slip of the finger.
_LONGEST: Final = 100 * 366 * 86400.0


def is_number(value: float | None) -> bool:
    """Check whether there is a value."""
    return value is not None and not math.isnan(value)


def value_text(name: str, value: float | None) -> str:
    """Return a channel's value with its decimals, without the unit."""
    return CHANNEL[name].format(value) if is_number(value) else NO_VALUE


def channel_text(name: str, value: float | None, unit: str) -> str:
    """Return a channel's value in a unit from :func:`axis_unit`, which is not written.

    A summed energy has the decimals that 1.5 % of it allow: the rest of its error depends on the
    time that was recorded, which is not known here.
    """
    if value is None or math.isnan(value):
        return NO_VALUE
    channel = CHANNEL[name]
    if channel.unit not in ENERGY_UNITS:
        return channel.format(value)
    factor, decimals = ENERGY_UNITS[unit][0], channel.digits + (3 if unit == "kWh" else 0)
    if channel is INTEGRATED_ENERGY:
        from wattui.measurement.energy import (
            energy_error_wh,
        )  # needs NumPy, which `wattui ports` does not

        decimals = min(error_decimals(energy_error_wh(value, 0.0) * factor), decimals)
    return rounded_text(value * factor, decimals)


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


def shortened_text(text: str, fits: Callable[[str], bool]) -> str:
    """Return as much of a text as fits: whole parts give way, and no number is cut.

    Parameters
    ----------
    text
        Parts are separated by dots or by three spaces.
    fits
        Returns whether there is room for a text.

    Examples
    --------
    >>> shortened_text("Recording · 1,792 samples · 12 gaps", lambda text: len(text) < 30)
    'Recording · 1,792 samples …'
    >>> shortened_text("meter 12", lambda text: len(text) < 8)
    'meter…'
    """
    if fits(text):
        return text
    parts = _BETWEEN_PARTS.split(text)
    for end in range(len(parts) - 2, 0, -2):
        shorter = f"{''.join(parts[:end])} …"
        if fits(shorter):
            return shorter
    for end in range(len(parts[0]) - 1, 0, -1):
        shorter = f"{_END_OF_NUMBER.sub('', parts[0][:end])}…"
        if fits(shorter):
            return shorter
    return "…"


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
    return _sensible(seconds, text)


def clock_seconds(text: str) -> float | None:
    """Return the seconds that :func:`elapsed_text` writes as ``3:12:05``; None for other texts."""
    clock = _TYPED_CLOCK.fullmatch(text.strip())
    if clock is None:
        return None
    days, hours, minutes, seconds = (float(part or 0) for part in clock.groups())
    return ((24 * days + hours) * 60 + minutes) * 60 + seconds


def parse_elapsed(text: str) -> float:
    """Return the seconds of a duration, also as :func:`elapsed_text` writes it: ``3:12:05``.

    Raises
    ------
    ValueError
        It is neither, or zero.
    """
    seconds = clock_seconds(text)
    return parse_duration(text) if seconds is None else _sensible(seconds, text)


def _sensible(seconds: float, text: str) -> float:
    if not 0 < seconds <= _LONGEST:
        raise ValueError(f"{text!r} is not between zero and a hundred years")
    return seconds


def parse_zone(text: str) -> tzinfo:
    """Return the time zone of ``Europe/Berlin``, ``UTC`` or ``+01:00``.

    Raises
    ------
    ValueError
        It is not a time zone.
    """
    typed = text.strip()
    if typed.upper() == "UTC":
        return UTC
    with contextlib.suppress(ValueError):
        offset = datetime.strptime(typed, "%z").utcoffset()
        return timezone(offset or timedelta())
    try:
        return ZoneInfo(typed)
    except (ValueError, OSError, LookupError):
        raise ValueError(
            f"{text!r} is not a time zone. Write Europe/Berlin, UTC or +01:00."
        ) from None


# -- times ------------------------------------------------------------------------


def clock_text(seconds: float, seconds_shown: bool = True) -> str:
    """Return a time (seconds UTC) as this machine's clock shows it: ``12:31:05``, ``12:31``."""
    return _local_text(seconds, "%H:%M:%S" if seconds_shown else "%H:%M")


def date_text(seconds: float) -> str:
    """Return a time (seconds UTC) with its date: ``2026-11-23 14:05``."""
    return _local_text(seconds, "%Y-%m-%d %H:%M")


def day_text(seconds: float, *, year: bool = False) -> str:
    """Return the day of a time (seconds UTC), in English: ``23 Nov``, ``23 Nov 2026``."""
    when = datetime.fromtimestamp(seconds)
    return f"{when.day} {MONTHS[when.month - 1]}{f' {when.year}' if year else ''}"


def recent_text(seconds: float, now: float | None = None) -> str:
    """Return a time (seconds UTC) by the clock, with its date if it is more than a day ago."""
    return RunTimes(span=(time.time() if now is None else now) - seconds).text(seconds)


def relay_text(relay_open: bool | None, wanted: bool | None) -> str:
    """Return what the relay of a meter does with the load; empty if that is not known."""
    if wanted is not None:
        return f"switching the load {'off' if wanted else 'on'}"
    if relay_open is None:
        return ""
    return "load off" if relay_open else "load on"


class TimeMode(StrEnum):
    """How times of a run are shown."""

    #: As the time since the start.
    ELAPSED = "elapsed"
    #: As local time.
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class RunTimes:
    """How every time of one run is shown: in one mode, with the date if it lasts over a day."""

    mode: TimeMode = TimeMode.CLOCK
    #: Start of the run, in seconds UTC, from which elapsed time counts; NaN before the start.
    origin: float = math.nan
    #: How long the run is, in seconds.
    span: float = 0.0

    def text(self, seconds: float, *, short: bool = False, tenths: bool = False) -> str:
        """Return a time (seconds UTC): ``12:31:05``, ``23 Nov 12:31:05``, elapsed ``1:05:09``.

        Parameters
        ----------
        seconds
            The time, in seconds UTC.
        short
            Whether a time by the clock goes without its seconds.
        tenths
            Whether there are tenths of a second.
        """
        if math.isnan(seconds):
            return NO_VALUE
        fraction = f".{math.floor(seconds * 10 + 1e-6) % 10}" if tenths else ""
        if self.mode is TimeMode.ELAPSED and not math.isnan(self.origin):
            passed = math.floor((seconds - self.origin) * 10 + 0.5) / 10
            whole = elapsed_text(math.floor(abs(passed)))
            sign = "-" if passed <= -0.05 else ""
            return f"{sign}{whole}{f'.{round(abs(passed) * 10) % 10}' if tenths else ''}"
        day = f"{day_text(seconds, year=self.span > _MOST_OF_A_YEAR)} " if self.span > _DAY else ""
        return f"{day}{clock_text(seconds, not short)}{fraction}"

    def at(self, seconds: float, *, short: bool = False) -> str:
        """Return a time in a sentence: ``at 12:31:05``, or ``after 1:05:09`` for elapsed time."""
        elapsed = self.mode is TimeMode.ELAPSED and not math.isnan(self.origin)
        return f"{'after' if elapsed else 'at'} {self.text(seconds, short=short)}"


#: How times are shown if nothing else was chosen.
BY_CLOCK: Final = RunTimes()


def _local_text(seconds: float, form: str) -> str:
    return NO_VALUE if math.isnan(seconds) else datetime.fromtimestamp(seconds).strftime(form)


def iso_text(time_us: int) -> str:
    """Return a time (microseconds UTC) as local time with its offset, ISO 8601."""
    return utc_time(time_us).astimezone().isoformat(timespec="microseconds")


# -- numbers with an error --------------------------------------------------------
#
# Readings of the meter have the meter's own decimals: see value_text. Numbers that are computed
# have those that their error allows: the error is rounded to two digits, and the number to the
# same place. Nothing else in the program decides on decimals or units.


def error_decimals(error: float) -> int:
    """Return the decimals of a number with this error; negative for tens and hundreds.

    >>> [error_decimals(error) for error in (0.0464, 1.5, 185, 18_518.5)]
    [3, 1, -1, -3]
    """
    if not error > 0 or math.isinf(error):
        return _EXACT_DECIMALS
    return min(1 - int(f"{error:.1e}".partition("e")[2]), _MOST_DECIMALS)


def rounded_text(value: float, decimals: int) -> str:
    """Return a number with decimals; negative ones round to tens and hundreds."""
    # Adding zero removes the minus sign of a rounded -0.0.
    return f"{round(value, decimals) + 0.0:,.{max(decimals, 0)}f}"


def number_and_error(value: float, error: float) -> tuple[str, str]:
    """Return a number and its error, without a unit: ``164.3``, ``2.5``."""
    if not is_number(value):
        return NO_VALUE, ""
    decimals = error_decimals(error)
    return rounded_text(value, decimals), rounded_text(error, decimals)


def _with_error(value: float, error: float) -> str:
    """Return a number with its error: ``164.3 ± 2.5``, ``12,350 ± 190``."""
    return " ± ".join(filter(None, number_and_error(value, error)))


def power_text(watts: float, error: float) -> str:
    """Return a power that was computed, such as a mean, with its error: ``164.3 ± 2.8 W``."""
    return f"{_with_error(watts, error)} W"


# -- energies and money -----------------------------------------------------------


def energy_unit(energies: Iterable[tuple[float, float]], unit: str = "Wh") -> str:
    """Return the unit for energies that are shown together: Wh, or kWh from 1000 Wh on.

    Parameters
    ----------
    energies
        Each energy and its error, in Wh.
    unit
        The unit that was chosen, one of :data:`ENERGY_UNITS`.
    """
    factor, larger = ENERGY_UNITS[unit]
    for watt_hours, error in energies:
        # As it would be written: 999.96 ± 0.15 Wh is 1000.0.
        decimals = error_decimals(error * factor)
        if is_number(watt_hours) and round(abs(watt_hours) * factor, decimals) >= _THOUSAND:
            return larger
    return unit


def axis_unit(unit: str, largest: float) -> tuple[str, float]:
    """Return the unit of numbers up to *largest*, and the factor to it: kWh from 1000 Wh on."""
    if unit in ENERGY_UNITS and largest >= _THOUSAND:
        return ENERGY_UNITS[unit][1], 1 / _THOUSAND
    return unit, 1.0


def energy_and_error(watt_hours: float, error: float, unit: str) -> tuple[str, str]:
    """Return an energy and its error (Wh) in a unit, which is not written: ``20.99``, ``0.46``."""
    factor = ENERGY_UNITS[unit][0]
    return number_and_error(watt_hours * factor, error * factor)


def energy_number(watt_hours: float, error: float, unit: str) -> str:
    """Return an energy with its error (Wh) in a unit, which is not written: ``20.99 ± 0.46``."""
    factor = ENERGY_UNITS[unit][0]
    return _with_error(watt_hours * factor, error * factor)


def energy_text(watt_hours: float, error: float, unit: str = "Wh") -> str:
    """Return an energy and its error (Wh): ``20.99 ± 0.46 Wh``, ``12.35 ± 0.19 kWh``."""
    shown = energy_unit([(watt_hours, error)], unit)
    return f"{energy_number(watt_hours, error, shown)} {shown}"


def counter_text(watt_hours: float) -> str:
    """Return a reading of the meter's own counter, exactly: ``20.3 Wh``, ``12.3456 kWh``."""
    if not is_number(watt_hours):
        return f"{NO_VALUE} Wh"
    if round(watt_hours, 1) >= _THOUSAND:
        return f"{watt_hours / 1000:,.4f} kWh"
    return f"{watt_hours:.1f} Wh"


def ratio_text(ratio: float, error: float = math.nan) -> str:
    """Return a ratio of two energies: ``1.25 ± 0.08``, or ``0.043`` if its error is not known."""
    if math.isnan(ratio):
        return NO_VALUE
    if math.isfinite(error):
        return _with_error(ratio, error)
    return f"{ratio:.2f}" if abs(ratio) >= 1 else f"{ratio:.3g}"


def money_text(amount: float, error: float) -> str:
    """Return an amount of money with the decimals that its error allows, without its currency."""
    return rounded_text(amount, min(error_decimals(error), _MONEY_DECIMALS))


def cost_text(watt_hours: float, error: float, rate: float, currency: str) -> str:
    """Return the cost of an energy (Wh) at a *rate* per kWh: ``$ 0.0017 at 0.08 per kWh``."""
    from wattui.measurement.energy import cost  # needs NumPy, which `wattui ports` does not

    amount = money_text(cost(watt_hours, rate), cost(error, rate))
    return f"{currency} {amount} at {rate:g} per kWh".strip()


# -- totals of several meters -----------------------------------------------------


def total_power_label(count: int) -> str:
    """Return whose power is added up: only live meters have one now."""
    return f"Power of {count_text(count, 'live meter')}"


def total_energy_label(count: int) -> str:
    """Return whose energy is added up."""
    return f"Energy of {count_text(count, 'meter')}"


# -- meters -----------------------------------------------------------------------


def short_port(url: str) -> str:
    """Return a port without the prefix of devices: ``/dev/ttyUSB0`` is ``ttyUSB0``."""
    return url.removeprefix("/dev/")


def model_text(model: str, firmware: str) -> str:
    """Return a meter's model and firmware: ``PRO, firmware 3.14``."""
    return ", ".join(part for part in (model, f"firmware {firmware}" if firmware else "") if part)
