# SPDX-License-Identifier: GPL-3.0-or-later
"""``sim://`` as a pyserial port: reading, writing, closing, unplugging, also from threads."""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from wattui.measurement.clock import ScaledClock
from wattui.protocol import Framer, Packet, parse
from wattui.protocol.replies import Record
from wattui.simulator import devices

HANDLERS = "wattui.simulator.pyserial_urls"
CAPTURES = Path(__file__).parents[3] / "shared" / "samples"
DEADLINE = 20.0


@pytest.fixture(autouse=True)
def handlers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    packages = [name for name in serial.protocol_handler_packages if name != HANDLERS]
    monkeypatch.setattr(serial, "protocol_handler_packages", [*packages, HANDLERS])
    yield
    devices.forget_devices()


def opened(url: str, timeout: float | None = DEADLINE) -> serial.SerialBase:
    return serial.serial_for_url(url, timeout=timeout)


def line(port: serial.SerialBase) -> bytes:
    return bytes(port.read_until(b";"))


def packets(port: serial.SerialBase, count: int) -> list[Packet]:
    """Read until that many packets have come, or reading ends."""
    framer, found = Framer(), list[Packet]()
    while len(found) < count and (data := port.read(1)):
        found += framer.decode(data + port.read(port.in_waiting))
    return found


def read_for_ever(port: serial.SerialBase) -> None:
    while True:
        port.read(1)


def test_a_question_is_answered() -> None:
    with opened("sim://?speed=50") as port:
        assert port.write(b"#V,R,0;") == 7
        assert line(port) == b"#v,-,8,1,65206,5,2,3,14,200612211910,0;"
        assert isinstance(port.clock, ScaledClock)
        assert port.serial_number == "SIM49936"


def test_records_stream() -> None:
    with opened("sim://es?speed=200") as port:
        port.write(b"#L,W,3,E,,1;")
        assert [packet.command for packet in packets(port, 300)[:300]] == ["d"] * 300


def test_a_capture_comes_whole_at_speed() -> None:
    path = CAPTURES / "fan.raw"
    if not path.exists():
        pytest.skip(f"no capture at {path}")
    with opened(f"sim://?speed=1000&replay={path}", timeout=1.0) as port:
        port.write(b"#L,W,3,E,,1;")
        replies = [parse(packet) for packet in packets(port, 10_000)]
    powers = [reply.values[0] for reply in replies if isinstance(reply, Record)]
    assert len(powers) == 1_792
    assert sum(power or 0 for power in powers) == 755_658


