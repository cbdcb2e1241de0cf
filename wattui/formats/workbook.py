# SPDX-License-Identifier: GPL-3.0-or-later
"""A workbook (.xlsx): a sheet of records, one of spans and notes, one about the session.

Numbers are numbers and times are times, in local time, so any spreadsheet computes with them.
XlsxWriter writes it in constant memory, which comes with the extra ``xlsx``.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from wattui import __version__
from wattui.formats.export_job import SHEET_LINES, ExportJob
from wattui.formats.file_format import Format
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.energy import ERROR_RULE
from wattui.measurement.events import EventKind
from wattui.measurement.fields import FIELD_INDEX, FIELDS, INTEGRATED_ENERGY, POWER_LIMIT
from wattui.measurement.replay_mark import REPLAY_OF
from wattui.measurement.text import printable
from wattui.session.span_figures import span_figures
from wattui.session.span_statistics import ENERGY_SCALE

_POWER: Final = FIELD_INDEX["power"]

#: The longest text of a cell.
_LONGEST: Final = 32_767

#: A cell: a text, a number, a time or nothing.
Cell = str | int | float | datetime | None

_SPANS: Final = (
    *("Span", "From", "To", "Energy Wh", "Error Wh", "Mean power W", "Error W", "Peak W"),
    *("Gaps s", "Meters"),
)
_METERS: Final = (
    *("Meter", "Model", "Firmware", "Serial number", "Port", "Records", "Recorded s", "Gaps"),
    *("Gaps s", "Energy Wh", "Error Wh", "Meter's counter Wh", "Mean power W", "Replay of"),
)


class _Book:
    """A workbook that is written row by row."""

    def __init__(self, path: Path) -> None:
        xlsxwriter: Any = importlib.import_module("xlsxwriter")
        options = {"constant_memory": True, "nan_inf_to_errors": True}
        self._book = xlsxwriter.Workbook(str(path), options)
        self._bold = self._book.add_format({"bold": True})
        self._time = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss.000"})
        self._sheet: Any = None
        self._row = 0

    def close(self) -> None:
        """Complete the file."""
        self._book.close()

    def begin(self, name: str, titles: Sequence[str]) -> None:
        """Begin a sheet."""
        self._sheet = self._book.add_worksheet(name)
        self._sheet.freeze_panes(1, 0)
        self._sheet.set_column(0, 0, 24)
        self._sheet.set_column(1, len(titles) - 1, 14)
        self._row = 0
        self.add(titles, self._bold)

    @property
    def is_full(self) -> bool:
        """Whether the sheet has as many rows as it can have."""
        return self._row >= SHEET_LINES

    def add(self, cells: Sequence[Cell], form: Any = None) -> None:
        """Write a row; a text never becomes a formula or a link."""
        for column, cell in enumerate(cells):
            if isinstance(cell, str) and cell:
                text = printable(cell)[:_LONGEST]
                self._sheet.write_string(self._row, column, text, form)
            elif isinstance(cell, datetime):
                self._sheet.write_datetime(self._row, column, cell, self._time)
            elif isinstance(cell, (int, float)) and not math.isnan(cell):
                self._sheet.write_number(self._row, column, cell)
        self._row += 1


def _local(time_us: int) -> datetime:
    return datetime.fromtimestamp(time_us / MICROSECONDS)


def write_file(job: ExportJob, path: Path) -> None:
    """Write records, then spans and notes, then what is known about the session."""
    book = _Book(path)
    try:
        _write_records(job, book)
        _write_notes(job, book)
        _write_about(job, book)
    finally:
        book.close()


def _write_records(job: ExportJob, book: _Book) -> None:
    """Write the samples; those that do not fit go on in a further sheet."""
    chosen = [i for i, field in enumerate(FIELDS) if not job.fields or field.name in job.fields]
    titles = [
        *("Time", "Meter", "Serial number"),
        *(FIELDS[i].title for i in chosen),
        *(INTEGRATED_ENERGY.title, "Interval s", "Gap s"),
    ]
    book.begin("Records", titles)
    sheets = 1
    for part in job.parts:
        energy, info = 0, part.meter.info
        for rows in job.chunks(part):
            for time, interval, gap, *values in rows:
                energy += min(values[_POWER] or 0, POWER_LIMIT) * interval
                if book.is_full:
                    sheets += 1
                    book.begin(f"Records {sheets}", titles)
                cells = [FIELDS[i].to_base(values[i]) for i in chosen]
                whole = round(energy / ENERGY_SCALE, 6)
                spans = (interval / MICROSECONDS, (gap or 0) / MICROSECONDS)
                book.add([_local(time), part.label, info.serial_number, *cells, whole, *spans])


def _write_notes(job: ExportJob, book: _Book) -> None:
    ids = [part.meter.id for part in job.parts]
    book.begin("Spans and notes", _SPANS)
    for one in span_figures(job.session, meters=ids):
        span = one.span
        book.add(
            [
                *(span.name, _local(span.start_us), _local(span.stop_us)),
                *(one.energy_wh, one.energy_error_wh, one.mean_w, one.mean_error_w, one.peak_w),
                *(one.gap_s, ", ".join(one.labels)),
            ]
        )
    book.add([])
    for found in job.session.events((EventKind.MARK, EventKind.NOTE)):
        event = found.event
        book.add([event.text, _local(event.time_us), str(event.kind)])


def _write_about(job: ExportJob, book: _Book) -> None:
    book.begin("About", _METERS)
    for part in job.parts:
        info, found = part.meter.info, part.figures
        book.add(
            [
                *(part.label, info.model, info.firmware, info.serial_number, info.port),
                *(found.count, found.duration_s, found.gap_count, found.gap_s, found.energy_wh),
                *(found.energy_error_wh, found.counter_wh, found.average_power_w, info.replay),
            ]
        )
    replay = job.session.info.get(REPLAY_OF)
    for text in (
        f"Exported by wattui {__version__} from {job.session.path.name}. Times are local times.",
        f"The error of an energy is at most {ERROR_RULE}.",
        *([f"This is a replay of {replay}, not a measurement."] if replay else []),
    ):
        book.add([text])


FORMAT: Final = Format(
    name="xlsx",
    title="workbook for spreadsheets",
    suffix=".xlsx",
    write_file=write_file,
    package="xlsxwriter",
    chooses_fields=True,
    several_meters=True,
    holds_replay=True,
    cannot_hold=("Times finer than a millisecond",),
)
