# SPDX-License-Identifier: GPL-3.0-or-later
"""The window and the drawing, imported only if they can work here."""

from __future__ import annotations

import importlib
import os
from typing import Any

from wattui.desktop import display_check


def window_program(*, screen: bool = True) -> Any:
    """Return the module :mod:`wattui.ui.app`; drawing into a file needs no *screen*.

    Raises
    ------
    DisplayMissing
        There is no display, or libraries or packages are missing.
    """
    # The toolkits read these when they are imported.
    os.environ.setdefault("QT_API", "pyqt5")
    os.environ.setdefault("ETS_TOOLKIT", "qt.qpainter")
    if screen:
        display_check.check()
    else:
        # A file looks the same on any screen.
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        # Qt warns of folders that a desktop has, and a service does not have.
        os.environ.setdefault("QT_LOGGING_RULES", "default.warning=false")
    try:
        return importlib.import_module("wattui.ui.app")
    except ModuleNotFoundError as error:
        raise display_check.package_missing(error.name or str(error)) from error
    except ImportError as error:
        raise display_check.libraries_missing(str(error)) from error


def open_window(**options: Any) -> int:
    """Open the window with the options of ``wattui.ui.app.run``; return the exit status.

    Raises
    ------
    DisplayMissing
        There is no display, or libraries or packages are missing.
    """
    status = window_program().run(**options)
    return status if isinstance(status, int) else 0
