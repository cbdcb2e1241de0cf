# SPDX-License-Identifier: GPL-3.0-or-later
"""The public names do what their module's docstring says."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from wattui import api


class _Counter:
    """Counts what was committed, and says when it is enough."""

    def __init__(self, enough: int) -> None:
        self.samples: list[api.Sample] = []
        self.reached = threading.Event()
        self._enough = enough

    def on_samples(self, meter: api.MeterInfo, samples: Sequence[api.Sample]) -> None:
        self.samples += samples
        if len(self.samples) >= self._enough:
            self.reached.set()

    def on_event(self, meter: api.MeterInfo, event: api.Event) -> None:
        pass


def test_every_public_name_is_there_and_in_order() -> None:
    assert [name for name in api.__all__ if not hasattr(api, name)] == []
    assert len(set(api.__all__)) == len(api.__all__)


def test_every_error_is_public_that_others_may_want_to_catch() -> None:
    assert issubclass(api.PortBusy, api.PortError)
    assert issubclass(api.SessionTooNew, api.SessionError)
    assert issubclass(api.WouldEraseMemory, api.WattuiError)


def test_record_and_read_back_as_the_docstring_does(tmp_path: Path) -> None:
    path = api.new_session_path("lamp", tmp_path)
    counter = _Counter(enough=20)
    client = api.MeterClient("sim://pro?load=lamp&speed=50")
    with api.SessionWriter(path) as writer:
        writer.add_listener(counter)
        client.add_listener(writer)
        client.start()
        assert counter.reached.wait(30)
        client.stop()
    with api.Session.open(path) as session:
        (meter,) = session.meters
        stored = list(session.samples(meter.id))
        assert stored[: len(counter.samples)] == counter.samples
        assert all(55 < (sample["power"] or 0) < 65 for sample in stored)
        api.write_csv(session, tmp_path / "lamp.csv")
        energy = session.statistics(meter.id).energy_wh
    wire = [sample.values[0] or 0 for sample in stored]
    power = [value / 10 for value in wire]
    intervals = [sample.interval_us / 1e6 for sample in stored]
    assert energy == pytest.approx(api.energy_wh(power, intervals), rel=1e-12)
    rows = [line for line in (tmp_path / "lamp.csv").read_text().splitlines() if line[0] != "#"]
    assert len(rows) == len(stored) + 1
