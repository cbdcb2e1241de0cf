# SPDX-License-Identifier: GPL-3.0-or-later
"""The plots of real sessions: what is drawn, when it is read, and the text."""

from __future__ import annotations

import numpy as np
import pytest
from event_loop import application, wait_for
from plot_window import START, PlotWindow, Recording, sample

from wattui.ui.plots.stack_layout import FIRST_SHARE
from wattui.ui.theme.palette import DARK, LIGHT, rgb


@pytest.fixture
def recording(tmp_path):
    one = Recording(tmp_path)
    yield one
    one.close()


@pytest.fixture
def open_plots():
    windows = []

    def make(**traits):
        windows.append(PlotWindow(**traits))
        return windows[-1]

    yield make
    for window in windows:
        window.close()


def time_labels(stack):
    """Return the labels of the time axis."""
    view = stack.view
    return stack.ticks.ticks_and_labels(view.start, view.stop, stack.width_in_pixels())[1]


def ramp(count=100):
    return [sample(n + 1, power=float(n)) for n in range(count)]


def test_the_curve_is_where_the_samples_are(recording, open_plots):
    recording.add(ramp(100))
    window = open_plots(session_path=recording.path, channels=["power"])
    window.next_frame()
    plot = window.stack.shown_rows()[0].plot
    pixels = window.where(LIGHT.channel("power"), plot)
    assert len(pixels) > 300
    times = plot.index_mapper.map_data(pixels[:, 0])
    values = plot.value_mapper.map_data(pixels[:, 1])
    assert np.max(np.abs(values - (times - START - 1))) < 2.0


def test_a_constant_load_draws_as_a_line_in_the_middle(recording, open_plots):
    recording.add([sample(n + 1, power=118.3) for n in range(60)])
    window = open_plots(session_path=recording.path, channels=["power", "voltage"])
    window.next_frame()
    for row in window.stack.shown_rows():
        colour = LIGHT.channel(row.name)
        pixels = window.where(colour, row.plot)
        assert len(pixels) > 300
        assert abs(pixels[:, 1].mean() - (row.plot.y + row.plot.height / 2)) < 2


def test_the_line_breaks_at_a_gap_and_the_gap_is_shaded(recording, open_plots):
    recording.add([sample(n + 1) for n in range(50)])
    recording.add([sample(n + 101, gap=50.0 if n == 0 else 0.0) for n in range(50)])
    window = open_plots(session_path=recording.path, channels=["power"])
    window.next_frame()
    plot = window.stack.shown_rows()[0].plot
    pixels = window.where(LIGHT.channel("power"), plot)
    times = plot.index_mapper.map_data(pixels[:, 0]) - START
    assert not np.any((times > 51.5) & (times < 99.5))
    image = window.image()
    middle = round(float(plot.index_mapper.map_screen(np.array([START + 75.0]))[0]))
    before = round(float(plot.index_mapper.map_screen(np.array([START + 25.3]))[0]))
    row = image.shape[0] - 1 - round(plot.y + plot.height * 0.25 + 3)
    assert image[row, middle].sum() < image[row, before].sum() - 0.1
    assert image[row, before] == pytest.approx(1.0)


def test_a_single_record_between_two_gaps_is_visible(recording, open_plots):
    recording.add([sample(1), sample(50, gap=48.0), sample(100, gap=49.0)])
    window = open_plots(session_path=recording.path, channels=["power"])
    window.next_frame()
    pixels = window.where(LIGHT.channel("power"), window.stack.shown_rows()[0].plot, tolerance=0.4)
    plot = window.stack.shown_rows()[0].plot
    times = plot.index_mapper.map_data(pixels[:, 0]) - START
    assert np.any(np.abs(times - 50) < 2)


def test_the_head_line_shows_the_statistics_of_the_view(recording, open_plots):
    recording.add(ramp(100))
    window = open_plots(session_path=recording.path, channels=["power", "integrated_energy"])
    window.next_frame()
    power, energy = window.stack.shown_rows()
    assert power.head_texts()[0] == "mean 49.5 ± 1.0 W   min 0.0   max 99.0"
    assert energy.head_texts()[0] == "in view  1.375 ± 0.029 Wh"
    window.next_frame(lambda: window.stack.view.show(START + 20, START + 40))
    assert power.head_texts()[0].startswith("mean 29.50 ± 0.74 W   min 20.0   max 39.0")


