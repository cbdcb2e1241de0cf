# SPDX-License-Identifier: GPL-3.0-or-later
"""Many samples at once into a session: imported files, a meter's memory, made-up years.

Not for live recording: nobody is told, and the caller's thread does the work.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import ArrayLike

from wattui import __version__
from wattui.errors import DiskRefused
from wattui.measurement.events import Event, EventKind, MeterInfo
from wattui.measurement.fields import FIELD_COUNT
from wattui.measurement.sample import Sample, complete
from wattui.session.lock import require_unwritten
from wattui.session.schema import FIELD_COLUMNS, translated
from wattui.session.store import Store, StoredMeter, rebuild, transaction
from wattui.session.summary import ABSENT, Integers, close_buckets

#: Samples of one transaction.
CHUNK: Final = 50_000

_INSERT: Final = f"INSERT INTO sample VALUES (?,?,?,NULLIF(?, {ABSENT}){',?' * len(FIELD_COLUMNS)})"


class BulkWriter:
    """Writes a session by arrays; a context manager.

    Parameters
    ----------
    path
        The file; made with its folder, or continued.
    software
        Name and version of what writes.

    Raises
    ------
    DiskRefused, NotASession, SessionTooNew, SessionDamaged
        As :class:`wattui.session.SessionWriter`.
    """

    def __init__(self, path: Path | str, *, software: str = f"wattui {__version__}") -> None:
        #: The session's file.
        self.path = Path(path).absolute()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DiskRefused(
                f"The folder {self.path.parent} cannot be made ({error.strerror})",
                "Choose another folder.",
            ) from error
        self._lock = require_unwritten(self.path)
        try:
            self._store = Store(self.path, software)
        except BaseException:
            self._lock.release()
            raise
        self._started: dict[str, MeterInfo] = {}

    def add(
        self,
        meter: MeterInfo,
        time: ArrayLike,
        interval: ArrayLike,
        values: ArrayLike,
        gap: ArrayLike = 0,
    ) -> int:
        """Add samples of one meter; give how many were new.

        Samples that come after all others are the fast case.  Others are put in between,
        and of two at the same time the first one stays.

        Parameters
        ----------
        time
            Microseconds UTC, increasing, (n,).
        interval, gap
            Microseconds, (n,) or one for all; gap 0 where none is.
        values
            Integers of the wire, (n, 18), ABSENT where a field has none.

        Raises
        ------
        ValueError
            Times do not increase, or shapes do not fit.
        DiskRefused, SessionDamaged
            Of this call, whole blocks of 50,000 samples may be in the file.
        """
        samples = _table(time, interval, values, gap)
        added = 0
        with self._translating():
            for start in range(0, len(samples), CHUNK):
                added += self._add_chunk(meter, samples[start : start + CHUNK])
        return added

    def add_samples(self, meter: MeterInfo, samples: Iterable[Sample]) -> int:
        """Add samples of one meter, oldest first; give how many were new."""
        kept = list(samples)
        if not kept:
            return 0
        values = [
            [ABSENT if value is None else value for value in complete(one.values)] for one in kept
        ]
        return self.add(
            meter,
            [one.time_us for one in kept],
            [one.interval_us for one in kept],
            values,
            [one.gap_us for one in kept],
        )

    def add_event(self, event: Event, meter: MeterInfo | None = None) -> None:
        """Add an event of a meter, or of the whole session."""
        with self._translating(), transaction(self._connection):
            stored = None if meter is None else self._store.stored(meter)
            self._connection.execute(
                "INSERT INTO event (meter, time, kind, text, duration) VALUES (?,?,?,?,?)",
                (
                    *(None if stored is None else stored.id, event.time_us, str(event.kind)),
                    *(event.text, event.duration_us),
                ),
            )

    def set_info(self, name: str, value: str) -> None:
        """Keep a word on the session, such as ``reconstructed`` or ``source``."""
        with self._translating(), transaction(self._connection):
            self._connection.execute("INSERT OR REPLACE INTO info VALUES (?,?)", (name, value))

    def close(self) -> None:
        """Write the end of each meter, and close the file; closing again does nothing."""
        try:
            for meter in self._started.values():
                last = self._store.stored(meter).last
                if last is not None:
                    self.add_event(Event(last, EventKind.STOPPED), meter)
        finally:
            self._started.clear()
            self._store.close()
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @property
    def _connection(self) -> sqlite3.Connection:
        return self._store.connection

    @contextlib.contextmanager
    def _translating(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            with contextlib.suppress(sqlite3.Error):
                self._store.forget()
            raise translated(error, self.path) from error

    def _add_chunk(self, info: MeterInfo, samples: Integers) -> int:
        with transaction(self._connection):
            meter = self._store.stored(info)
            if info.key not in self._started:
                begin = int(samples[0, 0] - samples[0, 1])
                self._connection.execute(
                    "INSERT INTO event (meter, time, kind) VALUES (?,?,?)",
                    (meter.id, begin, str(EventKind.STARTED)),
                )
            if meter.last is None or samples[0, 0] > meter.last:
                self._append(meter, samples)
                added = len(samples)
            else:
                added = self._insert_between(meter, samples)
        self._started[info.key] = info
        return added

    def _append(self, meter: StoredMeter, samples: Integers) -> None:
        self._connection.executemany(_INSERT, _parameters(meter.id, samples))
        old = int(samples[0, 0]) if meter.last is None else meter.last
        new = int(samples[-1, 0])
        close_buckets(self._connection, meter.id, meter.first_level, old, new, samples)
        meter.last = new

    def _insert_between(self, meter: StoredMeter, samples: Integers) -> int:
        before = self._connection.total_changes
        self._connection.executemany(
            _INSERT.replace("INSERT", "INSERT OR IGNORE"), _parameters(meter.id, samples)
        )
        added = self._connection.total_changes - before
        new = max(int(samples[-1, 0]), meter.last or 0)
        rebuild(self._connection, meter.id, meter.first_level, int(samples[0, 0]), new)
        meter.last = new
        return added


def _table(time: ArrayLike, interval: ArrayLike, values: ArrayLike, gap: ArrayLike) -> Integers:
    """Give the samples as one table, (n, 21)."""
    times = np.asarray(time, np.int64)
    fields = np.asarray(values, np.int64)
    if times.ndim != 1 or fields.shape != (len(times), FIELD_COUNT):
        raise ValueError(f"{fields.shape} values do not fit to {times.shape} times")
    if np.any(np.diff(times) <= 0):
        raise ValueError("the times of the samples do not increase")
    samples = np.empty((len(times), 3 + FIELD_COUNT), np.int64)
    samples[:, 0] = times
    samples[:, 1] = np.asarray(interval, np.int64)
    gaps = np.asarray(gap, np.int64)
    samples[:, 2] = np.where(gaps > 0, gaps, ABSENT)
    samples[:, 3:] = fields
    return samples


def _parameters(meter: int, samples: Integers) -> Iterable[list[int | None]]:
    """Give the rows for SQL; the conversion to None is slow, and seldom needed."""
    rows: list[list[int | None]]
    absent = samples[:, 3:] == ABSENT
    if absent.any():
        table = samples.astype(object)
        table[:, 3:][absent] = None
        rows = table.tolist()
    else:
        rows = samples.tolist()
    for row in rows:
        row.insert(0, meter)
    return rows
