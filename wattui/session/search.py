# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks through a session: the next step or gap, steady parts, and periods above a threshold.

Samples are read some thousand at a time, each time in a transaction of its own: memory stays
flat over a year, and a caller can stop at any time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.distribution import wire_limit
from wattui.measurement.fields import FIELD_INDEX, FIELDS
from wattui.measurement.steps import CONTEXT, PowerStep, steps_after
from wattui.session.annotations import Span
from wattui.session.session_file import BEGINNING, END, StoredSession
from wattui.session.summary import Integers

#: Samples that are read at once.
_CHUNK: Final = 20_000

#: How far back a search for the previous step looks at first, in microseconds; it doubles.
_BACK: Final = 3_600 * MICROSECONDS

_COLUMNS: Final = (
    "SELECT time, interval, COALESCE(gap, 0), power FROM sample WHERE meter=? AND power IS NOT NULL"
)


@dataclass(frozen=True, slots=True)
class Gap:
    """A time without records."""

    #: Microseconds since 1970, UTC.
    start_us: int
    stop_us: int


class SearchableSession(StoredSession):
    """A session in which things can be found; see :class:`~wattui.session.Session`."""

    def steps(
        self, meter_id: int, start_us: int | None = None, stop_us: int | None = None
    ) -> Iterator[PowerStep]:
        """Yield the steps of a meter's power after *start_us*, up to *stop_us*, oldest first.

        :mod:`wattui.measurement.steps` says what counts as one.  A year of records one second
        apart takes about a minute; the first steps come immediately.

        Parameters
        ----------
        meter_id
            A meter of :attr:`meters`, by its ``id``; another id is an UnknownMeter.
        start_us, stop_us
            Microseconds since 1970, UTC; None for the ends of the session.
        """
        low = BEGINNING if start_us is None else start_us
        high = END if stop_us is None else stop_us
        before = self._records(meter_id, "time<=? ORDER BY time DESC", low, CONTEXT)[::-1]

        def read(after: int) -> Integers:
            return self._records(meter_id, "time>? ORDER BY time", after, _CHUNK)

        for step in steps_after(read, before, low):
            if step.time_us > high:
                return
            yield step

    def next_step(self, meter_id: int, time_us: int, *, back: bool = False) -> PowerStep | None:
        """Return the first step of a meter's power after a time, or the last one before it.

        Parameters
        ----------
        meter_id
            A meter of :attr:`meters`, by its ``id``; another id is an UnknownMeter.
        time_us
            Microseconds since 1970, UTC.
        back
            Whether to look for the last one before that time.
        """
        if not back:
            return next(self.steps(meter_id, time_us), None)
        ends = self.span_us([meter_id])
        reach, stop = _BACK, time_us - 1
        while ends is not None and stop >= ends[0]:
            found = list(self.steps(meter_id, stop - reach, stop))
            if found:
                return found[-1]
            stop, reach = stop - reach, min(2 * reach, 64 * _BACK)
        return None

    def next_gap(self, meter_id: int, time_us: int, *, back: bool = False) -> Gap | None:
        """Return the first gap that starts after a time, or the last one that ends before it.

        Parameters
        ----------
        meter_id
            A meter of :attr:`meters`, by its ``id``; another id is an UnknownMeter.
        time_us
            Microseconds since 1970, UTC.
        back
            Whether to look for the last one before that time.
        """
        end = "time - interval"
        where = f"{end}<? ORDER BY time DESC" if back else f"{end} - gap>? ORDER BY time"
        with self._reading() as connection:
            self._stored(connection, meter_id)
            found = connection.execute(
                f"SELECT {end} - gap, {end} FROM sample INDEXED BY sample_gap"
                f" WHERE meter=? AND gap IS NOT NULL AND {where} LIMIT 1",
                (meter_id, time_us),
            ).fetchone()
        return None if found is None else Gap(*found)

    def steady(
        self, meter_id: int, start_us: int | None = None, stop_us: int | None = None
    ) -> Iterator[Span]:
        """Yield the parts between the steps of a meter's power as spans, oldest first.

        Their names are their powers; they are not in the file.  Arguments are those of
        :meth:`steps`.
        """
        ends = self.span_us([meter_id])
        if ends is None:
            return
        begin = max(ends[0], BEGINNING if start_us is None else start_us)
        last = min(ends[1], END if stop_us is None else stop_us)
        level = None
        for step in self.steps(meter_id, begin, last):
            yield _span(meter_id, "steady", f"{step.before_w:.1f} W", begin, step.time_us)
            begin, level = step.time_us, step.after_w
        if begin < last:
            name = "steady" if level is None else f"{level:.1f} W"
            yield _span(meter_id, "steady", name, begin, last)

    def cycles(
        self,
        meter_id: int,
        above: float,
        start_us: int | None = None,
        stop_us: int | None = None,
    ) -> Iterator[Span]:
        """Yield the periods with a power above a threshold as spans, oldest first.

        There are as many as ``load(...).cycles`` counts; they are not in the file.  Arguments
        are those of :meth:`steps`, and the threshold in W.
        """
        low = BEGINNING if start_us is None else start_us
        high = END if stop_us is None else stop_us
        limit = wire_limit(FIELDS[FIELD_INDEX["power"]], above)
        number, begin, end = 0, None, BEGINNING
        where = "time>? AND time<=? ORDER BY time"
        while len(records := self._records(meter_id, where, (low, high), _CHUNK)):
            up = records[:, 3] > limit
            # Of the record before each.
            times = np.concatenate(([end], records[:-1, 0]))
            changed = np.flatnonzero(np.diff(up, prepend=begin is not None))
            for place in changed.tolist():
                if begin is None:
                    begin = int(max(times[place], records[place, 0] - records[place, 1]))
                    continue
                number += 1
                yield _span(meter_id, "cycle", f"Cycle {number}", begin, int(times[place]))
                begin = None
            low = end = int(records[-1, 0])
        if begin is not None:
            yield _span(meter_id, "cycle", f"Cycle {number + 1}", begin, end)

    def _records(
        self, meter_id: int, where: str, times: int | tuple[int, int], most: int
    ) -> Integers:
        """Return time, interval, gap and power of samples that have one, (n, 4)."""
        values = times if isinstance(times, tuple) else (times,)
        with self._reading() as connection:
            rows = connection.execute(
                f"{_COLUMNS} AND {where} LIMIT ?", (meter_id, *values, most)
            ).fetchall()
            if not rows:
                self._stored(connection, meter_id)
        return np.array(rows, np.int64).reshape(len(rows), 4)


def _span(meter_id: int, kind: str, name: str, start: int, stop: int) -> Span:
    return Span(0, start, stop, name, meter_id=meter_id, kind=kind)
