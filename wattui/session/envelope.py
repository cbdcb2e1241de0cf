# SPDX-License-Identifier: GPL-3.0-or-later
"""The data of a plot: at most two points per pixel column, whatever the span.

Time is cut into columns on a grid that does not move with the view, so that a scrolling
curve does not shimmer.  Each column shows its minimum, maximum and mean.  SQLite finds
them in the samples, or in the coarsest summaries whose buckets fit into a column.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.fields import FIELD_INDEX, FIELDS, INTEGRATED_ENERGY, POWER_LIMIT
from wattui.session.column_cache import ColumnCache, Columns
from wattui.session.schema import WIDTHS
from wattui.session.span_statistics import ENERGY_SCALE, Piece, pieces
from wattui.session.summary import SAMPLE_ACTIVE, SAMPLE_APPARENT

Floats = NDArray[np.float64]

_ENERGY: Final = INTEGRATED_ENERGY.name
#: A line is interrupted if more than this many intervals have passed without a sample or a gap:
#: a clock that was set forward leaves such a hole between two samples.
_HOLE: Final = 3

#: Its mean is energy divided by apparent energy.
_FACTOR: Final = "power_factor"
_FACTOR_SCALE: Final = FIELDS[FIELD_INDEX[_FACTOR]].scale

_SAMPLE_ENERGY: Final = f"COALESCE(min(power, {POWER_LIMIT}), 0) * interval"


@dataclass(frozen=True, slots=True)
class Envelope:
    """Polylines of a span, over the same times; NaN breaks a line at a gap.

    Each sample is a point where there is room for all of them.  Otherwise each column has
    two points in its middle, its minimum and its maximum; :meth:`means` has its mean.
    """

    #: Seconds since 1970, UTC, (n,); never decreases.
    time: Floats
    #: Values in base units by name, each (n,).
    value: Mapping[str, Floats]
    #: Width of a column in seconds; 0 if every sample is a point.
    column: float = 0.0
    #: Means of the columns by name, each (n,) and the same at both points of a column;
    #: none if every sample is a point.
    mean: Mapping[str, Floats] = field(default_factory=dict)

    def means(self, name: str) -> tuple[Floats, Floats]:
        """Return times and means, one point per column, broken at the same gaps."""
        if name not in self.mean:
            return self.time, self.value[name]
        first = np.diff(self.time, prepend=-np.inf) > 0
        return self.time[first], self.mean[name][first]

    def __len__(self) -> int:
        return len(self.time)


@dataclass(frozen=True, slots=True)
class View:
    """A part of one meter's recording, and the width at which it is drawn."""

    meter: int
    names: tuple[str, ...]
    #: Start and end in microseconds.
    start: int
    stop: int
    pixels: int
    #: Seconds between two records, if known.
    interval: float
    first_level: int
    #: Time of the meter's last sample, in microseconds.
    last: int


