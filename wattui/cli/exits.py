# SPDX-License-Identifier: GPL-3.0-or-later
"""How the program ends: its exit codes, and what it says when something failed."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from typing import Any, Final

import click

from wattui.errors import Cancelled, DiskRefused, WattuiError

#: Exit codes and their meaning: the same numbers as ``exit_status`` in ``errors``.
EXIT_CODES: Final[tuple[tuple[int, str], ...]] = (
    (0, "Done. A recording that was ended by q, Ctrl-C or SIGTERM is done too."),
    (1, "Something failed that has no number of its own."),
    (2, "The command was typed wrongly, or a value is out of range; nothing was done."),
    (3, "The port: not there, not allowed, in use, or lost."),
    (4, "The meter: no answer, no Watts up?, or not the answer that was asked for."),
    (5, "Refused, because it would erase the meter's memory."),
    (6, "A file: no session, damaged, not writable, or the disk is full."),
    (7, "A file to import in a format that nothing here can read."),
    (8, "There is no display for the window, or its libraries are missing."),
    (130, "Cancelled."),
    (141, "Whoever read the output went away."),
)

_BROKEN_PIPE: Final = 141
_LOST_OUTPUT: Final = (errno.EPIPE, errno.ESHUTDOWN)


class OutputRefused(DiskRefused):
    """Standard output does not take what is written to it."""


class OutputClosed(WattuiError):
    """Whoever read the output went away."""

    exit_status = _BROKEN_PIPE


def disk_error(error: OSError, path: object, doing: str = "written") -> DiskRefused:
    """Tell an error of the operating system about a file in our words."""
    reason = error.strerror or str(error)
    hints = {
        errno.ENOSPC: "Free some space, or choose a folder on another disk.",
        errno.EDQUOT: "Your quota is used up: free some space, or choose another disk.",
        errno.EACCES: "Choose a folder that you may write to.",
        errno.EPERM: "Choose a folder that you may write to.",
        errno.EROFS: "The disk is mounted read-only: choose a folder on another one.",
        errno.ENOENT: "Check the folder's name; it must exist.",
        errno.EISDIR: "That is a folder: give the name of a file.",
        errno.ENOTDIR: "A part of the path is a file and no folder.",
    }
    return DiskRefused(
        f"{path} cannot be {doing}: {reason}", hints.get(error.errno or 0, "Check the file.")
    )


def output_error(error: OSError) -> WattuiError:
    """Tell an error of writing to standard output in our words."""
    if error.errno in _LOST_OUTPUT:
        return OutputClosed("Whoever read the output went away")
    return OutputRefused(
        f"Standard output cannot be written: {error.strerror or error}",
        "Where it goes to a file, that disk is full or gone.",
    )


def printable(text: str) -> str:
    """Give the text without what would steer a terminal."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def complain(error: WattuiError, label: str = "Error") -> None:
    """Say on standard error what happened, and below it what to do."""
    say(f"{click.style(f'{label}:', fg='red', bold=True)} {printable(error.what)}.")
    if error.hint:
        say(printable(error.hint))


def say(text: str) -> None:
    """Say something on standard error; a standard error that is gone is no failure."""
    try:
        click.echo(text, err=True, color=False if os.environ.get("NO_COLOR") else None)
    except (OSError, ValueError):
        drop_output(sys.stderr)


def drop_output(stream: Any) -> None:
    """Send what a stream still holds to nowhere, so that closing it does not fail again."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError, AttributeError):
        return


def run(body: Callable[[], object], *, debug: Callable[[], bool]) -> int:
    """Run the program's body; say what failed, and give the exit status."""
    try:
        result = body()
        sys.stdout.flush()
        return result if isinstance(result, int) and not isinstance(result, bool) else 0
    except Exception as error:  # noqa: BLE001 - the last one who can tell of it
        if debug() and not isinstance(error, click.exceptions.ClickException):
            import traceback

            traceback.print_exc()
        return _status_of(error)
    except SystemExit:
        # click leaves by itself where whoever read the output went away, and nowhere else.
        drop_output(sys.__stdout__)
        return _BROKEN_PIPE
    except KeyboardInterrupt:
        say("")
        return _told(Cancelled("Interrupted"))


def _status_of(error: Exception) -> int:
    """Say what failed, and give the exit status that goes with it."""
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, click.exceptions.Abort):
        return _told(Cancelled("Interrupted"))
    if isinstance(error, click.ClickException):
        error.show()
        return error.exit_code
    if isinstance(error, (OutputClosed, OutputRefused)):
        drop_output(sys.stdout)
        return error.exit_status if isinstance(error, OutputClosed) else _told(error)
    if isinstance(error, WattuiError):
        return _told(error)
    if isinstance(error, OSError):
        return _status_of(_explained(error))
    what = f"Something unforeseen: {type(error).__name__}: {error}"
    return _told(
        WattuiError(what, "Run it again with `wattui --debug ...` and report what it says.")
    )


def _explained(error: OSError) -> WattuiError:
    """Tell an error of the operating system that nobody caught in our words."""
    if error.filename is None:
        return output_error(error)
    return disk_error(error, os.fsdecode(error.filename), "used")


def _told(error: WattuiError) -> int:
    complain(error)
    return error.exit_status
