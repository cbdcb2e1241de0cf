# SPDX-License-Identifier: GPL-3.0-or-later
"""Iterating over the samples of a meter, and scripts that end without stopping a client."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path

import pytest
from fake_meter import DEADLINE, OPENING, QUICK, START, STOP, ScriptedPort, client_on, record

from wattui.client import MeterClient, SampleStream, meter
from wattui.errors import LinkLost, NotAMeter, PortNotFound, SettingOutOfRange
from wattui.measurement.events import EventKind, MeterInfo
from wattui.measurement.sample import Sample
from wattui.session import SessionWriter
from wattui.simulator.pty_server import PtyServer
from wattui.simulator.sim_url import meter_from_url

SECOND = 1_000_000
FAST = "sim://pro?speed=50&load=lamp"


def readers() -> list[str]:
    return [one.name for one in threading.enumerate() if one.name.startswith("wattui reader")]


def stream_on(
    *dialogue: tuple[bytes, bytes], limit: int = 100
) -> tuple[SampleStream, ScriptedPort]:
    """Return a stream whose meter is a script that sends one record per `say`."""
    port = ScriptedPort([*OPENING, (START, b""), *dialogue])
    client, _notebook = client_on(port, reconnect=False)
    return SampleStream(client, limit), port


def test_with_connects_the_meter_and_disconnects_it() -> None:
    with meter(FAST, name="lamp") as lamp:
        assert lamp.info.model == "PRO"
        assert lamp.info.label == "lamp"
        samples = [sample for sample, _ in zip(lamp, range(5), strict=False)]
        assert readers() == [f"wattui reader {FAST}"]
    assert readers() == []
    assert all(55 < (sample["power"] or 0) < 65 for sample in samples)
    assert all(one.time_us < other.time_us for one, other in pairwise(samples))
    assert [event.kind for event in lamp.events] == [EventKind.STARTED, EventKind.STOPPED]


def test_loop_without_with_disconnects_when_it_breaks() -> None:
    for count, sample in enumerate(meter(FAST)):
        assert isinstance(sample, Sample)
        if count == 3:
            break
    assert readers() == []


def test_two_loops_over_one_stream_go_on_where_the_first_one_ended() -> None:
    with meter(FAST) as lamp:
        first = next(iter(lamp))
        second = next(iter(lamp))
    assert second.time_us - first.time_us == pytest.approx(SECOND, abs=SECOND / 2)


def test_no_sample_is_lost_between_arrival_and_loop() -> None:
    stream, port = stream_on((STOP, b""))
    with stream:
        port.say(record(1000) + record(1010))
        port.say(record(1020))
        stream.close()
        assert [sample["power"] for sample in stream_rest(stream)] == [100.0, 101.0, 102.0]
    port.check()


def stream_rest(stream: SampleStream) -> list[Sample]:
    """Return what a closed stream still holds."""
    rest = []
    while (sample := stream._next()) is not None:
        rest.append(sample)
    return rest


def test_loop_ends_when_another_thread_closes_the_stream() -> None:
    stream, port = stream_on((STOP, b""))
    with stream:
        port.say(record())
        taken: list[Sample] = []
        loop = threading.Thread(target=lambda: taken.extend(stream))
        loop.start()
        stream.close()
        loop.join(DEADLINE)
        assert not loop.is_alive()
    assert len(taken) <= 1


def test_loop_raises_what_the_meter_failed_with_after_the_samples_that_came() -> None:
    stream, port = stream_on()
    taken: list[float | None] = []
    with stream:
        port.say(record(1000))
        port.unplug()
        with pytest.raises(LinkLost):
            taken.extend(sample["power"] for sample in stream)
    assert taken == [100.0]
    assert readers() == []


def test_unplugged_meter_is_waited_for_if_requested() -> None:
    with meter("sim://pro?speed=20&load=lamp&faults=unplug@5:5", reconnect=True) as lamp:
        gaps = [sample.gap_us for sample, _ in zip(lamp, range(20), strict=False)]
    assert any(gaps)


@pytest.mark.parametrize(("faults", "kind"), [("absent", PortNotFound), ("notmeter", NotAMeter)])
def test_opening_raises_what_is_wrong_and_leaves_nothing_running(
    faults: str, kind: type[Exception]
) -> None:
    stream = SampleStream(MeterClient(f"sim://pro?faults={faults}", timing=QUICK))
    with pytest.raises(kind), stream:
        pass
    assert readers() == []
    with pytest.raises(kind):
        next(iter(stream))
    assert readers() == []


def test_impossible_interval_is_refused_before_anything_is_opened() -> None:
    with pytest.raises(SettingOutOfRange, match="interval"):
        meter("sim://pro", 0)


def test_slow_loop_drops_the_oldest_samples_and_the_next_one_has_the_gap() -> None:
    stream, port = stream_on((STOP, b""), limit=3)
    with stream:
        for _ in range(5):
            port.clock.advance(1.0)
            port.say(record())
        stream.close()
        samples = stream_rest(stream)
    assert stream.dropped == 2
    assert [sample.gap_us for sample in samples] == [2 * SECOND, 0, 0]
    assert [sample.interval_us for sample in samples] == [SECOND] * 3


def test_function_is_a_listener() -> None:
    port = ScriptedPort([*OPENING, (START, b""), (STOP, b"")])
    client, notebook = client_on(port)
    heard: list[tuple[str, float | None]] = []

    def hear(info: MeterInfo, samples: list[Sample]) -> None:
        heard.extend((info.model, sample["power"]) for sample in samples)

    client.add_listener(hear)
    with client:
        client.wait_running(DEADLINE)
        port.say(record(1000))
        notebook.wait_samples(1)
        client.remove_listener(hear)
        port.say(record(2000))
        notebook.wait_samples(2)
    assert heard == [("PRO", 100.0)]


def test_function_is_a_listener_of_a_session_writer(tmp_path: Path) -> None:
    committed: list[Sample] = []
    with SessionWriter(tmp_path / "run.wattui") as writer, meter(FAST) as lamp:
        writer.add_listener(lambda _info, samples: committed.extend(samples))
        sample = next(iter(lamp))
        writer.on_samples(lamp.info, [sample])
        assert writer.flush()
    assert committed == [sample]


def test_other_objects_are_not_listeners() -> None:
    with pytest.raises(TypeError, match="is not a listener"):
        MeterClient("sim://").add_listener(3)  # type: ignore[arg-type]


# -- scripts --------------------------------------------------------------------------------


def run(script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


STARTED = """
import sys
from wattui.client import MeterClient
client = MeterClient(sys.argv[1])
client.start()
client.wait_running()
print("running", flush=True)
"""

SAMPLES_FLOW = """
import threading
came = threading.Event()
client.add_listener(lambda meter, samples: came.set())
assert came.wait(10)
"""


@pytest.mark.parametrize("more", ["", SAMPLES_FLOW], ids=["no samples", "samples"])
@pytest.mark.parametrize("port", ["sim", "pty"])
def test_script_that_stops_nothing_ends(port: str, more: str) -> None:
    server = PtyServer([meter_from_url("sim://pro?load=lamp&memory=0")]) if port == "pty" else None
    try:
        url = server.paths[0] if server else "sim://pro?load=lamp"
        script = run(f"{STARTED}{more}print('end', flush=True)", url)
        assert script.stdout is not None
        assert script.stdout.readline() == "running\n"
        assert script.stdout.readline() == "end\n"
        end = time.monotonic()
        _, errors = script.communicate(timeout=DEADLINE)
        assert time.monotonic() - end < 2.0
        assert (script.returncode, errors) == (0, "")
    finally:
        if server:
            server.stop()


def test_script_that_waits_to_try_again_ends() -> None:
    script = run(
        "from wattui.client import ClientState, MeterClient\n"
        "client = MeterClient('sim://pro?faults=unplug@40&speed=20')\n"
        "import threading\n"
        "lost = threading.Event()\n"
        "client.add_state_listener(lambda one: one.state is ClientState.LOST and lost.set())\n"
        "client.start()\n"
        "assert lost.wait(10)\n"
    )
    _, errors = script.communicate(timeout=DEADLINE)
    assert (script.returncode, errors) == (0, "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal for a process")
def test_ctrl_c_ends_the_loop() -> None:
    # A shell that starts the tests in the background has SIGINT ignored.
    script = run(
        "import signal\n"
        "from wattui.client import meter\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "try:\n"
        "    for sample in meter('sim://pro'):\n"
        "        print('sample', flush=True)\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted')\n"
    )
    assert script.stdout is not None
    assert script.stdout.readline() == "sample\n"
    script.send_signal(signal.SIGINT)
    output, errors = script.communicate(timeout=DEADLINE)
    assert output.splitlines()[-1] == "interrupted"
    assert (script.returncode, errors) == (0, "")
