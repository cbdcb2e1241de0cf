# SPDX-License-Identifier: GPL-3.0-or-later
"""The marks and spans of a session: what people, or a search, noted on it.

A mark is a row of ``event``, a span one of ``span``.  Both can be changed in a file that is
being recorded, by this program or another one: each change is a short transaction of its own.
"""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from wattui.errors import SessionError, UnknownMeter
from wattui.measurement.clock import MICROSECONDS, utc_time
from wattui.measurement.text import unicode_text
from wattui.session import stored_values
from wattui.session.lock import is_being_written
from wattui.session.read_access import open_for_reading
from wattui.session.schema import (
    SCHEMA_VERSION,
    connect,
    file_version,
    migrate,
    translated,
)
from wattui.session.store import transaction

#: Seconds for which a change waits for the commits of a recording.
_PATIENCE: Final = 10.0

#: Earlier and later than anything in a file.
_BEGINNING: Final = -1
_END: Final = 2**62

#: Lower than the id of any annotation.
_LOWEST_ID: Final = -(2**62)

_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment of a session that someone marked."""

    #: Number of the mark in its session; 0 before it is added.
    id: int
    #: Microseconds since 1970, UTC.
    time_us: int
    text: str = ""
    #: The meter that it concerns; None for the whole session.
    meter_id: int | None = None

    @property
    def time(self) -> datetime:
        """Its time, in UTC."""
        return utc_time(self.time_us)


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a session that was given a name.

    A sample belongs to it when its interval ends within it: ``start_us < time_us <= stop_us``.
    """

    #: Number of the span in its session; 0 before it is added.
    id: int
    #: Microseconds since 1970, UTC.
    start_us: int
    stop_us: int
    name: str = ""
    #: Its colour, as ``#rrggbb``; empty for none.
    colour: str = ""
    #: The meter that it concerns; None for the whole session.
    meter_id: int | None = None
    #: What made it, such as a search; empty for a person.
    kind: str = ""
    #: More about it, as the values of a JSON object.
    details: Mapping[str, object] = field(default_factory=dict, hash=False)

    @property
    def start(self) -> datetime:
        """Its start, in UTC."""
        return utc_time(self.start_us)

    @property
    def stop(self) -> datetime:
        """Its end, in UTC."""
        return utc_time(self.stop_us)

    @property
    def length_s(self) -> float:
        """Time from its start to its end, in s, gaps included."""
        return (self.stop_us - self.start_us) / MICROSECONDS


#: A mark or a span, and a change of one: before and after.  It is added if there was none before,
#: and removed if there is none after.
Annotation = Mark | Span
Change = tuple[Annotation | None, Annotation | None]

_Either = TypeVar("_Either", Mark, Span)
_Result = TypeVar("_Result")

_READ_MARKS: Final = (
    "SELECT id, time, text, meter FROM event WHERE kind='mark' AND time>=? AND time<=?"
    " ORDER BY time, id"
)
_READ_SPANS: Final = (
    "SELECT id, start, stop, name, colour, meter, kind, details FROM span"
    " WHERE start<? AND stop>? ORDER BY start, stop, id"
)

#: Statements for each kind of annotation: add, change, remove.
_STATEMENTS: Final = {
    Mark: (
        "INSERT INTO event (id, time, text, meter, kind)"
        " VALUES (:id, :time, :text, :meter, 'mark')",
        "UPDATE event SET time=:time, text=:text, meter=:meter WHERE id=:id AND kind='mark'",
        "DELETE FROM event WHERE id=:id AND kind='mark'",
    ),
    Span: (
        "INSERT INTO span (id, start, stop, name, colour, meter, kind, details)"
        " VALUES (:id, :start, :stop, :name, :colour, :meter, :kind, :details)",
        "UPDATE span SET start=:start, stop=:stop, name=:name, colour=:colour, meter=:meter,"
        " kind=:kind, details=:details WHERE id=:id",
        "DELETE FROM span WHERE id=:id",
    ),
}
_TABLES: Final = {Mark: "event", Span: "span"}


