# SPDX-License-Identifier: GPL-3.0-or-later
"""Killed at any moment, a recording has lost nothing that was shown.

``WATTUI_KILLS=200`` makes it two hundred kills instead of six.  The fault suite kills the
whole program.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from session_samples import BEGIN, METER, brute, record, sample, steady

from wattui.errors import NotASession
from wattui.measurement.clock import MICROSECONDS
from wattui.session import Session, SessionWriter, complete, interrupted_sessions, verify

KILLS = int(os.environ.get("WATTUI_KILLS", "6"))

# Records at speed, on two meters, and prints the number of each that a listener received.
RECORDER = """
import dataclasses, sys
from session_samples import METER, OTHER, sample
from wattui.session import SessionWriter

class Printer:
    def on_samples(self, meter, samples):
        last = round((samples[-1].time_us - sample(0).time_us) / 1e6)
        sys.stdout.write(f"{meter.key} {last}\\n")
        sys.stdout.flush()

    def on_event(self, meter, event):
        pass

writer = SessionWriter(sys.argv[1], commit_seconds=float(sys.argv[2]))
writer.add_listener(Printer())
for second in range(int(sys.argv[3]), 10_000_000):
    for meter in (METER, OTHER):
        writer.on_samples(meter, [sample(second, second % 997)])
    if second % 50 == 0:
        writer.flush()
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")


def kill_after(path: Path, acknowledged: int, first: int = 1) -> dict[str, int]:
    """Record until that many were received, kill, and return the last one of each meter."""
    command = [sys.executable, "-c", RECORDER, str(path), "0", str(first)]
    recorder = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]
    )
    assert recorder.stdout is not None
    received: dict[str, int] = {}
    try:
        for number, line in enumerate(recorder.stdout):
            key, last = line.split()
            received[key] = int(last)
            if number == acknowledged:
                recorder.send_signal(signal.SIGKILL)
    finally:
        recorder.kill()
        recorder.wait(30)
        recorder.stdout.close()
    return received


def check(path: Path, received: dict[str, int]) -> None:
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    assert verify(path) == []
    with Session.open(path) as session:
        assert session.interrupted
        for meter in session.meters:
            samples = list(session.samples(meter.id))
            expected = [sample(second, second % 997) for second in range(1, len(samples) + 1)]
            assert samples == expected
            assert len(samples) >= received.get(meter.info.key, 0)
            found = session.statistics(meter.id)
            plain = brute(samples, None, None)
            assert (found.count, found.fields) == (plain.count, plain.fields)
            assert found.energy_wh == pytest.approx(plain.energy_wh, rel=1e-12)


def test_killed_at_random_moments_nothing_that_was_shown_is_lost(tmp_path: Path) -> None:
    random_ = random.Random(1)
    for number in range(KILLS):
        path = tmp_path / f"{number}.wattui"
        received = kill_after(path, random_.randrange(200))
        assert received
        check(path, received)


def test_a_killed_session_is_continued_and_killed_again(tmp_path: Path) -> None:
    path = tmp_path / "a.wattui"
    for round_ in range(3):
        first = 1
        if round_:
            with Session.open(path) as session:
                counts = [session.count(meter.id) for meter in session.meters]
            # One meter may have had its last commit without the other.
            with SessionWriter(path) as writer:
                for meter, count in zip(session_meters(path), counts, strict=True):
                    missing = range(count + 1, max(counts) + 1)
                    writer.on_samples(meter, [sample(one, one % 997) for one in missing])
            first = max(counts) + 1
        check(path, kill_after(path, 60 * (round_ + 1), first))


def session_meters(path: Path) -> list[object]:
    with Session.open(path) as session:
        return [one.info for one in session.meters]


