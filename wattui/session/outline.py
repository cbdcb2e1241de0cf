# SPDX-License-Identifier: GPL-3.0-or-later
"""A session at a glance: what a list of thousands of sessions shows of each."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from wattui.errors import SessionDamaged
from wattui.measurement.clock import utc_time
from wattui.session import stored_values
from wattui.session.read_access import open_for_reading
from wattui.session.reader import unfinished
from wattui.session.schema import REPAIR_HINT, WIDTHS, translated
from wattui.session.store import StoredMeter, stored_meters


@dataclass(frozen=True)
class Outline:
    """What a list shows of a session."""

    #: Labels of the meters.
    meters: tuple[str, ...]
    #: Samples of all meters.
    count: int
    #: Start of the first interval and end of the last, in microseconds; None without samples.
    span_us: tuple[int, int] | None
    #: Whether a meter's recording has no end.
    interrupted: bool
    #: Facts by name, as in :attr:`Session.info`.
    info: dict[str, str]


def read_outline(path: Path) -> Outline:
    """Read what a list shows of a session, in one transaction and a few rows.

    Raises
    ------
    SessionError
        It cannot be read, or what it says of itself makes no sense.
    """
    with contextlib.closing(open_for_reading(path.absolute())) as connection:
        try:
            connection.execute("BEGIN")
            meters = stored_meters(connection)
            return Outline(
                tuple(str(meter.info.label) for meter in meters),
                sum(_count(connection, meter) for meter in meters),
                _span(connection, meters),
                bool(unfinished(connection)),
                dict(connection.execute("SELECT name, value FROM info")),
            )
        except sqlite3.Error as error:
            raise translated(error, path) from error
        except (TypeError, ValueError, OverflowError, UnicodeError) as error:
            raise SessionDamaged(
                f"{path} is damaged: it has values that make no sense ({error})",
                REPAIR_HINT,
            ) from error


def _count(connection: sqlite3.Connection, meter: StoredMeter) -> int:
    """Return how many samples a meter has: from the widest summaries on, then from the rest."""
    total, low = 0, 0
    for level in range(len(WIDTHS) - 1, meter.first_level - 1, -1):
        count, last = connection.execute(
            "SELECT COALESCE(sum(count), 0), max(bucket) FROM summary"
            " WHERE meter=? AND level=? AND bucket>=?",
            (meter.id, level, low),
        ).fetchone()
        if last is not None:
            total, low = total + int(count), last + WIDTHS[level]
    (rest,) = connection.execute(
        "SELECT count(*) FROM sample WHERE meter=? AND time>=?", (meter.id, low)
    ).fetchone()
    return total + int(rest)


def _span(connection: sqlite3.Connection, meters: list[StoredMeter]) -> tuple[int, int] | None:
    starts, ends = [], []
    for meter in meters:
        if meter.last is not None:
            if meter.last >= stored_values.LATEST:
                raise ValueError("a time beyond the calendar")
            (first,) = connection.execute(
                "SELECT time - interval FROM sample WHERE meter=? ORDER BY time LIMIT 1",
                (meter.id,),
            ).fetchone()
            starts.append(int(first))
            ends.append(int(meter.last))
    if not starts:
        return None
    span = min(starts), max(ends)
    for time in span:
        utc_time(time)  # within the calendar
    return span
