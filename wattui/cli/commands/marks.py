# SPDX-License-Identifier: GPL-3.0-or-later
"""List the marks and spans of a session, with the energy of each span."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from wattui.cli.exits import say
from wattui.cli.file_options import SessionFile
from wattui.cli.help import command
from wattui.cli.options import json_option
from wattui.cli.output import home_path, print_table, progress_bar
from wattui.cli.session_files import say_damage
from wattui.cli.stop_signals import Ending
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.text import (
    NO_VALUE,
    RunTimes,
    duration_text,
    energy_text,
    power_text,
    printable,
    ratio_text,
    value_text,
)

if TYPE_CHECKING:
    from wattui.session import Mark
    from wattui.session.span_figures import SpanFigures

_EXAMPLES = (
    ("wattui marks run.wattui", "Print two tables: spans and marks."),
    ("wattui marks run.wattui --json", "Print them for another program."),
    ("wattui marks run.wattui --csv > spans.csv", "Write the table of spans."),
)

_COLUMNS: Final = ("Span", "From", "To", "Duration", "Energy", "Mean", "Peak", "Ratio")


@command("marks", examples=_EXAMPLES)
@click.argument("session", type=SessionFile(), metavar="SESSION")
@json_option("Print a JSON object with the lists marks and spans.")
@click.option("--csv", "as_csv", is_flag=True, help="Print the spans as CSV.")
@click.option(
    "--baseline", metavar="NAME",
    help="Divide the energy of each span by that of this one.",
)  # fmt: skip
def marks(session: Path, as_json: bool, as_csv: bool, baseline: str | None) -> None:
    """List the marks and spans of a session, with the energy of each span.

    Energy and mean power have their limits of error. The energy of a span is the sum over its
    meters. The session may be recorded meanwhile.
    """
    from wattui.formats.span_table import marks_json, spans_csv
    from wattui.session import open_checked
    from wattui.session.span_figures import span_figures

    with Ending() as ending, contextlib.ExitStack() as stack:
        with progress_bar("Checking", quiet=False) as progress:
            checked = open_checked(session, cancelled=ending, progress=progress)
        opened = stack.enter_context(checked)
        say_damage(session, opened.damage)
        found, spans = opened.marks(), span_figures(opened)
        ends = opened.span_us()
    base = _baseline(spans, baseline)
    if as_json:
        click.echo(marks_json(found, spans, base))
    elif as_csv:
        click.echo(spans_csv(spans, base), nl=False)
    elif found or spans:
        length = 0.0 if ends is None else (ends[1] - ends[0]) / MICROSECONDS
        _print(found, spans, base, RunTimes(span=length))
    else:
        say(printable(f"There are no marks and no spans in {home_path(session)} yet."))


def _baseline(spans: Sequence[SpanFigures], name: str | None) -> SpanFigures | None:
    """Return the span of a name.

    Raises
    ------
    UsageError
        There is none.
    """
    chosen = next((one for one in spans if one.span.name == name), None)
    if name is not None and chosen is None:
        known = ", ".join(repr(one.span.name) for one in spans) or "there are none"
        raise click.UsageError(f"There is no span {name!r}. Spans are: {known}.")
    return chosen


def _print(
    marks: Sequence[Mark],
    spans: Sequence[SpanFigures],
    base: SpanFigures | None,
    times: RunTimes,
) -> None:
    if spans:
        shown = len(_COLUMNS) - (base is None)
        cells = [_cells(one, base, times)[:shown] for one in spans]
        print_table(_COLUMNS[:shown], cells, "Duration,Energy,Mean,Peak,Ratio")
    if marks and spans:
        click.echo()
    if marks:
        rows = [(printable(one.text), times.text(one.time_us / MICROSECONDS)) for one in marks]
        print_table(("Mark", "At"), rows)


def _cells(one: SpanFigures, base: SpanFigures | None, times: RunTimes) -> tuple[str, ...]:
    return (
        printable(one.span.name),
        times.text(one.span.start_us / MICROSECONDS),
        times.text(one.span.stop_us / MICROSECONDS),
        duration_text(one.span.length_s),
        energy_text(one.energy_wh, one.energy_error_wh) if one.has_power else NO_VALUE,
        power_text(one.mean_w, one.mean_error_w) if one.has_power else NO_VALUE,
        NO_VALUE if math.isnan(one.peak_w) else f"{value_text('power', one.peak_w)} W",
        NO_VALUE if base is None else ratio_text(one.ratio_to(base), one.ratio_error_to(base)),
    )