def column_width(span: int, pixels: int) -> int:
    """Return the width of a column in microseconds: at least a pixel's, in steps of 1/16.

    Spans that differ only by rounding get the same width, and so the same grid.
    """
    exact = max(1, -(-span // max(1, pixels)))
    step = 1 << max(0, exact.bit_length() - 5)
    return -(-exact // step) * step


def envelope(
    connection: sqlite3.Connection, view: View, cache: ColumnCache | None = None
) -> Envelope:
    """Return the data in view and its neighbours just outside; in one read transaction."""
    width = column_width(view.stop - view.start, view.pixels)
    level = _level(width, view.first_level)
    if level < 0 and view.stop - view.start <= 2 * view.pixels * view.interval * MICROSECONDS:
        exact = _exact(connection, view)
        if exact is not None:
            return exact
    return _reduced(connection, view, width, level, cache or ColumnCache())


def _level(width: int, first_level: int) -> int:
    for level in range(len(WIDTHS) - 1, first_level - 1, -1):
        if WIDTHS[level] <= width:
            return level
    return -1


def _neighbours(connection: sqlite3.Connection, view: View) -> tuple[int, int]:
    """Return the times of the samples just outside the view, or else of its ends."""
    (before,) = connection.execute(
        "SELECT max(time) FROM sample WHERE meter=? AND time<=?", (view.meter, view.start)
    ).fetchone()
    (after,) = connection.execute(
        "SELECT min(time) FROM sample WHERE meter=? AND time>=?", (view.meter, view.stop)
    ).fetchone()
    return view.start if before is None else before, view.stop if after is None else after


def _fields(view: View) -> list[str]:
    return [name for name in view.names if name != _ENERGY]


def _energy_before(connection: sqlite3.Connection, view: View, low: int) -> int:
    """Return the energy of all samples before *low*, in the file's unit."""
    total = 0
    for level, begin, end in pieces(0, low, view.last, view.first_level):
        # Added up in Python: years do not fit into SQLite's 64 bits.
        if level < 0:
            found = connection.execute(
                f"SELECT {_SAMPLE_ENERGY} FROM sample WHERE meter=? AND time>=? AND time<?",
                (view.meter, begin, end),
            ).fetchall()
        else:
            found = connection.execute(
                "SELECT energy FROM summary WHERE meter=? AND level=? AND bucket>=? AND bucket<?",
                (view.meter, level, begin, end),
            ).fetchall()
        total += sum(row[0] for row in found)
    return total


def _exact(connection: sqlite3.Connection, view: View) -> Envelope | None:
    """Return each sample as a point; None if there are more than two per column."""
    low, high = _neighbours(connection, view)
    names = _fields(view)
    columns = ", ".join(["time", "interval", "gap", _SAMPLE_ENERGY, *names])
    limit = 2 * view.pixels + 2
    rows = connection.execute(
        f"SELECT {columns} FROM sample WHERE meter=? AND time>=? AND time<=? ORDER BY time LIMIT ?",
        (view.meter, low, high, limit + 1),
    ).fetchall()
    if len(rows) > limit:
        return None
    table = np.array(rows, dtype=np.float64).reshape(len(rows), 4 + len(names))
    time = table[:, 0] / MICROSECONDS
    value = {
        name: table[:, 4 + index] / FIELDS[FIELD_INDEX[name]].scale
        for index, name in enumerate(names)
    }
    if _ENERGY in view.names:
        before = _energy_before(connection, view, low)
        value[_ENERGY] = (before + np.cumsum(table[:, 3])) / ENERGY_SCALE
    ends, interval, gap = table[:, 0], table[:, 1], np.nan_to_num(table[:, 2])
    hole = np.diff(ends, prepend=ends[:1]) - interval - gap
    usual = np.maximum(interval, view.interval * MICROSECONDS)
    breaks = np.flatnonzero((gap > 0) | (hole > _HOLE * usual))
    missing = gap[breaks] + np.maximum(hole[breaks], 0)
    middle = (ends[breaks] - interval[breaks] - missing / 2) / MICROSECONDS
    return _broken(time, value, breaks, middle, 0.0)


def _parts(view: View, level: int, low: int, high: int) -> list[Piece]:
    """Divide a span into summaries as far as possible, then finer ones, then samples."""
    parts: list[Piece] = []
    for one in (*range(level, view.first_level - 1, -1), -1):
        end = high if one < 0 else min(high, view.last // WIDTHS[one] * WIDTHS[one])
        if low < end:
            parts.append((one, low, end))
            low = end
    return parts


def _sum(name: str) -> str:
    """Return what a sample adds to the numerator of a mean, in SQL."""
    return f"{_FACTOR_SCALE} * ({SAMPLE_ACTIVE})" if name == _FACTOR else name


def _count(name: str) -> str:
    """Return what a sample adds to the denominator."""
    return SAMPLE_APPARENT if name == _FACTOR else f"{name} IS NOT NULL"


def _bucket_sum(name: str) -> str:
    """Return what a bucket adds to the numerator; see :data:`wattui.session.schema.PAIR`."""
    return f"{_FACTOR_SCALE}.0 * active" if name == _FACTOR else f"sum_{name}"


def _bucket_count(name: str) -> str:
    """Return what a bucket adds to the denominator."""
    return "apparent" if name == _FACTOR else f"n_{name}"


def _part_query(view: View, part: Piece, names: Sequence[str]) -> tuple[str, tuple[int, ...]]:
    """Return the query of one part: middle, energy; minimum, maximum, sum, count of fields."""
    level, low, high = part
    if level < 0:
        columns = ["time AS t", f"{_SAMPLE_ENERGY} AS e"]
        columns += [
            f"{name} AS l{i}, {name} AS h{i}, {_sum(name)} AS s{i}, {_count(name)} AS n{i}"
            for i, name in enumerate(names)
        ]
        return (
            f"SELECT {', '.join(columns)} FROM sample WHERE meter=? AND time>=? AND time<?",
            (view.meter, low, high),
        )
    columns = [f"bucket + {WIDTHS[level] // 2} AS t", "energy AS e"]
    columns += [
        f"low_{name} AS l{i}, high_{name} AS h{i},"
        f" {_bucket_sum(name)} AS s{i}, {_bucket_count(name)} AS n{i}"
        for i, name in enumerate(names)
    ]
    return (
        f"SELECT {', '.join(columns)} FROM summary"
        " WHERE meter=? AND level=? AND bucket>=? AND bucket<?",
        (view.meter, level, low, high),
    )


def _reduced(
    connection: sqlite3.Connection, view: View, width: int, level: int, cache: ColumnCache
) -> Envelope:
    """Return the minimum, maximum and mean of each column."""
    low, high = _neighbours(connection, view)
    # Whole columns: one that the view's edge cuts must not change as the view scrolls.
    found = _columns(connection, view, width, level, (low // width - 1, high // width + 2), cache)
    names = _fields(view)
    after = found.before + np.cumsum(found.table[:, 1])
    seen = _seen(found.table[:, 0], view, width)
    table, after = found.table[seen], after[seen]
    column = table[:, 0]
    # Both points are in the middle: their order within the column is not known.
    time = np.repeat((column + 0.5) * width / MICROSECONDS, 2)
    value, mean = {}, {}
    for index, name in enumerate(names):
        low_high, total = table[:, 2 + 4 * index : 4 + 4 * index], table[:, 4 + 4 * index]
        scale = FIELDS[FIELD_INDEX[name]].scale
        value[name] = low_high.ravel() / scale
        count = np.where(table[:, 5 + 4 * index] > 0, table[:, 5 + 4 * index], np.nan)
        mean[name] = np.repeat(total / count, 2) / scale
        if name == _FACTOR:
            mean[name] = np.minimum(mean[name], 1.0)
    if _ENERGY in view.names:
        value[_ENERGY] = np.column_stack((after - table[:, 1], after)).ravel() / ENERGY_SCALE
        mean[_ENERGY] = np.repeat(after - table[:, 1] / 2, 2) / ENERGY_SCALE
    parts = _parts(view, level, found.first * width, found.end * width)
    breaks, middle = _column_breaks(connection, view, parts, width, column)
    return _broken(time, value, 2 * breaks, middle, width / MICROSECONDS, mean)


def _columns(
    connection: sqlite3.Connection,
    view: View,
    width: int,
    level: int,
    wanted: tuple[int, int],
    cache: ColumnCache,
) -> Columns:
    """Return the columns from the first that is wanted until the last, cached or read."""
    first, end = wanted
    grid = (view.meter, view.names, width, level)
    known = cache.columns(grid)
    if known is not None and known.first <= first <= known.end:
        known = known.part(first, end)
        if known.end < end:
            known = known.joined(_read_columns(connection, view, width, level, known.end, end))
    else:
        known = _read_columns(connection, view, width, level, first, end)
        if _ENERGY in view.names:
            before = _energy_before(connection, view, _begin(first, width, level))
            known = Columns(known.first, known.end, known.table, float(before))
    # The last sample's column may still change; with summaries, the one of its bucket.
    over = view.last + 1 if level < 0 else view.last // WIDTHS[level] * WIDTHS[level]
    if first < over // width:
        cache.put(grid, known.part(first, over // width))
    return known


def _begin(first: int, width: int, level: int) -> int:
    """Return where the samples of a column begin: a bucket belongs where its middle is."""
    if level < 0:
        return first * width
    bucket: int = WIDTHS[level]
    return -(-(first * width - bucket // 2) // bucket) * bucket


def _read_columns(
    connection: sqlite3.Connection, view: View, width: int, level: int, first: int, end: int
) -> Columns:
    """Read the columns from *first* until *end*."""
    names = _fields(view)
    parts = _parts(view, level, _begin(first, width, level), end * width)
    if not parts:
        return Columns(first, end, np.empty((0, 2 + 4 * len(names))))
    queries = [_part_query(view, part, names) for part in parts]
    columns = [f"t / {width} AS c", "total(e)"]
    columns += [f"min(l{i}), max(h{i}), total(s{i}), total(n{i})" for i in range(len(names))]
    source = " UNION ALL ".join(query for query, _ in queries)
    rows = connection.execute(
        f"SELECT {', '.join(columns)} FROM ({source}) GROUP BY c ORDER BY c",
        [value for _, values in queries for value in values],
    ).fetchall()
    table = np.array(rows, dtype=np.float64).reshape(len(rows), 2 + 4 * len(names))
    return Columns(first, end, table)


def _seen(column: Floats, view: View, width: int) -> slice:
    """Return the columns in view and the next one on either side."""
    middle = (column + 0.5) * width
    first = int(np.searchsorted(middle, view.start, side="right")) - 1
    return slice(max(0, first), int(np.searchsorted(middle, view.stop)) + 1)


def _column_breaks(
    connection: sqlite3.Connection,
    view: View,
    parts: Sequence[Piece],
    width: int,
    column: Floats,
) -> tuple[NDArray[np.intp], Floats]:
    """Find the columns before which the line ends: a gap reaches into an earlier one."""
    found: list[tuple[int, int]] = []
    for level, low, high in parts:
        # The middle of the bucket decides on the column, as it does for its values.
        where = "{0}" if level < 0 else f"({{0}} / {WIDTHS[level]} * 2 + 1) * {WIDTHS[level] // 2}"
        begin = where.format("(time - interval - gap)")
        rows = connection.execute(
            f"SELECT {where.format('time')} / {width} AS c, min({begin}) / {width} AS b"
            " FROM sample WHERE meter=? AND time>=? AND time<? AND gap IS NOT NULL"
            " GROUP BY c HAVING b < c ORDER BY c",
            (view.meter, low, high),
        ).fetchall()
        found += rows
    after = np.array([row[0] for row in found], dtype=np.float64)
    # Two parts may meet in one column.
    place = np.unique(np.searchsorted(column, after))
    place = np.union1d(place, _clock_steps(connection, view, width, column, place)).astype(np.intp)
    place = place[(place > 0) & (place < len(column))]
    middle = (column[place - 1] + column[place] + 1) / 2 * width / MICROSECONDS
    return place, middle


def _clock_steps(
    connection: sqlite3.Connection,
    view: View,
    width: int,
    column: Floats,
    known: NDArray[np.intp],
) -> list[int]:
    """Find the columns before which a clock was set forward: some before them are empty."""
    empty = (np.diff(column) - 1) * width
    places = np.flatnonzero(empty > _HOLE * view.interval * MICROSECONDS) + 1
    found = []
    for place in np.setdiff1d(places, known).tolist():
        # There is no sample that far from the columns on either side.
        middle = int((column[place - 1] + column[place] + 1) / 2 * width)
        (before,) = connection.execute(
            "SELECT max(time) FROM sample WHERE meter=? AND time<?", (view.meter, middle)
        ).fetchone()
        after = connection.execute(
            "SELECT time, interval FROM sample WHERE meter=? AND time>=? ORDER BY time LIMIT 1",
            (view.meter, middle),
        ).fetchone()
        if before is not None and after is not None:
            time, interval = after
            if time - interval - before > _HOLE * interval:
                found.append(place)
    return found


def _broken(
    time: Floats,
    value: dict[str, Floats],
    breaks: NDArray[np.intp],
    middle: Floats,
    column: float,
    mean: Mapping[str, Floats] | None = None,
) -> Envelope:
    """Put a point without values before each of *breaks*."""
    inside = breaks > 0
    breaks, middle = breaks[inside], middle[inside]
    if not len(breaks):
        return Envelope(time, value, column, mean or {})
    return Envelope(
        np.insert(time, breaks, middle),
        {name: np.insert(values, breaks, np.nan) for name, values in value.items()},
        column,
        {name: np.insert(values, breaks, np.nan) for name, values in (mean or {}).items()},
    )
