# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of the C client of 2006 and its descendants: up to 18 values, no date.

``42.3, 119.8, 0.36, ...``, or ``[watts] 42.3, [volts] 119.8`` where labels were asked
for; maybe ``[13:24:18]`` in front, which is not read.  Some of them divide every field
of the wire by ten, whatever it is: those print one decimal everywhere, the current
too, and are told by that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from wattui.formats.reading.block import Block, Format
from wattui.formats.reading.source import Head, Source, read_head
from wattui.formats.reading.text_table import (
    DIGITS,
    BrokenLine,
    Found,
    Row,
    Table,
    exact,
    read_table,
)
from wattui.formats.text_writer import SampleRow, field_text, write_lines
from wattui.measurement.fields import FIELD_COUNT, FIELD_INDEX
from wattui.session import Session, SessionMeter

_NUMBER: Final = r"(?:-?\d+(?:\.\d+)?|_)"
_LINE: Final = re.compile(
    rf"\s*(\[\d\d:\d\d:\d\d\]\s*)?{_NUMBER}(\s*,\s*{_NUMBER}){{2,17}}\s*,?\s*"
)
_LABELLED: Final = re.compile(rf"\[([A-Za-z][A-Za-z .-]*)\]\s*({_NUMBER})?")
_CLOCK: Final = re.compile(r"\s*\[\d\d:\d\d:\d\d\]\s*")
_TENTH: Final = re.compile(r"-?\d+\.\d")

#: Labels of the client, in the order of the wire.
_LABELS: Final = (
    *("watts", "volts", "amps", "watt hours", "cost", "mo. kwh", "mo. cost"),
    *("max watts", "max volts", "max amps", "min watts", "min volts", "min amps"),
    *("power factor", "duty cycle", "power cycle", "frequency", "volt-amps"),
)

#: Other spellings that were seen.
_ALSO: Final = {
    "kwh": "watt hours",
    "watt-hours": "watt hours",
    "mo-kwh": "mo. kwh",
    "mo-cost": "mo. cost",
    "line frequency": "frequency",
    "va": "volt-amps",
}

_RATIOS: Final = (FIELD_INDEX["power_factor"], FIELD_INDEX["duty_cycle"])

#: Decimals where every field was divided by ten.
_TENTHS: Final = (1,) * FIELD_COUNT


def _recognises(head: Head) -> bool:
    lines = head.data_lines()[:50]
    fitting = [line for line in lines if _LINE.fullmatch(line) or _places(line)]
    return len(fitting) * 2 > len(lines)


def _places(line: str) -> list[tuple[int, str]]:
    """Give the fields and numbers of a line with labels; none where it has other ones."""
    found = []
    for label, number in _LABELLED.findall(line):
        name = label.strip().lower().replace("max-", "max ").replace("min-", "min ")
        name = _ALSO.get(name, name.replace("-", " ") if name != "volt-amps" else name)
        if name not in _LABELS or not number:
            return []
        found.append((_LABELS.index(name), number))
    return found


def read(source: Source) -> Iterator[Block]:
    """Give the records of a file."""
    head = read_head(source.path)
    digits = _digits(head)
    if digits is _TENTHS:
        source.note("Every number has one decimal: each was taken as a tenth of the wire's")
    sample = next((line for line in head.lines if _LINE.fullmatch(line)), "")
    columns = len(_CLOCK.sub("", sample).rstrip(" ,").split(",")) if sample else FIELD_COUNT

    def slow(text: str) -> Row | None:
        if text.startswith("Watts Up?"):
            return None
        text = _CLOCK.sub("", text)
        places = _places(text)
        if places:
            return Row({index: exact(number, digits[index]) for index, number in places})
        cells = text.rstrip(" ,").split(",")
        if not 3 <= len(cells) <= FIELD_COUNT or "[" in text:
            raise BrokenLine("no values of a meter")
        return Row({index: exact(cell, digits[index]) for index, cell in enumerate(cells)})

    def fast(table: Table) -> Found:
        found, ok = {}, table.text.bytes[table.starts] != ord("[")
        for index in range(columns):
            found[index], fine = table.decimals(index, digits[index])
            ok &= fine
        return Found(found, ok)

    return read_table(source, ",", columns, fast, slow)


def _digits(head: Head) -> tuple[int, ...]:
    """Give the decimals of each field.

    Where all numbers have one decimal, which a current has not otherwise, each is a
    tenth of the wire's.  A ratio is written with a point, a percentage without.
    """
    numbers: list[tuple[int, str]] = []
    for line in head.data_lines()[:50]:
        plain = _CLOCK.sub("", line)
        places = _places(plain)
        if not places and _LINE.fullmatch(line):
            places = list(enumerate(cell.strip() for cell in plain.rstrip(" ,").split(",")))
        numbers += places
    there = [number for _, number in numbers if number != "_"]
    if there and all(_TENTH.fullmatch(number) for number in there):
        return _TENTHS
    ratios = any("." in number for index, number in numbers if index in _RATIOS)
    return tuple(
        0 if index in _RATIOS and not ratios else digits for index, digits in enumerate(DIGITS)
    )


def write(session: Session, path: Path | str, *, labels: bool = False, **options: Any) -> int:
    """Write a session as the client's lines, in base units: see :func:`write_lines`.

    Parameters
    ----------
    labels
        Whether to write ``[watts]`` and so on, and leave out absent values; they are
        ``_`` otherwise.
    """

    def lines(_meter: SessionMeter, chunks: Iterable[Sequence[SampleRow]]) -> Iterator[str]:
        for rows in chunks:
            for row in rows:
                values: list[int | None] = list(row[3:])
                cells = [field_text(i, value) or "_" for i, value in enumerate(values)]
                if labels:
                    cells = [
                        f"[{_LABELS[i]}] {cell}" for i, cell in enumerate(cells) if cell != "_"
                    ]
                yield ", ".join(cells) + "\n"

    return write_lines(session, path, lines, **options)


FORMAT: Final = Format(
    name="c-client",
    title="lines of the C client (2006)",
    suffix=".txt",
    recognises=_recognises,
    read=read,
    write=write,
    lacks=frozenset({"start", "interval"}),
    cannot_hold=(
        "Times, intervals and gaps",
        "The meter's name, model and firmware; marks and notes",
    ),
)
