# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a session, whether or not it is still being recorded.

No samples are kept in memory: a live view and an opened file both read what they show from the
file, in short read transactions, so that memory use stays flat and the writer's journal stays
short.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.distribution import Distribution, OnOff
from wattui.measurement.fields import CHANNEL, FIELD_INDEX, FIELDS, require_fields
from wattui.measurement.sample import Sample
from wattui.session.annotations import Span
from wattui.session.envelope import Envelope, View, envelope
from wattui.session.schema import FIELD_COLUMNS
from wattui.session.search import SearchableSession
from wattui.session.session_file import BEGINNING, END
from wattui.session.session_part import SessionPart, find_part, session_table
from wattui.session.span_distribution import read_distribution
from wattui.session.span_statistics import (
    ENERGY_SCALE,
    Statistics,
    pieces,
    read_span,
    statistics,
    with_times,
)
from wattui.session.store import StoredMeter

Floats = NDArray[np.float64]

#: Samples that are read in one transaction.
CHUNK: Final = 5_000

_SELECT: Final = (
    f"SELECT time, interval, COALESCE(gap, 0), {', '.join(FIELD_COLUMNS)} FROM sample"
    " WHERE meter=? AND time>? AND time<=? ORDER BY time LIMIT ?"
)


class Session(SearchableSession):
    """A session file, open for reading; for one thread at a time, and a context manager.

    It can be read while it is being recorded.  Times of arguments are whole microseconds
    since 1970, UTC, as in :attr:`Sample.time_us`; :func:`wattui.api.time_us` converts an
    aware datetime.  A sample belongs to a span when its interval ends within it:
    ``start_us < time_us <= stop_us``.  None stands for the beginning, or the end.

    Examples
    --------
    >>> from datetime import datetime, timezone
    >>> from wattui.api import MeterInfo, Sample, Session, SessionWriter, time_us
    >>> noon = time_us(datetime(2026, 11, 23, 12, tzinfo=timezone.utc))
    >>> with SessionWriter("lamp.wattui") as writer:
    ...     values = (600, 2300, 261)  # tenths of W and V, thousandths of A
    ...     samples = [Sample(noon + n * 1_000_000, 1_000_000, values) for n in range(1, 61)]
    ...     writer.on_samples(MeterInfo("A80012", "/dev/ttyUSB0"), samples)
    >>> with Session.open("lamp.wattui") as session:
    ...     lamp = session.meters[0]
    ...     start, stop = session.span()
    ...     second_half = session.statistics(lamp.id, start_us=noon + 30_000_000)
    >>> stop.isoformat()
    '2026-11-23T12:01:00+00:00'
    >>> second_half.count, second_half.energy_wh, second_half["voltage"].mean
    (30, 0.5, 230.0)
    """

    # -- a part of it, for notebooks and scripts --

    def part(
        self,
        start: str | datetime | Span | None = None,
        stop: str | datetime | None = None,
        *,
        meter: int | str | None = None,
    ) -> SessionPart:
        """Return a part of the session: its energy, samples and plot.

        Parameters
        ----------
        start
            The name of a span, or the span; or when the part starts: an aware datetime, or a
            text as for ``wattui export --from``: ``"12:30"``, ``"1h30m"`` after the session's
            start, ``"-10m"`` before its end.  None for the start.
        stop
            When it ends, in the same form; None for the end.
        meter
            Id, name, label or serial number of its meter; None for that of the span, or all.

        Raises
        ------
        SessionError
            There is no such span or meter, no samples, or the part ends before it starts.

        Examples
        --------
        >>> from wattui.api import MeterInfo, Sample, Session, SessionWriter
        >>> with SessionWriter("fan.wattui") as writer:
        ...     samples = [Sample(n * 1_000_000, 1_000_000, (600,)) for n in range(1, 3601)]
        ...     writer.on_samples(MeterInfo("A1", "sim://pro", "fan"), samples)
        >>> with Session.open("fan.wattui") as session:
        ...     part = session.part("10m", "20m")
        ...     print(part.energy, part.energy.wh, part.energy.joules)
        10.00 ± 0.20 Wh 10.0 36000.0
        """
        return find_part(self, start, stop, meter)

    def plot(self, *panels: str, **options: Any) -> Any:
        """Plot the session; arguments and result are those of :meth:`SessionPart.plot`.

        Parameters
        ----------
        panels, options
            See :meth:`SessionPart.plot`.
        """
        return self.part().plot(*panels, **options)

    def _repr_html_(self) -> str:
        """Return its meters and spans for a notebook; what comes from the file is escaped."""
        return session_table(self)

    # -- its samples --

    def count(self, meter_id: int, start_us: int | None = None, stop_us: int | None = None) -> int:
        """Return the number of a meter's samples in a span.

        Parameters
        ----------
        meter_id
            A meter of :attr:`meters`, by its ``id``; another id is an UnknownMeter.
        start_us, stop_us
            Microseconds since 1970, UTC; None for the ends of the session.
            :func:`~wattui.api.time_us` makes them of a datetime.
        """
        return self.statistics(meter_id, start_us, stop_us).count

    def samples(
        self, meter_id: int, start_us: int | None = None, stop_us: int | None = None
    ) -> Iterator[Sample]:
        """Yield a meter's samples in a span, oldest first; memory stays flat.

        Parameters
        ----------
        meter_id
            A meter of :attr:`meters`, by its ``id``; another id is an UnknownMeter.
        start_us, stop_us
            Microseconds since 1970, UTC; None for the ends of the session.
            :func:`~wattui.api.time_us` makes them of a datetime.
        """
        for rows in self.rows(meter_id, start_us, stop_us):
            for row in rows:
                yield Sample(row[0], row[1], row[3:], row[2])

    def rows(
        self,
        meter_id: int,
        start_us: int | None = None,
        stop_us: int | None = None,
        chunk: int = CHUNK,
    ) -> Iterator[list[tuple[int, ...]]]:
        """Yield lists of a meter's samples as they are stored, up to *chunk* samples each.

        Each is a tuple of time, interval and gap in microseconds, and the integers of the
        wire of its 18 fields, None if absent.

        Parameters
        ----------
        meter_id
            A meter of :attr:`meters`, by its ``id``; another id is an UnknownMeter.
        start_us, stop_us
            Microseconds since 1970, UTC; None for the ends of the session.
            :func:`~wattui.api.time_us` makes them of a datetime.
        chunk
            The most samples in a list.
        """
        low = BEGINNING if start_us is None else start_us
        high = END if stop_us is None else stop_us
        while True:
            with self._reading() as connection:
                rows = connection.execute(_SELECT, (meter_id, low, high, chunk)).fetchall()
                if not rows:
                    self._stored(connection, meter_id)
            if rows:
                yield rows
            if len(rows) < chunk:
                return
            low = rows[-1][0]

    def columns(
        self,
        meter_id: int,
        names: Sequence[str],
        start_us: int | None = None,
        stop_us: int | None = None,
    ) -> dict[str, Floats]:
        """Return the samples of a span as columns; all of them are held in memory.

        Parameters
        ----------
        meter_id
            A meter of :attr:`meters`, by its ``id``; another id is an UnknownMeter.
        names
            Fields by name, and ``integrated_energy``, the energy since the beginning.
        start_us, stop_us
            Microseconds since 1970, UTC; None for the ends of the session.

        Returns
        -------
        dict of str to ndarray
            ``time`` (s since 1970, UTC), ``interval`` and ``gap`` (s), and each name in its
            base unit (Wh for ``integrated_energy``), each (n,); NaN if a value is absent.

        Raises
        ------
        UnknownField
            A name is neither a field's nor ``integrated_energy``.
        """
        require_fields(names, CHANNEL)
        chunks = [
            np.array(rows, dtype=np.float64)
            for rows in self.rows(meter_id, start_us, stop_us, 50_000)
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
                before = self.energy_before(meter_id, BEGINNING if start_us is None else start_us)
                found[name] = before + np.cumsum(energy) / ENERGY_SCALE
        return found

    def energy_before(self, meter_id: int, time_us: int) -> float:
        """Return a meter's energy from the beginning until a time (included).

        Parameters
        ----------
        meter_id
            A meter of :attr:`meters`, by its ``id``; another id is an UnknownMeter.
        time_us
            Microseconds since 1970, UTC.

        Returns
        -------
        float
            Energy in Wh, integrated over the samples.
        """
        with self._reading() as connection:
            meter = self._stored(connection, meter_id)
            if meter.last is None:
                return 0.0
            parts = pieces(0, time_us + 1, meter.last, meter.first_level)
            return read_span(connection, meter_id, parts).energy / ENERGY_SCALE

    # -- what is plotted and measured --

    def envelope(
        self, meter_id: int, names: Sequence[str], start_us: int, stop_us: int, pixels: int
    ) -> Envelope:
        """Return the curves of a plot of a span: at most two points per pixel column.

        Parameters
        ----------
        meter_id
            A meter of :attr:`meters`, by its ``id``; another id is an UnknownMeter.
        names
            Fields by name, and ``integrated_energy``, the energy since the beginning.
        start_us, stop_us
            Microseconds since 1970, UTC.
        pixels
            Width of the plot.

        Raises
        ------
        UnknownField
            A name is neither a field's nor ``integrated_energy``.
        """
        require_fields(names, CHANNEL)
        with self._reading() as connection:
            meter = self._stored(connection, meter_id)
            if meter.last is None or stop_us <= start_us:
                return Envelope(np.empty(0), {name: np.empty(0) for name in names})
            view = View(
                *(meter_id, tuple(names), int(start_us), int(stop_us), max(1, int(pixels))),
                *(meter.info.interval, meter.first_level, meter.last),
            )
            self._cache.refresh(connection)
            return envelope(connection, view, self._cache)

    def gaps(
        self, meter_id: int, start_us: int | None = None, stop_us: int | None = None
    ) -> Floats:
        """Return the gaps that reach into a span.

        Parameters
        ----------
        meter_id
            A meter of :attr:`meters`, by its ``id``; another id is an UnknownMeter.
        start_us, stop_us
            Microseconds since 1970, UTC; None for the ends of the session.
            :func:`~wattui.api.time_us` makes them of a datetime.

        Returns
        -------
        array of float, (k, 2)
            Start and end of each, in seconds since 1970, UTC.
        """
        low = BEGINNING if start_us is None else start_us
        high = END if stop_us is None else stop_us
        with self._reading() as connection:
            self._stored(connection, meter_id)
            rows = connection.execute(
                "SELECT time - interval - gap, time - interval FROM sample"
                " WHERE meter=? AND time>? AND gap IS NOT NULL AND time - interval - gap<?"
                " AND time<=COALESCE((SELECT min(time) FROM sample WHERE meter=? AND time>?), ?)"
                " ORDER BY time",
                (meter_id, low, high, meter_id, high, high),
            ).fetchall()
        return np.array(rows, dtype=np.float64).reshape(len(rows), 2) / MICROSECONDS

    def statistics(
        self,
        meter_id: int,
        start_us: int | None = None,
        stop_us: int | None = None,
        times_of: Collection[str] = (),
    ) -> Statistics:
        """Return energy, counts and each field's mean, minimum and maximum over a span.

        They are exact, and take a few milliseconds however long the span.

        Parameters
        ----------
        meter_id
            A meter of :attr:`meters`, by its ``id``; another id is an UnknownMeter.
        start_us, stop_us
            Microseconds since 1970, UTC; None for the ends of the session.
            :func:`~wattui.api.time_us` makes them of a datetime.
        times_of
            Fields for which the times of minimum and maximum are also looked up.

        Returns
        -------
        Statistics
            Energies in Wh, durations in s, fields in their base units.
        """
        with self._reading() as connection:
            meter = self._stored(connection, meter_id)
            low, high = _range(meter, start_us, stop_us)
            if meter.last is None:
                return Statistics()
            parts = pieces(low, high, meter.last, meter.first_level)
            self._cache.refresh(connection)
            found = statistics(read_span(connection, meter_id, parts, self._cache))
            return with_times(connection, meter, parts, found, times_of) if times_of else found

    def distribution(
        self, meter_id: int, name: str, start_us: int | None = None, stop_us: int | None = None
    ) -> Distribution:
        """Return how long a field had which value over a span: exact quantiles, spread, curves.

        It is empty for the energy, the cost, and what the meter derives from them.

        Parameters
        ----------
        meter_id, start_us, stop_us
            As for :meth:`statistics`.
        name
            The field, by its name in ``CHANNELS``; another name is an UnknownField.
        """
        require_fields([name], CHANNEL)
        with self._reading() as connection:
            meter = self._stored(connection, meter_id)
            low, high = _range(meter, start_us, stop_us)
            self._cache.refresh(connection)
            return read_distribution(connection, meter, name, (low, high), self._cache)

    def load(
        self,
        meter_id: int,
        above: float,
        start_us: int | None = None,
        stop_us: int | None = None,
    ) -> OnOff:
        """Return time and energy with a power above a threshold, and the rest; and cycles.

        Parameters
        ----------
        meter_id, start_us, stop_us
            As for :meth:`statistics`.
        above
            The threshold, in W; a power equal to it counts as below.
        """
        return self.distribution(meter_id, "power", start_us, stop_us).on_off(above)


def _range(meter: StoredMeter, start_us: int | None, stop_us: int | None) -> tuple[int, int]:
    """Return the half-open range of the times of a span's samples."""
    last = -1 if meter.last is None else meter.last
    low = BEGINNING if start_us is None else start_us + 1
    return low, last + 1 if stop_us is None else min(stop_us, last) + 1
