# SPDX-License-Identifier: GPL-3.0-or-later
"""The power in large letters: by key, menu and Esc, for one to twelve meters, in each state."""

from __future__ import annotations

import re

import pytest
from event_loop import application
from opened_window import FAST, OpenedWindow
from PyQt5 import QtCore, QtWidgets

from wattui.ui.theme.palette import DARK, LIGHT
from wattui.ui.window.large_readings import LargePanel, LargeReading, best_grid

_Key = QtCore.Qt


@pytest.fixture
def window():
    opened = OpenedWindow()
    opened.window.resize(1024, 700)
    yield opened
    opened.close()


def panel(window):
    return window.window.findChild(LargePanel, "largeReadings")


def visible(window):
    names = ("top_bar", "side_panel", "component", "meter_rows", "shows_large")
    return {name for name in names if window.control(name).isVisible()}


def test_a_key_fills_the_window_and_esc_leaves_it_while_the_recording_goes_on(window):
    window.connect()
    before = visible(window)
    window.key(_Key.Key_W)
    assert visible(window) == {"shows_large"}
    assert not window.model.plots.shown  # Nothing is read for plots that are not seen.
    (one,) = panel(window).readings
    assert one.current
    assert one.lines[0] == "Recording"
    window.wait_for(lambda: panel(window).readings[0].power != one.power, "another power")
    assert panel(window).readings[0].power == window.model.readings.value("power")
    window.key(_Key.Key_Escape)
    assert visible(window) == before
    assert window.model.recording
    frames = window.model.plots.frames
    window.wait_for(lambda: window.model.plots.frames > frames, "the plots again")


def test_the_digits_fill_the_window_and_the_menu_leaves_them_too(window):
    window.connect()
    window.key(_Key.Key_W)
    assert panel(window).grid().size > 150
    window.window.resize(1500, 1000)
    window.handle_events()
    assert panel(window).grid().size > 250
    entries = window.window.findChildren(QtWidgets.QAction)
    (entry,) = [one for one in entries if one.text().replace("&", "") == "Large readings"]
    assert entry.isChecked()
    entry.trigger()
    window.handle_events()
    assert not window.model.shows_large
    assert window.control("component").isVisible()


def test_an_unplugged_meter_is_grey_and_says_so_in_large_letters(window):
    window.connect(f"{FAST}&faults=unplug@80")
    window.key(_Key.Key_W)
    black = window.colours(panel(window))[LIGHT.text]
    window.wait_for(lambda: window.model.state == "lost", "unplugging", 30)
    (one,) = panel(window).readings
    assert not one.current
    assert one.dot == "amber"
    assert one.lines[0].startswith("Unplugged at ")
    assert "last one at" in one.lines[0]
    colours = window.colours(panel(window))
    assert colours[LIGHT.text] < 0.4 * black  # Only the name.
    assert colours[LIGHT.muted] > 3 * colours[LIGHT.text]


def test_each_of_several_meters_has_its_state_and_all_have_a_total(window):
    faults = ("", "&faults=unplug@30", "")
    urls = [f"{FAST}&serial={n}&seed={n}{fault}" for n, fault in enumerate(faults)]
    window.model.connect_ports(urls, ["Fridge", "Lamp", "Server"])
    window.key(_Key.Key_W)
    meters = window.bench.meters
    window.wait_for(lambda: [one.state for one in meters].count("lost") == 1, "unplugging", 30)
    window.key(_Key.Key_W)
    assert [one.name for one in panel(window).readings] == ["Fridge", "Lamp", "Server"]
    assert [one.current for one in panel(window).readings] == [True, False, True]
    assert panel(window).readings[1].lines[0].startswith("Unplugged")
    assert re.fullmatch(r"[\d.]+ ± [\d.]+ Wh", panel(window).readings[0].lines[0])
    total = panel(window).total
    assert total.name == "Power of 2 live meters"
    power, energy = window.model.meter_total.statements
    assert f"{total.power} W" == power.text
    assert total.lines == (f"Energy of 3 meters: {energy.text}",)


def test_without_a_session_the_key_does_nothing(window):
    window.key(_Key.Key_W)
    assert not window.model.shows_large
    assert window.control("top_bar").isVisible()


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("count", range(1, 13))
def test_twelve_meters_fit_in_light_and_dark(count, palette):
    application()
    shown = LargePanel()
    shown.resize(780, 380)
    readings = [
        LargeReading(f"Meter {n}", "1234.5", palette.meter(n), True, "ok", ("1.23 Wh",))
        for n in range(count)
    ]
    shown.show_readings(readings, readings[0] if count > 1 else None, palette)
    grid = shown.grid()
    assert grid.rows * grid.columns >= count
    assert grid.size >= 26
    colours = OpenedWindow.colours(None, shown)
    assert colours[palette.panel] > 1000
    for reading in readings:
        assert reading.colour in colours


def test_the_digits_keep_their_size_while_the_power_changes():
    application()
    shown = LargePanel()
    shown.resize(600, 400)
    sizes = set()
    for power in ("0.3", "42.0", "118.7", "1875.0", "–"):
        shown.show_readings([LargeReading("Fridge", power)], None, LIGHT)
        sizes.add(shown.grid().size)
    assert len(sizes) == 1


def test_cells_never_need_more_than_their_room():
    for count in range(1, 13):
        for width, height in ((300, 200), (1000, 600), (500, 900), (3000, 400)):
            grid = best_grid(count, width, height, 4.0)
            assert grid.rows * grid.columns >= count
            assert grid.size == 1 or 4.0 * grid.size <= width / grid.columns
