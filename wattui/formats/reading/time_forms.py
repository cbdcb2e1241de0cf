# SPDX-License-Identifier: GPL-3.0-or-later
"""The forms of times in a table: numbers since 1970, text, or seconds since its start."""

from __future__ import annotations

import contextlib
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

from wattui.formats.reading.time_patterns import (
    has_clock,
    has_date,
    has_zone,
    patterns_of,
    read_moment,
)

#: Units of numbers since 1970, their decimals in a microsecond, and the range in which they
#: are recognised: from 1973 on.
_NUMBERS: Final = {
    "s": (6, 1e8, 1e10),
    "ms": (3, 1e11, 1e13),
    "us": (0, 1e14, 1e16),
    "ns": (-3, 1e17, 1e19),
}
#: Units of numbers since the start.
_SINCE_START: Final = {"elapsed": 6, "elapsed-ms": 3}
_ISO: Final = "iso"
#: Days since the end of 1899, as spreadsheets count them.
EXCEL: Final = "excel"

#: What ``--time-format`` accepts besides a pattern of strptime.
NAMES: Final = (*_NUMBERS, _ISO, *_SINCE_START, EXCEL)

_EPOCH: Final = datetime(1970, 1, 1)
_EPOCH_UTC: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

#: Days of a spreadsheet in which there were meters, and the step in days up to which numbers of
#: that size are days and not seconds.
_EXCEL_DAYS: Final = (32_874, 73_415)
_EXCEL_STEP: Final = 0.01
_EXCEL_EPOCH: Final = datetime(1899, 12, 30)

#: Years that a meter's file can be from.
_FIRST_YEAR, _LAST_YEAR = 1990, 2100

#: Share of the times that must have the form of the others, and how many are looked at.
_MOST: Final = 0.8
_LOOKED_AT: Final = 500
#: Distance of two records in microseconds that shows that day and month were confused.
_A_WEEK: Final = 7 * 86_400_000_000


class AmbiguousTimes(ValueError):
    """Times that can be read in more than one way."""

    def __init__(self, text: str, forms: Sequence[TimeForm]) -> None:
        super().__init__(f"{text!r} can be read as {' or as '.join(one.pattern for one in forms)}")
        self.forms = tuple(forms)


@dataclass(frozen=True, slots=True)
class TimeForm:
    """How the times of one file are written."""

    #: A number times 10**digits is in microseconds; None: the times are text.
    digits: int | None = None
    #: Numbers count from the start of the recording.
    since_start: bool = False
    #: Texts carry their offset to UTC.
    has_zone: bool = False
    #: Pattern of strptime, or :data:`EXCEL`; empty for ISO 8601.
    pattern: str = ""
    #: Texts are times of day, without a date.
    of_day: bool = False

    @property
    def has_clock(self) -> bool:
        """Whether its times have a time of day, and not the date alone."""
        return self.pattern in ("", EXCEL) or has_clock(self.pattern)

    @property
    def name(self) -> str:
        """What ``--time-format`` calls it."""
        if self.digits is None:
            return self.pattern or _ISO
        names = _SINCE_START if self.since_start else {k: v[0] for k, v in _NUMBERS.items()}
        return next(name for name, digits in names.items() if digits == self.digits)

    def parse(self, text: str) -> int:
        """Return a text in microseconds UTC, or on its own clock if it has no zone.

        Raises
        ------
        ValueError
            It is not such a time, or of a year in which there was no meter.
        """
        moment = _moment(text.strip(), self.pattern)
        if not self.of_day and not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
            raise ValueError(f"the year {moment.year}")
        if (moment.tzinfo is not None) != self.has_zone:
            raise ValueError(f"{text!r} differs from the other times in its time zone")
        return (moment - (_EPOCH_UTC if self.has_zone else _EPOCH)) // _MICROSECOND

    def moment(self, text: str) -> datetime:
        """Return the date and time that a text means, on its own clock if it has no zone.

        Raises
        ------
        ValueError
            It is not such a time.
        """
        if self.digits is None:
            return _moment(text.strip(), self.pattern)
        number = float(text.replace(",", "."))
        return _EPOCH_UTC + timedelta(microseconds=number * 10.0**self.digits)

    def share(self, texts: Sequence[str]) -> float:
        """Return which share of some texts has this form."""
        return sum(self._reads(text) for text in texts) / len(texts)

    def _reads(self, text: str) -> bool:
        try:
            self.parse(text)
        except ValueError:
            return False
        return True


