# SPDX-License-Identifier: GPL-3.0-or-later
"""One export of a session: its options and its progress."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from pathlib import Path
from typing import Final

from wattui.errors import Cancelled
from wattui.formats.reading.source import Progress
from wattui.measurement.fields import FIELDS, WireValue, require_fields
from wattui.session.reader import Session
from wattui.session.session_file import SessionMeter
from wattui.session.span_statistics import Statistics

#: A sample as :meth:`Session.rows` returns it: time, interval, gap, 18 fields.
SampleRow = tuple[int, ...]

#: Fields of each meter in a wide table, unless others are chosen.
WIDE_FIELDS: Final = ("power", "voltage", "current", "power_factor", "energy")

#: Samples between two reports of progress.
CHUNK: Final = 10_000

#: Lines that a spreadsheet can hold.
SHEET_LINES: Final = 1_048_576

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Dialect(StrEnum):
    """A variant of a format."""

    STANDARD = "standard"
    #: Decimal commas, as many countries use them, and times that a spreadsheet recognises.
    SPREADSHEET = "spreadsheet"
    #: Decimal points, and times that a spreadsheet recognises.
    SPREADSHEET_POINT = "spreadsheet-point"
    #: The name of each value in front of it.
    LABELS = "labels"
    #: JSON lines instead of CSV.
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Part:
    """One meter of an export."""

    meter: SessionMeter
    #: Its label; with its key if several meters have the same label.
    label: str
    start: int | None
    stop: int
    figures: Statistics


@dataclass
class ExportJob:
    """One export of a session."""

    session: Session
    #: The file.
    path: Path
    #: Ids of the meters; None for all of them.
    meters: Collection[int] | None = None
    #: Span in microseconds UTC (``start < time <= stop``); None for its beginning or end.
    start: int | None = None
    stop: int | None = None
    #: Variant of the format.
    dialect: Dialect | str = Dialect.STANDARD
    #: Time zone of local times in formats that do not name one; None is this machine's.
    zone: tzinfo | None = None
    #: Names of the fields to write; empty for those that the format usually has.
    fields: Sequence[str] = ()
    #: Seconds between two rows of a wide table; None for the least interval of the meters.
    interval: float | None = None
    #: Whether the file may replace another session.
    force: bool = False
    #: Called with the number of samples that are written, and of all samples.
    progress: Progress | None = None
    #: Called regularly; True ends the export.
    cancelled: Callable[[], bool] | None = None
    #: The meters that have samples.  Their ends are fixed: a session may be growing.
    parts: list[Part] = field(init=False)
    #: How many samples have been written.
    done: int = field(init=False, default=0)
    #: Lines that are written, those before the rows included.
    line_count: int = field(init=False, default=0)
    #: What was replayed, and how fast, where the file has no place for it; else empty.
    unsaid_replay: str = field(init=False, default="")
    #: Whether it is written as CSV.
    as_csv: bool = field(init=False, default=False)
    #: Rows that are written, where a row is not a sample.
    wide_rows: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        require_fields(self.fields)
        known = [one.id for one in self.session.meters]
        for one in self.meters or ():
            if one not in known:
                self.session.count(one)  # raises UnknownMeter
        self.parts = list(self._parts())
        self._total = sum(part.figures.count for part in self.parts)

    def _parts(self) -> Iterator[Part]:
        chosen = [
            one for one in self.session.meters if self.meters is None or one.id in self.meters
        ]
        labels = [one.info.label for one in chosen]
        for one in chosen:
            span = self.session.span_us([one.id])
            if span is None:
                continue
            label = one.info.label
            if labels.count(label) > 1:
                label = f"{label} ({one.info.key})"
            stop = span[1] if self.stop is None else min(self.stop, span[1])
            figures = self.session.statistics(one.id, self.start, stop)
            yield Part(one, label, self.start, stop, figures)

    @property
    def sheet_warning(self) -> str:
        """A sentence if the file has more lines than a spreadsheet can hold; else empty."""
        for_sheet = self.as_csv or self.path.suffix.lower() in (".csv", ".txt")
        if self.line_count <= SHEET_LINES or not for_sheet:
            return ""
        return f"Spreadsheets end at {SHEET_LINES:,} lines, and this file has {self.line_count:,}."

    @property
    def row_count(self) -> int:
        """Rows that are written: of samples, or of a wide table."""
        return self.wide_rows or self.done

    @property
    def origin(self) -> int:
        """Beginning of the session for these meters, in microseconds."""
        span = self.session.span_us(self.meters)
        return span[0] if span is not None else 0

    def chunks(self, part: Part, size: int = CHUNK) -> Iterator[Sequence[SampleRow]]:
        """Yield the samples of a meter, many at a time, and report the progress.

        Raises
        ------
        Cancelled
            *cancelled* returned True.
        """
        for rows in self.session.rows(part.meter.id, part.start, part.stop, size):
            self._end_if_cancelled()
            yield rows
            self.done += len(rows)
            if self.progress is not None:
                self.progress(self.done, self._total)
        # During the last samples it can be cancelled, too.
        self._end_if_cancelled()

    def _end_if_cancelled(self) -> None:
        if self.cancelled is not None and self.cancelled():
            raise Cancelled(f"The export to {self.path} was cancelled")

    def rows(self) -> Iterator[SampleRow]:
        """Yield the samples of all meters, one meter after the other."""
        for part in self.parts:
            for rows in self.chunks(part):
                yield from rows


def decimal_text(value: WireValue, digits: int, point: str = ".") -> str:
    """Return value / 10**digits, exactly; nothing for None."""
    if value is None:
        return ""
    if not digits:
        return str(value)
    whole, rest = divmod(abs(value), 10**digits)
    return f"{'-' if value < 0 else ''}{whole}{point}{rest:0{digits}d}"


def field_text(index: int, value: WireValue) -> str:
    """Return the value of a field in its base unit, exactly."""
    return decimal_text(value, len(str(FIELDS[index].scale)) - 1)


def float_text(value: WireValue, scale: float) -> str:
    """Return value / scale as Python writes a float: ``42.3``; nothing for None."""
    return "" if value is None else str(value / scale)


def local_text(time: int, zone: tzinfo | None = None) -> str:
    """Return a time as Python writes a local one: without microseconds if they are 0."""
    moment = _EPOCH + timedelta(microseconds=time)
    return str(moment.astimezone(zone).replace(tzinfo=None))
