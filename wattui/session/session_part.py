# SPDX-License-Identifier: GPL-3.0-or-later
"""A part of a session for notebooks and scripts: its energy, its samples, its plot."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any, ClassVar, Final, Protocol

import numpy as np

from wattui.errors import SessionError, UnknownMeter, WattuiError
from wattui.measurement.clock import MICROSECONDS, time_us, utc_time
from wattui.measurement.energy import error_of_sum
from wattui.measurement.fields import FIELD_INDEX, FIELDS, require_fields
from wattui.measurement.moment import parse_moment
from wattui.measurement.text import (
    BY_CLOCK,
    NO_VALUE,
    RunTimes,
    count_text,
    counter_text,
    duration_text,
    energy_text,
    iso_text,
    power_text,
    printable,
    value_text,
)
from wattui.session.annotations import Span
from wattui.session.session_file import SessionMeter
from wattui.session.span_statistics import Statistics

#: Joules in a Wh.
_JOULES: Final = 3600.0

#: The most spans that a notebook shows of a session.
_MOST_SPANS: Final = 20

#: Samples that are read at once.
_CHUNK: Final = 50_000


class _Source(Protocol):
    """What a part needs of its session."""

    def statistics(
        self, meter_id: int, start_us: int | None, stop_us: int | None, times_of: Sequence[str]
    ) -> Statistics:
        """Return the figures of a span."""

    def rows(
        self, meter_id: int, start_us: int | None, stop_us: int | None, chunk: int
    ) -> Iterator[list[tuple[int, ...]]]:
        """Yield lists of samples."""


@dataclass(frozen=True, slots=True)
class MeasuredEnergy:
    """An energy with the limit of its error."""

    #: In Wh.
    wh: float
    #: The manual's limit of its error, in Wh.
    error: float

    @property
    def joules(self) -> float:
        """In J."""
        return self.wh * _JOULES

    @property
    def error_joules(self) -> float:
        """The limit of its error, in J."""
        return self.error * _JOULES

    def __str__(self) -> str:
        """Return it with the digits that its error allows: ``20.99 ± 0.46 Wh``."""
        return energy_text(self.wh, self.error)


class SessionPart:
    """A part of a session, or all of it; made by :meth:`Session.part`.

    Its figures are computed when they are asked for, so that those of a session that is being
    recorded are up to date.
    """

    #: Draws a part; :mod:`wattui.api` sets it.
    drawer: ClassVar[Callable[..., Any] | None] = None

    def __init__(
        self,
        session: Any,
        span_us: tuple[int, int],
        meters: Sequence[SessionMeter],
        name: str = "",
    ) -> None:
        #: The session that it belongs to.
        self.session = session
        #: Its ends in microseconds since 1970, UTC: ``start_us < time_us <= stop_us``.
        self.start_us, self.stop_us = span_us
        #: The meters whose samples it has.
        self.meters = tuple(meters)
        #: Name of the span; empty for a part without one.
        self.name = name
        self._source: _Source = session

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

    @property
    def energy(self) -> MeasuredEnergy:
        """Energy of its meters; the errors of several meters add up."""
        found = self._figures()
        return MeasuredEnergy(
            sum(one.energy_wh for one in found), error_of_sum(one.energy_error_wh for one in found)
        )

    @property
    def statistics(self) -> Statistics:
        """Energy, counts and fields of its meter, with the times of the extremes of the power.

        Raises
        ------
        UnknownMeter
            It has several meters.
        """
        return self._figures_of(self._only_meter())

    def _only_meter(self) -> SessionMeter:
        if len(self.meters) != 1:
            labels = ", ".join(repr(one.info.label) for one in self.meters) or "none"
            raise UnknownMeter(
                f"This part of the session has {count_text(len(self.meters), 'meter')}",
                f"Choose one with `session.part(..., meter=...)`: {labels}.",
            )
        return self.meters[0]

    def _figures(self) -> list[Statistics]:
        return [self._figures_of(meter) for meter in self.meters]

    def _figures_of(self, meter: SessionMeter) -> Statistics:
        return self._source.statistics(meter.id, self.start_us, self.stop_us, ("power",))

    # -- its samples --

    def to_numpy(self, names: Sequence[str] | None = None) -> np.ndarray:
        """Return the samples of its meter as a structured array; all are held in memory.

        Parameters
        ----------
        names
            Fields by name; None for those that have values.

        Returns
        -------
        ndarray, (n,)
            ``time`` (datetime64[us], UTC: the end of the interval), ``interval`` and ``gap`` in
            s, and each field in its base unit; NaN if a value is absent.

        Raises
        ------
        UnknownField, UnknownMeter
            There is no field of that name; the part has several meters.
        """
        meter = self._only_meter()
        if names is None:
            known = self._figures_of(meter).fields
            names = [field.name for field in FIELDS if field.name in known]
        require_fields(names, FIELD_INDEX)
        return _array(self._source, meter, (self.start_us, self.stop_us), names)

    def to_pandas(self, names: Sequence[str] | None = None) -> Any:
        """Return its samples as a data frame, with their times in UTC as the index.

        ``attrs`` holds the session, the meters and the unit of each column.  With several
        meters, the column ``meter`` says which one a sample is of.  It needs pandas, which
        ``pip install wattui[pandas]`` installs.

        Parameters
        ----------
        names
            Fields by name; None for those that have values.

        Raises
        ------
        WattuiError
            There is no such field, or pandas is not installed.
        """
        try:
            import pandas as pd
        except ModuleNotFoundError as error:
            raise WattuiError(
                "pandas is not installed", "Install it with `pip install wattui[pandas]`."
            ) from error
        frames = []
        for meter in self.meters:
            part = SessionPart(self.session, (self.start_us, self.stop_us), [meter])
            samples = part.to_numpy(names)
            index = pd.DatetimeIndex(samples["time"], name="time").tz_localize("UTC")
            columns = {name: samples[name] for name in samples.dtype.names or () if name != "time"}
            frame = pd.DataFrame(columns, index=index)
            if len(self.meters) > 1:
                frame.insert(0, "meter", meter.info.label)
            frames.append(frame)
        found = pd.concat(frames) if frames else pd.DataFrame(index=pd.DatetimeIndex([], tz="UTC"))
        units = {field.name: field.unit for field in FIELDS}
        found.attrs = {
            "session": str(self.session.path),
            "meters": [meter.info.label for meter in self.meters],
            "units": {name: units.get(name, "s") for name in found.columns if name != "meter"},
        }
        return found

    # -- its plot and its description --

    def plot(self, *panels: str, **options: Any) -> Any:
        """Plot it as ``wattui plot`` does; a notebook shows the result, and its ``save`` writes it.

        Parameters
        ----------
        *panels
            A plot each: one field, or two with ``+`` between them, such as ``"power+current"``.
            By default power with current, and energy.
        **options
            ``size`` in pixels, ``clock`` for local times instead of elapsed ones, ``title``,
            ``dark``.

        Raises
        ------
        WattuiError
            There is no such field, nothing to plot, or the packages for drawing are missing.
        """
        drawer = SessionPart.drawer
        if drawer is None:
            raise WattuiError("Plots are drawn by wattui.api", "Import it first.")
        return drawer(self, panels, **options)

    def __repr__(self) -> str:
        """Return its name, its ends and its energy in one line."""
        name = f"{printable(self.name)}: " if self.name else ""
        times = RunTimes(span=self.length_s)
        first, last = (times.text(one / MICROSECONDS) for one in (self.start_us, self.stop_us))
        return f"<{name}{first} to {last}, {self.energy}>"

    def _repr_html_(self) -> str:
        """Return a table for a notebook; what comes from the file is escaped."""
        head = f"{self.name}, " if self.name else ""
        first, last = (BY_CLOCK.text(one / MICROSECONDS) for one in (self.start_us, self.stop_us))
        caption = f"{head}{first} to {last}, {duration_text(self.length_s)}"
        return part_table(caption, self.meters, self._figures())


def _array(
    source: _Source, meter: SessionMeter, span_us: tuple[int, int], names: Sequence[str]
) -> np.ndarray:
    kinds = [("time", "datetime64[us]"), ("interval", "f8"), ("gap", "f8")]
    kind = np.dtype([*kinds, *((name, "f8") for name in dict.fromkeys(names))])
    parts = [np.empty(0, kind)]
    for rows in source.rows(meter.id, *span_us, chunk=_CHUNK):
        table = np.array(rows, dtype=np.float64)
        part = np.empty(len(rows), kind)
        # Not by way of floats: a time has more digits than they have.
        part["time"] = np.array([row[0] for row in rows], np.int64).view("datetime64[us]")
        part["interval"], part["gap"] = table[:, 1] / MICROSECONDS, table[:, 2] / MICROSECONDS
        for name in names:
            index = FIELD_INDEX[name]
            part[name] = table[:, 3 + index] / FIELDS[index].scale
        parts.append(part)
    return np.concatenate(parts)


def part_table(caption: str, meters: Sequence[SessionMeter], figures: Sequence[Statistics]) -> str:
    """Return an HTML table with the figures of meters; every text is escaped."""
    heads = ("Meter", "Energy", "Counter", "Mean power", "Peak", "Recorded", "Samples", "Gaps")
    rows = [(meter.info.label, *_cells(one)) for meter, one in zip(meters, figures, strict=True)]
    lines = ["".join(f"<th>{escape(head)}</th>" for head in heads)]
    lines += ["".join(f"<td>{escape(printable(cell))}</td>" for cell in row) for row in rows]
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table><caption>{escape(printable(caption))}</caption>{body}</table>"


def _cells(one: Statistics) -> tuple[str, ...]:
    power = one["power"]
    known = bool(one.powered_s)
    counter = NO_VALUE if math.isnan(one.counter_wh) else counter_text(one.counter_wh)
    return (
        energy_text(one.energy_wh, one.energy_error_wh) if known else NO_VALUE,
        counter,
        power_text(one.average_power_w, one.average_power_error_w) if known else NO_VALUE,
        f"{value_text('power', power.high)} W" if known else NO_VALUE,
        duration_text(one.duration_s),
        f"{one.count:,}",
        f"{one.gap_count:,}",
    )


# -- which part ----------------------------------------------------------------------


def find_part(
    session: Any,
    start: str | datetime | Span | None,
    stop: str | datetime | None,
    meter: int | str | None,
) -> SessionPart:
    """Return a part of a session; see :meth:`Session.part`.

    Raises
    ------
    SessionError
        There is no such span or meter, no samples, or the part ends before it starts.
    """
    whole = session.span_us()
    if whole is None:
        raise SessionError(
            f"There are no samples in {session.path.name}", "Choose another session."
        )
    span = start if isinstance(start, Span) else None
    if isinstance(start, str) and stop is None:
        span = next((one for one in session.spans() if one.name == start), None)
    if span is not None:
        chosen = span.meter_id if meter is None else meter
        ends = span.start_us, span.stop_us
        return SessionPart(session, ends, _meters(session, chosen), span.name)
    first = whole[0] if start is None else _time(session, start, whole)
    last = whole[1] if stop is None else _time(session, stop, whole)
    if first >= last:
        raise SessionError(
            f"The part ends at {iso_text(last)}, and does not start before that",
            f"The session is from {iso_text(whole[0])} to {iso_text(whole[1])}.",
        )
    return SessionPart(session, (first, last), _meters(session, meter))


def _time(session: Any, time: object, whole: tuple[int, int]) -> int:
    """Return a time in microseconds, UTC."""
    if isinstance(time, datetime):
        return time_us(time)
    try:
        return parse_moment(str(time)).within(*whole)
    except (ValueError, OverflowError, OSError):
        names = ", ".join(repr(one.name) for one in session.spans()) or "none"
        raise SessionError(
            f"{time!r} is neither a span of {session.path.name} nor a time",
            f"Spans are: {names}. Times are as in '12:30', '2026-02-03T12:30', '1h30m', '-10m'.",
        ) from None


def _meters(session: Any, wanted: int | str | None) -> list[SessionMeter]:
    meters: list[SessionMeter] = session.meters
    if wanted is None:
        return meters
    for meter in meters:
        info = meter.info
        if wanted in (meter.id, info.name, info.label, info.serial_number, info.port, info.key):
            return [meter]
    known = ", ".join(f"{one.id} ({one.info.label})" for one in meters)
    raise UnknownMeter(
        f"There is no meter {wanted!r} in {session.path.name}", f"Meters are: {known}."
    )


def session_table(session: Any) -> str:
    """Return the meters and the spans of a session as HTML; every text is escaped."""
    name = escape(printable(session.path.name))
    try:
        ends = session.span_us()
        if ends is None:
            return f"<p>{name}: no samples</p>"
        whole = SessionPart(session, ends, session.meters, session.path.name)
        tables = [whole._repr_html_()]
        for span in session.spans()[:_MOST_SPANS]:
            tables.append(find_part(session, span, None, None)._repr_html_())
    except SessionError as error:
        return f"<p>{name}: {escape(printable(str(error)))}</p>"
    return "".join(tables)
