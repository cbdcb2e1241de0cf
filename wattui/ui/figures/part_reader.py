# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the figures of the selection, the view and the run from a session, on threads.

What the summaries hold comes at once, however long a part is.  Distributions are read from every
sample, so that they come later.
"""

from __future__ import annotations

import weakref
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import numpy as np

from wattui.measurement.distribution import Distribution, is_distributed
from wattui.session import Session, Statistics

#: How many statistics of one session are remembered: a few of each part.
_MOST_KNOWN: Final = 8

#: By how much the mean powers of on and off differ at least, as a factor.
_APART: Final = 1.5


class RunPart(StrEnum):
    """What the figures are of."""

    SELECTION = "Selection"
    VIEW = "View"
    RUN = "Run"


@dataclass(frozen=True, slots=True)
class PartsRequest:
    """What to read.  Times are microseconds since 1970, UTC."""

    path: Path
    #: Key or id of the meter; None for the first one.
    meter: Hashable | None
    #: Selection and view, as far as they are wanted; the run is always read.
    spans: Mapping[RunPart, tuple[int, int]]
    #: Names of the fields.
    channels: tuple[str, ...]
    #: The threshold in W above which the load is on; None to find one.
    above: float | None = None
    #: Whether distributions are read too.
    detailed: bool = False


@dataclass(slots=True)
class PartFigures:
    """The figures of one part.  Times are microseconds since 1970, UTC."""

    start: int
    stop: int
    statistics: Statistics
    #: By field; without those that are not read, or that the meter adds up.
    distributions: dict[str, Distribution] = field(default_factory=dict)


@dataclass(slots=True)
class PartsData:
    """What was read."""

    request: PartsRequest
    label: str = ""
    parts: dict[RunPart, PartFigures] = field(default_factory=dict)
    #: The threshold of the request, or the one that was found; None without any power.
    above: float | None = None


def read_parts(session: Session, request: PartsRequest) -> PartsData:
    """Read what is requested from an open session; blocks on the disk.

    Raises
    ------
    WattuiError
        The session cannot be read.
    """
    data = PartsData(request, above=request.above)
    meter = meter_of(session, request.meter)
    run = session.span_us([meter.id]) if meter is not None else None
    if meter is None or run is None:
        return data
    data.label = meter.info.label
    spans = {part: request.spans[part] for part in RunPart if part in request.spans}
    for part, (start, stop) in {**spans, RunPart.RUN: run}.items():
        # All parts end with the same record, even while further ones are recorded.
        start, stop = max(start, run[0]), min(stop, run[1])
        if start < stop:
            found = _statistics(session, meter.id, start, stop, request.channels)
            data.parts[part] = PartFigures(start, stop, found)
    if request.detailed:
        _read_details(session, meter.id, data)
    return data


#: What was read last: view and run stay the same while a selection is dragged.
_Known = dict[tuple[Any, ...], Statistics]
_known: Final[weakref.WeakKeyDictionary[Session, _Known]] = weakref.WeakKeyDictionary()


def _statistics(session: Session, *what: Any) -> Statistics:
    """Return statistics, which are read only if they were not among the last ones."""
    known = _known.setdefault(session, {})
    found = known.pop(what, None) or session.statistics(*what)
    while len(known) >= _MOST_KNOWN:
        known.pop(next(iter(known)))
    known[what] = found
    return found


def _read_details(session: Session, meter: int, data: PartsData) -> None:
    names = [name for name in data.request.channels if is_distributed(name)]
    for figures in data.parts.values():
        for name in names:
            span = figures.start, figures.stop
            figures.distributions[name] = session.distribution(meter, name, *span)
    if data.above is None and "power" in data.parts[RunPart.RUN].distributions:
        data.above = threshold_between(data.parts[RunPart.RUN].distributions["power"])


def meter_of(session: Session, wanted: Hashable | None) -> Any:
    """Return the meter with a key or id; the first one if there is none with it."""
    meters = session.meters
    found = (one for one in meters if wanted in (one.id, one.info.key, one.info.label))
    return next(found, meters[0] if meters else None)


def threshold_between(powers: Distribution) -> float | None:
    """Return a power in W that divides on from off, with one significant digit; None without any.

    It is half way between the means of the two groups that differ most (Otsu's method).  A load
    without two such groups is on above half of its median.
    """
    values, times = powers.values, powers.times_us.astype(float)
    if not len(values) or not times.sum():
        return None
    middle = powers.median / 2
    if len(values) > 1:
        time, energy = np.cumsum(times)[:-1], np.cumsum(times * values)[:-1]
        rest = times.sum() - time
        low, high = energy / time, ((times * values).sum() - energy) / rest
        best = int(np.argmax(time * rest * (high - low) ** 2))
        if high[best] > _APART * low[best]:
            middle = float(low[best] + high[best]) / 2
    return float(f"{middle:.1g}")
