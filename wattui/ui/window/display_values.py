# SPDX-License-Identifier: GPL-3.0-or-later
"""What the window shows, as plain values: readings, status, notices.

Each is made from the model by a function without side effects, and shown by an
editor that knows nothing else.  So every state of the window can be tested
without a window.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.text import (
    NO_VALUE,
    clock_text,
    cost_text,
    count_text,
    date_text,
    duration_text,
    elapsed_text,
    energy_text,
    model_text,
    short_port,
    size_text,
    value_text,
)

if TYPE_CHECKING:
    from wattui.model.bench import Bench
    from wattui.model.meter import Meter

#: The fields that the left panel shows, the large one first.
PANEL_FIELDS: Final = ("power", "voltage", "current", "power_factor", "frequency")

#: States of the window: what there is to see, and the colour of the dot for it.
DOTS: Final[dict[str, str]] = {
    "empty": "muted",
    "connecting": "accent",
    "live": "ok",
    "lost": "amber",
    "failed": "red",
    "stopped": "muted",
    "opened": "accent",
}


@dataclass(frozen=True, slots=True)
class Readings:
    """What the left panel shows."""

    #: Said beside *Power*: empty for the present value, else whose values these are.
    caption: str = ""
    #: Whether they are current: grey where not.
    current: bool = False
    #: Said below the power where it is not current: *last one at 12:31:05*.
    note: str = ""
    #: Values of :data:`PANEL_FIELDS`, written.
    values: Mapping[str, str] | None = None
    #: Energy, its unit and its limit of error, written.
    energy: str = NO_VALUE
    energy_unit: str = "Wh"
    energy_error: str = ""
    #: Where the energy comes from, the meter's counter, the cost.
    lines: tuple[str, ...] = ()

    def value(self, name: str) -> str:
        """Give a field's value, written."""
        return (self.values or {}).get(name, NO_VALUE)


@dataclass(frozen=True, slots=True)
class Status:
    """What the status bar shows when nothing else is going on."""

    #: Colour of the dot: a name of the palette.
    dot: str = "muted"
    words: str = "No meter yet"
    #: Behind the words, and at the right.
    left: tuple[str, ...] = ()
    right: tuple[str, ...] = ()

    def noted(self, note: str) -> Status:
        """Give the same with a note behind the words."""
        return replace(self, words=f"{self.words}, {note}") if note else self


@dataclass(frozen=True, slots=True)
class Notice:
    """A line above the plots that asks for attention, and what can be done about it."""

    #: What it is about: notices with the same key replace one another.
    key: str
    #: ``error``, ``warning`` or ``info``.
    kind: str
    text: str
    hint: str = ""
    #: Buttons: pairs of label and the name of what they do.
    buttons: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ViewSummary:
    """What the readings show of an opened session: under the pointer, or of the view."""

    #: Time under the pointer in seconds UTC; NaN where these are means of the view.
    time: float = math.nan
    #: Values by channel in base units.
    values: Mapping[str, float] | None = None
    #: Statistics of the span, and which span that is; None where there are none.
    statistics: Any = None
    whose: str = "in view"


def state_of(bench: Bench) -> str:
    """Give the state of the window: one of :data:`DOTS`."""
    meter = bench.meter
    if bench.opened:
        return "opened"
    if meter is None or meter.state == "closed":
        return "stopped" if bench.session_path is not None else "empty"
    words = {"opening": "connecting", "running": "live", "lost": "lost", "failed": "failed"}
    return words[meter.state]


def readings_of(bench: Bench, unit: str, view: ViewSummary | None = None) -> Readings:
    """Give what the left panel shows; *view* where no live meter is shown."""
    meter, state = bench.meter, state_of(bench)
    if meter is None or not meter.sample_count:
        return Readings(energy_unit=unit)
    energy: dict[str, object] = {
        "energy": energy_text(meter.energy, unit),
        "energy_unit": unit,
        "energy_error": energy_text(meter.energy_error, unit),
        "lines": _energy_lines(bench, meter),
    }
    if state in ("opened", "stopped"):
        return _view_readings(bench, unit, view or ViewSummary(), energy)
    values = {name: value_text(name, meter.reading(name)) for name in PANEL_FIELDS}
    if meter.live:
        return Readings(current=True, values=values, **energy)  # type: ignore[arg-type]
    note = "" if math.isnan(meter.last_time) else f"last one at {clock_text(meter.last_time)}"
    return Readings(note=note, values=values, **energy)  # type: ignore[arg-type]


