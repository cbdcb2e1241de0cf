# SPDX-License-Identifier: GPL-3.0-or-later
"""The server for posts, over real sockets: what it answers, and what it stands."""

from __future__ import annotations

import contextlib
import random
import socket
import sys
import threading
from collections.abc import Callable, Iterator

import pytest
from posting import DEADLINE, exchange, free_port, post

from wattui.errors import PortBusy, PortDenied, PortNotFound
from wattui.ports import post_server
from wattui.ports.listen_url import ListenUrl, parse_network
from wattui.ports.post_server import (
    MOST_AT_ONCE,
    MOST_BODY,
    MOST_LINE,
    MOST_LINES,
    MOST_OF_ADDRESS,
    PostServer,
    Refused,
)


def echo(body: bytes) -> str:
    """Answer with the body; refuse some."""
    if body == b"bad":
        raise ValueError("it is bad")
    if body == b"no":
        raise Refused(403, "not wanted")
    if body == b"bug":
        raise RuntimeError("secret")
    return body.decode("latin-1")


Serve = Callable[..., PostServer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[PostServer] = []

    def start(**options: object) -> PostServer:
        where = ListenUrl(port=free_port(), **options)  # type: ignore[arg-type]
        servers.append(PostServer(where, echo))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def request(body: bytes = b"x=1", *headers: str, line: str = "POST / HTTP/1.0") -> bytes:
    head = [line, f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*head, "", ""]).encode("latin-1") + body


def status(answer: bytes) -> int:
    return int(answer.split()[1])


def test_a_post_is_answered(serve: Serve) -> None:
    server = serve()
    assert post(server.port, "id=1&w=2") == (200, "id=1&w=2")
    answer = exchange(server.port, b"POST /a HTTP/1.0\ncontent-LENGTH:3\n\nx=1\r\n")
    assert answer == (
        b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n"
        b"Connection: close\r\n\r\nx=1"
    )
    assert not server.refused


def test_what_the_reader_of_posts_refuses_is_answered(serve: Serve) -> None:
    server = serve()
    assert post(server.port, "bad") == (400, "it is bad")
    assert post(server.port, "no") == (403, "not wanted")
    assert post(server.port, "bug") == (500, "internal error")
    assert server.refused == {"it is bad": 1, "not wanted": 1, "internal error": 1}
    assert server.last_refusal == "from 127.0.0.1: internal error"
    assert post(server.port, "x") == (200, "x")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 50 + b"\n", 400),
        (b"POST /\r\n\r\n", 400),
        (b"POST / HTTP/2.0\r\n\r\n", 400),
        (request(line="GET / HTTP/1.1"), 405),
        (request(line="PUT / HTTP/1.1"), 405),
        (b"POST / HTTP/1.0\r\n\r\n", 411),
        (b"POST / HTTP/1.0\r\nContent-Length: -1\r\n\r\n", 411),
        (b"POST / HTTP/1.0\r\nContent-Length: 1_0\r\n\r\n", 411),
        (b"POST / HTTP/1.0\r\nContent-Length: \xd9\xa1\r\n\r\n", 411),
        (request(b"", "Transfer-Encoding: chunked"), 411),
        (request(b"x", "Content-Length: 2"), 400),
        (b"POST / HTTP/1.0\r\nContent-Length: %d\r\n\r\n" % (MOST_BODY + 1), 413),
        (b"POST / HTTP/1.0\r\nContent-Length: %s\r\n\r\n" % (b"9" * 900), 413),
        (b"POST /" + b"a" * (2 * MOST_LINE) + b" HTTP/1.0\r\n\r\n", 400),
        (request(b"", *[f"X{number}: 1" for number in range(MOST_LINES)]), 400),
        (request(b"", "no colon"), 400),
        (request(b"x=1", "Origin: https://example.org"), 403),
        (request(b"x=1", "Sec-Fetch-Site: cross-site"), 403),
    ],
)
def test_what_is_no_request_of_a_meter_is_refused(serve: Serve, data: bytes, expected: int) -> None:
    server = serve()
    assert status(exchange(server.port, data)) == expected
    assert server.refused.total() == 1
    assert post(server.port, "x") == (200, "x")


def test_a_request_that_ends_early_has_no_answer(serve: Serve) -> None:
    server = serve()
    for part in (b"", b"POST", b"POST / HTTP/1.0\r\nContent-Length: 9\r\n\r\nx"):
        with socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE) as one:
            one.sendall(part)
            one.shutdown(socket.SHUT_WR)
            assert one.recv(100) == b""
    assert server.refused == {"the request ended early": 3}


