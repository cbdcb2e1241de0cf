# SPDX-License-Identifier: GPL-3.0-or-later
"""Readings, status and notices of the window, as plain values.

A function without side effects makes each of them from the model, and an editor that knows
nothing else shows it. So every state of the window can be tested without a window.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from wattui.client import ClientState
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.text import (
    BY_CLOCK,
    NO_VALUE,
    RunTimes,
    cost_text,
    count_text,
    counter_text,
    date_text,
    duration_text,
    elapsed_text,
    energy_and_error,
    energy_unit,
    model_text,
    number_and_error,
    short_port,
    size_text,
    value_text,
)
from wattui.ui.widgets.notices import Notice, NoticeKind
from wattui.ui.widgets.status_bar import Status

if TYPE_CHECKING:
    from wattui.model.bench import Bench
    from wattui.model.meter import Meter

#: Seconds of a day.
_DAY: Final = 86_400

#: The fields that the left panel shows, the large one first.
PANEL_FIELDS: Final = ("power", "voltage", "current", "power_factor", "frequency")

#: The most failed meters that get separate notices; more of them share one.
MOST_FAILURES: Final = 2


class WindowState(StrEnum):
    """The state of the window's meter, or what is shown instead."""

    EMPTY = "empty"
    CONNECTING = "connecting"
    LIVE = "live"
    PAUSED = "paused"
    LOST = "lost"
    FAILED = "failed"
    STOPPED = "stopped"
    OPENED = "opened"


class Place(StrEnum):
    """What the plot area shows."""

    EMPTY = "empty"
    CONNECTING = "connecting"
    FAILED = "failed"
    PLOTS = "plots"


class SummaryPart(StrEnum):
    """The part of a session that statistics describe."""

    VIEW = "view"
    SELECTION = "selection"


#: Colour of the dot in each state: a name of the palette.
DOTS: Final[dict[WindowState, str]] = {
    WindowState.EMPTY: "muted",
    WindowState.CONNECTING: "accent",
    WindowState.LIVE: "ok",
    WindowState.PAUSED: "amber",
    WindowState.LOST: "amber",
    WindowState.FAILED: "red",
    WindowState.STOPPED: "muted",
    WindowState.OPENED: "accent",
}

#: State of the window by that of its meter, unless the meter is not connected or pauses.
_OF_METER: Final = {
    ClientState.OPENING: WindowState.CONNECTING,
    ClientState.RUNNING: WindowState.LIVE,
    ClientState.LOST: WindowState.LOST,
    ClientState.FAILED: WindowState.FAILED,
}

#: What is said of the meters that are not recording, among others.
_OTHERS: Final = {
    WindowState.CONNECTING: "connecting",
    WindowState.LOST: "unplugged",
    WindowState.FAILED: "failed",
    WindowState.PAUSED: "paused",
}

#: States of a meter that decide on the colour of the dot for all of them, the worst first.
_WORST: Final = (
    WindowState.FAILED, WindowState.LOST, WindowState.PAUSED, WindowState.CONNECTING,
)  # fmt: skip

_RETRY: Final = (("Try again", "retry_failed"), ("Details", "details"))


@dataclass(frozen=True, slots=True)
class Readings:
    """What the left panel shows."""

    #: Shown next to *Power*: empty for the present value, else which value this is.
    caption: str = ""
    #: Whether they are current; otherwise they are grey.
    current: bool = False
    #: Shown below a power that is not current: *last one at 12:31:05*.
    note: str = ""
    #: Texts of the values of :data:`PANEL_FIELDS`.
    values: Mapping[str, str] | None = None
    #: Error limit of a power that is a mean; empty for a reading of the meter.
    power_error: str = ""
    #: Texts of the energy, its unit and its error limit.
    energy: str = NO_VALUE
    energy_unit: str = "Wh"
    energy_error: str = ""
    #: Where the energy comes from, the meter's counter, the cost.
    lines: tuple[str, ...] = ()
    #: The fields that have an alert now.
    alerts: frozenset[str] = frozenset()

    def value(self, name: str) -> str:
        """Return the text of a field's value."""
        return (self.values or {}).get(name, NO_VALUE)


@dataclass(frozen=True, slots=True)
class ViewSummary:
    """The readings of an opened session: under the pointer, or for the view."""

    #: Time under the pointer in seconds UTC; NaN if the values are means of the span.
    time: float = math.nan
    #: Values by channel in base units.
    values: Mapping[str, float] | None = None
    #: Statistics of the span; None if there are none.
    statistics: Any = None
    span: SummaryPart = SummaryPart.VIEW


