# SPDX-License-Identifier: GPL-3.0-or-later
"""``wattui plot``: sessions as a picture, or in the window."""

from __future__ import annotations

import contextlib
import importlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from wattui.cli import exits
from wattui.cli.commands.export import check_destination, chosen_meters, chosen_span, find_session
from wattui.cli.help import command
from wattui.cli.output import shown_path
from wattui.cli.span_options import Moment, duration_option, from_option, meters_option, to_option
from wattui.cli.stop_signals import Ending
from wattui.desktop import display_check
from wattui.errors import DisplayMissing
from wattui.measurement.fields import CHANNELS

if TYPE_CHECKING:
    from wattui.session import Session

#: Suffixes of what can be written: the same as in ``wattui.ui.figure.figure_file``.
_SUFFIXES: Final = (".png", ".svg", ".pdf")

#: Panels that are drawn unless others are named, and pixels in an inch of paper.
_PANELS: Final = (("power", "current"), ("integrated_energy",))
_SIZE: Final = (1280, 720)
_DPI: Final = 96

#: Least and greatest size of a figure, in pixels.
_LEAST, _MOST = (320, 240), 10_000

#: Points that a pixel of a drawing of lines may have: paper shows more than a screen.
_FINE: Final = 2.0

#: Short names of channels beside their own.
_SHORT: Final = {"wh": "integrated_energy", "counter": "energy"}

_EXAMPLES: Final = (
    ("wattui plot run.wattui", "Show it in the window."),
    ("wattui plot run.wattui -o run.pdf", "Power with current, and the energy, for a paper."),
    ("wattui plot run.wattui -o run.png --dpi 300", "The same as an image, for print."),
    (
        "wattui plot run.wattui -o volts.svg --fields voltage,frequency --from -1h",
        "Two plots of the last hour.",
    ),
    ("wattui plot before.wattui after.wattui -o both.png", "Two runs, laid over one another."),
)


@dataclass(frozen=True)
class Options:
    """What was asked for on the command line."""

    output: Path | None = None
    panels: tuple[tuple[str, ...], ...] = _PANELS
    meters: tuple[str, ...] = ()
    start: Moment | None = None
    stop: Moment | None = None
    size: tuple[int, int] = _SIZE
    dpi: int = _DPI
    theme: str = "light"
    clock: bool = False
    title: str = ""
    quiet: bool = False


def size_option(text: str) -> tuple[int, int]:
    """Give width and height in pixels of an option's value: for ``type=`` of an option."""
    found = re.fullmatch(r"(\d{1,6})\s*[x×,]\s*(\d{1,6})", text.strip().lower())
    size = (int(found[1]), int(found[2])) if found else (0, 0)
    if not all(least <= one <= _MOST for least, one in zip(_LEAST, size, strict=True)):
        raise click.BadParameter(
            f"{text!r} is no size. Write width and height in pixels as in 1280x720, from "
            f"{_LEAST[0]}x{_LEAST[1]} to {_MOST}x{_MOST}."
        )
    return size


def fields_option(text: str) -> tuple[tuple[str, ...], ...]:
    """Give the channels of each panel of an option's value: for ``type=`` of an option."""
    panels = []
    for part in text.split(","):
        names = tuple(_channel(word.strip()) for word in part.split("+"))
        if len(names) > 2:
            raise click.BadParameter(f"{part!r}: a plot has two axes, and no more.")
        if len(set(names)) < len(names):
            raise click.BadParameter(f"{part!r} names a field twice.")
        panels.append(names)
    return tuple(panels)


def _channel(word: str) -> str:
    """Give the channel of a name, a column of a CSV, or the name that an engineer uses."""
    low = word.lower()
    if low in _SHORT:
        return _SHORT[low]
    for field in CHANNELS:
        if low in (field.name, field.column, field.symbol.lower()):
            return field.name
    known = ", ".join(field.name for field in CHANNELS)
    raise click.BadParameter(f"There is no field {word!r}. There is: {known}.")


