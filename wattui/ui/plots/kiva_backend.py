# SPDX-License-Identifier: GPL-3.0-or-later
"""Chooses how Chaco draws in a program that did not choose: by QPainter.

To be imported before Enable is.  Importing this loads neither Enable nor Qt.
"""

from __future__ import annotations

import sys

from traits.etsconfig.api import ETSConfig

from wattui.errors import WattuiError

#: The bindings that cannot be loaded beside PyQt5.
_OTHERS = ("PySide6", "PyQt6", "PySide2")


def choose() -> None:
    """Make Enable draw by QPainter, unless it is loaded already.

    Raises
    ------
    WattuiError
        The program uses another binding of Qt.
    """
    for binding in _OTHERS:
        if f"{binding}.QtWidgets" in sys.modules:
            raise WattuiError(
                f"wattui draws with PyQt5, but this program uses {binding}",
                "Set the environment variable QT_API=pyqt5 before it starts.",
            )
    if "enable.toolkit" not in sys.modules and ETSConfig.toolkit in ("", "qt", "qt4"):
        del ETSConfig.toolkit
        ETSConfig.toolkit = "qt.qpainter"
