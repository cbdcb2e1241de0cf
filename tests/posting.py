# SPDX-License-Identifier: GPL-3.0-or-later
"""A .NET that posts, for tests of what receives its posts."""

from __future__ import annotations

import contextlib
import http.client
import socket
from urllib.parse import urlencode

DEADLINE = 20.0


def free_port() -> int:
    """Return a port of this machine on which nothing listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def body(serial_number: str = "1", watts: int = 1000, **other: object) -> str:
    """Return what a meter posts; *watts* in tenths."""
    values: dict[str, object] = {
        "id": serial_number,
        "w": watts,
        "v": 1199,
        "a": 381,
        "wh": 0,
        "rnc": 0,
        "sr": 1,
    }
    values |= other
    return urlencode({name: value for name, value in values.items() if value is not None})


def post(port: int, text: str) -> tuple[int, str]:
    """Post a text; return the status and the text of the answer."""
    with contextlib.closing(
        http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
    ) as connection:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", "/post.php", text, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode("ascii")


def exchange(port: int, data: bytes) -> bytes:
    """Send bytes, and return everything that comes until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as one:
        with contextlib.suppress(OSError):
            one.sendall(data)
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while more := one.recv(4_096):
                received += more
        return received
