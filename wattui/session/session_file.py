# SPDX-License-Identifier: GPL-3.0-or-later
"""A session file that is open for reading: its meters, events, marks and facts."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Self

from wattui.errors import SessionDamaged, UnknownMeter
from wattui.measurement.clock import utc_time
from wattui.measurement.events import Event, EventKind, MeterInfo
from wattui.session import stored_values
from wattui.session.annotations import Mark, Span, read_marks, read_spans
from wattui.session.column_cache import ColumnCache
from wattui.session.read_access import open_for_reading
from wattui.session.schema import REPAIR_HINT, translated
from wattui.session.store import StoredMeter, stored_meters

#: Earlier and later than any sample.
BEGINNING: Final = 0
END: Final = 2**62


@dataclass(frozen=True, slots=True)
class SessionMeter:
    """A meter of a session."""

    #: Number of the meter in this session, from 1.
    id: int
    info: MeterInfo
    #: Colour of its curves, as ``#rrggbb``; empty for none.
    colour: str = ""


@dataclass(frozen=True, slots=True)
class SessionEvent:
    """An event of a session."""

    #: The meter that it concerns; None for the whole session.
    meter_id: int | None
    event: Event


class StoredSession:
    """What is in a session apart from its samples; see :class:`~wattui.session.Session`."""

    def __init__(
        self, path: Path, connection: sqlite3.Connection, damage: Sequence[str] = ()
    ) -> None:
        #: The session's file.
        self.path = path
        #: What is wrong with it: sentences without a full stop; see :func:`open_checked`.
        self.damage = tuple(damage)
        self._connection = connection
        self._cache = ColumnCache()

    @classmethod
    def open(cls, path: Path | str) -> Self:
        """Open a session, also one that is being recorded.

        Its samples are not compared with their checksums; :func:`open_checked` does that.

        Raises
        ------
        NotASession
            There is no such file, or it is another kind of file.
        SessionTooNew
            A later version of wattui wrote it.
        SessionDamaged
            It was damaged after it was written.
        DiskRefused
            You have no permission to read it.
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
        """Read one consistent state of the file, and translate errors."""
        try:
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            finally:
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise translated(error, self.path) from error
        except stored_values.ODD as error:
            raise SessionDamaged(
                f"{self.path} is damaged: it has values that make no sense ({error})", REPAIR_HINT
            ) from error

    def _stored(self, connection: sqlite3.Connection, meter_id: int) -> StoredMeter:
        """Return what is stored about a meter.

        Raises
        ------
        UnknownMeter
            There is none with that id.
        """
        meters = list(stored_meters(connection))
        found = next((one for one in meters if one.id == meter_id), None)
        if found is None:
            known = ", ".join(f"{one.id} ({one.info.label})" for one in meters) or "none"
            raise UnknownMeter(
                f"There is no meter {meter_id!r} in {self.path.name}",
                f"A meter is its id in `session.meters`: {known}.",
            )
        return found

    # -- its meters, events and facts --

    @property
    def meters(self) -> list[SessionMeter]:
        """Its meters, in the order in which they were added."""
        with self._reading() as connection:
            return [SessionMeter(m.id, m.info, m.info.colour) for m in stored_meters(connection)]

    @property
    def info(self) -> dict[str, str]:
        """Facts about the session by name, such as ``software``, ``created``, ``time_zone``."""
        with self._reading() as connection:
            rows = connection.execute("SELECT name, value FROM info").fetchall()
        return {stored_values.text(name): stored_values.text(value) for name, value in rows}

    def version(self) -> int:
        """Return a number that changes whenever something is recorded."""
        try:
            (number,) = self._connection.execute("PRAGMA data_version").fetchone()
        except sqlite3.Error as error:
            raise translated(error, self.path) from error
        return int(number)

    @property
    def size(self) -> int:
        """Its size on disk in bytes, including its journal."""
        total = 0
        for name in (self.path, self.path.with_name(self.path.name + "-wal")):
            with contextlib.suppress(OSError):
                total += name.stat().st_size
        return total

    @property
    def interrupted(self) -> bool:
        """Whether a meter's recording was not ended: it is still running, or was killed."""
        with self._reading() as connection:
            return bool(unfinished(connection))

    def span_us(self, meters: Collection[int] | None = None) -> tuple[int, int] | None:
        """Return the start of the first interval and the end of the last.

        Parameters
        ----------
        meters
            Ids of the meters that count; None for all.

        Returns
        -------
        tuple of int, or None
            Microseconds since 1970, UTC; None if there are no samples.
        """
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

    def span(self, meters: Collection[int] | None = None) -> tuple[datetime, datetime] | None:
        """Return the start of the first interval and the end of the last, in UTC.

        Parameters
        ----------
        meters
            Ids of the meters that count; None for all.
        """
        found = self.span_us(meters)
        return None if found is None else (utc_time(found[0]), utc_time(found[1]))

    def events(
        self,
        kinds: Iterable[EventKind] | None = None,
        start_us: int | None = None,
        stop_us: int | None = None,
    ) -> list[SessionEvent]:
        """Return the events of a span (both ends included) in order of time.

        Parameters
        ----------
        kinds
            Which kinds; None for all.
        start_us, stop_us
            Microseconds since 1970, UTC; None for the ends of the session.
        """
        wanted = None if kinds is None else set(kinds)
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT meter, time, kind, text, duration FROM event"
                " WHERE time>=? AND time<=? ORDER BY time, id",
                (
                    BEGINNING if start_us is None else start_us,
                    END if stop_us is None else stop_us,
                ),
            ).fetchall()
        found = (SessionEvent(row[0], stored_values.event(*row[1:])) for row in rows)
        return [one for one in found if wanted is None or one.event.kind in wanted]

    def marks(self, start_us: int | None = None, stop_us: int | None = None) -> list[Mark]:
        """Return its marks, in order of time; :class:`Annotations` adds and changes them.

        Parameters
        ----------
        start_us, stop_us
            Microseconds since 1970, UTC, both included; None for the ends of the session.
        """
        with self._reading() as connection:
            return read_marks(connection, *_ends(start_us, stop_us))

    def spans(self, start_us: int | None = None, stop_us: int | None = None) -> list[Span]:
        """Return the parts that were given a name, in order of their start.

        Parameters
        ----------
        start_us, stop_us
            Only those that reach into this time: microseconds since 1970, UTC; None for the ends
            of the session.
        """
        with self._reading() as connection:
            return read_spans(connection, *_ends(start_us, stop_us))


def _ends(start_us: int | None, stop_us: int | None) -> tuple[int, int]:
    return BEGINNING if start_us is None else start_us, END if stop_us is None else stop_us


def unfinished(connection: sqlite3.Connection) -> list[int]:
    """Return the ids of the meters whose recording was not ended."""
    rows = connection.execute(
        "SELECT meter, kind FROM event WHERE kind IN (?, ?) AND meter IS NOT NULL ORDER BY id",
        (EventKind.STARTED, EventKind.STOPPED),
    )
    state = {row[0]: row[1] for row in rows}
    return [meter for meter, kind in state.items() if kind == EventKind.STARTED]


def _span(connection: sqlite3.Connection, meter: StoredMeter) -> tuple[int, int] | None:
    if meter.last is None:
        return None
    (first,) = connection.execute(
        "SELECT time - interval FROM sample WHERE meter=? ORDER BY time LIMIT 1", (meter.id,)
    ).fetchone()
    return first, meter.last
