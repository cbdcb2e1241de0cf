# SPDX-License-Identifier: GPL-3.0-or-later
"""Signals that end a command properly: Ctrl-C, SIGTERM, a closed terminal."""

from __future__ import annotations

import contextlib
import queue
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Final, Self

#: Signals that end a command.  A closed terminal sends SIGHUP, a console window of
#: Windows SIGBREAK.
_NAMES: Final = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")

#: Seconds within which a second Ctrl-C is the same key press, passed on by another program.
_SAME_KEY: Final = 1.0


def _nothing() -> None:
    return


class Ending:
    """Whether it is time to end; a second Ctrl-C ends immediately.

    A context manager that handles the signals.

    Parameters
    ----------
    wake
        Called when it is time to end; must be safe in a signal handler.
    hang_up
        Called on SIGHUP, which then does not end the command; must be safe too.
    """

    def __init__(
        self,
        wake: Callable[[], object] = _nothing,
        hang_up: Callable[[], object] | None = None,
    ) -> None:
        self._hang_up = hang_up
        #: Called when it is time to end; must be safe in a signal handler.
        self.wake = wake
        self._ended = False
        self._since = 0.0
        # Unlike an Event it can be set by a signal that interrupts its own wait.
        self._ending: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is not threading.main_thread():
            return self
        for name in _NAMES:
            number = getattr(signal, name, None)
            # A signal that nohup ignores stays ignored.
            if number is None or (name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN):
                continue
            self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if self._hang_up is not None and number == getattr(signal, "SIGHUP", None):
            self._hang_up()
            self.wake()
            return
        now = time.monotonic()
        if self._ended and number == signal.SIGINT and now - self._since > _SAME_KEY:
            raise KeyboardInterrupt
        if not self._ended:
            self._since = now
        self.end()

    def end(self) -> None:
        """Make it time to end.  Any thread."""
        self._ended = True
        self._ending.put(None)
        self.wake()

    def __call__(self) -> bool:
        """Return whether it is time to end."""
        return self._ended

    def wait(self, timeout: float | None = None) -> bool:
        """Wait up to *timeout* seconds until it is time to end; return whether it is."""
        if not self._ended:
            with contextlib.suppress(queue.Empty):
                self._ending.get(timeout=timeout)
        return self._ended
