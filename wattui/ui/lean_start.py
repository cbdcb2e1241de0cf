# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes the window open sooner: modules that are not loaded, and memory not searched."""

from __future__ import annotations

import gc
import importlib
import sys

from PyQt5 import QtCore


def load_pyface() -> None:
    """Import Pyface's names of Qt without loading all modules of Qt.

    ``pyface.qt.QtCore`` takes two names from ``PyQt5.Qt``, which loads Bluetooth, NFC,
    databases, web sockets and more.  ``PyQt5.QtCore`` has the same two.
    """
    if "PyQt5.Qt" in sys.modules or "pyface.qt.QtCore" in sys.modules:
        return
    sys.modules["PyQt5.Qt"] = QtCore
    try:
        importlib.import_module("pyface.qt.QtCore")
    finally:
        del sys.modules["PyQt5.Qt"]


def pause_collector() -> None:
    """Pause Python's search for cycles of unused objects until the event loop runs.

    A start makes two hundred thousand objects that all stay, and would be searched several times.
    Later searches leave them out.
    """

    def resume() -> None:
        gc.freeze()
        gc.enable()

    gc.disable()
    QtCore.QTimer.singleShot(0, resume)
