# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides when the plots are read: immediately, but not too often."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from pyface.qt import QtCore

logger = logging.getLogger(__name__)


class RedrawTimer:
    """Runs a call immediately, or as soon as the last one is long enough ago.

    Main thread only.  However often it is requested, the call runs once per interval.
    """

    def __init__(self, call: Callable[[], None], interval: float) -> None:
        self._call, self._interval = call, interval
        self._last = -interval
        self._timer = QtCore.QTimer()
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._run)

    def due(self, interval: float | None = None) -> None:
        """Request the call, which runs at most once every *interval* seconds."""
        if interval is None:
            interval = self._interval
        wait = self._last + interval - time.monotonic()
        if wait <= 0:
            self._timer.stop()
            self._run()
        elif not self._timer.isActive() or self._timer.remainingTime() > 1000 * wait:
            self._timer.start(max(1, round(wait * 1000)))

    def stop(self) -> None:
        """Cancel the call that was requested."""
        self._timer.stop()

    def _run(self) -> None:
        self._last = time.monotonic()
        try:
            self._call()
        except Exception:
            # An exception that leaves the slot of a timer ends the program.
            logger.exception("could not request a view")
