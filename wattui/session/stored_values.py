# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place that checks values from a session file: SQLite stores any type in any column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import Event, EventKind, MeterInfo
from wattui.session.schema import SEAL_LEVEL
from wattui.session.summary import ABSENT, Integers

#: What a value of another type, or out of all range, raises.
ODD: Final = (ValueError, TypeError, OverflowError)

#: The latest time that can be written as a date, and the largest value of a field.
LATEST: Final = 253_402_200_000 * MICROSECONDS
_LARGEST: Final = 2**52


def text(value: object) -> str:
    """Return a text; bytes that are not UTF-8 are replaced, and NULL is empty."""
    if value is None:
        return ""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def time(value: object) -> int:
    """Return a time in microseconds, between 1970 and the year 9999."""
    return min(max(value, 0), LATEST) if isinstance(value, int) else 0


def are_integers(*values: object) -> bool:
    """Check that all values are integers."""
    return all(isinstance(value, int) for value in values)


def meter_info(columns: Sequence[object]) -> MeterInfo:
    """Return a meter from its row: key, port, ... as in :class:`MeterInfo`."""
    key, port, name, model, firmware, serial_number = map(text, columns[:6])
    interval, colour = columns[6:]
    seconds = interval if isinstance(interval, (int, float)) else 1.0
    if not 0 < seconds < LATEST / MICROSECONDS:
        seconds = 1.0
    return MeterInfo(key, port, name, model, firmware, serial_number, float(seconds), text(colour))


def level(value: object) -> int:
    """Return the lowest level of a meter's summaries."""
    return value if isinstance(value, int) and 0 <= value <= SEAL_LEVEL else 0


def event(when: object, kind: object, words: object, duration: object) -> Event:
    """Return an event; a kind that a later version added becomes a note."""
    moment, span = time(when), time(duration)
    try:
        return Event(moment, EventKind(text(kind)), text(words), span)
    except ValueError:
        parts = [text(kind), text(words)]
        return Event(moment, EventKind.NOTE, ": ".join(filter(None, parts)), span)


def are_possible(samples: Integers) -> bool:
    """Check that times increase and that no value of *samples*, (n, 21), is out of all range."""
    return bool(np.all(possible(samples)) and np.all(np.diff(samples[:, 0]) > 0))


def possible(samples: Integers) -> NDArray[np.bool_]:
    """Return which of the rows have a date, a duration, and values that a field can have."""
    when, interval, gap, values = samples[:, 0], samples[:, 1], samples[:, 2], samples[:, 3:]
    found = (when > 0) & (when <= LATEST) & (interval >= 0) & (interval <= LATEST)
    found &= (gap == ABSENT) | ((gap >= 0) & (gap <= LATEST))
    found &= np.all((values == ABSENT) | (np.abs(values) < _LARGEST), axis=1)
    return np.asarray(found, np.bool_)
