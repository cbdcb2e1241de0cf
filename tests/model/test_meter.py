# SPDX-License-Identifier: GPL-3.0-or-later
"""A meter that is used alone: no bench, no window, no event loop."""

from __future__ import annotations

import io
import math
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from wattui.client import ClientState
from wattui.model.bench import Bench
from wattui.model.meter import Meter
from wattui.session import Session
from wattui.simulator.pty_server import PtyServer
from wattui.simulator.sim_url import meter_from_url

DEADLINE = 20.0
LAMP = "sim://pro?load=lamp&speed=50"


@pytest.fixture
def meter() -> Iterator[Meter]:
    one = Meter(url=LAMP)
    yield one
    one.disconnect()
    assert one.main_thread.join(DEADLINE) == []


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.01)


def test_a_meter_of_its_own_shows_its_samples_without_a_recording(meter: Meter) -> None:
    seen: list[float] = []
    meter.observe(lambda event: seen.append(event.new), "watts")
    meter.connect()
    until(lambda: meter.sample_count >= 10)
    assert meter.state == "running"
    assert meter.live
    assert 55 < seen[0] < 65
    assert meter.volts * meter.amps == pytest.approx(meter.watts, rel=0.2)
    assert meter.energy > 0
    assert meter.state_text == "Live, not recorded"
    meter.disconnect()
    until(lambda: meter.state == "closed")
    energy = meter.energy
    meter.connect()
    until(lambda: meter.live and meter.energy > energy)


def test_observers_never_run_at_the_same_time(meter: Meter) -> None:
    running, threads, overlaps = [0], set(), []

    def slow(_event: object) -> None:
        running[0] += 1
        overlaps.append(running[0])
        threads.add(threading.current_thread().name)
        time.sleep(0.002)
        running[0] -= 1

    meter.observe(slow, "watts, sample_count, state, state_text")
    meter.connect()
    for _ in range(5):
        until(lambda: meter.sample_count > 3)
        meter.disconnect()
        meter.connect()
    until(lambda: meter.state == "running")
    assert set(overlaps) == {1}
    assert len(threads) > 1


def test_a_meter_that_is_not_there_says_so(meter: Meter) -> None:
    meter.url = "/dev/ttyUSB-none"
    meter.connect()
    until(lambda: meter.state == ClientState.FAILED)
    assert "/dev/ttyUSB-none" in meter.problem
    assert meter.hint
    assert math.isnan(meter.watts)


def test_only_public_traits_are_printed_and_edited(meter: Meter) -> None:
    printed = io.StringIO()
    with redirect_stdout(printed):
        meter.print_traits()
    names = [line.split(":")[0].strip() for line in printed.getvalue().splitlines()]
    assert {"watts", "amps", "volts", "energy", "url", "interval", "state"} <= set(names)
    assert sorted(names) == sorted(meter.editable_traits()) == sorted(meter.visible_traits())
    private = {"main_thread", "recorded_by", "make_client", "key", "plotted"}
    assert [name for name in names if name.startswith("_") or name in private] == []
    own = [name for name in Meter.class_trait_names() if name in names]
    assert len(own) < 35


def test_a_meter_of_a_bench_is_recorded_when_it_connects_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATTUI_DATA", str(tmp_path))
    bench = Bench()
    meter = bench.add_meter(LAMP)
    meter.connect()
    until(lambda: meter.sample_count > 3)
    assert bench.recording
    assert meter.state_text == "Recording"
    path = bench.session_path
    assert bench.close() == []
    assert path is not None
    with Session.open(path) as session:
        assert session.count(session.meters[0].id) >= meter.sample_count


def test_a_connected_meter_joins_a_bench_and_leaves_it_again(tmp_path: Path, meter: Meter) -> None:
    meter.connect()
    until(lambda: meter.sample_count > 3)
    bench = Bench(main_thread=meter.main_thread, folder=tmp_path, temporary=True)
    before = meter.sample_count
    bench.adopt(meter)
    until(lambda: bench.session_path is not None and meter.sample_count > before + 3)
    assert bench.session_path.parent == tmp_path
    assert meter.state_text == "Live, not recorded", "the folder is temporary"
    with Session.open(bench.session_path) as session:
        assert session.count(session.meters[0].id) < meter.sample_count, "the earlier ones count"
    bench.let_go(meter)
    assert bench.close() == []
    before = meter.sample_count
    until(lambda: meter.sample_count > before + 3)


PROGRAMS = {
    "meter": """
        meter = Meter(url=sys.argv[1])
        meter.observe(lambda event: print(event.new, flush=True), "watts")
        meter.connect()
        deadline = time.monotonic() + 20
        while meter.sample_count < 3 and time.monotonic() < deadline: time.sleep(0.01)
    """,
    "bench": """
        bench = Bench()
        (meter,) = bench.connect(sys.argv[1])
        deadline = time.monotonic() + 20
        while meter.sample_count < 3 and time.monotonic() < deadline: time.sleep(0.01)
        print(meter.watts, bench.session_path, sep="\\n")
    """,
}


def run(program: str, url: str) -> list[str]:
    """Run a program that stops nothing; return the lines that it printed."""
    lines = "\n".join(line.strip(" ") for line in PROGRAMS[program].split("\n"))
    imports = "import sys, time\nfrom wattui.api import Bench, Meter\n"
    done = subprocess.run(
        [sys.executable, "-c", imports + lines, url],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.split("\n")[:-1]


@pytest.mark.parametrize("port", ["sim", "pty"])
@pytest.mark.parametrize("program", sorted(PROGRAMS))
def test_python_exits_although_the_meter_was_not_disconnected(program: str, port: str) -> None:
    if port == "sim":
        printed = run(program, LAMP)
    else:
        with PtyServer([meter_from_url(LAMP)]) as server:
            printed = run(program, str(server.paths[0]))
    assert 55 < float(printed[0]) < 65
    if program == "bench":
        with Session.open(Path(printed[1])) as session:
            assert session.count(session.meters[0].id) >= 3
            assert not session.interrupted, "the recording was closed"
