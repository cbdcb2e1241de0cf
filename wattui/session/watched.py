# SPDX-License-Identifier: GPL-3.0-or-later
"""A session whose samples are compared with their checksums while all of them are read.

That costs an export a few percent; reading them all beforehand would cost a third.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from typing import Final, Self

import numpy as np

from wattui.errors import SessionDamaged
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.fields import FIELD_INDEX
from wattui.session.integrity import Seals, quick_faults, read_seals, span_text
from wattui.session.reader import CHUNK, Session
from wattui.session.schema import SEAL_LEVEL, WIDTHS
from wattui.session.span_statistics import Statistics
from wattui.session.summary import ABSENT, Integers, Seal, as_samples, checksums, energy_of

_WIDTH: Final = WIDTHS[SEAL_LEVEL]

_HINT: Final = "Open it with `open_checked`, which leaves out what is damaged."

_COUNTER: Final = FIELD_INDEX["energy"]

#: A span as it is asked for: a meter's id, and two times.
_Span = tuple[int, int | None, int | None]


class WatchedSession(Session):
    """A session that raises :class:`SessionDamaged` once something is found to be wrong.

    Samples are compared as they are read; figures, when the samples of the same span have
    been read to their end.
    """

    _figures: dict[_Span, Statistics]

    def __enter__(self) -> Self:
        with self._reading() as connection:
            for fault in quick_faults(connection):
                raise SessionDamaged(f"{self.path} is damaged: {fault}", _HINT)
        self._figures = {}
        return self

    def statistics(
        self,
        meter_id: int,
        start_us: int | None = None,
        stop_us: int | None = None,
        times_of: Collection[str] = (),
    ) -> Statistics:
        """Return figures as :meth:`Session.statistics` does, and remember them."""
        found = super().statistics(meter_id, start_us, stop_us, times_of)
        self._figures[meter_id, start_us, stop_us] = found
        return found

    def rows(
        self,
        meter_id: int,
        start_us: int | None = None,
        stop_us: int | None = None,
        chunk: int = CHUNK,
    ) -> Iterator[list[tuple[int, ...]]]:
        """Yield samples as :meth:`Session.rows` does.

        Raises
        ------
        SessionDamaged
            They have changed since they were recorded, or a figure disagrees with them.
        """
        after = -1 if start_us is None else start_us
        watch = _Watch(self._seals_of(meter_id, after), after)
        for rows in super().rows(meter_id, start_us, stop_us, chunk):
            try:
                watch.add(rows)
            except (ValueError, TypeError, OverflowError) as error:
                watch.fault = f"there are values of another type ({error})"
            self._require(watch.fault)
            yield rows
        ends = self.span_us([meter_id])
        watch.finish(self._seals_of(meter_id, after), None if ends is None else ends[1], stop_us)
        self._require(watch.fault)
        figures = self._figures.get((meter_id, start_us, stop_us))
        if figures is not None and not watch.agrees(figures):
            self._require("its summaries are not those of its samples")
        if start_us is None and len(self.gaps(meter_id, None, watch.last)) != watch.gap_count:
            self._require("the list of its gaps is wrong")

    def _seals_of(self, meter_id: int, after: int) -> Seals:
        with self._reading() as connection:
            return read_seals(connection, meter_id, after)

    def _require(self, fault: str) -> None:
        if fault:
            raise SessionDamaged(f"{self.path} is damaged: {fault}", _HINT)


class _Watch:
    """Checksums and sums of the samples that have been read of a meter."""

    def __init__(self, seals: Seals, start: int) -> None:
        self._seals = seals
        self._start = start
        self._open: Seal | None = None
        self._seen: set[int] = set()
        self._count = self._energy = self._moved = 0
        self._counter = np.empty(0, np.int64)
        self._times = [0, 0, 0]
        self.gap_count = 0
        self.last = 0
        #: What is wrong; empty if nothing is.
        self.fault = ""

    def add(self, rows: list[tuple[int, ...]]) -> None:
        """Take samples into account."""
        samples = as_samples(rows)
        gap = samples[:, 2]
        self._times[0] += int(samples[:, 1].sum())
        self._times[1] += int(samples[samples[:, 3] != ABSENT, 1].sum())
        self._times[2] += int(gap.sum())
        self.gap_count += int(np.count_nonzero(gap))
        self._energy += energy_of(samples)
        self._count += len(samples)
        self.last = int(samples[-1, 0])
        self._move(samples[:, 3 + _COUNTER])
        samples[gap == 0, 2] = ABSENT
        self._take(samples)

    def _move(self, column: Integers) -> None:
        values = np.concatenate((self._counter, column[column != ABSENT]))
        step = np.diff(values)
        self._moved += int(np.where(step >= 0, step, values[1:]).sum())
        self._counter = values[-1:]

    def _take(self, samples: Integers) -> None:
        *over, self._open = checksums(samples, self._open)
        for bucket, count, crc in over:
            self._seen.add(bucket)
            if bucket > self._start and self._seals.get(bucket) != (count, crc):
                self.fault = self._changed(bucket)

    def _changed(self, bucket: int) -> str:
        return f"samples {span_text(bucket, bucket + _WIDTH)} have changed since they were recorded"

    def finish(self, seals: Seals, last: int | None, stop: int | None) -> None:
        """Compare the last bucket, and look for buckets without samples."""
        if self._open is not None:
            bucket, *found = self._open
            self._seen.add(bucket)
            seal = seals.get(bucket)
            whole = last == self.last and bucket > self._start
            if whole and seal is not None and list(seal) != found:
                self.fault = self._changed(bucket)
        end = math.inf if stop is None or last is None or stop >= last else stop
        for bucket in seals.keys() - self._seen:
            if bucket + _WIDTH <= end:
                grown = self.last and bucket > self.last
                if not (grown and last is not None and last > self.last):
                    self.fault = f"samples {span_text(bucket, bucket + _WIDTH)} are missing"

    def agrees(self, figures: Statistics) -> bool:
        """Check that figures from the summaries are those of the samples."""
        times = (figures.duration_s, figures.powered_s, figures.gap_s)
        counter = self._moved / 10 if len(self._counter) else math.nan
        return (
            figures.count == self._count
            and figures.gap_count == self.gap_count
            and times == tuple(one / MICROSECONDS for one in self._times)
            and (figures.counter_wh == counter or math.isnan(figures.counter_wh + counter))
            and math.isclose(figures.energy_wh, self._energy / 36e9, rel_tol=1e-12, abs_tol=1e-12)
        )
