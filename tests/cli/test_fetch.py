# SPDX-License-Identifier: GPL-3.0-or-later
"""``wattui fetch``: the memory as a session, bit for bit, cancelled or whole."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from wattui.cli.program import program
from wattui.client import MeterClient
from wattui.measurement.sample import Sample, complete
from wattui.meter_memory.readout import Patience, read_memory
from wattui.meter_memory.save_readout import readout_label, save_readout
from wattui.session import Session
from wattui.simulator.devices import Device, forget_devices, release_device, take_device
from wattui.simulator.pty_server import PtyServer
from wattui.simulator.sim_url import meter_from_url

PRO = "sim://pro?id=fetch&memory=300&speed=20&logging=stopped"
DEADLINE = 20.0


def run(*args: str) -> Result:
    return CliRunner().invoke(program, args)


@pytest.fixture(autouse=True)
def _new_meters() -> Iterator[None]:
    forget_devices()
    yield
    forget_devices()


def device_of(url: str) -> Device:
    device = take_device(url)
    release_device(device)
    return device


def memory_of(url: str) -> list[tuple[int | None, ...]]:
    """Return the records in the memory of a simulated meter with an id."""
    meter = device_of(url).meter
    return [complete(tuple(one)) for one in meter.memory.records(meter.model.fields)]


def fetched(result: Result) -> tuple[list[Sample], dict[str, str]]:
    path = Path(result.stdout.splitlines()[-1])
    with Session.open(path) as session:
        return list(session.samples(session.meters[0].id)), session.info


@pytest.mark.parametrize("query", ["", "&fields=w,v,a", "&firmware=old", "&faults=nul,noise,end3"])
def test_session_is_the_memory_bit_for_bit(query: str) -> None:
    result = run("fetch", PRO + query)
    assert result.exit_code == 0, result.stderr
    samples, info = fetched(result)
    assert [one.values for one in samples] == memory_of(PRO + query)
    assert readout_label(info) is not None
    assert "partial" not in info
    assert "300 records received, one every 1 s, 5 minutes in total" in result.stderr
    assert "counted back" in result.stderr
    (listed,) = json.loads(run("sessions", "--json").stdout)
    assert (listed["reconstructed"], listed["partial"]) == (True, "")


@pytest.mark.parametrize(
    ("url", "at_least"),
    [
        ("sim://net?id=full&memory=full%2B500&fields=w,v&full=overwrite", 131_072),
        ("sim://es?id=full&memory=full&full=stop", 15_420),
        ("sim://net?id=full&memory=full&full=condense&faults=noise", 13_000),
        ("sim://pro?id=full&memory=full&full=condense&faults=nul,noend", 1_600),
    ],
    ids=["net overwrite", "es stop", "net condense", "pro condense"],
)
def test_full_memory_is_fetched_bit_for_bit(url: str, at_least: int) -> None:
    url += "&logging=stopped&speed=3000"
    result = run("fetch", url)
    assert result.exit_code == 0, result.stderr
    samples, _ = fetched(result)
    expected = memory_of(url)
    assert [one.values for one in samples] == expected
    assert len(expected) >= at_least
    assert samples[0].interval_us == device_of(url).meter.memory.interval * 1_000_000


def test_full_memory_is_fetched_over_a_pty_bit_for_bit() -> None:
    url = "sim://es?memory=full&full=stop&logging=stopped&speed=3000"
    meter = meter_from_url(url)
    with PtyServer([meter]) as server:
        result = run("fetch", str(server.paths[0]), "-q")
        with server.paused():
            expected = [complete(tuple(one)) for one in meter.memory.records(18)]
    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    samples, _ = fetched(result)
    assert len(samples) >= 15_420
    assert [one.values for one in samples] == expected


def test_csv_is_written_too(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    result = run("fetch", PRO + "&fields=w,v", "-o", str(out))
    assert result.exit_code == 0, result.stderr
    text = out.read_text(encoding="utf-8")
    assert "# reconstructed: " in text
    rows = list(csv.DictReader(one for one in text.splitlines() if not one.startswith("#")))
    assert len(rows) == 300
    assert {row["current_a"] for row in rows} == {""}  # never zero


def test_empty_memory_makes_no_session() -> None:
    result = run("fetch", "sim://pro?memory=0&logging=stopped")
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "empty" in result.stderr


def test_short_read_out_is_saved_and_marked_partial() -> None:
    result = run("fetch", PRO + "&faults=short:3")
    assert result.exit_code == 4
    samples, info = fetched(result)
    assert len(samples) == 297
    assert "297 of 300 records" in info["partial"]
    assert "partly fetched from memory; times are estimates" in run("sessions").stdout
    assert "--session" in result.stderr


def test_second_fetch_completes_the_first_without_duplicates(tmp_path: Path) -> None:
    url = "sim://pro?id=fetch&memory=400&speed=5&logging=stopped"
    part = tmp_path / "part.wattui"
    come = threading.Event()

    def progress(done: int, _total: int) -> None:
        if done >= 100:
            come.set()

    with MeterClient(url, live=False) as client:
        client.wait_running(DEADLINE)
        readout = read_memory(client, progress, come.is_set)
    assert readout.missing_at_end == 400 - len(readout.records)
    save_readout(readout, readout.meter, part)
    assert 100 <= len(readout.records) < 400
    result = run("fetch", url, "--session", str(part))
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines()[-1] == str(part)
    samples, info = fetched(result)
    assert [one.values for one in samples] == memory_of(url)
    assert "partial" not in info


def test_an_unplugged_meter_is_read_out_after_replugging_without_duplicates() -> None:
    # The id keeps the meter; the fault pulls its plug after the announcement.
    url = "sim://pro?id=fetch&memory=600&speed=3&logging=stopped"
    pulled = threading.Event()
    with MeterClient(url, live=False) as client:
        client.wait_running(DEADLINE)
        device = take_device_again(url)

        def progress(done: int, _total: int) -> None:
            if done > 100 and not pulled.is_set():
                pulled.set()
                with device.condition:
                    device.meter.unplug()
                    device.condition.notify_all()
                timer.start()

        def replug() -> None:
            with device.condition:
                device.meter.replug()
                device.condition.notify_all()

        timer = threading.Timer(0.3, replug)
        readout = read_memory(client, progress, patience=Patience(replug=DEADLINE))
        timer.join()
    assert pulled.is_set()
    assert readout.complete, readout.reasons
    assert [tuple(one) for one in readout.records] == memory_of(url)


def take_device_again(url: str) -> Device:
    """Return the device of an open simulated meter."""
    from wattui.simulator import devices

    return devices._devices["id:fetch"]


def test_recording_is_not_replaced_by_a_fetch(tmp_path: Path) -> None:
    from wattui.measurement.events import MeterInfo
    from wattui.session import SessionWriter

    live = tmp_path / "live.wattui"
    with SessionWriter(live) as writer:
        writer.on_samples(MeterInfo("a", "b"), [Sample(10**15, 10**6, (1,) * 18)])
    result = run("fetch", PRO, "--session", str(live))
    assert result.exit_code == 6
    assert "not fetched" in result.stderr


@pytest.mark.skipif(os.name == "nt", reason="signals are another thing there")
def test_ctrl_c_saves_the_records_received_and_exits_with_130() -> None:
    meter = meter_from_url("sim://pro?memory=1900&logging=stopped")
    with PtyServer([meter]) as server:
        # Cancelled once records come: the meter says when it was asked for them.
        process = subprocess.Popen(
            [sys.executable, "-m", "wattui", "fetch", str(server.paths[0])],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        asked = threading.Event()
        start = meter.start_readout

        def started() -> None:
            start()
            asked.set()

        meter.start_readout = started  # type: ignore[method-assign]
        assert asked.wait(DEADLINE)
        assert not asked.clear()
        threading.Event().wait(1.5)  # 1,900 records take over ten seconds
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=DEADLINE)
    assert process.returncode == 130, err
    path = Path(out.splitlines()[-1])
    with Session.open(path) as session:
        count = session.count(1)
        assert f"{count} of 1,900 records: the read-out was cancelled" in session.info["partial"]
    assert 0 < count < 1900
    assert f"--session '{path}'" in err
