# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns the system's errors about a port that does not open into those of wattui."""

from __future__ import annotations

import errno
import logging
import re
import stat
import sys
from pathlib import Path
from typing import Final

from wattui.errors import PortBusy, PortDenied, PortError, PortNotFound, PortUnknown
from wattui.ports.holder import Holder, find_holder
from wattui.ports.listing import list_ports, scheme_of

#: What to check about a port of another machine.
OTHER_MACHINE: Final = (
    "Check that the other machine is on and serves the port, and that nobody else uses it."
)

_log = logging.getLogger(__name__)

_MISSING: Final = (errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.ENOTDIR)
_DENIED: Final = (errno.EACCES, errno.EPERM)
_BUSY: Final = (errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK)
_NO_PORT: Final = (errno.ENOTTY, errno.EISDIR, errno.EINVAL)


def no_port_given() -> PortUnknown:
    """Return the error for an empty URL."""
    return PortUnknown("No port was given", _ports_hint())


def opening_error(url: str, error: Exception) -> PortError:
    """Return the error for an exception that pyserial raised while opening."""
    _log.info("%s: opening: %s: %s", url, type(error).__name__, error)
    scheme = scheme_of(url)
    if scheme:
        return _remote_error(url, scheme, error)
    number = _errno_of(error)
    text = str(error)
    if number in _MISSING or "FileNotFoundError" in text:
        return PortNotFound(f"There is no port {url}", _ports_hint())
    if number in _BUSY or (sys.platform == "win32" and "PermissionError" in text):
        return busy(url, find_holder(url))
    if number in _DENIED:
        return _denied(url)
    if number in _NO_PORT or not _is_device(url):
        return PortUnknown(f"{url} is not a serial port", _ports_hint())
    return PortNotFound(
        f"{url} could not be opened: {text or type(error).__name__}",
        "Unplug the meter, plug it in again, and retry.",
    )


def _remote_error(url: str, scheme: str, error: Exception) -> PortError:
    text = _plain(url, error)
    if "debug|info" in text:
        # pyserial fails on its own message for a wrong address or option.
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
        OTHER_MACHINE,
    )


def _plain(url: str, error: Exception) -> str:
    """Return an error's text without its number and the URL, which the message has already."""
    text = re.sub(r"\[Errno -?\d+\] ?", "", str(error))
    return text.removeprefix(f"Could not open port {url}: ").removeprefix(f"{url}: ")


def url_error(url: str, error: Exception, broken: Exception | None) -> PortUnknown:
    """Return the error for a URL that pyserial refuses.

    *broken* is the error with which the handler of its scheme failed to load, if any.
    """
    scheme = scheme_of(url)
    if broken is not None:
        # pyserial reports this as an unknown protocol, too.
        return PortUnknown(
            f"The part of wattui that serves {scheme}:// cannot be loaded: {broken}",
            "Install wattui again.",
        )
    if "not known" in str(error):
        return PortUnknown(
            f"Unknown port type {scheme}://",
            "Use the name of a device, sim://, listen://, socket://host:port or rfc2217://host:port.",
        )
    return PortUnknown(f"{url} cannot be understood: {error}", _scheme_hint(scheme))


def _scheme_hint(scheme: str) -> str:
    return {
        "sim": "Write a simulated meter as sim://, or with options: sim://es?load=lamp&speed=60.",
        "socket": "Write it as socket://host:port.",
        "rfc2217": "Write it as rfc2217://host:port.",
    }.get(scheme, "Use the name of a device, or sim:// for a simulated meter.")


def _errno_of(error: BaseException | None) -> int | None:
    """Return the system's error number in an error, its arguments or its causes."""
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
    """Return the error for a port that *holder* has open; None if it is not known who has."""
    if holder is None:
        return PortBusy(
            f"{url} is in use by another program",
            "Close that program. If you see none, it may be ModemManager or brltty: "
            "`wattui desktop install` shows how to keep them away from the meter.",
        )
    if holder.is_this_process:
        return PortBusy(
            f"{url} is already open in this program", "Disconnect the other meter first."
        )
    return PortBusy(f"{url} is in use by {holder}", "Close that program.")


def _denied(url: str) -> PortDenied:
    group = _group_of(url)
    rule = "or run `wattui desktop install`: it shows the udev rule that gives you access"
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


def _ports_hint() -> str:
    there = ", ".join(port.url for port in list_ports())
    if not there:
        return "This machine has no serial ports. Plug the meter in, or try sim://."
    return f"Use one of these: {there}."
