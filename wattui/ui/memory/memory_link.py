# SPDX-License-Identifier: GPL-3.0-or-later
"""Connects a meter's memory to the main window: progress in the status bar, notices."""

from __future__ import annotations

import math
from typing import Final

from traits.api import HasStrictTraits, Instance, List, Str, observe

from wattui.measurement.text import count_text, duration_text
from wattui.model.memory import WORKS, Fetched, MemoryWork, MeterMemory
from wattui.ui.memory.readout_origin import ReadoutOrigin
from wattui.ui.widgets.notices import Notice, NoticeKind
from wattui.ui.widgets.task_bar import Task

#: Tooltips of *Cancel*.
CANCEL_FETCH = "Stop fetching; the records received so far are saved"
CANCEL_WORK = "Stop this"


#: What it costs to ask a meter that is being recorded.
COST = "Asking the meter pauses its recording for about a second; the pause is marked as a gap."


def work_text(memory: MeterMemory) -> str:
    """Return the work in progress and how far it is; empty if there is none."""
    if not memory.work:
        return ""
    if memory.work != MemoryWork.FETCHING or not (memory.total or memory.unplugged):
        activity = f": {memory.activity}" if memory.activity else ""
        return f"{WORKS[memory.work]}{activity}"
    if memory.unplugged:
        after = f" after {count_text(memory.done, 'record')}" if memory.done else ""
        return f"Unplugged{after}: plug the meter in again, or cancel"
    parts = [f"Fetching: {memory.done:,} of {count_text(memory.total, 'record')}"]
    if memory.rate:
        parts.append(f"{memory.rate:,.0f}/s")
    if not math.isnan(memory.seconds_left) and memory.done < memory.total:
        parts.append(f"{duration_text(memory.seconds_left)} left")
    return " · ".join(parts)


#: What closing the window during some work would end, and what would be lost.
_LOSSES: Final = {
    MemoryWork.FETCHING: (
        "fetching",
        "The meter's memory is being fetched. The records received so far are saved and marked as "
        "partial; the meter still has all of its records.",
    ),
    MemoryWork.WRITING: (
        "writing",
        "Settings are being written to the meter. Some of them may not be written.",
    ),
    MemoryWork.CLEARING: ("clearing", "The meter's memory is being cleared."),
    MemoryWork.ARMING: (
        "setting up the meter",
        "The meter is being set up to log on its own. It may not start to log.",
    ),
}


def task_of(memory: MeterMemory) -> Task | None:
    """Return the work in progress for a status bar or window; None if there is none."""
    if not memory.work:
        return None
    fetching = memory.work == MemoryWork.FETCHING
    share = (memory.done, memory.total) if fetching else (0, 0)
    tip = CANCEL_FETCH if fetching else CANCEL_WORK
    name, loss = _LOSSES.get(memory.work, ("", ""))
    return Task(work_text(memory), *share, memory.cancel, tip, name, loss)


def fetch_notice(fetched: Fetched, recording: bool) -> Notice:
    """Return the notice about the result of a read-out, with buttons for the next step."""
    readout = fetched.readout
    count = count_text(len(readout.records), "record")
    dismiss = ("Dismiss", "dismiss_fetched")
    again = ("Fetch again", "fetch_now")
    if fetched.refused is not None:
        text = f"{count} were fetched but could not be saved: {fetched.refused.what}."
        buttons = (("Save again", "save_fetched"), dismiss)
        return Notice("fetched", NoticeKind.ERROR, text, fetched.refused.hint, buttons)
    if fetched.path is None:
        if fetched.complete:
            return Notice(
                "fetched", NoticeKind.INFO, "The meter's memory is empty.", "", (dismiss,)
            )
        text = f"Nothing was fetched: {_reason(fetched)}."
        return Notice("fetched", NoticeKind.WARNING, text, _advice(fetched), (again, dismiss))
    opens = "Open in a new window" if recording else "Open"
    show = (opens, "open_fetched")
    if fetched.complete:
        text = f"The meter's memory was fetched: {count}, {duration_text(readout.span)}."
        hint = "The meter still has them. Their times are counted back from the read-out."
        return Notice("fetched", NoticeKind.INFO, text, hint, (show, dismiss))
    count = f"{len(readout.records):,} of an unknown number of records"
    if readout.expected is not None:
        count = f"{len(readout.records):,} of {count_text(readout.expected, 'record')}"
    verb = "was" if len(readout.records) == 1 else "were"
    text = f"Only {count} {verb} received: {_reason(fetched)}."
    return Notice("fetched", NoticeKind.WARNING, text, _advice(fetched), (show, again, dismiss))


