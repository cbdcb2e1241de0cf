# SPDX-License-Identifier: GPL-3.0-or-later
"""The choices in the dialog for importing a table, and what they mean for the import."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Final

from wattui.formats.import_preview import TableLook, command_line
from wattui.formats.reading.column_choice import (
    DATE,
    ELAPSED,
    METER,
    ROLES,
    TIME,
    UNITS,
    ColumnChoice,
)
from wattui.formats.reading.source import Assumptions
from wattui.formats.reading.time_forms import TimeForm
from wattui.measurement.clock import microseconds
from wattui.measurement.fields import FIELD_INDEX, FIELDS

#: What a column can hold, by its name: nothing, a role, a field.
CONTENTS: Final[dict[str, str]] = {
    "": "Left out",
    TIME: "Time",
    DATE: "Date",
    ELAPSED: "Seconds since the start",
    METER: "Name of the meter",
    **{field.name: field.label for field in FIELDS},
}

#: Forms in which a start can be typed.
_START_FORMS: Final = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d")


def parse_start(text: str, zone: tzinfo | None) -> datetime:
    """Return a start as it was typed.

    Raises
    ------
    ValueError
        It is not a date.
    """
    for form in _START_FORMS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=zone)
        except ValueError:
            continue
    raise ValueError(f"{text!r} is not a date. Write it as 2026-11-23 14:05:00.")


def units_of(content: str) -> list[str]:
    """Return the units that a column can have, its base unit first; none if it has no unit."""
    if content in ROLES or content not in FIELD_INDEX:
        return []
    base = FIELDS[FIELD_INDEX[content]].unit
    if not base:
        return ["", "%"] if content in ("power_factor", "duty_cycle") else []
    return [base, *(unit for unit, (own, _) in UNITS.items() if own == base and unit != base)]


@dataclass(frozen=True)
class ImportDraft:
    """What the user has chosen so far; what is empty is found out from the file."""

    paths: tuple[Path, ...]
    #: What each column holds, and its unit; None: as guessed.
    columns: tuple[tuple[str, str], ...] | None = None
    time_format: str = ""
    delimiter: str = ""
    decimal: str = ""
    header: int | None = None
    zone: tzinfo | None = None
    start: str = ""
    interval: float | None = None
    meter: str = ""

    def assumptions(self) -> Assumptions:
        """Return what the choices mean for an import."""
        start = None
        if self.start:
            start = microseconds(parse_start(self.start, self.zone).timestamp())
        return Assumptions(
            self.interval, start, self.zone, self.meter, self._choices(), self.time_format,
            self.delimiter, self.decimal, self.header,
        )  # fmt: skip

    def _choices(self) -> tuple[ColumnChoice, ...]:
        return tuple(
            ColumnChoice(content, number, unit if units_of(content)[:1] != [unit] else "")
            for number, (content, unit) in enumerate(self.columns or ())
            if content
        )

    def with_shape(self, **shape: str | int | None) -> ImportDraft:
        """Return a draft with another delimiter or header: its columns are guessed again."""
        return replace(self, columns=None, time_format="", **shape)  # type: ignore[arg-type]

    def with_column(self, look: TableLook, number: int, content: str, unit: str) -> ImportDraft:
        """Return a draft in which a column holds something else; nothing is held twice."""
        columns = [
            ("", "") if content and held == content else (held, own)
            for held, own in columns_of(look)
        ]
        columns[number] = (content, unit if unit in units_of(content) else "")
        times = {TIME, DATE, ELAPSED}
        other = {content, columns_of(look)[number][0]} & times
        return replace(self, columns=tuple(columns), time_format="" if other else self.time_format)

    def settled(self, look: TableLook) -> ImportDraft | None:
        """Return a draft that decides what a look leaves open; None if nothing is open."""
        if look.table.doubt and not self.decimal:
            return replace(self, decimal=look.table.point)
        if look.forms and not self.time_format:
            return replace(self, time_format=look.forms[0].name)
        return None

    def command(self, look: TableLook) -> str:
        """Return the equivalent command, with all columns and the form of times as text."""
        given = replace(self.assumptions(), columns=ImportDraft((), columns_of(look))._choices())
        if not given.time_format and look.form is not None and _is_text(look.form):
            given = replace(given, time_format=look.form.name)
        return command_line(self.paths, given)


def _is_text(form: TimeForm) -> bool:
    return form.digits is None and bool(form.pattern)


def columns_of(look: TableLook) -> tuple[tuple[str, str], ...]:
    """Return what each column of a table holds, and its unit."""
    held = {look.table.number(one): (one.holds, one.unit) for one in look.choices}
    return tuple(held.get(number, ("", "")) for number in range(look.table.width))


def column_reasons(look: TableLook) -> dict[int, str]:
    """Return why columns were taken for what they hold, by their numbers."""
    return {look.table.number(one): one.reason for one in look.choices if one.reason}
