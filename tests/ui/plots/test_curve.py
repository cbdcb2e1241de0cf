# SPDX-License-Identifier: GPL-3.0-or-later
"""The stroke of a curve: which pixels it fills."""

from __future__ import annotations

import numpy as np
import pytest
from pyface.qt import QtCore, QtGui

from wattui.ui.plots.curve import closed, columns, draw_band, polyline, runs, stepped, widened


class Painted:
    """An image that is painted on like a plot: upside down, at some scale."""

    def __init__(self, width: int = 100, height: int = 60, ratio: int = 1) -> None:
        self.image = QtGui.QImage(
            width * ratio, height * ratio, QtGui.QImage.Format.Format_ARGB32_Premultiplied
        )
        self.image.setDevicePixelRatio(ratio)
        self.image.fill(QtGui.QColor("white"))
        self.gc = QtGui.QPainter(self.image)
        self.gc.setWorldTransform(QtGui.QTransform(1, 0, 0, -1, 0, height))
        self.gc.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        self.gc.setPen(QtGui.QPen(QtGui.QColor("black"), 1.8))

    def darkness(self) -> np.ndarray:
        """Return how dark each pixel is, from 0 to 1, the lowest row first."""
        self.gc.end()
        grey = self.image.convertToFormat(QtGui.QImage.Format.Format_Grayscale8)
        memory = grey.constBits()
        memory.setsize(grey.bytesPerLine() * grey.height())
        rows = np.frombuffer(memory, np.uint8).reshape(grey.height(), grey.bytesPerLine())
        return 1 - rows[::-1, : grey.width()] / 255


def zigzag(count: int, low: float, high: float) -> np.ndarray:
    """Return a line that goes from *low* to *high* in each of *count* columns."""
    x = np.repeat(np.arange(count) + 10.5, 2)
    return np.column_stack((x, np.tile((low, high), count)))


def test_a_calm_line_with_a_step_stays_a_line() -> None:
    points = np.column_stack((np.arange(100) / 2, np.where(np.arange(100) < 50, 10.0, 90.0)))
    assert runs(points, 1.0) == [(0, 99, False)]


def test_a_noisy_stretch_is_distinguished_from_the_calm_around_it() -> None:
    y = np.zeros(240)
    y[96:144] = np.tile((0.0, 20.0), 24)
    points = np.column_stack((np.arange(240) / 2, y))
    found = runs(points, 1.0)
    assert [noisy for _first, _last, noisy in found] == [False, True, False]
    assert [first for first, _last, _noisy in found[1:]] == [last for _, last, _ in found[:-1]]
    assert (found[0][0], found[-1][1]) == (0, 239)


@pytest.mark.parametrize("points", [np.empty((0, 2)), np.ones((1, 2)), np.ones((2, 2))])
def test_few_points_are_calm(points: np.ndarray) -> None:
    assert not any(noisy for _first, _last, noisy in runs(points, 1.0))


def test_points_far_apart_are_joined_by_slopes() -> None:
    points = np.column_stack((np.arange(50) * 20.0, np.tile((0.0, 50.0), 25)))
    assert not any(noisy for _first, _last, noisy in runs(points, 1.0))


def test_where_there_are_no_pixels_all_is_calm() -> None:
    assert runs(zigzag(50, 0, 40), 0.0) == [(0, 99, False)]


def test_columns_hold_all_that_the_line_crosses() -> None:
    points = np.array([(0.5, 0.0), (0.5, 4.0), (2.5, 8.0), (3.5, 2.0)])
    first, low, high = columns(points)
    assert first == 0
    np.testing.assert_allclose(low, [0.0, 5.0, 5.0, 2.0])
    np.testing.assert_allclose(high, [5.0, 7.0, 8.0, 5.0])


def test_neighbours_are_joined_without_holes() -> None:
    random = np.random.default_rng(3)
    x = np.sort(random.uniform(-5, 200, 900))
    first, low, high = columns(np.column_stack((x, random.uniform(0, 90, 900))))
    assert first == np.floor(x[0])
    assert np.all(np.isfinite(low))
    assert np.all(low[1:] <= high[:-1])
    assert np.all(low[:-1] <= high[1:])


