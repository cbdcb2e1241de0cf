# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports: what opens, what does not and why, and what happens when they vanish."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import subprocess
import sys
import threading
import types
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

import wattui.ports.listing
import wattui.ports.open_errors
import wattui.ports.port
from wattui.errors import LinkLost, PortBusy, PortDenied, PortError, PortNotFound, PortUnknown
from wattui.measurement.clock import SYSTEM_CLOCK
from wattui.ports.holder import Holder, find_holder
from wattui.ports.listing import PortInfo
from wattui.ports.open_errors import opening_error
from wattui.ports.port import Port, open_port

pty = pytest.importorskip("pty")
tty = pytest.importorskip("tty")

DEADLINE = 20.0


class Pty:
    """A pty: its slave's name is the port, its master the meter's side."""

    def __init__(self) -> None:
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        os.close(slave)

    def unplug(self) -> None:
        if self.master >= 0:
            os.close(self.master)
            self.master = -1


@pytest.fixture
def terminal() -> Iterator[Pty]:
    terminal = Pty()
    yield terminal
    terminal.unplug()


@pytest.fixture
def port(terminal: Pty) -> Iterator[Port]:
    port = open_port(terminal.path)
    yield port
    port.close()


# -- reading and writing ---------------------------------------------------------------


def test_reads_all_that_is_waiting(terminal: Pty, port: Port) -> None:
    os.write(terminal.master, b"x" * 2000)
    assert port.read() == b"x" * 2000


def test_reads_nothing_where_nothing_comes(port: Port) -> None:
    assert port.read() == b""


def test_writes(terminal: Pty, port: Port) -> None:
    port.write(b"#V,R,0;")
    assert os.read(terminal.master, 99) == b"#V,R,0;"


def test_baud_rate_is_set_without_throwing_away_what_waits(terminal: Pty, port: Port) -> None:
    os.write(terminal.master, b"waiting")
    port.baudrate = 19_200
    assert port.baudrate == 19_200
    assert port.read() == b"waiting"


def test_clock_is_the_systems_where_the_port_brings_none(port: Port) -> None:
    assert port.clock is SYSTEM_CLOCK


def test_clock_of_a_simulated_meter_runs_at_its_speed() -> None:
    port = open_port("sim://pro?speed=60")
    try:
        assert getattr(port.clock, "speed", None) == 60
    finally:
        port.close()


def test_read_can_be_cancelled_from_another_thread(
    terminal: Pty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wattui.ports.port, "READ_WAIT", DEADLINE)
    port = open_port(terminal.path)
    started = threading.Event()
    data: list[bytes] = []

    def read() -> None:
        started.set()
        data.append(port.read())

    reader = threading.Thread(target=read)
    reader.start()
    assert started.wait(DEADLINE)
    port.cancel_read()
    reader.join(DEADLINE / 2)
    assert data == [b""]
    port.close()


def test_unplugged_while_reading_is_a_lost_link(terminal: Pty, port: Port) -> None:
    os.write(terminal.master, b"last words")
    assert port.read() == b"last words"
    terminal.unplug()
    with pytest.raises(LinkLost, match="was lost"):
        port.read()
    with pytest.raises(LinkLost):
        port.write(b"#V,R,0;")


def test_closed_port_takes_a_cancel_and_another_close(port: Port) -> None:
    port.close()
    port.close()
    port.cancel_read()
    with pytest.raises(LinkLost):
        port.read()


class OddDevice:
    """A pyserial port that raises what pyserial is known to raise."""

    baudrate = 115_200

    def __init__(self, error: Exception) -> None:
        self.error = error

    def read(self, size: int) -> bytes:
        raise self.error

    def write(self, data: bytes) -> int:
        raise self.error

    def close(self) -> None:
        raise self.error

    def cancel_read(self) -> None:
        raise self.error


def odd_errors() -> list[Exception]:
    import termios

    return [
        serial.SerialException("device reports readiness to read but returned no data"),
        OSError(errno.EIO, "Input/output error"),
        termios.error(errno.EIO, "Input/output error"),
        TypeError("'NoneType' object cannot be interpreted as an integer"),
        ValueError("filedescriptor out of range in select()"),
        AttributeError("'NoneType' object has no attribute 'hEvent'"),
        serial.SerialTimeoutException("Write timeout"),
    ]


