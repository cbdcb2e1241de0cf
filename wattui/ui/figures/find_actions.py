# SPDX-License-Identifier: GPL-3.0-or-later
"""The actions that find something in the session: a step, a gap, the highest power, cycles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Final

from wattui.errors import WattuiError
from wattui.measurement.clock import microseconds
from wattui.measurement.text import count_text, value_text
from wattui.session import Session, Span
from wattui.ui.figures.part_reader import meter_of
from wattui.ui.widgets.action import HAS_SESSION, Action, WindowContext

#: The most spans that are kept at once.
_MOST: Final = 200

#: Pixels by which the pointer may be off what was found before.
_NEAR: Final = 2.0


@dataclass(frozen=True, slots=True)
class _Found:
    """What was found: a time to go to, a part to select, or nothing; and words about it."""

    words: str
    time_us: int | None = None
    part: tuple[int, int] | None = None
    spans: tuple[Span, ...] = ()


#: Looks in a session for something of a meter, from a time on.
_Look = Callable[[Session, int, int], _Found]


def _find(context: WindowContext, look: _Look) -> None:
    """Look on a separate thread, and then show what was found."""
    model = context.model
    path, wanted = model.plots.session_path, model.figures.meter()
    if path is None:
        return
    here = _here(context)

    def work() -> _Found:
        with Session.open(path) as session:
            meter = meter_of(session, wanted)
            return _Found("There are no records yet") if meter is None else look(
                session, meter.id, here
            )  # fmt: skip

    def show(found: _Found) -> None:
        if not context.is_open or model.plots.session_path != path:
            return
        model.message = found.words
        if found.time_us is not None:
            model.figures.found_us = found.time_us
            model.figures.go_to(found.time_us)
        if found.part is not None:
            model.plots.view.select(*(time / 1e6 for time in found.part))
        if found.spans:
            model.bench.notes.change([(None, span) for span in found.spans])

    def fail(error: Exception) -> None:
        if isinstance(error, WattuiError):
            model.message = str(error)

    model.bench.main_thread.run("find", work, show, fail)


def _here(context: WindowContext) -> int:
    """Return the time to look from: what was found before, the pointer, or the view's middle."""
    plots, found = context.model.plots, context.model.figures.found_us
    view, here = plots.view, plots.pointer_time
    if here is None:
        here = (view.start + view.stop) / 2
        return found if found and view.start <= found / 1e6 <= view.stop else microseconds(here)
    pixel = view.width / max(1, plots.component.width)
    near = found is not None and abs(found / 1e6 - here) <= _NEAR * pixel
    return found if near else microseconds(here)


def _part(context: WindowContext) -> tuple[int, int]:
    """Return the selection, or else the run, in microseconds."""
    view = context.model.plots.view
    start, stop = view.selection or (view.first, view.last)
    return microseconds(start), microseconds(stop)


def _step(*, back: bool) -> Callable[[WindowContext], None]:
    def look(session: Session, meter: int, here: int) -> _Found:
        step = session.next_step(meter, here, back=back)
        if step is None:
            return _Found(f"The power does not step {'before' if back else 'after'} this")
        before, after = (value_text("power", one) for one in (step.before_w, step.after_w))
        way = "rises" if step.change_w > 0 else "falls"
        return _Found(f"The power {way} from {before} to {after} W", step.time_us)

    return lambda context: _find(context, look)


def _gap(*, back: bool) -> Callable[[WindowContext], None]:
    def look(session: Session, meter: int, here: int) -> _Found:
        gap = session.next_gap(meter, here, back=back)
        if gap is None:
            return _Found(f"There is no gap {'before' if back else 'after'} this")
        return _Found("Records are missing from here on", gap.start_us)

    return lambda context: _find(context, look)


def _highest(context: WindowContext) -> None:
    """Go to the highest power of the selection, or of the view."""
    view = context.model.plots.view
    start, stop = map(microseconds, view.selection or (view.start, view.stop))

    def look(session: Session, meter: int, _here: int) -> _Found:
        power = session.statistics(meter, start, stop, ["power"])["power"]
        words = f"The highest power is {value_text('power', power.high)} W"
        return _Found("There is no power here" if power.high_us is None else words, power.high_us)

    _find(context, look)


def _steady(session: Session, meter: int, here: int) -> _Found:
    """Find the part between two steps that a time belongs to."""
    ends = session.span_us([meter]) or (here, here)
    before = session.next_step(meter, here + 1, back=True)
    after = session.next_step(meter, here)
    start = ends[0] if before is None else before.time_us
    stop = ends[1] if after is None else after.time_us
    return _Found("Selected what is between two steps", part=(start, stop))


def _keep_cycles(context: WindowContext) -> None:
    """Keep the periods above the threshold as spans."""
    figures = context.model.figures
    part, above = _part(context), figures.above or figures.threshold

    def look(session: Session, meter: int, _here: int) -> _Found:
        limit = session.distribution(meter, "power", *part).threshold if above is None else above
        spans = tuple(islice(session.cycles(meter, limit, *part), _MOST)) if limit == limit else ()
        if not spans:
            return _Found("There are no cycles here: select a part, or set a threshold")
        return _Found(f"Kept {count_text(len(spans), 'cycle')} above {limit:.4g} W", spans=spans)

    _find(context, look)


def _keep_steady(context: WindowContext) -> None:
    """Keep the parts between steps as spans."""
    part = _part(context)

    def look(session: Session, meter: int, _here: int) -> _Found:
        spans = tuple(islice(session.steady(meter, *part), _MOST))
        return _Found(f"Kept {count_text(len(spans), 'steady part')}", spans=spans)

    _find(context, look)


FIND_ACTIONS: Final = (
    Action(
        "next_step", "&Select/Fin&d", "Next &step", _step(back=False),
        "Go to where the power next steps up or down", keys=(".",), enabled=HAS_SESSION,
    ),
    Action(
        "last_step", "&Select/Fin&d", "&Previous step", _step(back=True),
        "Go to where the power last stepped before this", keys=(",",), enabled=HAS_SESSION,
    ),
    Action(
        "next_gap", "&Select/Fin&d", "Next &gap", _gap(back=False),
        "Go to where records are missing next", keys=("G",), enabled=HAS_SESSION,
    ),
    Action(
        "last_gap", "&Select/Fin&d", "P&revious gap", _gap(back=True),
        "Go to where records were missing before this", keys=("Shift+G",), enabled=HAS_SESSION,
    ),
    Action(
        "highest", "&Select/Fin&d", "&Highest power", _highest,
        "Go to the highest power of the selection, or of the view", keys=("X",),
        enabled=HAS_SESSION,
    ),
    Action(
        "steady_part", "&Select/Fin&d", "Select the steady p&art here",
        lambda context: _find(context, _steady),
        "Select from the step before the pointer to the one after it", keys=("D",),
        enabled=HAS_SESSION, line=True,
    ),
    Action(
        "keep_cycles", "&Select/Fin&d", "Keep &cycles as spans", _keep_cycles,
        "Keep the periods above the threshold as spans: of the selection, or of the run",
        enabled=HAS_SESSION,
    ),
    Action(
        "keep_steady", "&Select/Fin&d", "Keep s&teady parts as spans", _keep_steady,
        "Keep the parts between steps as spans: of the selection, or of the run",
        enabled=HAS_SESSION,
    ),
)  # fmt: skip