def test_a_notch_of_one_column_is_closed_and_a_wider_one_is_not() -> None:
    low = np.array([0.0, 8.0, 0.0, 8.0, 8.0, 0.0])
    high = np.full(6, 10.0)
    np.testing.assert_array_equal(closed(low, high)[0], [0, 0, 0, 8, 8, 0])


def test_a_wide_stroke_reaches_into_the_next_column() -> None:
    low, high = widened(np.array([5.0, 1.0]), np.array([6.0, 9.0]))
    np.testing.assert_array_equal(low, [5, 1, 1, 1])
    np.testing.assert_array_equal(high, [6, 9, 9, 9])


@pytest.mark.parametrize("ratio", [1, 2])
def test_a_noisy_curve_fills_its_band_and_nothing_else(ratio: int) -> None:
    painted = Painted(ratio=ratio)
    polyline(painted, zigzag(80, 20.0, 40.0))
    dark = painted.darkness()
    assert dark[21 * ratio : 39 * ratio, 12 * ratio : 88 * ratio].min() == 1
    assert dark[: 18 * ratio].max() == 0
    assert dark[42 * ratio :].max() == 0
    assert dark[:, : 8 * ratio].max() == 0
    assert dark[:, 92 * ratio :].max() == 0


def test_one_spike_out_of_a_noisy_band_is_seen_in_full() -> None:
    points = zigzag(80, 20.0, 26.0)
    points[81, 1] = 55.0
    painted = Painted()
    polyline(painted, points)
    dark = painted.darkness()
    assert dark[30:54, 50].min() == 1
    assert dark[30:54, 53:].max() == 0


def test_the_painter_is_left_as_it_was() -> None:
    painted = Painted()
    gc = painted.gc
    before = (gc.pen(), gc.brush(), gc.worldTransform(), gc.renderHints())
    polyline(painted, zigzag(80, 20.0, 40.0))
    assert (gc.pen(), gc.brush(), gc.worldTransform(), gc.renderHints()) == before
    gc.end()


def test_a_curve_far_outside_the_image_draws_nothing() -> None:
    painted = Painted()
    painted.gc.setClipRect(QtCore.QRectF(0, 0, 100, 60))
    polyline(painted, zigzag(80, 3_000.0, 4_000.0))
    assert painted.darkness().max() == 0


def test_a_band_is_filled_once_per_pixel_and_has_no_seam() -> None:
    painted = Painted()
    painted.gc.setPen(QtGui.QPen(QtGui.QColor("black"), 1.8))
    x = np.repeat(np.arange(0.0, 80.0, 1.04) + 10.3, 2)
    points = np.column_stack((x, np.tile((15.0, 45.0), len(x) // 2)))
    draw_band(painted, points, 0.3)
    dark = painted.darkness()
    inside = dark[17:43, 14:86]
    assert inside.min() == inside.max()
    assert inside.min() == pytest.approx(0.3, abs=0.01)
    assert not dark[50:].any()
    assert not dark[:10].any()


def test_a_band_has_the_extremes_of_a_single_column() -> None:
    painted = Painted()
    points = np.array([(30.5, 20.0), (30.5, 40.0)])
    draw_band(painted, points, 0.3)
    dark = painted.darkness()
    assert dark[22:38, 30].min() > 0.25


def test_pieces_of_a_calm_line_meet_without_a_notch() -> None:
    """A steep calm line had a notch every 24 points, where its pieces met."""
    x = np.arange(97) * 0.8 + 5
    points = np.column_stack((x, 10 + 40 * (np.arange(97) % 48) / 48))
    lines = []
    for ends in (True, False):
        painted = Painted(ratio=1)
        pen = QtGui.QPen(QtGui.QColor("black"), 1.8)
        pen.setCapStyle(QtCore.Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(QtCore.Qt.PenJoinStyle.RoundJoin)
        painted.gc.setPen(pen)
        if ends:
            polyline(painted, points)
        else:
            path = QtGui.QPolygonF([QtCore.QPointF(*one) for one in points.tolist()])
            painted.gc.drawPolyline(path)
        lines.append(painted.darkness())
    assert np.abs(lines[0] - lines[1]).max() < 0.35


def test_steps_end_at_the_records() -> None:
    points = np.array([(0.0, 1.0), (10.0, 5.0), (20.0, 3.0)])
    found = stepped(points)
    assert found.tolist() == [[0, 1], [0, 5], [10, 5], [10, 3], [20, 3]]