@pytest.mark.parametrize("error", odd_errors(), ids=lambda error: type(error).__name__)
def test_whatever_pyserial_raises_is_a_lost_link_and_logged(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    port = Port(OddDevice(error), "sim://odd")  # type: ignore[arg-type]
    with pytest.raises(LinkLost):
        port.read()
    with pytest.raises(LinkLost):
        port.write(b"x")
    port.cancel_read()
    port.close()
    assert type(error).__name__ in caplog.text
    assert str(error) in caplog.text


def test_a_port_that_takes_long_to_close_does_not_hold_up_a_window() -> None:
    """A change of the interval cancels the read, on the window's own thread."""
    closing, let_go = threading.Event(), threading.Event()

    class Slow(OddDevice):
        def close(self) -> None:
            closing.set()
            assert let_go.wait(DEADLINE)

    port = Port(Slow(OSError()), "sim://slow")  # type: ignore[arg-type]
    closer = threading.Thread(target=port.close)
    closer.start()
    assert closing.wait(DEADLINE)
    window = threading.Thread(target=port.cancel_read)
    window.start()
    window.join(DEADLINE / 2)
    waited = window.is_alive()
    let_go.set()
    closer.join(DEADLINE)
    window.join(DEADLINE)
    assert not waited


def test_bytes_that_arrived_before_the_port_was_lost_are_returned() -> None:
    class Dying:
        baudrate = 115_200
        reads = 0

        @property
        def in_waiting(self) -> int:
            raise OSError(errno.EIO, "Input/output error")

        def read(self, size: int) -> bytes:
            return b"#"

    assert Port(Dying(), "sim://dying").read() == b"#"  # type: ignore[arg-type]


# -- opening ---------------------------------------------------------------------------


def test_no_such_port_names_those_that_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wattui.ports.open_errors, "list_ports", lambda: [PortInfo("/dev/ttyUSB3")])
    with pytest.raises(PortNotFound) as caught:
        open_port("/dev/ttyUSB77")
    assert "/dev/ttyUSB77" in caught.value.what
    assert "/dev/ttyUSB3" in caught.value.hint


def test_no_port_at_all_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wattui.ports.open_errors, "list_ports", list)
    with pytest.raises(PortNotFound, match="This machine has no serial ports"):
        open_port("/dev/ttyUSB77")


@pytest.mark.parametrize(
    "url",
    [
        *("smi://", "sim+x://", "", "/dev/null", "/", "socket://host:1?speed=3"),
        *("sim://nosuchmodel", "sim://pro?nosuchkey=1", "rfc2217://host:1?nosuchkey=1"),
    ],
)
def test_an_invalid_port_is_unknown(url: str) -> None:
    with pytest.raises(PortUnknown) as caught:
        open_port(url)
    assert caught.value.hint


def test_nothing_listens_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    with pytest.raises(PortNotFound, match="Nothing can be reached"):
        open_port(f"socket://127.0.0.1:{number}")


