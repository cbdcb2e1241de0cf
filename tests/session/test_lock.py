# SPDX-License-Identifier: GPL-3.0-or-later
"""Only one program writes a session, and a killed one blocks nobody."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from filelock import FileLock

from wattui.errors import DiskRefused
from wattui.session.lock import SessionLock, is_being_written, lock_path

HOLDER = """
import sys, time
from pathlib import Path
from wattui.session.lock import SessionLock
lock = SessionLock(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def session(tmp_path: Path) -> Path:
    return tmp_path / "run.wattui"


def test_a_session_is_written_by_one_at_a_time(session: Path) -> None:
    assert not is_being_written(session)
    with SessionLock(session):
        assert is_being_written(session)
        for _ in range(2):
            with pytest.raises(DiskRefused, match=f"being recorded.*process {os.getpid()}"):
                SessionLock(session)
    assert not is_being_written(session)
    with SessionLock(session):
        pass


def test_no_lock_file_is_left(session: Path) -> None:
    lock = SessionLock(session)
    assert [one.name for one in session.parent.iterdir()] == [".run.wattui.lock"]
    lock.release()
    lock.release()
    assert not is_being_written(session)
    assert list(session.parent.iterdir()) == []


def test_another_thread_may_release_it(session: Path) -> None:
    lock = SessionLock(session)
    thread = threading.Thread(target=lock.release)
    thread.start()
    thread.join(10)
    assert not is_being_written(session)
    SessionLock(session).release()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_killed_writer_blocks_nobody(session: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(session)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    assert is_being_written(session)
    with pytest.raises(DiskRefused, match=f"process {holder.pid}"):
        SessionLock(session)
    holder.send_signal(signal.SIGKILL)
    holder.wait(10)
    holder.stdout.close()
    assert lock_path(session).exists()
    with SessionLock(session):
        assert is_being_written(session)


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be removed there")
def test_two_writers_held_the_lock_of_one_session(
    session: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One ended between the moments in which another opened its lock file and locked it."""
    import fcntl

    ending, flock = SessionLock(session), fcntl.flock

    def late(descriptor: int, operation: int) -> None:
        monkeypatch.setattr(fcntl, "flock", flock)
        ending.release()
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", late)
    with SessionLock(session):
        assert is_being_written(session)
        with pytest.raises(DiskRefused, match="being recorded"):
            SessionLock(session)


def test_many_that_come_and_go_are_never_two_at_a_time(session: Path) -> None:
    inside, most = [0], [0]

    def come_and_go() -> None:
        done = 0
        while done < 60:
            try:
                with SessionLock(session):
                    inside[0] += 1
                    most[0] = max(most[0], inside[0])
                    time.sleep(0)
                    inside[0] -= 1
                    done += 1
            except DiskRefused:
                continue

    threads = [threading.Thread(target=come_and_go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert most == [1]


def test_a_check_refused_a_writer(session: Path) -> None:
    """A window looked for interrupted recordings at the moment in which one began."""
    checking = FileLock(lock_path(session), thread_local=False)
    checking.acquire()
    timer = threading.Timer(0.1, checking.release)
    timer.start()
    SessionLock(session).release()
    timer.join(10)


def test_two_checks_take_one_another_for_no_writer(session: Path) -> None:
    lock_path(session).touch()
    checking = FileLock(lock_path(session), thread_local=False)
    checking.acquire()
    timer = threading.Timer(0.02, checking.release)
    timer.start()
    assert not is_being_written(session)
    timer.join(10)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    absent = tmp_path / "absent" / "run.wattui"
    assert not is_being_written(absent)
    with pytest.raises(DiskRefused, match="Nothing can be written next to"):
        SessionLock(absent)


@pytest.mark.skipif(sys.platform == "win32", reason="flock is not used there")
def test_a_file_system_without_locks_counts_as_free(
    session: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_descriptor: int, _operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    with SessionLock(session):
        assert not is_being_written(session)
    assert list(session.parent.iterdir()) == []
