# SPDX-License-Identifier: GPL-3.0-or-later
"""Standard output for a program that must not hang on it, and tables for people.

Whoever reads the output may be slow, or stop reading without going away (a pager).
A recording must still end when it is told to: so a line is written only when there
is room for it, and the waiting can be broken off.
"""

from __future__ import annotations

import contextlib
import os
import select
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from wattui.cli.exits import output_error

if TYPE_CHECKING:
    from rich.console import Console

#: A pipe takes as much at once, or is not ready.
_PIECE: Final = 4096 if os.name == "nt" else min(select.PIPE_BUF, 4096)
#: Seconds between two looks at whether to go on waiting.
_WAIT: Final = 0.1


def _never() -> bool:
    return False


class Output:
    """Lines to standard output, each at once."""

    def __init__(self, *, ended: Callable[[], bool] = _never) -> None:
        self._ended = ended
        self._descriptor: int | None
        try:
            sys.stdout.flush()
            self._descriptor = sys.stdout.fileno()
        except (OSError, ValueError):
            self._descriptor = None

    def line(self, text: str, patience: float = 0.0) -> bool:
        """Write a line.

        Where there is no room for it, waits until told to end, and then for another
        *patience* seconds at most; the line is lost, then.

        Returns
        -------
        bool
            Whether it was written.

        Raises
        ------
        OutputClosed
            Whoever read the output went away.
        OutputRefused
            It cannot be written: its disk is full, its terminal is gone.
        """
        try:
            if self._descriptor is None:
                sys.stdout.write(text + "\n")
                sys.stdout.flush()
                return True
            return self._write(self._descriptor, encoded(text + "\n"), patience)
        except OSError as error:
            raise output_error(error) from error

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
    """Give the bytes of a text; what cannot be encoded, as an odd file name, stays as it was."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        return text.encode(encoding, "surrogateescape")
    except UnicodeEncodeError:
        return text.encode(encoding, "replace")


def shown_path(path: Path) -> str:
    """Give a path for people: with ``~`` for the home folder."""
    try:
        return str(Path("~") / path.relative_to(Path.home()))
    except (ValueError, RuntimeError):
        return str(path)


def console(*, error: bool = False) -> Console:
    """Give a console for tables and live views; rich itself heeds NO_COLOR."""
    from rich.console import Console

    return Console(stderr=error, highlight=False, markup=False, emoji=False)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]], right: str = "") -> None:
    """Print a table to standard output: for the eye, or plain where it is no terminal.

    *right* names the columns that are set to the right, separated by commas.
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
        # Nobody's window limits a pipe: no line is folded there.
        screen.width = 10_000
    for line in _rendered(screen, table):
        sys.stdout.write(line.rstrip() + "\n")
    sys.stdout.flush()


def _rendered(screen: Console, table: Any) -> list[str]:
    with screen.capture() as capture:
        screen.print(table)
    return capture.get().splitlines()
