# SPDX-License-Identifier: GPL-3.0-or-later
"""What the program prints: lines, tables, progress, and texts for people.

The program that reads the output may be slow, or stop reading without closing it (a pager).  A
recording must still end when it is told to, so a line is written only when there is room for
it, and waiting for room can be interrupted.
"""

from __future__ import annotations

import contextlib
import os
import select
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from wattui.cli.exits import output_error
from wattui.measurement.text import printable

if TYPE_CHECKING:
    from rich.console import Console

#: A pipe that is ready accepts this many bytes in one write.
_PIECE: Final = 4096 if os.name == "nt" else min(select.PIPE_BUF, 4096)
#: Seconds between two checks whether to go on waiting.
_WAIT: Final = 0.1
#: Seconds to wait for room for a path at the end.
_PATH_PATIENCE: Final = 2.0

#: Called with the amount that is done, and the total.
Progress = Callable[[int, int], None]


def _never() -> bool:
    return False


class Output:
    """Lines to standard output, each written immediately."""

    def __init__(self, *, ended: Callable[[], bool] = _never) -> None:
        self._ended = ended
        self._descriptor: int | None
        try:
            sys.stdout.flush()
            self._descriptor = sys.stdout.fileno()
            self._is_terminal = sys.stdout.isatty()
        except (OSError, ValueError):
            self._descriptor = None

    def line(self, text: str, patience: float = 0.0) -> bool:
        """Write a line.

        Without room for it, wait until the program is asked to end, and then for another
        *patience* seconds at most, after which the line is lost.

        Returns
        -------
        bool
            Whether it was written.

        Raises
        ------
        OutputClosed
            The program reading the output closed it.
        OutputRefused
            It cannot be written: its disk is full, its terminal is gone.
        """
        try:
            if self._descriptor is None:
                sys.stdout.write(text + "\n")
                sys.stdout.flush()
                return True
            if self._is_terminal:
                text = printable(text)
            return self._write(self._descriptor, encoded(text + "\n"), patience)
        except OSError as error:
            raise output_error(error) from error

    def path(self, path: Path) -> bool:
        """Write the path of the session, the last line; return whether it was written."""
        return self.line(str(path), _PATH_PATIENCE)

    def _write(self, descriptor: int, data: bytes, patience: float) -> bool:
        waited = 0.0
        while data:
            if _writable(descriptor):
                with contextlib.suppress(BlockingIOError):
                    data = data[os.write(descriptor, data[:_PIECE]) :]
            elif self._ended():
                waited += _WAIT
                if waited > patience:
                    return False
        return True


def _writable(descriptor: int) -> bool:
    if os.name == "nt":
        return True
    return bool(select.select([], [descriptor], [], _WAIT)[1])


def encoded(text: str) -> bytes:
    """Return the bytes of a text; a file name stays as it was, and what cannot be is escaped."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        return text.encode(encoding, "surrogateescape")
    except UnicodeEncodeError:
        return text.encode(encoding, "backslashreplace")


# -- texts -------------------------------------------------------------------------


def home_path(path: Path) -> str:
    """Return a path for people: with ``~`` for the home folder."""
    try:
        return str(Path("~") / path.relative_to(Path.home()))
    except (ValueError, RuntimeError):
        return str(path)


# -- for a terminal ----------------------------------------------------------------


def console(*, error: bool = False) -> Console:
    """Return a console for tables and live views; rich itself respects NO_COLOR."""
    from rich.console import Console

    return Console(stderr=error, highlight=False, markup=False, emoji=False)


@contextlib.contextmanager
def progress_bar(doing: str, *, quiet: bool, of_bytes: bool = False) -> Iterator[Progress | None]:
    """Show progress on standard error if it is a terminal; yield a function to report it.

    Nothing is shown of what is done at the first report already.
    """
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich import progress

    counts = [progress.DownloadColumn()] if of_bytes else [progress.MofNCompleteColumn(), "samples"]
    bar = progress.Progress(
        doing, progress.BarColumn(), *counts, progress.TimeRemainingColumn(),
        console=console(error=True), transient=True,
    )  # fmt: skip
    task = bar.add_task("", total=None)

    def report(done: int, total: int) -> None:
        bar.update(task, completed=done, total=total)
        if done < total:
            bar.start()  # again does nothing

    try:
        yield report
    finally:
        if bar.live.is_started:
            bar.stop()


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]], right: str = "") -> None:
    """Print a table to standard output, without colour and folding unless it is a terminal.

    *right* names the columns that are aligned to the right, separated by commas.
    """
    from rich.table import Table
    from rich.text import Text

    screen = console()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    to_right = right.split(",")
    for name in columns:
        table.add_column(
            name, justify="right" if name in to_right else "left", overflow="fold", no_wrap=False
        )
    for row in rows:
        table.add_row(*(c if isinstance(c, Text) else Text(str(c)) for c in row))
    if not screen.is_terminal:
        # No window limits a pipe: lines are not folded there.
        screen.width = 10_000
    with screen.capture() as capture:
        screen.print(table)
    for line in capture.get().splitlines():
        sys.stdout.write(line.rstrip() + "\n")
    sys.stdout.flush()
