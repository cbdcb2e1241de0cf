# SPDX-License-Identifier: GPL-3.0-or-later
"""The user's own menu: launcher, icons and file type, put there and taken away.

All of it goes into the user's data folder (``$XDG_DATA_HOME``, mostly
``~/.local/share``) and needs no root.  What needs root, the udev rule that lets
a user open the port, is only told as a command: see :func:`udev_command`.
"""

from __future__ import annotations

import logging
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Final

from wattui.desktop.atomic_file import write_whole
from wattui.errors import DiskRefused, WattuiError

logger = logging.getLogger(__name__)

#: Sizes of the icons in pixels; others are scaled from the drawing by the desktop.
ICON_SIZES: Final = (16, 22, 24, 32, 48, 64, 128, 256, 512)
SESSION_ICON_SIZES: Final = (16, 32, 48, 64, 128, 256)

#: Programs that read the folders again, and what each is told; missing ones do no harm.
_CACHES: Final = (
    ("update-desktop-database", "-q", "{prefix}/applications"),
    ("update-mime-database", "{prefix}/mime"),
    ("gtk-update-icon-cache", "-q", "-t", "-f", "{prefix}/icons/hicolor"),
)
_CACHE_SECONDS: Final = 30


class NoDesktopEntries(WattuiError):
    """The system has no menu of the freedesktop.org kind: it is Windows or macOS."""


def data_home() -> Path:
    """Give the folder that the user's desktop looks into."""
    named = os.environ.get("XDG_DATA_HOME", "")
    # The specification has relative paths ignored.
    return Path(named) if Path(named).is_absolute() else Path.home() / ".local" / "share"


def install(prefix: Path | None = None) -> list[Path]:
    """Put launcher, icons and file type into the user's menu; give what was written.

    Parameters
    ----------
    prefix
        Another folder than :func:`data_home`.

    Raises
    ------
    NoDesktopEntries
        This is Windows or macOS.
    DiskRefused
        The folder cannot be written to.
    """
    _refuse_elsewhere()
    prefix = prefix or data_home()
    written = []
    try:
        for target, content in _files(prefix):
            write_whole(target, content)
            written.append(target)
    except OSError as error:
        raise DiskRefused(
            f"{error.filename or prefix} cannot be written: {error.strerror or error}",
            "Check that the folder is yours, or set XDG_DATA_HOME to one that is.",
        ) from error
    _refresh(prefix)
    return written


def remove(prefix: Path | None = None) -> list[Path]:
    """Take away what :func:`install` put there; give what was removed.

    Raises
    ------
    NoDesktopEntries
        This is Windows or macOS.
    DiskRefused
        A file cannot be removed.
    """
    _refuse_elsewhere()
    prefix = prefix or data_home()
    removed = []
    for target, _ in _files(prefix):
        try:
            target.unlink()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise DiskRefused(
                f"{target} cannot be removed: {error.strerror or error}",
                "Check that the folder is yours.",
            ) from error
        removed.append(target)
    if removed:
        _refresh(prefix)
    return removed


def udev_rule() -> Path:
    """Give the rule that lets whoever sits at the machine open a meter's port."""
    return Path(str(resources.files("wattui.resources") / "60-wattui.rules"))


def udev_command() -> str:
    """Give the one line that installs the udev rule; it asks for the password of root."""
    rule = shlex.quote(str(udev_rule()))
    return (
        f"sudo install -m 644 {rule} /etc/udev/rules.d/60-wattui.rules"
        " && sudo udevadm control --reload && sudo udevadm trigger --subsystem-match=tty"
    )


def launcher_command() -> list[str]:
    """Give what starts the window of this very environment."""
    folder = Path(sys.executable).parent
    program = folder / "wattui-gui"
    if program.exists():
        return [str(program)]
    return [sys.executable, "-m", "wattui", "gui"]


def _refuse_elsewhere() -> None:
    if sys.platform == "win32":
        raise NoDesktopEntries(
            "Windows has no desktop entries, and wattui makes no Start menu shortcut",
            f"Right-click {Path(sys.executable).parent / 'wattui-gui.exe'} and pin it to Start.",
        )
    if sys.platform == "darwin":
        raise NoDesktopEntries(
            "macOS has no desktop entries", f"Start it by {shlex.join(launcher_command())}."
        )


def _files(prefix: Path) -> Iterator[tuple[Path, bytes]]:
    """Give each file that belongs to the menu, and what is in it."""
    source = resources.files("wattui.resources")
    icons = source / "icons"
    hicolor = prefix / "icons" / "hicolor"
    for name, kind, sizes in (
        ("wattui", "apps", ICON_SIZES),
        ("wattui-session", "mimetypes", SESSION_ICON_SIZES),
    ):
        for size in sizes:
            target = hicolor / f"{size}x{size}" / kind / f"{name}.png"
            yield target, (icons / f"{name}-{size}.png").read_bytes()
        yield hicolor / "scalable" / kind / f"{name}.svg", (icons / f"{name}.svg").read_bytes()
    mime = (source / "wattui-mime.xml").read_bytes()
    yield prefix / "mime" / "packages" / "wattui.xml", mime
    metainfo = (source / "wattui.metainfo.xml").read_bytes()
    yield prefix / "metainfo" / "wattui.metainfo.xml", metainfo
    # The launcher last: what it names is there by then.
    launcher = (source / "wattui.desktop").read_text(encoding="utf-8")
    yield prefix / "applications" / "wattui.desktop", _launcher(launcher).encode()


def _launcher(template: str) -> str:
    """Give the desktop entry with the programs of this environment in it."""
    words = launcher_command()
    command = " ".join(_quoted(word) for word in words)
    lines = []
    for line in template.splitlines():
        if line.startswith("Exec=wattui-gui"):
            line = "Exec=" + command + line.removeprefix("Exec=wattui-gui")
        lines.append(line)
        if line == "Type=Application":
            # The desktop hides the launcher once this environment is gone.
            lines.append("TryExec=" + words[0].replace("\\", "\\\\"))
    return "\n".join(lines) + "\n"


def _quoted(word: str) -> str:
    """Quote one argument of an ``Exec`` line (Desktop Entry Specification, *Exec key*).

    The quotes are one layer, the escapes of a string value another.
    """
    for character in '\\"`$':
        word = word.replace(character, "\\" + character)
    word = '"' + word.replace("%", "%%") + '"'
    return word.replace("\\", "\\\\")


def _refresh(prefix: Path) -> None:
    """Let the desktop read the folders again; it does so by itself in time."""
    for program, *arguments in _CACHES:
        found = shutil.which(program)
        if found is None:
            continue
        command = [found, *(argument.format(prefix=prefix) for argument in arguments)]
        try:
            done = subprocess.run(
                command, capture_output=True, timeout=_CACHE_SECONDS, check=False, text=True
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            logger.info("%s did not run: %s", program, error)
            continue
        if done.returncode:
            logger.info("%s ended with %s: %s", program, done.returncode, done.stderr.strip())
