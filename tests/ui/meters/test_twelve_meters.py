# SPDX-License-Identifier: GPL-3.0-or-later
"""Twelve meters on ptys in one window, three of them with faults: nothing is lost or invented."""

from __future__ import annotations

import sys

import pytest
from opened_window import OpenedWindow, threads_left

from wattui.session import Session

if sys.platform == "win32":
    pytest.skip("there are no ptys", allow_module_level=True)

from wattui.simulator.pty_server import PtyServer
from wattui.simulator.sim_url import meter_from_url

#: Records that each meter sends, and how fast.
RECORDS = 240
SPEED = 40

#: Faults by the number of the meter: the first answer cut off, noise between packets.
FAULTS = {3: "cut", 6: "noise:0.1"}

#: The meter that is unplugged, and for how many records of the others: three seconds.
UNPLUGGED, AWAY = 9, 120

#: Power in the last record, in W: so that it is known to have come.
LAST = 999.0


class Counting:
    """A meter that counts the records that it sends."""

    def __init__(self, meter):
        self.sent = 0
        self._poll = meter.poll
        meter.poll = self

    def __call__(self, *given):
        data = self._poll(*given)
        self.sent += data.count(b"#d,")
        return data


@pytest.fixture
def served(tmp_path):
    """Serve twelve meters that send a number of records each, and then nothing."""
    meters, links = [], []
    for number in range(12):
        capture = tmp_path / f"{number}.raw"
        values = "1191,361,10,5,0,0,500,1200,400,300,1180,200,88,0,0,600,430"
        capture.write_text(
            "".join(
                f"#d,-,18,{400 + number + n % 7 if n < RECORDS - 1 else 9990},{values};\r\n"
                for n in range(RECORDS)
            )
        )
        model = ("pro", "es", "net")[number % 3]
        faults = f"&faults={FAULTS[number]}" if number in FAULTS else ""
        meters.append(
            meter_from_url(f"sim://{model}?replay={capture}&speed={SPEED}&seed={number}{faults}")
        )
        links.append(tmp_path / f"meter{number}")
    counting = [Counting(meter) for meter in meters]
    with PtyServer(meters, links) as server:
        yield server, counting, links


def test_twelve_meters_with_faults_on_three_lose_no_record_that_was_sent(served):
    server, counting, links = served
    window = OpenedWindow()
    try:
        meters = window.bench.connect([str(link) for link in links])
        away, first = meters[UNPLUGGED], meters[0]
        window.wait_for(lambda: away.sample_count > 10, "records of all")
        with server.paused():
            server.meters[UNPLUGGED].unplug()
        window.wait_for(lambda: away.state == "lost", "the loss")
        # By the meter's own count: on a busy machine the window is behind it.
        count = counting[0].sent
        window.wait_for(lambda: counting[0].sent >= count + AWAY, "the others go on")
        window.wait_for(lambda: first.sample_count >= count + AWAY, "the others go on")
        assert window.model.meter_rows[UNPLUGGED].dot == "amber"
        with server.paused():
            server.meters[UNPLUGGED].replug()
        window.wait_for(lambda: all(one.watts == LAST for one in meters), "each last record", 60)
        rows = window.model.meter_rows
        assert len(rows) == 12
        for number, meter in enumerate(meters):
            assert rows[number].texts["samples"] == f"{meter.sample_count:,}"
            assert rows[number].texts["gaps"] == f"{meter.gap_count:,}"
            if number != UNPLUGGED:
                assert counting[number].sent == RECORDS
                assert (meter.sample_count, meter.gap_count) == (RECORDS, 0)
        # What was on the line when the plug came out, or came while the meter was asked
        # for its identity, is in the gap; the meter paused meanwhile.
        sent = counting[UNPLUGGED].sent
        assert sent - AWAY <= away.sample_count <= sent
        assert away.gap_count == 1
        assert away.gap_duration * SPEED > AWAY / 2
        window.handler.do(window.info, "disconnect_all")
        window.wait_for(lambda: not window.bench.recording, "the end")
        assert window.bench.main_thread.join(10) == []
        window.handle_events()
        with Session.open(window.bench.session_path) as session:
            stored = {one.info.port: session.count(one.id) for one in session.meters}
        assert stored == {one.url: one.sample_count for one in meters}
    finally:
        window.close()
    assert threads_left("wattui simulator") == [], "except for the one that serves the ptys"