def _view_readings(
    bench: Bench, unit: str, view: ViewSummary, energy: dict[str, object]
) -> Readings:
    numbers, statistics = view.values or {}, view.statistics
    values = {name: value_text(name, numbers.get(name)) for name in PANEL_FIELDS}
    caption = f"at {clock_text(view.time)}"
    if math.isnan(view.time):
        caption = "mean of the selection" if "selection" in view.whose else "mean of the view"
    if statistics is not None:
        energy = {
            "energy": energy_text(statistics.energy_wh, unit),
            "energy_unit": unit,
            "energy_error": energy_text(statistics.energy_error_wh, unit),
            "lines": (
                f"{count_text(statistics.count, 'record')} {view.whose}, "
                f"{elapsed_text(statistics.duration_s)}",
                f"meter's own counter: {value_text('energy', statistics.counter_wh)} Wh",
                f"cost  {cost_text(statistics.energy_wh, bench.rate, bench.currency)}",
            ),
        }
    return Readings(
        caption=caption if numbers else "",
        current=bool(numbers),
        values=values,
        **energy,  # type: ignore[arg-type]
    )


def _energy_lines(bench: Bench, meter: Meter) -> tuple[str, ...]:
    records = count_text(meter.sample_count, "record")
    return (
        f"summed from {records} in {elapsed_text(meter.duration)}",
        f"meter's own counter: {value_text('energy', meter.counter_moved)} Wh",
        f"cost  {cost_text(meter.energy, bench.rate, bench.currency)}",
    )


def status_of(bench: Bench) -> Status:
    """Give what the status bar shows."""
    meter, state = bench.meter, state_of(bench)
    dot, words = DOTS[state], _state_words(bench, state)
    if bench.disk_problem:
        dot, words = "red", f"{words}, but the disk refuses"
    left: tuple[str, ...] = ()
    if meter is not None and meter.sample_count:
        left = (
            elapsed_text(meter.elapsed),
            count_text(meter.sample_count, "sample"),
            _gap_words(meter),
        )
    return Status(dot, words, left, _right_parts(bench))


def _state_words(bench: Bench, state: str) -> str:
    meter = bench.meter
    if state == "empty" or meter is None:
        return "No meter yet" if state == "empty" else "Opened"
    if state == "opened":
        return f"Opened, recorded {date_text(bench.session_start)}"
    if state == "stopped":
        return "Stopped, everything is on disk"
    if state == "live" and not meter.sample_count:
        return "Connected, waiting for the first record"
    return str(meter.problem or meter.state_text) if state == "failed" else str(meter.state_text)


def _gap_words(meter: Meter) -> str:
    words = count_text(meter.gap_count, "gap")
    return f"{words} ({duration_text(meter.gap_duration)})" if meter.gap_count else words


def _right_parts(bench: Bench) -> tuple[str, ...]:
    parts = []
    if bench.session_path is not None:
        parts += [bench.session_path.name, size_text(bench.file_size)]
    meter = bench.meter
    if len(bench.meters) > 1:
        parts.append(f"{len(bench.meters)} meters")
    elif meter is not None:
        parts.append(model_text(meter.model, meter.firmware) or short_port(meter.url))
    return tuple(part for part in parts if part)


def notices_of(bench: Bench, dismissed: Sequence[str] = ()) -> list[Notice]:
    """Give the lines above the plots, the most pressing first."""
    notices = []
    if bench.disk_problem:
        notices.append(_disk_notice(bench))
    meter = bench.meter
    if meter is not None and meter.state == "failed":
        buttons = (("Try again", "connect"), ("Details", "details"))
        notices.append(Notice("failed", "error", meter.problem, meter.hint, buttons))
    if not bench.recording and bench.interrupted:
        notices.append(_interrupted_notice(bench.interrupted[0]))
    return [notice for notice in notices if notice.key not in dismissed]


def _disk_notice(bench: Bench) -> Notice:
    waiting = count_text(bench.disk_waiting, "sample")
    verb = "waits" if bench.disk_waiting == 1 else "wait"
    room = duration_text(bench.disk_seconds_left)
    hint = f"{waiting} {verb} in memory; there is room for {room}."
    if bench.disk_dropped:
        hint += f" {count_text(bench.disk_dropped, 'sample')} had to be dropped."
    return Notice("disk", "error", bench.disk_problem, f"{hint} {bench.disk_hint}".strip())


def _interrupted_notice(found: object) -> Notice:
    length = duration_text(found.duration_s)  # type: ignore[attr-defined]
    stop = clock_text(found.span[1] / MICROSECONDS)  # type: ignore[attr-defined]
    text = f"A recording of {length} ended without being closed. It is complete up to {stop}."
    buttons = (("Open", "open_interrupted"), ("Dismiss", "dismiss_interrupted"))
    return Notice("interrupted", "info", text, "", buttons)
