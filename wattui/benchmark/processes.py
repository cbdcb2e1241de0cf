# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a command to its end: in a process group of its own, with a time limit, and stoppable."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from wattui.errors import WattuiError

#: Seconds between two checks whether to stop.
_LOOK: Final = 0.05

#: Seconds that a command has after SIGTERM before it is killed.
_GRACE: Final = 2.0

_HAS_GROUPS: Final = os.name == "posix"


class CommandFailed(WattuiError):
    """A command could not be started, failed, or took too long."""


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution of a command."""

    #: Exit code; negative for a signal.
    exit_code: int
    #: How long it took, in s, by the monotonic clock of this computer.
    seconds: float
    #: Whether it was ended, since it took too long or the user wanted so.
    timed_out: bool = False
    stopped: bool = False
    #: Whether processes of it are still running.
    left_running: bool = False


def execute(
    words: Sequence[str],
    *,
    output: str = "null",
    timeout: float | None = None,
    stopped: Callable[[], bool] = lambda: False,
    beat: Callable[[], object] = lambda: None,
) -> Execution:
    """Run a command, and wait for its end.

    Parameters
    ----------
    words
        The program and its arguments.
    output
        Where its output goes: ``null``, ``inherit``, or a file, to which it is appended.
    timeout
        Seconds after which it is ended; None for never.
    stopped
        Called about twenty times per second; the command is ended if it returns true.
    beat
        Called as often, to show progress.

    Raises
    ------
    CommandFailed
        It cannot be started.
    """
    with _stream(output) as stream:
        start = time.monotonic()
        process = start_group(words, stream)
        ended: queue.SimpleQueue[float] = queue.SimpleQueue()

        def wait() -> None:
            process.wait()
            ended.put(time.monotonic())

        # A thread that blocks learns of the end at once; polling would be late.
        threading.Thread(target=wait, name="wattui command", daemon=True).start()
        timed_out = wanted = False
        try:
            while True:
                with contextlib.suppress(queue.Empty):
                    end = ended.get(timeout=_LOOK)
                    break
                beat()
                timed_out = timeout is not None and time.monotonic() - start > timeout
                wanted = stopped()
                if timed_out or wanted:
                    end_group(process)
                    end = ended.get(timeout=_GRACE)
                    break
        except BaseException:
            end_group(process)
            raise
    return Execution(process.returncode, end - start, timed_out, wanted, _is_running(process.pid))


@contextlib.contextmanager
def _stream(output: str) -> Iterator[IO[bytes] | int | None]:
    if output in ("null", "inherit"):
        yield subprocess.DEVNULL if output == "null" else None
        return
    try:
        file = Path(output).open("ab")  # noqa: SIM115 - closed below
    except OSError as error:
        raise CommandFailed(
            f"The output of the commands cannot be written to {output} ({error.strerror})",
            "Choose another file for --output.",
        ) from error
    with file:
        yield file


def start_group(
    words: Sequence[str], stream: IO[bytes] | int | None = subprocess.DEVNULL
) -> subprocess.Popen[bytes]:
    """Start a command in a process group of its own.

    Raises
    ------
    CommandFailed
        It cannot be started.
    """
    group: dict[str, Any] = {"start_new_session": True} if _HAS_GROUPS else {}
    try:
        return subprocess.Popen(
            list(words), stdin=subprocess.DEVNULL, stdout=stream,
            stderr=None if stream is None else stream, **group,
        )  # fmt: skip
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CommandFailed(
            f"{words[0]} cannot be started ({reason})",
            "Check the name of the program. Without -N, a shell runs the command.",
        ) from error


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a command with everything that it started in its process group."""
    _signal(process, signal.SIGTERM)
    limit = time.monotonic() + _GRACE
    while _is_running(process.pid) and time.monotonic() < limit:
        time.sleep(_LOOK / 5)
    if _HAS_GROUPS:
        _signal(process, signal.SIGKILL)
    else:
        process.kill()


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(OSError):
        if _HAS_GROUPS:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)


def _is_running(group: int) -> bool:
    """Check whether a process of the group still runs."""
    if not _HAS_GROUPS:
        return False
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
