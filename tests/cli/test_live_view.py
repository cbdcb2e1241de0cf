# SPDX-License-Identifier: GPL-3.0-or-later
"""The live view of ``wattui log``: drawn without a terminal, and in a real one."""

from __future__ import annotations

import io
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest
from rich.console import Console

from wattui.cli.recording.live_view import LiveView, TallySum
from wattui.cli.recording.recording import Recording, Track
from wattui.cli.terminal import keyboard
from wattui.client import ClientState
from wattui.errors import PortBusy, PortNotFound
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import Event, EventKind, MeterInfo
from wattui.measurement.fields import FIELD_COUNT
from wattui.measurement.sample import Sample
from wattui.session import WriterStatus

DEADLINE = 30.0


@dataclass
class FakeRecording:
    """The part of a recording that a live view uses."""

    tracks: list[Track] = field(default_factory=list)
    path: Path | None = Path("/data/2026-02-03 04.05.06 PRO.wattui")


def track(name: str = "", watts: float = 42.3, *, port: str = "/dev/ttyUSB0") -> Track:
    made = Track(port, cast("Any", None), state=ClientState.RUNNING)
    made.info = MeterInfo(port, port, name, model="PRO")
    for i in range(60):
        values = (round(watts * 10), 1198, 361, 100 + i, *[0] * 9, 97, *[0] * (FIELD_COUNT - 14))
        made.tally.add([Sample((1_000_000_000 + i) * MICROSECONDS, MICROSECONDS, values)])
    return made


def drawn(
    tracks: list[Track], width: int = 80, height: int = 24, **more: Any
) -> tuple[LiveView, str]:
    recording = FakeRecording(tracks, **more)
    screen = Console(width=width, height=height, file=io.StringIO(), markup=False, highlight=False)
    view = LiveView(cast("Recording", recording), screen, "q or Ctrl-C ends the recording.")
    return view, text_of(view, screen)


def text_of(view: LiveView, screen: Console) -> str:
    with screen.capture() as capture:
        screen.print(view._drawing())
    return capture.get()


@pytest.mark.parametrize("width", [80, 120])
def test_the_view_shows_everything_important_about_a_meter(width: int) -> None:
    _, text = drawn([track("bench")], width)
    for expected in ("bench", "42.3", "119.8", "0.361", "0.97", "0.705 ± 0.016 Wh"):
        assert expected in text
    for expected in ("counter 5.9 Wh", "1:00 recording", "60", "no gaps", "q or Ctrl-C ends"):
        assert expected in text
    assert "2026-02-03 04.05.06 PRO.wattui" in text
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= width


def test_several_meters_have_one_row_each_and_their_totals() -> None:
    _, text = drawn([track("one", 10.0), track("two", 20.5)])
    assert "Power of 2 live meters: 30.5 W\n" in text
    assert "Energy of 2 meters: 0.508 ± 0.018 Wh, counter 11.8 Wh, 120 samples, no gaps" in text


def test_the_power_of_live_meters_was_beside_the_energy_of_all_as_one_total() -> None:
    lost = track("two", 20.5)
    lost.state = ClientState.LOST
    _, text = drawn([track("one", 10.0), lost])
    assert "Power of 1 live meter: 10.0 W\n" in text
    assert "Energy of 2 meters: 0.508 ± 0.018 Wh" in text


@pytest.mark.parametrize("width", [60, 80, 100])
@pytest.mark.parametrize("meters", [1, 4])
def test_a_number_of_the_live_view_was_cut_off(width: int, meters: int) -> None:
    """The widest numbers: columns are left out, numbers never."""
    tracks = [track(f"a long name for a meter {i}", 3_680.0) for i in range(meters)]
    for one in tracks:
        last = one.tally.last
        assert last is not None
        # A year at full load, in steps of a minute.
        day = [replace(last, time_us=last.time_us + 1 + i, interval_us=10**9) for i in range(999)]
        one.tally.add(day * 30)
    _, text = drawn(tracks, width)
    assert max(map(len, text.splitlines())) <= width
    for expected in ("3680.0", TallySum.of(tracks[0].tally).energy, "counter"):
        assert text.count(expected) >= meters, expected
    numbers = [line for line in text.splitlines() if "±" in line]
    assert "…" not in "".join(line.partition("3680.0")[2] for line in numbers)


