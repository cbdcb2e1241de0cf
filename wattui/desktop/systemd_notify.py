# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports the state of a service to systemd: ready, alive, its status (``sd_notify(3)``).

Each report is a datagram to the socket that the environment names; without one, nothing
happens.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Mapping
from typing import Final, Self

_log = logging.getLogger(__name__)

#: Path of the socket; ``@`` at its beginning means an abstract one.
SOCKET_VARIABLE: Final = "NOTIFY_SOCKET"
#: Microseconds within which systemd expects a sign of life, and the process from which it
#: expects it.
WATCHDOG_VARIABLE: Final = "WATCHDOG_USEC"
WATCHDOG_PROCESS: Final = "WATCHDOG_PID"

_MOST: Final = 200


class Notifier:
    """Sends reports to systemd, or does nothing if systemd does not expect any.

    Parameters
    ----------
    address
        Path of the socket; empty for none.
    watchdog
        Seconds within which systemd expects a sign of life; None for never.
    """

    def __init__(self, address: str = "", watchdog: float | None = None) -> None:
        self.address = address
        self.watchdog = watchdog if address else None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Return the notifier that the environment asks for.

        The variables stay in the environment: systemd ignores reports of programs that
        are started from here.
        """
        given = os.environ if environment is None else environment
        address = given.get(SOCKET_VARIABLE, "")
        process = given.get(WATCHDOG_PROCESS, "")
        microseconds = given.get(WATCHDOG_VARIABLE, "")
        ours = not process or process == str(os.getpid())
        watchdog = int(microseconds) / 1e6 if ours and microseconds.isdigit() else 0.0
        return cls(address, watchdog if watchdog > 0 else None)

    def __bool__(self) -> bool:
        return bool(self.address)

    def ready(self, status: str = "") -> None:
        """Report that the service has started."""
        self._send("READY=1", *_status(status))

    def alive(self) -> None:
        """Report that the service is alive."""
        self._send("WATCHDOG=1")

    def status(self, status: str) -> None:
        """Report what the service is doing, in a few words."""
        self._send(*_status(status))

    def stopping(self) -> None:
        """Report that the service is about to end."""
        self._send("STOPPING=1")

    def extend(self, seconds: float) -> None:
        """Ask for more time to end."""
        self._send(f"EXTEND_TIMEOUT_USEC={round(seconds * 1e6)}")

    def _send(self, *lines: str) -> None:
        if not self.address or not lines or not hasattr(socket, "AF_UNIX"):
            return
        address = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                # A service manager that does not listen must not block a recording.
                sender.setblocking(False)
                sender.sendto("\n".join(lines).encode(), address)
        except OSError as error:
            _log.warning("systemd did not receive %s: %s", lines[0], error)


def _status(text: str) -> tuple[str, ...]:
    return (f"STATUS={' '.join(text.split())[:_MOST]}",) if text else ()
