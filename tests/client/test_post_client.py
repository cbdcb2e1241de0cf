# SPDX-License-Identifier: GPL-3.0-or-later
"""Meters that post their records, over real sockets: samples, gaps, silence, relay."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from fake_meter import DEADLINE, QUICK, ManualClock, Notebook
from posting import body, free_port, post

from wattui.client import ClientState
from wattui.client.post_client import PostClient, client_at
from wattui.client.post_listener import MOST_METERS
from wattui.errors import LinkLost, NoAnswer, PortBusy, PortUnknown, SettingOutOfRange
from wattui.measurement.events import EventKind
from wattui.measurement.sample import Sample
from wattui.protocol import commands
from wattui.simulator.sim_url import meter_from_url

SECOND = 1_000_000


class Listening:
    """Clients at one address, each with a notebook, and a clock that a test advances."""

    def __init__(self) -> None:
        self.port = free_port()
        self.clock = ManualClock()
        self.clients: list[PostClient] = []
        self.notebooks: list[Notebook] = []

    def client(self, rest: str = "", **options: object) -> PostClient:
        """Start a client, and wait until it listens."""
        url = f"listen://127.0.0.1:{self.port}{rest}"
        client = client_at(url, clock=self.clock, timing=QUICK, **options)
        assert isinstance(client, PostClient)
        notebook = Notebook()
        client.add_listener(notebook)
        self.clients.append(client)
        self.notebooks.append(notebook)
        client.start()
        listening = (ClientState.RUNNING, ClientState.FAILED)
        self.wait(lambda: client.activity.startswith("waiting") or client.state in listening)
        return client

    def post(self, serial_number: str = "1", watts: int = 1000, **other: object) -> str:
        """Post a record; return the answer."""
        status, answer = post(self.port, body(serial_number, watts, **other))
        assert status == 200, answer
        return answer

    def later(self, seconds: float, watts: int = 1000, **other: object) -> str:
        """Post a record after that many seconds, and wait until it has been taken."""
        self.clock.advance(seconds)
        before = len(self.samples())
        answer = self.post(watts=watts, **other)
        self.wait(lambda: len(self.samples()) > before)
        return answer

    def samples(self, number: int = 0) -> list[Sample]:
        return list(self.notebooks[number].samples)

    def events(self, number: int = 0) -> list[str]:
        return [f"{one.kind}: {one.text}" for one in list(self.notebooks[number].events)]

    @staticmethod
    def wait(condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + DEADLINE
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.005)


@pytest.fixture
def here() -> Iterator[Listening]:
    listening = Listening()
    yield listening
    for client in listening.clients:
        client.stop(DEADLINE)


def test_posts_become_samples_of_a_meter_with_its_serial_number_and_interval(
    here: Listening,
) -> None:
    client = here.client()
    for number in range(3):
        assert here.later(20, 1000 + number, sr=20) == "[0]"
    assert client.state is ClientState.RUNNING
    info = client.info
    assert (info.label, info.serial_number, info.model, info.interval) == (
        ".NET 1",
        "1",
        ".NET",
        20,
    )
    assert info.port == f"listen://127.0.0.1:{here.port}/1"
    assert client.reported_interval == 20
    samples = here.samples()
    assert [(one["power"], one.interval, one.gap) for one in samples] == [
        (100.0, 20.0, 0.0),
        (100.1, 20.0, 0.0),
        (100.2, 20.0, 0.0),
    ]
    assert [one.time_us for one in samples] == [
        (1_700_000_020 + 20 * number) * SECOND for number in range(3)
    ]
    assert (samples[0]["voltage"], samples[0]["cost"]) == (119.9, None)
    assert here.events() == ["started: One record every 20 s"]
    client.stop(DEADLINE)
    assert here.events()[1:] == ["stopped: Disconnected"]


def test_a_gap_is_reported_where_posts_are_missing(here: Listening) -> None:
    here.client()
    for pause in (20, 20, 21, 100, 20):
        here.later(pause, sr=20)
    assert [one.gap for one in here.samples()] == [0, 0, 0, 80, 0]
    assert [one.interval for one in here.samples()] == [20, 20, 21, 20, 20]
    assert "gap: No record for 1 min 20 s" in here.events()


def test_a_meter_that_is_silent_is_lost_and_found_again(here: Listening) -> None:
    client = here.client()
    here.later(1)
    last = here.clock.time()
    here.clock.advance(60)
    here.wait(lambda: client.state is ClientState.LOST)
    assert isinstance(client.error, LinkLost)
    assert client.lost_time == last
    here.later(5)
    assert client.state is ClientState.RUNNING
    assert client.error is None
    assert [event.partition(":")[0] for event in here.events()] == [
        EventKind.STARTED,
        EventKind.LOST,
        EventKind.RECONNECTED,
        EventKind.GAP,
    ]
    assert here.samples()[-1].gap == 64


def test_a_post_that_is_repeated_counts_once(here: Listening) -> None:
    here.client()
    here.later(20, sr=20)
    for _ in range(3):
        here.clock.advance(1)
        assert here.post(sr=20) == "[0]"
    here.later(17, sr=20)
    assert [one.interval for one in here.samples()] == [20, 20]
    # The same values after an interval are another record.
    here.later(20, sr=20)
    assert len(here.samples()) == 3


def test_a_post_that_makes_no_sense_is_refused_and_counted(here: Listening) -> None:
    client = here.client()
    for text in ("", "id=<b>&w=1", body(w="many")):
        assert post(here.port, text)[0] == 400
    here.wait(lambda: "3 posts refused" in client.activity)
    assert "from 127.0.0.1: the values are not a record" in client.activity
    here.later(1)
    assert len(here.samples()) == 1


def test_each_meter_has_a_client_of_its_own(here: Listening) -> None:
    first = here.client()
    found: list[tuple[str, ...]] = []
    first.add_state_listener(lambda client: found.append(client.others))
    here.later(1)
    here.post("2", 2000)
    url = f"listen://127.0.0.1:{here.port}/2"
    assert (url,) in found
    assert first.others == (url,)
    second = here.client("/2")
    here.wait(lambda: here.samples(1))
    assert first.others == ()
    assert here.samples(1)[0]["power"] == 200.0
    assert [one["power"] for one in here.samples(0)] == [100.0]
    assert second.info.label == ".NET 2"
    # A meter that was disconnected is not found again, but can be connected.
    second.stop(DEADLINE)
    here.clock.advance(1)
    assert here.post("2", 2001) == "[0]"
    assert first.others == ()
    here.client("/2")
    here.clock.advance(1)
    here.post("2", 2002)
    here.wait(lambda: here.samples(2))
    assert [one["power"] for one in here.samples(2)] == [200.2]


def test_a_meter_has_one_client_only(here: Listening) -> None:
    here.client("/1")
    assert isinstance(here.client("/1").error, PortBusy)
    assert isinstance(here.client("/2?allow=10.0.0.0/8").error, PortBusy)


def test_only_the_meters_that_are_wanted_are_recorded(here: Listening) -> None:
    here.client("/7")
    assert post(here.port, body("8")) == (403, "nobody records this meter")
    assert here.post("7") == "[0]"
    here.wait(here.samples)


def test_invented_meters_are_bounded(here: Listening) -> None:
    here.client()
    for number in range(MOST_METERS):
        here.post(str(number))
    assert post(here.port, body("x"))[0] == 503


def test_the_relay_is_left_alone_until_it_is_switched(here: Listening) -> None:
    client = here.client()
    with pytest.raises(LinkLost):
        client.switch_relay(open_=True)
    assert here.later(1, rnc=0) == "[0]"
    assert here.later(1, rnc=1) == "[1]"
    assert here.later(1, rnc=None) == ""
    assert client.relay_open is None
    assert here.later(1, rnc=0) == "[0]"
    client.switch_relay(open_=True)
    assert (client.relay_open, client.relay_wanted) == (False, True)
    # Until the meter confirms it.
    assert here.later(1, rnc=0) == "[1]"
    assert here.later(1, rnc=0) == "[1]"
    assert (client.relay_open, client.relay_wanted) == (False, True)
    assert here.later(1, rnc=1) == "[1]"
    assert (client.relay_open, client.relay_wanted) == (True, None)
    notes = [event for event in here.events() if "load" in event]
    assert notes == [
        "note: The relay is open: the load is off",
        "note: Switching the load off was requested",
        "note: The relay is open: the load is off",
    ]


def test_a_switch_can_be_taken_back_before_the_meter_posts(here: Listening) -> None:
    client = here.client()
    here.later(1)
    client.switch_relay(open_=True)
    client.switch_relay(open_=False)
    assert client.relay_wanted is None
    assert here.later(1) == "[0]"


def test_the_interval_is_the_meter_s_own_until_another_is_set(here: Listening) -> None:
    client = here.client()
    assert here.later(20, sr=20) == "[0]"
    with pytest.raises(SettingOutOfRange):
        client.set_interval(0)
    client.set_interval(20)
    assert here.later(20, sr=20) == "[0]"
    client.set_interval(4)
    assert here.later(20, sr=20) == "[0!4]"
    assert here.later(4, sr=4) == "[0]"
    assert client.info.interval == client.reported_interval == 4
    assert "note: The meter posts every 4 s from now on" in here.events()
    assert [one.gap for one in here.samples()] == [0, 0, 0, 0]


def test_the_url_can_tell_the_interval(here: Listening) -> None:
    here.client("?interval=5")
    assert here.later(1, sr=60) == "[0!5]"
    assert here.later(5, sr=5) == "[0]"


def test_a_meter_that_posts_takes_no_commands(here: Listening) -> None:
    client = here.client()
    here.later(1)
    for refused in (
        lambda: client.request(commands.read_version()),
        client.conversation,
        client.stop_live,
    ):
        with pytest.raises(NoAnswer) as caught:
            refused()
        assert "USB" in caught.value.hint


def test_the_listener_ends_with_its_last_client_and_can_be_started_again(here: Listening) -> None:
    first = here.client()
    here.later(1)
    first.stop(DEADLINE)
    with pytest.raises(OSError, match="refused"):
        here.post()
    again = here.client(expected=".NET 1")
    assert here.post("2") == "[0]"
    here.post("1")
    here.wait(lambda: here.samples(1))
    assert again.info.serial_number == "1"
    assert again.others == (f"listen://127.0.0.1:{here.port}/2",)


def test_an_address_that_makes_no_sense_fails_with_what_to_do() -> None:
    client = client_at("listen://:0")
    client.start()
    with pytest.raises(PortUnknown):
        client.wait_running(DEADLINE)
    client.stop()


def test_a_simulated_meter_posts_and_obeys_the_relay(here: Listening) -> None:
    client = here.client()
    url = f"sim://net?load=lamp&serial=W0042&speed=20&post=127.0.0.1:{here.port}/post.php"
    meter = meter_from_url(url)

    def reported() -> object:
        meter.advance()
        return client.relay_open

    here.wait(lambda: reported() is False)
    assert client.info.serial_number == "42"
    client.switch_relay(open_=True)
    here.wait(lambda: reported() is True)
    assert client.relay_wanted is None
    here.wait(lambda: meter.advance() or here.samples()[-1]["power"] == 0)
    client.switch_relay(open_=False)
    here.wait(lambda: reported() is False)
    here.wait(lambda: meter.advance() or (here.samples()[-1]["power"] or 0) > 50)
