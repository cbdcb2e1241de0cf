# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of the 2011 log, many at a time.

A line is read from its end, eight characters at once: current with three decimals,
voltage with one, power with one, the seconds since the start, then the time at its
beginning.  Lines of another make go the general way, and what that cannot read goes
to the slow reader of one line.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from wattui.formats.reading.block import ABSENT, Block, Integers
from wattui.formats.reading.cells import Booleans, Text, Words, digits_of
from wattui.formats.reading.source import PAD, Source
from wattui.formats.reading.text_table import DIGITS, Found, ReadLine, Table, join
from wattui.measurement.fields import FIELD_INDEX

_POWER: Final = FIELD_INDEX["power"]
_VOLTAGE: Final = FIELD_INDEX["voltage"]
_CURRENT: Final = FIELD_INDEX["current"]

_ZEROS: Final = np.uint64(0x3030303030303030)
_BLANKS: Final = np.uint64(0x2020202020202020)
_ONES: Final = np.uint64(0x0101010101010101)
_HIGH_BITS: Final = np.uint64(0x8080808080808080)
_EIGHT: Final = np.uint64(8)

# Added to a character, these set its high bit above "9", and from "." on.
_ABOVE_NINE: Final = np.uint64(0x4646464646464646)
_FROM_POINT: Final = np.uint64(0x5252525252525252)

#: Characters of the shortest and longest line of numbers, without its line end.
_SHORTEST: Final = 19 + len(" 0 0.0 99.9 0.000")
_LONGEST: Final = 80

#: Characters of a current below and from 10 A.
_CURRENT_LENGTHS: Final = (5, 6)


def read_plain(source: Source, slow: ReadLine) -> Iterator[Block]:
    """Give the records of a log, with local times."""
    for lines in source.lines():
        text = Text(lines)
        ends = np.flatnonzero(text.bytes[PAD:] == ord("\n")) + PAD
        lines.count = len(ends)
        starts = np.concatenate(([PAD], ends[:-1] + 1))
        found = _fast(text, starts, ends)
        which = np.arange(len(ends))
        if np.count_nonzero(found.ok) * 2 < len(ends):
            table = Table(text, " ", 6)
            which, found = table.line, _general(table)
        yield from join(source, lines, ends, which, found, slow)


def _general(table: Table) -> Found:
    """Read date, time, seconds and three numbers with any decimals."""
    if not len(table):
        return Found({}, np.zeros(0, np.bool_))
    time, ok = table.local_times(0, 1)
    seconds, fine = table.decimals(2, 6)
    ok &= fine & (seconds != ABSENT)
    columns = {}
    for place, index in enumerate((_POWER, _VOLTAGE, _CURRENT), 3):
        columns[index], fine = table.decimals(place, DIGITS[index])
        ok &= fine & (columns[index] != ABSENT)
    return Found(columns, ok, time)


def _fast(text: Text, start: Integers, end: Integers) -> Found:
    """Read lines of the usual make; see :class:`Found` for which."""
    length = end - start
    ok = (length >= _SHORTEST) & (length <= _LONGEST)
    if not ok.all():
        # Somewhere within the buffer; they are not ok in any case.
        start, end = np.where(ok, start, PAD), np.where(ok, end, PAD)
        if len(text.bytes) < PAD + _SHORTEST:
            return Found({}, np.zeros(len(end), np.bool_))
    short = text.is_at(start + 19, " ")
    clock = np.where(short, 19, 26) if short.any() else 26
    time, fine = text.local_times(start, start + clock)
    ok &= fine & text.is_at(start + clock, " ")
    current, rest, fine = _current(text, end)
    ok &= fine
    voltage, fine = _voltage(text, rest)
    ok &= fine
    power, rest, fine = _power(text, rest - 6)
    ok &= fine & _is_number(text, rest, rest - start - clock - 1)
    return Found({_POWER: power, _VOLTAGE: voltage, _CURRENT: current}, ok, time)


def _current(text: Text, end: Integers) -> tuple[Integers, Integers, Booleans]:
    """Give the current in mA, the end of what stands before it, and which are right."""
    words = text.words[end - 8]
    length = np.where(text.is_at(end - 6, " "), *_CURRENT_LENGTHS)
    ok = text.is_at(end - 4, ".") & text.is_at(end - length - 1, " ")
    digits = words ^ _ZEROS
    whole = np.where(length == 5, np.uint64(0xFF000000), np.uint64(0xFFFF0000))
    number, fine = digits_of(
        (digits & np.uint64(0xFFFFFF0000000000)) | ((digits & whole) << _EIGHT)
    )
    return number, end - length - 1, ok & fine


def _voltage(text: Text, end: Integers) -> tuple[Integers, Booleans]:
    """Give voltages of three digits and a decimal in 0.1 V, and which are right."""
    words = text.words[end - 8]
    digits = words ^ _ZEROS
    ok = text.is_at(end - 2, ".") & text.is_at(end - 6, " ")
    number, fine = digits_of(
        (digits & np.uint64(0xFF00000000000000))
        | ((digits & np.uint64(0x0000FFFFFF000000)) << _EIGHT)
    )
    return number, ok & fine


def _power(text: Text, end: Integers) -> tuple[Integers, Integers, Booleans]:
    """Give the power in 0.1 W, the end of what stands before it, and which are right."""
    words = text.words[end - 8]
    blank = _last_blank(words)
    ok = text.is_at(end - 2, ".") & (blank >= 0) & (blank < 5)
    blank = np.maximum(blank, 0)
    shift = ((blank + 1) << 3).astype(np.uint64)
    digits = (words ^ _ZEROS) >> shift << shift
    number, fine = digits_of(
        (digits & np.uint64(0xFF00000000000000))
        | ((digits & np.uint64(0x0000FFFFFFFFFFFF)) << _EIGHT)
    )
    return number, end - 8 + blank, ok & fine


def _last_blank(words: Words) -> Integers:
    """Give the place of the last blank of eight characters; less than 0 for none."""
    signs = words ^ _BLANKS
    blank = (signs - _ONES) & ~signs & _HIGH_BITS
    # The exponent of a float tells the highest bit.
    exponent: Integers = (blank.astype(np.float64).view(np.int64) >> 52) - 1023
    return exponent >> 3


def _is_number(text: Text, end: Integers, length: Integers) -> Booleans:
    """Tell where up to 16 digits, maybe with a point, stand before *end*."""
    ok = (length > 0) & (length <= 16)
    for part in range(2):
        many = np.clip(length - 8 * part, 0, 8)
        if part and not many.any():
            break
        words = text.words[end - 8 - 8 * part]
        wrong = (words | (words + _ABOVE_NINE) | ~(words + _FROM_POINT)) & _HIGH_BITS
        ok &= wrong >> ((8 - many) << 3).astype(np.uint64) == 0
    return ok
