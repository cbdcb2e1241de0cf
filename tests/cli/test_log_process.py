# SPDX-License-Identifier: GPL-3.0-or-later
"""``wattui log`` as a separate process: signals, pipes, ptys, and being killed."""

from __future__ import annotations

import json
import os
import random
import re
import select
import signal
import sqlite3
import sys
import time
from pathlib import Path

import pytest
from log_process import DEADLINE, FAST, Log, printed_times, recorded_times

from wattui.measurement.events import EventKind
from wattui.session import Session

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and ptys of POSIX")


def wait_for_handlers(pid: int) -> None:
    """Wait until a program has its handlers, such as that of SIGTERM, which Python lacks."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        pytest.skip("this system does not tell which signals a program catches")
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        caught = re.search(r"^SigCgt:\s*([0-9a-f]+)", status.read_text(), re.MULTILINE)
        assert caught is not None
        if int(caught[1], 16) & 1 << signal.SIGTERM - 1:
            return
    pytest.fail("no handlers")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_properly_and_the_path_is_the_last_line(
    program: list[str], logs: list[Log], number: int
) -> None:
    logs.append(log := Log(program, FAST))
    log.read_lines(5)
    assert log.end(number) == 0
    path = Path(log.lines[-1])
    assert printed_times(log.lines) == recorded_times(path)
    with Session.open(path) as session:
        assert not session.interrupted
    assert "Traceback" not in log.errors()


def test_ctrl_c_while_opening_works_within_a_second(program: list[str], logs: list[Log]) -> None:
    logs.append(log := Log(program, "sim://pro?faults=mute"))
    wait_for_handlers(log.process.pid)
    before = time.monotonic()
    assert log.end(signal.SIGINT) == 130
    # One, and some for a busy machine; looking for a meter in vain takes six.
    assert time.monotonic() - before < 4.0
    assert log.lines == []
    assert "nothing was recorded" in log.errors()


#: ``wattui log`` on a disk that does not respond after the first commit, with all the time in the
#: world to close the session.
ON_A_DISK_THAT_HANGS = """
import sys, threading
from wattui.cli import main, stop_signals
from wattui.cli.recording import recording
from wattui.session.recorder import Recorder
from wattui.session.store import Store
recording._CLOSING_TIME = 3600.0
stop_signals._SAME_KEY = 0.0
write, close, written = Store.write, Recorder.close, []
def hang(store, items):
    if written:
        threading.Event().wait()
    write(store, items)
    written.append(items)
def closing(recorder, *timeout):
    print("closing", flush=True)
    close(recorder, *timeout)
