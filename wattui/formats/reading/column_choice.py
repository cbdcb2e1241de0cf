# SPDX-License-Identifier: GPL-3.0-or-later
"""The contents of the columns of a table: as the user writes them, or from its header.

``time=0,power=watts,current=3:mA``: a column is its number from 0 or its name, and may
have a unit behind it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
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
    # Whole numbers as the meter sends them.
    **{f"0.1{unit}": (unit, -1) for unit in ("W", "V", "Wh", "VA", "Hz")},
}
_UNIT: Final = {name.lower(): name for name in UNITS if name not in ("mW", "mWh")}
#: Words for a unit.
_UNIT_WORDS: Final = {
    **dict.fromkeys(("watt", "watts"), "W"),
    **dict.fromkeys(("volt", "volts"), "V"),
    **dict.fromkeys(("amp", "amps", "ampere", "amperes"), "A"),
    **dict.fromkeys(("kilowatt", "kilowatts"), "kW"),
    **dict.fromkeys(("watt-hours", "watthours"), "Wh"),
    **dict.fromkeys(("hertz",), "Hz"),
    **dict.fromkeys(("percent",), "%"),
}

#: Names of a field that other programs use, in English and German, and the unit that is meant
#: by them.
_WORDS: Final = {
    "power": "power watts watt w p wattage activepower realpower powerw pw leistung wirkleistung",
    "voltage": "voltage volts volt v u vrms spannung netzspannung",
    "current": "current amps amp a amperes ampere i irms strom stromstarke",
    "energy": "wh watthours watthour watthrs",
    "cost": "cost",
    "power_factor": "powerfactor pf cosphi factor leistungsfaktor",
    "duty_cycle": "dutycycle",
    "frequency": "frequency hz linefrequency frequenz netzfrequenz",
    "apparent_power": "apparentpower va voltamps scheinleistung",
}
#: Names that are the unit itself.
_UNIT_ITSELF: Final = {
    *("watts", "watt", "w", "wattage", "volts", "volt", "v", "amps", "amp", "a", "amperes"),
    *("ampere", "wh", "watthours", "watthour", "watthrs", "hz", "va", "voltamps"),
}
_FIELD_OF: Final = {
    **{word: name for name, words in _WORDS.items() for word in words.split()},
    **{re.sub(r"[^a-z]", "", one.name): one.name for one in FIELDS},
    # This name is used for Wh, kWh and J.
    "energy": "",
}
_TIMES: Final = {
    *("time", "timestamp", "datetime", "unixtime", "unixtimestamp", "epoch", "ts", "date"),
    *("localtime", "utc", "utctime", "timeutc", "moment", "lastchanged", "lastupdated"),
    *("zeit", "datum", "uhrzeit", "zeitstempel", "datumzeit", "datumuhrzeit", "zeitpunkt"),
    *("timeofday", "day", "recordedat", "createdat", "dateandtime"),
}
_ELAPSED: Final = {"elapsed", "elapseds", "elapsedtime", "seconds", "sec", "secs", "sekunden"}
_KNOWN: Final = {*_FIELD_OF, *_TIMES, *_ELAPSED, METER}
#: Why a column is taken for something.
_BY_NAME: Final = "by its name"
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
    #: Why it is taken so, in a few words; empty if the user says it.
    reason: str = field(default="", compare=False)

    @property
    def exponent(self) -> int:
        """Power of ten between its unit and the base unit."""
        return UNITS[self.unit][1] if self.unit else 0

    def __str__(self) -> str:
        column = f'"{self.column}"' if re.search('[," ]', str(self.column)) else self.column
        return f"{self.holds}={column}" + (f":{self.unit}" if self.unit else "")


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
        column, unit = before.strip(), exact_unit(unit)
        _check_unit(holds, unit)
    else:
        unit = ""
    return ColumnChoice(holds, int(column) if column.isdecimal() else column, unit)


def exact_unit(unit: str) -> str:
    """Return a unit as it is written here; empty if it is unknown."""
    if unit in UNITS:
        return unit
    lower = unit.lower()
    return _UNIT_WORDS.get(lower) or next((one for one in UNITS if one.lower() == lower), "")


def _check_unit(holds: str, unit: str) -> None:
    base = UNITS[unit][0]
    allowed = holds in FIELD_INDEX and FIELDS[FIELD_INDEX[holds]].unit == base
    if not allowed or (unit == "%" and holds not in _RATIOS):
        raise ValueError(f"{unit} is not a unit of {holds}")


def _plain(name: str) -> str:
    """Return a name without case, accents and signs."""
    return re.sub(r"[^a-z]", "", unicodedata.normalize("NFKD", name).lower())


def by_names(header: Sequence[str], units: Sequence[str] = ()) -> list[ColumnChoice]:
    """Return what columns hold by their names; several can be times, the first field counts.

    Parameters
    ----------
    header
        The names.
    units
        Their units, as far as the file has them beside the names.
    """
    found: list[ColumnChoice] = []
    for number, name in enumerate(header):
        word, unit, unknown = _word_and_unit(name)
        unit = unit or (units[number] if number < len(units) else "")
        if word in _TIMES:
            found.append(ColumnChoice(TIME, number, reason=_BY_NAME))
        elif word in _ELAPSED:
            found.append(ColumnChoice(ELAPSED, number, reason=_BY_NAME))
        elif word == METER:
            found.append(ColumnChoice(METER, number, reason=_BY_NAME))
        elif (one := _field(word, unit)) and one not in [other.holds for other in found]:
            found.append(ColumnChoice(one, number, unit, _reason(one, word, unit, unknown)))
    return found


def _reason(holds: str, word: str, unit: str, unknown: str) -> str:
    """Return why a column is taken for a field, and for one in that unit."""
    base = FIELDS[FIELD_INDEX[holds]].unit
    if unknown and base and not unit:
        return f"{_BY_NAME}, in {base} since {unknown} is not a known unit"
    sure = unit or not base or word in _UNIT_ITSELF
    return _BY_NAME if sure else f"{_BY_NAME}, in {base} since no unit is given"


def _field(word: str, unit: str) -> str:
    """Return the field that a name and its unit mean; empty if they mean none."""
    found = _FIELD_OF.get(word, "")
    if not found and word in ("energy", "", "value") and unit:
        # Only the unit shows what it is.
        base = UNITS[unit][0] if unit in UNITS else ""
        found = next((one.name for one in FIELDS if base and one.unit == base), "")
    if found and unit:
        try:
            _check_unit(found, unit)
        except (KeyError, ValueError):
            return ""
    return found


#: A name with its unit behind it, in brackets or after a word or a sign.
_IN_BRACKETS: Final = re.compile(r"(.*?)\s*[(\[]\s*([^)\]]*?)\s*[)\]]")
_AFTER_A_SIGN: Final = re.compile(r"(.+?)(?:\s+in\s+|\s*[/:,_ ]\s*)([A-Za-z]{1,9}|%)")


def _word_and_unit(name: str) -> tuple[str, str, str]:
    """Split ``Power (kW)``, ``power_kw``, ``P [kW]`` or ``Leistung in W`` into word and unit.

    What is in brackets and is not a unit comes third.
    """
    name = name.strip()
    if match := _IN_BRACKETS.fullmatch(name):
        unit = _known_unit(match[2])
        return _plain(match[1]), unit, "" if unit else match[2]
    match = _AFTER_A_SIGN.fullmatch(name)
    if match is not None and _known_unit(match[2]):
        return _plain(match[1]), _known_unit(match[2]), ""
    word, last = _plain(name), _plain(re.split(r"[./]", name)[-1])
    # ENERGY.Power: the last part of a path.
    return (last if last and word not in _KNOWN else word), "", ""


def _known_unit(text: str) -> str:
    return text if text in UNITS else _UNIT_WORDS.get(text.lower()) or _UNIT.get(text.lower(), "")
