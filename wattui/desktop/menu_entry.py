# SPDX-License-Identifier: GPL-3.0-or-later
"""Installs and removes the entry in the user's menu: launcher, icons and file type.

All of it goes into the user's data folder (``$XDG_DATA_HOME``, usually
``~/.local/share``) and needs no root.  The udev rule, which lets a user open the port,
does need root: :func:`udev_command` returns the command that installs it.
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
from wattui.desktop.program_command import is_single_file, program_command
from wattui.errors import DiskRefused, WattuiError

logger = logging.getLogger(__name__)

#: Sizes of the icons in pixels; others are scaled from the drawing by the desktop.
ICON_SIZES: Final = (16, 22, 24, 32, 48, 64, 128, 256, 512)
SESSION_ICON_SIZES: Final = (16, 32, 48, 64, 128, 256)

#: Programs that read the folders again, with their arguments; missing ones do no harm.
_CACHES: Final = (
    ("update-desktop-database", "-q", "{prefix}/applications"),
    ("update-mime-database", "{prefix}/mime"),
    ("gtk-update-icon-cache", "-q", "-t", "-f", "{prefix}/icons/hicolor"),
)
_CACHE_SECONDS: Final = 30


class NoDesktopEntries(WattuiError):
    """The system has no freedesktop.org menu: it is Windows or macOS."""


def data_home() -> Path:
    """Return the folder that the user's desktop reads."""
    named = os.environ.get("XDG_DATA_HOME", "")
    # The specification requires relative paths to be ignored.
    return Path(named) if Path(named).is_absolute() else Path.home() / ".local" / "share"


def install(prefix: Path | None = None) -> list[Path]:
    """Add launcher, icons and file type to the user's menu; return the files written.

    Parameters
    ----------
    prefix
        Folder to use instead of :func:`data_home`.

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
    """Remove the files of :func:`install`; return those that were removed.

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
    """Return the path of the udev rule that lets the user at the machine open a meter's port."""
    return Path(str(resources.files("wattui.resources") / "60-wattui.rules"))


def udev_command() -> str:
    """Return the command line that installs the udev rule; it asks for root's password."""
    target = "/etc/udev/rules.d/60-wattui.rules"
    if is_single_file():
        # Its copy of the rule is gone when the program has ended.
        lines = udev_rule().read_text(encoding="utf-8").splitlines()
        rule = " ".join(line for line in lines if line and not line.startswith("#"))
        write = f"echo {shlex.quote(rule)} | sudo tee {target}"
    else:
        write = f"sudo install -m 644 {shlex.quote(str(udev_rule()))} {target}"
    return f"{write} && sudo udevadm control --reload && sudo udevadm trigger --subsystem-match=tty"


def _refuse_elsewhere() -> None:
    if sys.platform == "win32":
        program = Path(program_command(window=True)[0]).with_name("wattui-gui.exe")
        raise NoDesktopEntries(
            "Windows has no desktop entries, and wattui does not add a Start menu shortcut",
            f"Right-click {program} and pin it to Start.",
        )
    if sys.platform == "darwin":
        raise NoDesktopEntries(
            "macOS has no desktop entries",
            f"Start it with {shlex.join(program_command(window=True))}.",
        )


def _files(prefix: Path) -> Iterator[tuple[Path, bytes]]:
    """Yield each file of the menu entry, and its contents."""
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
    # The launcher comes last, when everything it names exists.
    launcher = (source / "wattui.desktop").read_text(encoding="utf-8")
    yield prefix / "applications" / "wattui.desktop", _launcher(launcher).encode()


def _launcher(template: str) -> str:
    """Return the desktop entry with the program that is running."""
    words = program_command(window=True)
    command = " ".join(_quoted(word) for word in words)
    lines = []
    for line in template.splitlines():
        if line.startswith("Exec=wattui-gui"):
            line = "Exec=" + command + line.removeprefix("Exec=wattui-gui")
        lines.append(line)
        if line == "Type=Application":
            # The desktop hides the launcher if the program is deleted.
            lines.append("TryExec=" + words[0].replace("\\", "\\\\"))
    return "\n".join(lines) + "\n"


def _quoted(word: str) -> str:
    """Quote one argument of an ``Exec`` line (Desktop Entry Specification, *Exec key*).

    Quotes are one layer, and the escapes of a string value another.
    """
    for character in '\\"`$':
        word = word.replace(character, "\\" + character)
    word = '"' + word.replace("%", "%%") + '"'
    return word.replace("\\", "\\\\")


def _refresh(prefix: Path) -> None:
    """Make the desktop read the folders again now, instead of later."""
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
