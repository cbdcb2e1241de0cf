# SPDX-License-Identifier: GPL-3.0-or-later
"""Our CSV: lines of ``#`` that say what it is, one header, one row a sample.

One line of pandas reads it::

    pandas.read_csv(path, comment="#", parse_dates=["time"])

Decimals are made from the integers of the file, so that none is rounded that was
not.  All times carry the UTC offset of the first one, also across a change to
or from summer time: readers take a column of one offset for times, and one of two
for text.  The *spreadsheet* dialect has ``;``, decimal commas, a byte order mark, and
times without offset, for programs that follow a country's customs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate, islice, repeat
from pathlib import Path
from typing import Final

from wattui import __version__
from wattui.desktop.atomic_file import draft
from wattui.errors import Cancelled
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import EventKind
from wattui.measurement.fields import FIELD_INDEX, FIELDS, INTEGRATED_ENERGY, WireValue
from wattui.session.reader import Session, SessionMeter
from wattui.session.span_statistics import ENERGY_SCALE, Statistics
from wattui.session.summary import POWER_LIMIT

#: Samples between two reports of progress.
CHUNK: Final = 10_000

#: The columns, in order.
COLUMNS: Final = (
    *("time", "unix_time", "elapsed_s", "meter"),
    *(field.column for field in FIELDS),
    *(INTEGRATED_ENERGY.column, "interval_s", "gap_s"),
)

#: Texts of one field that are kept for the next row.
_TEXTS: Final = 50_000

#: Sign of a comment, and the one that stands in for it where a name has it: a
#: reader would cut the line there.
_COMMENT: Final = "#"
_STAND_IN: Final = "＃"

#: Events that the head tells of.
_TOLD: Final = (
    *(EventKind.LOST, EventKind.RECONNECTED, EventKind.CLOCK_STEPPED, EventKind.POWER_ON),
    *(EventKind.PAUSED, EventKind.RESUMED, EventKind.DROPPED, EventKind.MARK, EventKind.NOTE),
)

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the file is written."""

    delimiter: str
    point: str
    encoding: str
    #: Times as ISO 8601 with their offset; else as a spreadsheet takes them for times.
    iso_times: bool


DIALECTS: Final = {
    "standard": Dialect(",", ".", "utf-8", True),
    "spreadsheet": Dialect(";", ",", "utf-8-sig", False),
}


@dataclass(frozen=True, slots=True)
class Part:
    """One meter of an export."""

    meter: SessionMeter
    label: str
    start: int | None
    stop: int
    figures: Statistics


def write_csv(
    session: Session,
    path: Path | str,
    *,
    meters: Collection[int] | None = None,
    start: int | None = None,
    stop: int | None = None,
    dialect: str = "standard",
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> int:
    """Write samples of a session as CSV, meter after meter; give how many.

    The file has its name only when it is whole; memory stays flat.

    Parameters
    ----------
    meters
        Ids of the meters; all of them for None.
    start, stop
        Span in microseconds UTC (``start < time <= stop``); None is the begin or end.
    dialect
        ``standard`` or ``spreadsheet``.
    progress
        Called with the samples written and all samples.
    cancelled
        Asked now and then; once it says yes, nothing is left of the file.

    Raises
    ------
    Cancelled
        *cancelled* said so.
    DiskRefused
        The file cannot be written; an older one of its name is as it was.
    SessionDamaged
        The session cannot be read.
    """
    goal = Path(path)
    manner = DIALECTS[dialect]
    parts = parts_of(session, meters, start, stop)
    span = session.span(meters)
    origin = span[0] if span is not None else 0
    total = sum(part.figures.count for part in parts)
    done = 0
    with draft(goal, manner.encoding) as file:
        offset = utc_offset(first_time(parts, session, origin))
        file.writelines(head_lines(session, parts, origin, offset))
        file.write(manner.delimiter.join(COLUMNS) + "\n")
        for part in parts:
            writer = _RowWriter(manner, part.label, origin, offset)
            for rows in session.rows(part.meter.id, part.start, part.stop, CHUNK):
                if cancelled is not None and cancelled():
                    raise Cancelled(f"The export to {goal} was cancelled")
                file.writelines(writer.lines(rows))
                done += len(rows)
                if progress is not None:
                    progress(done, total)
    return done


def parts_of(
    session: Session, meters: Collection[int] | None, start: int | None, stop: int | None
) -> list[Part]:
    """Fix what is exported: a session that is being recorded goes on growing."""
    chosen = [one for one in session.meters if meters is None or one.id in meters]
    labels = [one.info.label for one in chosen]
    parts = []
    for one in chosen:
        span = session.span([one.id])
        if span is None:
            continue
        label = one.info.label
        if labels.count(label) > 1:
            label = f"{label} ({one.info.key})"
        end = span[1] if stop is None else min(stop, span[1])
        figures = session.statistics(one.id, start, end)
        parts.append(Part(one, plain_text(label), start, end, figures))
    return parts


def first_time(parts: Sequence[Part], session: Session, origin: int) -> int:
    """Give the time of the first sample, in microseconds."""
    first = [
        sample.time_us
        for part in parts
        for sample in islice(session.samples(part.meter.id, part.start, part.stop), 1)
    ]
    return min(first, default=origin)


def utc_offset(time: int) -> timedelta:
    """Give the local time's offset to UTC at a time in microseconds."""
    local = datetime.fromtimestamp(time / MICROSECONDS, UTC).astimezone()
    return local.utcoffset() or timedelta()


def _offset_text(offset: timedelta) -> str:
    seconds = round(offset.total_seconds())
    hours, rest = divmod(abs(seconds), 3600)
    return f"{'-' if seconds < 0 else '+'}{hours:02d}:{rest // 60:02d}"


def iso_time(time: int, offset: timedelta) -> str:
    """Give a time in microseconds as local time of that offset, ISO 8601."""
    moment = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=time) + offset
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}{_offset_text(offset)}"


