# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines that are JSON objects, one a record, of one meter or several that take turns."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from wattui.formats.reading.block import ABSENT, Block, Integers
from wattui.formats.reading.source import Source
from wattui.formats.reading.text_table import BrokenLine, Row, read_line

#: Makes a record of an object.  Raises BrokenLine.
ReadObject = Callable[[dict[str, Any]], Row]


def read_objects(source: Source, make: ReadObject) -> Iterator[Block]:
    """Give the records of a file of JSON lines, meter by meter within each block."""

    def slow(text: str) -> Row | None:
        if text.startswith("#"):
            return None
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            raise BrokenLine("no JSON") from None
        if not isinstance(found, dict):
            raise BrokenLine("no JSON object")
        return make(found)

    for lines in source.lines():
        meters: dict[str, list[Row]] = {}
        texts = lines.data.decode("utf-8", "replace").split("\n")
        for number, text in enumerate(texts[:-1], lines.first):
            row = read_line(source, number, text, slow)
            if row is not None:
                meters.setdefault(row.meter, []).append(row)
        for name, rows in meters.items():
            yield rows_block(name, rows)


def rows_block(meter: str, rows: list[Row]) -> Block:
    """Make a block of records."""
    fields = sorted(
        {index for row in rows for index, value in row.values.items() if value != ABSENT}
    )
    columns = {
        index: np.array([row.values.get(index, ABSENT) for row in rows], np.int64)
        for index in fields
    }
    if not columns:
        columns = {0: np.full(len(rows), ABSENT, np.int64)}

    def times(values: list[int | None]) -> Integers | None:
        return None if None in values else np.array(values, np.int64)

    return Block(
        meter,
        columns,
        times([row.time for row in rows]),
        times([row.interval for row in rows]),
        times([row.gap for row in rows]),
    )