def test_a_killed_session_is_found_and_completed(tmp_path: Path) -> None:
    path = tmp_path / "killed.wattui"
    kill_after(path, 20)
    record(tmp_path / "whole.wattui", steady(3))
    with SessionWriter(tmp_path / "live.wattui") as writer:
        writer.on_samples(METER, steady(3))
        assert writer.flush()
        (found,) = interrupted_sessions(tmp_path)
    assert found.path == path
    assert found.meters == ("PRO A80012", "desk")
    with Session.open(path) as session:
        assert found.span_us == session.span_us()
        last = [session.span_us([one.id])[1] for one in session.meters]  # type: ignore[index]
    complete(path)
    assert interrupted_sessions(tmp_path) == []
    with Session.open(path) as session:
        assert not session.interrupted
        stopped = [one for one in session.events() if one.event.kind == "stopped"]
        assert [one.event.time_us for one in stopped] == last
    # Nothing of the killed one lies about: no journal, lock or draft.
    left = sorted(one.name for one in tmp_path.iterdir())
    assert left == ["killed.wattui", "live.wattui", "whole.wattui"]


def wal_of_a_live_session(folder: Path) -> tuple[bytes, bytes]:
    """Record in many commits, and give file and journal as they are in the middle."""
    path = folder / "live.wattui"
    with SessionWriter(path, commit_seconds=0) as writer:
        for second in range(1, 300):
            writer.on_samples(METER, [sample(second, second % 997)])
            if second % 10 == 0:
                assert writer.flush()
        return path.read_bytes(), path.with_name("live.wattui-wal").read_bytes()


def test_a_cut_or_garbled_journal_leaves_a_clean_beginning(tmp_path: Path) -> None:
    main, wal = wal_of_a_live_session(tmp_path)
    random_ = random.Random(2)
    lengths = set()
    for number in range(60):
        folder = tmp_path / str(number)
        folder.mkdir()
        broken = bytearray(wal)
        place = random_.randrange(len(wal))
        if number % 2:
            del broken[place:]
        else:
            broken[place : place + 64] = random_.randbytes(64)
        (folder / "a.wattui").write_bytes(main)
        (folder / "a.wattui-wal").write_bytes(broken)
        try:
            with Session.open(folder / "a.wattui") as session:
                samples = [one for meter in session.meters for one in session.samples(meter.id)]
                count = sum(session.count(meter.id) for meter in session.meters)
        except NotASession:
            # Before its very first commit there is no session yet.
            samples, count = [], 0
        assert samples == [sample(one, one % 997) for one in range(1, len(samples) + 1)]
        assert count == len(samples)
        lengths.add(len(samples))
        shutil.rmtree(folder)
    assert len(lengths) > 5


def test_garbage_in_one_sector_is_found(tmp_path: Path) -> None:
    path = record(tmp_path / "a.wattui", steady(10_000))
    assert verify(path) == []
    connection = sqlite3.connect(path)
    when = BEGIN + 5_000 * MICROSECONDS
    connection.execute("UPDATE sample SET power=power+1 WHERE time=?", (when,))
    connection.commit()
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    (fault,) = verify(path)
    assert "have changed since they were recorded" in fault


def test_a_recording_killed_before_its_first_sample_can_be_read_again_and_again(
    tmp_path: Path,
) -> None:
    """The first reader removed its empty journal; the second one missed it."""
    path = tmp_path / "a.wattui"
    program = (
        "import os, sys; from wattui.session import SessionWriter\nSessionWriter(sys.argv[1])\n"
    )
    subprocess.run([sys.executable, "-c", f"{program}os._exit(9)", str(path)], timeout=60)
    for _time in range(3):
        assert verify(path) == []
        with Session.open(path) as session:
            assert session.meters == []


def test_a_recording_that_is_killed_at_its_very_start_leaves_no_session(tmp_path: Path) -> None:
    """It would be listed as a file that cannot be read."""
    path = tmp_path / "a.wattui"
    program = (
        "import os, sys, wattui.session.store as store\n"
        "store.describe_session = lambda *_: os._exit(9)\n"
        "from wattui.session import SessionWriter\n"
        "SessionWriter(sys.argv[1])\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], timeout=60)
    assert done.returncode == 9
    assert not list(tmp_path.glob("[!.]*"))
    record(path, steady(3))
    assert verify(path) == []
