# SPDX-License-Identifier: GPL-3.0-or-later
"""``rfc2217://``: a serial port of another machine, with its settings."""

from __future__ import annotations

import logging
from typing import Any

from serial import rfc2217

#: Its types know only the public part of it.
_Pyserial: Any = rfc2217.Serial

_log = logging.getLogger(__name__)


class Rfc2217Port(_Pyserial):  # type: ignore[misc]
    """pyserial's, whose thread ends quietly where the connection does.

    A thread that ends with an exception would print a traceback into a live view, and be
    reported by a window as an error of the program.
    """

    def from_url(self, url: str) -> tuple[str | None, int | None]:
        """Return host and port, and take options of the URL."""
        address: tuple[str | None, int | None] = super().from_url(url)
        # A meter has no control lines: a server that cannot set them may go without an answer.
        self._ignore_set_control_answer = True
        return address

    def _telnet_read_loop(self) -> None:
        try:
            super()._telnet_read_loop()
        except OSError as error:
            _log.debug("%s: %s", self.portstr, error)
            self._read_buffer.put(None)  # wakes a read


def make_device(url: str, **settings: Any) -> Any:
    """Return a port that is not open yet."""
    # pyserial takes no timeout for writing: its socket waits for five seconds at most.
    device = Rfc2217Port(None, **{**settings, "write_timeout": None})
    device.port = url
    return device