Store.write, Recorder.close = hang, closing
main()
"""


def test_a_second_ctrl_c_ends_it_although_the_disk_does_not_respond(
    program: list[str], logs: list[Log]
) -> None:
    logs.append(log := Log([program[0], "-c", ON_A_DISK_THAT_HANGS], FAST))
    log.read_lines(1)
    log.process.send_signal(signal.SIGINT)
    while "closing" not in log.lines:
        log.read_lines(len(log.lines) + 1)
    assert log.process.poll() is None, "it waits for the disk"
    assert log.end(signal.SIGINT) == 130
    said = log.errors()
    assert "could not be written" in said
    assert "the disk does not respond" in said
    assert said.rstrip().endswith("Interrupted.")
    assert "Traceback" not in said


def test_nohup_is_respected(program: list[str], logs: list[Log]) -> None:
    script = (
        "import signal, os, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN); "
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    logs.append(log := Log([program[0], "-c", script, *program], FAST))
    log.read_lines(3)
    log.process.send_signal(signal.SIGHUP)
    log.read_lines(len(log.lines) + 20)
    assert log.end(signal.SIGTERM) == 0


def test_closing_the_output_ends_it(program: list[str], logs: list[Log]) -> None:
    logs.append(log := Log(program, FAST))
    log.read_lines(3)
    assert log.process.stdout is not None
    log.process.stdout.close()
    log.process.stdout = None
    assert log.process.wait(DEADLINE) == 141
    said = log.errors()
    assert "Traceback" not in said
    assert "Error" not in said
    path = Path(said.splitlines()[-1].removeprefix("The session is "))
    assert set(printed_times(log.lines)) <= set(recorded_times(path))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_output_is_an_error_at_once(program: list[str], logs: list[Log]) -> None:
    with Path("/dev/full").open("w") as full:
        logs.append(log := Log(program, FAST, stdout=full.fileno()))
        assert log.process.wait(DEADLINE) == 6
    said = log.errors()
    assert said.count("Error: ") == 1
    assert "No space left" in said
    assert Path(said.splitlines()[-1].removeprefix("The session is ")).is_file()


def test_it_ends_even_if_a_pager_has_stopped_reading(program: list[str], logs: list[Log]) -> None:
    reading, writing = os.pipe()
    try:
        logs.append(log := Log(program, "sim://pro?speed=5000", stdout=writing))
        os.close(writing)
        # Fills the pipe: from then on there is no room for a line.
        poll = select.poll()
        poll.register(reading, select.POLLIN)
        assert poll.poll(DEADLINE * 1000)
        data = Path(os.environ["WATTUI_DATA"])
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            found = list(data.rglob("*.wattui"))
            if found and len(recorded_times(found[0])) > 3_000:
                break
        log.process.send_signal(signal.SIGTERM)
        assert log.process.wait(DEADLINE) in (0, 141)
        assert str(found[0]) in log.errors()
    finally:
        os.close(reading)


def test_killed_at_any_moment_every_printed_sample_is_in_the_file(
    program: list[str], tmp_path: Path
) -> None:
    kills = int(os.environ.get("WATTUI_KILLS", "2"))
    chance = random.Random(20)
    for round_number in range(kills):
        path = tmp_path / f"{round_number}.wattui"
        log = Log(program, f"{FAST}&seed={round_number}", "--session", str(path))
        try:
            log.read_lines(2)
            # At a random line, and at a random moment of the writer after it.
            log.read_lines(2 + chance.randrange(100))
            select.select([], [], [], chance.random() * 0.3)
            log.end(signal.SIGKILL)
        finally:
            log.close()
        printed = printed_times(log.lines)
        assert printed
        # By a plain SQLite first: nobody has mended anything yet.
        with sqlite3.connect(path) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            stored = {row[0] for row in database.execute("SELECT time FROM sample")}
        assert set(printed) <= stored
        assert printed == recorded_times(path)[: len(printed)]
        with Session.open(path) as session:
            assert session.interrupted


def records(count: int) -> bytes:
    """Return the bytes of a meter with rising power, with the faults of real ones."""
    lines = []
    for i in range(count):
        values = [
            i,
            1200,
            i // 4,
            i // 10,
            0,
            0,
            0,
            900,
            1210,
            999,
            0,
            1190,
            0,
            100,
            100,
            0,
            600,
            i,
        ]
        packet = f"#d,-,18,{','.join(map(str, values))};".encode()
        lines.append(packet + (b"\0\r\n" if i % 15 == 0 else b"\r\n"))
    return b"".join(lines)


def played(program: list[str], logs: list[Log], capture: Path, count: int) -> Path:
    """Replay a capture on a pty as a meter, record it, and return the session."""
    from wattui.simulator.pty_server import PtyServer
    from wattui.simulator.sim_url import meter_from_url

    with PtyServer([meter_from_url(f"sim://pro?speed=500&replay={capture}")]) as server:
        logs.append(log := Log(program, server.paths[0]))
        log.read_lines(count + 1)
        assert log.end(signal.SIGTERM) == 0
    *lines, path = log.lines
    assert len(printed_times(lines)) == count
    return Path(path)


def test_a_capture_on_a_pty_is_recorded_record_by_record(
    program: list[str], logs: list[Log], tmp_path: Path
) -> None:
    capture = tmp_path / "ramp.raw"
    capture.write_bytes(records(400))
    path = played(program, logs, capture, 400)
    with Session.open(path) as session:
        values = [sample.values for sample in session.samples(session.meters[0].id)]
    assert [row[0] for row in values] == list(range(400))
    assert [row[17] for row in values] == list(range(400))


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["lines", "json"])
def test_another_meter_at_the_same_path_got_the_name_of_the_first(
    program: list[str], logs: list[Log], tmp_path: Path, options: tuple[str, ...]
) -> None:
    from wattui.simulator.pty_server import PtyServer
    from wattui.simulator.sim_url import meter_from_url

    link = tmp_path / "port"

    def plugged(url: str) -> PtyServer:
        return PtyServer([meter_from_url(url)], [link])

    def samples() -> dict[str, int]:
        with Session.open(path) as session:
            return {meter.info.label: session.count(meter.id) for meter in session.meters}

    path = tmp_path / "run.wattui"
    names = [f"PRO {link}", f"PRO ES {link}"]
    with plugged("sim://pro?speed=20&load=lamp"):
        logs.append(log := Log(program, str(link), "--session", str(path), *options))
        log.read_lines(4)
    with plugged("sim://es?speed=20&load=idle"):
        while samples().get(names[1], 0) < 4:
            log.read_lines(len(log.lines) + 1)
    before = samples()[names[0]]
    with plugged("sim://pro?speed=20&load=lamp"):
        while samples()[names[0]] < before + 4:
            log.read_lines(len(log.lines) + 1)
        assert log.end(signal.SIGTERM) == 0
    assert list(samples()) == names
    with Session.open(path) as found:
        notes = [one.event.text for one in found.events([EventKind.NOTE])]
        counts = [found.count(meter.id) for meter in found.meters]
        owners = [one.meter_id for one in found.events([EventKind.NOTE])]
        powers = [found.statistics(meter.id)["power"].mean for meter in found.meters]
    assert owners == [1, 2]
    assert powers[0] > 4 * powers[1], "the lamp is at one meter, the idle load at the other"
    report = f"Another meter answers at {link}: "
    assert notes[0].startswith(f"{report}PRO ES 3.14 instead of PRO 3.14; ")
    assert notes[1].startswith(f"{report}PRO 3.14 instead of PRO ES 3.14; ")
    errors = log.errors()
    for name, note, count in zip(names, notes, counts, strict=True):
        assert f"{name}: {note}." in errors
        assert f"{name}: {count} samples in " in errors
    if options:
        meters = [json.loads(line)["meter"] for line in log.lines if line.startswith("{")]
        assert [meters.count(name) for name in names] == counts
    else:
        named = [line.split()[-1] for line in log.lines if line.split()[-1].endswith(link.name)]
        of_others = [name.replace(" ", "%20") for name in names]
        assert set(named) == set(of_others)
        assert named.count(of_others[1]) == counts[1]
        unnamed = log.lines[: log.lines.index(f"{log.lines[0]} meter")]
        samples = [line for line in unnamed if not line.startswith("#")]
        assert len(samples) == before


def test_a_real_capture_on_a_pty_is_recorded_whole(
    program: list[str], logs: list[Log], captures: Path
) -> None:
    path = played(program, logs, captures / "fan.raw", 1792)
    with sqlite3.connect(path) as database:
        found = database.execute("SELECT count(*), sum(power) FROM sample").fetchone()
    assert found == (1792, 755_658)