def plain_text(text: str) -> str:
    """Give a text without line ends and without what begins a comment."""
    return " ".join(text.replace(_COMMENT, _STAND_IN).split())


# -- the head --


def head_lines(
    session: Session, parts: Sequence[Part], origin: int, offset: timedelta
) -> Iterator[str]:
    """Give the lines before the header: what it is, the meters, their gaps and events."""
    info = session.info
    zone = _offset_text(offset)
    yield from (
        f"# wattui {__version__}: records of Watts up? meters\n",
        f"# session: {plain_text(session.path.name)}\n",
        f"# recorded by: {plain_text(info.get('software', 'unknown'))}\n",
        f"# time zone: {plain_text(info.get('time_zone', 'unknown'))} at recording; "
        f"all times here have the offset {zone}\n",
        f"# elapsed_s counts from: {iso_time(origin, offset)}\n",
    )
    for name, value in sorted(info.items()):
        if name not in ("software", "created", "time_zone"):
            yield f"# {plain_text(name)}: {plain_text(value)}\n"
    for part in parts:
        yield from _meter_lines(part)
        for begin, end in session.gaps(part.meter.id, part.start, part.stop).tolist():
            yield (
                f"# gap of {part.label}: {iso_time(round(begin * MICROSECONDS), offset)} to "
                f"{iso_time(round(end * MICROSECONDS), offset)}, {end - begin:.3f} s\n"
            )
    yield from _event_lines(session, parts, offset)


def _meter_lines(part: Part) -> Iterator[str]:
    info, figures = part.meter.info, part.figures
    yield f"# meter: {part.label}\n"
    yield f"# model: {plain_text(info.model) or 'unknown'}\n"
    yield f"# firmware: {plain_text(info.firmware) or 'unknown'}\n"
    yield f"# serial number: {plain_text(info.serial_number) or 'unknown'}\n"
    yield f"# port: {plain_text(info.port)}\n"
    yield f"# interval: {info.interval:g} s\n"
    yield f"# samples: {figures.count}, standing for {figures.duration_s:.6f} s\n"
    yield f"# gaps: {figures.gap_count}, {figures.gap_s:.6f} s in all, not counted as energy\n"
    yield (f"# energy: {figures.energy_wh:.6f} Wh, integrated: the sum of power_w x interval_s\n")
    yield (
        f"# energy error: {figures.energy_error_wh:.6f} Wh at most "
        "(1.5 % of the energy and 0.3 W for the time)\n"
    )
    if figures.counter_wh == figures.counter_wh:
        yield f"# meter's own counter: moved by {figures.counter_wh:.1f} Wh\n"
    else:
        yield "# meter's own counter: not recorded\n"


