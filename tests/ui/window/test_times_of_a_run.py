# SPDX-License-Identifier: GPL-3.0-or-later
"""Every time of a run is shown in the mode that was chosen, with its date if the run is long.

The texts are found by painting every widget of the window: see ``drawn_texts``.
"""

from __future__ import annotations

import re

import pytest
from drawn_texts import drawn_texts, visible_widgets
from opened_window import OpenedWindow, threads_left

from wattui.client import ClientState
from wattui.measurement.text import TimeMode, clock_text, day_text, elapsed_text

DAY = 86_400.0


@pytest.fixture
def window():
    opened = OpenedWindow()
    yield opened
    opened.close()
    assert threads_left() == []


def recorded(window, count, length):
    """Show a recording of some length with a meter that was lost; return the times in it."""
    for number in range(count):
        window.model.connect_added(f"sim://pro?load=lamp&speed=60&seed={number}&serial=M{number}")
    window.wait_for(lambda: all(one.live for one in window.bench.meters), "every meter")
    window.model.disconnect_all()
    window.wait_for(lambda: not (window.bench.recording or window.bench._ending), "the end")
    meter = window.bench.meters[-1]
    window.bench.meter = meter
    stop = meter.last_time
    start = stop - length
    window.bench.trait_set(session_start=start, session_stop=stop)
    for one in window.bench.meters:
        one.trait_set(since=start, elapsed=length)
    meter.trait_set(state=ClientState.LOST, paused="", lost_since=stop)
    window.model.plots.trait_set(origin=start, pointer_time=None)
    window.model.plots.ticks.trait_set(origin=start, span=length)
    window.model.refresh()
    window.handle_events()
    return start, stop


def texts_of(window):
    """Return what the window says, without its plots, and its tooltips."""
    model, plots = window.model, window.model.plots
    widgets = [one for one in visible_widgets(window.window) if type(one).__name__ != "_QtWindow"]
    found = [one.text for widget in widgets for one in drawn_texts(widget)]
    found += [widget.toolTip() for widget in widgets]
    found += [row.tooltip for row in model.meter_rows]
    return [*found, *plots.absent_why.values()]


def clock_times(texts, moment):
    """Return the texts that have a time by the clock, and what is before it in each."""
    clock = re.escape(clock_text(moment, False))
    return [(text, found[1]) for text in texts for found in re.finditer(f"(.*){clock}", text)]


@pytest.mark.parametrize("count", [1, 2])
def test_a_time_of_a_long_run_had_no_date(window, count):
    moments = recorded(window, count, 3 * DAY + 5 * 3600)
    window.model.clock_mode = TimeMode.CLOCK
    window.handle_events()
    texts = texts_of(window)
    assert clock_times(texts, moments[1]), texts
    for moment in moments:
        for text, before in clock_times(texts, moment):
            assert before.endswith(f"{day_text(moment)} "), text


@pytest.mark.parametrize("count", [1, 2])
def test_a_time_by_the_clock_was_shown_where_elapsed_time_was_chosen(window, count):
    start, stop = recorded(window, count, 5 * 3600 + 7.0)
    window.model.clock_mode = TimeMode.ELAPSED
    window.handle_events()
    texts = texts_of(window)
    for moment in (start, stop):
        assert clock_times(texts, moment) == []
    assert any(f"after {elapsed_text(stop - start)}" in text for text in texts), texts


def test_the_crosshair_has_the_form_of_the_rest(window):
    start, stop = recorded(window, 1, 3 * DAY + 5 * 3600)
    model, plots = window.model, window.model.plots
    for mode in TimeMode:
        model.clock_mode = mode
        window.handle_events()
        plots.view.show(start, stop)
        window.wait_for(lambda: not plots.reading, "the plots")
        plots.ticks.trait_set(origin=start, span=stop - start)
        # A narrow view has tenths of a second too.
        assert plots.time_text(stop - 60).startswith(model.time_form.text(stop - 60))
