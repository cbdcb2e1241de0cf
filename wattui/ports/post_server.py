# SPDX-License-Identifier: GPL-3.0-or-later
"""Receives posts of meters over HTTP, with a limit on everything that a stranger can send.

It answers one small request per connection, on one thread, and knows nothing of meters.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import errno
import logging
import socket
import threading
import time
from collections.abc import Callable
from typing import Final

from wattui.errors import PortBusy, PortDenied, PortError, PortNotFound
from wattui.ports.listen_url import ListenUrl

_log = logging.getLogger(__name__)

#: Bytes of a line of the head, lines of it, and bytes of the body.
MOST_LINE: Final = 2_048
MOST_LINES: Final = 50
MOST_BODY: Final = 2_048

#: Connections at a time, and of one address.
MOST_CONNECTIONS: Final = 64
MOST_OF_ADDRESS: Final = 16

#: Seconds for a request as a whole, and for the client to close after its answer.
REQUEST_TIME: Final = 5.0
_CLOSING_TIME: Final = 0.5

#: Requests of one address: at once, and per second in the long run.
MOST_AT_ONCE: Final = 200
MOST_PER_SECOND: Final = 100.0
#: Addresses whose requests are counted.
_MOST_ADDRESSES: Final = 1_000

#: Seconds between two lines in the log about what was refused.
_REPORT: Final = 60.0

_REASONS: Final = {
    200: "OK",
    400: "Bad Request",
    403: "Forbidden",
    405: "Method Not Allowed",
    408: "Request Timeout",
    411: "Length Required",
    413: "Content Too Large",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


class Refused(Exception):
    """A request is answered with an error."""

    def __init__(self, status: int, what: str) -> None:
        super().__init__(what)
        self.status = status


#: Takes the body of a post, and returns the answer.
TakePost = Callable[[bytes], str]


class PostServer:
    """Listens for posts until it is closed.

    Parameters
    ----------
    where
        The address, the port, and who may post.
    take
        Called with each body, on the server's thread; must not wait.  It raises ``Refused``, or
        a ``ValueError`` for a body that makes no sense.

    Raises
    ------
    PortError
        It cannot listen there.
    """

    def __init__(self, where: ListenUrl, take: TakePost) -> None:
        self._where = where
        self._take = take
        #: How many requests were refused, by the reason.
        self.refused: collections.Counter[str] = collections.Counter()
        #: From where the last one was, and why it was refused; empty for none.
        self.last_refusal = ""
        # The open connections and their addresses, the oldest first.
        self._open: dict[asyncio.Task[None], str] = {}
        # Requests that an address may still send, and when that was counted.
        self._credits: dict[str, tuple[float, float]] = {}
        self._report_after = 0.0
        self._socket = _listening(where)
        #: The port that it listens on.
        self.port: int = self._socket.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._closing = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name=f"wattui {where}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening; connections are closed.  Once only."""
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join(2.0)

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._accepted, sock=self._socket, limit=MOST_LINE)
        await self._closing.wait()
        server.close()
        # A connection that was just accepted becomes a task while others are cancelled.
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A task of asyncio's own would be logged as an error if it were cancelled before it begins.
        task = self._loop.create_task(self._connected(reader, writer))
        task.add_done_callback(lambda done: writer.transport.abort() if done.cancelled() else None)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        name = writer.get_extra_info("peername")
        address = name[0] if name else ""
        try:
            self._admit(address)
        except Refused as error:
            # Strangers get no time: their connections would take the places of meters.
            self._count(address, str(error))
            writer.write(_response(error.status, str(error)))
            writer.close()
            return
        task = asyncio.current_task()
        assert task is not None
        self._open[task] = address
        try:
            await self._converse(reader, writer, address)
        except OSError as error:
            self._count(address, f"connection lost: {type(error).__name__}")
        except asyncio.CancelledError:
            pass  # it gave way, or the server is being closed; asyncio would log an error
        finally:
            self._open.pop(task, None)
            writer.transport.abort()

    async def _converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: str
    ) -> None:
        try:
            async with asyncio.timeout(REQUEST_TIME):
                body = await read_body(reader)
            status, text = 200, self._take(body)
        except Refused as error:
            status, text = error.status, str(error)
        except TimeoutError:
            status, text = 408, "the request took too long"
        except ValueError as error:
            status, text = 400, str(error)
        except asyncio.IncompleteReadError:
            self._count(address, "the request ended early")
            return
        except Exception:  # noqa: BLE001 - a bug must not end the server
            _log.exception("a post failed")
            status, text = 500, "internal error"
        if status != 200:
            self._count(address, text)
        writer.write(_response(status, text))
        if writer.can_write_eof():
            writer.write_eof()
        # The post is counted already; a client may go before it has read the answer.
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(_CLOSING_TIME):
                await writer.drain()
                # Closing with bytes unread would take the answer from the client.
                for _ in range(4):
                    if not await reader.read(MOST_LINE):
                        break

    def _admit(self, address: str) -> None:
        """Check whether an address may send a request now."""
        if not self._where.may_post(address):
            raise Refused(403, "this address is not allowed")
        now = time.monotonic()
        left, counted = self._credits.pop(address, (float(MOST_AT_ONCE), now))
        left = min(left + (now - counted) * MOST_PER_SECOND, MOST_AT_ONCE)
        while len(self._credits) >= _MOST_ADDRESSES:
            del self._credits[next(iter(self._credits))]
        self._credits[address] = (max(left - 1, 0), now)
        if left < 1:
            raise Refused(429, "too many requests")
        self._make_room(address)

    def _make_room(self, address: str) -> None:
        """End the oldest connection if there are too many: a meter needs no time for its request.

        It is one of the same address, or of the address that has most.
        """
        count = collections.Counter(self._open.values())
        if count[address] < MOST_OF_ADDRESS:
            if len(self._open) < MOST_CONNECTIONS:
                return
            address = count.most_common(1)[0][0]
        oldest = next(task for task, one in self._open.items() if one == address)
        del self._open[oldest]
        oldest.cancel()
        self._count(address, "too many connections at a time")

    def _count(self, address: str, reason: str) -> None:
        """Count a request that was refused; log it, but not each one of a flood."""
        if self._closing.is_set():
            return  # it did not end by itself
        self.refused[reason] += 1
        self.last_refusal = f"from {address}: {reason}"
        now = time.monotonic()
        if now >= self._report_after:
            self._report_after = now + _REPORT
            counts = ", ".join(f"{count} x {what}" for what, count in self.refused.items())
            _log.warning("%s: refused a post %s (%s)", self._where, self.last_refusal, counts)


