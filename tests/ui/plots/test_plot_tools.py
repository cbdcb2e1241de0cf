# SPDX-License-Identifier: GPL-3.0-or-later
"""The mouse on the plots and on the strip, by real Qt events."""

from __future__ import annotations

import numpy as np
import pytest
from event_loop import application, wait_for
from plot_window import START, PlotWindow, Recording, sample
from pyface.qt import QtCore

from wattui.ui.plots.selection_handles import covered_places, edge_times
from wattui.ui.plots.value_axis import ValueRange
from wattui.ui.theme.palette import DARK

SHIFT = QtCore.Qt.ShiftModifier
CTRL = QtCore.Qt.ControlModifier


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    one = Recording(tmp_path_factory.mktemp("tools"))
    one.add([sample(n + 1, power=40.0 + n % 10) for n in range(600)])
    one.close()
    return one


@pytest.fixture
def window(recording):
    shown = PlotWindow(session_path=recording.path, channels=["power", "voltage"])
    shown.next_frame()
    yield shown
    shown.close()


def centre(window, number=0):
    """Return the centre of a plot, in pixels."""
    plot = window.stack.shown_rows()[number].plot
    return plot.x + plot.width / 2, plot.y + plot.height / 2


def test_the_wheel_zooms_time_at_the_pointer(window):
    x, y = centre(window)
    x -= 200
    at, width = window.stack.time_at(x), window.stack.view.width
    window.wheel(x, y, 1)
    assert window.stack.view.width == pytest.approx(0.8 * width)
    assert window.stack.time_at(x) == pytest.approx(at, abs=0.01)
    window.wheel(x, y, -1)
    assert window.stack.view.width == pytest.approx(width, rel=0.02)


def test_shift_and_the_wheel_scroll(window):
    window.stack.view.show(START + 200, START + 300)
    window.settle()
    window.wheel(*centre(window), 1, SHIFT)
    assert window.stack.view.start == pytest.approx(START + 190)
    assert window.stack.view.width == pytest.approx(100)
    window.wheel(*centre(window), -2, SHIFT)
    assert window.stack.view.start == pytest.approx(START + 210)


def test_ctrl_and_the_wheel_zoom_the_value_axis_of_that_plot_only(window):
    power, voltage = window.stack.shown_rows()
    before, other = power.plot.value_range.high - power.plot.value_range.low, voltage.plot
    seen = (other.value_range.low, other.value_range.high)
    x, y = centre(window)
    value = power.plot.value_mapper.map_data(y)
    window.wheel(x, y, 1, CTRL)
    after = power.plot.value_range.high - power.plot.value_range.low
    assert after == pytest.approx(0.8 * before)
    assert power.plot.value_mapper.map_data(y) == pytest.approx(value, abs=0.05)
    assert (other.value_range.low, other.value_range.high) == seen
    assert window.stack.view.whole


def test_a_drag_pans(window):
    window.stack.view.show(START + 200, START + 300)
    window.settle()
    x, y = centre(window)
    second = window.stack.width_in_pixels() / 100
    window.drag((x, y), (x + 20 * second, y))
    assert window.stack.view.start == pytest.approx(START + 180, abs=0.5)
    assert not window.stack.view.pinned


def test_a_drag_continues_outside_the_plot_and_ends_with_the_button(window):
    window.stack.view.show(START + 200, START + 300)
    window.settle()
    x, y = centre(window)
    window.drag((x, y), (x - 250, -40))
    start = window.stack.view.start
    assert start > START + 200
    window.move(x + 300, y)
    assert window.stack.view.start == start


def test_a_click_moves_nothing(window):
    window.stack.view.show(START + 200, START + 300)
    window.settle()
    x, y = centre(window)
    window.drag((x, y), (x + 1, y))
    assert window.stack.view.start == START + 200


def test_a_double_click_fits_time_and_values(window):
    window.wheel(*centre(window), 5)
    window.wheel(*centre(window), 5, CTRL)
    row = window.stack.shown_rows()[0]
    assert row.chosen is not None
    window.double_click(*centre(window))
    assert window.stack.view.whole
    assert row.chosen is None
    window.settle()
    assert row.plot.value_range.low <= 40 < 49 <= row.plot.value_range.high