def test_new_records_move_a_live_view(recording, open_plots):
    recording.add(ramp(30))
    window = open_plots(session_path=recording.path, channels=["power"], live=True)
    window.next_frame()
    stack = window.stack
    stack.zoom(0.25)
    window.settle()
    recording.add([sample(31 + n, power=7.0) for n in range(30)])

    def grew():
        stack.revision += 1

    window.next_frame(grew)
    assert stack.view.pinned
    assert stack.view.start < START + 60 <= stack.view.stop
    pixels = window.where(LIGHT.channel("power"), stack.shown_rows()[0].plot)
    assert len(pixels)
    row = stack.shown_rows()[0]
    assert row.value_at(stack.meters[0][0], START + 59.5) == 7.0


def test_nothing_is_read_while_the_plots_are_hidden(recording, open_plots):
    recording.add(ramp(30))
    window = open_plots(session_path=recording.path, live=True)
    window.next_frame()
    stack, frames = window.stack, window.stack.frames
    stack.shown = False
    stack.revision += 1
    stack.pan(-0.1)
    for _ in range(20):
        application().processEvents()
    assert not stack.reading
    assert stack.frames == frames

    def look():
        stack.shown = True

    window.next_frame(look)


def test_many_revisions_are_read_ten_times_a_second_at_most(recording, open_plots):
    recording.add(ramp(30))
    window = open_plots(session_path=recording.path, live=True)
    window.next_frame()
    frames = window.stack.frames
    for _ in range(500):
        window.stack.revision += 1
    window.settle()
    assert window.stack.frames - frames <= 2


def test_renderers_are_hidden_and_used_again(recording, open_plots):
    recording.add(ramp(30))
    window = open_plots(session_path=recording.path, channels=["power", "current"])
    window.next_frame()
    stack = window.stack
    made = [row.plot.components[0] for row in stack.shown_rows()]
    for channels in (["current"], ["power", "voltage"], ["power", "current"]):

        def choose(channels=channels):
            stack.channels = channels

        window.next_frame(choose)
        assert [row.name for row in stack.shown_rows()] == channels
    assert [row.plot.components[0] for row in stack.shown_rows()] == made
    assert sum(c.visible for c in stack.component.components) == 3


def test_the_first_plot_is_the_tallest_and_the_time_axis_is_below_the_last(recording, open_plots):
    recording.add(ramp(30))
    window = open_plots(session_path=recording.path)
    window.next_frame()
    rows = window.stack.shown_rows()
    tall = [row.plot.height for row in rows]
    assert tall[0] == pytest.approx(FIRST_SHARE * tall[1], abs=3)
    assert tall[1] == pytest.approx(tall[2], abs=2)
    assert [row.shows_time for row in rows] == [False, False, True]
    assert rows[0].plot.y > rows[1].plot.y2 > rows[2].plot.y2
    assert len({row.plot.x for row in rows}) == 1
    assert window.stack.overview.x == rows[0].plot.x


def test_several_meters_have_their_colours_in_one_plot(tmp_path, open_plots):
    recording = Recording(tmp_path, ("server", "desk"))
    recording.add([sample(n + 1, power=80.0 + n % 2) for n in range(60)], meter=0)
    recording.add([sample(n + 1, power=20.0 + n % 2) for n in range(60)], meter=1)
    window = open_plots(session_path=recording.path, channels=["power"])
    window.next_frame()
    stack = window.stack
    assert [label for _key, label, _colour in stack.meters] == ["server", "desk"]
    plot = stack.shown_rows()[0].plot
    heights = [
        plot.value_mapper.map_data(window.where(colour, plot)[:, 1]).mean()
        for _key, _label, colour in stack.shown_meters
    ]
    assert heights[0] == pytest.approx(80.5, abs=6)
    assert heights[1] == pytest.approx(20.5, abs=6)

    def only_one():
        stack.meters = [("A80011", "desk", "#123456")]

    window.next_frame(only_one)
    assert list(stack.statistics) == ["A80011"]
    assert len(window.where(LIGHT.channel("power"), plot)) > 300
    recording.close()