def test_a_request_that_never_ends_is_ended(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(post_server, "REQUEST_TIME", 0.3)
    server = serve()
    ended = threading.Event()

    def drip(one: socket.socket) -> None:
        # A byte at a time, so that no single read takes long.
        with contextlib.suppress(OSError):
            one.sendall(b"POST / HTTP/1.0\r\nX: ")
            while not ended.wait(0.02):
                one.sendall(b"a")

    with socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE) as one:
        thread = threading.Thread(target=drip, args=(one,))
        thread.start()
        try:
            assert status(one.recv(4_096)) == 408
            assert post(server.port, "x") == (200, "x")
        finally:
            ended.set()
            thread.join(DEADLINE)


def test_idle_connections_give_way_to_a_meter(serve: Serve) -> None:
    server = serve()
    with contextlib.ExitStack() as stack:
        idle = [
            stack.enter_context(
                socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE)
            )
            for _ in range(MOST_OF_ADDRESS)
        ]
        for one in idle:
            one.sendall(b"POST")
        for _ in range(3):
            assert post(server.port, "x") == (200, "x")
        # The oldest one has been ended, the others have not.
        with contextlib.suppress(ConnectionResetError):
            assert idle[0].recv(100) == b""
        assert server.refused == {"too many connections at a time": 1}
        idle[-1].sendall(request()[4:])
        assert status(idle[-1].recv(4_096)) == 200


@pytest.mark.skipif(sys.platform != "linux", reason="the whole 127.0.0.0/8 is this machine")
def test_connections_of_many_addresses_give_way_to_a_meter(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post_server, "MOST_CONNECTIONS", 3)
    server = serve()
    with contextlib.ExitStack() as stack:
        for number in (2, 2, 3):
            source = (f"127.0.0.{number}", 0)
            one = socket.create_connection(
                ("127.0.0.1", server.port), timeout=DEADLINE, source_address=source
            )
            stack.enter_context(one).sendall(b"POST")
        assert post(server.port, "x") == (200, "x")
        assert server.last_refusal == "from 127.0.0.2: too many connections at a time"


def test_a_flood_of_one_address_is_refused(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(post_server, "MOST_PER_SECOND", 0.0)
    server = serve()
    for _ in range(MOST_AT_ONCE):
        assert status(exchange(server.port, request())) == 200
    assert exchange(server.port, b"").split()[1] == b"429"
    assert server.refused == {"too many requests": 1}


def test_only_addresses_that_are_allowed_are_answered(serve: Serve) -> None:
    server = serve(allowed=(parse_network("192.168.1.0/24"),))
    assert status(exchange(server.port, b"")) == 403
    assert server.refused == {"this address is not allowed": 1}
    assert server.last_refusal == "from 127.0.0.1: this address is not allowed"


def test_random_bytes_do_no_harm(serve: Serve) -> None:
    server = serve()
    chance = random.Random(1)
    for _ in range(100):
        data = bytearray(request(b"id=1&w=1", "Host: x"))
        for _ in range(chance.randrange(1, 9)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        with socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE) as one:
            one.sendall(data)
            one.shutdown(socket.SHUT_WR)
            answer = one.recv(4_096)
        assert not answer or status(answer) < 500
    assert post(server.port, "x") == (200, "x")


def test_a_port_that_cannot_be_used_is_explained(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve()
    with pytest.raises(PortBusy, match=str(server.port)):
        PostServer(ListenUrl(port=server.port), echo)
    with pytest.raises(PortNotFound) as caught:
        PostServer(ListenUrl("192.0.2.1", free_port()), echo)
    assert "0.0.0.0" in caught.value.hint

    def denied(*_args: object, **_options: object) -> socket.socket:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket, "create_server", denied)
    with pytest.raises(PortDenied) as refused:
        PostServer(ListenUrl(port=80), echo)
    assert "1024" in refused.value.hint


def test_closing_ends_connections_and_frees_the_port(caplog: pytest.LogCaptureFixture) -> None:
    where = ListenUrl(port=free_port())
    for _ in range(3):
        server = PostServer(where, echo)
        assert post(server.port, "x") == (200, "x")
        with socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE) as one:
            one.sendall(b"POST")
            server.close()
            with contextlib.suppress(ConnectionResetError):
                assert one.recv(100) == b""
        with pytest.raises(OSError, match="refused"):
            post(server.port, "x")
    assert [one.getMessage() for one in caplog.records] == []
