# SPDX-License-Identifier: GPL-3.0-or-later
"""A figure as a file: PNG, or SVG and PDF with real lines and text."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any, Final

from kiva.qpainter import GraphicsContext
from pyface.qt import QtCore, QtGui
from PyQt5.QtSvg import QSvgGenerator

from wattui import __version__
from wattui.desktop.atomic_file import write_file
from wattui.errors import WattuiError
from wattui.measurement.text import printable
from wattui.ui.figure.figure_page import FigurePage
from wattui.ui.plots.drawing import Lettering, text_width

#: Pixels of a figure per inch: those of an ordinary screen.
DPI: Final = 96

#: The greatest width and height of an image, in pixels.
_MOST_PIXELS: Final = 20_000

#: Steps of a PDF per pixel of the figure.
_PDF_STEPS: Final = 12

#: Fonts to use instead if our font is not installed.
_OTHER_FONTS: Final = "DejaVu Sans, Verdana, sans-serif"

#: A text as Qt writes it into an SVG file.
_TEXT: Final = re.compile(
    r'(?P<head><text [^>]*font-size="(?P<size>\d+)" font-weight="(?P<weight>\d+)"[^>]*?)\s*>'
    r"(?P<text>[^<]+)</text>"
)

#: Suffixes of the files that can be written.
FORMATS: Final = (".png", ".svg", ".pdf")


class FigureTooLarge(WattuiError):
    """The image would have too many pixels."""

    exit_status = 2


def save(page: FigurePage, path: Path, dpi: int = DPI) -> None:
    """Write a figure; the file appears under its name only when it is complete.

    Parameters
    ----------
    path
        Its suffix, one of :data:`FORMATS`, selects the format.
    dpi
        Pixels per inch of a PNG: at 96, each is a pixel of the figure.

    Raises
    ------
    DiskRefused
        It cannot be written; an older file of its name is unchanged.
    FigureTooLarge
        The image would have too many pixels.
    """
    write_file(path, figure_bytes(page, path.suffix, dpi))


def figure_bytes(page: FigurePage, suffix: str, dpi: int = DPI) -> bytes:
    """Return a figure as the content of a file with this suffix, one of :data:`FORMATS`.

    Raises
    ------
    FigureTooLarge
        The image would have too many pixels.
    """
    makers = {
        ".png": lambda: _png(page, dpi),
        ".svg": lambda: svg_text(page).encode(),
        ".pdf": lambda: _pdf(page),
    }
    return makers[suffix.lower()]()


def draw(page: FigurePage, device: Any, scale: float) -> None:
    """Draw a page on a Qt device that has *scale* units per pixel of the figure."""
    size = (page.layout.width, page.layout.height)
    gc = GraphicsContext(size, parent=device)
    painter = gc.gc
    try:
        transform = QtGui.QTransform()
        transform.scale(scale, scale)
        transform.translate(0.0, size[1])
        transform.scale(1.0, -1.0)
        painter.setWorldTransform(transform)
        page.draw(gc)
    finally:
        painter.end()


def _buffer() -> QtCore.QBuffer:
    buffer = QtCore.QBuffer()
    buffer.open(QtCore.QIODevice.OpenModeFlag.WriteOnly)
    return buffer


def _png(page: FigurePage, dpi: int) -> bytes:
    scale = dpi / DPI
    width, height = round(page.layout.width * scale), round(page.layout.height * scale)
    if max(width, height) > _MOST_PIXELS:
        raise FigureTooLarge(
            f"An image of {width} x {height} pixels is too large",
            f"Choose a smaller size or fewer dots per inch; the limit is {_MOST_PIXELS} pixels.",
        )
    image = QtGui.QImage(width, height, QtGui.QImage.Format.Format_RGB32)
    image.setDotsPerMeterX(round(dpi / 0.0254))
    image.setDotsPerMeterY(round(dpi / 0.0254))
    image.fill(QtGui.QColor(page.palette.plot))
    draw(page, image, scale)
    image.setText("Title", printable(page.layout.title or page.content.title))
    image.setText("Software", f"wattui {__version__}")
    buffer = _buffer()
    if not image.save(buffer, "PNG"):
        raise WattuiError("The image could not be created", "Try a smaller one.")
    return bytes(buffer.data())


def svg_text(page: FigurePage) -> str:
    """Return a figure as SVG."""
    buffer = _buffer()
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setResolution(DPI)
    generator.setSize(QtCore.QSize(page.layout.width, page.layout.height))
    generator.setViewBox(QtCore.QRect(0, 0, page.layout.width, page.layout.height))
    # Qt writes both as they are.
    generator.setTitle(html.escape(printable(page.layout.title or page.content.title)))
    generator.setDescription(html.escape(f"{printable(page.span_text())}; wattui {__version__}"))
    draw(page, generator, 1.0)
    return _with_fonts(bytes(buffer.data()).decode())


def _with_fonts(svg: str) -> str:
    """Make text readable without our font: another one fills the same width."""

    def lengthened(match: re.Match[str]) -> str:
        size, bold = int(match["size"]), int(match["weight"]) > 500
        room = text_width(html.unescape(match["text"]), Lettering(size, bold, for_figure=True))
        length = f' textLength="{room:.2f}" lengthAdjust="spacingAndGlyphs"'
        return f"{match['head']}{length}>{match['text']}</text>"

    family = QtGui.QApplication.font().family()
    named = svg.replace(f'font-family="{family}"', f'font-family="{family}, {_OTHER_FONTS}"')
    return _TEXT.sub(lengthened, named)


def _pdf(page: FigurePage) -> bytes:
    buffer = _buffer()
    writer = QtGui.QPdfWriter(buffer)
    points = QtCore.QSizeF(page.layout.width * 72 / DPI, page.layout.height * 72 / DPI)
    writer.setResolution(DPI * _PDF_STEPS)
    writer.setPageSize(QtGui.QPageSize(points, QtGui.QPageSize.Unit.Point, "figure"))
    writer.setPageMargins(QtCore.QMarginsF(0, 0, 0, 0))
    writer.setTitle(printable(page.layout.title or page.content.title))
    writer.setCreator(f"wattui {__version__}")
    draw(page, writer, float(_PDF_STEPS))
    return bytes(buffer.data())
