# SPDX-License-Identifier: GPL-3.0-or-later
"""Wakes Qt's event loop when another thread has posted something."""

from __future__ import annotations

import weakref
from typing import Final

from PyQt5.QtCore import QCoreApplication, QObject, Qt, pyqtSignal, pyqtSlot

from wattui.model.main_thread import MainThread, Wake


class QtWake(QObject):
    """Lets Qt drain a :class:`MainThread`; a signal crosses the threads."""

    _woken = pyqtSignal()

    def __init__(self, main_thread: MainThread) -> None:
        super().__init__()
        self._main_thread = weakref.ref(main_thread)
        application = QCoreApplication.instance()
        if application is not None:
            self.moveToThread(application.thread())
        self._woken.connect(self._drain, Qt.ConnectionType.QueuedConnection)

    def wake(self) -> None:
        """Ask Qt to drain the main thread soon.  Any thread."""
        self._woken.emit()

    def start(self) -> None:
        """Deliver through Qt alone, whether its event loop runs or not."""
        main_thread = self._main_thread()
        if main_thread is not None:
            main_thread.set_wake(self.wake)

    def stop(self) -> None:
        """Deliver nothing further: the window has closed, and its program ends."""
        main_thread = self._main_thread()
        if main_thread is not None:
            main_thread.set_wake(lambda: None)

    def release(self) -> None:
        """Deliver as before: through Qt while its event loop runs."""
        main_thread = self._main_thread()
        if main_thread is not None:
            main_thread.set_wake(None)

    @pyqtSlot()
    def _drain(self) -> None:
        main_thread = self._main_thread()
        if main_thread is not None:
            main_thread.drain()


#: The wake-ups of main threads that no window serves.
_wakes: Final[weakref.WeakKeyDictionary[MainThread, QtWake]] = weakref.WeakKeyDictionary()


def running_loop(main_thread: MainThread) -> Wake | None:
    """Return a wake-up by the application's event loop, or None while none runs.  Any thread."""
    application = QCoreApplication.instance()
    if application is None or application.thread().loopLevel() == 0:
        return None
    if main_thread not in _wakes:
        _wakes[main_thread] = QtWake(main_thread)
    return _wakes[main_thread].wake
