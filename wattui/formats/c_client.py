# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of the C client of 2006 and its descendants: up to 18 values, no date.

``42.3, 119.8, 0.36, ...``, or ``[watts] 42.3, [volts] 119.8`` with labels; perhaps
``[13:24:18]`` in front, which is not read.  Some of them divide every field of the wire by
ten: those print one decimal everywhere, even for the current, and are detected by that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from wattui.formats.export_job import Dialect, ExportJob, field_text
from wattui.formats.file_format import Format, Missing
from wattui.formats.reading.block import Block
from wattui.formats.reading.source import Head, Source, read_head
from wattui.formats.reading.text_table import (
    DIGITS,
    BrokenLine,
    Layout,
    field_columns,
    read_table,
)
from wattui.measurement.fields import FIELD_COUNT, FIELD_INDEX

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

#: Decimals if every field was divided by ten.
_TENTHS: Final = (1,) * FIELD_COUNT


def _recognises(head: Head) -> bool:
    lines = head.data_lines()[:50]
    fitting = [line for line in lines if _LINE.fullmatch(line) or _labelled(line)]
    return len(fitting) * 2 > len(lines)


def _labelled(line: str) -> dict[int, str]:
    """Return the numbers of a line with labels by field; none if it has other labels."""
    found = {}
    for label, number in _LABELLED.findall(line):
        name = label.strip().lower().replace("max-", "max ").replace("min-", "min ")
        name = _ALSO.get(name, name.replace("-", " ") if name != "volt-amps" else name)
        if name not in _LABELS or not number:
            return {}
        found[_LABELS.index(name)] = number
    return found


def _cells(text: str) -> Sequence[str] | None:
    """Return the numbers of a line in the order of the wire."""
    if text.startswith("Watts Up?"):
        return None
    text = _CLOCK.sub("", text)
    labelled = _labelled(text)
    if labelled:
        return [labelled.get(index, "") for index in range(max(*labelled, 2) + 1)]
    if "[" in text:
        raise BrokenLine("no values of a meter")
    return text.rstrip(" ,").split(",")


def read(source: Source) -> Iterator[Block]:
    """Yield the records of a file."""
    rows = []
    for line in read_head(source.path).data_lines()[:50]:
        if _LINE.fullmatch(line) or _labelled(line):
            rows.append([cell.strip() for cell in _cells(line) or ()])
    digits = _digits(rows)
    if digits is _TENTHS:
        source.note("Every number has one decimal: each was taken as a tenth of the wire's")
    usual = len(rows[0]) if rows else FIELD_COUNT
    layout = Layout(field_columns(digits), ", ", _cells, usual, least=3, absent="_")
    return read_table(source, layout)


def _digits(rows: Sequence[Sequence[str]]) -> tuple[int, ...]:
    """Return the decimals of each field.

    If all numbers have one decimal, which a current does not have otherwise, each is a
    tenth of the wire's.  A ratio is written with a point, a percentage without.
    """
    numbers = [cell for row in rows for cell in row if cell not in ("", "_")]
    if numbers and all(_TENTH.fullmatch(number) for number in numbers):
        return _TENTHS
    ratios = any(
        "." in cell for row in rows for index in _RATIOS for cell in row[index : index + 1]
    )
    return tuple(
        0 if index in _RATIOS and not ratios else digits for index, digits in enumerate(DIGITS)
    )


def write(job: ExportJob) -> Iterator[str]:
    """Make the client's lines, in base units; absent values are ``_`` or have no label."""
    labels = job.dialect == Dialect.LABELS
    for row in job.rows():
        cells = [field_text(index, value) for index, value in enumerate(row[3:])]
        if labels:
            cells = [f"[{_LABELS[index]}] {cell}" for index, cell in enumerate(cells) if cell]
        yield ", ".join(cell or "_" for cell in cells) + "\n"


FORMAT: Final = Format(
    name="c-client",
    title="lines from the C client (2006)",
    suffix=".txt",
    recognises=_recognises,
    read=read,
    write=write,
    dialects=(Dialect.STANDARD, Dialect.LABELS),
    lacks=frozenset({Missing.START, Missing.INTERVAL}),
    cannot_hold=(
        "Times, intervals and gaps",
        "The meter's name, model and firmware; marks and notes",
    ),
)
