# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads how long a field had which value over a span, and the time above a threshold."""

from __future__ import annotations

import math
import sqlite3
from dataclasses import dataclass
from typing import Final

import numpy as np

from wattui.measurement.distribution import Distribution, is_distributed, wire_limit
from wattui.measurement.energy import average_power, energy_error_wh
from wattui.measurement.fields import FIELD_INDEX, FIELDS, POWER_LIMIT

#: Joules in one Wh.
_WH: Final = 3600.0


@dataclass(frozen=True, slots=True)
class OnOff:
    """Time and energy of a load above a threshold (on), and at or below it (off).

    A record counts as a whole, with its interval.  One without a power is neither on nor off,
    nor is a gap.  Both times add up to ``Statistics.powered_s``, both energies to
    ``Statistics.energy_wh``.
    """

    #: The threshold in W; on is above it.
    above_w: float
    #: Time on and off, in s.
    on_s: float = 0.0
    off_s: float = 0.0
    #: Energy while on and while off, in Wh.
    on_wh: float = 0.0
    off_wh: float = 0.0
    #: How often it was on: uninterrupted series of records that are on.  A gap between two
    #: records that are on does not end a series, since nothing shows that it was off.
    cycles: int = 0

    @property
    def share(self) -> float:
        """Share of the time that it was on, 0 to 1; NaN without records."""
        whole = self.on_s + self.off_s
        return self.on_s / whole if whole else math.nan

    @property
    def on_error_wh(self) -> float:
        """Limit of error of :attr:`on_wh`."""
        return energy_error_wh(self.on_wh, self.on_s)

    @property
    def off_error_wh(self) -> float:
        """Limit of error of :attr:`off_wh`."""
        return energy_error_wh(self.off_wh, self.off_s)

    @property
    def on_w(self) -> float:
        """Mean power while on, in W; NaN if it never was."""
        return average_power(self.on_wh, self.on_s)

    @property
    def off_w(self) -> float:
        """Mean power while off, in W; NaN if it never was."""
        return average_power(self.off_wh, self.off_s)


def read_distribution(
    connection: sqlite3.Connection, meter: int, name: str, low: int, high: int
) -> Distribution:
    """Return how long a field had which value in ``low <= time < high``."""
    if not is_distributed(name):
        return Distribution(name)
    rows = connection.execute(
        f"SELECT min({name}, {POWER_LIMIT}) AS value, count(*), sum(interval) FROM sample"
        f" WHERE meter=? AND time>=? AND time<? AND {name} IS NOT NULL"
        " GROUP BY value ORDER BY value",
        (meter, low, high),
    ).fetchall()
    table = np.array(rows, np.int64).reshape(len(rows), 3)
    return Distribution(name, *table.T)


def read_on_off(
    connection: sqlite3.Connection, meter: int, above: float, low: int, high: int
) -> OnOff:
    """Return time and energy above a threshold in W in ``low <= time < high``."""
    off, on = read_distribution(connection, meter, "power", low, high).divided(above)
    limit = wire_limit(FIELDS[FIELD_INDEX["power"]], above)
    return OnOff(
        *(above, on.duration_s, off.duration_s, on.integral / _WH, off.integral / _WH),
        _cycles(connection, meter, limit, low, high),
    )


def _cycles(connection: sqlite3.Connection, meter: int, limit: int, low: int, high: int) -> int:
    """Return how often the power comes to be above *limit*, or is so from the start."""
    (count,) = connection.execute(
        "SELECT count(*) FROM (SELECT power>? AS up, lag(power>?, 1, 0) OVER (ORDER BY time) AS old"
        " FROM sample WHERE meter=? AND time>=? AND time<? AND power IS NOT NULL)"
        " WHERE up AND NOT old",
        (limit, limit, meter, low, high),
    ).fetchone()
    return int(count)
