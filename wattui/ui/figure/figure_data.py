# SPDX-License-Identifier: GPL-3.0-or-later
"""The data of a figure, read from sessions. No GUI toolkit is needed here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

import numpy as np

from wattui.errors import WattuiError
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import EventKind
from wattui.measurement.fields import INTEGRATED_ENERGY
from wattui.measurement.replay_mark import REPLAY_OF
from wattui.meter_memory.save_readout import readout_label
from wattui.session import Session
from wattui.ui.plots.total import Curve
from wattui.ui.plots.view_reader import merged

_NO_GAPS: Final = np.empty((0, 2))


class NothingToPlot(WattuiError):
    """There is no sample in the selected span or meters."""


@dataclass(frozen=True, slots=True)
class FigureRun:
    """A session, and the part of it to show."""

    session: Session
    #: Name of the session, to be shown.
    name: str
    #: Span in microseconds, UTC; None for the start and the end of the session.
    start: int | None = None
    stop: int | None = None
    #: Ids of the meters; None for all of them.
    meters: Sequence[int] | None = None


@dataclass(slots=True)
class FigureSeries:
    """One meter of a figure."""

    label: str
    #: Colour as ``#rrggbb``; empty for none.
    colour: str
    #: Curves by the channel's name.
    curves: dict[str, Curve]
    #: Where records are missing, in seconds, (k, 2).
    gaps: np.ndarray
    #: Statistics of the span: :class:`wattui.session.Statistics`.
    statistics: Any
    #: Means of the columns by the channel's name, where curves have a minimum and a maximum per
    #: column of pixels.
    means: dict[str, Curve] = field(default_factory=dict)


@dataclass(slots=True)
class FigureContent:
    """Everything that a figure shows.  Times are seconds, UTC, on the axis of the first run."""

    title: str
    start: float
    stop: float
    #: The start of elapsed time.
    origin: float
    series: list[FigureSeries]
    #: The span as text.
    when: str
    #: Marks: seconds and text.
    marks: list[tuple[float, str]] = field(default_factory=list)
    #: Remarks, such as that the times are reconstructed.
    notes: list[str] = field(default_factory=list)
    #: The first axis is shaded below this value; None for no shade.
    shaded_below: float | None = None


def read(
    runs: Sequence[FigureRun], channels: Sequence[str], pixels: int, *, aligned: bool = True
) -> FigureContent:
    """Read what a figure shows; memory does not grow with the length of the runs.

    Parameters
    ----------
    channels
        Names of the channels.
    pixels
        Width of the plots: at most two points per pixel are read.
    aligned
        Whether all runs start at the same place, rather than at their local time.

    Raises
    ------
    NothingToPlot
        There is no sample in the selected span or meters.
    WattuiError
        A session cannot be read.
    """
    spans = [_span(run) for run in runs]
    shown = [(run, span) for run, span in zip(runs, spans, strict=True) if span is not None]
    if not shown:
        raise NothingToPlot(
            "There is no sample in the selected span", "Choose another span or another meter."
        )
    first = shown[0][1]
    shifts = [first.origin - span.origin if aligned else 0 for _, span in shown]
    placed = list(zip(shown, shifts, strict=True))
    start = min(span.start + shift for (_, span), shift in placed)
    stop = max(span.stop + shift for (_, span), shift in placed)
    series: list[FigureSeries] = []
    notes: list[str] = []
    marks: list[tuple[float, str]] = []
    for (run, span), shift in placed:
        series += _series(run, span, channels, pixels, shift / MICROSECONDS, len(shown) > 1)
        for one in run.session.events((EventKind.MARK,), span.start, span.stop):
            marks.append(((one.event.time_us + shift) / MICROSECONDS, one.event.text))
        info = run.session.info
        if REPLAY_OF in info:
            notes.append(f"Replay of {info[REPLAY_OF]}, not a measurement.")
        label = readout_label(info)
        if label is not None:
            notes += [text for text in (label.reconstructed, label.partial) if text]
    return FigureContent(
        title=", ".join(run.name for run, _ in shown),
        start=start / MICROSECONDS,
        stop=stop / MICROSECONDS,
        origin=(first.origin if aligned else min(s.origin for _, s in shown)) / MICROSECONDS,
        series=_numbered(series),
        when=_when(first.start / MICROSECONDS, first.stop / MICROSECONDS, len(shown)),
        marks=sorted(marks),
        notes=list(dict.fromkeys(notes)),
    )


@dataclass(frozen=True, slots=True)
class _Span:
    """The span of a run that is shown, and the start of the run, in microseconds."""

    start: int
    stop: int
    origin: int


def _span(run: FigureRun) -> _Span | None:
    """Return the span of a run that is shown; None if it has no samples."""
    ids = [meter.id for meter in run.session.meters]
    chosen = ids if run.meters is None else [i for i in ids if i in run.meters]
    whole = run.session.span_us(chosen)
    if whole is None:
        return None
    start = whole[0] if run.start is None else max(run.start, whole[0])
    stop = whole[1] if run.stop is None else min(run.stop, whole[1])
    if start >= stop or not any(run.session.count(i, start, stop) for i in chosen):
        return None
    return _Span(start, stop, whole[0])


def _series(
    run: FigureRun, span: _Span, channels: Sequence[str], pixels: int, shift: float, several: bool
) -> list[FigureSeries]:
    """Read the meters of a run that have samples in the span."""
    found = []
    for meter in run.session.meters:
        if run.meters is not None and meter.id not in run.meters:
            continue
        statistics = run.session.statistics(meter.id, span.start, span.stop)
        if not statistics.count:
            continue
        envelope = run.session.envelope(meter.id, channels, span.start, span.stop, pixels)
        before = run.session.energy_before(meter.id, span.start)
        low, high = span.start / MICROSECONDS, span.stop / MICROSECONDS
        curves, means = {}, {}
        for name in channels:
            start = before if name == INTEGRATED_ENERGY.name else 0.0
            times, values = within(envelope.time, envelope.value[name] - start, low, high)
            curves[name] = (times + shift, values)
            if envelope.column:
                times, values = envelope.means(name)
                times, values = within(times, values - start, low, high)
                means[name] = (times + shift, values)
        gaps = np.asarray(run.session.gaps(meter.id, span.start, span.stop)).reshape(-1, 2)
        gaps = np.clip(merged(gaps, (high - low) / pixels), low, high) + shift
        label = f"{run.name}: {meter.info.label}" if several else meter.info.label
        found.append(FigureSeries(label, meter.colour, curves, gaps, statistics, means))
    return found


def within(times: np.ndarray, values: np.ndarray, low: float, high: float) -> Curve:
    """Cut a curve at the ends of a span, as a drawing of lines does not clip.

    A line that crosses an end gets a point there.
    """
    first, last = int(np.searchsorted(times, low)), int(np.searchsorted(times, high, "right"))
    before, after = _at(times, values, first, low), _at(times, values, last, high)
    cut = [(np.array([low]), before), (times[first:last], values[first:last])]
    cut.append((np.array([high]), after))
    return (
        np.concatenate([times for times, values in cut if len(values)] or [np.empty(0)]),
        np.concatenate([values for _times, values in cut if len(values)] or [np.empty(0)]),
    )


def _at(times: np.ndarray, values: np.ndarray, index: int, edge: float) -> np.ndarray:
    """Return the value at an edge before the point *index*; empty if no line crosses it."""
    if not 0 < index < len(times):
        return np.empty(0)
    (t, t2), (v, v2) = times[index - 1 : index + 1], values[index - 1 : index + 1]
    value = v + (v2 - v) * (edge - t) / (t2 - t) if t < edge < t2 else math.nan
    return np.array([value]) if math.isfinite(value) else np.empty(0)


def _numbered(series: list[FigureSeries]) -> list[FigureSeries]:
    """Number meters that have the same name."""
    labels = [one.label for one in series]
    return [
        replace(one, label=f"{one.label} ({labels[: i + 1].count(one.label)})")
        if labels.count(one.label) > 1
        else one
        for i, one in enumerate(series)
    ]


def _when(start: float, stop: float, runs: int) -> str:
    """Return the span of the first run: ``23 November 2026, 14:05:07 to 14:35:06``."""
    begin, end = datetime.fromtimestamp(start), datetime.fromtimestamp(stop)
    words = f"{begin.day} {begin:%B %Y, %H:%M:%S} to "
    words += f"{end:%H:%M:%S}" if begin.date() == end.date() else f"{end.day} {end:%B %Y, %H:%M:%S}"
    return words if runs == 1 else f"the first: {words}"