def test_handler_that_fails_to_load_is_not_called_an_unknown_scheme(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # pyserial itself reports "protocol 'sim' not known" here.
    name = "wattui.simulator.pyserial_urls.protocol_sim"
    monkeypatch.delitem(sys.modules, name, raising=False)

    class Broken:
        @staticmethod
        def find_spec(fullname: str, *_more: object) -> None:
            if fullname == name:
                raise ImportError("libsimulation.so is missing")

    monkeypatch.setattr(sys, "meta_path", [Broken, *sys.meta_path])
    with pytest.raises(PortUnknown, match=r"cannot be loaded: libsimulation\.so is missing"):
        open_port("sim://")


def test_two_windows_on_one_port_refuse_each_other(terminal: Pty, port: Port) -> None:
    with pytest.raises(PortBusy, match="already open in this program"):
        open_port(terminal.path)
    os.write(terminal.master, b"undisturbed")
    assert port.read() == b"undisturbed"


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the system does not tell who")
def test_busy_port_names_the_process_that_has_it(terminal: Pty) -> None:
    script = (
        "import sys\nfrom wattui.ports.port import open_port\n"
        "port = open_port(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, terminal.path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(PortBusy, match=rf"process {other.pid}\)"):
            open_port(terminal.path)
        assert other.stdin is not None
        other.stdin.close()
        other.wait(DEADLINE)
    open_port(terminal.path).close()


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the system does not tell who")
def test_port_that_another_program_has_open_without_a_lock_is_busy(
    terminal: Pty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wattui.ports.port, "_is_pty", lambda path: False)
    script = (
        "import os, sys\nos.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)\n"
        "print(flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, terminal.path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        assert find_holder(terminal.path) == Holder(other.pid, Path(sys.executable).name[:15])
        with pytest.raises(PortBusy, match=str(other.pid)):
            open_port(terminal.path)
        assert other.stdin is not None
        other.stdin.close()
        other.wait(DEADLINE)


def test_pty_whose_user_was_killed_can_be_opened_again(terminal: Pty) -> None:
    # A pty would keep the mark of TIOCEXCL until its master is closed.
    calls: list[int] = []
    fcntl = pytest.importorskip("fcntl")
    with pytest.MonkeyPatch.context() as patch:
        marking = types.SimpleNamespace(ioctl=lambda *args: calls.append(args[1]))
        patch.setattr(wattui.ports.port, "fcntl", marking)
        open_port(terminal.path).close()
    assert fcntl is not None
    assert not calls


def test_other_ports_are_marked_exclusive(terminal: Pty, monkeypatch: pytest.MonkeyPatch) -> None:
    import termios

    monkeypatch.setattr(wattui.ports.port, "_is_pty", lambda path: False)
    calls: list[int] = []
    marking = types.SimpleNamespace(ioctl=lambda *args: calls.append(args[1]))
    monkeypatch.setattr(wattui.ports.port, "fcntl", marking)
    open_port(terminal.path).close()
    assert calls == [termios.TIOCEXCL]


def test_denied_port_names_the_group_and_the_command(
    terminal: Pty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wattui.ports.open_errors.Path, "group", lambda self: "dialout")
    cause = serial.SerialException(errno.EACCES, "could not open port: Permission denied")
    error = opening_error(terminal.path, cause)
    assert isinstance(error, PortDenied)
    assert "sudo usermod -aG dialout $USER" in error.hint
    assert "log in again" in error.hint
    assert "udev rule" in error.hint


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("could not open port 'COM9': FileNotFoundError(2, 'not found', None, 2)", PortNotFound),
        ("could not open port 'COM3': PermissionError(13, 'Access is denied.')", PortBusy),
    ],
)
def test_windows_tells_in_words_only(
    text: str, kind: type[PortError], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wattui.ports.open_errors.sys, "platform", "win32")
    error = opening_error("COM3", serial.SerialException(text))
    assert type(error) is kind


def test_simulated_port_can_be_busy_denied_and_absent() -> None:
    for fault, kind in (("busy", PortBusy), ("denied", PortDenied), ("absent", PortNotFound)):
        with pytest.raises(kind):
            open_port(f"sim://pro?faults={fault}")


# -- a port over the network -------------------------------------------------------------


@pytest.fixture
def served() -> Iterator[tuple[Port, socket.socket]]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = open_port(f"socket://127.0.0.1:{server.getsockname()[1]}")
        meter, _address = server.accept()
        with contextlib.closing(port), meter:
            yield port, meter


def test_socket_is_read_in_one_go(served: tuple[Port, socket.socket]) -> None:
    port, meter = served
    meter.sendall(b"y" * 500)
    data = b""
    reads = 0
    while len(data) < 500 and reads < 50:
        data += port.read()
        reads += 1
    assert data == b"y" * 500
    assert reads <= 5


def read_until_lost(port: Port) -> None:
    for _read in range(1000):
        port.read()


def test_socket_that_closes_is_a_lost_link(served: tuple[Port, socket.socket]) -> None:
    port, meter = served
    meter.close()
    with pytest.raises(LinkLost):
        read_until_lost(port)
