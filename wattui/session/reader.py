# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a session: one that is being recorded, and one that was.

Nothing here keeps samples: a live view and an opened file ask the file for what
they show, in short read transactions, so that memory stays flat and the writer's
journal short.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import Event, EventKind, MeterInfo
from wattui.measurement.fields import CHANNEL, FIELD_INDEX, FIELDS
from wattui.measurement.sample import Sample
from wattui.session.column_cache import Kept
from wattui.session.envelope import Envelope, View, envelope
from wattui.session.open_session import open_for_reading
from wattui.session.schema import FIELD_COLUMNS, translated
from wattui.session.span_statistics import ENERGY_SCALE, Statistics, pieces, read_span, statistics
from wattui.session.store import StoredMeter, stored_meters

Floats = NDArray[np.float64]

#: Samples that are read in one transaction.
CHUNK: Final = 5_000

#: Earlier and later than any sample.
_BEGINNING: Final = 0
_END: Final = 2**62

_SELECT: Final = (
    f"SELECT time, interval, COALESCE(gap, 0), {', '.join(FIELD_COLUMNS)} FROM sample"
    " WHERE meter=? AND time>? AND time<=? ORDER BY time LIMIT ?"
)


@dataclass(frozen=True, slots=True)
class SessionMeter:
    """A meter of a session."""

    id: int
    info: MeterInfo
    #: Colour that it was given, as ``#rrggbb``; empty for none.
    colour: str = ""


@dataclass(frozen=True, slots=True)
class SessionEvent:
    """An event of a session; of all of it where *meter_id* is None."""

    meter_id: int | None
    event: Event


