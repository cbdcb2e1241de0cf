# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps, gaps, the highest power and cycles are found by keys, in an opened session."""

from __future__ import annotations

import pytest
from opened_window import OpenedWindow, threads_left
from plot_window import Recording, sample
from PyQt5 import QtCore

from wattui.session import Session
from wattui.simulator import loads

LENGTH = 5_190
#: When the compressor of the simulated fridge starts and stops, in s.
STEPS = (15, 1_087, 2_715, 3_873)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Record a fridge for an hour and a half, without the records of half a minute."""
    load = loads.Load(loads.fridge)
    recording = Recording(tmp_path_factory.mktemp("find"), ["Fridge"])
    seconds = [n for n in range(1, LENGTH + 1) if not 4_500 <= n < 4_530]
    recording.add(
        [
            sample(n, gap=30.0 * (n == 4_530), power=load.reading(float(n - 1)).power)
            for n in seconds
        ]
    )
    recording.close()
    return recording.path


@pytest.fixture
def window(recorded):
    opened = OpenedWindow()
    opened.model.clock_mode = "elapsed"
    opened.model.bench.open_session(recorded)
    plots = opened.model.plots
    opened.wait_for(lambda: plots.frames and plots.view.known, "the plots")
    yield opened
    opened.close()
    assert threads_left() == []


def at(window):
    """Return the second of the run at which something was found."""
    return window.model.figures.found_us / 1e6 - window.model.plots.view.first


def press(window, key, modifier=QtCore.Qt.NoModifier):
    window.model.message = ""
    window.key(key, modifier)
    window.wait_for(lambda: window.model.message, "something that is found")


def test_keys_go_from_step_to_step_and_back(window):
    window.model.plots.view.show(window.model.plots.view.first, window.model.plots.view.last)
    window.model.figures.found_us = round(window.model.plots.view.first * 1e6)
    for number, expected in enumerate(STEPS):
        press(window, QtCore.Qt.Key_Period)
        assert at(window) == pytest.approx(expected, abs=0.01)
        assert f"The power {('rises', 'falls')[number % 2]} from" in window.model.message
        moment = window.model.plots.pointer_time
        pixel = window.model.plots.view.width / window.model.plots.component.width
        assert abs(moment - window.model.figures.found_us / 1e6) < 2 * pixel
    press(window, QtCore.Qt.Key_Period)
    assert window.model.message == "The power does not step after this"
    for expected in STEPS[-2::-1]:
        press(window, QtCore.Qt.Key_Comma)
        assert at(window) == pytest.approx(expected, abs=0.01)


def test_a_key_goes_to_the_gap(window):
    press(window, QtCore.Qt.Key_G)
    assert at(window) == pytest.approx(4_499, abs=0.01)
    press(window, QtCore.Qt.Key_G)
    assert window.model.message == "There is no gap after this"


def test_a_key_goes_to_the_highest_power_of_the_selection(window):
    view = window.model.plots.view
    view.select(view.first + 2_000, view.first + 4_000)
    press(window, QtCore.Qt.Key_X)
    assert at(window) == pytest.approx(2_716, abs=0.01)
    assert window.model.message.startswith("The highest power is 4")


def test_a_key_selects_between_two_steps(window):
    view = window.model.plots.view
    window.model.figures.found_us = round((view.first + 2_000) * 1e6)
    press(window, QtCore.Qt.Key_D)
    start, stop = (moment - view.first for moment in view.selection)
    assert (start, stop) == pytest.approx(STEPS[1:3], abs=0.01)


def test_cycles_and_steady_parts_become_spans_and_are_undone_together(window, recorded, tmp_path):
    notes = window.model.bench.notes
    window.wait_for(lambda: notes.changeable, "the notes")
    for name, count in (("keep_cycles", 2), ("keep_steady", 5)):
        window.handler.do(window.info, name)
        window.wait_for(lambda count=count: len(notes.spans) == count, name)
        with Session.open(recorded) as session:
            assert len(session.spans()) == count
        window.key(QtCore.Qt.Key_Z, QtCore.Qt.ControlModifier)
        window.wait_for(lambda: not notes.spans, "the undo")
