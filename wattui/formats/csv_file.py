# SPDX-License-Identifier: GPL-3.0-or-later
"""Our CSV: comment lines with ``#`` that describe it, one header, one row per sample.

One line of pandas reads it::

    pandas.read_csv(path, comment="#", parse_dates=["time"])

Decimals are computed from the integers of the session, so none is rounded.  All times carry the
UTC offset of the first one, even across a change to or from summer time: programs read a column
with one offset as times, but a column with two as text.  The *spreadsheet* dialect has ``;``,
decimal commas, a byte-order mark, and times without an offset and with three decimals, which
spreadsheets recognise; *spreadsheet-point* has the same with commas and decimal points.

Reading finds the columns by their names, so a file from which some were removed, or to
which others were added, can be read as well.  The time is that of ``unix_time``, else
that of ``time``.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate, islice, repeat
from typing import Any, Final

from wattui import __version__
from wattui.errors import FormatError
from wattui.formats.export_job import Dialect, ExportJob, Part, SampleRow, decimal_text
from wattui.formats.file_format import Format
from wattui.formats.reading.block import Block
from wattui.formats.reading.local_times import LocalTimes
from wattui.formats.reading.source import Head, Source, read_head
from wattui.formats.reading.text_table import (
    DIGITS,
    BrokenLine,
    Column,
    Holds,
    Layout,
    field_column,
    quoted,
    read_table,
)
from wattui.formats.reading.time_forms import TimeForm, time_form
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.energy import ERROR_RULE
from wattui.measurement.events import EventKind, MeterInfo
from wattui.measurement.fields import FIELD_INDEX, FIELDS, INTEGRATED_ENERGY, POWER_LIMIT, WireValue
from wattui.measurement.text import unicode_text
from wattui.session.reader import Session
from wattui.session.span_statistics import ENERGY_SCALE

#: The columns, in order.
COLUMNS: Final = (
    *("time", "unix_time", "elapsed_s", "meter"),
    *(field.column for field in FIELDS),
    *(INTEGRATED_ENERGY.column, "interval_s", "gap_s", "serial_number"),
)

#: How many texts of one field are cached.
_TEXTS: Final = 50_000

#: The comment character, and its replacement in names: a reader would cut the line there.
_COMMENT: Final = "#"
_STAND_IN: Final = "＃"

#: Characters that control a terminal.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")

#: Where a formula could begin, and where an apostrophe is in front of one.
_FORMULA: Final = re.compile(r"((?:^|[,;|])[\s\"]*)('*[=+\-@＝＋－＠])")
_ESCAPED: Final = re.compile(r"((?:^|[,;|])[\s\"]*)'('*[=+\-@＝＋－＠])")

#: Events that the head lists.
_LISTED: Final = (
    *(EventKind.LOST, EventKind.RECONNECTED, EventKind.CLOCK_STEPPED, EventKind.POWER_ON),
    *(EventKind.PAUSED, EventKind.RESUMED, EventKind.DROPPED, EventKind.MARK, EventKind.NOTE),
)

#: Columns that are read besides the fields.
_READ: Final = {
    "unix_time": Column(Holds.TIME, 6, low=1),
    "meter": Column(Holds.METER),
    "interval_s": Column(Holds.INTERVAL, 6, low=1),
    "gap_s": Column(Holds.GAP, 6),
    **{field.column: field_column(i, DIGITS[i]) for i, field in enumerate(FIELDS)},
}

#: Columns of times, and fields whose names are not used by others.
_TIMES: Final = {"unix_time", "time"}
_OWN: Final = {f.column for f in (*FIELDS, INTEGRATED_ENERGY) if "_" in f.column}

#: The statement in the head about the offset of the column ``time``.
_OFFSET: Final = re.compile(r"# time zone: .* offset ([+-]\d\d):(\d\d)")

#: Words in the head that describe a meter, with their attributes of :class:`MeterInfo`.
_DETAILS: Final = {
    "model": "model",
    "firmware": "firmware",
    "serial number": "serial_number",
    "port": "port",
}


@dataclass(frozen=True, slots=True)
class Style:
    """Signs and times of a dialect."""

    delimiter: str
    point: str
    #: The beginning of the file.
    mark: str
    #: Times as ISO 8601 with their offset; otherwise in a form that spreadsheets recognize.
    iso_times: bool


STYLES: Final = {
    Dialect.STANDARD: Style(",", ".", "", True),
    Dialect.SPREADSHEET: Style(";", ",", "\ufeff", False),
    Dialect.SPREADSHEET_POINT: Style(",", ".", "\ufeff", False),
}


def write(job: ExportJob) -> Iterator[str]:
    """Make the text of a CSV."""
    style = STYLES[Dialect(job.dialect)]
    origin, offset = job.origin, first_offset(job)
    yield style.mark
    yield from head_lines(job, origin, offset)
    chosen = [i for i, field in enumerate(FIELDS) if not job.fields or field.name in job.fields]
    left_out = {field.column for i, field in enumerate(FIELDS) if i not in chosen}
    yield style.delimiter.join(name for name in COLUMNS if name not in left_out) + "\n"
    for part in job.parts:
        names = part.label, part.meter.info.serial_number
        rows = _RowWriter(style, [plain_text(name) for name in names], origin, offset, chosen)
        for chunk in job.chunks(part):
            yield from rows.lines(chunk)


def first_offset(job: ExportJob) -> timedelta:
    """Return the offset to UTC that local time has at the first sample."""
    first = [
        sample.time_us
        for part in job.parts
        for sample in islice(job.session.samples(part.meter.id, part.start, part.stop), 1)
    ]
    time = min(first, default=job.origin)
    local = datetime.fromtimestamp(time / MICROSECONDS, UTC).astimezone()
    return local.utcoffset() or timedelta()


def _offset_text(offset: timedelta) -> str:
    seconds = round(offset.total_seconds())
    hours, rest = divmod(abs(seconds), 3600)
    return f"{'-' if seconds < 0 else '+'}{hours:02d}:{rest // 60:02d}"


def iso_time(time: int, offset: timedelta) -> str:
    """Return a time in microseconds as local time of that offset, ISO 8601."""
    moment = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=time) + offset
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}{_offset_text(offset)}"


def plain_text(text: str) -> str:
    """Return a text that stays one text: no line ends, comments or formulas in it.

    A spreadsheet takes a cell that begins with ``=``, ``+``, ``-`` or ``@`` for a formula.
    It gets an apostrophe in front, also behind a delimiter; :func:`read_text` removes it.
    """
    plain = _CONTROL.sub(" ", text.replace(_COMMENT, _STAND_IN))
    return _FORMULA.sub(r"\1'\2", " ".join(unicode_text(plain).split()))


def read_text(cell: str) -> str:
    """Return the text that :func:`plain_text` made a cell of."""
    return _ESCAPED.sub(r"\1\2", cell)


# -- the head --


def head_lines(job: ExportJob, origin: int, offset: timedelta) -> Iterator[str]:
    """Make the lines before the header: a description, the meters, gaps, events and spans."""
    session = job.session
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
    for part in job.parts:
        yield from _meter_lines(part)
        for begin, end in session.gaps(part.meter.id, part.start, part.stop).tolist():
            first, last = (iso_time(round(one * MICROSECONDS), offset) for one in (begin, end))
            yield f"# gap of {plain_text(part.label)}: {first} to {last}, {end - begin:.3f} s\n"
    yield from _event_lines(session, job.parts, offset)
    yield from _span_lines(session, job.parts, offset)


def _meter_lines(part: Part) -> Iterator[str]:
    info, figures = part.meter.info, part.figures
    yield f"# meter: {plain_text(part.label)}\n"
    yield f"# model: {plain_text(info.model) or 'unknown'}\n"
    yield f"# firmware: {plain_text(info.firmware) or 'unknown'}\n"
    yield f"# serial number: {plain_text(info.serial_number) or 'unknown'}\n"
    yield f"# port: {plain_text(info.port)}\n"
    yield f"# interval: {info.interval:g} s\n"
    yield f"# samples: {figures.count}, covering {figures.duration_s:.6f} s\n"
    yield f"# gaps: {figures.gap_count}, {figures.gap_s:.6f} s in all, not counted as energy\n"
    yield (f"# energy: {figures.energy_wh:.6f} Wh, integrated: the sum of power_w x interval_s\n")
    yield (f"# energy error: {figures.energy_error_wh:.6f} Wh at most ({ERROR_RULE})\n")
    if figures.counter_wh == figures.counter_wh:
        yield f"# meter's own counter: moved by {figures.counter_wh:.1f} Wh\n"
    else:
        yield "# meter's own counter: not recorded\n"


def _event_lines(session: Session, parts: Sequence[Part], offset: timedelta) -> Iterator[str]:
    labels = {part.meter.id: plain_text(part.label) for part in parts}
    stop = max((part.stop for part in parts), default=None)
    start = parts[0].start if parts else None
    for one in session.events(_LISTED, start, stop):
        if one.meter_id is not None and one.meter_id not in labels:
            continue
        owner = f" of {labels[one.meter_id]}" if one.meter_id is not None else ""
        event = one.event
        text = f"{iso_time(event.time_us, offset)} {plain_text(event.text)}"
        yield f"# {event.kind}{owner}: {text}".rstrip() + "\n"


def _span_lines(session: Session, parts: Sequence[Part], offset: timedelta) -> Iterator[str]:
    labels = {part.meter.id: plain_text(part.label) for part in parts}
    for span in session.spans():
        shown = (part for part in parts if span.meter_id in (None, part.meter.id))
        if any(span.start_us < one.stop and span.stop_us > (one.start or 0) for one in shown):
            owner = f" of {labels[span.meter_id]}" if span.meter_id in labels else ""
            first, last = (iso_time(one, offset) for one in (span.start_us, span.stop_us))
            yield f"# span{owner}: {first} to {last} {plain_text(span.name)}".rstrip() + "\n"


# -- the rows --


class Texts(dict[WireValue, str]):
    """The text of each integer, cached since values repeat."""

    def __init__(self, scale: int, point: str, most: int = _TEXTS) -> None:
        super().__init__()
        self._most = most
        self._digits = len(str(scale)) - 1
        self._point = point

    def __missing__(self, value: WireValue) -> str:
        if len(self) > self._most:
            self.clear()
        text = decimal_text(value, self._digits, self._point)
        self[value] = text
        return text


class _RowWriter:
    """Makes the lines of one meter, many at a time."""

    def __init__(
        self,
        style: Style,
        names: Sequence[str],
        origin: int,
        offset: timedelta,
        chosen: Sequence[int],
    ) -> None:
        self._join = style.delimiter.join
        self._point = style.point
        self._label, self._serial_number = (quoted(name, style.delimiter) for name in names)
        self._origin = origin
        self._offset = offset // timedelta(microseconds=1)
        self._suffix = _offset_text(offset) if style.iso_times else ""
        self._form = "%Y-%m-%dT%H:%M:" if style.iso_times else "%Y-%m-%d %H:%M:"
        self._fields = [(i, Texts(FIELDS[i].scale, style.point)) for i in chosen]
        self._spans = Texts(MICROSECONDS, style.point)
        self._energy = 0

    def lines(self, rows: Sequence[SampleRow]) -> Iterator[str]:
        """Make the lines of samples."""
        time, interval, gap, *fields = zip(*rows, strict=True)
        columns = [
            *self._moments(time),
            repeat(self._label),
            *(map(texts.__getitem__, fields[index]) for index, texts in self._fields),
            self._energies(fields[FIELD_INDEX["power"]], interval),
            map(self._spans.__getitem__, interval),
            map(self._spans.__getitem__, gap),
            repeat(self._serial_number),
        ]
        for row in zip(*columns, strict=False):
            yield self._join(row) + "\n"

    def _moments(self, times: Sequence[int]) -> tuple[list[str], list[str], list[str]]:
        """Return local time, Unix time and elapsed time of each sample, in one pass."""
        point, suffix, offset, origin = self._point, self._suffix, self._offset, self._origin
        # Spreadsheets take a time with more decimals, or with an offset, for text.
        time_point, step, digits = (".", 1, 6) if suffix else (point, 1_000, 3)
        minute, prefix = -1, ""
        local, unix, elapsed = [], [], []
        for time in times:
            seconds, rest = divmod(time, MICROSECONDS)
            unix.append(f"{seconds}{point}{rest:06d}")
            seconds, rest = divmod(time + offset, MICROSECONDS)
            if seconds // 60 != minute:
                minute = seconds // 60
                prefix = f"{datetime.fromtimestamp(minute * 60, UTC):{self._form}}"
            local.append(f"{prefix}{seconds % 60:02d}{time_point}{rest // step:0{digits}d}{suffix}")
            seconds, rest = divmod(time - origin, MICROSECONDS)
            elapsed.append(f"{seconds}{point}{rest:06d}")
        return local, unix, elapsed

    def _energies(self, power: Sequence[WireValue], interval: Sequence[int]) -> list[str]:
        """Return the energy up to each sample, in Wh to the millionth, rounded once."""
        products = (
            min(watts, POWER_LIMIT) * span if watts else 0
            for watts, span in zip(power, interval, strict=True)
        )
        sums = list(accumulate(products, initial=self._energy))
        self._energy = sums[-1]
        point, unit = self._point, ENERGY_SCALE // 1_000_000
        rounded = ((energy + unit // 2) // unit for energy in sums[1:])
        return [f"{one // 1_000_000}{point}{one % 1_000_000:06d}" for one in rounded]


# -- reading --


def _names(lines: Sequence[str]) -> tuple[Style, tuple[str, ...]] | None:
    """Return the style of a file and the names of its columns; None if it is not ours."""
    for line in lines:
        if line.startswith(_COMMENT):
            continue
        for style in STYLES.values():
            names = tuple(name.strip().strip('"') for name in line.split(style.delimiter))
            if not _TIMES.isdisjoint(names) and not _OWN.isdisjoint(names):
                return style, names
        if line.strip():
            return None
    return None


def _recognises(head: Head) -> bool:
    return _names(head.lines) is not None


def read(source: Source) -> Iterator[Block]:
    """Yield the records of a CSV; what its head says about the meters goes to the source."""
    head = read_head(source.path)
    found = _names(head.lines)
    if found is None:
        return iter(())
    style, names = found
    source.meters.update(_meters(head.lines))

    unknown = [plain_text(name) or "a column without a name" for name in names]
    unknown = [name for name in unknown if name not in COLUMNS]
    if unknown:
        source.note(f"Columns that were left out: {', '.join(unknown)}")

    def cells(text: str) -> Sequence[str] | None:
        if text.startswith(_COMMENT):
            return None
        try:
            found = next(csv.reader([text], delimiter=style.delimiter))
        except (csv.Error, StopIteration):
            raise BrokenLine("not a line of a CSV") from None
        if tuple(found) == names:
            return None
        if "'" in text:
            found = [read_text(cell) for cell in found]
        return found

    columns = [_READ.get(name, Column(Holds.TEXT)) for name in names]
    form = None if "unix_time" in names else _time_form(head, style, names)
    if form is not None:
        columns[names.index("time")] = Column(Holds.MOMENT, parse=form.parse)
    blocks = read_table(source, Layout(columns, style.delimiter, cells, point=style.point))
    return blocks if form is None or form.has_zone else _in_utc(blocks, source, head)


def _time_form(head: Head, style: Style, names: Sequence[str]) -> TimeForm:
    """Return how the column ``time`` is written.

    Raises
    ------
    FormatError
        It cannot be read.
    """
    lines = [line for line in head.data_lines(_COMMENT)[:50] if style.delimiter in line]
    place = names.index("time")
    rows = [row for row in csv.reader(lines[1:], delimiter=style.delimiter) if len(row) > place]
    try:
        return time_form([row[place] for row in rows], "iso")
    except ValueError as error:
        raise FormatError(
            f"The column 'time' cannot be read: {error}",
            "Name the columns, and give the form of the times: `wattui import FILE --columns "
            "time=time,power=power_w --time-format '%d.%m.%Y %H:%M:%S'`.",
        ) from error


def _in_utc(blocks: Iterator[Block], source: Source, head: Head) -> Iterator[Block]:
    """Yield records whose times have no offset: by that of the head, else as local times."""
    found = next(filter(None, map(_OFFSET.match, head.lines)), None)
    if found is None:
        source.note("Its times have no offset: they were taken as local times")
        yield from LocalTimes(source.zone).converted(blocks)
        return
    hours, minutes = int(found[1]), int(found[2])
    offset = hours * 60 + (minutes if hours >= 0 and found[1][0] == "+" else -minutes)
    for block in blocks:
        if block.time is not None:
            block.time = block.time - offset * 60 * MICROSECONDS
        yield block


def _meters(lines: Sequence[str]) -> dict[str, MeterInfo]:
    """Return what the head says about the meters, by their labels."""
    meters: dict[str, MeterInfo] = {}
    label = ""
    for line in lines:
        name, _, value = line.removeprefix("# ").partition(": ")
        if not line.startswith("#"):
            break
        if name == "meter":
            label = read_text(value)
            meters[label] = MeterInfo(label, "", label)
        elif label and value != "unknown":
            if name in _DETAILS:
                details: dict[str, Any] = {_DETAILS[name]: read_text(value)}
                meters[label] = replace(meters[label], **details)
            elif name == "interval":
                meters[label] = replace(meters[label], interval=_interval(value))
    return {label: _named(label, info) for label, info in meters.items()}


def _interval(text: str) -> float:
    try:
        seconds = float(text.removesuffix(" s"))
    except ValueError:
        return 1.0
    return seconds if 0 < seconds < 1e6 else 1.0


def _named(label: str, info: MeterInfo) -> MeterInfo:
    """Add the meter's key, and its name unless the label was made of model and port."""
    known = replace(info, key=info.serial_number or info.port or label, name="")
    return known if known.label == label else replace(known, name=label)


FORMAT: Final = Format(
    name="csv",
    title="CSV from wattui",
    suffix=".csv",
    recognises=_recognises,
    read=read,
    write=write,
    dialects=tuple(STYLES),
    chooses_fields=True,
    several_meters=True,
    holds_replay=True,
    cannot_hold=("Marks, spans and other events are in its head, and are not read back",),
)