class Session:
    """A session file, open for reading; for one thread at a time.

    Spans are in microseconds UTC.  A sample belongs to a span when its interval ends
    within: ``start < time <= stop``; None stands for the beginning and the end.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        #: The session's file.
        self.path = path
        self._connection = connection
        self._kept = Kept()

    @classmethod
    def open(cls, path: Path | str) -> Self:
        """Open a session, also one that is being recorded.

        Raises
        ------
        NotASession
            There is no such file, or it is another kind of file.
        SessionTooNew
            A later version wrote it.
        SessionDamaged
            It was damaged since it was written.
        DiskRefused
            It may not be read.
        """
        found = Path(path).absolute()
        return cls(found, open_for_reading(found))

    def close(self) -> None:
        """Close the file; closing again does nothing."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """See one state of the file, and explain what goes wrong."""
        try:
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            finally:
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise translated(error, self.path) from error

    # -- what it is --

    @property
    def meters(self) -> list[SessionMeter]:
        """Its meters, in the order in which they came."""
        with self._reading() as connection:
            return [SessionMeter(m.id, m.info, m.info.colour) for m in stored_meters(connection)]

    @property
    def info(self) -> dict[str, str]:
        """What is known of the session: software, created, time_zone, reconstructed, ..."""
        with self._reading() as connection:
            return dict(connection.execute("SELECT name, value FROM info"))

    def version(self) -> int:
        """Give a number that changes whenever something was recorded."""
        try:
            (number,) = self._connection.execute("PRAGMA data_version").fetchone()
        except sqlite3.Error as error:
            raise translated(error, self.path) from error
        return int(number)

    @property
    def size(self) -> int:
        """Bytes that it takes on disk, its journal included."""
        total = 0
        for name in (self.path, self.path.with_name(self.path.name + "-wal")):
            with contextlib.suppress(OSError):
                total += name.stat().st_size
        return total

    @property
    def interrupted(self) -> bool:
        """A meter's recording has no end: it goes on, or was killed."""
        with self._reading() as connection:
            return bool(unfinished(connection))

    def span(self, meters: Collection[int] | None = None) -> tuple[int, int] | None:
        """Give the begin of the first interval and the end of the last; None without samples."""
        with self._reading() as connection:
            ends = [
                found
                for meter in stored_meters(connection)
                if meters is None or meter.id in meters
                if (found := _span(connection, meter)) is not None
            ]
        if not ends:
            return None
        return min(end[0] for end in ends), max(end[1] for end in ends)

    def events(
        self,
        kinds: Iterable[EventKind] | None = None,
        start: int | None = None,
        stop: int | None = None,
    ) -> list[SessionEvent]:
        """Give the events of a span (``start <= time <= stop``) in order of time."""
        wanted = None if kinds is None else set(kinds)
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT meter, time, kind, text, duration FROM event"
                " WHERE time>=? AND time<=? ORDER BY time, id",
                (_BEGINNING if start is None else start, _END if stop is None else stop),
            ).fetchall()
        found = (SessionEvent(row[0], _event(*row[1:])) for row in rows)
        return [one for one in found if wanted is None or one.event.kind in wanted]

    # -- its samples --

    def count(self, meter_id: int, start: int | None = None, stop: int | None = None) -> int:
        """Give the number of a meter's samples in a span."""
        return self.statistics(meter_id, start, stop).count

    def samples(
        self, meter_id: int, start: int | None = None, stop: int | None = None
    ) -> Iterator[Sample]:
        """Give a meter's samples, oldest first, in flat memory."""
        for rows in self.rows(meter_id, start, stop):
            for row in rows:
                yield Sample(row[0], row[1], row[3:], row[2])

    def rows(
        self,
        meter_id: int,
        start: int | None = None,
        stop: int | None = None,
        chunk: int = CHUNK,
    ) -> Iterator[list[tuple[int, ...]]]:
        """Give a meter's samples as tuples: time, interval, gap, 18 fields (None if absent)."""
        low = _BEGINNING if start is None else start
        high = _END if stop is None else stop
        while True:
            with self._reading() as connection:
                rows = connection.execute(_SELECT, (meter_id, low, high, chunk)).fetchall()
            if rows:
                yield rows
            if len(rows) < chunk:
                return
            low = rows[-1][0]

    def columns(
        self,
        meter_id: int,
        names: Sequence[str],
        start: int | None = None,
        stop: int | None = None,
    ) -> dict[str, Floats]:
        """Give whole columns of a small span, each (n,), NaN where a value is absent.

        Parameters
        ----------
        names
            Fields by name, and ``integrated_energy``; ``time`` (s UTC), ``interval`` and
            ``gap`` (s) come with them.
        """
        require_channels(names)
        chunks = [
            np.array(rows, dtype=np.float64) for rows in self.rows(meter_id, start, stop, 50_000)
        ]
        table = np.vstack(chunks) if chunks else np.empty((0, 3 + len(FIELDS)))
        found = {
            name: table[:, index] / MICROSECONDS
            for index, name in enumerate(("time", "interval", "gap"))
        }
        for name in names:
            if name in FIELD_INDEX:
                index = FIELD_INDEX[name]
                found[name] = table[:, 3 + index] / FIELDS[index].scale
            else:
                energy = np.nan_to_num(table[:, 3 + FIELD_INDEX["power"]]) * table[:, 1]
                before = self.energy_before(meter_id, _BEGINNING if start is None else start)
                found[name] = (before + np.cumsum(energy)) / ENERGY_SCALE
        return found

    def energy_before(self, meter_id: int, time: int) -> int:
        """Give a meter's energy until *time* (included), in 0.1 W × µs."""
        with self._reading() as connection:
            meter = _find(connection, meter_id)
            if meter is None or meter.last is None:
                return 0
            parts = pieces(0, time + 1, meter.last, meter.first_level)
            return read_span(connection, meter_id, parts).energy

    # -- what is drawn and read off --

    def envelope(
        self, meter_id: int, names: Sequence[str], start: int, stop: int, pixels: int
    ) -> Envelope:
        """Give what a plot of *pixels* columns draws of a span; see :class:`Envelope`.

        Raises
        ------
        KeyError
            A name is neither a field's nor ``integrated_energy``.
        """
        require_channels(names)
        with self._reading() as connection:
            meter = _find(connection, meter_id)
            if meter is None or meter.last is None or stop <= start:
                return Envelope(np.empty(0), {name: np.empty(0) for name in names})
            view = View(
                *(meter_id, tuple(names), int(start), int(stop), max(1, int(pixels))),
                *(meter.info.interval, meter.first_level, meter.last),
            )
            self._kept.look(connection)
            return envelope(connection, view, self._kept)

    def gaps(self, meter_id: int, start: int | None = None, stop: int | None = None) -> Floats:
        """Give begin and end of the gaps that reach into a span, (k, 2), in s UTC."""
        low = _BEGINNING if start is None else start
        high = _END if stop is None else stop
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT time - interval - gap, time - interval FROM sample"
                " WHERE meter=? AND time>? AND gap IS NOT NULL AND time - interval - gap<?"
                " AND time<=COALESCE((SELECT min(time) FROM sample WHERE meter=? AND time>?), ?)"
                " ORDER BY time",
                (meter_id, low, high, meter_id, high, high),
            ).fetchall()
        return np.array(rows, dtype=np.float64).reshape(len(rows), 2) / MICROSECONDS

    def statistics(
        self, meter_id: int, start: int | None = None, stop: int | None = None
    ) -> Statistics:
        """Give energy, counts and each field's mean, minimum and maximum over a span; exact."""
        with self._reading() as connection:
            meter = _find(connection, meter_id)
            if meter is None or meter.last is None:
                return Statistics()
            low = _BEGINNING if start is None else start + 1
            high = meter.last + 1 if stop is None else min(stop, meter.last) + 1
            parts = pieces(low, high, meter.last, meter.first_level)
            self._kept.look(connection)
            return statistics(read_span(connection, meter_id, parts, self._kept))


def require_channels(names: Iterable[str]) -> None:
    """See that all names can be plotted.

    Raises
    ------
    KeyError
        One is unknown.
    """
    for name in names:
        if name not in CHANNEL:
            raise KeyError(name)


def unfinished(connection: sqlite3.Connection) -> list[int]:
    """Give the ids of the meters whose recording has no end."""
    rows = connection.execute(
        "SELECT meter, kind FROM event WHERE kind IN (?, ?) AND meter IS NOT NULL ORDER BY id",
        (EventKind.STARTED, EventKind.STOPPED),
    )
    state = {row[0]: row[1] for row in rows}
    return [meter for meter, kind in state.items() if kind == EventKind.STARTED]


def _find(connection: sqlite3.Connection, meter_id: int) -> StoredMeter | None:
    for meter in stored_meters(connection):
        if meter.id == meter_id:
            return meter
    return None


def _span(connection: sqlite3.Connection, meter: StoredMeter) -> tuple[int, int] | None:
    if meter.last is None:
        return None
    (first,) = connection.execute(
        "SELECT time - interval FROM sample WHERE meter=? ORDER BY time LIMIT 1", (meter.id,)
    ).fetchone()
    return first, meter.last


def _event(time: int, kind: str, text: str, duration: int) -> Event:
    try:
        return Event(time, EventKind(kind), text, duration)
    except ValueError:
        # A kind of a later version: say what it is.
        return Event(time, EventKind.NOTE, f"{kind}: {text}" if text else kind, duration)
