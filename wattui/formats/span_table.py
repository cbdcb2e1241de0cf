# SPDX-License-Identifier: GPL-3.0-or-later
"""The marks and spans of a session as a table, as CSV and as JSON."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Sequence
from typing import Any, Final

from wattui.formats.csv_file import plain_text
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.text import iso_text
from wattui.session import Mark
from wattui.session.span_figures import SpanFigures

#: Columns of the CSV, which are members of an object of the JSON too.
COLUMNS: Final = (
    *("name", "start", "stop", "duration_s", "recorded_s", "gap_s", "energy_wh"),
    *("energy_error_wh", "mean_power_w", "mean_power_error_w", "peak_power_w", "peak_time"),
    *("energy_ratio", "energy_ratio_error", "meters", "colour", "kind"),
)


def _row(figures: SpanFigures, baseline: SpanFigures | None) -> dict[str, Any]:
    """Return the values of the columns; None for what is not known."""
    span = figures.span
    ratio = ratio_off = math.nan
    if baseline is not None:
        ratio, ratio_off = figures.ratio_to(baseline), figures.ratio_error_to(baseline)
    values: tuple[Any, ...] = (
        *(span.name, iso_text(span.start_us), iso_text(span.stop_us), span.length_s),
        *(figures.recorded_s, figures.gap_s, figures.energy_wh, figures.energy_error_wh),
        *(figures.mean_w, figures.mean_error_w, figures.peak_w),
        None if figures.peak_us is None else iso_text(figures.peak_us),
        *(ratio, ratio_off, list(figures.labels), span.colour, span.kind),
    )
    known = (None if isinstance(v, float) and not math.isfinite(v) else v for v in values)
    return dict(zip(COLUMNS, known, strict=True))


def spans_csv(figures: Sequence[SpanFigures], baseline: SpanFigures | None = None) -> str:
    """Return a table of spans as CSV; the ratio is to the energy of *baseline*."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in figures:
        row = {**_row(one, baseline), "meters": "; ".join(one.labels)}
        writer.writerow([plain_text(v) if isinstance(v, str) else v for v in row.values()])
    return text.getvalue()


def marks_json(
    marks: Sequence[Mark], figures: Sequence[SpanFigures], baseline: SpanFigures | None = None
) -> str:
    """Return marks and spans as JSON; the ratio is to the energy of *baseline*."""
    found = {
        "marks": [
            {
                "text": mark.text,
                "time": iso_text(mark.time_us),
                "unix_time": mark.time_us / MICROSECONDS,
            }
            for mark in marks
        ],
        "spans": [{**_row(one, baseline), "details": dict(one.span.details)} for one in figures],
    }
    return json.dumps(found, indent=2)
