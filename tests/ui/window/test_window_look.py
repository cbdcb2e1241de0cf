# SPDX-License-Identifier: GPL-3.0-or-later
"""How the main window looks, what it remembers, how it closes."""

from __future__ import annotations

import time

import pytest
from opened_window import FAST, OpenedWindow, threads_left
from PyQt5 import QtCore, QtGui, QtTest, QtWidgets
from traitsui.api import BooleanEditor
from traitsui.testing.api import Index, MouseClick, UITester

from wattui.desktop.preferences_file import PreferencesFile
from wattui.session import Session
from wattui.ui import app
from wattui.ui.dialogs import preferences
from wattui.ui.dialogs.preferences import show_preferences
from wattui.ui.widgets import screen_fit
from wattui.ui.widgets.status_bar import Status
from wattui.ui.window import saved_state
from wattui.ui.window.main_view import TOP_BUTTONS

TESTER = UITester()


@pytest.fixture
def window():
    opened = OpenedWindow()
    yield opened
    opened.close()
    assert threads_left() == []


# -- look ----------------------------------------------------------------------------


@pytest.mark.parametrize("points", [10, 15, 20])
def test_disconnect_is_not_cut_in_a_narrow_window(points):
    """Its width was fixed in pixels, whatever the font; both ends were cut off at 900."""
    application = QtWidgets.QApplication.instance() or app.application(
        PreferencesFile(theme="light")
    )
    before = application.font()
    letters = QtGui.QFont(before)
    letters.setPointSize(points)
    application.setFont(letters)
    opened = OpenedWindow()
    try:
        opened.connect()
        opened.window.resize(900, 600)
        opened.handle_events()
        button = opened.control("connect_button")
        assert button.text() == "Disconnect"
        assert button.width() >= button.sizeHint().width()
        # What the letters need besides is not the port's: that one gives way, and what the
        # menus have too.  "Elapsed" was cut off with larger letters.
        assert opened.control("port").width() < opened.control("port").sizeHint().width()
        for name in ("interval", "clock_mode", *TOP_BUTTONS):
            control = opened.control(name)
            if control.isVisible():
                assert control.width() >= control.sizeHint().width(), name
    finally:
        opened.close()
        application.setFont(before)


def test_the_theme_can_be_switched_while_the_window_is_open(window):
    assert max(window.colours(window.control("place")).items(), key=lambda c: c[1])[0] == "#f4f5f7"
    window.model.theme = "dark"
    window.handle_events()
    assert window.model.plots.palette.name == "dark"
    assert max(window.colours(window.control("place")).items(), key=lambda c: c[1])[0] == "#1e2227"


def test_a_window_has_its_own_theme_after_one_in_the_other(window):
    window.model.theme = "dark"
    window.handle_events()
    window.close()
    light = OpenedWindow()
    try:
        found = light.colours(light.control("place"))
        assert max(found.items(), key=lambda one: one[1])[0] == "#f4f5f7"
    finally:
        light.close()


def test_the_dot_is_green_while_recording_and_amber_while_unplugged(window):
    window.connect(f"{FAST}&faults=unplug@20")
    dot, palette = window.control("status").dot, window.model.palette
    assert dot.colour == palette.ok
    assert palette.ok in window.colours(dot)
    window.wait_for(lambda: window.model.state == "lost", "unplugging", 30)
    assert dot.colour == palette.amber
    colours = window.colours(dot)
    assert palette.amber in colours
    assert palette.ok not in colours


def test_digits_do_not_jump(window):
    from wattui.ui.theme.tabular_figures import Figures

    figures = Figures(40, 20)
    figures.resize(400, 60)
    ends = set()
    for text in ("111.1", "888.8", "417.5"):
        figures.show_value(text, "W")
        ends.add(round(figures._width(40, 20), 3))
    assert len(ends) == 1


def test_preferences_apply_immediately(window):
    window.connect()
    ui = show_preferences(window.model, window.window)
    rate = ui.info.rate.control.field

    def type_rate(text: str) -> None:
        rate.selectAll()
        QtTest.QTest.keyClicks(rate, text)
        QtTest.QTest.keyClick(rate, QtCore.Qt.Key.Key_Return)

    type_rate("0.32")
    TESTER.find_by_name(ui, "currency").locate(Index(1)).perform(MouseClick())
    TESTER.find_by_name(ui, "energy_unit").locate(Index(2)).perform(MouseClick())
    window.handle_events()
    assert window.bench.currency == "€"
    assert window.bench.rate == 0.32
    type_rate("-3")
    assert window.bench.rate == 0.32
    assert window.model.readings.lines[2].endswith("at 0.32 per kWh")
    assert window.model.readings.lines[2].startswith("cost  €")
    assert window.model.readings.energy_unit == "kJ"


