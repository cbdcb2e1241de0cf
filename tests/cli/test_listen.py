# SPDX-License-Identifier: GPL-3.0-or-later
"""``wattui listen``: meters that post over real sockets, recorded like any others."""

from __future__ import annotations

import json
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from log_process import DEADLINE, Log, wait_for
from posting import body, free_port, post
from test_live_view import Terminal

from wattui.cli.program import program as command_line
from wattui.client import Conversation
from wattui.measurement.events import EventKind
from wattui.session import Session
from wattui.simulator.devices import forget_devices, release_device, take_device


def run(*args: str) -> Result:
    return CliRunner().invoke(command_line, args)


class Meters:
    """Meters that post for as long as a test lasts, quickly, and obey their relay."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []
        self.answers: list[str] = []

    def add(self, serial_number: str, **other: object) -> None:
        thread = threading.Thread(target=self._run, args=(serial_number, other))
        self._threads.append(thread)
        thread.start()

    def _run(self, serial_number: str, other: dict[str, object]) -> None:
        relay, watts = 0, 1000
        while not self._ended.wait(0.05):
            watts += 1
            values = {"rnc": relay, **other}
            try:
                _, answer = post(self._port, body(serial_number, 0 if relay else watts, **values))
            except OSError:
                continue  # nothing listens yet, or no longer
            self.answers.append(answer)
            relay = int(answer.startswith("[1"))

    def end(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(DEADLINE)


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def meters(port: int) -> Iterator[Meters]:
    made = Meters(port)
    yield made
    made.end()


def recorded(path: Path) -> dict[str, int]:
    """Return how many samples there are of each meter."""
    with Session.open(path) as session:
        return {one.info.label: len(list(session.samples(one.id))) for one in session.meters}


def notes(path: Path) -> list[str]:
    with Session.open(path) as session:
        return [one.event.text for one in session.events() if one.event.kind is EventKind.NOTE]


def session_in(result: Result) -> Path:
    return Path(result.stdout.splitlines()[-1])


def test_every_meter_that_posts_is_recorded(meters: Meters, port: int, tmp_path: Path) -> None:
    for number in ("11", "12", "13"):
        meters.add(number)
    target = tmp_path / "posts.csv"
    result = run("listen", "--port", str(port), "-d", "2", "-o", str(target))
    assert result.exit_code == 0, result.stderr
    found = recorded(session_in(result))
    assert set(found) == {".NET 11", ".NET 12", ".NET 13"}
    lines = [line.split(" ") for line in result.stdout.splitlines() if line[:2] == "20"]
    names = [line[-1].replace("%20", " ") for line in lines]
    assert {name: names.count(name) for name in found} == found
    rows = [line for line in target.read_text().splitlines() if line[:1] != "#"]
    assert len(rows) == 1 + sum(found.values())
    assert f"Waiting for posts to 127.0.0.1, port {port}, from private networks." in result.stderr


def test_only_the_meter_that_is_named_is_recorded(meters: Meters, port: int) -> None:
    meters.add("11")
    meters.add("12")
    result = run("listen", "--port", str(port), "-d", "1", "--meter", "12", "--json")
    assert result.exit_code == 0, result.stderr
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert {row["serial_number"] for row in rows} == {"12"}
    assert {row["meter"] for row in rows} == {".NET 12"}


def test_log_records_an_address_as_well(meters: Meters, port: int) -> None:
    meters.add("11")
    result = run("log", f"listen://127.0.0.1:{port}", "sim://pro?speed=60", "-d", "1", "--quiet")
    assert result.exit_code == 0, result.stderr
    assert ".NET 11" in recorded(session_in(result))
    assert len(recorded(session_in(result))) == 2


def test_a_relay_is_switched_and_confirmed(meters: Meters, port: int) -> None:
    meters.add("11")
    result = run("listen", "--port", str(port), "-d", "2", "--relay", "11=off")
    assert result.exit_code == 0, result.stderr
    assert notes(session_in(result)) == [
        "Switching the load off was requested",
        "The relay is open: the load is off",
    ]
    with Session.open(session_in(result)) as session:
        powers = [sample["power"] for sample in session.samples(session.meters[0].id)]
    assert powers[0]
    assert powers[-1] == 0
    # A recording that does not switch it leaves it as it is.
    meters.answers.clear()
    assert run("listen", "--port", str(port), "-d", "1", "-q").exit_code == 0
    assert set(meters.answers) == {"[1]"}


def test_a_relay_that_is_not_switched_is_an_error(meters: Meters, port: int) -> None:
    meters.add("11", rnc=0)
    result = run("listen", "--port", str(port), "-d", "1", "--relay", "11=off", "--relay", "9=on")
    assert result.exit_code == 4
    assert "The load of 11 was not switched off" in result.stderr
    assert "The load of 9 was not switched on" in result.stderr


def test_the_interval_is_set_by_the_answers(meters: Meters, port: int) -> None:
    meters.add("11", sr=60)
    assert run("listen", "--port", str(port), "-d", "1", "-i", "10").exit_code == 0
    assert set(meters.answers) == {"[0!10]"}


def test_without_a_post_it_ends_in_time_and_says_what_to_check(port: int) -> None:
    result = run("listen", "--port", str(port), "-d", "0.1")
    assert result.exit_code == 4
    assert f"No meter posted to listen://127.0.0.1:{port}/: nothing was recorded" in result.stderr
    assert "wattui config" in result.stderr


def test_posts_that_were_refused_are_reported(port: int) -> None:
    ended = threading.Event()

    def stranger() -> None:
        while not ended.wait(0.05):
            try:
                post(port, "id=<b>&w=1")
            except OSError:
                continue

    thread = threading.Thread(target=stranger)
    thread.start()
    try:
        result = run("listen", "--port", str(port), "-d", "0.1")
    finally:
        ended.set()
        thread.join(DEADLINE)
    assert result.exit_code == 4
    assert "refused, the last from 127.0.0.1: id is not a serial number" in result.stderr


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["--bind", "example.org"], "does not appear to be"),
        (["--bind", "192.0.2.1"], "0.0.0.0"),
        (["--allow", "everyone"], "192.168.1.0/24"),
        (["--relay", "1=open"], "SERIAL=on"),
        (["--meter", "<b>"], "serial number"),
        (["--port", "0"], "--port"),
        (["--meter", "1", "--meter", "1"], "already connected"),
    ],
)
def test_options_that_make_no_sense_are_refused(args: list[str], expected: str, port: int) -> None:
    result = run("listen", "--port", str(port), "-d", "1", *args)
    assert result.exit_code in (2, 3)
    assert expected in result.stderr


def test_urls_that_make_no_sense_are_refused() -> None:
    result = run("log", "listen://example.org")
    assert result.exit_code == 2
    assert "listen://0.0.0.0:8080" in result.stderr
    result = run("log", "listen://:8080", "--raw", "a.raw")
    assert result.exit_code == 2
    for command in ("info", "fetch", "config"):
        result = run(command, "listen://:8080/1")
        assert result.exit_code == 3
        assert "USB" in result.stderr


# -- processes -------------------------------------------------------------------------------


Start = Callable[..., Log]


@pytest.fixture
def start(program: list[str], port: int) -> Iterator[Start]:
    started: list[Log] = []

    def begin(*args: str) -> Log:
        started.append(Log(program, "--port", str(port), *args, command="listen"))
        return started[-1]

    yield begin
    for one in started:
        one.close()


def test_killed_every_printed_sample_is_in_the_file_and_the_next_one_goes_on(
    start: Start, meters: Meters, tmp_path: Path
) -> None:
    meters.add("11")
    for number in range(2):
        path = tmp_path / f"{number}.wattui"
        log = start("--session", str(path), "--json")
        log.read_lines(10)
        log.end(signal.SIGKILL)
        printed = {round(json.loads(line)["unix_time"] * 1e6) for line in log.lines}
        with sqlite3.connect(path) as database:
            stored = {row[0] for row in database.execute("SELECT time FROM sample")}
        assert printed <= stored
        log.close()


def test_a_meter_that_stops_posting_has_a_gap(start: Start, port: int, tmp_path: Path) -> None:
    path, status = tmp_path / "run.wattui", tmp_path / "status.json"
    log = start("--session", str(path), "--status-file", str(status))

    def posted() -> bool:
        try:
            return post(port, body("11"))[0] == 200
        except OSError:
            return False

    wait_for(posted, "a post")
    log.read_lines(2)
    # Five seconds without a post, at one per second.
    wait_for(lambda: status.exists() and '"state": "lost"' in status.read_text(), "the loss")
    assert posted()
    log.read_lines(4)
    assert log.end(signal.SIGTERM) == 0
    gap = next(line for line in log.lines if line.startswith("# gap"))
    assert gap.endswith(".NET 11")
    assert "no post since" in log.errors()
    with Session.open(path) as session:
        kinds = [one.event.kind for one in session.events()]
        assert [sample.gap_us > 0 for sample in session.samples(session.meters[0].id)] == [
            False,
            True,
        ]
    for kind in (EventKind.LOST, EventKind.RECONNECTED, EventKind.GAP):
        assert kind in kinds


def test_a_key_switches_a_load_after_a_question(
    program: list[str], meters: Meters, port: int
) -> None:
    meters.add("11")
    terminal = Terminal(*program, "listen", "--port", str(port), columns=120)
    try:
        terminal.read_until("recording, load on(?s:.*)r switches a load")
        terminal.press(b"r")
        terminal.read_until("Switch the load of .NET 11 off")
        terminal.press(b"q")  # no, and it goes on
        terminal.text = ""
        terminal.read_until("ends the recording")
        assert set(meters.answers) == {"[0]"}
        terminal.press(b"r")
        terminal.read_until("Switch the load of .NET 11 off")
        terminal.press(b"y")
        terminal.read_until("recording, load off")
        terminal.text = ""
        meters.add("12")
        terminal.read_until(r"\.NET 12 (?s:.*)recording, load on")
        terminal.press(b"r")
        terminal.read_until("which meter(?s:.*)2: .NET 12")
        terminal.press(b"1")
        terminal.read_until("Switch the load of .NET 11 on")
        terminal.press(b"y")
        terminal.text = ""
        terminal.read_until("load on(?s:.*)load on")
        terminal.press(b"q")
        assert terminal.process.wait(DEADLINE) == 0
    finally:
        terminal.close()


def test_nothing_is_reachable_from_other_machines_unless_asked(start: Start, port: int) -> None:
    log = start("--plain")

    def addresses() -> list[str]:
        lines = Path(f"/proc/{log.process.pid}/net/tcp").read_text().splitlines()[1:]
        rows = [line.split() for line in lines]
        return [row[1] for row in rows if row[3] == "0A" and row[1].endswith(f":{port:04X}")]

    assert wait_for(addresses, "listening") == [f"0100007F:{port:04X}"]


# -- the meter's side --------------------------------------------------------------------------


def test_a_meter_that_was_set_by_usb_posts_to_this_program(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The steps of the guide, with a simulated meter that really posts."""
    quiet = Conversation.quiet
    monkeypatch.setattr(Conversation, "quiet", lambda talk, *_: quiet(talk, 0.06))
    forget_devices()
    url = "sim://net?id=posts&serial=W0042&post=1&speed=10&memory=300"
    result = run(
        *("config", url, "--post-host", "127.0.0.1", "--post-port", str(port)),
        *("--post-interval", "2", "--save-network", "--start-posting"),
    )
    assert result.exit_code == 0, result.stderr
    assert "The meter posts its records from now on." in result.stderr
    device = take_device(url)
    ended = threading.Event()

    def live() -> None:
        while not ended.wait(0.02):
            with device.condition:
                device.meter.advance()

    thread = threading.Thread(target=live)
    thread.start()
    try:
        result = run("listen", "--port", str(port), "-d", "2", "--quiet")
    finally:
        ended.set()
        thread.join(DEADLINE)
        release_device(device)
        forget_devices()
    assert result.exit_code == 0, result.stderr
    assert list(recorded(session_in(result))) == [".NET 42"]
    # Its memory is as full as before.
    assert len(device.meter.memory) >= 300


def test_a_meter_without_a_network_cannot_post() -> None:
    result = run("config", "sim://pro?id=none", "--start-posting")
    assert result.exit_code == 2
    assert "Only a .NET has a network" in result.stderr
