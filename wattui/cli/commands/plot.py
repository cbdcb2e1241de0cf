# SPDX-License-Identifier: GPL-3.0-or-later
"""Plot sessions into a file, or show them in the window."""

from __future__ import annotations

import contextlib
import importlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from wattui.cli import exits
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
from wattui.cli.window_start import open_window, window_program
from wattui.errors import DisplayMissing
from wattui.measurement.fields import CHANNELS
from wattui.measurement.moment import Moment
from wattui.measurement.text import printable

if TYPE_CHECKING:
    from wattui.session import Session

#: Suffixes of what can be written: the same as in ``wattui.ui.figure.figure_file``.
_SUFFIXES: Final = (".png", ".svg", ".pdf")

#: Pixels per inch of paper.
_DPI: Final = 96

#: Smallest and largest size of a figure, in pixels.
_LEAST, _MOST = (320, 240), 10_000

#: Short names of channels in addition to their own.
_SHORT: Final = {"wh": "integrated_energy", "counter": "energy"}

_EXAMPLES = (
    ("wattui plot run.wattui", "Show it in the window."),
    ("wattui plot run.wattui -o run.pdf", "Draw power with current, and energy, for a paper."),
    ("wattui plot run.wattui -o run.png --dpi 300", "Draw the same as an image for print."),
    (
        "wattui plot run.wattui -o volts.svg --fields voltage,frequency --from -1h",
        "Draw two plots of the last hour.",
    ),
    ("wattui plot before.wattui after.wattui -o both.png", "Compare two runs in one figure."),
)

Panels = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Figure:
    """The file to write, and the options of its drawing."""

    output: Path
    panels: Panels
    meters: tuple[str, ...]
    start: Moment | None
    stop: Moment | None
    span_name: str | None
    size: tuple[int, int]
    dpi: int
    theme: str
    clock: bool
    title: str


def parse_size(text: str) -> tuple[int, int]:
    """Return width and height in pixels: for ``type=`` of an option."""
    found = re.fullmatch(r"(\d{1,6})\s*[x×,]\s*(\d{1,6})", text.strip().lower())
    size = (int(found[1]), int(found[2])) if found else (0, 0)
    if not all(least <= one <= _MOST for least, one in zip(_LEAST, size, strict=True)):
        raise click.BadParameter(
            f"{text!r} is not a valid size. Write width and height in pixels as in 1280x720, from "
            f"{_LEAST[0]}x{_LEAST[1]} to {_MOST}x{_MOST}."
        )
    return size


def parse_panels(text: str) -> Panels:
    """Return the channels of each plot: for ``type=`` of an option."""
    panels = []
    for part in text.split(","):
        names = tuple(_channel(word.strip()) for word in part.split("+"))
        if len(names) > 2:
            raise click.BadParameter(f"{part!r}: a plot can have two axes at most.")
        if len(set(names)) < len(names):
            raise click.BadParameter(f"{part!r} contains a field twice.")
        panels.append(names)
    return tuple(panels)


def _channel(word: str) -> str:
    """Return the channel of a name, a column of a CSV file, or an engineer's symbol."""
    low = word.lower()
    if low in _SHORT:
        return _SHORT[low]
    for field in CHANNELS:
        if low in (field.name, field.column, field.symbol.lower()):
            return field.name
    known = ", ".join(field.name for field in CHANNELS)
    raise click.BadParameter(f"There is no field {word!r}. Fields are: {known}.")