def _moment(text: str, pattern: str) -> datetime:
    if pattern == EXCEL:
        days = float(text.replace(",", "."))
        if not _EXCEL_DAYS[0] <= days <= _EXCEL_DAYS[1]:
            raise ValueError(f"{text!r} is not a day of a spreadsheet")
        # A day has five digits, so that a double ends at some microseconds.
        return _EXCEL_EPOCH + timedelta(milliseconds=round(days * 86_400_000))
    if pattern:
        return read_moment(text, pattern)
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
    AmbiguousTimes
        They can be read in more than one way: day and month may be either.
    ValueError
        They are not written so, or in no way that is certain.
    """
    texts = [text.strip() for text in samples if text.strip()]
    if not texts:
        raise ValueError("there are no times in the column")
    texts = texts[:: len(texts) // _LOOKED_AT + 1]
    if given:
        return _given_form(texts, given)
    numbers = _as_numbers(texts)
    if numbers and (form := _number_form(numbers)):
        return form
    return _text_form(texts)


def _given_form(texts: Sequence[str], given: str) -> TimeForm:
    if given in _NUMBERS:
        return TimeForm(_NUMBERS[given][0])
    if given in _SINCE_START:
        return TimeForm(_SINCE_START[given], since_start=True)
    if given == _ISO:
        return _iso_form(texts)
    if given != EXCEL and "%" not in given:
        raise ValueError(f"{given!r} is not a time format. Write {', '.join(NAMES)} or a pattern")
    form = form_of(given)
    if not any(form._reads(text) for text in texts):
        form.parse(texts[0])  # explains why
    return form


def form_of(pattern: str) -> TimeForm:
    """Return the form of times of a pattern, or of a spreadsheet."""
    if pattern == EXCEL:
        return TimeForm(pattern=EXCEL)
    return TimeForm(has_zone=has_zone(pattern), pattern=pattern, of_day=not has_date(pattern))


def _number_form(numbers: Sequence[float]) -> TimeForm | None:
    usual = statistics.median(numbers)
    for digits, low, high in _NUMBERS.values():
        if low <= usual < high:
            return TimeForm(digits)
    steps = [abs(b - a) for a, b in pairwise(numbers) if a != b]
    low, high = _EXCEL_DAYS
    in_days = low <= min(numbers) and max(numbers) <= high
    if in_days and steps and statistics.median(steps) < _EXCEL_STEP:
        return TimeForm(pattern=EXCEL)
    if min(numbers) >= 0 and usual < _NUMBERS["s"][1]:
        return TimeForm(6, since_start=True)
    return None


def _text_form(texts: Sequence[str]) -> TimeForm:
    iso = [
        form for zone in (False, True) if (form := TimeForm(has_zone=zone)).share(texts) >= _MOST
    ]
    if iso:
        return iso[0]
    forms = {form_of(pattern) for text in (texts[0], texts[-1]) for pattern in patterns_of(text)}
    shares = {form: form.share(texts) for form in forms}
    best = max(shares.values(), default=0.0)
    if best < _MOST:
        return _iso_form(texts)
    found: dict[tuple[int, ...], TimeForm] = {}
    for form in sorted((one for one in forms if shares[one] == best), key=_order):
        found.setdefault(_times(form, texts), form)
    steady = [form for times, form in found.items() if _is_steady(times)]
    forms_left = steady if len(steady) == 1 else list(found.values())
    if len(forms_left) > 1:
        raise AmbiguousTimes(texts[0], forms_left)
    return forms_left[0]


def _order(form: TimeForm) -> tuple[bool, int, str]:
    """Return the place of a form among those that fit: the day first, short ones first."""
    day, month = (form.pattern.find(f"%{name}") for name in "dm")
    return day > month, len(form.pattern), form.pattern


def _times(form: TimeForm, texts: Sequence[str]) -> tuple[int, ...]:
    return tuple(form.parse(text) for text in texts if form._reads(text))


def _is_steady(times: Sequence[int]) -> bool:
    """Check whether no two neighbours are as far apart as if day and month were confused."""
    return all(abs(b - a) < _A_WEEK for a, b in pairwise(times))


def _iso_form(texts: Sequence[str]) -> TimeForm:
    try:
        return TimeForm(has_zone=_moment(texts[0], "").tzinfo is not None)
    except ValueError:
        what = "is not a date and time as in ISO 8601, nor in another form that is known"
        raise ValueError(f"{texts[0]!r} {what}") from None


def _as_numbers(texts: Sequence[str]) -> list[float]:
    """Return texts as numbers; none if many of them are not numbers."""
    numbers = []
    for text in texts:
        with contextlib.suppress(ValueError):
            numbers.append(float(text.replace(",", ".")))
    numbers = list(filter(math.isfinite, numbers))
    return numbers if len(numbers) >= _MOST * len(texts) else []
