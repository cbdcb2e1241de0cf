# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps a plot, and the program, alive when drawing fails.

An exception that leaves Enable's paint handler aborts the process under PyQt5.  Even if a hook
prevents that, the painter stays open: from then on the plot is never drawn again, and the
program ends with a segmentation fault.  The guard logs the exception and ends the painter, so
that the next frame is drawn again.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any

from enable.abstract_window import AbstractWindow

logger = logging.getLogger(__name__)

#: The number of failures, by their text: each is logged in full only once.
failures: dict[str, int] = {}


def install() -> None:
    """Guard the painting of all plots from now on; main thread, may be called repeatedly."""
    if getattr(AbstractWindow._paint, "guarded", False):
        return
    AbstractWindow._paint = _guarded(AbstractWindow._paint)


def remove() -> None:
    """Remove the guard, for tests."""
    if getattr(AbstractWindow._paint, "guarded", False):
        AbstractWindow._paint = AbstractWindow._paint.__wrapped__


def _guarded(paint: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(paint)
    def guarded(window: Any, event: Any = None) -> None:
        try:
            paint(window, event)
        except Exception as error:  # noqa: BLE001 - no exception may leave a paint handler
            _survive(window, error)

    guarded.guarded = True  # type: ignore[attr-defined]
    return guarded


def _survive(window: Any, error: Exception) -> None:
    """Log an exception and reset the window to its state between two frames."""
    text = f"{type(error).__name__}: {error}"
    failures[text] = failures.get(text, 0) + 1
    if failures[text] == 1:
        logger.error("drawing failed; the next frame tries again", exc_info=error)
    gc, window._gc = window._gc, None
    painter = getattr(gc, "gc", None)
    if painter is not None and painter.isActive():
        painter.end()
    window._update_region = None