async def read_body(reader: asyncio.StreamReader) -> bytes:
    """Read one request, and return its body."""
    line = await _line(reader)
    words = line.split()
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise Refused(400, "not a request of HTTP/1")
    headers: dict[str, str] = {}
    for _ in range(MOST_LINES):
        line = await _line(reader)
        if not line:
            break
        name, colon, value = line.partition(":")
        if not colon or (name.lower() == "content-length" and "content-length" in headers):
            raise Refused(400, "not a header of HTTP/1")
        headers[name.lower()] = value.strip()
    else:
        raise Refused(400, "too many headers")
    if words[0] != "POST":
        raise Refused(405, "only POST is answered")
    if "origin" in headers or "sec-fetch-site" in headers:
        # A page in somebody's browser, which could reach a network that its author cannot.
        raise Refused(403, "browsers are not answered")
    return await reader.readexactly(_length(headers))


def _length(headers: dict[str, str]) -> int:
    text = headers.get("content-length", "")
    if "transfer-encoding" in headers or not text.isascii() or not text.isdigit():
        raise Refused(411, "the length of the body is needed")
    if len(text) > 9 or int(text) > MOST_BODY:
        raise Refused(413, "the body is too long")
    return int(text)


async def _line(reader: asyncio.StreamReader) -> str:
    """Read a line of the head, without its end."""
    try:
        line = await reader.readline()
    except ValueError:
        raise Refused(400, "a line is too long") from None
    if not line.endswith(b"\n"):
        raise asyncio.IncompleteReadError(line, None)
    return line.decode("latin-1").rstrip("\r\n")


def _response(status: int, text: str) -> bytes:
    body = text.encode("ascii", "replace")
    head = (
        f"HTTP/1.0 {status} {_REASONS[status]}\r\nContent-Type: text/plain\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode("ascii") + body


# -- opening ---------------------------------------------------------------------------------


def _listening(where: ListenUrl) -> socket.socket:
    """Return a socket that listens.

    Raises
    ------
    PortError
        It cannot.
    """
    family = socket.AF_INET6 if ":" in where.host else socket.AF_INET
    try:
        return socket.create_server(where.place, family=family, backlog=MOST_CONNECTIONS)
    except OSError as error:
        raise _listen_error(where, error) from error


def _listen_error(where: ListenUrl, error: OSError) -> PortError:
    if error.errno == errno.EADDRINUSE:
        return PortBusy(
            f"Port {where.port} of this machine is in use by another program",
            "Close that program, or choose another port and set it in the meters too.",
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return PortDenied(
            f"You have no permission to listen on port {where.port}",
            "Choose a port from 1024 on, and set it in the meters too.",
        )
    return PortNotFound(
        f"Nothing can be received at {where.host}: {error.strerror or error}",
        "Use an address of this machine, or 0.0.0.0 for all of them.",
    )
