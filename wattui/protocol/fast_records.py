# SPDX-License-Identifier: GPL-3.0-or-later
"""A faster way from bytes to records, for bytes that are only faultless records.

A capture or a read-out repeats ``#d,-,18,`` and numbers a hundred thousand times. Such a block
is recognized as a whole, with a few searches through its bytes, and its numbers are converted
by a compiled loop.  If there is any doubt, the block is left to the framer and the parser,
which alone define what a packet is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import repeat
from typing import Final

from wattui.measurement.fields import FIELD_COUNT, POWER_LIMIT, WIRE_MAXIMUM, WireValue
from wattui.measurement.sample import complete
from wattui.protocol.replies import Record

#: How a record begins, and the number of its fields: today's meters and older ones.
_FIELDS: Final = {b"#d,-,18,": FIELD_COUNT, b"#d,-,16,": 16}
_HEADER_SIZE: Final = 8

# A record without its digits and "_".
_SHAPE: Final = {fields: b"#d,-," + b"," * fields + b";" for fields in _FIELDS.values()}
_DIGITS: Final = b"0123456789_"

# Ten digits in a row may exceed four bytes, which the JSON reader would not notice.
# Ten zeros in a row may be part of a packet of any length.
_ZEROS: Final = bytes.maketrans(b"123456789", b"000000000")
_TEN_ZEROS: Final = b"0" * 10

# From this many bytes on, NumPy is faster than the JSON reader.
_MANY: Final = 1024

_Row = tuple[WireValue, ...]

_read_json = json.JSONDecoder().raw_decode


def clean_records(block: bytes) -> list[Record] | None:
    """Return the records in bytes that are nothing but faultless records.

    Parameters
    ----------
    block
        Bytes without control characters, up to and including a ``;``.

    Returns
    -------
    list of Record, or None
        What the framer and the parser would return; None if the block is anything
        but records with the same number of fields and no bytes between them.
    """
    header = block[:_HEADER_SIZE]
    fields = _FIELDS.get(header, 0)
    count = block.count(b"#")
    if not fields or block.translate(None, _DIGITS) != _SHAPE[fields] * count:
        return None
    # All marks and commas are in place.  So are the digits, if every record after the
    # first follows a ";" with its complete header.
    numbers = block[_HEADER_SIZE:-1].replace(b";" + header, b",")
    if len(numbers) != len(block) - (_HEADER_SIZE + 1) - (count - 1) * _HEADER_SIZE:
        return None
    many = len(numbers) >= _MANY and b"_" not in numbers
    rows = _by_numpy(numbers, fields) if many else _by_json(numbers, fields)
    if rows is None:
        return None
    if fields < FIELD_COUNT:
        return [Record(complete(row)) for row in rows]
    return list(map(Record, rows))


def _by_json(numbers: bytes, fields: int) -> Iterable[_Row] | None:
    """Convert digits, ``_`` and commas; return None if a number is not plain."""
    if _TEN_ZEROS in numbers.translate(_ZEROS):
        return None
    if b"_" in numbers:
        numbers = numbers.replace(b"_", b"null")
    try:
        # Refuses an empty argument, "1_8", and also "018", which the parser accepts.
        values = _read_json(f"[{numbers.decode('ascii')}]")[0]
    except ValueError:
        return None
    rows = list(zip(*[iter(values)] * fields, strict=True))
    if any((row[0] or 0) > POWER_LIMIT or row.count(None) == fields for row in rows):
        return None
    return rows


def _by_numpy(numbers: bytes, fields: int) -> Iterable[_Row] | None:
    """Convert digits and commas; return None if a number is missing or too large."""
    import numpy as np  # one live record per second does not need it

    # A comma at either end is a missing number, too.
    comma = np.frombuffer(b",%b," % numbers, dtype=np.uint8) == ord(",")
    if (comma[1:] & comma[:-1]).any() or _TEN_ZEROS in numbers:
        return None
    values = np.fromstring(numbers.decode("ascii"), dtype=np.int64, sep=",")
    if values.max() > WIRE_MAXIMUM:
        return None
    rows = values.reshape(-1, fields)
    if rows[:, 0].max() > POWER_LIMIT:
        return None
    # Most fields do not change for minutes: one integer serves all their records.
    first = rows[0].tolist()
    still = (rows == rows[0]).all(axis=0).tolist()
    columns = (
        repeat(first[i], len(rows)) if still[i] else rows[:, i].tolist() for i in range(fields)
    )
    return zip(*columns, strict=True)