def _reason(fetched: Fetched) -> str:
    reasons = [reason.partition(": ")[2] or reason for reason in fetched.readout.reasons]
    return "; ".join(reasons) or "the meter sent none"


def _advice(fetched: Fetched) -> str:
    saved = "They are saved, and marked as partial. " if fetched.path is not None else ""
    plug = "Plug the meter in and fetch" if "unplugged" in _reason(fetched) else "Fetch"
    rest = "; the rest is added to them." if fetched.path is not None else "."
    return f"{saved}{plug} again{rest} The meter still has all of its records."


class MemoryLink(HasStrictTraits):
    """Shows the work of a MeterMemory in a WindowModel.  Main thread only."""

    memory = Instance(MeterMemory)
    #: The window's model.
    model = Instance("wattui.ui.window.window_model.WindowModel")

    #: Notices about read-outs.
    notices = List(Instance(Notice))

    #: Whether the session that is shown came from a memory.
    origin = Instance(ReadoutOrigin)

    _dismissed = Str()

    def __init__(self, **traits: object) -> None:
        super().__init__(**traits)
        self._port_changed(None)
        self.origin = ReadoutOrigin(model=self.model)
        self.model.port_gate = self.may_connect

    @classmethod
    def of(cls, model: object) -> MemoryLink:
        """Return one for the meters of a window."""
        bench = model.bench  # type: ignore[attr-defined]
        memory = MeterMemory(bench=bench, main_thread=bench.main_thread)
        return cls(memory=memory, model=model)

    def may_connect(self, url: str) -> bool:
        """Check whether a port can be connected to; show a message if it cannot."""
        memory = self.memory
        if not (memory.holds_port and url == memory.url):
            return True
        self.model.message = f"{WORKS[memory.work]}: connect afterwards, or cancel that first"
        return False

    @observe("model:port")
    def _port_changed(self, _event: object) -> None:
        if self.memory is not None and self.model is not None:
            self.memory.port = self.model.port

    @observe("memory:[work,activity,done,total,rate,seconds_left,unplugged]")
    def _work_changed(self, _event: object) -> None:
        if self.model is not None:
            self.model.show_task("memory", task_of(self.memory))

    @observe("memory:work")
    def _busy_changed(self, _event: object) -> None:
        if self.model is not None:
            self.model.memory_busy = bool(self.memory.work)

    @observe("memory:[fetch_ended,problem,work],model:recording")
    def _result_changed(self, event: object) -> None:
        if getattr(event, "name", "") == "fetch_ended":
            self._dismissed = ""
        self.refresh()

    def refresh(self) -> None:
        """Update the notices about read-outs."""
        memory, notices = self.memory, []
        if self.model is None:
            return
        if memory.work == MemoryWork.FETCHING:
            pass  # the result of the last one is out of date
        elif memory.last_work == MemoryWork.FETCHING and memory.problem:
            buttons = (("Fetch again", "fetch_now"), ("Dismiss", "dismiss_fetched"))
            text = f"The memory was not fetched: {memory.problem}."
            notices.append(Notice("fetched", NoticeKind.ERROR, text, memory.hint, buttons))
        elif memory.fetched is not None:
            notices.append(fetch_notice(memory.fetched, self.model.recording))
        if notices and notices[0].text == self._dismissed:
            notices = []
        self.notices = notices
        self._show_notices(None)

    @observe("origin:notices")
    def _show_notices(self, _event: object) -> None:
        if self.origin is not None:
            self.model.more_notices = [*self.notices, *self.origin.notices]

    def dismiss(self) -> None:
        """Hide the notice about the read-out."""
        if self.notices:
            self._dismissed = self.notices[0].text
        self.refresh()

    def dismiss_origin(self) -> None:
        """Hide the notice about where the session came from."""
        self.origin.dismiss()
