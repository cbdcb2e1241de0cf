# SPDX-License-Identifier: GPL-3.0-or-later
"""The forms of times in a table: numbers since 1970, text, or seconds since its start."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

#: Units of numbers since 1970, their decimals in a microsecond, and the range in which they
#: are recognised: from 1973 on.
_NUMBERS: Final = {
    "s": (6, 1e8, 1e10),
    "ms": (3, 1e11, 1e13),
    "us": (0, 1e14, 1e16),
    "ns": (-3, 1e17, 1e19),
}
_SINCE_START: Final = "elapsed"
_ISO: Final = "iso"

#: What ``--time-format`` accepts besides a pattern of strptime.
NAMES: Final = (*_NUMBERS, _ISO, _SINCE_START)

_EPOCH: Final = datetime(1970, 1, 1)
_EPOCH_UTC: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

#: Years that a meter's file can be from.
_FIRST_YEAR, _LAST_YEAR = 1990, 2100


@dataclass(frozen=True, slots=True)
class TimeForm:
    """How the times of one file are written."""

    #: A number times 10**digits is in microseconds; None: the times are text.
    digits: int | None = None
    #: Numbers count from the start of the recording.
    since_start: bool = False
    #: Texts carry their offset to UTC.
    has_zone: bool = False
    #: Pattern of strptime; empty for ISO 8601.
    pattern: str = ""

    def parse(self, text: str) -> int:
        """Return a text in microseconds UTC, or on its own clock if it has no zone.

        Raises
        ------
        ValueError
            It is not such a time, or of a year in which there was no meter.
        """
        moment = _moment(text.strip(), self.pattern)
        if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
            raise ValueError(f"the year {moment.year}")
        if (moment.tzinfo is not None) != self.has_zone:
            raise ValueError(f"{text!r} differs from the other times in its time zone")
        return (moment - (_EPOCH_UTC if self.has_zone else _EPOCH)) // _MICROSECOND


def _moment(text: str, pattern: str) -> datetime:
    if pattern:
        return datetime.strptime(text, pattern)
    if len(text) <= len("2024-01-01"):
        raise ValueError(f"{text!r} is not a date and time")
    return datetime.fromisoformat(text)


def time_form(samples: Sequence[str], given: str = "") -> TimeForm:
    """Return how times are written.

    Parameters
    ----------
    samples
        Some of them.
    given
        What the user says: one of :data:`NAMES` or a pattern of strptime; empty if nothing.

    Raises
    ------
    ValueError
        They are not written so, or in no way that is certain.
    """
    texts = [text.strip() for text in samples if text.strip()]
    if not texts:
        raise ValueError("there are no times in the column")
    if given in _NUMBERS:
        return TimeForm(_NUMBERS[given][0])
    if given == _SINCE_START:
        return TimeForm(6, since_start=True)
    if given and given != _ISO:
        if "%" not in given:
            raise ValueError(
                f"{given!r} is not a time format. Write {', '.join(NAMES)} or a pattern"
            )
        return TimeForm(has_zone=_zone_of(texts[0], given), pattern=given)
    numbers = [] if given == _ISO else _as_numbers(texts)
    if numbers:
        usual = statistics.median(numbers)
        for digits, low, high in _NUMBERS.values():
            if low <= usual < high:
                return TimeForm(digits)
        if min(numbers) >= 0 and usual < _NUMBERS["s"][1]:
            return TimeForm(6, since_start=True)
        raise ValueError(f"{texts[0]!r} is not a time")
    return TimeForm(has_zone=_zone_of(texts[0], ""))


def _zone_of(text: str, pattern: str) -> bool:
    try:
        return _moment(text, pattern).tzinfo is not None
    except ValueError:
        how = f"does not match {pattern!r}" if pattern else "is not a date and time as in ISO 8601"
        raise ValueError(f"{text!r} {how}") from None


def _as_numbers(texts: Sequence[str]) -> list[float]:
    """Return texts as numbers; none if one is not a number."""
    try:
        numbers = [float(text.replace(",", ".")) for text in texts]
    except ValueError:
        return []
    return numbers if all(map(math.isfinite, numbers)) else []