def state_of(bench: Bench) -> WindowState:
    """Return the state of the window."""
    meter = bench.meter
    if bench.opened:
        return WindowState.OPENED
    if meter is None or meter.state == ClientState.CLOSED:
        return WindowState.STOPPED if bench.session_path is not None else WindowState.EMPTY
    return WindowState.PAUSED if meter.paused else _OF_METER[meter.state]


# -- readings ------------------------------------------------------------------------------


def readings_of(
    bench: Bench, unit: str, view: ViewSummary | None = None, form: RunTimes = BY_CLOCK
) -> Readings:
    """Return what the left panel shows; *view* is used while no meter is live."""
    meter, state = bench.meter, state_of(bench)
    if meter is None or not meter.sample_count:
        return Readings(energy_unit=unit)
    if state in (WindowState.OPENED, WindowState.STOPPED):
        return _view_readings(bench, meter, unit, view or ViewSummary(), form)
    stale = not meter.live and not math.isnan(meter.last_time)
    return Readings(
        caption="replayed" if meter.replay else "",
        current=meter.live,
        note=f"last one {form.at(meter.last_time)}" if stale else "",
        values={name: value_text(name, meter.reading(name)) for name in PANEL_FIELDS},
        **_meter_energy(bench, meter, unit),
    )


def _view_readings(
    bench: Bench, meter: Meter, unit: str, view: ViewSummary, form: RunTimes
) -> Readings:
    numbers, found = view.values or {}, view.statistics
    caption = form.at(view.time)
    if math.isnan(view.time):
        caption = f"mean of the {view.span}"
    energy = _meter_energy(bench, meter, unit)
    if found is not None:
        where = "in view" if view.span is SummaryPart.VIEW else "in the selection"
        records = f"{count_text(found.count, 'record')} {where}"
        if numbers and not found.count:
            records = "between two records"
        energy = _energy(bench, (found.energy_wh, found.energy_error_wh), found.counter_wh, unit)
        first = f"{records}, {elapsed_text(found.duration_s)}"
        energy["lines"] = (first, *energy["lines"])
    values = {name: value_text(name, numbers.get(name)) for name in PANEL_FIELDS}
    power_error = ""
    if math.isnan(view.time) and found is not None and found.powered_s:
        mean = found.average_power_w, found.average_power_error_w
        values["power"], power_error = number_and_error(*mean)
    return Readings(
        caption=caption if numbers else "",
        current=bool(numbers),
        values=values,
        power_error=power_error,
        **energy,
    )


def _meter_energy(bench: Bench, meter: Meter, unit: str) -> dict[str, Any]:
    records = count_text(meter.sample_count, "record")
    energy = _energy(bench, (meter.energy, meter.energy_error), meter.counter_moved, unit)
    # The exact duration of days is in the status bar; here it has to fit in the line.
    duration = (elapsed_text if meter.duration < _DAY else duration_text)(meter.duration)
    first = f"summed from {records} in {duration}"
    return {**energy, "lines": (first, *energy["lines"])}


def _energy(
    bench: Bench, energy: tuple[float, float], counter_wh: float, unit: str
) -> dict[str, Any]:
    """Return the texts of an energy with its error (Wh): itself, and the lines below it."""
    shown = energy_unit([energy], unit)
    number, error = energy_and_error(*energy, shown)
    return {
        "energy": number,
        "energy_unit": shown,
        "energy_error": error,
        "lines": (
            f"meter's own counter: {counter_text(counter_wh)}",
            f"cost  {cost_text(*energy, bench.rate, bench.currency)}",
        ),
    }


# -- status --------------------------------------------------------------------------------


