# SPDX-License-Identifier: GPL-3.0-or-later
"""What is broken in Chaco, Enable and Kiva.

A test that fails means a repair upstream: its workaround can be removed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

SUMMER = """
    import time
    from chaco.scales.api import CalendarScaleSystem
    noon = time.mktime((2026, 7, 1, 12, 0, 0, 0, 0, -1))
    print(dict(CalendarScaleSystem().labels(noon - 7200, noon + 7200, numlabels=5))[noon])
"""


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="no time zones to switch here")
def test_calendar_scales_have_the_offset_of_winter_in_summer():
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SUMMER)],
        env={**os.environ, "TZ": "Europe/Berlin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.strip() == "11h"


def test_a_plot_cannot_be_made_with_a_colour_of_four_numbers():
    from chaco.api import Plot

    with pytest.raises(KeyError):
        Plot(bgcolor=(1.0, 1.0, 1.0, 1.0))


def test_the_range_of_a_constant_is_no_range_around_it():
    from chaco.api import ArrayDataSource, DataRange1D

    for value in (10.0, 118.3):
        source = ArrayDataSource(np.full(50, value))
        found = DataRange1D(source)
        assert (found.low + found.high) / 2 != pytest.approx(value, rel=0.01) or (
            found.high == found.low
        )


def canvas(size=(120, 60)):
    """Return an image in the memory of Qt, and a Kiva context that draws on it."""
    from event_loop import application
    from kiva.qpainter import GraphicsContext
    from pyface.qt import QtGui

    application()
    image = QtGui.QImage(*size, QtGui.QImage.Format.Format_RGB32)
    image.fill(QtGui.QColor("white"))
    return image, GraphicsContext(size, parent=image)


def darkness(image):
    """Return how dark each pixel is, from 0 to 1, the lowest row first."""
    from pyface.qt import QtGui

    grey = image.convertToFormat(QtGui.QImage.Format.Format_Grayscale8)
    memory = grey.constBits()
    memory.setsize(grey.bytesPerLine() * grey.height())
    rows = np.frombuffer(bytes(memory), np.uint8).reshape(grey.height(), grey.bytesPerLine())
    return 1 - rows[::-1, : grey.width()] / 255


def test_kiva_fills_a_rectangle_with_a_border_twice():
    """So the inside of a selection gets half of its opacity."""
    image, gc = canvas()
    gc.set_fill_color((0.0, 0.0, 0.0, 0.5))
    gc.draw_rect((10, 10, 50, 30))
    gc.gc.end()
    assert darkness(image)[25, 35] == pytest.approx(0.75, abs=0.02)


def test_the_background_of_a_component_is_a_pixel_short():
    """So the stack of plots fills its own."""
    from enable.api import Component

    image, gc = canvas()
    component = Component(bounds=[120, 60], bgcolor="black")
    component.draw(gc)
    gc.gc.end()
    assert darkness(image).min(axis=0)[-1] == 0


def test_text_of_kiva_differs_from_text_of_qt():
    """So all text is drawn by Qt on a painter that is not upside down."""
    from kiva.api import Font
    from pyface.qt import QtGui

    kiva, gc = canvas()
    gc.set_font(Font("DejaVu Sans", size=9))
    gc.show_text("11:48:26", (10, 20))
    gc.gc.end()
    qt, gc = canvas()
    gc.gc.resetTransform()
    gc.gc.setFont(QtGui.QFont("DejaVu Sans", 9))
    gc.gc.drawText(10, 40, "11:48:26")
    gc.gc.end()
    assert np.abs(darkness(kiva) - darkness(qt)).max() > 0.2


def test_the_labels_of_an_axis_are_cut_off_at_its_end():
    """So our axis draws its own labels."""
    from chaco.api import Plot, PlotAxis
    from event_loop import application

    application()
    plot = Plot(auto_axis=False, auto_grid=False, padding=14)
    plot.trait_set(outer_position=[0, 0], outer_bounds=[300, 100])
    plot.index_range.set_bounds(0.0, 100_000.0)
    axis = PlotAxis(component=plot, orientation="bottom")
    _image, gc = canvas((300, 100))
    axis.overlay(plot, gc)
    gc.gc.end()
    half = axis.ticklabel_cache[-1]._bounding_box[0] / 2
    assert axis._tick_label_positions[-1][0] + half > plot.outer_x2


def test_a_grid_does_not_pass_its_length_to_the_tick_generator():
    """So the layout sets the length at our tick generators."""
    from chaco.api import AbstractTickGenerator, Plot, PlotGrid

    asked = []

    class Ticks(AbstractTickGenerator):
        def get_ticks(self, *arguments, **options):
            asked.append(arguments)
            return [1.0]

    plot = Plot(auto_axis=False, auto_grid=False)
    plot.index_range.set_bounds(0.0, 10.0)
    plot.trait_set(outer_position=[0, 0], outer_bounds=[300, 100])
    PlotGrid(mapper=plot.index_mapper, tick_generator=Ticks(), component=plot)._compute_ticks()
    assert asked == [(0.0, 10.0, 0.0, 10.0, "auto")]


def test_a_line_plot_draws_nothing_for_a_point_between_two_gaps():
    from chaco.api import ArrayPlotData, Plot

    plot = Plot(ArrayPlotData(x=[0.0, 1.0, 2.0], y=[np.nan, 5.0, np.nan]))
    (line,) = plot.plot(("x", "y"), type="line")
    plot.trait_set(outer_position=[0, 0], outer_bounds=[120, 60], padding=0)
    plot.index_range.set_bounds(0.0, 2.0)
    plot.value_range.set_bounds(0.0, 10.0)
    plot.do_layout(force=True)
    image, gc = canvas()
    line._render(gc, line.get_screen_points())
    gc.gc.end()
    assert darkness(image).max() == 0


def test_the_zoom_tool_treats_a_tenth_of_a_notch_as_a_whole_one_and_never_forgets():
    from types import SimpleNamespace

    from chaco.api import Plot
    from chaco.tools.api import BetterZoom

    plot = Plot()
    plot.trait_set(outer_position=[0, 0], outer_bounds=[300, 100])
    plot.index_range.set_bounds(0.0, 100.0)
    tool = BetterZoom(component=plot, axis="index", position=(200.0, 50.0))
    changes = []
    plot.index_range.observe(changes.append, "updated")
    for _ in range(10):
        tool.normal_mouse_wheel(SimpleNamespace(mouse_wheel=0.1, handled=False))
    assert plot.index_range.high - plot.index_range.low < 1.0
    assert len(tool._history) == 11
    assert len(changes) == 20
