# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of ports: likely meters first, and what is wrong with each."""

from __future__ import annotations

import errno
import types

import pytest

from wattui.ports import listing
from wattui.ports.holder import Holder
from wattui.ports.listing import find_port, list_ports


def usb(device: str, vendor: int, product: int, number: str) -> types.SimpleNamespace:
    return types.SimpleNamespace(
        device=device, description="FT232R USB UART", vid=vendor, pid=product, serial_number=number
    )


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        types.SimpleNamespace(
            device="/dev/ttyS0", description="n/a", vid=None, pid=None, serial_number=None
        ),
        usb("/dev/ttyUSB10", 0x0403, 0x6001, "A10"),
        usb("/dev/ttyACM0", 0x2341, 0x0043, "9"),
        usb("/dev/ttyUSB9", 0x0403, 0x6001, "A9"),
    ]
    monkeypatch.setattr(listing._list_ports, "comports", lambda: found)
    monkeypatch.setattr(listing.os, "access", lambda path, mode: path != "/dev/ttyUSB9")
    monkeypatch.setattr(
        listing, "find_holders", lambda paths: {"/dev/ttyUSB10": Holder(1, "minicom")}
    )


@pytest.mark.usefixtures("plugged")
def test_likely_meters_come_first_and_say_what_is_wrong() -> None:
    ports = list_ports()
    assert [port.url for port in ports] == [
        "/dev/ttyUSB9",
        "/dev/ttyUSB10",
        "/dev/ttyACM0",
        "/dev/ttyS0",
    ]
    assert [port.likely_meter for port in ports] == [True, True, False, False]
    assert [port.problem for port in ports] == ["no permission", "in use", "", ""]
    assert ports[0].label == "Watts up? · A9 · /dev/ttyUSB9 · no permission"
    assert ports[3].label == "/dev/ttyS0"


@pytest.mark.usefixtures("plugged")
def test_meter_is_found_by_its_serial_number() -> None:
    assert find_port("A10") == "/dev/ttyUSB10"
    assert find_port("A11") is None
    assert find_port("") is None


def test_listing_never_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    def vanish() -> list[object]:
        raise OSError(errno.ENODEV, "vanished while it was listed")

    monkeypatch.setattr(listing._list_ports, "comports", vanish)
    assert list_ports() == []
