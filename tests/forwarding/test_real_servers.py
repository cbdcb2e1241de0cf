# SPDX-License-Identifier: GPL-3.0-or-later
"""What is recorded arrives in real databases and brokers: after outages and restarts, once."""

from __future__ import annotations

import json
import signal
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from log_process import Log
from real_servers import (
    Broker,
    InfluxServer,
    PostgresServer,
    VictoriaServer,
    find,
    free_port,
    wait_for,
)
from session_samples import record, record_steady, steady

from wattui.desktop.folders import sessions_folder
from wattui.errors import WattuiError
from wattui.forwarding import Cursors, Forwarder, open_target
from wattui.session import Session

Running = InfluxServer | VictoriaServer | PostgresServer | Broker
Start = Callable[[str], tuple[Forwarder, list[WattuiError]]]


@pytest.fixture(
    params=[InfluxServer, VictoriaServer, PostgresServer, Broker],
    ids=["influx", "victoria", "postgres", "mqtt"],
)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Running]:
    folder = tmp_path / "server"
    folder.mkdir()
    made: Running = request.param(folder)
    yield made
    made.stop()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Return a function that starts a forwarder, and returns it with its complaints."""
    with ExitStack() as stack:

        def begin(url: str) -> tuple[Forwarder, list[WattuiError]]:
            cursors = Cursors(tmp_path / "forwarding.db")
            stack.callback(cursors.close)
            complaints: list[WattuiError] = []
            made = Forwarder(open_target(url), cursors, complaints.append, look=0.01, retry=0.05)
            stack.callback(made.close, 0.1)
            made.start()
            return made, complaints

        yield begin


def powers(*paths: Path) -> list[float | None]:
    found = []
    for path in paths:
        with Session.open(path) as session:
            found += [sample["power"] for sample in session.samples(1)]
    return found


def test_what_is_sent_twice_is_there_once(server: Running, start: Start, tmp_path: Path) -> None:
    server.start()
    path = record_steady(tmp_path / "run.wattui", 5_000)
    for _ in range(2):
        forwarder, complaints = start(server.url)
        forwarder.add(path)
        assert forwarder.close(60)
        assert (forwarder.sent, complaints) == (5_000, [])
        (tmp_path / "forwarding.db").unlink()
    wait_for(lambda: len(server.powers()) >= 5_000, "the last sample")
    assert server.powers() == powers(path)


def test_an_outage_loses_nothing(server: Running, start: Start, tmp_path: Path) -> None:
    path = record_steady(tmp_path / "run.wattui", 300)
    forwarder, complaints = start(server.url)
    forwarder.add(path)
    wait_for(lambda: complaints, "the complaint")
    assert "cannot be reached" in complaints[0].what
    assert "Samples stay in the session meanwhile" in complaints[0].hint
    server.start()
    wait_for(lambda: len(server.powers()) == 300, "the samples")
    wait_for(lambda: not forwarder.failing, "the end of the outage")
    assert len(complaints) == 1, "each outage is reported once"
    server.stop()
    more = record(tmp_path / "second.wattui", steady(200, first=1_000))
    forwarder.add(more)
    wait_for(lambda: len(complaints) > 1, "the second complaint")
    assert not forwarder.close(0.2), "the rest could not be sent"
    server.start()
    following, _ = start(server.url)
    assert following.close(60), "the next run sends it"
    wait_for(lambda: len(server.powers()) >= 500, "the rest")
    assert server.powers() == powers(path, more)


def test_a_killed_recording_is_sent_by_the_next_one(server: Running, program: list[str]) -> None:
    server.start()
    target = (server.option, server.url)
    first = Log(program, "sim://pro?speed=50&serial=A", *target)
    first.read_lines(60)
    first.process.kill()
    first.close()
    second = Log(program, "sim://pro?speed=50&serial=B", *target)
    second.read_lines(30)
    assert second.end(signal.SIGTERM) == 0
    assert f"samples sent to {server.url}." in second.errors()
    second.close()
    recorded = powers(*sorted(sessions_folder().glob("*.wattui")))
    wait_for(lambda: len(server.powers()) >= len(recorded), "the last sample")
    assert sorted(server.powers()) == sorted(recorded)


def test_home_assistant_finds_the_meter_and_sees_it_go(tmp_path: Path, start: Start) -> None:
    broker = Broker(tmp_path)
    broker.start()
    try:
        forwarder, _ = start(broker.url)
        forwarder.add(record_steady(tmp_path / "run.wattui", 10))
        assert forwarder.close(30)
        wait_for(lambda: ("lab/status", "offline") in broker.received, "the farewell")
        topics = dict(broker.received)
    finally:
        broker.stop()
    (power,) = [text for topic, text in topics.items() if topic.endswith("/power_w/config")]
    config = json.loads(power)
    assert config["unit_of_measurement"] == "W"
    assert json.loads(topics[config["state_topic"]])["power_w"] == 40.9
    (energy,) = [text for topic, text in topics.items() if "energy_wh/config" in topic]
    assert json.loads(energy)["state_class"] == "total_increasing"


def test_prometheus_accepts_the_figures(program: list[str]) -> None:
    promtool, port = find("promtool"), free_port()
    log = Log(program, "sim://pro?speed=20&serial=A1", "--prometheus", f":{port}")
    try:
        log.read_lines(5)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
            text = answer.read().decode()
        assert log.end(signal.SIGTERM) == 0
    finally:
        log.close()
    checked = subprocess.run(
        [promtool, "check", "metrics"], input=text, text=True, capture_output=True, check=False
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
    labels = 'meter="PRO A1",model="PRO",port="sim://pro?speed=20&serial=A1",serial_number="A1"'
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert float(values[f"wattui_samples_total{{{labels}}}"]) >= 4
    assert float(values[f"wattui_up{{{labels}}}"]) == 1
    assert float(values[f"wattui_power_watts{{{labels}}}"]) > 0
