# SPDX-License-Identifier: GPL-3.0-or-later
"""Dates and times as text, by patterns as those of strptime, in any locale.

Python's own ``strptime`` knows the names of months and of the halves of a day in the language of
the desktop only, and a logger wrote them in another.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final

#: The first three letters of months, in English and where German differs.
_MONTHS: Final = {
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9,
    "oct": 10, "nov": 11, "dec": 12, "mär": 3, "mrz": 3, "mai": 5, "okt": 10, "dez": 12,
}  # fmt: skip

_PARTS: Final = {
    "Y": r"\d{4}",
    "y": r"\d\d",
    **dict.fromkeys("mdHIMS", r"\d\d?"),
    "f": r"\d{1,9}",
    "p": r"[AaPp]\.?[Mm]\.?",
    "b": r"[^\W\d_]{3,}\.?",
    "B": r"[^\W\d_]{3,}\.?",
    "a": r"[^\W\d_]{2,}\.?",
    "A": r"[^\W\d_]{2,}\.?",
    "z": r"[Zz]|UTC|GMT|[+-]\d\d:?\d\d",
}
_DIRECTIVE: Final = re.compile(r"%(.)")

#: Forms of dates and of times of day that are recognised, the more usual first.
_DATES: Final = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y", "%d.%m.%y"),
    *("%d/%m/%Y", "%m/%d/%Y", "%d/%m/%y", "%m/%d/%y"),
    *("%d-%m-%Y", "%m-%d-%Y", "%d-%m-%y", "%m-%d-%y"),
    *("%d %b %Y", "%d-%b-%Y", "%d. %b %Y", "%d/%b/%Y", "%d-%b-%y", "%b %d %Y", "%b %d, %Y"),
    *("%Y%m%d",),
)
_CLOCKS: Final = (
    *("%H:%M:%S", "%H:%M:%S.%f", "%H:%M", "%I:%M:%S %p", "%I:%M:%S.%f %p", "%I:%M %p"),
    *("%H%M%S",),
)
#: Date and time in an order of their own.
_WHOLE: Final = ("%a %b %d %H:%M:%S %Y", "%a %b %d %H:%M:%S %z %Y", "%a, %d %b %Y %H:%M:%S %z")
_BETWEEN: Final = (" ", "T", ", ", "")


@functools.lru_cache(maxsize=512)
def _compiled(pattern: str) -> tuple[re.Pattern[str], str] | None:
    """Return a pattern as a regular expression, and its directives; None if it has others."""
    found, names, place = "", "", 0
    for match in _DIRECTIVE.finditer(pattern):
        name = match[1]
        if name not in _PARTS or name in names:
            return None
        literal = re.sub(r"(\\ )+", r"\\s+", re.escape(pattern[place : match.start()]))
        part = _PARTS[name]
        follows = pattern[match.end() : match.end() + 1] == "%"
        if part == r"\d\d?" and (follows or (place == match.start() and place > 0)):
            part = r"\d\d"
        if name == "f" and pattern[place : match.start()] in (".", ","):
            # Programs leave the fraction out where it is 0.
            found += rf"(?:[.,](?P<{name}>{part}))?"
        elif name == "p":
            found += literal.removesuffix(r"\s+") + rf"\s*(?P<{name}>{part})"
        else:
            found += rf"{literal}(?P<{name}>{part})"
        names, place = names + name, match.end()
    return re.compile(found + re.escape(pattern[place:])), names


def read_moment(text: str, pattern: str) -> datetime:
    """Return the date and time of a text in a pattern; without a date, the first of January 1970.

    Raises
    ------
    ValueError
        The text does not match the pattern.
    """
    compiled = _compiled(pattern)
    if compiled is None:
        return datetime.strptime(text, pattern)
    match = compiled[0].fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} does not match {pattern!r}")
    return _moment_of(match.groupdict())


def _moment_of(found: dict[str, str | None]) -> datetime:
    year = int(found.get("Y") or 1970)
    if short := found.get("y"):
        year = int(short) + (2000 if int(short) < 69 else 1900)
    word = found.get("b") or found.get("B")
    month = int(found.get("m") or 1) if not word else _MONTHS.get(word[:3].lower(), 0)
    hour = int(found.get("H") or 0)
    if half := found.get("p"):
        hour = int(found.get("I") or 0)
        if not 1 <= hour <= 12:
            raise ValueError(f"{hour} is not an hour of half a day")
        hour = hour % 12 + (12 if half[0] in "pP" else 0)
    elif twelve := found.get("I"):
        hour = int(twelve)
    micro = int((found.get("f") or "0")[:6].ljust(6, "0"))
    minute, second = (int(found.get(name) or 0) for name in "MS")
    day, zone = int(found.get("d") or 1), _offset(found.get("z"))
    return datetime(year, month, day, hour, minute, second, micro, tzinfo=zone)


def _offset(text: str | None) -> tzinfo | None:
    if not text:
        return None
    if text[0] not in "+-":
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def has_date(pattern: str) -> bool:
    """Check whether the times of a pattern have a date."""
    return any(f"%{name}" in pattern for name in "dxcjD")


def has_clock(pattern: str) -> bool:
    """Check whether the times of a pattern have a time of day."""
    return any(f"%{name}" in pattern for name in "HIXcT")


def has_zone(pattern: str) -> bool:
    """Check whether the times of a pattern carry their offset to UTC."""
    return "%z" in pattern or "%Z" in pattern


def patterns_of(text: str) -> list[str]:
    """Return the patterns that a date and time, a date, or a time of day has."""
    text = text.strip()
    return [pattern for pattern in _candidates(text) if _is(text, pattern)]


def _is(text: str, pattern: str) -> bool:
    try:
        read_moment(text, pattern)
    except ValueError:
        return False
    return True


def _candidates(text: str) -> Iterator[str]:
    zone = re.search(r"(\s*)(?:[Zz]|UTC|GMT|[+-]\d\d:?\d\d)$", text)
    behind = (" %z" if zone[1] else "%z") if zone and ":" in text[: zone.start()] else ""
    for date in _DATES:
        yield date
        compiled = _compiled(date)
        assert compiled is not None
        match = compiled[0].match(text)
        if match is None:
            continue
        rest = text[match.end() :]
        sign = next((one for one in _BETWEEN if rest.startswith(one)), "")
        for clock in _CLOCKS:
            yield f"{date}{sign}{clock}{behind}"
    for clock in _CLOCKS[:-1]:
        yield clock + behind
        for date in _DATES:
            yield f"{clock} {date}"
    yield from _WHOLE