def test_a_preference_is_added_in_one_place(monkeypatch):
    """Adds a row for a trait: it is in the dialog, saved, and restored at the next start."""
    rows = (
        *preferences.PREFERENCES,
        preferences.Preference(
            "total_of_all", "model.with_total", "Plot the total", lambda: BooleanEditor()
        ),
    )
    for module in (preferences, saved_state):
        monkeypatch.setattr(module, "PREFERENCES", rows)
    first = OpenedWindow(settings=PreferencesFile.load())
    ui = show_preferences(first.model, first.window)
    ui.info.with_total.control.setChecked(True)
    first.handle_events()
    ui.dispose()
    first.close()
    assert PreferencesFile.load().unknown["total_of_all"] is True
    second = OpenedWindow(settings=PreferencesFile.load())
    try:
        assert second.model.with_total
    finally:
        second.close()


# -- remembered ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("port", "saved"),
    [("sim://es", "sim://es"), ("sim://pro?replay=fan.raw&speed=60", "sim://net")],
)
def test_a_replay_is_not_the_port_of_the_next_start(port, saved):
    opened = OpenedWindow(settings=PreferencesFile(theme="light", port="sim://net"))
    opened.model.port = port
    opened.close()
    assert opened.settings.port == saved


def test_choices_are_restored_at_the_next_start(monkeypatch):
    space = QtCore.QRect(0, 0, 1920, 1080)
    monkeypatch.setattr(screen_fit, "available", lambda _window: space)
    first = OpenedWindow(settings=PreferencesFile.load())
    first.model.trait_set(theme="dark", clock_mode="elapsed", interval=5, energy_unit="kWh")
    first.model.channels = ["voltage", "frequency"]
    first.bench.trait_set(rate=0.3, currency="€")
    first.window.resize(1111, 666)
    first.handle_events()
    first.close()
    second = OpenedWindow(settings=PreferencesFile.load())
    try:
        model = second.model
        assert (model.theme, model.clock_mode, model.interval) == ("dark", "elapsed", 5)
        assert model.channels == ["voltage", "frequency"]
        assert (second.bench.rate, second.bench.currency) == (0.3, "€")
        assert (second.window.width(), second.window.height()) == (1111, 666)
        assert model.palette.name == "dark"
    finally:
        second.close()


def test_saved_values_that_make_no_sense_are_ignored():
    settings = PreferencesFile(
        theme="purple", channels=["nonsense"], interval=-3, window=[0, 0, 5, 5]
    )
    opened = OpenedWindow(settings=settings)
    try:
        assert opened.model.theme == "system"
        assert opened.model.interval == 1
        assert opened.model.channels == ["power", "current", "voltage"]
    finally:
        opened.close()


# -- closing -------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["empty", "connecting", "live", "lost"])
def test_closing_at_any_moment_leaves_nothing_running_and_is_quick(state):
    opened = OpenedWindow(look=list)
    opened.model.ask_before_closing = False
    if state == "connecting":
        opened.model.connect_port("sim://pro?faults=silence@0:60")
        opened.handle_events()
    elif state == "live":
        opened.connect()
    elif state == "lost":
        opened.connect(f"{FAST}&faults=unplug@80")
        opened.wait_for(lambda: opened.model.state == "lost", "unplugging", 30)
    path = opened.bench.session_path
    begun = time.monotonic()
    opened.window.close()
    # Generous for a loaded machine; it takes some milliseconds.
    assert time.monotonic() - begun < 3.0
    assert threads_left() == []
    if path is not None:
        with Session.open(path) as session:
            assert not session.interrupted
    opened.close()


def test_the_open_gap_was_left_out_for_the_name_of_the_file(window):
    bar = window.control("status")
    left = ("11:58", "2,185 samples", "gap 11:50 and counting")
    right = ("2026-11-26 07.08.34 PRO M0.wattui", "242 kB", "4 meters")
    words = "Recording 3 of 4 meters, 1 unplugged"
    window.window.resize(1024, 700)
    bar.show_status(Status("amber", words, left, right), window.model.palette)
    window.handle_events()
    assert bar.left.text() == bar.left.full_text
    assert bar.right.text() != bar.right.full_text
    window.window.resize(1600, 700)
    window.handle_events()
    assert bar.right.text() == bar.right.full_text


def test_the_place_of_a_saved_file_is_shown_before_the_name_of_the_session(window):
    bar = window.control("status")
    right = ("2026-11-23 14.05 a long name of a session.wattui", "118 kB", "PRO, firmware 3.14")
    window.window.resize(1024, 700)
    window.model.status = Status("muted", "Opened", ("2 d 14:43:36",), right)
    window.model.message = "Saved /home/someone/measurements/report of the fridge.html (66 kB)"
    window.handle_events()
    assert bar.message.text() == window.model.message
    assert bar.right.text() != bar.right.full_text
