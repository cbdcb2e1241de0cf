# SPDX-License-Identifier: GPL-3.0-or-later
"""The application of the tests of windows and plots, and waiting in its event loop."""

from __future__ import annotations

import time

from PyQt5 import QtCore, QtWidgets

_APPLICATION = []

#: How often a condition is checked that changes without an event, in ms.
_TICK = 10


def application():
    """Return the application of the tests."""
    if QtWidgets.QApplication.instance() is None:
        _APPLICATION.append(QtWidgets.QApplication([]))
    return QtWidgets.QApplication.instance()


def handle_next():
    """Handle events; wait for one if none is pending.

    Asking for events again and again would take the interpreter from the threads that the
    test is waiting for.
    """
    loop = QtCore.QEventLoop
    application().processEvents(loop.AllEvents | loop.WaitForMoreEvents)


def wait_for(condition, what="what was waited for", seconds=60.0):
    """Handle events until a condition holds; fail after a deadline."""
    application()
    ticks = QtCore.QTimer()
    ticks.start(_TICK)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: it did not happen"
        handle_next()