def test_long_names_are_shortened_for_the_numbers() -> None:
    _, text = drawn([track("a name as long as a name can be in a laboratory" * 2)], 80)
    assert "0.705 ± 0.016 Wh" in text
    assert max(map(len, text.splitlines())) <= 80


def test_twelve_meters_fit_into_an_ordinary_terminal() -> None:
    _, text = drawn([track(f"meter {i}") for i in range(12)])
    assert len(text.splitlines()) <= 24
    assert text.count("42.3") == 12
    assert "507.6" in text


def test_a_dozen_failures_leave_room_for_readings_and_keys() -> None:
    tracks = [track("works")]
    for i in range(11):
        failed = track(port=f"/dev/ttyUSB{i}")
        failed.state = ClientState.FAILED
        failed.failure = PortNotFound(f"There is no port /dev/ttyUSB{i}", "Plug it in. " * 10)
        tracks.append(failed)
    _, text = drawn(tracks)
    assert len(text.splitlines()) <= 24
    assert "q or Ctrl-C ends" in text
    assert re.search(r"and \d+ more", text)
    assert "There is no port /dev/ttyUSB10. Plug it in." in drawn(tracks, height=60)[1]


def test_before_the_first_sample_there_are_dashes() -> None:
    waiting = Track("/dev/ttyUSB0", cast("Any", None), state=ClientState.OPENING)
    waiting.activity = "trying 19200 baud"
    _, text = drawn([waiting], path=None)
    assert "Waiting for the first sample" in text
    assert "–" in text


def test_a_lost_meter_shows_since_when() -> None:
    lost = track("bench")
    lost.state, lost.lost_since = ClientState.LOST, 1_000_000_000.0
    lost.error = PortNotFound("There is no port /dev/ttyUSB0", "Ports that are there: none.")
    _, text = drawn([lost])
    assert re.search(r"bench: unplugged at . Sep 2001 \d\d:\d\d:\d\d, trying again\.", text)
    assert "Ports that are there" not in text
    lost.error = PortBusy("Another program has /dev/ttyUSB0 open", "End it.")
    assert "Another program has /dev/ttyUSB0 open. End it." in " ".join(drawn([lost])[1].split())


def test_a_meter_whose_records_pause_is_not_live_and_shows_why() -> None:
    waits, other = track("bench"), track("desk", 10.0)
    waits.paused = "the meter is restarting"
    _, text = drawn([waits, other])
    assert "bench: paused: the meter is restarting." in text
    assert re.search(r"0:01:00 paused|1:00 paused", text)
    assert "10.0 W" in text, "the power of live meters"
    waits.paused = ""
    assert "paused" not in drawn([waits])[1]


def test_a_failed_meter_shows_why_and_markup_is_unchanged() -> None:
    failed = track()
    failed.state = ClientState.FAILED
    failed.failure = failed.error = PortNotFound("There is no port [red]x[/red]", "Plug it in.")
    _, text = drawn([failed])
    assert "There is no port [red]x[/red]. Plug it in." in text
    assert "failed" in text


def test_a_disk_problem_is_shown_until_it_is_over() -> None:
    view, text = drawn([track()])
    screen = Console(width=80, height=24, file=io.StringIO())
    view.disk(WriterStatus(waiting=17, problem="The disk is full", hint="Make room."))
    text = text_of(view, screen)
    assert "The disk is full (17 samples in memory). Make room." in text
    view.disk(WriterStatus())
    assert "full" not in text_of(view, screen)


def test_gaps_are_counted_and_shown() -> None:
    gapped = track("bench")
    last = gapped.tally.last
    assert last is not None
    later = last.time_us + 11 * MICROSECONDS
    gapped.tally.add([Sample(later, MICROSECONDS, last.values, gap_us=10 * MICROSECONDS)])
    view, text = drawn([gapped])
    assert "1 gap" in text
    view.event(gapped, Event(later, EventKind.GAP, "10 s are missing"))
    assert "bench: 10 s are missing" in text_of(view, Console(width=80, file=io.StringIO()))


