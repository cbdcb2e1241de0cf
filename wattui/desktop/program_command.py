# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands that start this program again: for launchers, services and further windows.

A bundle has its own Python inside, which runs no ``-m``: there the command is the program itself.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

#: The folder into which a single file unpacks itself begins so (PyInstaller).
_UNPACKED: Final = "_MEI"


def program_command(*, window: bool = False) -> list[str]:
    """Return the command that starts this copy of wattui, or its *window*."""
    name = "wattui-gui" if window else "wattui"
    beside = Path(sys.executable).parent / (name + ".exe" * (sys.platform == "win32"))
    # Beside a single file, which may be anywhere, can be another wattui.
    if beside.is_file() and not is_single_file():
        return [str(beside)]
    start = [sys.executable] if is_bundle() else [sys.executable, "-m", "wattui"]
    return [*start, "gui"] if window else start


def is_bundle() -> bool:
    """Check whether this is the program with its own Python inside."""
    return bool(getattr(sys, "frozen", False))


def is_single_file() -> bool:
    """Check whether this is a bundle in one file: what is in it lies elsewhere at each start."""
    return is_bundle() and Path(getattr(sys, "_MEIPASS", "")).name.startswith(_UNPACKED)


def extra_hint(extra: str) -> str:
    """Return how to get the packages of an extra."""
    if is_bundle():
        return f"This bundle is without it: install wattui with pipx install 'wattui[{extra}]'."
    return f"Install it: pip install 'wattui[{extra}]'."
