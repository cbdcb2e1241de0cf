# SPDX-License-Identifier: GPL-3.0-or-later
"""Single keys of a terminal, without Enter; the terminal is restored in any case."""

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
    """Keys that were pressed, as long as :func:`keyboard` lasts."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    def pressed(self, timeout: float) -> str:
        """Give what was pressed, waiting *timeout* seconds at most; empty for nothing."""
        descriptor = self._descriptor
        if descriptor is None or not select.select([descriptor], [], [], timeout)[0]:
            return ""
        try:
            data = os.read(descriptor, 64)
        except OSError:
            data = b""
        if not data:
            # The terminal is gone: it would be ready for ever.
            self._descriptor = None
        return data.decode("ascii", "replace")

    @property
    def usable(self) -> bool:
        """Whether keys can come; otherwise :meth:`pressed` returns at once."""
        return self._descriptor is not None


#: Where there is no keyboard.
NO_KEYS: Final = Keyboard(None)


class WindowsKeyboard(Keyboard):
    """The same in a console of Windows."""

    def __init__(self) -> None:
        super().__init__(None)
        self._console: Any = importlib.import_module("msvcrt")

    def pressed(self, timeout: float) -> str:
        """Give what was pressed, waiting *timeout* seconds for it."""
        if not self._console.kbhit():
            time.sleep(timeout)
        return str(self._console.getwch()) if self._console.kbhit() else ""

    @property
    def usable(self) -> bool:
        """Whether keys can come: a console has them."""
        return True


@contextlib.contextmanager
def keyboard() -> Iterator[Keyboard]:
    """Take single keys from the terminal; none come where standard input is none."""
    if os.name == "nt":
        yield WindowsKeyboard() if sys.stdin and sys.stdin.isatty() else NO_KEYS
        return
    import termios
    import tty

    try:
        descriptor = sys.stdin.fileno()
        before = termios.tcgetattr(descriptor)
        # A job in the background that touches the terminal is stopped for it.
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
