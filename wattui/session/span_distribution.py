# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads how long a field had which value over a span: from the file's counts, and its edges.

What is not stored, or damaged, is read from samples: that takes longer, and returns the same.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import chain
from typing import Final

from wattui.measurement.distribution import Distribution, is_distributed, joined
from wattui.session.column_cache import ColumnCache
from wattui.session.schema import WIDTHS, count_levels
from wattui.session.span_statistics import Piece, pieces_of
from wattui.session.store import StoredMeter
from wattui.session.value_counts import count_samples, read_counts

#: Buckets of a level at one end of a span.
_FEW: Final = 4


def read_distribution(
    connection: sqlite3.Connection,
    meter: StoredMeter,
    name: str,
    span: tuple[int, int],
    cache: ColumnCache,
) -> Distribution:
    """Return how long a field had which value in a span: ``low <= time < high``.

    Raises
    ------
    ValueError
        The file has value counts that cannot be.
    """
    if not is_distributed(name) or meter.last is None:
        return Distribution(name)
    levels = count_levels(meter.first_level)

    def read(part: Piece) -> Sequence[Distribution]:
        if part[0] < 0:
            return [count_samples(connection, meter.id, name, *part[1:])]
        key = (meter.id, name, part)
        return cache.distributions(key, lambda: _from_counts(connection, meter, name, part))

    found = joined(name, chain.from_iterable(map(read, pieces_of(levels, *span, meter.last))))
    if not found.is_possible:
        raise ValueError("the value counts of a field cannot be")
    return found


def _from_counts(
    connection: sqlite3.Connection, meter: StoredMeter, name: str, part: Piece
) -> Sequence[Distribution]:
    """Read whole buckets; what is missing in them, from those of the level below."""
    level, low, high = part
    below = max((one for one in count_levels(meter.first_level) if one < level), default=-1)
    parts: list[Distribution] = []
    for bucket, found in read_counts(connection, meter.id, level, name, (low, high)):
        end = bucket + WIDTHS[level]
        if found is not None:
            parts.append(found)
        elif below >= 0:
            parts += _from_counts(connection, meter, name, (below, bucket, end))
        else:
            parts.append(count_samples(connection, meter.id, name, bucket, end))
    # A few are joined with those of other levels at once.
    return parts if len(parts) <= _FEW else [joined(name, parts)]
