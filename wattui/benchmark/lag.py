# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the lag of a meter with a load that is switched on and off, and remembers it."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from wattui.benchmark.method import ASSUMED_LAG, Lag, RecordArrays, Window
from wattui.benchmark.processes import end_group, start_group
from wattui.benchmark.record_source import RecordSource
from wattui.benchmark.worth import CONFIDENCE, t_quantile
from wattui.desktop.atomic_file import write_whole
from wattui.desktop.folders import config_folder
from wattui.errors import DiskRefused, WattuiError
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.text import iso_text

_logger = logging.getLogger(__name__)

#: How often the load is switched on, and for how long: not whole seconds, so that the edges
#: are at different places within a record.
CYCLES: Final = 6
_ON, _OFF = 5.3, 6.4

#: How long each load is longer than the one before, in s.
_LONGER: Final = 0.17

#: Largest lag that is looked for, and the steps of the search, in s.
_LONGEST: Final = 8.0
_STEP: Final = 0.02

#: How long it takes to find a lag, in s.
FINDING: Final = CYCLES * (_ON + _OFF) + _LONGER * CYCLES * (CYCLES + 1) / 2 + _LONGEST

#: Smallest uncertainty of a lag, in s: a record may be no plain mean of its second.
_LEAST_UNCERTAINTY: Final = 0.3

#: How many times its noise a load must be to be seen.
_VISIBLE: Final = 5.0

#: Keeps a processor busy.
_BUSY: Final = (
    ("powershell", "-NoProfile", "-Command", "while ($true) {}")
    if sys.platform == "win32"
    else ("sh", "-c", "while :; do :; done")
)


class LagNotFound(WattuiError):
    """The switched load is not visible in the records."""


@dataclass(frozen=True, slots=True)
class FoundLag:
    """A lag, and the load that showed it."""

    lag: Lag
    #: Power of the load, in W.
    watts: float


def find_lag(records: RecordArrays, loads: Sequence[Window]) -> FoundLag:
    """Return the lag from the records of a load that was switched.

    The lag is the one with which a square wave fits best; its uncertainty is that of leaving out
    each of the loads (jackknife), at 95 %.

    Parameters
    ----------
    records
        The records, from before the first load until after the last.
    loads
        When the load was on.

    Raises
    ------
    LagNotFound
        The load is not visible.
    """
    known = records.known()
    if len(known.time) < 4 * len(loads) or len(loads) < 3:
        raise LagNotFound("There are too few records to find the lag", "Try again.")
    lag, height, noise = _best_lag(known, loads)
    if height < _VISIBLE * noise / np.sqrt(len(known.time) / 4) or height < 1.0:
        raise LagNotFound(
            f"The load is not visible: {height:.1f} W in a noise of {noise:.1f} W",
            "Check that this machine is plugged into the meter, or give a load: wattui measure "
            "--find-lag -- COMMAND.",
        )
    without = [_best_lag(*_left_out(known, loads, n), around=lag)[0] for n in range(len(loads))]
    count = len(loads)
    error = float(np.sqrt((count - 1) / count * ((np.array(without) - lag) ** 2).sum()))
    error *= t_quantile((1 + CONFIDENCE) / 2, count - 1)
    return FoundLag(Lag(round(lag, 2), round(max(error, _LEAST_UNCERTAINTY), 2), "found"), height)


def _left_out(
    records: RecordArrays, loads: Sequence[Window], place: int
) -> tuple[RecordArrays, list[Window]]:
    """Return records and loads without one of the loads."""
    load = loads[place]
    away = (records.time < load.start) | (records.time > load.stop + _LONGEST)
    rest = [one for one in loads if one is not load]
    return RecordArrays(records.time[away], records.interval[away], records.power[away]), rest


