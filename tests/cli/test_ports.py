# SPDX-License-Identifier: GPL-3.0-or-later
"""``wattui ports`` and ``wattui info``."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from wattui.cli.program import program
from wattui.ports.listing import PortInfo


def run(*args: str) -> Result:
    return CliRunner().invoke(program, args)


@pytest.fixture
def three_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        PortInfo("/dev/ttyUSB0", "FT232R USB UART", "A1018K5P", 0x403, 0x6001, likely_meter=True),
        PortInfo("/dev/ttyUSB1", "[b]odd[/b]", "", problem="in use"),
        PortInfo("/dev/ttyS0", "", "", problem="no permission"),
    ]
    monkeypatch.setattr("wattui.ports.listing.list_ports", lambda: found)


@pytest.mark.usefixtures("three_ports")
def test_the_ports_as_a_table() -> None:
    result = run("ports")
    assert result.exit_code == 0
    header, *lines = result.stdout.splitlines()
    assert header.split()[:2] == ["Port", "Description"]
    assert len(lines) == 3
    assert "A1018K5P" in lines[0]
    assert "likely" in lines[0]
    assert "[b]odd[/b]" in lines[1]
    assert "in use" in lines[1]
    assert "no permission" in lines[2]


@pytest.mark.usefixtures("three_ports")
def test_the_ports_as_json() -> None:
    rows = json.loads(run("ports", "--json").stdout)
    assert [row["url"] for row in rows] == ["/dev/ttyUSB0", "/dev/ttyUSB1", "/dev/ttyS0"]
    assert rows[0]["likely_meter"] is True
    assert rows[1]["problem"] == "in use"


def test_without_ports_the_simulated_meter_is_suggested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wattui.ports.listing.list_ports", list)
    result = run("ports")
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "sim://pro" in result.stderr


def test_info_identifies_the_meter() -> None:
    result = run("info", "sim://es?serial=A1018K5P")
    assert result.exit_code == 0
    facts = dict(line.split("  ", 1) for line in result.stdout.splitlines())
    assert facts["Model"].strip() == "PRO ES"
    assert facts["Serial number"].strip() == "A1018K5P"
    assert facts["Baud rate"].strip() == "115200"


def test_info_as_json() -> None:
    facts = json.loads(run("info", "sim://net", "--json").stdout)
    assert facts["model"] == ".NET"
    assert facts["port"] == "sim://net"
    assert isinstance(facts["memory_bytes"], int)
    assert "." in facts["firmware"]


@pytest.mark.parametrize(
    ("port", "status"),
    [
        ("/dev/nosuchport", 3),
        ("sim://pro?faults=busy", 3),
        ("sim://pro?faults=denied", 3),
    ],
)
def test_info_about_a_port_without_a_meter(port: str, status: int) -> None:
    result = run("info", port)
    assert result.exit_code == status
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")