class Annotations:
    """Adds, changes and removes marks and spans of a session, also while it is being recorded.

    Each call is one transaction, which is on disk when it returns.

    Parameters
    ----------
    path
        The session's file.

    Examples
    --------
    >>> from wattui.api import Annotations, MeterInfo, Sample, Session, SessionWriter, Span
    >>> with SessionWriter("tea.wattui") as writer:
    ...     samples = [Sample(n * 1_000_000, 1_000_000, (600, 2300, 261)) for n in range(1, 61)]
    ...     writer.on_samples(MeterInfo("A80012", "/dev/ttyUSB0"), samples)
    >>> boiling = Annotations("tea.wattui").add(Span(0, 10_000_000, 40_000_000, "boiling"))
    >>> with Session.open("tea.wattui") as session:
    ...     for span in session.spans():
    ...         print(span.name, session.statistics(1, span.start_us, span.stop_us).energy_wh)
    boiling 0.5
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path).absolute()

    def add(self, annotation: _Either) -> _Either:
        """Add a mark or a span, and return it with its id.

        One that has an id gets it again, as after it was removed.

        Raises
        ------
        SessionError
            See :meth:`apply`.
        """
        (added,) = self.apply([(None, annotation)])
        assert isinstance(added, type(annotation))
        return added

    def change(self, annotation: Annotation) -> None:
        """Replace the mark or the span that has the same id.

        Raises
        ------
        SessionError
            See :meth:`apply`.
        """
        self.apply([(annotation, annotation)])

    def remove(self, annotation: Annotation) -> None:
        """Remove the mark or the span that has the same id.

        Raises
        ------
        SessionError
            See :meth:`apply`.
        """
        self.apply([(annotation, None)])

    def apply(self, changes: Iterable[Change]) -> list[Annotation | None]:
        """Make all of the changes, or none.

        Parameters
        ----------
        changes
            Pairs: as it was, and as it will be.  None before adds it, None after removes it.

        Returns
        -------
        list of Mark or Span, or None
            What is in the file afterwards, one for each change.

        Raises
        ------
        SessionError
            The file is not a session, is damaged, read-only, or its disk is full; a mark or span
            to change is no longer there; or a value is not possible.
        """
        wanted = list(changes)
        return self._write(lambda connection: _apply(connection, wanted))

    def set_fact(self, name: str, value: str) -> None:
        """Set a fact about the session, such as its ``name`` or a ``note``; empty removes it.

        Raises
        ------
        SessionError
            See :meth:`apply`.
        """

        def put(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM info WHERE name=?", (name,))
            if value:
                connection.execute("INSERT INTO info VALUES (?,?)", (name, unicode_text(value)))

        self._write(put)

    def _write(self, change: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """Make a change in a transaction of its own, and return its result."""
        open_for_reading(self.path).close()
        try:
            with contextlib.closing(connect(self.path, "mode=rw", _PATIENCE)) as connection:
                connection.execute("PRAGMA synchronous=FULL")
                if file_version(connection)[1] < SCHEMA_VERSION:
                    migrate(connection)
                with transaction(connection):
                    done = change(connection)
                self._tidy_up(connection)
        except sqlite3.Error as error:
            raise translated(error, self.path) from error
        return done

    def _tidy_up(self, connection: sqlite3.Connection) -> None:
        """Leave a single file, unless somebody records it."""
        if not is_being_written(self.path):
            with contextlib.suppress(sqlite3.Error):
                connection.execute("PRAGMA busy_timeout=0")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                connection.execute("PRAGMA journal_mode=DELETE")


def _apply(connection: sqlite3.Connection, changes: list[Change]) -> list[Annotation | None]:
    meters = {row[0] for row in connection.execute("SELECT id FROM meter")}
    return [_apply_one(connection, before, after, meters) for before, after in changes]


def _apply_one(
    connection: sqlite3.Connection,
    before: Annotation | None,
    after: Annotation | None,
    meters: set[int],
) -> Annotation | None:
    if after is not None:
        _require_possible(after, meters)
    if before is None:
        return None if after is None else _insert(connection, after)
    _, change, remove = _STATEMENTS[type(before)]
    statement, values = (remove, {"id": before.id}) if after is None else (change, _row(after))
    if connection.execute(statement, {**values, "id": before.id}).rowcount != 1:
        raise SessionError(
            f"The {_described(before)} is no longer in the session",
            "It was removed in the meantime; add it again.",
        )
    return None if after is None else replace(after, id=before.id)


def _insert(connection: sqlite3.Connection, annotation: Annotation) -> Annotation:
    """Insert a row with an id that a program recording the file never gives to an event.

    Its writer counts up from the highest id, and writes a row again under the same id.
    """
    kind = type(annotation)
    if not annotation.id:
        query = f"SELECT min(0, min(id)) FROM {_TABLES[kind]} WHERE id>?"
        (lowest,) = connection.execute(query, (_LOWEST_ID,)).fetchone()
        annotation = replace(annotation, id=(lowest or 0) - 1)
    try:
        connection.execute(_STATEMENTS[kind][0], _row(annotation))
    except sqlite3.IntegrityError as error:
        raise SessionError(
            f"The {_described(annotation)} is in the session already", "Add it with the id 0."
        ) from error
    return annotation


def insert_span(connection: sqlite3.Connection, span: Span, meter_id: int | None) -> None:
    """Store a span of another session in a new one."""
    _insert(connection, replace(span, id=0, meter_id=meter_id))


def _row(annotation: Annotation) -> dict[str, object]:
    shared = {"id": annotation.id, "meter": annotation.meter_id}
    if isinstance(annotation, Mark):
        return {**shared, "time": annotation.time_us, "text": unicode_text(annotation.text)}
    return {
        **shared,
        "start": annotation.start_us,
        "stop": annotation.stop_us,
        "name": unicode_text(annotation.name),
        "colour": annotation.colour,
        "kind": unicode_text(annotation.kind),
        "details": json.dumps(dict(annotation.details), allow_nan=False),
    }


def _described(annotation: Annotation) -> str:
    if isinstance(annotation, Mark):
        return f"mark {annotation.text!r}" if annotation.text else "mark"
    return f"span {annotation.name!r}" if annotation.name else "span"


def _require_possible(annotation: Annotation, meters: set[int]) -> None:
    """Check the values of a mark or a span.

    Raises
    ------
    SessionError
        A time is outside the calendar, a span is empty, a colour or a meter is unknown.
    """
    what = _described(annotation)
    if isinstance(annotation, Mark):
        times = [annotation.time_us]
    else:
        times = [annotation.start_us, annotation.stop_us]
        if annotation.start_us >= annotation.stop_us:
            raise SessionError(
                f"The {what} does not end after its start", "Give a later end, or an earlier start."
            )
        if annotation.colour and not _COLOUR.fullmatch(annotation.colour):
            raise SessionError(
                f"{annotation.colour!r} is not a colour",
                "Give it as in #e07a00, or leave it empty.",
            )
    if not all(0 <= one <= stored_values.LATEST for one in times):
        raise SessionError(
            f"The {what} is not between the years 1970 and 9999", "Give microseconds since 1970."
        )
    if annotation.meter_id is not None and annotation.meter_id not in meters:
        known = ", ".join(map(str, sorted(meters))) or "none"
        raise UnknownMeter(
            f"There is no meter {annotation.meter_id!r} in the session",
            f"A meter is its id in `session.meters`: {known}.",
        )


def read_marks(
    connection: sqlite3.Connection, start_us: int = _BEGINNING, stop_us: int = _END
) -> list[Mark]:
    """Return the marks of a part of a file, its ends included, in order of time."""
    rows = connection.execute(_READ_MARKS, (start_us, stop_us)).fetchall()
    return [
        Mark(number, stored_values.time(when), stored_values.text(text), _as_meter(meter))
        for number, when, text, meter in rows
    ]


def read_spans(
    connection: sqlite3.Connection, start_us: int = _BEGINNING, stop_us: int = _END
) -> list[Span]:
    """Return the spans that reach into a part of a file, in order of time.

    A file of an earlier version has none.
    """
    query = "SELECT count(*) FROM sqlite_master WHERE name='span'"
    if not connection.execute(query).fetchone()[0]:
        return []
    rows = connection.execute(_READ_SPANS, (stop_us, start_us)).fetchall()
    return [_as_span(row) for row in rows]


def _as_span(row: Sequence[Any]) -> Span:
    number, start, stop, name, colour, meter, kind, details = row
    tint = stored_values.text(colour)
    begin = stored_values.time(start)
    return Span(
        number,
        begin,
        max(begin, stored_values.time(stop)),
        stored_values.text(name),
        tint if _COLOUR.fullmatch(tint) else "",
        _as_meter(meter),
        stored_values.text(kind),
        _as_details(stored_values.text(details)),
    )


def _as_meter(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _as_details(text: str) -> dict[str, object]:
    if text == "{}":
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