def status_of(bench: Bench, note: str = "", form: RunTimes = BY_CLOCK) -> Status:
    """Return what the status bar shows; *note* is added to the words on the state."""
    several = len(bench.meters) > 1
    dot, words = _several_state(bench) if several else _one_state(bench, form)
    if bench.disk_problem:
        dot, words = "red", f"{words}, but the disk is not accepting data"
    counted = [meter for meter in bench.meters if meter.sample_count]
    left: tuple[str, ...] = ()
    if several and counted:
        start = min(meter.since for meter in counted)
        stop = max(meter.last_time for meter in counted)
        left = (
            elapsed_text(stop - start),
            count_text(sum(meter.sample_count for meter in counted), "sample"),
            *_gap_parts(counted),
        )
    elif bench.meter is not None and bench.meter.sample_count:
        meter = bench.meter
        left = (
            elapsed_text(meter.elapsed),
            count_text(meter.sample_count, "sample"),
            *_gap_parts([meter]),
        )
    return Status(
        dot,
        f"{words}, {note}" if note else words,
        left,
        _right_parts(bench),
        _file_path(bench),
        () if bench.health is None or bench.temporary else tuple(bench.health.lines()),
    )


def _one_state(bench: Bench, form: RunTimes) -> tuple[str, str]:
    """Return the colour of the dot and the text of the state, for one meter or none."""
    state = state_of(bench)
    live = state is WindowState.LIVE
    return "accent" if live and bench.replay else DOTS[state], _state_words(bench, state, form)


def _state_words(bench: Bench, state: WindowState, form: RunTimes) -> str:
    meter = bench.meter
    if state is WindowState.EMPTY or meter is None:
        return "No meter yet" if state is WindowState.EMPTY else "Opened"
    if state is WindowState.OPENED:
        return _opened_words(bench)
    if state is WindowState.STOPPED:
        return "Stopped, not recorded" if bench.temporary else _stopped_words(bench)
    if state is WindowState.LIVE and not meter.sample_count:
        return "Connected, waiting for the first record"
    if state is WindowState.LOST and not math.isnan(meter.lost_since):
        return str(meter.lost_words(form))
    failed = state is WindowState.FAILED
    return str(meter.problem or meter.state_text) if failed else str(meter.state_text)


def _opened_words(bench: Bench) -> str:
    when = f"recorded {date_text(bench.session_start)}"
    return f"Replay of {bench.replay}, {when}" if bench.replay else f"Opened, {when}"


def _stopped_words(bench: Bench) -> str:
    saved = "Stopped, everything is saved"
    return f"Replay of {bench.replay}. {saved}" if bench.replay else saved


def _several_state(bench: Bench) -> tuple[str, str]:
    """Return the colour of the dot for the worst state, and the text about all meters."""
    meters = bench.meters
    if bench.opened:
        return "accent", _opened_words(bench)
    count = Counter(
        WindowState.PAUSED if one.paused else _OF_METER.get(one.state) for one in meters
    )
    running = count[WindowState.LIVE]
    if len(meters) == count[None] + count[WindowState.FAILED]:
        failed = f", {count[WindowState.FAILED]} failed" if count[WindowState.FAILED] else ""
        words = _stopped_words(bench) if bench.session_path else "Not connected"
        return ("red" if failed else "muted"), f"{words}{failed}"
    doing = f"Replaying {bench.replay}, recording" if bench.replay else "Recording"
    words = f"{doing} {running} meters"
    if running < len(meters):
        posts = any(one.posts for one in meters if one.state == ClientState.LOST)
        words_of = {**_OTHERS, WindowState.LOST: "silent"} if posts else _OTHERS
        others = "".join(f", {count[key]} {word}" for key, word in words_of.items() if count[key])
        words = f"{doing} {running} of {len(meters)} meters{others}"
        reasons = {meter.paused for meter in meters if meter.paused}
        words += f": {reasons.pop()}" if len(reasons) == 1 and words.endswith("paused") else ""
    going = "accent" if bench.replay else DOTS[WindowState.LIVE]
    return next((DOTS[state] for state in _WORST if count[state]), going), words


def _gap_parts(meters: Sequence[Meter]) -> list[str]:
    """Return the gaps that are over, and the ones of meters that are lost."""
    count = sum(meter.gap_count for meter in meters)
    over = count_text(count, "gap")
    if count and len(meters) == 1:
        over = f"{over} ({duration_text(meters[0].gap_duration)})"
    still = [gap for meter in meters if not math.isnan(gap := meter.open_gap())]
    if not still:
        return [over]
    longest = f"gap {elapsed_text(max(still))} and counting"
    longest = longest if len(still) == 1 else f"longest {longest}"
    return [over, longest] if count else [longest]


def _file_path(bench: Bench) -> str:
    return "" if bench.saved_path is None or bench.temporary else str(bench.saved_path)