def test_shift_and_a_drag_select_a_span_and_show_its_statistics(window):
    plot = window.stack.shown_rows()[0].plot
    left = float(plot.index_mapper.map_screen(START + 100.0)[0])
    right = float(plot.index_mapper.map_screen(START + 200.0)[0])
    y = plot.y + 20
    window.next_frame(lambda: window.drag((left, y), (right, y), SHIFT))
    start, stop = window.stack.view.selection
    assert start == pytest.approx(START + 100, abs=1)
    assert stop == pytest.approx(START + 200, abs=1)
    window.settle()
    (numbers,) = window.stack.selection_statistics.values()
    assert numbers.count == pytest.approx(100, abs=1)
    longest = window.stack.shown_rows()[0].head_texts()[0]
    duration, mean, energy = longest.split("   ")
    assert duration in ("selected 1:40", "selected 1:39", "selected 1:41")
    assert mean.startswith("mean 44.")
    assert " ± " in energy
    assert energy.endswith("Wh")


def test_esc_clears_the_selection(window):
    window.stack.view.select(START + 10, START + 20)
    window.move(*centre(window))
    window.key(QtCore.Qt.Key_Escape)
    assert window.stack.view.selection is None


def test_a_click_with_shift_clears_the_selection(window):
    window.stack.view.select(START + 10, START + 20)
    window.drag(centre(window), centre(window), SHIFT)
    assert window.stack.view.selection is None


def test_time_and_values_under_the_pointer_are_shown(window):
    window.stack.readings = ["power_factor", "frequency"]
    window.settle()
    plot = window.stack.shown_rows()[1].plot
    x = float(plot.index_mapper.map_screen(START + 123.5)[0])
    window.move(x, plot.y + 10)
    assert window.stack.pointer_time == pytest.approx(START + 123.5, abs=1)
    values = window.stack.pointer_values
    assert values["power"] == 40.0 + (int(window.stack.pointer_time - START)) % 10
    assert values["voltage"] == 120.0
    assert values["frequency"] == 60.0
    window.image()
    window.leave()
    assert window.stack.pointer_time is None
    assert window.stack.pointer_values == {}


def test_there_are_no_values_in_a_gap(tmp_path):
    recording = Recording(tmp_path)
    recording.add([sample(n + 1) for n in range(50)])
    recording.add([sample(n + 101, gap=50.0 if n == 0 else 0.0) for n in range(50)])
    recording.close()
    window = PlotWindow(session_path=recording.path, channels=["power"])
    window.next_frame()
    row, key = window.stack.shown_rows()[0], window.stack.meters[0][0]
    assert row.value_at(key, START + 75.0) is None
    assert row.value_at(key, START + 25.0) == 42.3
    assert row.value_at(key, START + 100.5) == 42.3
    assert row.value_at(key, START + 500.0) is None
    window.close()


def x_at(window, second):
    """Return where a time is in the plots, in pixels."""
    return float(window.stack.component.index_mapper.map_screen(START + float(second))[0])


def test_an_edge_of_the_selection_can_be_dragged_and_so_can_all_of_it(window):
    stack = window.stack
    stack.view.show(START + 50, START + 350)
    stack.view.select(START + 100, START + 200)
    window.settle()
    y = centre(window)[1]
    window.drag((x_at(window, 200), y), (x_at(window, 250), y))
    assert stack.view.selection == pytest.approx((START + 100, START + 250), abs=2)
    assert stack.view.start == START + 50
    window.drag((x_at(window, 150), y), (x_at(window, 120), y))
    assert stack.view.selection == pytest.approx((START + 70, START + 220), abs=2)
    assert stack.view.start == START + 50
    # Another drag begins where the last one ended, and one beside the selection moves the view.
    window.drag((x_at(window, 150), y), (x_at(window, 180), y))
    assert stack.view.selection == pytest.approx((START + 100, START + 250), abs=2)
    window.drag((x_at(window, 300), y), (x_at(window, 280), y))
    assert stack.view.start == pytest.approx(START + 70, abs=2)
    assert stack.view.selection == pytest.approx((START + 100, START + 250), abs=2)


def test_a_moved_selection_stays_within_the_run_with_its_width(window):
    stack = window.stack
    stack.view.show(START, START + 200)
    stack.view.select(START + 50, START + 100)
    window.settle()
    y = centre(window)[1]
    window.drag((x_at(window, 75), y), (x_at(window, 5), y))
    assert stack.view.selection == (START, START + 50)
    assert stack.component.index.metadata["selections"] == stack.view.selection