def test_a_slow_reader_gets_the_time_of_the_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [1_000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    with opened("sim://pro?speed=100", timeout=0.0) as port:
        begun = port.clock.time()
        port.write(b"#L,W,3,E,,1;")
        now[0] += 0.02  # two seconds of the meter
        port.read(port.in_waiting)
        now[0] += 0.015  # there is a third record, and then half a second without one
        assert port.read(1) == b"#"
        wall, monotonic = port.arrived
        assert monotonic == pytest.approx(3.0, abs=0.02)
        assert wall == pytest.approx(begun + monotonic)
        now[0] += 0.9
        assert port.read(20).startswith(b"d,-,")
        assert port.arrived == (wall, monotonic)


def test_read_returns_what_there_is_at_the_timeout() -> None:
    with opened("sim://?faults=mute", timeout=0.0) as port:
        assert port.read(10) == b""
        port.timeout = 0.01
        assert port.read(10) == b""
        assert port.in_waiting == 0


def in_thread(port: serial.SerialBase) -> tuple[threading.Thread, list[object]]:
    """Read in a thread; return the thread and what the read returned or raised."""
    results: list[object] = []

    def work() -> None:
        try:
            results.append(port.read(1))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is looked at
            results.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    return thread, results


def test_cancel_read_ends_a_waiting_read() -> None:
    with opened("sim://?faults=mute", timeout=None) as port:
        thread, results = in_thread(port)
        port.cancel_read()
        thread.join(DEADLINE)
        assert results == [b""]


def test_closing_from_another_thread_ends_a_waiting_read() -> None:
    port = opened("sim://?faults=mute", timeout=None)
    thread, results = in_thread(port)
    port.close()
    thread.join(DEADLINE)
    assert isinstance(results[0], serial.SerialException)
    with pytest.raises(serial.SerialException):
        port.write(b"#V,R,0;")
    port.close()


def test_reset_throws_away_what_came() -> None:
    with opened("sim://?speed=1000", timeout=0.05) as port:
        port.write(b"#V,R,0;")
        assert port.read(5)
        port.reset_input_buffer()
        assert port.in_waiting == 0
        assert port.read(1) == b""


def test_the_wrong_baud_rate_is_garbage_until_the_right_one_is_set() -> None:
    with opened("sim://?baud=19200&speed=20") as port:
        port.timeout = 0.2
        port.write(b"#V,R,0;")
        assert b"#v" not in port.read(40)
        port.baudrate = 19_200
        port.write(b"#V,R,0;")
        port.timeout = DEADLINE
        assert line(port).startswith(b"#v,-,8,1,65206,5,1,")


def test_without_its_own_baud_rate_a_meter_works_at_any() -> None:
    with opened("sim://?speed=20") as port:
        port.baudrate = 9_600
        port.write(b"#N,R,0;")
        assert line(port) == b"#n,-,1,1917;"


def test_two_opens_are_two_meters_and_an_id_is_one() -> None:
    with opened("sim://?memory=0") as one, opened("sim://?memory=0") as other:
        assert one._device is not other._device
    with opened("sim://?id=mine&memory=0&speed=100") as port:
        port.write(b"#U,W,3,321,0,0;")
        with pytest.raises(serial.SerialException) as caught:
            opened("sim://?id=mine")
        assert caught.value.errno == errno.EBUSY
    with opened("sim://?id=mine") as port:
        port.write(b"#U,R,0;")
        assert line(port) == b"#u,-,3,321,0,0;"


def test_unplugged_and_back_under_the_same_url() -> None:
    url = "sim://?speed=100&memory=0&faults=unplug@10:100"
    port = opened(url)
    device = port._device
    with pytest.raises(serial.SerialException):
        read_for_ever(port)
    with pytest.raises(OSError, match="Input/output"):
        _ = port.in_waiting
    with pytest.raises(serial.SerialException):
        port.write(b"#V,R,0;")
    port.close()
    with pytest.raises(serial.SerialException) as caught:
        opened(url)
    assert caught.value.errno == errno.ENOENT
    deadline = time.monotonic() + DEADLINE
    while not device.meter.plugged and time.monotonic() < deadline:
        device.meter.poll()
    with opened(url) as port:
        assert port._device is device
        port.write(b"#N,R,0;")
        assert line(port) == b"#n,-,1,1917;"
        assert len(device.meter.memory) > 50


@pytest.mark.parametrize(
    ("fault", "number"),
    [("absent", errno.ENOENT), ("denied", errno.EACCES), ("busy", errno.EBUSY)],
)
def test_ports_that_cannot_be_opened(fault: str, number: int) -> None:
    with pytest.raises(serial.SerialException) as caught:
        opened(f"sim://?faults={fault}")
    assert caught.value.errno == number


def test_a_wrong_url_is_refused_with_the_known_values() -> None:
    with pytest.raises(serial.SerialException, match="model, load, speed"):
        opened("sim://?lode=lamp")


def test_control_x_stops_a_readout_of_a_full_memory() -> None:
    with opened("sim://es?memory=20000&fields=w&speed=20") as port:
        port.write(b"#D,R,0;")
        assert len(packets(port, 1_000)) >= 1_000
        port.write(b"\x18")
        port.timeout = 0.2
        assert len(port.read(200_000)) < 70_000
        port.write(b"#N,R,0;")
        port.timeout = DEADLINE
        assert line(port) == b"#n,-,1,262144;"