def test_marks_are_lines_with_text(recording, open_plots):
    recording.add(ramp(60))
    recording.mark(30, "build started")
    recording.close()
    window = open_plots(session_path=recording.path, channels=["power"])
    window.next_frame()
    assert window.stack.notes.placed() == [(START + 30, "build started")]
    plot = window.stack.shown_rows()[0].plot
    x = round(float(plot.index_mapper.map_screen(np.array([START + 30.0]))[0]))
    column = window.image()[:, x]
    assert np.count_nonzero(column.sum(axis=1) < 2.4) > plot.height * 0.3


def test_the_plot_is_shaded_since_a_meter_was_lost(recording, open_plots):
    recording.add(ramp(60))
    window = open_plots(session_path=recording.path, channels=["power"], live=True)
    window.next_frame()
    stack = window.stack
    stack.absent_since = {stack.meters[0][0]: START + 60.0}
    stack.now = START + 120.0
    window.settle()
    assert stack.view.stop >= START + 120.0
    plot = stack.shown_rows()[0].plot
    image = window.image()
    row = image.shape[0] - 1 - round(plot.y + plot.height * 0.33)
    lost = round(float(plot.index_mapper.map_screen(np.array([START + 100.0]))[0]))
    assert image[row, lost].sum() < 2.9
    now = round(float(plot.index_mapper.map_screen(np.array([START + 120.0]))[0]))
    assert now + 3 < plot.x2
    later = image[row, now + 3 : int(plot.x2) - 1]
    assert later.shape[0]
    assert np.count_nonzero(later.sum(axis=1) > 2.99) > later.shape[0] / 2


def test_unplugged_meters_are_lanes_of_shade_and_not_a_line_at_zero(tmp_path, open_plots):
    several = Recording(tmp_path, names=("server", "desk", "fan"))
    for number in range(3):
        several.add([sample(n + 1, power=40.0) for n in range(60)], meter=number)
    colours = ["#e07a00", "#0072b2", "#009e73"]
    meters = [(m.key, m.name, c) for m, c in zip(several.meters, colours, strict=True)]
    window = open_plots(
        session_path=several.path, channels=["power"], live=True, meters=meters, by_meter=True
    )
    window.next_frame()
    stack = window.stack
    plot = stack.shown_rows()[0].plot
    x = None
    for lost in (1, 2):
        stack.absent_since = {key: START + 60.0 for key, _name, _colour in meters[:lost]}
        stack.now = START + 100.0
        window.settle()
        x = round(float(plot.index_mapper.map_screen(np.array([START + 81.3]))[0]))
        image = window.image()
        top = image.shape[0] - 1 - round(plot.y2) + 3
        column = image[top : top + round(plot.height) - 6, x]
        # The shade is seen over the whole height, in as many colours as meters are missing.
        assert np.count_nonzero(column.sum(axis=1) < 2.99) > 0.95 * len(column)
        shades = {tuple(np.rint(pixel * 255)) for pixel in column}
        common = [s for s in shades if (np.rint(column * 255) == s).all(axis=1).mean() > 0.2]
        assert len(common) == lost
        for _key, _name, colour in meters:
            assert not np.any(np.abs(column - np.array(rgb(colour))).max(axis=1) < 0.3)
    several.close()


def test_the_palette_can_be_switched_while_it_is_shown(recording, open_plots):
    recording.add(ramp(60))
    window = open_plots(session_path=recording.path, channels=["power"])
    window.next_frame()
    plot = window.stack.shown_rows()[0].plot
    assert len(window.where(LIGHT.channel("power"), plot)) > 300
    window.stack.palette = DARK
    assert len(window.where(DARK.channel("power"), plot)) > 300
    image = window.image()
    assert image.mean() < 0.3
    assert image.max(axis=2)[:, 0].max() < 0.3
    assert image.max(axis=2)[-1].max() < 0.3


def test_a_session_without_a_record_shows_axes_and_waits(recording, open_plots):
    window = open_plots(session_path=recording.path, live=True)
    window.next_frame()
    assert window.stack.waiting
    assert not window.stack.problem
    recording.add([sample(1)])

    def grew():
        window.stack.revision += 1

    window.next_frame(grew)
    assert not window.stack.waiting
    assert window.stack.view.start == START