def test_a_drag_moves_the_view_if_the_selection_has_no_edge_in_it(window):
    """Otherwise nothing could be dragged once all is selected."""
    stack = window.stack
    stack.view.select(START, START + 600)
    stack.view.show(START + 100, START + 200)
    window.settle()
    y = centre(window)[1]
    window.drag((x_at(window, 150), y), (x_at(window, 130), y))
    assert stack.view.start == pytest.approx(START + 120, abs=2)
    assert stack.view.selection == (START, START + 600)


def test_another_span_can_be_selected_beside_or_within_the_first(window):
    """A drag with Shift cleared the selection and selected nothing."""
    stack = window.stack
    y = centre(window)[1]
    for start, stop in ((100, 200), (300, 400), (320, 380)):
        window.drag((x_at(window, start), y), (x_at(window, stop), y), SHIFT)
        assert stack.view.selection == pytest.approx((START + start, START + stop), abs=2)


def test_no_crosshair_hides_the_times_of_a_selection_that_is_dragged(window):
    """It stayed where the drag had begun, over the time of the start."""
    stack = window.stack
    x, y = centre(window)
    window.move(x, y)
    assert stack.pointer_time is not None
    window.press(x, y, SHIFT)
    window.move(x + 50, y, QtCore.Qt.LeftButton, SHIFT)
    assert stack.view.selection is not None
    assert stack.pointer_time is None
    window.release(x + 50, y, SHIFT)
    window.move(x + 60, y)
    assert stack.pointer_time is not None


def test_select_is_a_tool_for_one_drag_without_shift(window):
    stack = window.stack
    stack.view.show(START, START + 200)
    window.settle()
    y = centre(window)[1]
    stack.view.selecting = True
    window.drag((x_at(window, 50), y), (x_at(window, 100), y))
    assert stack.view.selection == pytest.approx((START + 50, START + 100), abs=1)
    assert not stack.view.selecting
    stack.view.selecting = True
    window.drag((x_at(window, 70), y), (x_at(window, 150), y))
    assert stack.view.selection == pytest.approx((START + 70, START + 150), abs=1)
    stack.view.selecting = True
    window.move(*centre(window))
    window.key(QtCore.Qt.Key_Escape)
    assert not stack.view.selecting


@pytest.mark.parametrize("place", ["above", "below"])
def test_the_handles_beside_the_plots_can_be_grabbed(window, place):
    stack = window.stack
    stack.view.show(START, START + 200)
    stack.view.select(START + 50, START + 100)
    window.settle()
    first, last = stack.shown_rows()
    y = first.plot.y2 + 4 if place == "above" else last.plot.y - 12
    accent = window.where(stack.palette.accent, tolerance=0.05)
    for second in (50, 100):
        near = np.abs(accent - [x_at(window, second), y]).max(axis=1) <= 6
        assert near.sum() > 15, "no handle is drawn"
    window.drag((x_at(window, 100), y), (x_at(window, 160), y))
    assert stack.view.selection == pytest.approx((START + 50, START + 160), abs=1)


def test_the_times_of_the_handles_do_not_overlap_and_hide_no_other_time(window):
    stack = window.stack
    stack.view.show(START + 60, START + 260)
    # The last ones are at the very ends of the axis, where a time cannot end at its edge.
    for begin, width in ((100, 150), (100, 20), (100, 1), (60, 1), (61, 3), (258, 1), (256, 3)):
        stack.view.select(START + begin, START + begin + width)
        window.settle()
        plot = stack.shown_rows()[-1].plot
        (_, first, left, right), (_, second, low, high) = edge_times(stack, plot)
        assert (first, second) == tuple(stack.time_text(edge) for edge in stack.view.selection)
        assert right <= low + 1
        assert plot.outer_x <= left
        assert high <= plot.outer_x2
        assert covered_places(stack, plot)[:2] == [(left, right), (low, high)]
    stack.view.show(START + 300, START + 400)
    assert edge_times(stack, plot) == []


def test_a_selection_stays_within_the_data(window):
    stack = window.stack
    stack.view.show(START - 20, START + 100)
    window.settle()
    y = centre(window)[1]
    start = float(stack.component.index_mapper.map_screen(START - 5.0)[0])
    window.drag((start, y), (start + 300, y), SHIFT)
    assert stack.view.selection[0] == START
    assert stack.component.index.metadata["selections"] == stack.view.selection


