# SPDX-License-Identifier: GPL-3.0-or-later
"""The contents of the columns of a table: as the user writes them, or from its header.

``time=0,power=watts,current=3:mA``: a column is its number from 0 or its name, and may
have a unit behind it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from wattui.measurement.fields import FIELD_INDEX, FIELDS

#: What a column can hold other than a field.
TIME: Final = "time"
DATE: Final = "date"
ELAPSED: Final = "elapsed"
METER: Final = "meter"
ROLES: Final = (TIME, DATE, ELAPSED, METER)

#: Units: the base unit of a field, and the power of ten between the two.
UNITS: Final = {
    "W": ("W", 0),
    "kW": ("W", 3),
    "mW": ("W", -3),
    "V": ("V", 0),
    "kV": ("V", 3),
    "mV": ("V", -3),
    "A": ("A", 0),
    "mA": ("A", -3),
    "Wh": ("Wh", 0),
    "kWh": ("Wh", 3),
    "mWh": ("Wh", -3),
    "VA": ("VA", 0),
    "kVA": ("VA", 3),
    "Hz": ("Hz", 0),
    "%": ("", -2),
}
_UNIT: Final = {name.lower(): name for name in UNITS if name not in ("mW", "mWh")}

#: Names of a field that other programs use, and the unit that is meant by them.
_WORDS: Final = {
    "power": "power watts watt w p wattage activepower realpower",
    "voltage": "voltage volts volt v vrms",
    "current": "current amps amp a amperes ampere i irms",
    "energy": "wh watthours watthour watthrs",
    "cost": "cost",
    "power_factor": "powerfactor pf cosphi",
    "duty_cycle": "dutycycle",
    "frequency": "frequency hz linefrequency",
    "apparent_power": "apparentpower va voltamps",
}
_FIELD_OF: Final = {
    **{word: name for name, words in _WORDS.items() for word in words.split()},
    **{re.sub(r"[^a-z]", "", field.name): field.name for field in FIELDS},
    # This name is used for Wh, kWh and J.
    "energy": "",
}
_TIMES: Final = {
    *("time", "timestamp", "datetime", "unixtime", "unixtimestamp", "epoch", "ts", "date"),
    *("localtime", "utc", "utctime", "timeutc", "moment"),
}
_ELAPSED: Final = {"elapsed", "elapseds", "elapsedtime", "seconds", "sec", "secs"}
#: Parts between commas that are not in quotation marks.
_PARTS: Final = re.compile(r'(?:[^,"]|"[^"]*")+')

_RATIOS: Final = ("power_factor", "duty_cycle")


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """One column that is read."""

    #: A role or the name of a field.
    holds: str
    #: Number from 0, or name in the header.
    column: int | str
    #: Unit; empty for the base unit, or what the numbers show of a ratio.
    unit: str = ""

    @property
    def exponent(self) -> int:
        """Power of ten between its unit and the base unit."""
        return UNITS[self.unit][1] if self.unit else 0

    def __str__(self) -> str:
        return f"{self.holds}={self.column}" + (f":{self.unit}" if self.unit else "")


def parse_columns(text: str) -> tuple[ColumnChoice, ...]:
    """Return the columns that a text names.

    Raises
    ------
    ValueError
        It does not name columns, or names nothing that can be read.
    """
    found = [_parsed(part) for part in _PARTS.findall(text)]
    held = [one.holds for one in found]
    twice = [name for name in held if held.count(name) > 1]
    if twice:
        raise ValueError(f"{twice[0]} is named twice")
    if not any(name in FIELD_INDEX for name in held):
        raise ValueError("no column has a value of the meter, such as power=1")
    return tuple(found)


def _parsed(part: str) -> ColumnChoice:
    name, equals, column = part.partition("=")
    name, column = name.strip(), column.strip().replace('"', "")
    if not equals or not column:
        raise ValueError(f"{part!r} does not name a column, as in power=1")
    holds = name if name in ROLES else _FIELD_OF.get(_plain(name)) or name
    if holds not in ROLES and holds not in FIELD_INDEX:
        names = ", ".join((*ROLES, *FIELD_INDEX))
        raise ValueError(f"{name!r} cannot be read. Choose from: {names}")
    before, colon, unit = column.rpartition(":")
    if colon and unit.lower() in {one.lower() for one in UNITS}:
        column, unit = before.strip(), _exact_unit(unit)
        _check_unit(holds, unit)
    else:
        unit = ""
    return ColumnChoice(holds, int(column) if column.isdecimal() else column, unit)


def _exact_unit(unit: str) -> str:
    return unit if unit in UNITS else next(one for one in UNITS if one.lower() == unit.lower())


def _check_unit(holds: str, unit: str) -> None:
    base = UNITS[unit][0]
    allowed = holds in FIELD_INDEX and FIELDS[FIELD_INDEX[holds]].unit == base
    if not allowed or (unit == "%" and holds not in _RATIOS):
        raise ValueError(f"{unit} is not a unit of {holds}")


def _plain(name: str) -> str:
    """Return a name without case and signs."""
    return re.sub(r"[^a-z]", "", name.lower())


def by_names(header: Sequence[str]) -> list[ColumnChoice]:
    """Return what columns hold by their names; several can be times, the first field counts."""
    found: list[ColumnChoice] = []
    for number, name in enumerate(header):
        word, unit = _word_and_unit(name)
        if word in _TIMES:
            found.append(ColumnChoice(TIME, number))
        elif word in _ELAPSED:
            found.append(ColumnChoice(ELAPSED, number))
        elif word == METER:
            found.append(ColumnChoice(METER, number))
        elif (field := _field(word, unit)) and field not in [one.holds for one in found]:
            found.append(ColumnChoice(field, number, unit if unit in UNITS else ""))
    return found


def _field(word: str, unit: str) -> str:
    """Return the field that a name and its unit mean; empty if they mean none."""
    field = _FIELD_OF.get(word, "")
    if not field and word in ("energy", "", "value") and unit:
        # Only the unit shows what it is.
        base = UNITS[unit][0] if unit in UNITS else ""
        field = next((one.name for one in FIELDS if base and one.unit == base), "")
    if field and unit:
        try:
            _check_unit(field, unit)
        except (KeyError, ValueError):
            return ""
    return field


def _word_and_unit(name: str) -> tuple[str, str]:
    """Split ``Power (kW)``, ``power_kw`` or ``Power [kW]`` into word and unit."""
    name = name.strip()
    match = re.fullmatch(r"(.*?)\s*[(\[]\s*([^)\]]*?)\s*[)\]]", name)
    if match is None:
        match = re.fullmatch(r"(.+)[_ ]([A-Za-z]{1,3}|%)", name)
        if match is None or match[2].lower() not in _UNIT:
            return _plain(name), ""
    word, unit = match[1], match[2]
    unit = unit if unit in UNITS else _UNIT.get(unit.lower(), unit)
    return _plain(word), unit if unit in UNITS else ""
