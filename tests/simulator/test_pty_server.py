# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated meters on ptys, as other programs see them."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import serial

from wattui.protocol import Framer, Packet, parse
from wattui.protocol.replies import Record
from wattui.simulator import meter_from_url

pytest.importorskip("termios", reason="there are no ptys here")

from wattui.simulator.pty_server import PtyServer

CAPTURES = Path(__file__).parents[3] / "shared" / "samples"
DEADLINE = 20.0
VERSION = b"#v,-,8,1,65206,5,2,3,14,200612211910,0;\r\n"


class RawClient:
    """A program that opens the port as a file and knows nothing of serial ports."""

    def __init__(self, path: str) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY)

    def send(self, data: bytes) -> None:
        os.write(self.fd, data)

    def hear(self, size: int, timeout: float = DEADLINE) -> bytes:
        data, deadline = b"", time.monotonic() + timeout
        while len(data) < size:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                break
            data += os.read(self.fd, size - len(data))
        return data

    def hear_packet(self) -> bytes:
        """Return the next packet; the end of an earlier line may come before it."""
        data = b""
        while not data.endswith(b";"):
            byte = self.hear(1)
            assert byte, data
            data += byte
        return data.strip(b"\0\r\n")

    def close(self) -> None:
        os.close(self.fd)


def packets(port: serial.Serial, count: int) -> list[Packet]:
    framer, found = Framer(), list[Packet]()
    while len(found) < count and (data := port.read(1)):
        found += framer.decode(data + port.read(port.in_waiting))
    return found


def read_for_ever(port: serial.Serial) -> None:
    while True:
        assert port.read(1), "nothing came"


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0


def test_a_raw_client_asks_closes_and_asks_again() -> None:
    with PtyServer([meter_from_url("sim://?seed=1")]) as server:
        for _ in range(3):
            client = RawClient(server.paths[0])
            client.send(b"#N,R,0;")
            assert client.hear_packet() == b"#n,-,1,1917;"
            client.close()


def test_two_models_answer_on_two_ports() -> None:
    meters = [meter_from_url("sim://pro?seed=1"), meter_from_url("sim://net?seed=1")]
    with PtyServer(meters) as server:
        ports = [serial.Serial(path, 115_200, timeout=DEADLINE) for path in server.paths]
        for port in ports:
            port.write(b"#V,R,0;")
        answers = [port.read_until(b";") for port in ports]
        for port in ports:
            port.close()
    assert [answer[:9] for answer in answers] == [b"#v,-,8,1,", b"#v,-,8,3,"]


def test_a_capture_comes_whole_at_speed() -> None:
    path = CAPTURES / "fan.raw"
    if not path.exists():
        pytest.skip(f"no capture at {path}")
    with (
        PtyServer([meter_from_url(f"sim://?speed=1000&replay={path}")]) as server,
        serial.Serial(server.paths[0], 115_200, timeout=1.0) as port,
    ):
        port.write(b"#L,W,3,E,,1;")
        replies = [parse(packet) for packet in packets(port, 10_000)]
    powers = [reply.values[0] for reply in replies if isinstance(reply, Record)]
    assert len(powers) == 1_792
    assert sum(power or 0 for power in powers) == 755_658


def test_a_client_that_does_not_read_for_a_while_loses_nothing(tmp_path: Path) -> None:
    records = tmp_path / "numbered.raw"
    records.write_text("".join(f"#d,-,3,{n},1200,5;\r\n" for n in range(3_000)))
    meter = meter_from_url(f"sim://?speed=20000&replay={records}")
    with PtyServer([meter]) as server:
        client = RawClient(server.paths[0])
        client.send(b"#L,W,3,E,,1;")
        poll = select.poll()
        poll.register(client.fd, select.POLLIN)
        assert poll.poll(DEADLINE * 1_000)
        threading.Event().wait(0.3)
        framer, found = Framer(), list[Packet]()
        while data := client.hear(4_000, 0.5):
            found += framer.decode(data)
        client.close()
    assert [packet.args[0] for packet in found] == [str(n) for n in range(3_000)]


def test_the_meter_continues_logging_while_the_port_is_closed() -> None:
    with PtyServer([meter_from_url("sim://?speed=1000&memory=0")]) as server:
        client = RawClient(server.paths[0])
        client.send(b"#N,R,0;")
        assert client.hear(12)
        client.close()
        deadline = time.monotonic() + DEADLINE
        count = 0
        while count < 500 and time.monotonic() < deadline:
            with server.paused():
                count = len(server.meters[0].memory)
        assert count >= 500


def test_unread_bytes_are_not_left_for_the_next_client() -> None:
    with PtyServer([meter_from_url("sim://?memory=1500")]) as server:
        client = RawClient(server.paths[0])
        client.send(b"#D,R,0;")
        assert client.hear(2_000)
        client.close()
        deadline = time.monotonic() + DEADLINE
        while server.meters[0].line.reading_out and time.monotonic() < deadline:
            time.sleep(0.001)
        client = RawClient(server.paths[0])
        client.send(b"#N,R,0;")
        assert client.hear(12) == b"#n,-,1,1917;"
        client.close()


