# SPDX-License-Identifier: GPL-3.0-or-later
"""How the line and the band of a curve are painted: which pixels they fill."""

from __future__ import annotations

import numpy as np
import pytest
from pyface.qt import QtCore, QtGui

from wattui.ui.plots.curve import stepped
from wattui.ui.plots.stroke import coverage, dilated, draw_band, line_parts, polyline


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


def qt_stroke(points: np.ndarray, ratio: int = 1) -> np.ndarray:
    """Return how dark each pixel is when Qt draws a line, with round joins and ends."""
    painted = Painted(ratio=ratio)
    painted.gc.setPen(round_pen())
    path = QtGui.QPolygonF([QtCore.QPointF(*one) for one in points.tolist()])
    painted.gc.drawPolyline(path)
    return painted.darkness()


def round_pen() -> QtGui.QPen:
    pen = QtGui.QPen(QtGui.QColor("black"), 1.8)
    pen.setCapStyle(QtCore.Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(QtCore.Qt.PenJoinStyle.RoundJoin)
    return pen


X = np.arange(140) * 0.6 + 8.3
LINES = {
    "level": np.full(140, 30.4),
    "slope": 10.2 + X * 0.4,
    "wave": 30 + 18 * np.sin(X / 5),
    "steep": 10 + 40 * (np.arange(140) % 48) / 48,
    "step": np.where(X < 50, 12.0, 48.0),
    "noise": np.random.default_rng(2).uniform(22, 38, 140),
}


@pytest.mark.parametrize("ratio", [1, 2])
@pytest.mark.parametrize("name", LINES)
def test_a_line_looks_as_if_qt_had_drawn_it(name: str, ratio: int) -> None:
    points = np.column_stack((X, LINES[name]))
    painted = Painted(ratio=ratio)
    polyline(painted, points)
    difference = np.abs(painted.darkness() - qt_stroke(points, ratio))
    assert difference.max() < 0.6  # half of a column, at the sides of what is steep
    assert difference.mean() < 0.012


def test_points_far_apart_are_joined_by_slopes() -> None:
    points = np.column_stack((np.arange(5) * 20.0 + 8, np.tile((10.0, 50.0), 3)[:5]))
    painted = Painted()
    painted.gc.setPen(round_pen())
    polyline(painted, points)
    assert np.array_equal(painted.darkness(), qt_stroke(points))


def test_a_part_holds_all_that_the_line_crosses() -> None:
    x, y = np.array([(0.5, 0.0), (0.5, 4.0), (2.5, 8.0), (3.5, 2.0)]).T
    first, low, high = line_parts(x, y)
    assert first == 0
    np.testing.assert_allclose(low, [0.0, 5.0, 5.0, 2.0])
    np.testing.assert_allclose(high, [5.0, 7.0, 8.0, 5.0])


def test_neighbours_are_joined_without_holes() -> None:
    random = np.random.default_rng(3)
    x = np.sort(random.uniform(-5, 200, 900))
    first, low, high = line_parts(x, random.uniform(0, 90, 900))
    assert first == np.floor(x[0])
    assert np.all(low[1:] <= high[:-1])
    assert np.all(low[:-1] <= high[1:])


def test_a_pen_fills_whole_columns_and_nothing_beside_them() -> None:
    column, low, high = dilated(7, np.array([5.0]), np.array([6.0]), 0.9)
    assert (column, len(low)) == (1, 9)
    filled = high > low
    assert filled.tolist() == [False] * 2 + [True] * 5 + [False] * 2
    assert (low.min(), high.max()) == (pytest.approx(4.1), pytest.approx(6.9))


def test_a_pixel_is_as_opaque_as_its_share_that_is_covered() -> None:
    low, high = np.array([1.0, 1.0, 1.5, 2.0, 2.0, 2.0]), np.array([3.0, 3.0, 3.0, 2.0, 2.0, 5.0])
    found = coverage(low, high) / 255
    np.testing.assert_allclose(found[:, 0], [0, 2.5 / 3, 1, 0, 0, 0, 0], atol=0.01)
    np.testing.assert_allclose(found[:, 1], [0, 0, 1 / 3, 1 / 3, 1 / 3, 0, 0], atol=0.01)


def test_a_line_that_ends_just_above_a_row_is_painted() -> None:
    """A frame was lost when a line ended less than a hundredth of a pixel above a row."""
    assert coverage(np.full(3, 1.0), np.full(3, 3.999))[:, 0].tolist() == [0, 255, 255, 255, 0, 0]


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


def test_steps_end_at_the_records() -> None:
    points = np.array([(0.0, 1.0), (10.0, 5.0), (20.0, 3.0)])
    found = stepped(points)
    assert found.tolist() == [[0, 1], [0, 5], [10, 5], [10, 3], [20, 3]]
