# SPDX-License-Identifier: GPL-3.0-or-later
"""Write a report of a session: HTML or PDF, with plots, figures and their error."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click

from wattui.cli import exits
from wattui.cli.commands.plot import Panels, parse_panels
from wattui.cli.file_options import File, SessionFile, Use, force_option
from wattui.cli.help import command
from wattui.cli.options import (
    damage_options,
    file_interval_option,
    part_options,
    quiet_option,
)
from wattui.cli.session_files import (
    NamedSession,
    chosen_meters,
    chosen_span,
    say_wrote,
    sessions_of,
)
from wattui.cli.window_start import window_program
from wattui.desktop.atomic_file import write_file
from wattui.errors import DisplayMissing
from wattui.measurement.moment import Moment

_EXAMPLES = (
    ("wattui report run.wattui -o run.html", "Write a page for any browser."),
    ("wattui report run.wattui -o run.pdf", "Write the same as a PDF."),
    (
        "wattui report run.wattui -o hour.html --from -1h --fields power,voltage",
        "Report the last hour, with plots of power and voltage.",
    ),
)


#: In a report that is written where nothing can be drawn.
_NO_PLOTS: Final = "Plots are left out: the libraries that draw them were not installed."


@command("report", examples=_EXAMPLES)
@click.argument("session", type=SessionFile(), metavar="FILE")
@click.option(
    *("-o", "--output"), type=File(Use.WRITE, (".html", ".htm", ".pdf")), required=True,
    metavar="FILE", help="The .html or .pdf file to write; an existing one is replaced.",
)  # fmt: skip
@force_option
@part_options
@click.option(
    *("-f", "--fields"), "panels", type=parse_panels, default="power+current,integrated_energy",
    show_default=True, metavar="FIELDS",
    help="One plot per field, from the top, separated by commas. Two fields joined by + share a "
    "plot.",
)  # fmt: skip
@click.option(
    "--elapsed/--clock", default=True,
    help="Plots show the time since the start (the default), or the time of day.",
)  # fmt: skip
@click.option(
    "--above", type=click.FloatRange(min=0), metavar="WATTS",
    help="Also report time, energy and cycles with a power above this.",
)  # fmt: skip
@click.option("--title", default="", metavar="TEXT", help="Title instead of the session's name.")
@file_interval_option
@damage_options
@quiet_option("Print only errors.")
def report(
    session: Path, output: Path, force: bool, panels: Panels, elapsed: bool,
    above: float | None, title: str, interval: float | None, quiet: bool, strict: bool,
    keep_changed: bool, **part: Any,
) -> None:  # fmt: skip
    """Write a report of a session: HTML or PDF, with plots, figures and their error.

    FILE is a session, or a file of another program. The page has everything inside and
    opens in any browser: what was measured and when, plots, energy and mean power with
    their error, statistics of each field, gaps, and how the figures were obtained.
    Writing it needs no display.
    """
    del force  # The guard of every command has seen it.
    how = {"strict": strict, "keep_changed": keep_changed}
    with sessions_of([session], interval, **how) as (readable,):
        data = _made(
            readable, output.suffix, panels, elapsed=elapsed, above=above, title=title, **part
        )
    write_file(output, data)
    say_wrote(output, quiet=quiet)


def _made(
    readable: NamedSession,
    suffix: str,
    panels: Panels,
    *,
    start: Moment | None,
    stop: Moment | None,
    span_name: str | None,
    meters: Sequence[str],
    elapsed: bool,
    **options: Any,
) -> bytes:
    """Read what the report says and shows, and return its file.

    Raises
    ------
    WattuiError
        The session cannot be read.
    """
    from wattui.report.report_content import read_content
    from wattui.report.report_html import report_page
    from wattui.session import Session

    with Session.open(readable.path) as session:
        chosen = chosen_meters(session, meters)
        first, last = chosen_span(session, start, stop, chosen, span_name)
        content = read_content(
            session, readable.file_name, first, last, chosen, damage=readable.damage, **options
        )
        files = _drawing(suffix)
        if files is None:
            return report_page(
                replace(content, warnings=[*content.warnings, _NO_PLOTS]), []
            ).encode()
        channels = [name for names in panels for name in names]
        figure = files.read_figure(session, content, channels, aligned=elapsed)
    plots = files.plots_of(figure, panels, "elapsed" if elapsed else "clock")
    data: bytes = files.report_bytes(content, plots, suffix)
    return data


def _drawing(suffix: str) -> Any:
    """Return the module that draws; None without its libraries, which a page can do without.

    Raises
    ------
    DisplayMissing
        They are missing, and a PDF is wanted.
    """
    try:
        window_program(screen=False).application()
    except DisplayMissing as error:
        if suffix.lower() == ".pdf":
            raise
        exits.say(f"{_NO_PLOTS} {error.hint}")
        return None
    return importlib.import_module("wattui.ui.figure.report_file")
