# SPDX-License-Identifier: GPL-3.0-or-later
"""A scripted port and a manual clock, for tests without a meter."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest

from wattui.client import MeterClient, Timing
from wattui.errors import LinkLost
from wattui.measurement.events import Event, EventKind, MeterInfo
from wattui.measurement.sample import Sample

VERSION = b"#v,-,8,1,65206,5,2,3,14,200612211910,0;\r\n"
QUESTION = b"#V,R,0;"
START = b"#L,W,3,E,_,1;"
STOP = b"#L,R,0;"
CONTROL_X = b"\x18"

#: Waits that are short enough for tests, and long enough for a busy machine.
QUICK = Timing(answer=0.3, silence=0.4, deaf=0.8, retry_first=0.01, retry_last=0.05)

#: No wait in a test lasts longer than this, in seconds.
DEADLINE = 20.0


def record(watts: int = 1000) -> bytes:
    """Return a record with that power, in tenths of a watt."""
    return b"#d,-,18,%d,1200,833,5,_,0,0,%d,1,1,1,1,1,95,0,0,600,1000;\r\n" % (watts, watts)


class ManualClock:
    """A clock that only moves when a test advances it."""

    def __init__(self, wall: float = 1_700_000_000.0) -> None:
        self.wall = wall
        self.passed = 100.0

    def time(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.passed

    def advance(self, seconds: float) -> None:
        self.wall += seconds
        self.passed += seconds


class ScriptedPort:
    """A port that plays a dialogue: pairs of a command and its answer.

    What is sent must be what the script says next; :meth:`check` fails when some of
    the script, or of what was sent, is left over.
    """

    arrived = None

    def __init__(
        self,
        dialogue: Sequence[tuple[bytes, bytes]],
        url: str = "/dev/script",
        clock: ManualClock | None = None,
    ) -> None:
        self.url = url
        self.clock = clock or ManualClock()
        self.serial_number = ""
        self.baudrate = 115_200
        self.closed_by: threading.Thread | None = None
        self.sent = b""
        self.errors: list[str] = []
        self._script = list(dialogue)
        self._unread = b""
        self._lost = False
        self._cancelled = False
        self._changed = threading.Condition()

    def read(self) -> bytes:
        with self._changed:
            self._changed.wait_for(lambda: self._unread or self._lost or self._cancelled, 0.01)
            self._cancelled = False
            data, self._unread = self._unread, b""
            if not data and self._lost:
                raise LinkLost("The script says that it is unplugged")
            self._changed.notify_all()
            return data

    def write(self, data: bytes) -> None:
        with self._changed:
            if self._lost:
                raise LinkLost("The script says that it is unplugged")
            self.sent += data
            expected, answer = self._script.pop(0) if self._script else (b"nothing", b"")
            if data != expected:
                self.errors.append(f"{data!r} was sent, but {expected!r} was expected")
            self._unread += answer
            self._changed.notify_all()

    def cancel_read(self) -> None:
        with self._changed:
            self._cancelled = True
            self._changed.notify_all()

    def close(self) -> None:
        self.closed_by = threading.current_thread()

    def expect(self, *dialogue: tuple[bytes, bytes]) -> None:
        """Append to the script."""
        with self._changed:
            self._script.extend(dialogue)

    def say(self, data: bytes) -> None:
        """Send something from the meter, and wait until the client has read it."""
        with self._changed:
            self._unread += data
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: not self._unread, DEADLINE)

    def unplug(self) -> None:
        with self._changed:
            self._lost = True
            self._changed.notify_all()

    def played(self) -> None:
        """Wait until the whole script was played."""
        with self._changed:
            assert self._changed.wait_for(lambda: not self._script, DEADLINE), self._script

    def check(self) -> None:
        assert not self.errors, self.errors
        assert not self._script, f"not sent: {self._script}"


class Notebook:
    """A listener that collects samples and events, and can wait for them."""

    def __init__(self) -> None:
        self.samples: list[Sample] = []
        self.events: list[Event] = []
        self.infos: list[MeterInfo] = []
        self._changed = threading.Condition()

    def on_samples(self, meter: MeterInfo, samples: Sequence[Sample]) -> None:
        with self._changed:
            self.samples.extend(samples)
            self.infos.append(meter)
            self._changed.notify_all()

    def on_event(self, meter: MeterInfo | None, event: Event) -> None:
        with self._changed:
            self.events.append(event)
            self.infos.append(meter)
            self._changed.notify_all()

    def kinds(self) -> list[EventKind]:
        return [event.kind for event in self.events]

    def powers(self) -> list[float | None]:
        return [sample["power"] for sample in self.samples]

    def wait_samples(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.samples) >= count, DEADLINE), (
                f"{len(self.samples)} of {count} samples; {self.kinds()}"
            )

    def wait_event(self, kind: EventKind, count: int = 1) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.kinds().count(kind) >= count, DEADLINE), (
                f"no {kind} among {self.kinds()}"
            )


def client_on(*ports: ScriptedPort, **options: object) -> tuple[MeterClient, Notebook]:
    """Return a client that opens one scripted port after another."""
    waiting = list(ports)

    def opener(url: str) -> ScriptedPort:
        return waiting.pop(0)

    settings: dict[str, object] = {"timing": QUICK, "opener": opener, **options}
    client = MeterClient(ports[0].url, **settings)  # type: ignore[arg-type]
    notebook = Notebook()
    client.add_listener(notebook)
    return client, notebook


#: How every conversation begins.
OPENING = ((CONTROL_X, b""), (QUESTION, VERSION))


#: Opens a client on a port and waits until it runs.
Connect = Callable[..., MeterClient]


@pytest.fixture(name="connect")
def connect_fixture() -> Iterator[Connect]:
    """Connect clients without live recording; they are stopped at the end."""
    clients: list[MeterClient] = []

    def make(url: str, **options: object) -> MeterClient:
        settings = {"live": False, "timing": replace(QUICK, answer=2.0), **options}
        client = MeterClient(url, **settings)  # type: ignore[arg-type]
        clients.append(client)
        client.start()
        client.wait_running(DEADLINE)
        return client

    yield make
    for client in clients:
        client.stop(DEADLINE)