def test_the_pointer_shows_values_while_a_span_is_selected(window):
    window.stack.view.select(START + 100, START + 200)
    window.settle()
    window.move(*centre(window))
    assert window.stack.pointer_values


# --- the strip --------------------------------------------------------------------------


def x_of(strip, moment):
    """Return where a time is in the strip, in pixels."""
    return float(strip.index_mapper.map_screen(moment)[0])


def strip_y(window):
    strip = window.stack.overview
    return strip.y + strip.height / 2


def test_dragging_the_window_in_the_strip_moves_the_view(window):
    stack, strip = window.stack, window.stack.overview
    stack.view.show(START + 100, START + 200)
    window.settle()
    x, y = x_of(strip, START + 150), strip_y(window)
    window.drag((x, y), (x_of(strip, START + 350), y))
    assert stack.view.start == pytest.approx(START + 300, abs=2)
    assert stack.view.width == pytest.approx(100)


@pytest.mark.parametrize(("edge", "to"), [("start", 50), ("stop", 400)])
def test_dragging_an_edge_in_the_strip_resizes_the_view(window, edge, to):
    stack, strip = window.stack, window.stack.overview
    stack.view.show(START + 200, START + 300)
    window.settle()
    other = stack.view.stop if edge == "start" else stack.view.start
    x = x_of(strip, getattr(stack.view, edge))
    window.drag((x, strip_y(window)), (x_of(strip, START + to), strip_y(window)))
    assert getattr(stack.view, edge) == pytest.approx(START + to, abs=3)
    assert (stack.view.stop if edge == "start" else stack.view.start) == pytest.approx(other)


def test_a_click_beside_the_window_jumps_there(window):
    stack, strip = window.stack, window.stack.overview
    stack.view.show(START + 100, START + 200)
    window.settle()
    x = x_of(strip, START + 450)
    window.press(x, strip_y(window))
    window.release(x, strip_y(window))
    assert stack.view.start == pytest.approx(START + 400, abs=2)


def test_edges_cannot_be_dragged_past_each_other(window):
    stack, strip = window.stack, window.stack.overview
    stack.view.show(START + 200, START + 300)
    window.settle()
    x = x_of(strip, stack.view.start)
    window.drag((x, strip_y(window)), (x_of(strip, START + 590), strip_y(window)))
    assert stack.view.start < stack.view.stop
    assert stack.view.width >= 2.0


def test_the_wheel_on_the_strip_zooms(window):
    width = window.stack.view.width
    strip = window.stack.overview
    window.wheel(strip.x + 50, strip_y(window), 1)
    assert window.stack.view.width == pytest.approx(0.8 * width)


def test_the_run_in_the_strip_is_drawn_again_only_when_it_looks_different(window, monkeypatch):
    """Every frame drew all of the strip again, which took a tenth of its time."""
    strip, drawn = window.stack.overview, []
    window.stack.view.show(START + 300, START + 400)
    window.settle()
    draw = type(strip).draw_run
    monkeypatch.setattr(type(strip), "draw_run", lambda self, gc: (drawn.append(1), draw(self, gc)))
    before = window.image()
    window.stack.view.show(START + 100, START + 200)
    window.settle()
    after = window.image()
    assert not drawn
    rows = slice(
        window.control.height() - round(strip.y2), window.control.height() - round(strip.y)
    )
    assert not np.array_equal(before[rows], after[rows])  # the window in it has moved
    window.stack.palette = DARK
    window.control.repaint()
    assert drawn == [1]
    window.control.resize(700, 500)
    window.settle()
    assert len(drawn) > 1


def test_the_mouse_has_no_effect_without_a_session():
    window = PlotWindow(channels=["power"])
    window.control.repaint()
    strip = window.stack.overview
    for place in (centre(window), (strip.x + 20, strip_y(window))):
        window.move(*place)
        window.wheel(*place, 1)
        window.drag(place, (place[0] + 50, place[1]))
        window.double_click(*place)
    application().processEvents()
    assert not window.stack.view.known
    window.close()


def test_the_plots_follow_the_mouse_before_new_data_has_come(window):
    window.stack.view.show(START + 200, START + 300)
    window.settle()
    frames = window.stack.frames
    window.drag(centre(window), (centre(window)[0] - 30, centre(window)[1]))
    assert window.stack.shown_rows()[0].plot.index_range.low == window.stack.view.start
    wait_for(lambda: window.stack.frames > frames)


