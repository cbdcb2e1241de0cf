# SPDX-License-Identifier: GPL-3.0-or-later
"""A new session from many samples: imported files, or a meter's memory.

The rows go into a draft beside the file, in one transaction without a journal.  The draft is
synced and takes the file's name when it is complete, so a crash or a full disk leaves nothing
incomplete behind.  Samples, summaries, checksums and value counts are the same as if a
:class:`~wattui.session.SessionWriter` had recorded them.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np
from numpy.typing import ArrayLike

from wattui import __version__
from wattui.desktop.atomic_file import draft_path
from wattui.errors import DiskRefused
from wattui.measurement.events import Event, EventKind, MeterInfo
from wattui.measurement.fields import FIELD_COUNT
from wattui.measurement.sample import Sample, complete
from wattui.measurement.text import unicode_text
from wattui.session.annotations import Span, insert_span
from wattui.session.lock import SessionLock
from wattui.session.schema import SAMPLE_COLUMNS, WIDTHS, connect, count_levels, migrate, translated
from wattui.session.store import describe_session, insert_event, store_meter
from wattui.session.summary import (
    ABSENT,
    Integers,
    Rows,
    Seal,
    checksums,
    concatenate,
    from_samples,
    insert,
    insert_seals,
    merge,
    write_rows,
)
from wattui.session.value_counts import CountTree, write_counts

_INSERT_SAMPLE: Final = f"INSERT INTO sample (meter, {', '.join(SAMPLE_COLUMNS)})"

#: Samples that are written together: a few MB of memory.
CHUNK: Final = 8_000

#: Rows of one level that are summed up together.
_BATCH: Final = 2_000


class BulkWriter:
    """Write a new session from arrays; a context manager.

    The samples of each meter come in order of time; those of several meters may alternate.
    If the context ends with an exception, nothing is left behind.

    Parameters
    ----------
    path
        The file; its folder is created if necessary.
    replace
        Whether a file of that name is replaced.
    software
        Name and version of the program that writes the file.

    Raises
    ------
    DiskRefused
        The file exists, cannot be created, or is being recorded.
    """

    def __init__(
        self, path: Path | str, *, replace: bool = False, software: str = f"wattui {__version__}"
    ) -> None:
        #: The session's file.
        self.path = Path(path).absolute()
        self._replace = replace
        self._meters: dict[str, _Meter] = {}
        self._closed = False
        self._require_new()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DiskRefused(
                f"The folder {self.path.parent} cannot be created ({error.strerror})",
                "Choose another folder.",
            ) from error
        with contextlib.ExitStack() as resources, self._translating():
            resources.enter_context(SessionLock(self.path))
            draft = resources.enter_context(draft_path(self.path))
            self._connection = connect(draft, "mode=rwc")
            resources.callback(self._connection.close)
            self._begin(software)
            self._resources = resources.pop_all()

    def _require_new(self) -> None:
        if not self._replace and os.path.lexists(self.path):
            raise DiskRefused(f"{self.path} already exists", "Choose another name.")

    def _begin(self, software: str) -> None:
        self._connection.execute("PRAGMA journal_mode=OFF")
        self._connection.execute("PRAGMA synchronous=OFF")
        self._connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        migrate(self._connection)
        self._connection.execute("BEGIN")
        describe_session(self._connection, software)

    def add(
        self,
        meter: MeterInfo,
        time_us: ArrayLike,
        interval_us: ArrayLike,
        values: ArrayLike,
        gap_us: ArrayLike = 0,
    ) -> int:
        """Add samples of one meter, later than those that it has; return their number.

        Parameters
        ----------
        time_us
            Microseconds UTC, increasing, (n,).
        interval_us, gap_us
            Microseconds, (n,) or one for all; gap 0 if there is none.
        values
            Integers of the wire, (n, 18), ABSENT if a field has none.

        Raises
        ------
        ValueError
            Times do not increase, or shapes do not fit.
        DiskRefused
            The disk does not accept it.
        """
        samples = _table(time_us, interval_us, values, gap_us)
        if not len(samples):
            return 0
        with self._translating():
            stored = self._meters.get(meter.key)
            if stored is None:
                stored = self.add_meter(meter, ends=True)
                begin = int(samples[0, 0] - samples[0, 1])
                self.add_event(Event(begin, EventKind.STARTED), meter)
            elif samples[0, 0] <= stored.last:
                raise ValueError("the times of the samples do not increase")
            for start in range(0, len(samples), CHUNK):
                stored.add(samples[start : start + CHUNK])
        return len(samples)

    def add_meter(self, meter: MeterInfo, *, ends: bool = False) -> _Meter:
        """Add a meter before its samples; *ends*: with the end of its recording at the end."""
        with self._translating():
            stored = self._meters[meter.key] = _Meter(self._connection, meter, ends=ends)
        return stored

    def add_samples(self, meter: MeterInfo, samples: Sequence[Sample]) -> int:
        """Add samples of one meter, oldest first; see :meth:`add`."""
        values = [
            [ABSENT if value is None else value for value in complete(one.values)]
            for one in samples
        ]
        return self.add(
            meter,
            [one.time_us for one in samples],
            [one.interval_us for one in samples],
            np.reshape(np.array(values, np.int64), (len(samples), FIELD_COUNT)),
            [one.gap_us for one in samples],
        )

    def add_event(self, event: Event, meter: MeterInfo | None = None) -> None:
        """Add an event of a meter that has samples, or of the whole session."""
        with self._translating():
            insert_event(self._connection, self._meters[meter.key].id if meter else None, event)

    def add_span(self, span: Span, meter: MeterInfo | None = None) -> None:
        """Add a span of a meter that was added, or of the whole session."""
        with self._translating():
            insert_span(self._connection, span, self._meters[meter.key].id if meter else None)

    def set_info(self, name: str, value: str) -> None:
        """Store a fact about the session, such as its ``source``."""
        with self._translating():
            self._connection.execute(
                "INSERT OR REPLACE INTO info VALUES (?,?)", (name, unicode_text(value))
            )

    def close(self) -> None:
        """Complete the file and rename it; closing again does nothing.

        Raises
        ------
        DiskRefused
            The disk does not accept it; nothing is left of it.
        """
        if self._closed:
            return
        self._closed = True
        # Leaving them closes the draft, syncs it and renames it.
        with self._translating(), self._resources:
            for meter in self._meters.values():
                meter.finish()
            self._connection.execute("COMMIT")
            self._require_new()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        elif not self._closed:
            self._closed = True
            self._resources.__exit__(kind, error, trace)

    @contextlib.contextmanager
    def _translating(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise translated(error, self.path) from error
        except OSError as error:
            raise DiskRefused(
                f"{self.path} cannot be written ({error.strerror or error})",
                "Free some space on the disk, or choose another folder.",
            ) from error


class _Meter:
    """The rows of one meter, and the summaries and the checksum that are still open."""

    def __init__(self, connection: sqlite3.Connection, info: MeterInfo, *, ends: bool) -> None:
        self._ends = ends
        stored = store_meter(connection, info, None)
        self.id = stored.id
        self.last = 0
        self._connection = connection
        #: Rows waiting to become buckets of each level, finest level first.
        self._waiting: dict[int, list[Rows]] = {
            level: [] for level in range(stored.first_level, len(WIDTHS))
        }
        self._finest = WIDTHS[stored.first_level]
        self._seal: Seal | None = None
        write = functools.partial(write_counts, connection, self.id)
        self._counts = CountTree(count_levels(stored.first_level), write)

    def add(self, samples: Integers) -> None:
        """Write samples, (n, 21), and the summaries and checksums that they complete."""
        insert(self._connection, _INSERT_SAMPLE, (self.id,), samples)
        self.last = int(samples[-1, 0])
        *over, self._seal = checksums(samples, self._seal)
        insert_seals(self._connection, self.id, over)
        self._counts.add(samples)
        self._sum_up(merge(from_samples(samples), self._finest), _BATCH)

    def finish(self) -> None:
        """Write the end of the recording, and all complete summaries."""
        if self._ends:
            insert_event(self._connection, self.id, Event(self.last, EventKind.STOPPED))
        if self._seal is not None:
            insert_seals(self._connection, self.id, [self._seal])
            self._counts.finish(self.last)
            self._sum_up(self._waiting[min(self._waiting)][0][:0], 0)

    def _sum_up(self, rows: Rows, least: int) -> None:
        """Write the complete summaries of levels in which at least *least* rows wait."""
        for level, waiting in self._waiting.items():
            waiting.append(rows)
            if sum(map(len, waiting)) < least:
                break
            width = WIDTHS[level]
            merged = merge(concatenate(waiting), width)
            count = int(np.searchsorted(merged.bucket, self.last // width * width))
            rows, self._waiting[level] = merged[:count], [merged[count:]]
            write_rows(self._connection, self.id, level, rows)


def _table(time: ArrayLike, interval: ArrayLike, values: ArrayLike, gap: ArrayLike) -> Integers:
    """Return the samples as one table, (n, 21)."""
    times = np.asarray(time, np.int64)
    fields = np.asarray(values, np.int64)
    if times.ndim != 1 or fields.shape != (len(times), FIELD_COUNT):
        raise ValueError(f"{fields.shape} values do not match {times.shape} times")
    if np.any(np.diff(times) <= 0):
        raise ValueError("the times of the samples do not increase")
    samples = np.empty((len(times), 3 + FIELD_COUNT), np.int64)
    samples[:, 0] = times
    samples[:, 1] = np.asarray(interval, np.int64)
    gaps = np.asarray(gap, np.int64)
    samples[:, 2] = np.where(gaps > 0, gaps, ABSENT)
    samples[:, 3:] = fields
    return samples
