# SPDX-License-Identifier: GPL-3.0-or-later
"""Our CSV in its wide form: one row a time, with columns of its own for each meter.

The times are a grid, and each record goes to the nearest row.  Meters do not keep step
to the millisecond: where the nearest row is taken by the record before, the record goes
to the next one, if that is less than three quarters of a row away.  Otherwise both share
a row.  No record is left out, and the sums agree with the session's: in a shared row the
power is the mean over the records' time and ``interval_s`` their sum, so that the sum of
power times interval is the energy; the other fields are those of the record nearest to
the row's time.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from wattui.desktop.atomic_file import draft
from wattui.errors import Cancelled
from wattui.formats.csv_file import (
    DIALECTS,
    Dialect,
    Part,
    Progress,
    Texts,
    decimal_text,
    first_time,
    head_lines,
    iso_time,
    parts_of,
    plain_text,
    utc_offset,
)
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.fields import FIELD_INDEX, FIELDS, INTEGRATED_ENERGY, Field
from wattui.session.reader import Session
from wattui.session.span_statistics import ENERGY_SCALE
from wattui.session.summary import POWER_LIMIT

#: Fields of each meter unless others are named.
DEFAULT_FIELDS: Final = ("power", "voltage", "current", "power_factor", "energy")

#: Columns of a row before those of the meters, and of each meter behind its fields.
TIME_COLUMNS: Final = ("time", "unix_time", "elapsed_s")
MORE_COLUMNS: Final = (INTEGRATED_ENERGY.column, "interval_s", "gap_s")

#: Between the name of a column and that of its meter.
SEPARATOR: Final = "__"

#: Samples of a meter that are held at a time; many meters are read side by side.
_CHUNK: Final = 1_000
#: Texts of one field that are kept for the next row, of each meter.
_TEXTS: Final = 2_000
#: Rows between two reports of progress.
_ROWS: Final = 1_000

_POWER: Final = FIELD_INDEX["power"]
_POWER_FIELD: Final = FIELDS[_POWER]
#: Decimals of a mean power, in W: a record may stand for days.
_MEAN_DIGITS: Final = 9
#: Decimals of an energy, in Wh.
_ENERGY_DIGITS: Final = 6

#: A sample as :meth:`Session.rows` gives it: time, interval, gap, 18 fields.
_Sample = tuple[int, ...]


def write_wide_csv(
    session: Session,
    path: Path | str,
    *,
    meters: Collection[int] | None = None,
    fields: Sequence[str] = DEFAULT_FIELDS,
    start: int | None = None,
    stop: int | None = None,
    interval: float | None = None,
    dialect: str = "standard",
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> int:
    """Write samples of a session as CSV with columns for each meter; give how many rows.

    The file has its name only when it is whole; memory stays flat.

    Parameters
    ----------
    meters
        Ids of the meters; all of them for None.
    fields
        Names of the fields; energy, interval and gap are always there.
    start, stop
        Span in microseconds UTC (``start < time <= stop``); None is the begin or end.
    interval
        Seconds between two rows; None for the least interval of the meters.
    dialect
        ``standard`` or ``spreadsheet``.
    progress
        Called with the samples written and all samples.
    cancelled
        Asked now and then; once it says yes, nothing is left of the file.

    Raises
    ------
    KeyError
        There is no field of a name.
    ValueError
        The interval is not greater than nought.
    Cancelled, DiskRefused, SessionDamaged
        As :func:`wattui.formats.csv_file.write_csv`.
    """
    chosen = [FIELDS[FIELD_INDEX[name]] for name in fields]
    parts = [part for part in parts_of(session, meters, start, stop) if part.figures.count]
    step = _step(parts, interval)
    span = session.span(meters)
    origin = span[0] if span is not None else 0
    offset = utc_offset(first_time(parts, session, origin))
    manner = DIALECTS[dialect]
    names = column_names(parts)
    writer = _Rows(session, parts, _Grid(step, offset, origin, manner), chosen)
    goal = Path(path)
    total = sum(part.figures.count for part in parts)
    with draft(goal, manner.encoding) as file:
        file.writelines(head_lines(session, parts, origin, offset))
        file.writelines(_explanation(parts, names, step))
        file.write(manner.delimiter.join(_header(chosen, names)) + "\n")
        count = 0
        for line in writer.lines():
            file.write(line)
            count += 1
            if count % _ROWS == 0:
                _look_up(goal, writer.done, total, progress, cancelled)
        _look_up(goal, writer.done, total, progress, cancelled)
    return count


def _look_up(
    goal: Path,
    done: int,
    total: int,
    progress: Progress | None,
    cancelled: Callable[[], bool] | None,
) -> None:
    if cancelled is not None and cancelled():
        raise Cancelled(f"The export to {goal} was cancelled")
    if progress is not None:
        progress(done, total)


def _step(parts: Sequence[Part], interval: float | None) -> int:
    """Give the distance of two rows in microseconds."""
    if interval is None:
        interval = min((part.meter.info.interval for part in parts), default=1.0) or 1.0
    step = round(interval * MICROSECONDS)
    if step <= 0:
        raise ValueError(f"an interval of {interval} s")
    return step


def column_names(parts: Sequence[Part]) -> list[str]:
    """Give a short name for each meter that is safe in the name of a column.

    Letters, digits and single underscores; what people call it, else its serial number,
    else its port.
    """
    names: list[str] = []
    for part in parts:
        info = part.meter.info
        plain = info.name or info.serial_number or info.port.rpartition("/")[2] or info.key
        kept = "".join(c if c.isalnum() else " " for c in plain)
        stem = name = "_".join(kept.split()) or f"meter_{part.meter.id}"
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
    seconds = decimal_text(step, MICROSECONDS, 6, ".").rstrip("0").rstrip(".")
    yield f"# wide form: a row every {seconds} s; each record is in the row nearest to its time\n"
    yield "# columns end in the meter's name behind two underscores\n"
    for part, name in zip(parts, names, strict=True):
        where = plain_text(part.meter.info.port)
        yield f"# columns of {name}: {part.label} at {where}\n"
    yield "# empty: the meter has no record there; a time without any record has no row\n"
    yield (
        "# where records share a row, power_w is their mean over time, interval_s and gap_s "
        "are sums, and the other fields those of the nearest record\n"
    )
    yield (
        "# sums agree: of each meter, the sum of power_w x interval_s / 3600 is its energy, "
        "and so is its last integrated_energy_wh\n"
    )


@dataclass(frozen=True, slots=True)
class _Grid:
    """The rows' times: multiples of *step* on the clock of the file's offset."""

    step: int
    offset: timedelta
    origin: int
    dialect: Dialect
    #: Of the local clock, in microseconds.
    shift: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shift", self.offset // timedelta(microseconds=1))

    def nearest(self, time: int) -> int:
        """Give the number of the row nearest to a time in microseconds."""
        return (time + self.shift + self.step // 2) // self.step

    def time(self, row: int) -> int:
        """Give the time of a row in microseconds UTC."""
        return row * self.step - self.shift

    def texts(self, row: int) -> tuple[str, str, str]:
        """Give local time, Unix time and elapsed time of a row."""
        point = self.dialect.point
        time = self.time(row)
        if self.dialect.iso_times:
            told = iso_time(time, self.offset)
        else:
            local = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=time) + self.offset
            told = f"{local:%Y-%m-%d %H:%M:%S}{point}{local.microsecond:06d}"
        return (
            told,
            decimal_text(time, MICROSECONDS, 6, point),
            decimal_text(time - self.origin, MICROSECONDS, 6, point),
        )


class _Stream:
    """One meter's records, in rows."""

    def __init__(self, grid: _Grid, fields: Sequence[Field]) -> None:
        self._grid = grid
        point = grid.dialect.point
        self._point = point
        self._cells = [(FIELD_INDEX[one.name], Texts(one.scale, point, _TEXTS)) for one in fields]
        self._spans = Texts(MICROSECONDS, point, _TEXTS)
        self._energy = 0

    def rows(self, chunks: Iterator[list[_Sample]]) -> Iterator[tuple[int, int, list[str]]]:
        """Give number, count of records, and cells of each row in which there is a record."""
        sharing: list[_Sample] = []
        last: int | None = None
        for chunk in chunks:
            for sample in chunk:
                row = self._row_of(sample, last)
                if last is not None and row != last:
                    yield last, len(sharing), self._texts(last, sharing)
                    sharing = []
                sharing.append(sample)
                last = row
        if last is not None:
            yield last, len(sharing), self._texts(last, sharing)

    def _row_of(self, sample: _Sample, last: int | None) -> int:
        grid, (time, interval) = self._grid, sample[:2]
        row = grid.nearest(time)
        if last is None or row > last:
            return row
        # About one record a row: a taken one is passed on, so that jitter leaves no holes.
        passed_on = 4 * (grid.time(last + 1) - time) < 3 * grid.step
        return last + 1 if passed_on and 2 * interval > grid.step else last

    def _texts(self, row: int, samples: Sequence[_Sample]) -> list[str]:
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
        cells.append(decimal_text(millionths, 10**_ENERGY_DIGITS, _ENERGY_DIGITS, self._point))
        cells.append(decimal_text(interval, MICROSECONDS, 6, self._point))
        cells.append(self._spans[sum(sample[2] for sample in samples)])
        return cells

    def _mean(self, samples: Sequence[_Sample], energy: int, interval: int) -> str:
        """Give the mean power of a shared row."""
        if interval == 0 or all(sample[3 + _POWER] is None for sample in samples):
            return ""
        scale = 10**_MEAN_DIGITS
        mean = (energy * scale // _POWER_FIELD.scale * 2 + interval) // (2 * interval)
        return decimal_text(mean, scale, _MEAN_DIGITS, self._point)


class _Rows:
    """Puts the meters' rows side by side; holds a few records of each."""

    def __init__(
        self, session: Session, parts: Sequence[Part], grid: _Grid, fields: Sequence[Field]
    ) -> None:
        self._session = session
        self._parts = parts
        self._grid = grid
        self._fields = fields
        #: Samples that were put into rows.
        self.done = 0

    def lines(self) -> Iterator[str]:
        """Give a line for each time at which there is a record."""
        streams = [
            _Stream(self._grid, self._fields).rows(
                self._session.rows(part.meter.id, part.start, part.stop, _CHUNK)
            )
            for part in self._parts
        ]
        empty = [""] * (len(self._fields) + len(MORE_COLUMNS))
        join = self._grid.dialect.delimiter.join
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
                self.done += head[1]
                cells[number] = head[2]
                head = heads[number] = next(streams[number], None)
                if head is None:
                    heapq.heappop(waiting)
                else:
                    heapq.heapreplace(waiting, (head[0], number))
            texts = [text for meter in cells for text in meter]
            yield join((*self._grid.texts(row), *texts)) + "\n"