def test_unplugged_a_client_sees_the_port_vanish_and_the_link_comes_back(tmp_path: Path) -> None:
    link = tmp_path / "meter"
    with PtyServer([meter_from_url("sim://?seed=1")], [link]) as server:
        assert server.paths == [str(link)]
        port = serial.Serial(str(link), 115_200, timeout=DEADLINE)
        before = link.readlink()
        with server.paused():
            server.meters[0].unplug()
        with pytest.raises((OSError, serial.SerialException)):
            read_for_ever(port)
        deadline = time.monotonic() + DEADLINE
        while link.is_symlink() and time.monotonic() < deadline:
            time.sleep(0.001)
        assert not link.is_symlink()
        with server.paused():
            server.meters[0].replug()
        while not link.is_symlink() and time.monotonic() < deadline:
            time.sleep(0.001)
        assert link.readlink() != before  # the client still holds the old one
        port.close()
        with serial.Serial(str(link), 115_200, timeout=DEADLINE) as port:
            port.write(b"#N,R,0;")
            assert port.read_until(b";") == b"#n,-,1,1917;"
    assert not link.is_symlink()


def test_unplugged_at_a_time_and_back() -> None:
    with PtyServer([meter_from_url("sim://?speed=20&faults=unplug@10:20")]) as server:
        port = serial.Serial(server.paths[0], 115_200, timeout=DEADLINE)
        port.write(b"#L,W,3,E,_,1;")
        with pytest.raises((OSError, serial.SerialException)):
            read_for_ever(port)
        port.close()
        deadline = time.monotonic() + DEADLINE
        answer = b""
        while not answer and time.monotonic() < deadline:
            try:
                with serial.Serial(server.paths[0], 115_200, timeout=1.0) as port:
                    port.write(b"#N,R,0;")
                    answer = port.read_until(b"1917;")
            except (OSError, serial.SerialException):
                time.sleep(0.005)
        assert answer.endswith(b"#n,-,1,1917;")


def test_control_x_stops_a_readout_at_once() -> None:
    with (
        # All of it would be 130,000 bytes, and take some seconds.
        PtyServer([meter_from_url("sim://?memory=1500&speed=2")]) as server,
        serial.Serial(server.paths[0], 115_200, timeout=DEADLINE) as port,
    ):
        port.write(b"#D,R,0;")
        assert len(packets(port, 50)) >= 50
        port.write(b"\x18")
        port.timeout = 0.3
        rest = 0
        while data := port.read(4_000):
            rest += len(data)
        assert rest < 40_000
        port.timeout = DEADLINE
        port.write(b"#N,R,0;")
        assert port.read_until(b"1917;").endswith(b"#n,-,1,1917;")


def test_a_raw_client_gets_the_baud_rate_of_the_meter() -> None:
    with PtyServer([meter_from_url("sim://?baud=19200")]) as server:
        client = RawClient(server.paths[0])
        client.send(b"#N,R,0;")
        assert client.hear(12) == b"#n,-,1,1917;"
        client.close()
        with serial.Serial(server.paths[0], 115_200, timeout=0.3) as port:
            port.write(b"#N,R,0;")
            assert b"#n" not in port.read(20)
            port.baudrate = 19_200
            port.timeout = DEADLINE
            port.write(b"#N,R,0;")
            assert port.read_until(b";") == b"#n,-,1,1917;"


def test_a_file_instead_of_the_link_is_left_alone(tmp_path: Path) -> None:
    link = tmp_path / "meter"
    link.write_text("mine")
    with pytest.raises(FileExistsError):
        PtyServer([meter_from_url("sim://")], [link])
    assert link.read_text() == "mine"


def test_it_stops_cleanly_and_twice(tmp_path: Path) -> None:
    open_before = open_files()
    threads = threading.active_count()
    links = [tmp_path / "one", None]
    server = PtyServer([meter_from_url("sim://"), meter_from_url("sim://es")], links)
    assert not server.wait(0)
    server.stop()
    server.stop()
    assert server.wait(0)
    assert server.error is None
    assert threading.active_count() == threads
    assert list(tmp_path.iterdir()) == []
    assert open_files() == open_before


def test_closed_port_costs_almost_no_processor_time() -> None:
    code = (
        "import time\n"
        "from wattui.simulator import meter_from_url\n"
        "from wattui.simulator.pty_server import PtyServer\n"
        "with PtyServer([meter_from_url('sim://?memory=0')] * 1) as server:\n"
        "    start = time.process_time()\n"
        "    server.wait(1.0)\n"
        "    print(time.process_time() - start)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert float(result.stdout) < 0.3
