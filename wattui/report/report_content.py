# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report of a session says: facts and figures, read in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wattui.errors import Cancelled, WattuiError
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.distribution import Distribution, OnOff
from wattui.measurement.energy import error_of_sum
from wattui.measurement.events import EventKind
from wattui.measurement.replay_mark import REPLAY_OF
from wattui.meter_memory.save_readout import readout_label
from wattui.session import Session, SessionMeter, Statistics
from wattui.session.outline import NAME, NOTE, SOURCE
from wattui.session.session_file import SessionEvent
from wattui.session.span_figures import SpanFigures, span_figures

#: Called with how much is done, and of how much.
Progress = Callable[[int, int], None]

#: Fields whose statistics mean something: the others are counters and extremes of the meter.
STATED: Final = (
    "power",
    "current",
    "voltage",
    "power_factor",
    "frequency",
    "apparent_power",
)

#: Events that explain a gap or an irregular time.
INTERRUPTIONS: Final = (
    EventKind.LOST,
    EventKind.RECONNECTED,
    EventKind.CLOCK_STEPPED,
    EventKind.POWER_ON,
    EventKind.PAUSED,
    EventKind.RESUMED,
    EventKind.DROPPED,
)

#: What the user wrote down.
REMARKED: Final = (EventKind.MARK, EventKind.NOTE)


class NothingToReport(WattuiError):
    """There is no sample in the selected span or meters."""

    exit_status = 2


@dataclass(frozen=True, slots=True)
class ReportedMeter:
    """One meter of a report."""

    meter: SessionMeter
    #: Its label; with its number if several meters have the same label.
    label: str
    statistics: Statistics
    #: Start and end of each gap that the statistics count, in s since 1970, UTC, (k, 2).
    gaps: NDArray[np.float64]
    #: How long each field had which value, by its name.
    distributions: Mapping[str, Distribution] = field(default_factory=dict)
    #: Time and energy above the threshold, if there is one.
    load: OnOff | None = None


@dataclass(frozen=True, slots=True)
class ReportContent:
    """Everything that a report says.  Times are microseconds, UTC."""

    title: str
    #: Name of the file that was read.
    source: str
    #: Start and end of what it is about, and of the whole session.
    span: tuple[int, int]
    session_span: tuple[int, int]
    meters: Sequence[ReportedMeter]
    #: Sentences that a reader must know before the figures, such as that this is a replay.
    warnings: Sequence[str]
    #: Marks and notes, and interruptions.
    remarks: Sequence[SessionEvent] = ()
    interruptions: Sequence[SessionEvent] = ()
    #: Parts that were given a name, and their figures.
    spans: Sequence[SpanFigures] = ()
    #: Threshold in W of the time and energy above it; None for none.
    above: float | None = None
    #: Facts about the session by name.
    info: dict[str, str] = field(default_factory=dict)

    @property
    def energy(self) -> tuple[float, float]:
        """Energy of all meters and the limit of its error, in Wh."""
        parts = [one.statistics for one in self.meters]
        error = error_of_sum(one.energy_error_wh for one in parts)
        return sum(one.energy_wh for one in parts), error

    @property
    def note(self) -> str:
        """What the user wrote about the session; empty for nothing."""
        return self.info.get(NOTE, "")

    @property
    def duration(self) -> float:
        """From start to end, in s."""
        return (self.span[1] - self.span[0]) / MICROSECONDS

    @property
    def is_part(self) -> bool:
        """Whether it is about a part of the session."""
        return self.span != self.session_span

    def label(self, meter_id: int | None) -> str:
        """Return the label of a meter; empty for None and for meters that are left out."""
        return next((one.label for one in self.meters if one.meter.id == meter_id), "")


