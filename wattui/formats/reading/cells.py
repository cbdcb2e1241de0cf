# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers and times out of text, for all lines of a block at once.

Eight characters are one integer of 64 bits.  With them in one word, a few operations
on whole columns tell whether all are digits, and make their number (the way of
Langdale and Lemire's simdjson).  What is not plain digits is said to be not *ok*, and
is left to the slow reader of its format, which also knows why.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from wattui.formats.reading.block import ABSENT, Integers
from wattui.formats.reading.local_times import FIRST_YEAR, LAST_YEAR
from wattui.formats.reading.source import Lines
from wattui.measurement.clock import MICROSECONDS

Booleans = NDArray[np.bool_]
Words = NDArray[np.uint64]

_ZEROS: Final = np.uint64(0x3030303030303030)
_OVER_NINE: Final = np.uint64(0x7676767676767676)
_HIGH_BITS: Final = np.uint64(0x8080808080808080)
_TEN: Final = np.uint64(10)
_EIGHT: Final = np.uint64(8)
_SIXTEEN: Final = np.uint64(16)
_HALF: Final = np.uint64(32)
_PAIRS: Final = np.uint64(0x000000FF000000FF)
_UPPER: Final = np.uint64(0x000F424000000064)
_LOWER: Final = np.uint64(0x0000271000000001)

_FIRST: Final = np.uint64(0xFF)
_AFTER_POINT: Final = np.uint64(0xFFFFFFFFFFFF0000)

_POWERS: Final = 10 ** np.arange(17, dtype=np.int64)
_LONGEST: Final = 16

_DAYS_BEFORE: Final = np.cumsum([0, 0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
_DAYS_IN: Final = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


def digits_of(words: Words) -> tuple[Integers, Booleans]:
    """Give the numbers of eight digits each, and whether they are digits.

    *words* are characters, each with the bits of ``0`` taken away: a byte of 0 stands for
    the digit 0.
    """
    ok = ((words + _OVER_NINE) | words) & _HIGH_BITS == 0
    pairs = words * _TEN + (words >> _EIGHT)
    number = (pairs & _PAIRS) * _UPPER
    number += ((pairs >> _SIXTEEN) & _PAIRS) * _LOWER
    number >>= _HALF
    return number.view(np.int64), ok


class Text:
    """A block of lines that numbers and times are read from.

    The first line begins at :data:`wattui.formats.reading.source.PAD`.
    """

    def __init__(self, lines: Lines) -> None:
        self.data = lines.padded
        self.bytes = np.frombuffer(self.data, np.uint8, lines.end)
        # A word begins at every byte.
        self.words: Words = np.ndarray((len(self.data) - 7,), "<u8", self.data, 0, (1,))

    def is_at(self, place: Integers, sign: str) -> Booleans:
        """Tell where a character stands."""
        found: Booleans = self.bytes[place] == ord(sign)
        return found

    def string(self, start: int, end: int) -> str:
        """Give the characters from *start* until *end*."""
        return self.data[start:end].decode("utf-8", "replace")

    def integers(self, end: Integers, length: Integers) -> tuple[Integers, Booleans]:
        """Give the integers of up to 16 digits that end before *end*, and which are ones."""
        number, ok = self._word(end, np.minimum(length, 8))
        if length.size and int(length.max()) > 8:
            upper, fine = self._word(end - 8, np.clip(length - 8, 0, 8))
            number = number + upper * 100_000_000
            ok &= fine
        ok &= (length > 0) & (length <= _LONGEST)
        return number, ok

    def _word(self, end: Integers, length: Integers) -> tuple[Integers, Booleans]:
        shift = ((8 - length) * 8).astype(np.uint64)
        # Shifting by all 64 bits gives nought.
        return digits_of((self.words[end - 8] ^ _ZEROS) >> shift << shift)

    def decimals(
        self, start: Integers, end: Integers, digits: int, point: str = "."
    ) -> tuple[Integers, Booleans]:
        """Give numbers times 10**digits, exactly, and which are such numbers.

        An empty place, or ``_``, is ABSENT.  A number with more decimals than *digits* is
        fine where these are noughts.
        """
        length = end - start
        number = np.empty(len(start), np.int64)
        ok = np.zeros(len(start), np.bool_)
        left = np.arange(len(start))
        for decimals in (digits, *(d for d in range(9) if d != digits), -1):
            if not len(left):
                break
            fits = self.is_at(end[left] - 1 - decimals, point) & (length[left] > decimals)
            fits |= decimals < 0
            chosen = left if fits.all() else left[fits]
            if len(chosen):
                number[chosen], ok[chosen] = self._decimals(
                    end[chosen], length[chosen], digits, decimals
                )
                left = left[~fits]
        absent = (length == 0) | ((length == 1) & self.is_at(start, "_"))
        if absent.any():
            number[absent], ok[absent] = ABSENT, True
        return number, ok

    def _decimals(
        self, end: Integers, length: Integers, digits: int, decimals: int
    ) -> tuple[Integers, Booleans]:
        """Convert numbers that all have so many decimals; -1: without a point."""
        number, ok = self.integers(end - (decimals + 1), length - (decimals + 1))
        ok &= length - decimals <= 11
        number = number * _POWERS[digits]
        if decimals > 0:
            fraction, fine = self.integers(end, np.full(len(end), decimals))
            ok &= fine
            if decimals > digits:
                fraction, rest = np.divmod(fraction, _POWERS[decimals - digits])
                ok &= rest == 0
            else:
                fraction *= _POWERS[digits - decimals]
            number += fraction
        return number, ok

    def local_times(self, start: Integers, end: Integers) -> tuple[Integers, Booleans]:
        """Give dates with times in microseconds since 1970 of their own clock, and which are.

        ``2016-11-09 13:24:18`` with up to six decimals, or with a ``T`` in its middle.
        """
        length = end - start
        if (length == 26).all():
            return self._full_times(start)
        ok = (length == 19) | ((length > 20) & (length <= 26))
        # What is too short would be read beyond its end.
        start = np.where(ok, start, np.minimum(start, len(self.data) - 27))
        minute, fine = self._minutes(start)
        second, plain = self._word(start + 19, np.full_like(start, 2))
        ok &= fine & plain & self.is_at(start + 16, ":") & (second < 60)
        time = minute * (60 * MICROSECONDS) + second * MICROSECONDS
        if (length > 19).any():
            places = np.clip(length - 20, 0, 6)
            fraction, plain = self._word(np.where(ok, end, start + 20), places)
            ok &= plain & ((length == 19) | self.is_at(start + 19, "."))
            time += fraction * _POWERS[6 - places]
        return time, ok

    def _full_times(self, start: Integers) -> tuple[Integers, Booleans]:
        """Give times that all have their six decimals."""
        minute, ok = self._minutes(start)
        tens = self.bytes[start + 17].astype(np.int64) - ord("0")
        # "8.123456": the point goes, and these are microseconds.
        digits = self.words[start + 18] ^ _ZEROS
        rest, fine = digits_of((digits & _AFTER_POINT) | ((digits & _FIRST) << _EIGHT))
        ok &= fine & (tens >= 0) & (tens < 6)
        ok &= self.is_at(start + 16, ":") & self.is_at(start + 19, ".")
        return minute * (60 * MICROSECONDS) + tens * (10 * MICROSECONDS) + rest, ok

    def _minutes(self, start: Integers) -> tuple[Integers, Booleans]:
        """Give the minute of each time; most are that of the line before."""
        # Sixteen characters at once.
        texts = np.ndarray((len(self.data) - 15,), "V16", self.data, 0, (1,))[start]
        halves = texts.view(np.uint64).reshape(-1, 2)
        differ = halves[1:] != halves[:-1]
        new = np.flatnonzero(differ[:, 0] | differ[:, 1]) + 1
        first = np.concatenate(([0], new))
        minute, ok = self._new_minutes(start[first])
        many = np.diff(first, append=len(start))
        return np.repeat(minute, many), np.repeat(ok, many)

    def _new_minutes(self, start: Integers) -> tuple[Integers, Booleans]:
        signs = self.bytes[start[:, None] + np.arange(16)].astype(np.int64)
        digit = signs - ord("0")
        ok = ((digit >= 0) & (digit <= 9))[:, (0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15)].all(axis=1)
        ok &= (signs[:, 4] == ord("-")) & (signs[:, 7] == ord("-")) & (signs[:, 13] == ord(":"))
        ok &= (signs[:, 10] == ord(" ")) | (signs[:, 10] == ord("T"))
        year = digit[:, :4] @ (1000, 100, 10, 1)
        month, day, hour, minute = (digit[:, n] * 10 + digit[:, n + 1] for n in (5, 8, 11, 14))
        ok &= (year >= FIRST_YEAR) & (year <= LAST_YEAR) & (month >= 1) & (month <= 12)
        ok &= (hour < 24) & (minute < 60)
        year, month = np.where(ok, year, FIRST_YEAR), np.where(ok, month, 1)
        leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
        ok &= (day >= 1) & (day <= _DAYS_IN[month] + (leap & (month == 2)))
        before = year - 1
        days = before * 365 + before // 4 - before // 100 + before // 400 - 719_162
        days += _DAYS_BEFORE[month] + (leap & (month > 2)) + day - 1
        return (days * 24 + hour) * 60 + minute, ok
