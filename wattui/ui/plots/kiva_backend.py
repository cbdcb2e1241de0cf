# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes Chaco draw with QPainter in a program that did not choose a way to draw.

Import it before Enable.  Importing this loads neither Enable nor Qt.
"""

from __future__ import annotations

import sys

from traits.etsconfig.api import ETSConfig

from wattui.errors import WattuiError

#: The bindings that cannot be loaded together with PyQt5.
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
