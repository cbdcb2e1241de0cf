# SPDX-License-Identifier: GPL-3.0-or-later
"""Single keys of a terminal, without Enter; the terminal is always restored."""

from __future__ import annotations

import contextlib
import importlib
import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from typing import Any, Final

_HAS_CONTINUE: Final = hasattr(signal, "SIGCONT")


class Keyboard:
    """Keys that are pressed while :func:`keyboard` lasts."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    def pressed(self, timeout: float) -> str:
        """Return the keys pressed, waiting up to *timeout* seconds; empty for none."""
        descriptor = self._descriptor
        if descriptor is None or not select.select([descriptor], [], [], timeout)[0]:
            return ""
        try:
            data = os.read(descriptor, 64)
        except OSError:
            data = b""
        if not data:
            # The terminal is gone, and would seem ready forever.
            self._descriptor = None
        return data.decode("ascii", "replace")

    @property
    def usable(self) -> bool:
        """Whether there is a keyboard; without one, :meth:`pressed` returns immediately."""
        return self._descriptor is not None


#: No keyboard.
NO_KEYS: Final = Keyboard(None)


class WindowsKeyboard(Keyboard):
    """Keys of a Windows console."""

    def __init__(self) -> None:
        super().__init__(None)
        self._console: Any = importlib.import_module("msvcrt")

    def pressed(self, timeout: float) -> str:
        """Return the key pressed, waiting *timeout* seconds for it."""
        if not self._console.kbhit():
            time.sleep(timeout)
        return str(self._console.getwch()) if self._console.kbhit() else ""

    @property
    def usable(self) -> bool:
        """Whether there is a keyboard: a console has one."""
        return True


@contextlib.contextmanager
def keyboard() -> Iterator[Keyboard]:
    """Read single keys from the terminal; none if standard input is not a terminal."""
    if os.name == "nt":
        yield WindowsKeyboard() if sys.stdin and sys.stdin.isatty() else NO_KEYS
        return
    import termios
    import tty

    try:
        descriptor = sys.stdin.fileno()
        before = termios.tcgetattr(descriptor)
        # A background job is stopped if it touches the terminal.
        in_front = os.tcgetpgrp(descriptor) == os.getpgrp()
    except (OSError, ValueError, AttributeError, termios.error):
        yield NO_KEYS
        return
    if not in_front:
        yield NO_KEYS
        return

    def take(*_: object) -> None:
        with contextlib.suppress(termios.error):
            tty.setcbreak(descriptor)

    previous = signal.signal(signal.SIGCONT, take) if _HAS_CONTINUE else None
    take()
    try:
        yield Keyboard(descriptor)
    finally:
        if _HAS_CONTINUE:
            signal.signal(signal.SIGCONT, previous)
        with contextlib.suppress(termios.error):
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