def _best_lag(
    records: RecordArrays, loads: Sequence[Window], around: float | None = None
) -> tuple[float, float, float]:
    """Return the lag that fits best, the height of the load in W, and the noise in W."""
    if around is None:
        lags = np.arange(0.0, _LONGEST, _STEP)
    else:
        lags = np.arange(max(around - 1.5, 0.0), around + 1.5, _STEP)
    times = records.time - records.time.mean()
    best = (np.inf, 0.0, 0.0)
    for lag in lags:
        design = np.column_stack([np.ones_like(times), times, _shares(records, loads, lag)])
        line, *_ = np.linalg.lstsq(design, records.power, rcond=None)
        rest = float(((records.power - design @ line) ** 2).sum())
        best = min(best, (rest, float(lag), float(line[2])))
    return best[1], best[2], float(np.sqrt(best[0] / max(len(times) - 4, 1)))


def _shares(records: RecordArrays, loads: Sequence[Window], lag: float) -> np.ndarray:
    """Return for each record the share of its interval in which a load was on."""
    stop = records.time - lag
    start = stop - records.interval
    total = sum(
        np.clip(np.minimum(stop, one.stop) - np.maximum(start, one.start), 0.0, None)
        for one in loads
    )
    return np.asarray(total) / records.interval


def switch_load(
    source: RecordSource,
    words: Sequence[str] = (),
    shown: Callable[[int], object] = lambda _cycle: None,
) -> FoundLag:
    """Switch a load on and off, and return the lag of the meter.

    Parameters
    ----------
    source
        The records.
    words
        A command that takes power until it is ended; empty to keep the processors busy.
    shown
        Called with the number of each cycle.

    Raises
    ------
    WattuiError
        The load is not visible, cannot be started, or the meter was lost.
    """
    origin = source.now_us()
    loads = []
    source.wait(_OFF)
    for cycle in range(1, CYCLES + 1):
        shown(cycle)
        start = source.now_us()
        commands = [words] if words else [_BUSY] * (os.cpu_count() or 1)
        processes = [start_group(one) for one in commands]
        try:
            source.wait(_ON + _LONGER * cycle)
        finally:
            stop = source.now_us()
            for process in processes:
                end_group(process)
        loads.append(Window(*((one - origin) / MICROSECONDS for one in (start, stop))))
        source.wait(_OFF)
    source.wait(_LONGEST - _OFF)
    return find_lag(source.records(origin, None, origin), loads)


# -- remembered lags --------------------------------------------------------------------


def lags_path() -> Path:
    """Return the path of the file of the lags that were found."""
    return config_folder() / "lags.json"


def _load() -> dict[str, Any]:
    try:
        found = json.loads(lags_path().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        _logger.warning("%s cannot be read: %s", lags_path(), error)
        return {}
    return found if isinstance(found, dict) else {}


def remember_lag(key: str, lag: Lag) -> Path:
    """Store the lag of a meter, by its key; return the path of the file.

    Raises
    ------
    DiskRefused
        It cannot be written.
    """
    path = lags_path()
    found = {"seconds": lag.seconds, "uncertainty": lag.uncertainty}
    values = {**_load(), key: {**found, "when": iso_text(round(time.time() * MICROSECONDS))}}
    try:
        write_whole(path, json.dumps(values, indent=2, ensure_ascii=False).encode() + b"\n")
    except OSError as error:
        raise DiskRefused(
            f"The lag cannot be saved to {path} ({error.strerror})",
            f"Give it with each measurement: --lag {lag.seconds:g}.",
        ) from error
    return path


def lag_of(key: str) -> Lag:
    """Return the lag that was found for a meter, or the one that is assumed."""
    try:
        found = _load()[key]
        lag = Lag(float(found["seconds"]), float(found["uncertainty"]), "found")
    except (KeyError, TypeError, ValueError):
        return ASSUMED_LAG
    sensible = 0 <= lag.seconds <= _LONGEST and 0 < lag.uncertainty <= _LONGEST
    return lag if sensible else ASSUMED_LAG
