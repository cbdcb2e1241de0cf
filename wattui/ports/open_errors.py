# SPDX-License-Identifier: GPL-3.0-or-later
"""What it means when a port does not open: the system's errors turned into ours."""

from __future__ import annotations

import errno
import logging
import re
import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from wattui.errors import PortBusy, PortDenied, PortError, PortNotFound, PortUnknown
from wattui.ports.holder import Holder, find_holder

_log = logging.getLogger(__name__)

_MISSING: Final = (errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.ENOTDIR)
_DENIED: Final = (errno.EACCES, errno.EPERM)
_BUSY: Final = (errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK)
_NO_PORT: Final = (errno.ENOTTY, errno.EISDIR, errno.EINVAL)


def scheme_of(url: str) -> str:
    """Give the scheme of a URL in lower case; empty for the name of a device."""
    scheme, mark, _rest = url.partition("://")
    return scheme.lower() if mark else ""


def opening_error(url: str, error: Exception, there: Sequence[str]) -> PortError:
    """Make one of our errors of whatever pyserial raised while opening.

    *there* are the ports that exist: they are named to whoever mistyped one.
    """
    _log.info("%s: opening: %s: %s", url, type(error).__name__, error)
    scheme = scheme_of(url)
    if scheme:
        return _remote_error(url, scheme, error)
    number = _errno_of(error)
    text = str(error)
    if number in _MISSING or "FileNotFoundError" in text:
        return PortNotFound(f"There is no port {url}", ports_hint(there))
    if number in _BUSY or (sys.platform == "win32" and "PermissionError" in text):
        return busy(url, find_holder(url))
    if number in _DENIED:
        return _denied(url)
    if number in _NO_PORT or not _is_device(url):
        return PortUnknown(f"{url} is no serial port", ports_hint(there))
    return PortNotFound(
        f"{url} could not be opened: {text or type(error).__name__}",
        "Unplug the meter, plug it in again, and try once more.",
    )


def _remote_error(url: str, scheme: str, error: Exception) -> PortError:
    text = _plain(url, error)
    if "debug|info" in text:
        # pyserial trips over its own message for an address or option that is wrong.
        return PortUnknown(f"{url} cannot be understood", _scheme_hint(scheme))
    if "expected a string in the form" in text or "unknown option" in text:
        return PortUnknown(f"{url} cannot be understood: {text}", _scheme_hint(scheme))
    number = _errno_of(error)
    if number in _BUSY:
        return busy(url, find_holder(url))
    if scheme == "sim":
        if number in _DENIED:
            return _denied(url)
        kind = PortNotFound if number in _MISSING else PortUnknown
        return kind(f"{url} could not be opened: {text}", _scheme_hint(scheme))
    return PortNotFound(
        f"Nothing can be reached at {url}: {text}",
        "Look whether the other machine is on and serves the port.",
    )


def _plain(url: str, error: Exception) -> str:
    """Give an error's text without what the program says itself: its number, and the URL."""
    text = re.sub(r"\[Errno -?\d+\] ?", "", str(error))
    return text.removeprefix(f"Could not open port {url}: ").removeprefix(f"{url}: ")


def url_error(url: str, error: Exception, broken: Exception | None) -> PortUnknown:
    """Tell a wrong URL from a handler that failed to load, which *broken* then says."""
    scheme = scheme_of(url)
    if broken is not None:
        # pyserial reports this, too, as a protocol that is not known.
        return PortUnknown(
            f"The part of wattui that serves {scheme}:// cannot be loaded: {broken}",
            "Install wattui again.",
        )
    if "not known" in str(error):
        return PortUnknown(
            f"{scheme}:// is no kind of port that is known here",
            "Known are sim://, socket://host:port, rfc2217://host:port, and device names.",
        )
    return PortUnknown(f"{url} cannot be understood: {error}", _scheme_hint(scheme))


def _scheme_hint(scheme: str) -> str:
    return {
        "sim": "A simulated meter is sim://, or for instance sim://es?load=lamp&speed=60.",
        "socket": "Write it as socket://host:port.",
        "rfc2217": "Write it as rfc2217://host:port.",
    }.get(scheme, "Give the name of a device, or sim:// for a simulated meter.")


def _errno_of(error: BaseException | None) -> int | None:
    """Find the system's error number in an error, its arguments, or its text."""
    while error is not None:
        number = getattr(error, "errno", None)
        if isinstance(number, int):
            return number
        if error.args and isinstance(error.args[0], int):
            return error.args[0]
        error = error.__cause__ or error.__context__
    return None


def _is_device(path: str) -> bool:
    if sys.platform == "win32":
        return True
    try:
        return stat.S_ISCHR(Path(path).stat().st_mode)
    except OSError:
        return False


def busy(url: str, holder: Holder | None) -> PortBusy:
    """Say who has a port, as far as that is known."""
    if holder is None:
        return PortBusy(
            f"{url} is in use by another program",
            "Close that program. If you see none, it may be ModemManager or brltty: "
            "`wattui desktop install` says how to keep them away from the meter.",
        )
    if holder.is_this_process:
        return PortBusy(
            f"{url} is already open in this program", "Disconnect the other meter first."
        )
    return PortBusy(f"{url} is in use by {holder}", "Close the port there.")


def _denied(url: str) -> PortDenied:
    group = _group_of(url)
    rule = "or let `wattui desktop install` show the udev rule that opens the meter to you"
    if group in ("", "root"):
        hint = f"Ask for access to {url}, {rule}."
    else:
        hint = (
            f"It belongs to the group {group}. Run: sudo usermod -aG {group} $USER "
            f"and log in again; {rule}."
        )
    return PortDenied(f"You have no permission to open {url}", hint)


def _group_of(path: str) -> str:
    try:
        return Path(path).group()
    except (OSError, KeyError, NotImplementedError):
        return ""


def ports_hint(there: Sequence[str]) -> str:
    """Say which ports there are."""
    if not there:
        return "No serial port is there at all: plug the meter in, or try sim://."
    return f"Ports that are there: {', '.join(there)}."
