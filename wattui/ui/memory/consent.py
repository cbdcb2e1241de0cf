# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialog in which the user allows a meter's memory to be erased.

It reads the state of the memory first, then shows what would be lost and offers to fetch
it. Nothing else creates a :class:`~wattui.model.memory.Consent`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from pyface.qt import QtGui

from wattui.measurement.text import count_text, recent_text
from wattui.meter_memory.wording import loss_text
from wattui.model.memory import Consent, MeterMemory
from wattui.ui.widgets.question import Question


def consent_lines(memory: MeterMemory, purpose: str) -> list[str]:
    """Return the lines about what would be lost."""
    state, fetched = memory.state, memory.fetched
    if state is None:
        loss = "The meter doesn't report how many records it holds."
    else:
        loss = f"{loss_text(state, memory.read_at)}."
    lines = [f"{purpose} erases all records that the meter has logged.", loss]
    if (
        fetched is not None
        and fetched.complete
        and fetched.path is not None
        and fetched.readout.meter.port == memory.source
    ):
        count = len(fetched.readout.records)
        when = recent_text(fetched.readout.finished_at)
        lines.append(f"{count_text(count, 'record')} were fetched at {when}: {fetched.path.name}")
    return lines


def ask_consent(
    parent: QtGui.QWidget | None,
    memory: MeterMemory,
    purpose: str,
    allowed: Callable[[Consent], object],
    shown: Callable[[Question], object] = lambda _question: None,
) -> bool:
    """Read the state of the memory, then ask whether it may be erased.

    Parameters
    ----------
    purpose
        What erases it, as the beginning of a sentence: ``Writing these settings``.
    allowed
        Called with the consent, if it is given.
    shown
        Called with the question once it is open.

    Returns
    -------
    bool
        False if the meter is busy, so that nothing is asked.

    Nothing is asked either if *parent* is closed meanwhile.
    """
    url, gone = memory.url, threading.Event()
    if parent is not None:
        parent.destroyed.connect(gone.set)

    def looked(well: bool) -> None:
        # A failure is shown where the work is shown; nothing was sent.
        closed = gone.is_set() or (parent is not None and not parent.isVisible())
        if well and memory.url == url and not closed:
            shown(_show(parent, memory, purpose, allowed, shown))

    return memory.refresh(looked)


def _show(
    parent: QtGui.QWidget | None,
    memory: MeterMemory,
    purpose: str,
    allowed: Callable[[Consent], object],
    shown: Callable[[Question], object],
) -> Question:
    state, url = memory.state, memory.url
    empty = state is not None and not state.used
    answers = [("erase", "Continue" if empty else "Erase", "danger"), ("cancel", "Cancel", "")]
    if not empty:
        answers.insert(0, ("fetch", "Fetch first", "primary"))
    title = "Nothing is lost by this" if empty else "This erases the meter's memory"
    question = Question(parent, title, consent_lines(memory, purpose), answers)

    def fetched(well: bool) -> None:
        if well and memory.fetched is not None and memory.fetched.complete:
            ask_consent(parent, memory, purpose, allowed, shown)

    def answered(name: str) -> None:
        if name == "erase":
            allowed(Consent(url, None if state is None else state.used))
        elif name == "fetch":
            memory.fetch(fetched)

    question.answered.connect(answered)
    question.open()
    return question
