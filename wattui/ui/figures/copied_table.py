# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of figures as text, Markdown or CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from typing import Final

from wattui.measurement.text import is_number, iso_text
from wattui.ui.figures.figure_rows import Cell, FigureRow

_Table = list[list[str]]


def _table(rows: Sequence[FigureRow], parts: Sequence[str]) -> _Table:
    """Return the cells as they are shown, without the parts that are empty."""
    rows = [row for row in rows if row.cells]
    used = [n for n in range(len(parts)) if any(row.cells[n].text for row in rows)]
    head = ["", *(parts[n] for n in used)]
    return [head, *([row.name, *(row.cells[n].copied for n in used)] for row in rows)]


def _notes(rows: Sequence[FigureRow]) -> str:
    return "".join(f"\n{row.label}\n" for row in rows if not row.cells)


def as_text(rows: Sequence[FigureRow], parts: Sequence[str]) -> str:
    """Return the table in columns of a fixed width."""
    table = _table(rows, parts)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        for line in table
    )
    return "".join(f"{line.rstrip()}\n" for line in lines) + _notes(rows)


def as_markdown(rows: Sequence[FigureRow], parts: Sequence[str]) -> str:
    """Return the table in Markdown."""
    head, *lines = _table(rows, parts)
    rule = ["---", *("---:" for _ in head[1:])]
    table = "".join(f"| {' | '.join(map(_escaped, line))} |\n" for line in (head, rule, *lines))
    return table + _notes(rows)


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|")


def as_csv(rows: Sequence[FigureRow], parts: Sequence[str]) -> str:
    """Return the table as CSV: a number and its error for each part, in the unit of the row."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    rows = [row for row in rows if row.cells]
    used = [n for n in range(len(parts)) if any(row.cells[n].text for row in rows)]
    names = [parts[n].lower() for n in used]
    writer.writerow(["figure", "unit", *(one for name in names for one in (name, f"{name}_error"))])
    for row in rows:
        numbers = [text for n in used for text in _numbers(row.cells[n])]
        writer.writerow([row.name, row.unit, *numbers])
    return target.getvalue()


def _numbers(cell: Cell) -> tuple[str, str]:
    if cell.time_us is not None:
        return iso_text(cell.time_us), ""
    value, error = (f"{one:.15g}" if is_number(one) else "" for one in (cell.value, cell.error))
    return value, error


#: The forms in which the table can be copied, by their labels.
FORMS: Final[dict[str, Callable[[Sequence[FigureRow], Sequence[str]], str]]] = {
    "Text": as_text,
    "Markdown": as_markdown,
    "CSV": as_csv,
}
