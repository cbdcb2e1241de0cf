# SPDX-License-Identifier: GPL-3.0-or-later
"""Exact figures of any span, from the summaries and the samples at its two edges.

A sample belongs to a span when its interval ends within it: ``start < time <= stop``.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.distribution import Distribution
from wattui.measurement.energy import average_power, average_power_error, energy_error_wh
from wattui.measurement.fields import (
    CHANNEL,
    FIELD_INDEX,
    FIELDS,
    INTEGRATED_ENERGY,
    require_fields,
)
from wattui.measurement.text import count_text, counter_text, energy_text, is_number, power_text
from wattui.session.column_cache import ColumnCache
from wattui.session.schema import TOTALS, WIDTHS
from wattui.session.store import StoredMeter
from wattui.session.summary import (
    ABSENT,
    SAMPLE_ACTIVE,
    SAMPLE_APPARENT,
    Rows,
    concatenate,
    merge,
    read_rows,
)

#: One Wh in the file's unit of energy, 0.1 W × µs.
ENERGY_SCALE: Final = INTEGRATED_ENERGY.scale

_ENERGY: Final = TOTALS.index("energy")

#: The most samples of a part that are read where its summaries do not have the apparent energy.
_MOST_SAMPLES: Final = 300_000

#: A part of a span at one level (-1: samples): level, begin and end; a half-open range.
Piece = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class FieldStatistics:
    """One field over a span, in its base unit; NaN if it has no values."""

    #: Records that have a value.
    count: int = 0
    #: Mean of these values (of the power: energy divided by time; of the power factor: energy
    #: divided by apparent energy, NaN if that is not known), lowest and highest.  If the interval
    #: of the records changed, :meth:`Statistics.mean_over_time` differs from it.
    mean: float = math.nan
    low: float = math.nan
    high: float = math.nan
    #: Times of the first records with the lowest and the highest value, in microseconds since
    #: 1970, UTC; only of the fields whose times were asked for.
    low_us: int | None = None
    high_us: int | None = None


@dataclass(frozen=True, slots=True)
class Statistics:
    """Energy, counts and fields of one meter over a span.

    Energy is the sum of power times interval of the records.  Nothing is counted in a gap.
    """

    #: Records.
    count: int = 0
    #: Time covered by the records, in s.
    duration_s: float = 0.0
    #: Of that, the time of the records that have a power, in s.
    powered_s: float = 0.0
    #: Time that is missing, in s.
    gap_s: float = 0.0
    #: Number of gaps.
    gap_count: int = 0
    #: Energy summed from the records' power, in Wh.
    energy_wh: float = 0.0
    #: Limit of its error, in Wh: 1.5 % of it and 0.3 W for its duration (operator's manual).
    energy_error_wh: float = 0.0
    #: How far the meter's own counter moved, in Wh; NaN if it sent no value.
    counter_wh: float = math.nan
    #: Fields that have values, by name.
    fields: Mapping[str, FieldStatistics] = field(default_factory=dict)

    @property
    def average_power_w(self) -> float:
        """Energy divided by the time of the records that have a power, in W; NaN without any."""
        return average_power(self.energy_wh, self.powered_s)

    @property
    def average_power_error_w(self) -> float:
        """Limit of error of :attr:`average_power_w`, in W: 1.5 % of it and 0.3 W."""
        return average_power_error(self.average_power_w)

    def mean_over_time(self, spread: Distribution) -> float:
        """Return a field's mean over time, of its distribution over the same span.

        Of the power factor it is energy divided by apparent energy, as without a distribution.
        """
        name = spread.name
        return self.fields[name].mean if name == "power_factor" else spread.mean

    def why_counter_differs(self) -> str:
        """Return how far the meter's own counter and the energy are apart, and why."""
        counter, energy = self.counter_wh, self.energy_wh
        if not is_number(counter):
            return "The meter sent no value of its own counter."
        if not energy or round(counter - energy, 1) == 0:
            return "The meter's own counter agrees with the energy to 0.1 Wh, its step."
        share = f"{abs(counter / energy - 1) * 100:.1f} % {'more' if counter > energy else 'less'}"
        moved = f"The meter's own counter moved {counter_text(counter)}, {share} than the energy."
        if self.gap_count:
            return (
                f"{moved} It also counts in gaps, where the energy counts nothing, and moves in "
                "steps of 0.1 Wh."
            )
        return f"{moved} It moves in steps of 0.1 Wh and counts too little at low power."

    def __str__(self) -> str:
        """Return the figures in one line: ``1,792 samples, 1 gap, 20.99 ± 0.46 Wh, ...``."""
        parts = [count_text(self.count, "sample"), count_text(self.gap_count, "gap")]
        if self.powered_s:
            parts.append(energy_text(self.energy_wh, self.energy_error_wh))
            mean = power_text(self.average_power_w, self.average_power_error_w)
            parts.append(f"mean power {mean}")
        return ", ".join(parts)

    def __getitem__(self, name: str) -> FieldStatistics:
        """Return a field's figures; NaN if it has no values.

        Raises
        ------
        UnknownField
            There is no field of that name.
        """
        require_fields([name], CHANNEL)
        return self.fields.get(name, FieldStatistics())