def read_content(
    session: Session,
    name: str,
    start: int | None = None,
    stop: int | None = None,
    meters: Collection[int] | None = None,
    *,
    title: str = "",
    above: float | None = None,
    damage: Sequence[str] = (),
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> ReportContent:
    """Read what a report says about a session or a part of it.

    Parameters
    ----------
    session
        An open session; it may be growing.
    name
        Name of its file.
    start, stop
        Span in microseconds, UTC; None for the start and the end of the session.
    meters
        Ids of the meters; None for all of them.
    title
        Replaces the name of the session, or else of its file, as title.
    above
        Threshold in W: report time and energy above it; None for no such table.
    damage
        What is wrong with the file: sentences without a full stop.
    progress
        Called with how many steps are done, and of how many.
    cancelled
        Called between steps; True ends it.

    Raises
    ------
    Cancelled
        *cancelled* returned True.
    NothingToReport
        There is no sample in the selected span or meters.
    WattuiError
        The session cannot be read.
    """
    whole = session.span_us(meters)
    first, last = whole or (0, 0)
    begin = first if start is None else max(start, first)
    end = last if stop is None else min(stop, last)
    steps = _Steps(progress, cancelled)
    found = _read_meters(session, (begin, end), meters, above, steps)
    if not found:
        raise NothingToReport(
            "There is no sample in the selected span", "Choose another span or another meter."
        )
    remarks, interruptions = _read_events(
        session, found, (begin, end), is_whole=whole == (begin, end)
    )
    info = session.info
    return ReportContent(
        title=title or info.get(NAME, "") or Path(name).stem,
        source=name,
        span=(begin, end),
        session_span=(first, last),
        meters=found,
        warnings=_warnings(session, info, damage),
        remarks=remarks,
        interruptions=interruptions,
        spans=_read_spans(session, found, (begin, end)),
        above=above,
        info=info,
    )


def _read_spans(
    session: Session, meters: Sequence[ReportedMeter], part: tuple[int, int]
) -> list[SpanFigures]:
    """Read the named spans that are, at least partly, in the reported part."""
    spans = session.spans(*part)
    figures = span_figures(session, spans, [one.meter.id for one in meters])
    return [one for one in figures if any(part.count for part in one.statistics)]


def _read_events(
    session: Session, meters: Sequence[ReportedMeter], span: tuple[int, int], *, is_whole: bool
) -> tuple[list[SessionEvent], list[SessionEvent]]:
    """Read remarks and interruptions of the meters."""
    events = session.events((*REMARKED, *INTERRUPTIONS), *span)
    if is_whole:
        # A note about the session may be written after its end.
        events += session.events(REMARKED, span[1] + 1)
    ids = {None, *(one.meter.id for one in meters)}
    found = [one for one in events if one.meter_id in ids]
    remarks = [one for one in found if one.event.kind in REMARKED]
    return remarks, [one for one in found if one.event.kind in INTERRUPTIONS]


class _Steps:
    """Reports progress, and ends the reading if it is cancelled."""

    def __init__(self, progress: Progress | None, cancelled: Callable[[], bool] | None) -> None:
        self._progress = progress
        self._cancelled = cancelled
        self.total = self.done = 0

    def step(self) -> None:
        """Count a step.

        Raises
        ------
        Cancelled
            It is cancelled.
        """
        if self._cancelled is not None and self._cancelled():
            raise Cancelled("The report was cancelled")
        self.done += 1
        if self._progress is not None:
            self._progress(self.done, self.total)


def _read_meters(
    session: Session,
    span: tuple[int, int],
    meters: Collection[int] | None,
    above: float | None,
    steps: _Steps,
) -> list[ReportedMeter]:
    """Read the meters that have samples in the span."""
    chosen = [one for one in session.meters if meters is None or one.id in meters]
    labels = [one.info.label for one in chosen]
    steps.total = len(chosen) * (1 + len(STATED))
    found = []
    for one in chosen:
        label = one.info.label
        if labels.count(label) > 1:
            label = f"{label} ({one.id})"
        steps.step()
        statistics = session.statistics(one.id, *span, times_of=STATED)
        if not statistics.count:
            continue
        distributions = {}
        for name in STATED:
            steps.step()
            if name in statistics.fields:
                distributions[name] = session.distribution(one.id, name, *span)
        # A gap that reaches beyond the end belongs to the sample after it.
        gaps = session.gaps(one.id, *span)[: statistics.gap_count]
        load = None if above is None else session.load(one.id, above, *span)
        found.append(ReportedMeter(one, label, statistics, gaps, distributions, load))
    return found


def _warnings(session: Session, info: dict[str, str], damage: Sequence[str]) -> list[str]:
    """Return what a reader must know about the origin of the samples."""
    found = []
    if REPLAY_OF in info:
        found.append(f"Replay of {info[REPLAY_OF]}, not a measurement.")
    label = readout_label(info)
    if label is not None:
        found += [f"Read out of {info[SOURCE]}."] if info.get(SOURCE) else []
        found += [text for text in (label.reconstructed, label.partial) if text]
    elif info.get(SOURCE):
        found.append(f"Imported from {info[SOURCE]}.")
    if session.interrupted:
        found.append("The recording has no end: it was still running, or it was interrupted.")
    found += [f"The session is damaged: {text}." for text in damage]
    return list(dict.fromkeys(found))
