# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole main window without a screen, operated as a user does."""

from __future__ import annotations

import sys
import threading
import time

from event_loop import wait_for
from PyQt5 import QtCore, QtGui, QtTest, QtWidgets

from wattui.desktop.preferences_file import PreferencesFile
from wattui.model.bench import Bench
from wattui.simulator.devices import forget_devices
from wattui.ui import app

#: A meter that runs fast enough for a test.
FAST = "sim://pro?load=desktop&speed=20"


class Uncaught(list):
    """Exceptions that nothing caught: PyQt would have ended the program."""

    def __enter__(self):
        self._before = sys.excepthook, threading.excepthook
        sys.excepthook = lambda _kind, error, _trace: self.append(error)
        threading.excepthook = lambda info: self.append(info.exc_value)
        return self

    def __exit__(self, *_):
        sys.excepthook, threading.excepthook = self._before


#: The windows that are open.
OPEN: set[OpenedWindow] = set()


class OpenedWindow:
    """A main window, and what tests do with it."""

    def __init__(self, look=None, settings=None, bench=None):
        forget_devices()
        self.settings = settings if settings is not None else PreferencesFile(theme="light")
        self.bench = bench if bench is not None else Bench()
        self.uncaught = Uncaught()
        self.uncaught.__enter__()
        self.ui = app.build(self.bench, self.settings, look=look)
        self.model = self.ui.context["object"]
        self.handler = self.ui.handler
        self.context = self.handler.context
        self.info = self.ui.info
        self.window = self.ui.control
        self.closed = False
        OPEN.add(self)
        self.handle_events()

    def handle_events(self):
        """Handle the pending events of Qt."""
        for _ in range(3):
            QtWidgets.QApplication.processEvents()
        QtWidgets.QApplication.sendPostedEvents(None, QtCore.QEvent.DeferredDelete)

    def wait_for(self, condition, what, seconds=60.0):
        """Handle events until a condition is met; fail after a deadline."""
        wait_for(condition, what, seconds)
        self.handle_events()

    def control(self, name):
        """Return the control of an item."""
        return getattr(self.info, name).control

    def key(self, key, modifiers=QtCore.Qt.NoModifier):
        """Press a key in the widget that has the focus."""
        QtTest.QTest.keyClick(QtWidgets.QApplication.focusWidget() or self.window, key, modifiers)
        self.handle_events()

    def click(self, widget):
        """Click a widget."""
        QtTest.QTest.mouseClick(widget, QtCore.Qt.LeftButton)
        self.handle_events()

    def connect(self, url=FAST):
        """Connect and wait for the first samples."""
        self.model.connect_port(url)
        self.wait_for(lambda: self.model.marking, "the first sample")

    def colours(self, widget):
        """Return how many pixels of a widget's picture have each colour."""
        picture = widget.grab().toImage().convertToFormat(QtGui.QImage.Format_RGB32)
        counts = {}
        for y in range(0, picture.height(), 2):
            for x in range(0, picture.width(), 2):
                name = picture.pixelColor(x, y).name()
                counts[name] = counts.get(name, 0) + 1
        return counts

    def close(self):
        """Close it, and check that nothing is still running and no exception was missed."""
        if not self.closed:
            self.closed = True
            OPEN.discard(self)
            if self.ui.control is not None:
                self.handler.close_now(self.info)
            self.handle_events()
            self.handler.shut_down(self.model)
            self.uncaught.__exit__()
            assert not self.uncaught, self.uncaught


def own_threads(start="wattui"):
    """Return the names of the program's threads that are running."""
    return [one.name for one in threading.enumerate() if one.name.startswith(start)]


def threads_left(*staying, seconds=60.0):
    """Return which threads of the program do not end by themselves, except for *staying*."""
    deadline = time.monotonic() + seconds
    for thread in threading.enumerate():
        if thread.name.startswith("wattui") and thread.name not in staying:
            thread.join(max(0.0, deadline - time.monotonic()))
    return [name for name in own_threads() if name not in staying]
