# SPDX-License-Identifier: GPL-3.0-or-later
"""A client on simulated meters, over ``sim://`` and over ptys, with every fault."""

from __future__ import annotations

import random
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fake_meter import DEADLINE, QUICK, Notebook

from wattui.client import ClientState, MeterClient, Timing, identify
from wattui.client.conversation import Conversation
from wattui.client.discovery import is_same_meter
from wattui.errors import (
    Cancelled,
    LinkLost,
    NoAnswer,
    NotAMeter,
    OtherMeter,
    PortBusy,
    PortNotFound,
    WattuiError,
)
from wattui.measurement.events import EventKind
from wattui.protocol import LoggingState, Malformed, Packet, commands
from wattui.simulator.pty_server import PtyServer
from wattui.simulator.sim_url import meter_from_url

#: The time limits of the protocol, with short waits before the next try.
EAGER = Timing(retry_first=0.02, retry_last=0.1)

Connect = Callable[..., tuple[MeterClient, Notebook]]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Return running clients, and stop them at the end."""
    clients: list[MeterClient] = []

    def make(url: str, *, wait: bool = True, **options: object) -> tuple[MeterClient, Notebook]:
        client = MeterClient(url, **{"timing": EAGER, **options})  # type: ignore[arg-type]
        notebook = Notebook()
        client.add_listener(notebook)
        clients.append(client)
        client.start()
        if wait:
            client.wait_running(DEADLINE)
        return client, notebook

    yield make
    for client in clients:
        client.stop(DEADLINE)


def readers() -> list[str]:
    """Return the names of the living reader threads."""
    return [one.name for one in threading.enumerate() if one.name.startswith("wattui reader")]


@pytest.mark.parametrize("faults", ["", "cut", "nul", "garbage:0.2", "noise:0.5", "cut,nul,noise"])
def test_records_come_with_any_noise_between_them(connect: Connect, faults: str) -> None:
    _client, notebook = connect(f"sim://pro?speed=100&load=lamp&faults={faults}")
    notebook.wait_samples(50)
    assert EventKind.LOST not in notebook.kinds()


@pytest.mark.parametrize("baudrate", [115_200, 19_200, 9_600])
def test_speed_is_found(connect: Connect, baudrate: int) -> None:
    client, notebook = connect(f"sim://pro?speed=20&baud={baudrate}", timing=QUICK)
    assert client.baudrate == baudrate
    notebook.wait_samples(3)


@pytest.mark.parametrize(
    ("faults", "kind"), [("mute", NoAnswer), ("notmeter", NotAMeter), ("absent", PortNotFound)]
)
def test_port_without_a_meter_fails(connect: Connect, faults: str, kind: type[WattuiError]) -> None:
    client, _notebook = connect(f"sim://pro?faults={faults}", wait=False, timing=QUICK)
    with pytest.raises(kind):
        client.wait_running(DEADLINE)
    assert client.state is ClientState.FAILED
    client.stop()
    assert client.state is ClientState.CLOSED


def test_old_readout_that_still_streams_is_stopped(connect: Connect) -> None:
    client, notebook = connect("sim://pro?speed=20&faults=oldreadout&memory=full&load=lamp")
    notebook.wait_samples(3)
    assert client.info.model == "PRO"
    assert max(sample.interval_us for sample in notebook.samples) > 500_000


def test_meter_that_is_deaf_but_streams_is_recorded(connect: Connect) -> None:
    client, notebook = connect("sim://pro?speed=50&faults=deaf", timing=QUICK)
    notebook.wait_samples(5)
    assert client.version is None


def test_unplugged_and_back(connect: Connect) -> None:
    client, notebook = connect("sim://pro?speed=50&faults=unplug@50:60&load=lamp")
    notebook.wait_event(EventKind.RECONNECTED)
    notebook.wait_event(EventKind.GAP)
    client.wait_running(DEADLINE)
    gap = max(sample.gap_us for sample in notebook.samples)
    assert 50_000_000 < gap < 90_000_000
    times = [sample.time_us for sample in notebook.samples]
    assert times == sorted(set(times))


def test_power_loss_starts_logging_again(connect: Connect) -> None:
    _client, notebook = connect("sim://pro?speed=20&faults=power@30:10&load=lamp")
    notebook.wait_event(EventKind.POWER_ON)
    before = len(notebook.samples)
    notebook.wait_samples(before + 3)
    assert EventKind.GAP in notebook.kinds()


def test_soft_restart_starts_logging_again(connect: Connect) -> None:
    client, notebook = connect("sim://pro?speed=20&load=lamp")
    notebook.wait_samples(2)
    client.request(commands.restart())
    notebook.wait_event(EventKind.POWER_ON)
    before = len(notebook.samples)
    notebook.wait_samples(before + 3)


def test_live_recording_leaves_the_memory_unchanged(connect: Connect) -> None:
    url = "sim://pro?id=kept&logging=stopped&memory=100"
    client, notebook = connect(url)
    notebook.wait_samples(1)
    with client.conversation(pause="a test") as talk:
        assert talk.quiet()
        talk.send(commands.read_memory())
        start = next(talk.replies())
        talk.interrupt()
    assert getattr(start, "count", None) == 100


def test_requests_while_records_stream(connect: Connect) -> None:
    client, notebook = connect("sim://pro?speed=200")
    for _time in range(10):
        assert isinstance(client.request(commands.read_logging_state()), LoggingState)
    notebook.wait_samples(10)
    assert EventKind.GAP not in notebook.kinds()


def test_two_clients_on_one_port_refuse_each_other(connect: Connect) -> None:
    _first, notebook = connect("sim://pro?id=one&speed=10")
    second, _other = connect("sim://pro?id=one&speed=10", wait=False)
    with pytest.raises(PortBusy):
        second.wait_running(DEADLINE)
    notebook.wait_samples(3)


# -- over a pty ------------------------------------------------------------------------


def test_unplugged_pty_comes_back_behind_the_same_link(connect: Connect, tmp_path: Path) -> None:
    link = tmp_path / "meter"
    with PtyServer([meter_from_url("sim://pro?speed=10&load=lamp")], [link]) as server:
        client, notebook = connect(str(link))
        notebook.wait_samples(2)
        with server.paused():
            server.meters[0].unplug()
        notebook.wait_event(EventKind.LOST)
        with server.paused():
            server.meters[0].replug()
        notebook.wait_event(EventKind.RECONNECTED)
        client.wait_running(DEADLINE)
        before = len(notebook.samples)
        notebook.wait_samples(before + 2)


def test_two_programs_on_one_pty(connect: Connect) -> None:
    with PtyServer([meter_from_url("sim://pro?speed=10")]) as server:
        _first, notebook = connect(server.paths[0])
        second, _other = connect(server.paths[0], wait=False)
        with pytest.raises(PortBusy, match="already open"):
            second.wait_running(DEADLINE)
        notebook.wait_samples(2)


def test_identify_reports_the_meter_and_frees_the_port() -> None:
    with PtyServer([meter_from_url("sim://es")]) as server:
        for _time in range(2):
            found = identify(server.paths[0])
            assert found.info.model == "PRO ES"
            assert found.baudrate == 115_200


# -- stopping at any moment --------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    ["sim://pro?speed=200", "sim://pro?faults=mute", "sim://pro?speed=500&faults=unplug@50:1000"],
)
def test_stops_within_a_second_at_any_moment(url: str) -> None:
    moments = random.Random(7)
    for _time in range(12):
        client = MeterClient(url, timing=EAGER)
        client.start()
        threading.Event().wait(moments.random() * 0.25)  # the moment is what is tested
        client.stop(1.0)
        assert client.state is ClientState.CLOSED
        assert not readers()


def test_stop_while_connecting_to_a_silent_host() -> None:
    # A listening socket whose queue is full: connecting hangs, as with a host that is off.
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        blocking = [socket.socket() for _one in range(4)]
        for one in blocking:
            one.setblocking(False)
            one.connect_ex(address)
        client = MeterClient(f"socket://127.0.0.1:{address[1]}")
        client.start()
        with pytest.raises(NoAnswer):
            client.wait_running(0.2)
        with pytest.raises(Cancelled, match="before the meter answered"):
            client.wait_running(DEADLINE, lambda: True)
        client.stop(1.0)
        assert client.state is ClientState.CLOSED
        with pytest.raises(Cancelled):
            client.wait_running(0)
        for one in blocking:
            one.close()


def test_half_open_socket_is_lost(connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"socket://127.0.0.1:{server.getsockname()[1]}"
        client, notebook = connect(url, wait=False, timing=QUICK)
        meter, _address = server.accept()
        with meter:
            meter.settimeout(DEADLINE)
            heard = b""
            while b"#V,R,0;" not in heard:
                heard += meter.recv(99)
            meter.sendall(b"#v,-,8,1,65206,5,2,3,14,200612211910,0;")
            client.wait_running(DEADLINE)
            notebook.wait_event(EventKind.LOST)  # it says nothing any more, and stays open
    assert "silent" in notebook.events[-1].text


def test_nothing_is_left_running() -> None:
    assert not [one for one in threading.enumerate() if one.name.startswith("wattui")]


def test_reader_survives_a_conversation_that_nobody_reads_and_then_is_emptied(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("wattui.client.conversation._LIMIT", 1)
    conversation = Conversation(None)  # type: ignore[arg-type]
    ended = threading.Event()

    def empty() -> None:
        while not ended.is_set():
            conversation.forget_loss()

    thread = threading.Thread(target=empty)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    thread.start()
    try:
        for _time in range(20_000):
            conversation.put((Malformed(Packet("d", "-")),))
    finally:
        ended.set()
        thread.join(DEADLINE)
        sys.setswitchinterval(interval)
    assert not thread.is_alive()
    conversation.put((Malformed(Packet("d", "-")),))
    assert conversation.receive(0), "it goes on"


def test_loss_of_the_link_arrives_after_however_many_replies_waited() -> None:
    conversation = Conversation(None)  # type: ignore[arg-type]
    replies = (Malformed(Packet("d", "-")),)
    for _time in range(10_000):
        conversation.put(replies)
    conversation.link_lost(LinkLost("Unplugged"))
    conversation.put(replies)  # of the next link
    for _time in range(4_096):
        assert conversation.receive(0) == replies
    with pytest.raises(LinkLost):
        conversation.receive(0)
    assert not conversation.receive(0)


def test_another_meter_at_the_same_path_ends_the_client(connect: Connect, tmp_path: Path) -> None:
    """Its samples got the name of the meter before, as the adapter has no serial number."""
    link = tmp_path / "meter"
    with PtyServer([meter_from_url("sim://pro?speed=10&load=lamp")], [link]):
        client, notebook = connect(str(link))
        notebook.wait_samples(2)
    notebook.wait_event(EventKind.LOST)
    with PtyServer([meter_from_url("sim://es?speed=10&load=lamp")], [link]):
        with pytest.raises(OtherMeter) as caught:
            client.wait_running(DEADLINE)
        assert caught.value.key == f"{link} PRO ES 3.14"
        assert "PRO ES 3.14 instead of PRO 3.14" in caught.value.what
        count = len(notebook.samples)
        assert {info.key for info in notebook.infos} == {f"{link} PRO 3.14"}
        other, _ = connect(str(link))
        assert other.info.key == other.expected == caught.value.key
    assert len(notebook.samples) == count


@pytest.mark.parametrize(
    ("key", "other", "same"),
    [
        ("/dev/a PRO 3.14", "/dev/a PRO 3.14", True),
        ("/dev/a PRO 3.14", "/dev/a", True),
        ("/dev/a .NET 3.23", "/dev/a .NET 3.23 0090C2000001", True),
        ("/dev/a PRO 3.14", "/dev/a PRO ES 3.14", False),
        ("/dev/a PRO 3.14", "/dev/a PRO 3.1", False),
        ("/dev/a .NET 3.23 0090C2000001", "/dev/a .NET 3.23 0090C2000002", False),
        ("A80012", "A80013", False),
    ],
)
def test_keys_of_one_meter_agree_as_far_as_they_go(key: str, other: str, same: bool) -> None:
    assert is_same_meter(key, other) is is_same_meter(other, key) is same
