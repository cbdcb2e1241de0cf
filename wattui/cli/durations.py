# SPDX-License-Identifier: GPL-3.0-or-later
"""Spans of time as people type and read them: ``90s``, ``1h30m``, ``01:30:00``."""

from __future__ import annotations

import math
import re
from typing import Final

import click

_SECONDS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART: Final = re.compile(r"(\d+(?:\.\d*)?|\.\d+)([dhms]?)")

#: Longest span that is taken: longer is a slip of the finger.
_MAXIMUM: Final = 100 * 366 * 86400.0


def parse_duration(text: str) -> float:
    """Give the seconds of ``90``, ``90s``, ``5m``, ``8h``, ``2d``, ``1h30m`` or ``1.5h``.

    Raises
    ------
    ValueError
        It is no span of time, is zero, or names a unit twice.
    """
    squeezed = "".join(text.split()).lower()
    parts = _PART.findall(squeezed)
    if not parts or "".join(number + unit for number, unit in parts) != squeezed:
        raise ValueError(f"{text!r} is no span of time")
    units = [unit for _, unit in parts]
    if len(set(units)) < len(units) or (len(units) > 1 and "" in units):
        raise ValueError(f"{text!r} names a unit twice, or leaves one out")
    seconds = math.fsum(float(number) * _SECONDS[unit or "s"] for number, unit in parts)
    if not 0 < seconds <= _MAXIMUM:
        raise ValueError(f"{text!r} is not between a moment and a hundred years")
    return seconds


def format_elapsed(seconds: float) -> str:
    """Give a span as a clock shows it: ``00:12:31``, or ``3 d 04:05:06``."""
    whole = round(max(seconds, 0.0))
    days, rest = divmod(whole, 86400)
    hours, rest = divmod(rest, 3600)
    clock = f"{hours:02d}:{rest // 60:02d}:{rest % 60:02d}"
    return f"{days} d {clock}" if days else clock


def duration_option(text: str) -> float:
    """Give the seconds of an option's value: for ``type=`` of an option."""
    try:
        return parse_duration(text)
    except ValueError as error:
        raise click.BadParameter(
            f"{error}. Write seconds (90), or 90s, 5m, 8h, 2d, 1h30m."
        ) from error