@command("plot", examples=_EXAMPLES)
@click.argument("files", nargs=-1, required=True, type=SessionFile(), metavar="FILE...")
@click.option(
    *("-o", "--output"), type=File(Use.WRITE, _SUFFIXES), metavar="FILE",
    help="The .png, .svg or .pdf file to write; an existing one is replaced. Without it the "
    "window opens.",
)  # fmt: skip
@force_option
@click.option(
    *("-f", "--fields"), "panels", type=parse_panels, default="power+current,integrated_energy",
    show_default=True, metavar="FIELDS",
    help="One plot per field, from the top, separated by commas. Two fields joined by + share a "
    "plot; the second one has its axis on the right.",
)  # fmt: skip
@part_options
@click.option(
    "--size", type=parse_size, default="1280x720", show_default=True, metavar="WxH",
    help="Width and height in pixels; 96 of them are one inch of paper.",
)  # fmt: skip
@click.option(
    "--dpi", type=click.IntRange(48, 1200), default=_DPI, show_default=True, metavar="N",
    help="Pixels per inch of a PNG: 192 doubles the pixels of --size; use 300 for print.",
)  # fmt: skip
@click.option(
    "--theme", type=click.Choice(("light", "dark")), default="light", show_default=True,
    help="Colours.",
)  # fmt: skip
@click.option(
    "--elapsed/--clock", default=True,
    help="Show the time since the start (the default), or the time of day.",
)  # fmt: skip
@click.option("--title", default="", metavar="TEXT", help="Title instead of the session's name.")
@file_interval_option
@damage_options
@click.option("--window", is_flag=True, help="Also open the window after writing the file.")
@quiet_option("Print only errors.")
def plot(
    files: tuple[Path, ...], output: Path | None, force: bool, interval: float | None, window: bool,
    quiet: bool, elapsed: bool, strict: bool, keep_changed: bool, **options: Any,
) -> int:  # fmt: skip
    """Plot sessions into a file, or show them in the window.

    FILE is a session, or a file of another program. By default there are two plots:
    power with current on a second axis, and energy in Wh and kJ. Current is what the
    meter measured. Gaps are shaded, and no line crosses them. Several files are drawn
    on top of one another, each from its start, or by the time of day with --clock.
    Writing a file needs no display.
    """
    del force  # The guard of every command has seen it.
    with sessions_of(files, interval, strict=strict, keep_changed=keep_changed) as paths:
        if output is not None:
            _save(paths, Figure(output, clock=not elapsed, **options), screen=window)
            say_wrote(output, quiet=quiet)
        if output is None or window:
            return _show(paths)
    return 0


# -- as a file ---------------------------------------------------------------------


def _save(paths: Sequence[NamedSession], figure: Figure, *, screen: bool) -> None:
    """Draw the sessions into the file.

    Raises
    ------
    WattuiError
        A session cannot be read, or the file cannot be written.
    """
    window_program(screen=screen).application()
    pages = importlib.import_module("wattui.ui.figure.figure_page")
    palettes = importlib.import_module("wattui.ui.theme.palette")
    layout = pages.FigureLayout(
        *figure.size,
        palette=palettes.DARK if figure.theme == "dark" else palettes.LIGHT,
        clock_mode="clock" if figure.clock else "elapsed",
        title=figure.title,
    )
    page = pages.FigurePage(_read(paths, figure), figure.panels, layout)
    importlib.import_module("wattui.ui.figure.figure_file").save(page, figure.output, figure.dpi)


def _read(paths: Sequence[NamedSession], figure: Figure) -> Any:
    """Read what the figure shows."""
    from wattui.session import Session

    source = importlib.import_module("wattui.ui.figure.figure_data")
    channels = tuple(dict.fromkeys(name for names in figure.panels for name in names))
    with contextlib.ExitStack() as stack:
        runs = []
        refused: click.UsageError | None = None
        for one in paths:
            name = one.name
            session: Session = stack.enter_context(Session.open(one.path))
            chosen = chosen_meters(session, figure.meters)
            try:
                first, last = chosen_span(
                    session, figure.start, figure.stop, chosen, figure.span_name
                )
            except click.UsageError as error:
                refused = error
                if len(paths) > 1:
                    exits.say(printable(f"{name}: {error.message}"))
                continue
            runs.append(source.FigureRun(session, name, first, last, chosen))
        if refused is not None and not runs:
            raise refused
        # A column is as wide as a line: narrower ones would fill the plot with the line of means.
        return source.read(runs, channels, figure.size[0], aligned=not figure.clock)


# -- in the window -----------------------------------------------------------------


def _show(paths: Sequence[NamedSession]) -> int:
    """Open the window; return the exit status."""
    if len(paths) > 1:
        raise click.UsageError(
            "The window shows one file. Use -o to draw several files into one figure."
        )
    try:
        return open_window(session=paths[0].path)
    except DisplayMissing as error:
        hint = "Use -o FILE.png (or .svg, .pdf): writing a figure needs no display."
        raise DisplayMissing(error.what, hint) from error
