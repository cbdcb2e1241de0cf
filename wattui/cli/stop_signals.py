# SPDX-License-Identifier: GPL-3.0-or-later
"""Signals that end a command in an orderly way: Ctrl-C, SIGTERM, a closed terminal."""

from __future__ import annotations

import contextlib
import queue
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Final, Self

#: Signals that mean: end properly.  A terminal that was closed sends SIGHUP, a console
#: window of Windows SIGBREAK.
_NAMES: Final = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


#: Seconds within which a second Ctrl-C is the first one, handed on by another program too.
_SAME_KEY: Final = 1.0


def _nothing() -> None:
    return


class Ending:
    """Notes that it is time to end; a second Ctrl-C ends at once.

    A context manager: as long as it lasts, the signals come here.

    Parameters
    ----------
    wake
        Called when the time has come; must be safe in a signal handler.
    hang_up
        Called on SIGHUP, which does not mean to end then; must be safe as well.
    """

    def __init__(
        self,
        wake: Callable[[], object] = _nothing,
        hang_up: Callable[[], object] | None = None,
    ) -> None:
        self._hang_up = hang_up
        #: Called when the time has come; must be safe in a signal handler.
        self.wake = wake
        self._ended = False
        self._since = 0.0
        # Unlike an Event it can be set by a signal that interrupts its own wait.
        self._told: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is not threading.main_thread():
            return self
        for name in _NAMES:
            number = getattr(signal, name, None)
            # What nohup said to ignore stays ignored.
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
        """Note that it is time to end.  Any thread."""
        self._ended = True
        self._told.put(None)
        self.wake()

    def __call__(self) -> bool:
        """Tell whether it is time to end."""
        return self._ended

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is time to end, for *timeout* seconds at most; tell whether it is."""
        if not self._ended:
            with contextlib.suppress(queue.Empty):
                self._told.get(timeout=timeout)
        return self._ended
