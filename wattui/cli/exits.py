# SPDX-License-Identifier: GPL-3.0-or-later
"""How the program ends: its exit codes, and its reports of errors."""

from __future__ import annotations

import errno
import io
import logging
import os
import select
import sys
from collections.abc import Callable
from typing import Any, Final

import click

from wattui.errors import Cancelled, DiskRefused, WattuiError
from wattui.measurement.printable_text import printable as printable  # commands find it here

_log = logging.getLogger(__name__)

#: Exit codes and their meaning: the same numbers as ``exit_status`` in ``errors``.
EXIT_CODES: Final[tuple[tuple[int, str], ...]] = (
    (0, "Success, also when q, Ctrl-C or SIGTERM ended a recording."),
    (1, "Any other error."),
    (2, "The command line is wrong, or a value is out of range. Nothing was done."),
    (3, "The port does not exist, is not accessible, is in use, or was lost."),
    (4, "The meter does not answer, is not a Watts up?, or gave an unexpected answer."),
    (5, "Refused because it would erase the meter's memory."),
    (
        6,
        "A file is not a session, is damaged or not writable, would be written over, or the disk "
        "is full.",
    ),
    (7, "The format of a file to import is unknown."),
    (8, "There is no display for the window, or its libraries are missing."),
    (9, "A measured command needs more energy than --max-energy or --fail-if-worse-than allows."),
    (130, "Cancelled."),
    (141, "The program reading the output closed it."),
)

#: Seconds that a line for standard error waits for a program that does not read it.
_SAY_PATIENCE: Final = 5.0

_BROKEN_PIPE: Final = 141
_LOST_OUTPUT: Final = (errno.EPIPE, errno.ESHUTDOWN)


class OutputRefused(DiskRefused):
    """Standard output cannot be written to."""


class OutputClosed(WattuiError):
    """The program reading the output closed it."""

    exit_status = _BROKEN_PIPE


def disk_error(error: OSError, path: object, doing: str = "written") -> DiskRefused:
    """Return an error with our own text for an operating system's error about a file."""
    reason = error.strerror or str(error)
    hints = {
        errno.ENOSPC: "Free some space, or choose a folder on another disk.",
        errno.EDQUOT: "Your quota is used up: free some space, or choose another disk.",
        errno.EACCES: "Choose a folder that you have write permission for.",
        errno.EPERM: "Choose a folder that you have write permission for.",
        errno.EROFS: "The disk is mounted read-only: choose a folder on another one.",
        errno.ENOENT: "Check the folder's name; it must exist.",
        errno.EISDIR: "That is a folder: give the name of a file.",
        errno.ENOTDIR: "Part of the path is a file, not a folder.",
    }
    return DiskRefused(
        f"{path} cannot be {doing}: {reason}", hints.get(error.errno or 0, "Check the file.")
    )


def output_error(error: OSError) -> WattuiError:
    """Return an error with our own text for an error in writing to standard output."""
    if error.errno in _LOST_OUTPUT:
        return OutputClosed("The program reading the output closed it")
    return OutputRefused(
        f"Standard output cannot be written: {error.strerror or error}",
        "If it goes to a file, check that its disk is still there and not full.",
    )


def complain(error: WattuiError, label: str = "Error") -> None:
    """Print to standard error what happened, and below it what to do; log it."""
    _log.warning("%s: %s. %s", label, error.what, error.hint)
    say(f"{click.style(f'{label}:', fg='red', bold=True)} {printable(error.what)}.")
    if error.hint:
        say(printable(error.hint))


def say(text: str) -> None:
    """Print a line to standard error; it is lost if that is closed or nobody reads it."""
    try:
        if _room.there_is(sys.stderr):
            click.echo(text, err=True, color=False if os.environ.get("NO_COLOR") else None)
    except (OSError, ValueError):
        drop_output(sys.stderr)


class _Room:
    """Room for a line in a pipe that nobody may be reading: nothing waits for it forever."""

    def __init__(self) -> None:
        self._patience = _SAY_PATIENCE

    def there_is(self, stream: Any) -> bool:
        """Wait a few seconds for room, but not again for each line if there was none."""
        try:
            ready = os.name == "nt" or select.select([], [stream], [], self._patience)[1]
        except (OSError, ValueError, TypeError):
            return True  # not a stream of the system
        self._patience = _SAY_PATIENCE if ready else 0.0
        return bool(ready)


_room: Final = _Room()


def drop_output(stream: Any) -> None:
    """Discard what a stream has not written yet, so that closing it does not fail again."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError, AttributeError):
        return


def run(body: Callable[[], object], *, debug: Callable[[], bool]) -> int:
    """Run the program's body; report an error, and return the exit status."""
    try:
        result = body()
        sys.stdout.flush()
        return result if isinstance(result, int) and not isinstance(result, bool) else 0
    except Exception as error:  # noqa: BLE001 - the last place that can report it
        if debug() and not isinstance(error, click.exceptions.ClickException):
            import traceback

            say(printable(traceback.format_exc().rstrip()))
        return _status_of(error)
    except SystemExit:
        # click exits on its own if the output was closed, and only then.
        drop_output(sys.__stdout__)
        return _BROKEN_PIPE
    except KeyboardInterrupt:
        say("")
        return _reported(Cancelled("Interrupted"))


def _status_of(error: Exception) -> int:
    """Report an error, and return its exit status."""
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, click.exceptions.Abort):
        return _reported(Cancelled("Interrupted"))
    if isinstance(error, click.ClickException):
        text = io.StringIO()
        error.show(text)
        say(printable(text.getvalue().rstrip()))
        return error.exit_code
    if isinstance(error, (OutputClosed, OutputRefused)):
        drop_output(sys.stdout)
        return error.exit_status if isinstance(error, OutputClosed) else _reported(error)
    if isinstance(error, WattuiError):
        return _reported(error)
    if isinstance(error, OSError):
        if error.filename is None:
            return _status_of(output_error(error))
        return _status_of(disk_error(error, os.fsdecode(error.filename), "used"))
    _log.error("unexpected error", exc_info=error)
    return _reported(
        WattuiError(
            f"Unexpected error: {type(error).__name__}: {error}",
            "Run it again with `wattui --debug ...` and report what it prints.",
        )
    )


def _reported(error: WattuiError) -> int:
    complain(error)
    return error.exit_status
