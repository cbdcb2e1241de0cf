# SPDX-License-Identifier: GPL-3.0-or-later
"""The curves of several parts of sessions, on one axis: elapsed time, or another field.

Reading blocks on the disk; nothing here knows a window.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final

import numpy as np

from wattui.measurement.clock import MICROSECONDS
from wattui.session import Session
from wattui.ui.plots.total import Curve, total_curve

#: Columns across what is shown of a part: as many as the pixels of a wide screen.
_COLUMNS: Final = 2000

_WHOLE: Final = "whole session"


class Alignment(StrEnum):
    """What is at zero of the elapsed time of each part."""

    START = "start"
    MARK = "first mark"
    STEP = "first step"


class Derived(StrEnum):
    """What is computed from the parts before they are shown."""

    NOTHING = "as measured"
    MEAN_10_S = "mean of 10 s"
    MEAN_1_MIN = "mean of 1 min"
    MEAN_10_MIN = "mean of 10 min"
    DIFFERENCE = "difference from the first"
    SUM = "sum"


#: Over how many seconds a moving mean is taken.
_WIDTHS: Final = {Derived.MEAN_10_S: 10.0, Derived.MEAN_1_MIN: 60.0, Derived.MEAN_10_MIN: 600.0}


@dataclass(frozen=True, slots=True)
class ComparedPart:
    """One meter in a part of a session."""

    path: Path
    meter_id: int
    #: Name of the span, ``selection``, or ``whole session``.
    name: str
    #: Name of the meter; empty for the only one of its session.
    meter: str
    #: Microseconds since 1970, UTC.
    start_us: int
    stop_us: int
    #: Whether someone chose it: the selection, or a span with a name.
    is_chosen: bool = False
    #: What tells it from the others that are listed, see :func:`labelled`.
    label: str = ""

    @property
    def what(self) -> tuple[Path, int, int, int]:
        """What is compared, under any label."""
        return self.path, self.meter_id, self.start_us, self.stop_us


@dataclass(frozen=True, slots=True)
class PartsComparison:
    """What to show of some parts."""

    parts: tuple[ComparedPart, ...]
    field: str = "power"
    #: The field of the horizontal axis; empty for elapsed time.
    against: str = ""
    alignment: Alignment = Alignment.START
    derived: Derived = Derived.NOTHING


@dataclass(frozen=True, slots=True)
class ComparedCurve:
    """One curve, or the points of one field against another."""

    label: str
    #: The place of its part in the comparison; -1 for a sum.
    number: int
    x: np.ndarray
    y: np.ndarray


def parts_in(path: Path, selection: tuple[int, int] | None = None) -> list[ComparedPart]:
    """Return the parts of a session: the selection, its spans, and all of it, per meter.

    Parameters
    ----------
    path
        The session's file.
    selection
        Microseconds since 1970, UTC; None for none.

    Raises
    ------
    WattuiError
        The file cannot be read.
    """
    with Session.open(path) as session:
        run, meters = session.span_us(), session.meters
        spans = [(one.name or "span", one.start_us, one.stop_us) for one in session.spans()]
    if run is None:
        return []
    if selection is not None:
        spans.insert(0, ("selection", *selection))
    found = []
    for name, start, stop, is_chosen in (
        *((*span, True) for span in spans),
        (_WHOLE, *run, False),
    ):
        for meter in meters:
            shown = meter.info.label if len(meters) > 1 else ""
            found.append(ComparedPart(path, meter.id, name, shown, start, stop, is_chosen))
    return labelled(found)


def labelled(parts: Sequence[ComparedPart]) -> list[ComparedPart]:
    """Return the parts with short labels: what all of them share is left out.

    Two meters of one session differ by their names alone, two sessions by theirs.
    """
    pieces = [(part.path.stem, part.name, part.meter) for part in parts]
    for place in (0, 1):
        shorter = [(*one[:place], "", *one[place + 1 :]) for one in pieces]
        if all(any(one) for one in shorter) and len(set(shorter)) == len(set(pieces)):
            pieces = shorter
    labels: list[str] = []
    for session, name, meter in pieces:
        labels.append(_distinct(", ".join(filter(None, (name, meter, session))), labels))
    return [replace(part, label=label) for part, label in zip(parts, labels, strict=True)]


def _distinct(label: str, known: Iterable[str]) -> str:
    """Return a label that no other part has: with a number, if need be."""
    numbered = (label if n == 1 else f"{label} {n}" for n in itertools.count(1))
    return next(one for one in numbered if one not in known)


def read_comparison(wanted: PartsComparison) -> list[ComparedCurve]:
    """Return the curves of a comparison.

    Raises
    ------
    WattuiError
        A file cannot be read.
    """
    found = [_read(number, part, wanted) for number, part in enumerate(wanted.parts)]
    if wanted.against:
        return found
    if wanted.derived in _WIDTHS:
        width = _WIDTHS[wanted.derived]
        return [_with(one, moving_mean((one.x, one.y), width)) for one in found]
    if wanted.derived is Derived.DIFFERENCE and found:
        first = found[0].x, found[0].y
        return [_with(one, difference((one.x, one.y), first)) for one in found[1:]]
    if wanted.derived is Derived.SUM and found:
        curves = [(one.x, one.y) for one in found]
        known = [x for x, _y in curves if len(x)]
        ends = (min(x[0] for x in known), max(x[-1] for x in known)) if known else (0.0, 0.0)
        curve = total_curve(curves, *ends, _COLUMNS)
        return [ComparedCurve(f"sum of {len(found)}", -1, *curve)]
    return found


def _with(one: ComparedCurve, curve: Curve) -> ComparedCurve:
    return ComparedCurve(one.label, one.number, *curve)


def _read(number: int, part: ComparedPart, wanted: PartsComparison) -> ComparedCurve:
    names = tuple(dict.fromkeys(filter(None, (wanted.field, wanted.against))))
    with Session.open(part.path) as session:
        span = part.start_us, part.stop_us
        envelope = session.envelope(part.meter_id, names, *span, _COLUMNS)
        zero = _zero(session, part, wanted.alignment) / MICROSECONDS
    lines = {
        name: envelope.means(name) if envelope.column else (envelope.time, envelope.value[name])
        for name in names
    }
    times, values = lines[wanted.field]
    inside = (times > part.start_us / MICROSECONDS) & (times <= part.stop_us / MICROSECONDS)
    if not wanted.against:
        return ComparedCurve(part.label, number, times[inside] - zero, values[inside])
    others, across = lines[wanted.against]
    if len(others):
        across = across[np.minimum(np.searchsorted(others, times), len(others) - 1)]
    inside &= np.isfinite(values) & np.isfinite(across)
    return ComparedCurve(part.label, number, across[inside], values[inside])


def _zero(session: Session, part: ComparedPart, alignment: Alignment) -> int:
    """Return the time of a part that is at zero, in microseconds; its start without another."""
    if alignment is Alignment.MARK:
        times = (mark.time_us for mark in session.marks())
        found = [time for time in times if part.start_us <= time <= part.stop_us]
        return min(found, default=part.start_us)
    if alignment is Alignment.STEP:
        step = next(session.steps(part.meter_id, part.start_us, part.stop_us), None)
        return part.start_us if step is None else step.time_us
    return part.start_us


# --- derived curves ---------------------------------------------------------------------------


def moving_mean(curve: Curve, width: float) -> Curve:
    """Return the mean over the *width* seconds before each point; gaps do not count.

    A record covers the interval that ends with it.
    """
    x, y = curve
    if len(x) < 2:
        return curve
    lengths = np.diff(x, prepend=x[0] - (x[1] - x[0]))
    known = np.isfinite(y)
    weights = np.where(known, lengths, 0.0)
    seconds = np.concatenate(([0.0], np.cumsum(weights)))
    products = np.concatenate(([0.0], np.cumsum(np.where(known, y, 0.0) * weights)))
    edges = np.concatenate(([x[0] - lengths[0]], x))
    begin = np.maximum(x - width, edges[0])
    over = np.interp(x, edges, seconds) - np.interp(begin, edges, seconds)
    total = np.interp(x, edges, products) - np.interp(begin, edges, products)
    with np.errstate(invalid="ignore", divide="ignore"):
        return x, np.where(known & (over > 0), total / over, np.nan)


def difference(curve: Curve, first: Curve) -> Curve:
    """Return by how much a curve is above the *first* one, where both are known."""
    x = np.unique(np.concatenate((curve[0], first[0])))
    return x, held(curve, x) - held(first, x)


def held(curve: Curve, x: np.ndarray) -> np.ndarray:
    """Return the values of a curve at some places; NaN beyond it."""
    places, values = curve
    if not len(places):
        return np.full(len(x), np.nan)
    at = np.searchsorted(places, x)
    found: np.ndarray = values[np.minimum(at, len(places) - 1)]
    return np.where((x < places[0]) | (x > places[-1]), np.nan, found)


def ends(curves: Sequence[ComparedCurve]) -> tuple[float, float, float, float] | None:
    """Return the least and the greatest x and y of all curves; None without any value."""
    known = [(one.x, one.y) for one in curves if np.isfinite(one.y).any()]
    if not known:
        return None
    xs = np.concatenate([x[np.isfinite(y)] for x, y in known])
    ys = np.concatenate([y[np.isfinite(y)] for _x, y in known])
    return float(xs.min()), float(xs.max()), float(ys.min()), float(ys.max())
