# SPDX-License-Identifier: GPL-3.0-or-later
"""The short way for what nearly all bytes of a meter are: records without a fault.

A capture or a read-out is a hundred thousand times ``#d,-,18,`` and numbers.  Such
a stretch is recognised as a whole, by a few searches through its bytes, and its
numbers are converted by a loop that is compiled.  What is not recognised beyond
doubt is left to the framer and the parser, so that there is one truth about what a
packet is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from itertools import repeat
from typing import Final

from wattui.measurement.fields import FIELD_COUNT, WIRE_MAXIMUM, WireValue
from wattui.measurement.sample import complete
from wattui.protocol.replies import Record

#: How a record begins, by the number of its fields: today's and the older meters'.
_FIELDS: Final = {b"#d,-,18,": FIELD_COUNT, b"#d,-,16,": 16}
_HEADER_SIZE: Final = 8

#: One record of today's meters with its line end, as it comes every second.
_ONE: Final = re.compile(rb"#d,-,18,([0-9]{1,9}" + rb",[0-9]{1,9}" * 17 + rb");[\0\r\n]*")
_LONGEST_ONE: Final = _HEADER_SIZE + FIELD_COUNT * 10 + 8

# What is left of a record without digits and "_".
_SHAPE: Final = {fields: b"#d,-," + b"," * fields + b";" for fields in _FIELDS.values()}
_DIGITS: Final = b"0123456789_"

# Ten digits in a row may be more than four bytes hold: not for the reader of JSON.
# Ten zeros in a row may be a packet of any length.
_ZEROS: Final = bytes.maketrans(b"123456789", b"000000000")
_TEN_ZEROS: Final = b"0" * 10

# From so many bytes on NumPy is ahead of the reader of JSON.
_MANY: Final = 1024

_Row = tuple[WireValue, ...]

_read_json = json.JSONDecoder().raw_decode


def clean_record(data: bytes) -> Record | None:
    """Make a record of bytes that are one faultless record of 18 fields and its line end.

    None where they are anything else, or may be.
    """
    match = _ONE.fullmatch(data) if len(data) <= _LONGEST_ONE else None
    if match is None:
        return None
    try:
        return Record(_read_json(f"[{match[1].decode('ascii')}]")[0])
    except ValueError:  # "018" is a number to the parser
        return None


def clean_records(block: bytes) -> list[Record] | None:
    """Make records of bytes that are nothing but faultless records.

    Parameters
    ----------
    block
        Bytes without control characters, up to and including a ``;``.

    Returns
    -------
    list of Record, or None
        What the framer and the parser would make of the block; None where it is
        anything else than records of one kind, without a byte between them.
    """
    header = block[:_HEADER_SIZE]
    fields = _FIELDS.get(header, 0)
    count = block.count(b"#")
    if not fields or block.translate(None, _DIGITS) != _SHAPE[fields] * count:
        return None
    # All marks and commas are where they belong.  The digits are, too, if every
    # record but the first follows a ";" with its header whole.
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
    """Convert digits, ``_`` and commas; None where a number is not plain."""
    if _TEN_ZEROS in numbers.translate(_ZEROS):
        return None
    if b"_" in numbers:
        numbers = numbers.replace(b"_", b"null")
    try:
        # Refuses an empty argument, "1_8", and also "018", which the parser takes.
        values = _read_json(f"[{numbers.decode('ascii')}]")[0]
    except ValueError:
        return None
    return zip(*[iter(values)] * fields, strict=True)


def _by_numpy(numbers: bytes, fields: int) -> Iterable[_Row] | None:
    """Convert digits and commas; None where a number is missing or too large."""
    import numpy as np  # not for the live record a second, which has no need of it

    # A comma at either end is a missing number, too.
    comma = np.frombuffer(b",%b," % numbers, dtype=np.uint8) == ord(",")
    if (comma[1:] & comma[:-1]).any() or _TEN_ZEROS in numbers:
        return None
    values = np.fromstring(numbers.decode("ascii"), dtype=np.int64, sep=",")
    if values.max() > WIRE_MAXIMUM:
        return None
    rows = values.reshape(-1, fields)
    # Most fields stand still for minutes: one integer will do for all their records.
    first = rows[0].tolist()
    still = (rows == rows[0]).all(axis=0).tolist()
    columns = (
        repeat(first[i], len(rows)) if still[i] else rows[:, i].tolist() for i in range(fields)
    )
    return zip(*columns, strict=True)
