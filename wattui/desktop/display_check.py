# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks whether a window can be opened, before Qt is loaded.

Without a display or one of its libraries, Qt ends the process with a message that does
not help.  So the display is tried first, and Qt's plugin for it is loaded.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import platform
import re
import socket
import sys
from pathlib import Path
from typing import Final

from wattui.errors import DisplayMissing

_RECORD_INSTEAD: Final = "`wattui log PORT` records in the terminal."
_PACKAGES: Final = (
    "On Debian and Ubuntu: apt install libgl1 libegl1 libxkbcommon-x11-0 libxcb-icccm4 "
    "libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 "
    f"libxcb-xinerama0 libdbus-1-3 fonts-dejavu-core. {_RECORD_INSTEAD}"
)
#: What to do where the window's Python packages are missing, as they are from wattui-headless.
_INSTALL: Final = f"`pip install wattui` installs the window too. {_RECORD_INSTEAD}"
#: The same where PyPI has no PyQt5: on 64-bit ARM.
_INSTALL_ON_ARM: Final = (
    "For this processor it comes from the system: `sudo apt install python3-pyqt5 "
    "python3-pyqt5.qtopengl python3-pyqt5.qtsvg`, and wattui goes into an environment made with "
    f"`python3 -m venv --system-site-packages`. {_RECORD_INSTEAD}"
)
_PATIENCE: Final = 2.0
_X_DISPLAY: Final = re.compile(r"(?P<host>.*?):(?P<number>\d+)(\.\d+)?")


def check() -> None:
    """Check that a window can be opened.

    Raises
    ------
    DisplayMissing
        It cannot.  The error states why, and what to do instead.
    """
    if sys.platform in ("win32", "darwin"):
        return
    wanted = os.environ.get("QT_QPA_PLATFORM", "")
    _check_platform(wanted)
    if wanted.partition(":")[0] not in ("", "xcb", "wayland", "wayland-egl"):
        # Offscreen and the like need no display.
        return
    x_display = os.environ.get("DISPLAY", "")
    wayland = os.environ.get("WAYLAND_DISPLAY", "")
    if not x_display and not wayland:
        raise DisplayMissing(
            "There is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)", _RECORD_INSTEAD
        )
    if not (wayland and _wayland_answers(wayland)) and not (x_display and _x_answers(x_display)):
        named = " nor ".join(name for name in (wayland, x_display) if name)
        neither = "Neither display" if wayland and x_display else "The display"
        verb = "answers" if wayland and x_display else "does not answer"
        raise DisplayMissing(
            f"{neither} {named} {verb}", f"Check DISPLAY, or use the terminal. {_RECORD_INSTEAD}"
        )
    if x_display:
        _check_libraries()


def libraries_missing(what: str) -> DisplayMissing:
    """Return the error for missing libraries of the window."""
    return DisplayMissing(f"The window's libraries are missing: {what}", _PACKAGES)


def package_missing(name: str) -> DisplayMissing:
    """Return the error for a missing Python package of the window."""
    on_arm = name.startswith("PyQt5") and platform.machine() == "aarch64"
    return DisplayMissing(
        f"The window needs the Python package {name.partition('.')[0]}, which is not installed",
        _INSTALL_ON_ARM if on_arm else _INSTALL,
    )


def _check_platform(wanted: str) -> None:
    """Check that Qt has one of the platforms of a list ``wayland;xcb``: it aborts without."""
    names = [one.partition(":")[0].strip() for one in wanted.split(";") if one.strip()]
    known = {name.removesuffix("-generic") for name in map(_platform_name, _platform_plugins())}
    if names and known and not known.intersection(names):
        raise DisplayMissing(
            f"Qt has no platform {wanted}, which the variable QT_QPA_PLATFORM names",
            f"Unset the variable, or choose one of: {', '.join(sorted(known))}. {_RECORD_INSTEAD}",
        )


def _platform_name(plugin: Path) -> str:
    """Return the platform of a plugin: ``xcb`` of ``libqxcb.so``."""
    return plugin.stem.removeprefix("libq")


def _platform_plugins() -> list[Path]:
    """Return the plugins of PyQt5 and of further folders that the environment names.

    Empty for a Qt of the system, whose folder only Qt itself knows.
    """
    spec = importlib.util.find_spec("PyQt5")
    folders = [] if spec is None else list(spec.submodule_search_locations or ())
    found = [one for folder in folders for one in Path(folder).glob("Qt*/plugins/platforms/*.so")]
    if not found:
        return []
    for variable, below in (("QT_QPA_PLATFORM_PLUGIN_PATH", "."), ("QT_PLUGIN_PATH", "platforms")):
        for folder in filter(None, os.environ.get(variable, "").split(os.pathsep)):
            found += (Path(folder) / below).glob("libq*.so")
    return found


def _answers(family: int, address: str | tuple[str, int]) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as connection:
            connection.settimeout(_PATIENCE)
            connection.connect(address)
    except OSError:
        return False
    return True


def _wayland_answers(name: str) -> bool:
    folder = os.environ.get("XDG_RUNTIME_DIR", "")
    return _answers(socket.AF_UNIX, str(Path(folder) / name))


def _x_answers(name: str) -> bool:
    match = _X_DISPLAY.fullmatch(name)
    if match is None:
        # Another kind of display name, such as a socket on a Mac: Qt will find out.
        return True
    host, number = match["host"], int(match["number"])
    if host in ("", "unix"):
        path = f"/tmp/.X11-unix/X{number}"
        return _answers(socket.AF_UNIX, path) or _answers(socket.AF_UNIX, f"\0{path}")
    return _answers(socket.AF_INET, (host, 6000 + number))


def _check_libraries() -> None:
    """Load Qt's plugin for X, which needs the same libraries; the error names a missing one."""
    try:
        spec = importlib.util.find_spec("PyQt5")
    except (ImportError, ValueError):
        spec = None
    if spec is None or not spec.submodule_search_locations:
        raise package_missing("PyQt5")
    for folder in spec.submodule_search_locations:
        for plugin in Path(folder).glob("Qt*/plugins/platforms/libqxcb.so"):
            try:
                ctypes.CDLL(str(plugin))
            except OSError as error:
                raise libraries_missing(str(error)) from error
