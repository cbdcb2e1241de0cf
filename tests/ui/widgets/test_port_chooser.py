# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import threading

from wattui.model.main_thread import MainThread
from wattui.ports.listing import PortInfo
from wattui.ui.widgets.port_chooser import DEMO_URL, OTHER, choices, first_choice
from wattui.ui.window.port_watcher import PortWatcher

METER = PortInfo("/dev/ttyUSB0", "FT232R USB UART", "A80012", 0x403, 0x6001, likely_meter=True)
TAKEN = PortInfo(
    "/dev/ttyUSB1", "FT232R USB UART", "A80447", 0x403, 0x6001, likely_meter=True, problem="in use"
)
MODEM = PortInfo("/dev/ttyS0", "ttyS0", problem="no permission")


def test_ports_have_meaningful_names():
    lines = choices([METER, TAKEN, MODEM], METER.url)
    assert [line.text for line in lines] == [
        "Watts up? · A80012 · ttyUSB0",
        "Watts up? · A80447 · ttyUSB1 · in use",
        "ttyS0 · no permission",
        "",
        "Simulated meter",
        "Other…",
    ]
    assert lines[-1].url == OTHER
    assert "Close that program" in lines[1].tooltip


def test_without_ports_the_simulated_meter_is_offered():
    assert [line.url for line in choices([], DEMO_URL)] == [DEMO_URL, OTHER]
    assert first_choice([], "") == DEMO_URL


def test_an_unplugged_port_stays_chosen_and_is_marked():
    lines = choices([], "/dev/ttyUSB0")
    assert lines[0].url == "/dev/ttyUSB0"
    assert lines[0].text == "ttyUSB0 · not plugged in"


def test_the_first_choice_is_the_last_one_used_if_it_is_there_else_the_likeliest():
    assert first_choice([METER, MODEM], MODEM.url) == MODEM.url
    assert first_choice([TAKEN, METER], "/dev/ttyUSB9") == METER.url
    assert first_choice([TAKEN], "") == TAKEN.url
    assert first_choice([METER], DEMO_URL) == METER.url
    assert first_choice([METER], "socket://10.0.0.2:4000") == "socket://10.0.0.2:4000"


class Plugging:
    """Lists ports that a test changes, and reports when it was called."""

    def __init__(self):
        self.ports = []
        self.error = None
        self.looks = threading.Semaphore(0)

    def __call__(self):
        if self.error is not None:
            error, self.error = self.error, None
            self.looks.release()
            raise error
        self.looks.release()
        return list(self.ports)

    def wait(self):
        assert self.looks.acquire(timeout=10)


def test_the_watcher_reports_changes_only_and_ends_at_once():
    main_thread, found, look = MainThread(lambda: None), [], Plugging()
    watcher = PortWatcher(main_thread, found.append, look)
    watcher.start()
    assert main_thread.wait_for_post(10)
    main_thread.drain()
    look.wait()
    watcher.look_now()
    look.wait()
    look.ports = [METER]
    watcher.look_now()
    look.wait()
    assert main_thread.wait_for_post(10)
    main_thread.drain()
    assert found == [[], [METER]]
    assert watcher.stop()


def test_a_device_that_vanishes_while_listed_does_not_end_the_watcher(caplog):
    main_thread, found, look = MainThread(lambda: None), [], Plugging()
    look.error = OSError("gone")
    watcher = PortWatcher(main_thread, found.append, look)
    watcher.start()
    look.wait()
    look.ports = [METER]
    watcher.look_now()
    look.wait()
    assert main_thread.wait_for_post(10)
    watcher.stop()
    main_thread.drain()
    assert found[-1] == [METER]
