# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of the list of marks and spans: what each column shows, and how it is sorted."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.text import (
    NO_VALUE,
    RunTimes,
    duration_text,
    energy_text,
    power_text,
    ratio_text,
    value_text,
)
from wattui.model.note_history import Notes
from wattui.session import Mark, Span
from wattui.session.span_figures import SpanFigures

#: What a column is sorted by; NaN is last.
_SortKey = str | float


@dataclass(frozen=True, slots=True)
class MarkRow:
    """A row of the list."""

    note: Mark | Span
    texts: tuple[str, ...]
    keys: tuple[_SortKey, ...]
    is_baseline: bool = False


@dataclass(frozen=True, slots=True)
class _Column:
    """A column: its header, what it means, and what it shows of a span."""

    header: str
    meaning: str
    show: Callable[[SpanFigures, SpanFigures | None], tuple[str, _SortKey]]


def _energy(one: SpanFigures, _base: SpanFigures | None) -> tuple[str, _SortKey]:
    if not one.has_power:
        return NO_VALUE, math.nan
    return energy_text(one.energy_wh, one.energy_error_wh), one.energy_wh


def _mean(one: SpanFigures, _base: SpanFigures | None) -> tuple[str, _SortKey]:
    return power_text(one.mean_w, one.mean_error_w) if one.has_power else NO_VALUE, one.mean_w


def _peak(one: SpanFigures, _base: SpanFigures | None) -> tuple[str, _SortKey]:
    known = not math.isnan(one.peak_w)
    return f"{value_text('power', one.peak_w)} W" if known else NO_VALUE, one.peak_w


def _ratio(one: SpanFigures, base: SpanFigures | None) -> tuple[str, _SortKey]:
    if base is None:
        return NO_VALUE, math.nan
    if one is base:
        return ratio_text(1.0), 1.0
    ratio = one.ratio_to(base)
    return ratio_text(ratio, one.ratio_error_to(base)), ratio


_OF_SPANS: Final = (
    _Column(
        "Duration", "Time from its start to its end, gaps included",
        lambda one, _base: (duration_text(one.span.length_s), one.span.length_s),
    ),
    _Column("Energy", "Sum of power times interval, with the limit of its error", _energy),
    _Column("Mean power", "Energy divided by the time of its records", _mean),
    _Column("Peak", "Highest power, if the span is of one meter", _peak),
    _Column("Ratio", "Energy divided by that of the baseline", _ratio),
)  # fmt: skip

#: Headers of the columns, and what they mean.
HEADERS: Final = ("Name", "Start", *(one.header for one in _OF_SPANS))
MEANINGS: Final = (
    "Name of the span, or text of the mark; double-click it to change it",
    "When it was, in the mode of the time axis",
    *(one.meaning for one in _OF_SPANS),
)


def mark_rows(notes: Notes, times: RunTimes, baseline: int = 0) -> list[MarkRow]:
    """Return a row per span and per mark, in order of time; *baseline* is the id of a span."""
    base = next((one for one in notes.figures if one.span.id == baseline), None)
    rows = [_span_row(one, times, base) for one in notes.figures]
    rows += [_mark_row(mark, times) for mark in notes.marks]
    return sorted(rows, key=lambda row: row.keys[1])


def _span_row(one: SpanFigures, times: RunTimes, base: SpanFigures | None) -> MarkRow:
    span = one.span
    start = span.start_us / MICROSECONDS
    shown = [column.show(one, base) for column in _OF_SPANS]
    return MarkRow(
        span,
        (span.name, times.text(start), *(text for text, _key in shown)),
        (span.name.casefold(), start, *(key for _text, key in shown)),
        base is not None and base.span.id == span.id,
    )


def _mark_row(mark: Mark, times: RunTimes) -> MarkRow:
    moment = mark.time_us / MICROSECONDS
    empty = ("",) * len(_OF_SPANS)
    absent = (math.nan,) * len(_OF_SPANS)
    return MarkRow(
        mark,
        (mark.text, times.text(moment), *empty),
        (mark.text.casefold(), moment, *absent),
    )
