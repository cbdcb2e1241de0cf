# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import signal
import sys
import threading
from typing import Any, cast

import pytest

from wattui.cli import stop_signals as module
from wattui.cli.recording.line_view import QuietView
from wattui.cli.stop_signals import Ending
from wattui.session import WriterStatus

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


class Monotonic:
    """A clock that stops until it is set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Monotonic:
    fake = Monotonic()
    monkeypatch.setattr(module, "time", cast("Any", fake))
    return fake


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_noted_and_wakes(number: int) -> None:
    woken: list[bool] = []
    before = signal.getsignal(number)
    with Ending(lambda: woken.append(True)) as ending:
        assert not ending()
        os.kill(os.getpid(), number)
        assert ending.wait(10.0)
        assert ending()
        assert woken == [True]
    assert signal.getsignal(number) is before


@pytest.mark.usefixtures("clock")
def test_one_ctrl_c_that_arrives_twice_does_not_interrupt_the_end() -> None:
    with Ending() as ending:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        assert ending.wait(10.0)


def test_a_second_ctrl_c_ends_at_once(clock: Monotonic) -> None:
    with Ending() as ending:
        os.kill(os.getpid(), signal.SIGINT)
        assert ending.wait(10.0)
        clock.now += 2.0
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_any_thread_may_end_it() -> None:
    ending = Ending()
    thread = threading.Thread(target=ending.end)
    thread.start()
    assert ending.wait(10.0)
    thread.join()


def test_a_disk_that_does_not_accept_data_for_hours_is_reported_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    view = QuietView()
    for waiting in range(100):
        view.disk(WriterStatus(waiting=waiting, problem="The disk is full", hint="Make room."))
    view.disk(WriterStatus(dropped=3))
    view.disk(WriterStatus(dropped=3))
    said = capsys.readouterr().err
    assert said.count("The disk is full") == 1
    assert said.count("The disk is accepting data again; 3 samples were lost.") == 1
