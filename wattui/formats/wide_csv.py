# SPDX-License-Identifier: GPL-3.0-or-later
"""Our CSV in its wide form: one row per time, with separate columns for each meter.

The times are a grid, and each record goes to the nearest row.  Meters are not synchronized to
the millisecond: if the record before has taken the nearest row, the record goes to the next
one, provided that it is less than three quarters of a row away.  Otherwise both share a row.
No record is left out, and the sums agree with the session's: in a shared row the power is the
mean over the time of its records and ``interval_s`` their sum, so that the sum of power times
interval is the energy; the other fields are those of the record nearest to the row's time.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from wattui.formats.csv_file import (
    STYLES,
    Style,
    Texts,
    first_offset,
    head_lines,
    iso_time,
    plain_text,
)
from wattui.formats.export_job import (
    WIDE_FIELDS,
    Dialect,
    ExportJob,
    Part,
    SampleRow,
    decimal_text,
)
from wattui.formats.file_format import Format
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.fields import FIELD_INDEX, FIELDS, INTEGRATED_ENERGY, POWER_LIMIT, Field
from wattui.session.span_statistics import ENERGY_SCALE

#: Columns of a row before those of the meters, and of each meter behind its fields.
TIME_COLUMNS: Final = ("time", "unix_time", "elapsed_s")
MORE_COLUMNS: Final = (INTEGRATED_ENERGY.column, "interval_s", "gap_s")

#: Between the name of a column and that of its meter.
SEPARATOR: Final = "__"

#: Samples of a meter that are held in memory; many meters are read in parallel.
_CHUNK: Final = 1_000
#: How many texts of one field are cached, for each meter.
_TEXTS: Final = 2_000

_POWER: Final = FIELD_INDEX["power"]
_POWER_FIELD: Final = FIELDS[_POWER]
#: Decimals of a mean power, in W: a record may stand for days.
_MEAN_DIGITS: Final = 9
#: Decimals of an energy, in Wh.
_ENERGY_DIGITS: Final = 6


def write(job: ExportJob) -> Iterator[str]:
    """Make the text of a CSV with columns for each meter.

    Raises
    ------
    UnknownField
        There is no field of a name.
    ValueError
        The interval is not greater than 0.
    """
    chosen = [FIELDS[FIELD_INDEX[name]] for name in job.fields or WIDE_FIELDS]
    parts = [part for part in job.parts if part.figures.count]
    names = column_names(parts)
    style = STYLES[Dialect(job.dialect)]
    grid = _Grid(_step(parts, job.interval), first_offset(job), job.origin, style)
    yield style.mark
    yield from head_lines(job, grid.origin, grid.offset)
    yield from _explanation(parts, names, grid.step)
    yield style.delimiter.join(_header(chosen, names)) + "\n"
    yield from _lines(job, parts, grid, chosen)


def _step(parts: Sequence[Part], interval: float | None) -> int:
    """Return the distance of two rows in microseconds."""
    if interval is None:
        interval = min((part.meter.info.interval for part in parts), default=1.0) or 1.0
    step = round(interval * MICROSECONDS)
    if step <= 0:
        raise ValueError(f"an interval of {interval} s")
    return step


def column_names(parts: Sequence[Part]) -> list[str]:
    """Return a short name for each meter that is safe in the name of a column.

    Letters, digits and single underscores, from its name, serial number or port.
    """
    names: list[str] = []
    for part in parts:
        info = part.meter.info
        plain = info.name or info.serial_number or info.port.rpartition("/")[2] or info.key
        plain = "".join(c if c.isalnum() else " " for c in plain)
        stem = name = "_".join(plain.split()) or f"meter_{part.meter.id}"
        number = 2
        while name in names:
            name = f"{stem}_{number}"
            number += 1
        names.append(name)
    return names


def _header(fields: Sequence[Field], names: Sequence[str]) -> list[str]:
    columns = [*(one.column for one in fields), *MORE_COLUMNS]
    return [*TIME_COLUMNS, *(f"{column}{SEPARATOR}{name}" for name in names for column in columns)]


def _explanation(parts: Sequence[Part], names: Sequence[str], step: int) -> Iterator[str]:
    seconds = decimal_text(step, 6).rstrip("0").rstrip(".")
    yield f"# wide form: a row every {seconds} s; each record is in the row nearest to its time\n"
    yield "# columns end in the meter's name behind two underscores\n"
    for part, name in zip(parts, names, strict=True):
        where = plain_text(part.meter.info.port)
        yield f"# columns of {name}: {plain_text(part.label)} at {where}\n"
    yield "# empty: the meter has no record there; a time without records has no row\n"
    yield (
        "# if records share a row, power_w is their mean over time, interval_s and gap_s are "
        "sums, and the other fields are those of the nearest record\n"
    )
    yield (
        "# for each meter, the sum of power_w x interval_s / 3600 is its energy in Wh, and so is "
        "its last integrated_energy_wh\n"
    )


@dataclass(frozen=True, slots=True)
class _Grid:
    """The rows' times: multiples of *step* on the clock of the file's offset."""

    step: int
    offset: timedelta
    origin: int
    style: Style
    #: Of the local clock, in microseconds.
    shift: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shift", self.offset // timedelta(microseconds=1))

    def nearest(self, time: int) -> int:
        """Return the number of the row nearest to a time in microseconds."""
        return (time + self.shift + self.step // 2) // self.step

    def time(self, row: int) -> int:
        """Return the time of a row in microseconds UTC."""
        return row * self.step - self.shift

    def texts(self, row: int) -> tuple[str, str, str]:
        """Return local time, Unix time and elapsed time of a row."""
        point = self.style.point
        time = self.time(row)
        if self.style.iso_times:
            local_text = iso_time(time, self.offset)
        else:
            local = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=time) + self.offset
            local_text = f"{local:%Y-%m-%d %H:%M:%S}{point}{local.microsecond // 1000:03d}"
        return (
            local_text,
            decimal_text(time, 6, point),
            decimal_text(time - self.origin, 6, point),
        )


class _Stream:
    """One meter's records, in rows."""

    def __init__(self, grid: _Grid, fields: Sequence[Field]) -> None:
        self._grid = grid
        point = grid.style.point
        self._point = point
        self._cells = [(FIELD_INDEX[one.name], Texts(one.scale, point, _TEXTS)) for one in fields]
        self._spans = Texts(MICROSECONDS, point, _TEXTS)
        self._energy = 0

    def rows(self, chunks: Iterator[Sequence[SampleRow]]) -> Iterator[tuple[int, list[str]]]:
        """Yield number and cells of each row in which there is a record."""
        sharing: list[SampleRow] = []
        last: int | None = None
        for chunk in chunks:
            for sample in chunk:
                row = self._row_of(sample, last)
                if last is not None and row != last:
                    yield last, self._texts(last, sharing)
                    sharing = []
                sharing.append(sample)
                last = row
        if last is not None:
            yield last, self._texts(last, sharing)

    def _row_of(self, sample: SampleRow, last: int | None) -> int:
        grid, (time, interval) = self._grid, sample[:2]
        row = grid.nearest(time)
        if last is None or row > last:
            return row
        # With about one record per row: leave a taken row, so that jitter leaves no holes.
        moves_on = 4 * (grid.time(last + 1) - time) < 3 * grid.step
        return last + 1 if moves_on and 2 * interval > grid.step else last

    def _texts(self, row: int, samples: Sequence[SampleRow]) -> list[str]:
        goal = self._grid.time(row)
        nearest = samples[0]
        if len(samples) > 1:
            nearest = min(samples, key=lambda sample: abs(sample[0] - goal))
        interval = sum(sample[1] for sample in samples)
        energy = sum(min(sample[3 + _POWER] or 0, POWER_LIMIT) * sample[1] for sample in samples)
        self._energy += energy
        cells = [texts[nearest[3 + index]] for index, texts in self._cells]
        if len(samples) > 1:
            for number, (index, _) in enumerate(self._cells):
                if index == _POWER:
                    cells[number] = self._mean(samples, energy, interval)
        unit = ENERGY_SCALE // 10**_ENERGY_DIGITS
        millionths = (self._energy + unit // 2) // unit
        cells.append(decimal_text(millionths, _ENERGY_DIGITS, self._point))
        cells.append(decimal_text(interval, 6, self._point))
        cells.append(self._spans[sum(sample[2] for sample in samples)])
        return cells

    def _mean(self, samples: Sequence[SampleRow], energy: int, interval: int) -> str:
        """Return the mean power of a shared row."""
        if interval == 0 or all(sample[3 + _POWER] is None for sample in samples):
            return ""
        scale = 10**_MEAN_DIGITS
        mean = (energy * scale // _POWER_FIELD.scale * 2 + interval) // (2 * interval)
        return decimal_text(mean, _MEAN_DIGITS, self._point)


def _lines(
    job: ExportJob, parts: Sequence[Part], grid: _Grid, fields: Sequence[Field]
) -> Iterator[str]:
    """Make a line for each time at which there is a record; holds a few records per meter."""
    streams = [_Stream(grid, fields).rows(job.chunks(part, _CHUNK)) for part in parts]
    empty = [""] * (len(fields) + len(MORE_COLUMNS))
    join = grid.style.delimiter.join
    heads = [next(stream, None) for stream in streams]
    waiting = [(head[0], number) for number, head in enumerate(heads) if head is not None]
    heapq.heapify(waiting)
    while waiting:
        row = waiting[0][0]
        cells = [empty] * len(streams)
        while waiting and waiting[0][0] == row:
            number = waiting[0][1]
            head = heads[number]
            assert head is not None
            cells[number] = head[1]
            head = heads[number] = next(streams[number], None)
            if head is None:
                heapq.heappop(waiting)
            else:
                heapq.heapreplace(waiting, (head[0], number))
        texts = [text for meter in cells for text in meter]
        job.wide_rows += 1
        yield join((*grid.texts(row), *texts)) + "\n"


FORMAT: Final = Format(
    name="wide-csv",
    title="CSV from wattui with columns for each meter",
    suffix=".csv",
    write=write,
    dialects=tuple(STYLES),
    chooses_fields=True,
    several_meters=True,
    holds_replay=True,
    cannot_hold=(
        "The times of the records: each is in the row nearest to its time",
        "All values of records that share a row",
    ),
)