def test_recording_goes_on_without_its_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(io.StringIO):
        def write(self, _text: str) -> int:
            raise OSError(5, "Input/output error")

    screen = Console(width=80, height=24, file=Gone(), force_terminal=True)
    with LiveView(cast("Recording", FakeRecording([track()])), screen, "") as view:
        view.redraw()


#: Readings are there.
SHOWN = r"[1-9]\d*\.\d+ ± (?s:.*)ends the recording"

#: It has ended, and the path is the last line.
ENDED = r"integrated(?s:.*)\.wattui\r\n"


def _environment() -> dict[str, str]:
    """Return the environment: the size of a terminal is its own, not that of where tests run."""
    size = ("COLUMNS", "LINES")
    return {name: text for name, text in os.environ.items() if name not in size} | {"TERM": "xterm"}


class Terminal:
    """A program in its own terminal."""

    def __init__(self, *command: str, columns: int = 80) -> None:
        self.master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (24, columns))
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            preexec_fn=_take_terminal, env=_environment(),
        )  # fmt: skip
        self.text = ""

    def read_until(self, pattern: str) -> None:
        deadline = time.monotonic() + DEADLINE
        while not re.search(pattern, self.text):
            left = max(0.0, deadline - time.monotonic())
            assert select.select([self.master], [], [], left)[0], self.text
            self.text += os.read(self.master, 65_536).decode(errors="replace")

    def press(self, key: bytes) -> None:
        os.write(self.master, key)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(DEADLINE)
        os.close(self.slave)
        os.close(self.master)


def _take_terminal() -> None:
    import fcntl

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    started: list[Terminal] = []
    yield started
    for terminal in started:
        terminal.close()


@pytest.mark.skipif(not hasattr(termios, "tcsetwinsize"), reason="needs Python 3.11 on POSIX")
@pytest.mark.parametrize("key", [b"q", b"\x03"])
def test_q_and_ctrl_c_end_it_and_restore_the_terminal(
    program: list[str], terminals: list[Terminal], key: bytes
) -> None:
    terminals.append(terminal := Terminal(*program, "log", "sim://pro?speed=100"))
    terminal.read_until(SHOWN)
    assert termios.tcgetattr(terminal.slave) != terminal.before
    terminal.press(key)
    terminal.read_until(ENDED)
    assert terminal.process.wait(DEADLINE) == 0
    assert termios.tcgetattr(terminal.slave) == terminal.before
    # The cursor is shown again, if it was hidden.
    assert terminal.text.count("\x1b[?25l") == terminal.text.count("\x1b[?25h")
    assert "Traceback" not in terminal.text


def test_sigterm_restores_the_terminal(program: list[str], terminals: list[Terminal]) -> None:
    terminals.append(terminal := Terminal(*program, "log", "sim://pro?speed=100"))
    terminal.read_until(SHOWN)
    terminal.process.send_signal(signal.SIGTERM)
    terminal.read_until(ENDED)
    assert terminal.process.wait(DEADLINE) == 0
    assert termios.tcgetattr(terminal.slave) == terminal.before


def test_the_live_view_respects_no_color(
    program: list[str], terminals: list[Terminal], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    terminals.append(terminal := Terminal(*program, "log", "sim://pro?speed=100"))
    terminal.read_until(SHOWN)
    terminal.press(b"q")
    terminal.read_until(ENDED)
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]", terminal.text)


def test_closing_the_terminal_ends_it_properly(
    program: list[str], terminals: list[Terminal], tmp_path: Path
) -> None:
    from wattui.session import Session

    path = tmp_path / "run.wattui"
    command = [*program, "log", "sim://pro?speed=100", "--session", str(path)]
    terminals.append(terminal := Terminal(*command))
    terminal.read_until(SHOWN)
    os.close(terminal.slave)
    os.close(terminal.master)
    terminal.process.wait(DEADLINE)
    terminal.master, terminal.slave = os.pipe()
    with Session.open(path) as session:
        assert not session.interrupted
        assert session.count(session.meters[0].id) > 0


def test_without_a_terminal_there_are_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        with keyboard() as keys:
            assert not keys.usable
            assert keys.pressed(0) == ""