def output_option(text: str) -> Path:
    """Give the path of an option's value, if its suffix is known: for ``type=`` of an option."""
    path = Path(text)
    if path.suffix.lower() not in _SUFFIXES:
        raise click.BadParameter(
            f"{text!r}: a figure is written as .png, .svg or .pdf; end the name in one of them."
        )
    return path


@command("plot", examples=_EXAMPLES)
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE..."
)
@click.option(
    *("-o", "--output"), type=output_option, metavar="FILE",
    help="The file to write, .png, .svg or .pdf; one that exists is replaced. Without it the "
    "window opens.",
)  # fmt: skip
@click.option(
    *("-f", "--fields"), "panels", type=fields_option, default="power+current,integrated_energy",
    show_default=True, metavar="FIELDS",
    help="A plot for each, from the top, separated by commas; two that are joined by + share "
    "a plot, the second with the axis at the right.",
)  # fmt: skip
@meters_option
@from_option
@to_option
@click.option(
    "--size", type=size_option, default="1280x720", show_default=True, metavar="WxH",
    help="Width and height in pixels, of which 96 make an inch of paper.",
)  # fmt: skip
@click.option(
    "--dpi", type=click.IntRange(48, 1200), default=_DPI, show_default=True, metavar="N",
    help="Pixels of a PNG in an inch: 192 has twice as many as --size says, and 300 are "
    "for print.",
)  # fmt: skip
@click.option(
    "--theme", type=click.Choice(("light", "dark")), default="light", show_default=True,
    help="Colours.",
)  # fmt: skip
@click.option(
    "--elapsed/--clock", default=True,
    help="Tell the time since the start (the default), or that of the clock.",
)  # fmt: skip
@click.option("--title", default="", metavar="TEXT", help="In place of the session's name.")
@click.option(
    "--interval", type=duration_option, metavar="TIME",
    help="Time between two records, where an old file has no times; 1 s unless given.",
)  # fmt: skip
@click.option("--window", is_flag=True, help="Open the window, after writing the file if any.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
def plot(
    files: tuple[Path, ...], output: Path | None, panels: tuple[tuple[str, ...], ...],
    meters: tuple[str, ...], start: Moment | None, stop: Moment | None, size: tuple[int, int],
    dpi: int, theme: str, elapsed: bool, title: str, interval: float | None, window: bool,
    quiet: bool,
) -> int:  # fmt: skip
    """Draw one or several FILEs: sessions, or what other programs recorded.

    By default as two plots: power with current at a second axis, and the energy in Wh
    and kJ. Current is what the meter measured. Gaps are shaded, and no line crosses them.
    Several files are laid over one another: each from its start, or by --clock where
    the clock was. No display is needed where a file is written.
    """
    if output is not None:
        check_destination(output)
    options = Options(
        output, panels, meters, start, stop, size, dpi, theme, not elapsed, title, quiet
    )
    with sessions_of(files, interval) as paths:
        if output is not None:
            _save(paths, options, screen=window)
        if output is None or window:
            return _show(paths)
    return 0


@contextlib.contextmanager
def sessions_of(
    files: Sequence[Path], interval: float | None = None
) -> Iterator[list[tuple[Path, str]]]:
    """Give the sessions of files with their names; old files are imported for as long.

    *interval* is that of the records, in seconds, where a file has no times.

    Raises
    ------
    WattuiError
        A file cannot be read.
    """
    from wattui.errors import NotASession
    from wattui.session import Session

    with contextlib.ExitStack() as stack:
        found = []
        for file in files:
            path = find_session(file)
            try:
                Session.open(path).close()
            except NotASession:
                if not path.is_file():
                    raise
                path = _imported(path, interval, stack)
            found.append((path, find_session(file).stem))
        yield found


def _imported(path: Path, interval: float | None, stack: contextlib.ExitStack) -> Path:
    """Give a session of an old file, which is gone when *stack* is closed."""
    import tempfile

    from wattui.formats.import_files import import_files
    from wattui.formats.reading.source import Assumptions

    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wattui-plot-")))
    target = folder / f"{path.stem}.wattui"
    with Ending() as ending:
        done = import_files([path], target, Assumptions(interval=interval), cancelled=ending)
    for note in done.notes:
        exits.say(exits.printable(f"{path.name}: {note}."))
    if done.skipped_count:
        lines = "line" if done.skipped_count == 1 else "lines"
        exits.say(
            exits.printable(
                f"{path.name}: {done.skipped_count} {lines} could not be read; "
                "`wattui import` tells which."
            )
        )
    return target


# -- as a file ---------------------------------------------------------------------


def _save(paths: Sequence[tuple[Path, str]], options: Options, *, screen: bool) -> None:
    """Draw the sessions into the file.

    Raises
    ------
    WattuiError
        A session cannot be read, or the file cannot be written.
    """
    output = options.output
    assert output is not None
    _prepare_qt(screen=screen)
    _app().application()
    page_module = importlib.import_module("wattui.ui.figure.figure_page")
    palettes = importlib.import_module("wattui.ui.theme.palette")
    page = page_module.FigurePage(
        _read(paths, options),
        options.panels,
        page_module.FigureLayout(
            *options.size,
            palette=palettes.DARK if options.theme == "dark" else palettes.LIGHT,
            clock_mode="clock" if options.clock else "elapsed",
            title=options.title,
        ),
    )
    importlib.import_module("wattui.ui.figure.figure_file").save(page, output, options.dpi)
    if not options.quiet:
        exits.say(f"Wrote {exits.printable(shown_path(output))}.")


def _read(paths: Sequence[tuple[Path, str]], options: Options) -> Any:
    """Read what is to be drawn."""
    from wattui.session import Session

    source = importlib.import_module("wattui.ui.figure.figure_data")
    channels = tuple(dict.fromkeys(name for names in options.panels for name in names))
    scale = options.dpi / _DPI if options.output and options.output.suffix == ".png" else _FINE
    with contextlib.ExitStack() as stack:
        runs = []
        for path, name in paths:
            session: Session = stack.enter_context(Session.open(path))
            begin, end = chosen_span(session, options.start, options.stop)
            runs.append(
                source.FigureRun(session, name, begin, end, chosen_meters(session, options.meters))
            )
        pixels = max(round(options.size[0] * scale), 100)
        return source.read(runs, channels, pixels, aligned=not options.clock)


# -- in the window -----------------------------------------------------------------


def _prepare_qt(*, screen: bool) -> None:
    """Say which toolkit and which screen before anything of them is imported."""
    os.environ.setdefault("QT_API", "pyqt5")
    os.environ.setdefault("ETS_TOOLKIT", "qt.qpainter")
    if screen:
        display_check.check()
    else:
        # A file needs no screen, and looks the same on all of them.
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        # It warns of folders that a desktop has, and a service has not.
        os.environ.setdefault("QT_LOGGING_RULES", "default.warning=false")


def _app() -> Any:
    """Give the module of the window.

    Raises
    ------
    DisplayMissing
        Its libraries are missing.
    """
    try:
        return importlib.import_module("wattui.ui.app")
    except ImportError as error:
        raise display_check.libraries_missing(str(error)) from error


def _show(paths: Sequence[tuple[Path, str]]) -> int:
    """Open the window; give the exit status."""
    if len(paths) > 1:
        raise click.UsageError("The window shows one file: say -o to draw several into one.")
    try:
        _prepare_qt(screen=True)
    except DisplayMissing as error:
        hint = "Say -o FILE.png (or .svg, .pdf): writing a figure needs no display."
        raise DisplayMissing(error.what, hint) from error
    status = _app().run(session=paths[0][0])
    return status if isinstance(status, int) else 0
