# SPDX-License-Identifier: GPL-3.0-or-later
"""Ends the recording of a replay whose last record has come."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wattui.model.bench import Bench


def end_replay(bench: Bench) -> None:
    """Disconnect the meters that replay a recording once all of them are over."""
    replaying = [one for one in bench.meters if one.connected and one.replay and one.sample_count]
    if not replaying:
        return
    from wattui.formats.replay_source import GRACE, over_for

    if over_for([meter.url for meter in replaying]) > GRACE:
        for meter in replaying:
            bench.disconnect(meter)
