# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts about the contents of a meter's memory, and how long it will last. Pure.

The meter reports how many records fit (``#N``) for the fields that it logs now.  For other
fields the number is estimated from that, and is labelled as an estimate.
"""

from __future__ import annotations

import math
import time as host_time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from wattui.errors import SettingOutOfRange
from wattui.measurement.fields import FIELD_COUNT, FIELDS
from wattui.measurement.text import count_text, date_text, duration_text
from wattui.meter_memory.state import MemoryState
from wattui.protocol import FullHandling, LoggingMode

#: The meaning of each handling of a full memory.
HANDLING_SENTENCES: Final = {
    FullHandling.STOP: "When the memory is full, logging stops; the records stay.",
    FullHandling.OVERWRITE: "When the memory is full, each new record replaces the oldest one.",
    FullHandling.CONDENSE: "Logging starts at one record per second; each time the memory is "
    "full, every other record is dropped and the interval doubles.",
}

#: The meaning of each logging mode.
MODE_SENTENCES: Final = {
    LoggingMode.STOPPED: "stopped",
    LoggingMode.INTERNAL: "internal: records go into the memory",
    LoggingMode.EXTERNAL: "external: records go over the wire, none into the memory",
}

# Bytes of one field in the memory: what its range needs, and one byte for an extreme.
# With these sizes a PRO of 64 KiB holds about 2,000 records of all fields, as its manual says.
_EXTREMES: Final = ("_max", "_min")
_FIELD_BYTES: Final = tuple(
    1 if field.name.endswith(_EXTREMES) else (field.high.bit_length() + 7) // 8 for field in FIELDS
)


# -- how long a setting lasts ------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Endurance:
    """How long a memory lasts with certain settings."""

    #: Records that fit; None if unknown.
    records: int | None
    #: Whether that is an estimate, not reported by the meter.
    estimated: bool
    #: Seconds until the memory is full for the first time; None if unknown.
    seconds: int | None
    handling: FullHandling

    @property
    def text(self) -> str:
        """How long it lasts, in a sentence."""
        if self.records is None or self.seconds is None:
            return "The meter doesn't report how many records fit."
        verb = "fits" if self.records == 1 else "fit"
        fit = f"{'About ' if self.estimated else ''}{count_text(self.records, 'record')} {verb}"
        span = duration_text(self.seconds, long=True)
        if self.handling is FullHandling.STOP:
            return f"{fit}: {span}, then logging stops."
        if self.handling is FullHandling.OVERWRITE:
            return f"{fit}: logging continues, and the newest {span} are kept."
        return (
            f"{fit}: {span} at one record per second; logging continues, and the interval "
            "doubles each time the memory is full."
        )


def record_limit(
    fields: Sequence[bool], known_fields: Sequence[bool] | None, known_limit: int | None
) -> tuple[int | None, bool]:
    """Return how many records of *fields* fit, and whether that is an estimate.

    Parameters
    ----------
    known_fields, known_limit
        The fields that the meter logs now, and how many such records fit, as it reports.
    """
    if known_limit is None or known_fields is None:
        return None, True
    if tuple(fields) == tuple(known_fields):
        return known_limit, False
    wanted, now = _record_bytes(fields), _record_bytes(known_fields)
    return (known_limit * now // wanted if now and wanted else None), True


def endurance(
    fields: Sequence[bool], interval: int, handling: FullHandling, state: MemoryState
) -> Endurance:
    """Return how long a memory would last with these settings.

    Parameters
    ----------
    interval
        Seconds between two records.  Condensing always starts at 1 s.
    state
        The current state of the memory.
    """
    limit, estimated = record_limit(fields, state.fields, state.limit)
    step = 1 if handling is FullHandling.CONDENSE else interval
    return Endurance(limit, estimated, None if limit is None else limit * step, handling)


def _record_bytes(fields: Sequence[bool]) -> int:
    total = sum(size for size, on in zip(_FIELD_BYTES, fields, strict=False) if on)
    return total + total % 2  # the memory consists of words of two bytes


# -- fields ------------------------------------------------------------------------


def parse_fields(text: str) -> tuple[bool, ...]:
    """Return the fields of ``w,v,a``, of names such as ``power,voltage``, or of ``all``.

    Raises
    ------
    SettingOutOfRange
        A field is unknown, or there is none.
    """
    wanted = [name.strip().lower() for name in text.split(",") if name.strip()]
    if wanted == ["all"]:
        return (True,) * FIELD_COUNT
    known = {field.header.lower(): i for i, field in enumerate(FIELDS)}
    known |= {field.name: i for i, field in enumerate(FIELDS)}
    unknown = [name for name in wanted if name not in known]
    if unknown or not wanted:
        raise SettingOutOfRange(
            f"There is no field {unknown[0]!r}" if unknown else "No field was chosen",
            f"Choose from {', '.join(field.header.lower() for field in FIELDS)}, or all.",
        )
    chosen = {known[name] for name in wanted}
    return tuple(i in chosen for i in range(FIELD_COUNT))


def fields_text(fields: Sequence[bool] | None) -> str:
    """Return fields in the form that :func:`parse_fields` reads: ``w,v,a``, or ``all``."""
    if fields is None:
        return "unknown"
    if all(fields):
        return "all"
    return ",".join(one.header.lower() for one, on in zip(FIELDS, fields, strict=False) if on)


# -- what is in it -----------------------------------------------------------------


def span_text(state: MemoryState, now: float | None = None) -> str:
    """Return the approximate time that the records cover, counted back from *now* (s UTC)."""
    if not state.used:
        return "nothing"
    end = host_time.time() if now is None else now
    length = duration_text(state.span, long=True)
    if state.mode is not LoggingMode.INTERNAL:
        return f"about {length}, ending at an unknown time"
    return f"about {length}: {date_text(end - state.span)} to {date_text(end)}"


def loss_text(state: MemoryState, now: float | None = None) -> str:
    """Return what would be lost if the memory were erased."""
    if not state.used:
        return "The memory is empty: no record would be lost"
    return f"{count_text(state.used, 'record')} would be lost, covering {span_text(state, now)}"


def used_text(state: MemoryState) -> str:
    """Return how full the memory is: ``600 of 1,917 records (31 %)``."""
    if state.limit is None:
        return count_text(state.used, "record")
    if not state.limit:
        return f"{state.used:,} of 0 records"
    percent = math.floor(100 * state.used / state.limit)
    return f"{state.used:,} of {count_text(state.limit, 'record')} ({percent} %)"


def left_text(state: MemoryState) -> str:
    """Return the time until the memory is full."""
    if state.mode is not LoggingMode.INTERNAL:
        full = state.full and state.full_handling is not FullHandling.CONDENSE
        return "the memory is full" if full else "not logging into the memory"
    if state.full_handling is FullHandling.OVERWRITE:
        return "full: the oldest records are overwritten" if state.full else _time_left(state)
    if state.full_handling is FullHandling.CONDENSE:
        return f"{_time_left(state)}, then the interval doubles to {2 * state.interval} s"
    return _time_left(state)


def _time_left(state: MemoryState) -> str:
    if state.limit is None:
        return "unknown"
    return duration_text(max(state.limit - state.used, 0) * state.interval, long=True)
