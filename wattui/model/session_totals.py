# SPDX-License-Identifier: GPL-3.0-or-later
"""What a window shows about an opened session before anything is plotted."""

from __future__ import annotations

import math
from pathlib import Path

from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.replay_mark import REPLAY_OF
from wattui.session import Session


class SessionTotals:
    """The meters of a session with their totals, and its span."""

    def __init__(self, path: Path, session: Session) -> None:
        self.path = path
        self.size = path.stat().st_size
        span = session.span_us()
        #: Start of the first interval and end of the last, in seconds UTC.
        self.span = (
            (math.nan, math.nan)
            if span is None
            else (span[0] / MICROSECONDS, span[1] / MICROSECONDS)
        )
        #: What was replayed, and how fast; empty for a measurement.
        self.replay = session.info.get(REPLAY_OF, "")
        #: Each meter, and its totals.
        self.meters = [(one.info, _totals(session, one.id)) for one in session.meters]


def read_totals(path: Path) -> SessionTotals:
    """Read the totals of a session; blocks on the disk.

    Raises
    ------
    SessionError
        It cannot be read.
    """
    with Session.open(path) as session:
        return SessionTotals(path, session)


def _totals(session: Session, meter_id: int) -> dict[str, object]:
    """Return the totals of a meter as values of its traits."""
    statistics = session.statistics(meter_id)
    span = session.span_us([meter_id])
    start, stop = (math.nan, math.nan) if span is None else span
    return {
        "energy": statistics.energy_wh,
        "energy_error": statistics.energy_error_wh,
        "counter_moved": statistics.counter_wh,
        "duration": statistics.duration_s,
        "elapsed": 0.0 if span is None else (stop - start) / MICROSECONDS,
        "since": start / MICROSECONDS,
        "last_time": stop / MICROSECONDS,
        "sample_count": statistics.count,
        "gap_count": statistics.gap_count,
        "gap_duration": statistics.gap_s,
    }
