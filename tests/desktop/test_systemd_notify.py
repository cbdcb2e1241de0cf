# SPDX-License-Identifier: GPL-3.0-or-later
"""Telling systemd, without systemd."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from wattui.desktop.systemd_notify import Notifier

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sockets of Unix")


@pytest.fixture(params=["path", "abstract"])
def listening(request, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    if request.param == "abstract" and not sys.platform.startswith("linux"):
        pytest.skip("abstract sockets are Linux's")
    name = str(tmp_path / "notify") if request.param == "path" else f"@wattui-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind("\0" + name[1:] if name.startswith("@") else name)
        end.settimeout(5.0)
        yield end, name


def test_what_is_reported(listening: tuple[socket.socket, str]) -> None:
    end, name = listening
    notifier = Notifier.from_environment({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "3000000"})
    assert notifier
    assert notifier.watchdog == 3.0
    notifier.ready("2 of 2\nmeters")
    notifier.alive()
    notifier.status("lost")
    notifier.stopping()
    notifier.extend(1.5)
    assert [end.recv(500).decode() for _ in range(5)] == [
        *("READY=1\nSTATUS=2 of 2 meters", "WATCHDOG=1", "STATUS=lost", "STOPPING=1"),
        "EXTEND_TIMEOUT_USEC=1500000",
    ]


@pytest.mark.parametrize(
    ("more", "watchdog"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": str(os.getpid())}, 0.5),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": "1"}, None),
    ],
)
def test_a_watchdog_is_for_whom_it_names(more: dict[str, str], watchdog: float | None) -> None:
    notifier = Notifier.from_environment({"NOTIFY_SOCKET": "/nowhere", **more})
    assert notifier.watchdog == watchdog


def test_nobody_listens() -> None:
    Notifier.from_environment({}).ready("well")
    assert not Notifier.from_environment({})
    assert Notifier("", 3.0).watchdog is None
    Notifier("/nowhere/at/all").alive()