def pieces(low: int, high: int, last: int, first_level: int) -> list[Piece]:
    """Cut ``low <= time < high`` into spans at the coarsest levels of summaries that fit."""
    return pieces_of(range(first_level, len(WIDTHS)), low, high, last)


def pieces_of(levels: Sequence[int], low: int, high: int, last: int) -> list[Piece]:
    """Cut ``low <= time < high`` into spans at the coarsest of *levels* that fit, in order.

    Of each level only the buckets before *last*, the meter's last sample, are stored.
    """
    left: list[Piece] = []
    right: list[Piece] = []
    reached = -1
    for level in levels:
        width = WIDTHS[level]
        begin = -(-low // width) * width
        end = min(high // width, last // width) * width
        if begin >= end:
            break
        left.append((reached, low, begin))
        right.append((reached, end, high))
        low, high, reached = begin, end, level
    parts = [*left, (reached, low, high), *reversed(right)]
    return [part for part in parts if part[1] < part[2]]


@dataclass(frozen=True, slots=True)
class Sum:
    """A span, summed up."""

    #: One row; none for an empty span.
    row: Rows
    #: Energy in 0.1 W × µs; years of it do not fit into the row's 64 bits.
    energy: int
    #: Energy divided by apparent energy, of the records that have both; NaN if not known.
    power_factor: float = math.nan


def read_span(
    connection: sqlite3.Connection, meter: int, parts: list[Piece], cache: ColumnCache | None = None
) -> Sum:
    """Sum up all of the parts, which lie before the meter's last sample or end with it."""
    cache = cache or ColumnCache()

    def read(part: Piece) -> Rows:
        if part[0] < 0:
            # They are few, and change with each redraw of a moving view.
            return read_rows(connection, meter, *part)
        return cache.sum_of((meter, part), lambda: _read_summaries(connection, meter, part))

    rows = [read(part) for part in parts]
    if not rows:
        return Sum(read_rows(connection, meter, -1, 0, 0), 0)
    energy = sum(sum(one.sums[:, _ENERGY].tolist()) for one in rows)
    pairs = [pair for one in rows for pair in one.pair.tolist()]
    return Sum(merge(concatenate(rows), None), energy, _power_factor(pairs))


def _power_factor(pairs: list[list[int]]) -> float:
    """Return energy divided by apparent energy; NaN if they are not known."""
    if not pairs or any(ABSENT in pair for pair in pairs):
        return math.nan
    active, apparent = (sum(pair[column] for pair in pairs) for column in (0, 1))
    # At low power the current is read too low.
    return min(active / apparent, 1.0) if apparent else math.nan


def _read_summaries(connection: sqlite3.Connection, meter: int, part: Piece) -> Rows:
    """Read a part; what the first version did not store is computed from its samples."""
    rows = read_rows(connection, meter, *part)
    if part[0] < 0 or not np.any(rows.pair == ABSENT) or rows.sums[:, 0].sum() > _MOST_SAMPLES:
        return rows
    found = connection.execute(
        f"SELECT CAST(total({SAMPLE_ACTIVE}) AS INTEGER),"
        f" CAST(total({SAMPLE_APPARENT}) AS INTEGER) FROM sample"
        " WHERE meter=? AND time>=? AND time<?",
        (meter, *part[1:]),
    ).fetchone()
    pair = np.zeros_like(rows.pair)
    pair[0] = found
    return replace(rows, pair=pair)


def statistics(span: Sum) -> Statistics:
    """Return the figures of a span from its sum."""
    row = span.row
    if not len(row):
        return Statistics()
    totals = dict(zip(TOTALS, row.sums[0, : len(TOTALS)].tolist(), strict=True))
    counts, sums = row.sums[0, len(TOTALS) :].reshape(2, len(FIELDS)).tolist()
    fields = {}
    for index, one in enumerate(FIELDS):
        if counts[index]:
            fields[one.name] = FieldStatistics(
                counts[index],
                sums[index] / counts[index] / one.scale,
                int(row.low[0, index]) / one.scale,
                int(row.high[0, index]) / one.scale,
            )
    if "power_factor" in fields:
        fields["power_factor"] = replace(fields["power_factor"], mean=span.power_factor)
    energy = span.energy / ENERGY_SCALE
    powered = totals["powered"] / MICROSECONDS
    if "power" in fields:
        fields["power"] = replace(fields["power"], mean=average_power(energy, powered))
    has_counter = row.counter[0, 0] != ABSENT
    return Statistics(
        totals["count"],
        totals["interval"] / MICROSECONDS,
        powered,
        totals["gap"] / MICROSECONDS,
        totals["gap_count"],
        energy,
        energy_error_wh(energy, powered),
        int(row.counter[0, 2]) / 10 if has_counter else math.nan,
        fields,
    )


def with_times(
    connection: sqlite3.Connection,
    meter: StoredMeter,
    parts: list[Piece],
    found: Statistics,
    names: Collection[str],
) -> Statistics:
    """Return the statistics of a span with the times of some fields' extremes."""
    fields = dict(found.fields)
    for name in fields.keys() & set(names):
        one, scale = fields[name], FIELDS[FIELD_INDEX[name]].scale
        low, high = (
            _first_time(connection, meter, parts, (kind, name, round(value * scale)))
            for kind, value in (("low", one.low), ("high", one.high))
        )
        fields[name] = replace(one, low_us=low, high_us=high)
    return replace(found, fields=fields)


def _first_time(
    connection: sqlite3.Connection,
    meter: StoredMeter,
    parts: list[Piece],
    sought: tuple[str, str, int],
) -> int | None:
    """Return the time of the first record with an extreme, by way of the summaries with it."""
    kind, name, value = sought
    for level, low, high in parts:
        table, column, key = (
            ("sample", name, "time") if level < 0 else ("summary", f"{kind}_{name}", "bucket")
        )
        (found,) = connection.execute(
            f"SELECT min({key}) FROM {table} WHERE meter=? AND {column}=? AND {key}>=? AND {key}<?"
            + (" AND level=?" if level >= 0 else ""),
            (meter.id, value, low, high, *([level] if level >= 0 else [])),
        ).fetchone()
        if found is None:
            continue
        if level < 0:
            return int(found)
        below = level - 1 if level > meter.first_level else -1
        return _first_time(connection, meter, [(below, found, found + WIDTHS[level])], sought)
    return None