def test_another_session_replaces_the_first_completely(tmp_path, recording, open_plots):
    recording.add(ramp(60))
    recording.mark(5, "here")
    other = Recording(tmp_path_of(tmp_path, "other"), ("desk",))
    other.add([sample(n + 5000, power=5.0) for n in range(20)])
    window = open_plots(session_path=recording.path)
    window.next_frame()
    window.stack.view.select(START, START + 10)
    window.settle()

    def switch():
        window.stack.session_path = other.path

    window.next_frame(switch)
    stack = window.stack
    assert stack.view.start == START + 4999
    assert stack.view.selection is None
    assert [label for _key, label, _colour in stack.meters] == ["desk"]
    assert stack.notes.marks == []
    other.close()


def tmp_path_of(folder, name):
    path = folder / name
    path.mkdir()
    return path


def test_a_file_that_cannot_be_read_is_only_reported(tmp_path, open_plots):
    broken = tmp_path / "notes.wattui"
    broken.write_text("no session at all")
    window = open_plots(session_path=broken)
    wait_for(lambda: window.stack.problem)
    assert "notes.wattui" in window.stack.problem
    window.control.repaint()


def test_a_resized_window_is_read_for_its_new_width(recording, open_plots):
    recording.add(ramp(60))
    window = open_plots(session_path=recording.path)
    window.next_frame()
    before = window.stack._data.request.pixels
    window.next_frame(lambda: window.control.resize(1300, 700))
    assert window.stack._data.request.pixels > before * 1.3
    plot = window.stack.shown_rows()[0].plot
    assert plot.x2 == pytest.approx(1300 - 14, abs=2)


def test_a_very_small_window_can_be_drawn(recording, open_plots):
    recording.add(ramp(60))
    window = open_plots(session_path=recording.path, channels=["power", "current", "voltage"])
    window.next_frame()
    for size in ((80, 60), (1, 1), (300, 900)):
        window.control.resize(*size)
        application().processEvents()
        window.control.repaint()
    from wattui.ui.plots import paint_guard

    assert not paint_guard.failures


def test_times_are_local_or_since_the_start(recording, open_plots):
    recording.add(ramp(60))
    window = open_plots(session_path=recording.path)
    window.next_frame()
    assert time_labels(window.stack)[0] == "0:00"
    window.stack.clock_mode = "clock"
    assert ":" in time_labels(window.stack)[1]
    window.stack.clock_mode = "elapsed"
    window.stack.origin = START - 600
    assert time_labels(window.stack)[0] == "10:00"


def test_closing_leaves_no_thread_and_can_be_repeated(recording):
    import threading

    recording.add(ramp(10))
    window = PlotWindow(session_path=recording.path)
    window.next_frame()
    window.close()
    assert window.stack.close()
    assert not [t for t in threading.enumerate() if "view reader" in t.name]
    window.stack.revision += 1
    window.stack.pan(0.1)


def test_a_view_posted_before_closing_has_no_effect_after_it(recording):
    posted = []
    window = PlotWindow(post=posted.append, session_path=recording.path)
    wait_for(lambda: posted)
    window.close()
    frames = window.stack.frames
    for call in posted:
        call()
    assert window.stack.frames == frames


def test_without_channels_there_is_only_the_strip(recording, open_plots):
    recording.add(ramp(60))
    window = open_plots(session_path=recording.path, channels=[])
    window.next_frame()
    assert len(window.where(LIGHT.channel("power"), None, 0.3)) > 100

    def choose():
        window.stack.channels = ["no such channel", "power"]

    window.next_frame(choose)
    assert [row.name for row in window.stack.shown_rows()] == ["power"]


def test_meters_without_a_colour_get_one_of_the_palette(recording, open_plots):
    window = open_plots(meters=[("a", "one", ""), ("b", "two", "#123456")])
    assert [c for _k, _l, c in window.stack.shown_meters] == [LIGHT.meter(0), "#123456"]
    window.stack.palette = DARK
    assert window.stack.shown_meters[0][2] == DARK.meter(0)