def _event_lines(session: Session, parts: Sequence[Part], offset: timedelta) -> Iterator[str]:
    labels = {part.meter.id: part.label for part in parts}
    stop = max((part.stop for part in parts), default=None)
    start = parts[0].start if parts else None
    for one in session.events(_TOLD, start, stop):
        if one.meter_id is not None and one.meter_id not in labels:
            continue
        whose = f" of {labels[one.meter_id]}" if one.meter_id is not None else ""
        event = one.event
        told = f"{iso_time(event.time_us, offset)} {plain_text(event.text)}"
        yield f"# {event.kind}{whose}: {told}".rstrip() + "\n"


# -- the rows --


class Texts(dict[WireValue, str]):
    """The text of each integer, made once: values repeat."""

    def __init__(self, scale: int, point: str, most: int = _TEXTS) -> None:
        super().__init__()
        self._most = most
        self._scale = scale
        self._digits = len(str(scale)) - 1
        self._point = point
        self[None] = ""

    def __missing__(self, value: WireValue) -> str:
        if len(self) > self._most:
            self.clear()
            self[None] = ""
        text = decimal_text(value or 0, self._scale, self._digits, self._point)
        self[value] = text
        return text


def decimal_text(value: int, scale: int, digits: int, point: str) -> str:
    """Give value / scale, exactly."""
    if not digits:
        return str(value)
    whole, rest = divmod(abs(value), scale)
    return f"{'-' if value < 0 else ''}{whole}{point}{rest:0{digits}d}"


class _RowWriter:
    """Makes the lines of one meter, many at a time."""

    def __init__(self, dialect: Dialect, label: str, origin: int, offset: timedelta) -> None:
        self._join = dialect.delimiter.join
        self._point = dialect.point
        self._label = quoted(label, dialect.delimiter)
        self._origin = origin
        self._offset = offset // timedelta(microseconds=1)
        self._suffix = _offset_text(offset) if dialect.iso_times else ""
        self._form = "%Y-%m-%dT%H:%M:" if dialect.iso_times else "%Y-%m-%d %H:%M:"
        self._fields = [Texts(field.scale, dialect.point) for field in FIELDS]
        self._spans = Texts(MICROSECONDS, dialect.point)
        self._energy = 0

    def lines(self, rows: Sequence[tuple[int, ...]]) -> Iterator[str]:
        """Give the lines of samples as :meth:`Session.rows` gives them."""
        time, interval, gap, *fields = zip(*rows, strict=True)
        columns = [
            *self._moments(time),
            repeat(self._label),
            *(
                map(texts.__getitem__, values)
                for texts, values in zip(self._fields, fields, strict=True)
            ),
            self._energies(fields[FIELD_INDEX["power"]], interval),
            map(self._spans.__getitem__, interval),
            map(self._spans.__getitem__, gap),
        ]
        for row in zip(*columns, strict=False):
            yield self._join(row) + "\n"

    def _moments(self, times: Sequence[int]) -> tuple[list[str], list[str], list[str]]:
        """Give local time, Unix time and elapsed time of each sample, in one pass."""
        point, suffix, offset, origin = self._point, self._suffix, self._offset, self._origin
        time_point = "." if suffix else point
        minute, prefix = -1, ""
        local, unix, elapsed = [], [], []
        for time in times:
            seconds, rest = divmod(time, MICROSECONDS)
            unix.append(f"{seconds}{point}{rest:06d}")
            seconds, rest = divmod(time + offset, MICROSECONDS)
            if seconds // 60 != minute:
                minute = seconds // 60
                prefix = f"{datetime.fromtimestamp(minute * 60, UTC):{self._form}}"
            local.append(f"{prefix}{seconds % 60:02d}{time_point}{rest:06d}{suffix}")
            seconds, rest = divmod(time - origin, MICROSECONDS)
            elapsed.append(f"{seconds}{point}{rest:06d}")
        return local, unix, elapsed

    def _energies(self, power: Sequence[WireValue], interval: Sequence[int]) -> list[str]:
        """Give the energy up to each sample, in Wh to the millionth, rounded once."""
        products = (
            min(watts, POWER_LIMIT) * span if watts else 0
            for watts, span in zip(power, interval, strict=True)
        )
        sums = list(accumulate(products, initial=self._energy))
        self._energy = sums[-1]
        point, unit = self._point, ENERGY_SCALE // 1_000_000
        rounded = ((energy + unit // 2) // unit for energy in sums[1:])
        return [f"{one // 1_000_000}{point}{one % 1_000_000:06d}" for one in rounded]


def quoted(text: str, delimiter: str) -> str:
    """Give a text as a cell."""
    if delimiter in text or '"' in text:
        return '"' + text.replace('"', '""') + '"'
    return text
