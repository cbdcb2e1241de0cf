# SPDX-License-Identifier: GPL-3.0-or-later
"""A proxy on the loopback that delays, cuts and resets connections."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from typing import Self


class FaultyProxy:
    """Passes bytes on to a port of the loopback, as badly as it is told to."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        #: How many bytes to the server reset a connection; None for never.
        self.reset_after: int | None = None
        #: Seconds that each piece of 4 KiB waits.
        self.delay = 0.0
        #: Connections that were reset, and bytes that were passed to the server.
        self.resets = 0
        self.passed = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._server.accept()
                try:
                    far = socket.create_connection(("127.0.0.1", self._target), 10)
                except OSError:
                    near.close()
                    continue
                for source, goal in ((near, far), (far, near)):
                    args = (source, goal, source is near)
                    threading.Thread(target=self._pass_on, args=args, daemon=True).start()

    def _pass_on(self, source: socket.socket, goal: socket.socket, counted: bool) -> None:
        count = 0
        with contextlib.suppress(OSError):
            while data := source.recv(4096):
                if self.delay:
                    time.sleep(self.delay)
                count += len(data)
                if counted and self.reset_after is not None and count > self.reset_after:
                    self.resets += 1
                    break
                goal.sendall(data)
                self.passed += len(data) if counted else 0
        for one in (source, goal):
            with contextlib.suppress(OSError):
                # Closed with a reset, which the other side sees at once.
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                one.shutdown(socket.SHUT_RDWR)
            one.close()