def test_the_crosshair_stays_at_the_pointer_while_data_moves_beneath_it(window):
    """It moved away with the data, and showed a time that was not under the pointer."""
    stack = window.stack
    plot = stack.shown_rows()[0].plot
    window.next_frame(lambda: stack.view.show(START + 100, START + 300))
    x = round(plot.x + plot.width / 2)
    window.move(x, plot.y + 10)
    before = stack.pointer_time
    for _ in range(2):
        window.next_frame(lambda: stack.pan(0.1))
        assert stack.pointer_time == pytest.approx(stack.time_at(x), abs=1e-6)
    assert stack.pointer_time != pytest.approx(before, abs=1)
    assert stack.pointer_values == stack.values_at(stack.pointer_time)


@pytest.mark.parametrize("leaving", ["hidden", "session", "pointer"])
def test_the_crosshair_leaves_with_the_view(window, leaving):
    stack = window.stack
    window.move(*centre(window))
    assert stack.pointer_time is not None
    if leaving == "hidden":
        stack.shown = False
    elif leaving == "session":
        stack.session_path = None
    else:
        window.leave()
    assert stack.pointer_time is None
    assert stack.pointer_values == {}


def test_no_label_hides_a_curve(tmp_path):
    """Boxes at the pointer, at a selection and at marks cut holes that looked like gaps."""
    recording = Recording(tmp_path)
    recording.add([sample(n + 1, power=40.0) for n in range(60)])
    recording.mark(20, "washing machine starts its long programme")
    recording.close()
    window = PlotWindow(session_path=recording.path, channels=["power", "current"])
    window.next_frame()
    stack = window.stack
    row = stack.shown_rows()[0]
    plot = row.plot

    def columns_with_line():
        pixels = window.where(stack.palette.channel("power"), plot, tolerance=0.35)
        return len(np.unique(pixels[:, 0]))

    drawn = columns_with_line()
    # The line is at each height of the plot once: at the top, in the middle, at the bottom.
    for low, high in ((39.0, 50.0), (30.0, 41.0), (36.0, 40.4), (38.0, 40.2)):
        row.chosen = ValueRange(low, high)
        row.fit_values()
        without = columns_with_line()
        assert without >= drawn - 2
        window.next_frame(lambda: stack.view.select(START + 10, START + 50))
        window.move(*centre(window))
        # The crosshair itself is one column wide.
        assert columns_with_line() >= without - 8
        window.leave()
        window.next_frame(stack.view.clear_selection)
    window.close()


def test_the_pointer_on_a_curve_brings_it_out_and_no_curve_fades(tmp_path):
    recording = Recording(tmp_path, [f"meter {n}" for n in range(12)])
    for number in range(12):
        powers = [10.0 + 5 * number] * 60
        recording.add([sample(n + 1, power=p) for n, p in enumerate(powers)], meter=number)
    recording.close()
    window = PlotWindow(session_path=recording.path, channels=["power"])
    window.next_frame()
    stack = window.stack
    row = stack.shown_rows()[0]
    plot = row.plot
    keys = [key for key, _label, _colour in stack.meters]
    stack.focus = keys[0]
    widths = {key: plot.curves[key].line_width for key in keys}
    assert min(widths.values()) >= 1.4
    x = plot.x + plot.width / 2
    for number, key in enumerate(keys):
        y = float(plot.value_mapper.map_screen(np.array([10.0 + 5 * number]))[0])
        window.move(x, y + 2)
        assert stack.brought_out == key
        assert plot.curves[key].line_width > max(
            plot.curves[other].line_width for other in keys if other != key
        )
        assert plot.curves[key] is plot.components[-1]
        colour = stack.shown_meters[number][2]
        assert len(np.unique(window.where(colour, plot)[:, 0])) > 0.9 * plot.width
    window.leave()
    assert stack.brought_out is None
    assert {key: plot.curves[key].line_width for key in keys} == widths
    window.close()


def test_a_manual_scale_is_shown_as_one_and_goes_back_by_a_double_click(window):
    stack = window.stack
    first, second = stack.shown_rows()
    for row in (first, second):
        window.wheel(row.plot.x + 50, row.plot.y + row.plot.height / 2, 2, CTRL)
        assert row.chosen is not None
    accent = stack.palette.accent
    written = window.where(accent)
    heads = [row.plot.y2 for row in (first, second)]
    for head in heads:
        assert np.any((written[:, 1] > head) & (written[:, 1] < head + 24))
    window.double_click(second.plot.x - 20, second.plot.y + 10)
    assert second.chosen is None
    assert first.chosen is not None
    written = window.where(accent)
    assert not np.any((written[:, 1] > heads[1]) & (written[:, 1] < heads[1] + 20))