def _right_parts(bench: Bench) -> tuple[str, ...]:
    parts = []
    if bench.session_path is not None and not bench.temporary:
        parts += [bench.saved_path.name, size_text(bench.file_size)]
    meter = bench.meter
    if len(bench.meters) > 1:
        parts.append(f"{len(bench.meters)} meters")
    elif meter is not None:
        model = model_text(meter.model, meter.firmware) or short_port(meter.url)
        parts += [meter.name, model] if meter.name != model else [model]
    return tuple(part for part in parts if part)


# -- notices -------------------------------------------------------------------------------


def notices_of(bench: Bench, dismissed: Sequence[str] = ()) -> list[Notice]:
    """Return the lines above the plots, the most urgent first."""
    notices = []
    if bench.disk_problem:
        notices.append(_disk_notice(bench))
    elif bench.recording and bench.health is not None and bench.health.warning:
        warning, hint = bench.health.warning, bench.health.hint
        notices.append(Notice("disk", NoticeKind.WARNING, warning, hint))
    notices += _failure_notices(bench)
    if bench.other_meter:
        notices.append(_other_meter_notice(bench.other_meter))
    if bench.replaced_path is not None:
        notices.append(_replaced_notice(bench))
    if bench.previous_path is not None:
        notices.append(_previous_notice(bench.previous_path))
    if not bench.recording and bench.interrupted:
        notices.append(_interrupted_notice(bench.interrupted[0]))
    return [notice for notice in notices if notice.key not in dismissed]


def _disk_notice(bench: Bench) -> Notice:
    waiting = count_text(bench.disk_waiting, "sample")
    verb = "waits" if bench.disk_waiting == 1 else "wait"
    hint = (
        f"{waiting} {verb} in memory; there is room for {duration_text(bench.disk_seconds_left)}."
    )
    if bench.disk_dropped:
        hint += f" {count_text(bench.disk_dropped, 'sample')} had to be dropped."
    hint = f"{hint} {bench.disk_hint}".strip()
    return Notice("disk", NoticeKind.ERROR, bench.disk_problem, hint)


def _failure_notices(bench: Bench) -> list[Notice]:
    """Return one notice per failed meter, or one for all of them if there are many."""
    failed = [meter for meter in bench.meters if meter.state == ClientState.FAILED]
    if len(failed) > MOST_FAILURES:
        names = ", ".join(meter.label for meter in failed)
        text = f"{len(failed)} meters have failed: {names}"
        return [Notice("failed", NoticeKind.ERROR, text, "The table shows why.", _RETRY)]
    several = len(bench.meters) > 1
    return [
        Notice(
            f"failed {meter.url}",
            NoticeKind.ERROR,
            f"{meter.name}: {meter.problem}" if several and meter.name else meter.problem,
            meter.hint,
            _RETRY if number == 0 else (),
        )
        for number, meter in enumerate(failed)
    ]


def _other_meter_notice(what: str) -> Notice:
    """Return the notice that another meter answers at the port of a known one."""
    hint = "It is recorded as a meter of its own. Samples so far keep their name."
    dismiss = (("Dismiss", "dismiss_other_meter"),)
    return Notice("other meter", NoticeKind.WARNING, f"{what}.", hint, dismiss)


def _replaced_notice(bench: Bench) -> Notice:
    """Return the notice that the session's file has become another one."""
    text = f"{bench.replaced_path.name} was replaced by another file while it was recorded."
    hint = f"Nothing is lost: everything so far was written to {bench.session_path.name}."
    buttons = (("Show in folder", "show_folder"), ("Dismiss", "dismiss_replaced"))
    return Notice("replaced", NoticeKind.WARNING, text, hint, buttons)


def _previous_notice(path: Path) -> Notice:
    """Return the notice about the session that made room for a new recording."""
    text = f"A new recording has begun. The run before is saved: {path.name}"
    buttons = (("Open", "open_previous"), ("Dismiss", "dismiss_previous"))
    return Notice("previous", NoticeKind.INFO, text, f"In {path.parent}", buttons)


def _interrupted_notice(found: Any) -> Notice:
    length = duration_text(found.duration_s)
    start, end = (moment / MICROSECONDS for moment in found.span_us)
    stop = RunTimes(span=end - start).text(end)
    text = f"A recording of {length} ended without being closed. It is complete up to {stop}."
    buttons = (("Open", "open_interrupted"), ("Dismiss", "dismiss_interrupted"))
    return Notice("interrupted", NoticeKind.INFO, text, "", buttons)