def test_many_channels_and_meters_can_be_drawn(tmp_path, open_plots):
    from wattui.measurement.fields import CHANNELS
    from wattui.ui.plots import paint_guard

    recording = Recording(tmp_path, [f"meter number {n}" for n in range(12)])
    for meter in range(12):
        samples = [sample(n + 1, power=10.0 * meter + n % 3) for n in range(30)]
        recording.add(samples, meter, wait=meter == 11)
    window = open_plots(session_path=recording.path, channels=[c.name for c in CHANNELS[::3]])
    window.next_frame()
    plot = window.stack.shown_rows()[0].plot
    window.stack.point(float(plot.index_mapper.map_screen(np.array([START + 10]))[0]))
    window.stack.view.select(START + 5, START + 9)
    window.settle()
    assert not paint_guard.failures
    rows = window.stack.shown_rows()
    assert all(row.plot.height >= 10 for row in rows)
    recording.close()


def test_a_long_log_is_a_band_with_its_mean_and_not_a_wall(recording, open_plots):
    recording.add([sample(n + 1, power=60.0 if n % 4 == 0 else 20.0) for n in range(20_000)])
    window = open_plots(session_path=recording.path, channels=["power"])
    window.next_frame()
    stack = window.stack
    plot = stack.shown_rows()[0].plot
    pixels = window.where(LIGHT.channel("power"), plot, tolerance=0.06)
    # In each column the curve's own colour is a line at the mean: 30 W, and half a record more
    # or less of 60 W where the width of the plot does not divide the records evenly.
    counts = np.unique(pixels[:, 0], return_counts=True)[1]
    assert len(counts) > 0.9 * plot.width
    band_height = np.ptp(plot.value_mapper.map_screen(np.array([20.0, 60.0])))
    assert np.median(counts) < band_height / 8
    assert plot.value_mapper.map_data(np.median(pixels[:, 1])) == pytest.approx(30.0, abs=1.5)
    # The rest of the range is lighter, and the same colour everywhere.
    image = window.image()
    rows = image.shape[0] - 1 - plot.value_mapper.map_screen(np.array([50.3, 40.2]))
    band = image[np.rint(rows).astype(int), round(plot.x) + 20 : round(plot.x2) - 40]
    shades, count = np.unique(np.rint(band.reshape(-1, 3) * 255), axis=0, return_counts=True)
    assert count.max() > 0.95 * count.sum()
    assert 1.5 < shades[count.argmax()].sum() / 255 < 2.9
    assert stack.overview.curves[stack.meters[0][0]].means is not None


def test_far_apart_records_are_dots_with_steps(recording, open_plots):
    recording.add(
        [sample(10 * n + 10, power=20.0 + 20.0 * (n % 2), interval=10.0) for n in range(9)]
    )
    window = open_plots(session_path=recording.path, channels=["power"])
    window.next_frame()
    plot = window.stack.shown_rows()[0].plot
    pixels = window.where(LIGHT.channel("power"), plot)
    values = plot.value_mapper.map_data(pixels[:, 1])
    times = plot.index_mapper.map_data(pixels[:, 0]) - START
    middle = (times % 10 > 3) & (times % 10 < 7) & (times > 10) & (times < 90)
    # Between two records the line is at the value of the later one, never in between.
    expected = 20.0 + 20.0 * (np.ceil(times[middle] / 10 - 1) % 2)
    assert middle.any()
    assert np.abs(values[middle] - expected).max() < 1.0


def test_a_view_within_one_interval_has_its_record(recording, open_plots):
    """The head said nothing, and the axis was elsewhere, under a line that was drawn."""
    recording.add([sample(10 * n + 10, power=20.0 + n, interval=10.0) for n in range(30)])
    window = open_plots(session_path=recording.path, channels=["power"], readings=["power"])
    window.next_frame()
    stack = window.stack
    window.next_frame(lambda: stack.view.show(START + 102.0, START + 106.0))
    assert stack.values_at(START + 104.0) == {"power": 30.0}
    plot = stack.shown_rows()[0].plot
    pixels = window.where(LIGHT.channel("power"), plot)
    assert len(np.unique(pixels[:, 0])) > 0.9 * plot.width
    assert plot.value_mapper.map_data(pixels[:, 1].mean()) == pytest.approx(30.0, abs=0.3)
