# SPDX-License-Identifier: GPL-3.0-or-later
"""Alerts of a recording: marked with their samples, and reported once they are on disk."""

from __future__ import annotations

import threading

import pytest
from session_samples import METER, OTHER, sample

from wattui.measurement.alerts import AlertChange, parse_alert
from wattui.measurement.events import Event, EventKind, MeterInfo
from wattui.session import alert_listener
from wattui.session.alert_listener import AlertListener, alert_facts


class Recorded:
    """Takes the place of a recording, and of the user."""

    def __init__(self, *alerts: str) -> None:
        self.marks: list[tuple[MeterInfo | None, Event]] = []
        self.changes: list[AlertChange] = []
        self.reported = threading.Event()
        rules = [parse_alert(text) for text in alerts]
        self.listener = AlertListener(rules, self._mark, self._changed, lambda _what: None)

    def _mark(self, meter: MeterInfo | None, mark: Event) -> None:
        self.marks.append((meter, mark))

    def _changed(self, change: AlertChange) -> None:
        self.changes.append(change)
        self.reported.set()


def test_an_alert_is_reported_once_its_mark_is_on_disk() -> None:
    recorded = Recorded("power > 50")
    recorded.listener.on_samples(METER, [sample(1, 400), sample(2, 600)])
    ((meter, mark),) = recorded.marks
    assert (meter, mark.kind, mark.time_us) == (METER, EventKind.MARK, sample(2).time_us)
    assert not recorded.reported.wait(0.05)
    recorded.listener.on_event(OTHER, mark)
    assert not recorded.reported.wait(0.05)
    recorded.listener.on_event(METER, mark)
    assert recorded.reported.wait(10)
    assert [rule for rule, _key in recorded.listener.raised()] == [parse_alert("power > 50")]
    recorded.listener.close()


def test_a_disk_that_accepts_nothing_holds_no_alert_up_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(alert_listener, "_DISK_PATIENCE", 0.05)
    recorded = Recorded("power > 50")
    recorded.listener.on_samples(METER, [sample(1, 600)])
    assert recorded.reported.wait(10)
    recorded.listener.close()


def test_what_was_found_last_is_reported_before_the_end() -> None:
    recorded = Recorded("power > 50", "total power > 50")
    recorded.listener.on_samples(METER, [sample(1, 600)])
    recorded.listener.close()
    assert [change.meter for change in recorded.changes] == [METER, None]


def test_a_meter_that_was_unplugged_is_not_waited_for() -> None:
    recorded = Recorded("total power > 50")
    recorded.listener.on_samples(METER, [sample(1, 100)])
    recorded.listener.on_samples(OTHER, [sample(1, 100)])
    recorded.listener.on_state(OTHER, Event(sample(1).time_us, EventKind.LOST))
    recorded.listener.on_samples(METER, [sample(2, 600), sample(3, 600)])
    recorded.listener.close()
    assert [change.value for change in recorded.changes] == [60.0]


def test_alerts_that_stay_go_on_when_others_are_watched() -> None:
    recorded = Recorded("power > 50 for 3s")
    rule = parse_alert("power > 50 for 3s")
    recorded.listener.on_samples(METER, [sample(1, 600), sample(2, 600)])
    recorded.listener.change([rule, parse_alert("voltage < 10")], None)
    recorded.listener.on_samples(METER, [sample(3, 600)])
    recorded.listener.close()
    assert [change.rule for change in recorded.changes] == [rule]


def test_facts_hold_no_byte_that_an_environment_cannot() -> None:
    change = AlertChange(parse_alert("power > 50"), True, sample(1).time_us, 60.0, METER)
    facts = alert_facts(change, None)
    assert facts["WATTUI_METER"] == METER.label
    assert facts["WATTUI_SESSION"] == ""
    named = MeterInfo("k", "/dev/ttyUSB0", name="a\0b")
    change = AlertChange(change.rule, True, change.time_us, 60.0, named)
    assert alert_facts(change, None)["WATTUI_METER"] == "ab"
