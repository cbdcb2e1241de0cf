# SPDX-License-Identifier: GPL-3.0-or-later
"""Stores what sums up the buckets of time that new samples have completed."""

from __future__ import annotations

import sqlite3

import numpy as np

from wattui.session.schema import SEAL_LEVEL, WIDTHS
from wattui.session.summary import (
    checksums,
    concatenate,
    insert_seals,
    merge,
    read_rows,
    read_samples,
    write_rows,
)
from wattui.session.value_counts import close_counts


def close_buckets(
    connection: sqlite3.Connection, meter: int, first_level: int, old: int, new: int
) -> None:
    """Store the summaries, checksums and value counts of all buckets completed since *old*.

    Must be part of the transaction of the samples.

    Parameters
    ----------
    old, new
        Time of the meter's last sample before and now, in microseconds.
    """
    rows, below = None, -1
    begin = new
    for level in range(first_level, len(WIDTHS)):
        width = WIDTHS[level]
        low, high = old // width * width, new // width * width
        if low >= high:
            # Wider buckets contain this one, so they are not complete either.
            break
        # Rows of the level below: those that this call made, and earlier ones in the file.
        stored = read_rows(connection, meter, below, low, min(begin, high))
        if rows is not None:
            ready = rows[: int(np.searchsorted(rows.bucket, high))]
            stored = concatenate([stored, ready])
        rows, begin, below = merge(stored, width), low, level
        write_rows(connection, meter, level, rows)
    width = WIDTHS[SEAL_LEVEL]
    low, high = old // width * width, new // width * width
    if low < high:
        insert_seals(connection, meter, checksums(read_samples(connection, meter, low, high)))
        close_counts(connection, meter, first_level, old, new)
