# SPDX-License-Identifier: GPL-3.0-or-later
"""Wakes Qt's event loop when another thread has posted something."""

from __future__ import annotations

from PyQt5.QtCore import QObject, Qt, pyqtSignal

from wattui.model.main_thread import MainThread


class QtWake(QObject):
    """Brings Qt to drain a :class:`MainThread`; a signal crosses the threads."""

    _woken = pyqtSignal()

    def __init__(self, main_thread: MainThread) -> None:
        super().__init__()
        self._main_thread = main_thread
        self._woken.connect(self._drain, Qt.ConnectionType.QueuedConnection)
        main_thread.wake = self._woken.emit

    def stop(self) -> None:
        """Wake no more: the event loop ends."""
        self._main_thread.wake = lambda: None

    def _drain(self) -> None:
        self._main_thread.drain()