def test_plots_that_would_be_too_low_scroll_instead(recording):
    """Six plots had 30 pixels each, with one number on their axes or none."""
    names = ["power", "current", "voltage", "integrated_energy", "power_factor", "frequency"]
    window = PlotWindow(height=460, session_path=recording.path, channels=names)
    window.next_frame()
    stack = window.stack
    seen = set()
    for _ in range(len(names)):
        rows = stack.shown_rows()
        assert len(rows) < len(names)
        seen.update(row.name for row in rows)
        assert all(row.plot.height >= 70 for row in rows)
        for row in rows:
            shown = row.plot.value_range
            ticks = row.plot.y_axis.ticks
            assert len(ticks.ticks_and_labels(shown.low, shown.high, ticks.room)[0]) >= 2
        window.wheel(10, rows[0].plot.y + 10, -1)
        window.settle()
    assert seen == set(names)
    window.close()


def test_a_manual_scale_points_to_the_data_outside_of_it(tmp_path):
    recording = Recording(tmp_path, ["low", "high"])
    recording.add([sample(n + 1, power=40.0 + (n == 30) * 200) for n in range(60)])
    recording.add([sample(n + 1, power=90.0 - (n == 10) * 80) for n in range(60)], meter=1)
    recording.close()
    window = PlotWindow(session_path=recording.path, channels=["power"])
    window.next_frame()
    stack = window.stack
    row = stack.shown_rows()[0]
    plot = row.plot
    assert row.beyond() == []
    row.chosen = ValueRange(30.0, 100.0)
    row.fit_values()
    low, high = (colour for _key, _label, colour in stack.shown_meters)
    found = [(colour, value, above) for colour, _time, value, above in row.beyond()]
    assert found == [(low, 240.0, True), (high, 10.0, False)]
    # The arrows are at the edges, where the data is, in the colours of the curves.
    for colour, moment, edge in ((low, START + 31, plot.y2 - 6), (high, START + 11, plot.y + 6)):
        x = float(plot.index_mapper.map_screen(moment)[0])
        pixels = window.where(colour, plot, tolerance=0.05)
        near = np.abs(pixels - [x, edge]).max(axis=1) <= 5
        assert near.sum() > 15
    window.double_click(plot.x - 20, plot.y + 10)
    assert row.chosen is None
    assert row.beyond() == []
    assert plot.value_range.high >= 240
    window.close()


def test_rows_of_meters_have_a_common_scale_by_choice(tmp_path):
    recording = Recording(tmp_path, [f"meter {n}" for n in range(8)])
    for number in range(8):
        power = 10.0 * 2**number
        recording.add([sample(n + 1, power=power + n % 3) for n in range(60)], meter=number)
    recording.close()
    window = PlotWindow(session_path=recording.path, channels=["power"], arrangement="rows")
    window.next_frame()
    stack = window.stack

    def ranges():
        rows = stack.shown_rows()
        assert len(rows) < 8
        return {(row.plot.value_range.low, row.plot.value_range.high) for row in rows}

    own = ranges()
    assert len(own) > 1
    window.next_frame(lambda: stack.trait_set(arrangement="scaled rows"))
    ((low, high),) = ranges()
    assert low <= 10
    assert high >= 1282
    # Scrolling changes nothing, nor does a scale that is set by hand in one row and goes back.
    row = stack.shown_rows()[0]
    window.wheel(row.plot.x + 50, row.plot.y + 20, 2, CTRL)
    ((_low, zoomed),) = ranges()
    assert zoomed < high
    for _ in range(8 - len(stack.shown_rows())):
        window.next_frame(lambda: window.wheel(10, row.plot.y + 10, -1))
        assert [by_hand for _low, by_hand in ranges()] == [zoomed]
    row = stack.shown_rows()[-1]
    window.double_click(row.plot.x - 20, row.plot.y + 10)
    assert ranges() == {(low, high)}
    window.next_frame(lambda: stack.trait_set(first_row=0))
    assert ranges() == {(low, high)}
    window.next_frame(lambda: stack.trait_set(arrangement="rows"))
    assert ranges() == own
    window.close()
