# SPDX-License-Identifier: GPL-3.0-or-later
"""What an import would do, before anything is written: its table, its records, its command."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from wattui.errors import FormatError
from wattui.formats.file_format import Missing
from wattui.formats.import_files import ImportResult, read_files
from wattui.formats.named_columns import FORMAT, guess, plan_of
from wattui.formats.reading.block import ABSENT
from wattui.formats.reading.column_choice import ColumnChoice
from wattui.formats.reading.source import Assumptions, Progress, read_head, shown_text
from wattui.formats.reading.table_shape import DECIMAL_NAMES, DELIMITER_NAMES, Table, table_of
from wattui.formats.reading.time_forms import AmbiguousTimes, TimeForm
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.energy import energy_error_wh, energy_wh
from wattui.measurement.events import Event, MeterInfo
from wattui.measurement.fields import FIELDS
from wattui.measurement.text import count_text, duration_text, energy_text

#: Records of each meter that a preview shows.
FIRST: Final = 5


@dataclass(frozen=True)
class TableLook:
    """How a table looks, and how it would be read."""

    table: Table
    #: What its columns hold: as given, or as guessed with the reasons.
    choices: tuple[ColumnChoice, ...]
    #: How its times are written; None if it has none, or they cannot be read.
    form: TimeForm | None
    #: The forms that its times may have, if that is not certain.
    forms: tuple[TimeForm, ...]
    #: What it does not contain.
    lacks: frozenset[Missing]
    #: Why it cannot be read so; None if it can.
    problem: FormatError | None


def look_at_table(path: Path, given: Assumptions) -> TableLook:
    """Return how a file looks as a table.

    Raises
    ------
    FormatError
        It cannot be read, or is not a table.
    """
    head = read_head(path)
    table = table_of(head, given)
    if table is None:
        raise FormatError(f"There is no table in {shown_text(path.name)}", "Choose another file.")
    choices = given.columns or guess(table, given.time_format)
    try:
        plan = plan_of(table, given)
    except FormatError as error:
        cause = error.__cause__
        forms = cause.forms if isinstance(cause, AmbiguousTimes) else ()
        return TableLook(table, choices, None, forms, frozenset(), error)
    lacks = FORMAT.lacks_in(head, given)
    return TableLook(table, plan.choices, plan.form, (), lacks, None)


def is_table(path: Path) -> bool:
    """Check whether a file is a table of text with at least one column of numbers."""
    try:
        head = read_head(path)
    except FormatError:
        return False
    if b"\0" in head.raw and not head.raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False
    table = table_of(head)
    return table is not None and any(map(table.is_numeric, range(table.width)))


# -- the records ---------------------------------------------------------------------


@dataclass
class MeterPreview:
    """The records of a meter that an import would write."""

    label: str
    count: int = 0
    #: Microseconds UTC: start of the first interval, and time of the last record.
    start: int = 0
    stop: int = 0
    #: Usual interval in microseconds.
    interval: int = 0
    gaps: int = 0
    #: Sum of the gaps, and of the intervals, in microseconds.
    missing: int = 0
    covered: int = 0
    energy_wh: float = 0.0
    #: The first records: time in microseconds UTC, and the values in base units by field.
    first: list[tuple[int, dict[str, float]]] = field(default_factory=list)
    #: Largest power in W.
    most_power: float = 0.0

    @property
    def error_wh(self) -> float:
        """Limit of error of the energy."""
        return energy_error_wh(self.energy_wh, self.covered / MICROSECONDS)


@dataclass(frozen=True)
class Preview:
    """What an import would write."""

    meters: tuple[MeterPreview, ...]
    result: ImportResult


class _Collector:
    """Takes the records of an import and keeps their figures."""

    def __init__(self) -> None:
        self.path = Path()
        self.meters: dict[str, MeterPreview] = {}

    def add(
        self,
        meter: MeterInfo,
        time: ArrayLike,
        interval: ArrayLike,
        values: ArrayLike,
        gap: ArrayLike,
        /,
    ) -> None:
        """Add records of a meter to its figures."""
        times, steps, gaps = (np.asarray(one, np.int64) for one in (time, interval, gap))
        table = np.asarray(values, np.int64)
        power = np.where(table[:, 0] == ABSENT, np.nan, table[:, 0] / FIELDS[0].scale)
        one = self.meters.setdefault(meter.key, MeterPreview(meter.label))
        if not one.count:
            one.start = int(times[0] - steps[0])
        for moment, row in zip(times[:FIRST].tolist(), table[:FIRST].tolist(), strict=True):
            if len(one.first) < FIRST:
                found = {
                    known.name: value / known.scale
                    for known, value in zip(FIELDS, row, strict=True)
                    if value != ABSENT
                }
                one.first.append((moment, found))
        one.count += len(times)
        one.stop = int(times[-1])
        one.interval = one.interval or int(np.median(steps))
        one.gaps += int((gaps > 0).sum())
        one.missing += int(gaps.sum())
        one.covered += int(steps.sum())
        one.energy_wh += energy_wh(power, steps / MICROSECONDS)
        if not np.isnan(power).all():
            one.most_power = max(one.most_power, float(np.nanmax(power)))

    def add_event(self, _event: Event, _meter: MeterInfo | None = None) -> None:
        """Ignore an event; the notes are in the result."""

    def set_info(self, _name: str, _value: str) -> None:
        """Ignore information about the session."""


def preview_files(
    paths: Iterable[Path | str],
    assumptions: Assumptions | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Preview:
    """Return what :func:`wattui.formats.import_files.import_files` would write.

    Raises
    ------
    FormatError, Cancelled
        As there.
    """
    collector = _Collector()
    result = read_files(paths, collector, assumptions, progress, cancelled)
    return Preview(tuple(collector.meters.values()), result)


def figures_text(meter: MeterPreview) -> str:
    """Return how many records there are, from when to when, and their energy."""
    start, stop = (f"{_local(one):%Y-%m-%d %H:%M:%S}" for one in (meter.start, meter.stop))
    gaps = count_text(meter.gaps, "gap")
    if meter.gaps:
        gaps += f" of {duration_text(meter.missing / MICROSECONDS)} together" * (meter.gaps > 1)
        gaps += f" of {duration_text(meter.missing / MICROSECONDS)}" * (meter.gaps == 1)
    energy = energy_text(meter.energy_wh, meter.error_wh)
    return (
        f"{count_text(meter.count, 'record')} from {start} to {stop}, "
        f"every {duration_text(meter.interval / MICROSECONDS)}, {gaps}, {energy}, "
        f"at most {meter.most_power:,.1f} W"
    )


def record_rows(meter: MeterPreview) -> tuple[list[str], list[list[str]]]:
    """Return the first records as a table: the names of its columns, and its rows."""
    known = {one.name: one for one in FIELDS}
    names = [name for name in known if any(name in values for _, values in meter.first)]
    heads = [f"{known[name].label} {known[name].unit}".rstrip() for name in names]
    rows = []
    for time, values in meter.first:
        cells = [known[name].format(values[name]) if name in values else "" for name in names]
        rows.append([f"{_local(time):%Y-%m-%d %H:%M:%S.%f}"[:-3], *cells])
    return ["Time", *heads], rows


def _local(time: int) -> datetime:
    return datetime.fromtimestamp(time / MICROSECONDS, UTC).astimezone()


# -- the command line ----------------------------------------------------------------


def command_line(paths: Sequence[Path], given: Assumptions) -> str:
    """Return the command that imports files as given, for a shell."""
    words = ["wattui", "import", *(shown_text(os.fspath(path)) for path in paths)]
    if given.columns:
        words += ["--columns", ",".join(map(str, given.columns))]
    if given.time_format:
        words += ["--time-format", given.time_format]
    if given.delimiter:
        words += ["--delimiter", _name_of(given.delimiter, DELIMITER_NAMES)]
    if given.decimal:
        words += ["--decimal", _name_of(given.decimal, DECIMAL_NAMES)]
    if given.header is not None:
        words += ["--header", str(given.header)]
    if given.interval is not None:
        words += ["--interval", f"{given.interval:g}"]
    if given.start is not None:
        moment = datetime.fromtimestamp(given.start / MICROSECONDS, UTC)
        words += ["--start", f"{moment.astimezone(given.zone):%Y-%m-%d %H:%M:%S}"]
    if given.zone is not None:
        words += ["--zone", str(given.zone)]
    if given.meter:
        words += ["--meter", given.meter]
    return shlex.join(words)


def _name_of(sign: str, names: dict[str, str]) -> str:
    return next((name for name, one in names.items() if one == sign), sign)
