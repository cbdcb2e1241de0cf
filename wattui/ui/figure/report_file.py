# SPDX-License-Identifier: GPL-3.0-or-later
"""A report as a file: HTML with its plots inside, or pages of a PDF."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from pyface.qt import QtCore, QtGui

from wattui import __version__
from wattui.measurement.fields import INTEGRATED_ENERGY
from wattui.measurement.text import printable
from wattui.report.markup import Markup, element
from wattui.report.report_content import ReportContent
from wattui.report.report_html import FOR_PAGES, report_body, report_page, style_sheet
from wattui.session import Session
from wattui.ui.figure.figure_data import FigureContent, FigureRun, read
from wattui.ui.figure.figure_file import DPI, draw, svg_text
from wattui.ui.figure.figure_page import FigureLayout, FigurePage

#: Suffixes of the files that can be written.
FORMATS: Final = (".html", ".htm", ".pdf")

#: Width of a plot, height of each of its panels and of the time axis, in pixels.
WIDTH: Final = 860
_PANEL: Final = 225
_FOOT: Final = 24

#: The most panels of one plot: more would not fit on a page.
_MOST_PANELS: Final = 3

#: Margins of a page and the room for its footer, in mm, and dots per mm of a PDF.
_MARGINS: Final = (15.0, 14.0, 15.0, 12.0)
_MM: Final = DPI / 25.4
_FOOTER: Final = 9.0
_STEPS: Final = 12

#: Room below a heading and the line that follows it, in pixels: for one more line.
_AFTER_HEADING: Final = 24.0

#: Tables with that many columns have little room: width of the first one, in pixels.
_MANY_COLUMNS: Final = 7
_FIRST_COLUMN: Final = 96

#: The kind of text object that is a plot, and its property: the number of the plot.
_PLOT: Final = QtGui.QTextFormat.ObjectTypes.UserObject + 1
_NUMBER: Final = QtGui.QTextFormat.Property.UserProperty + 1

#: What Qt writes before the picture itself: a page has its own.
_BEFORE_SVG: Final = re.compile(r"^.*?(?=<svg)", re.DOTALL)
_SIZE: Final = re.compile(r'<svg width="[^"]*" height="[^"]*"')


def read_figure(
    session: Session, content: ReportContent, channels: Sequence[str], *, aligned: bool
) -> FigureContent:
    """Read the curves of a report; channels without any value are left out.

    Parameters
    ----------
    session
        The session that *content* was read from.
    content
        What the report says.
    channels
        Names of the channels.
    aligned
        Whether times count from the start, rather than being local times.

    Raises
    ------
    WattuiError
        The session cannot be read.
    """
    sent = {INTEGRATED_ENERGY.name, *(name for m in content.meters for name in m.statistics.fields)}
    shown = [name for name in dict.fromkeys(channels) if name in sent]
    meters = [one.meter.id for one in content.meters]
    run = FigureRun(session, content.source, *content.span, meters)
    return read([run], shown, WIDTH, aligned=aligned)


def plots_of(
    figure: FigureContent, panels: Sequence[Sequence[str]], clock_mode: str
) -> list[FigurePage]:
    """Lay out the plots of a report, a few panels in each.

    Parameters
    ----------
    figure
        The curves, from :func:`read_figure`.
    panels
        The channels of each panel, from the top; those that were not read are left out.
    clock_mode
        How times are shown: one of :class:`~wattui.measurement.text.TimeMode`.
    """
    shown = [[name for name in names if name in figure.series[0].curves] for names in panels]
    shown = [names for names in shown if names]
    pages = []
    for first in range(0, len(shown), _MOST_PANELS):
        some = shown[first : first + _MOST_PANELS]
        layout = FigureLayout(WIDTH, 1000, clock_mode=clock_mode, heading=False)
        legend = FigurePage(figure, some, layout).legend_height
        height = len(some) * _PANEL + _FOOT + legend
        pages.append(FigurePage(figure, some, replace(layout, height=height)))
    return pages


def report_bytes(content: ReportContent, plots: Sequence[FigurePage], suffix: str) -> bytes:
    """Return a report as the content of a file.

    Parameters
    ----------
    content
        What it says.
    plots
        Its plots, from :func:`plots_of`.
    suffix
        That of the file, one of :data:`FORMATS`, selects the format.
    """
    if suffix.lower() == ".pdf":
        return _pdf(content, plots)
    pictures = [_inline(page, n) for n, page in enumerate(plots, 1)]
    return report_page(content, pictures).encode()


def _inline(page: FigurePage, number: int) -> Markup:
    """Return a plot as an element of HTML."""
    svg = _BEFORE_SVG.sub("", svg_text(page), count=1)
    label = f"Plot {number} of the report"
    return Markup(_SIZE.sub(f'<svg role="img" aria-label="{label}"', svg, count=1).strip())


# -- pages -------------------------------------------------------------------------


class PlotObject(QtCore.QObject, QtGui.QTextObjectInterface):
    """Draws the plots in a text, as lines and letters."""

    def __init__(self, plots: Sequence[FigurePage], width: float, parent: Any) -> None:
        super().__init__(parent)
        self._scale = width / WIDTH
        self._sizes = [page.layout.height * self._scale for page in plots]
        self._width = width
        self._pictures = [_picture(page) for page in plots]

    def intrinsicSize(self, _document: Any, _position: int, form: Any) -> Any:
        """Return the size of a plot."""
        return QtCore.QSizeF(self._width, self._sizes[form.property(_NUMBER)])

    def drawObject(
        self, painter: Any, place: Any, _document: Any, _position: int, form: Any
    ) -> None:
        """Draw a plot."""
        painter.save()
        picture = self._pictures[form.property(_NUMBER)]
        # Qt enlarges a picture by the resolution of the device, which the page has done already.
        scale = self._scale * picture.logicalDpiX() / painter.device().logicalDpiX()
        painter.translate(place.topLeft())
        painter.scale(scale, scale)
        painter.drawPicture(0, 0, picture)
        painter.restore()


def _picture(page: FigurePage) -> Any:
    picture = QtGui.QPicture()
    draw(page, picture, 1.0)
    return picture


def _pdf(content: ReportContent, plots: Sequence[FigurePage]) -> bytes:
    buffer = QtCore.QBuffer()
    buffer.open(QtCore.QIODevice.OpenModeFlag.WriteOnly)
    writer = QtGui.QPdfWriter(buffer)
    writer.setResolution(DPI * _STEPS)
    writer.setPageSize(QtGui.QPageSize(QtGui.QPageSize.PageSizeId.A4))
    writer.setPageMargins(QtCore.QMarginsF(*_MARGINS), QtGui.QPageLayout.Unit.Millimeter)
    writer.setTitle(printable(content.title))
    writer.setCreator(f"wattui {__version__}")
    room = QtCore.QSizeF(writer.width() / _STEPS, writer.height() / _STEPS - _FOOTER * _MM)
    document = _document(content, plots, room)
    painter = QtGui.QPainter(writer)
    try:
        painter.scale(_STEPS, _STEPS)
        count = document.pageCount()
        for number in range(count):
            if number:
                writer.newPage()
            _draw_page(painter, document, number, room)
            _draw_footer(painter, room, printable(content.title), f"{number + 1} of {count}")
    finally:
        painter.end()
    return bytes(buffer.data())


def _document(content: ReportContent, plots: Sequence[FigurePage], room: Any) -> Any:
    """Return the text of a report, laid out in pages."""
    document = QtGui.QTextDocument()
    document.setDocumentMargin(0)
    font = QtGui.QFont(QtGui.QApplication.font().family())
    font.setPixelSize(12)
    font.setHintingPreference(QtGui.QFont.HintingPreference.PreferNoHinting)
    document.setDefaultFont(font)
    document.setDefaultStyleSheet(style_sheet(FOR_PAGES))
    kind = PlotObject(plots, room.width(), document)
    document.documentLayout().registerHandler(_PLOT, kind)
    places = [element("img", src=f"plot:{n}") for n in range(len(plots))]
    document.setHtml(f"<body>{report_body(content, places)}</body>")
    _place_plots(document)
    _dress_tables(document)
    document.setPageSize(room)
    _keep_headings(document, room.height())
    return document


def _place_plots(document: Any) -> None:
    """Put a plot where an image is named ``plot:0``."""
    places = []
    block = document.begin()
    while block.isValid():
        fragments = block.begin()
        while not fragments.atEnd():
            fragment = fragments.fragment()
            if fragment.charFormat().isImageFormat():
                name = fragment.charFormat().toImageFormat().name()
                places.append((fragment.position(), int(name.removeprefix("plot:"))))
            fragments += 1
        block = block.next()
    for position, number in places:
        cursor = QtGui.QTextCursor(document)
        cursor.setPosition(position)
        cursor.deleteChar()
        form = QtGui.QTextCharFormat()
        form.setObjectType(_PLOT)
        form.setProperty(_NUMBER, number)
        cursor.insertText("\N{OBJECT REPLACEMENT CHARACTER}", form)


def _keep_headings(document: Any, page: float) -> None:
    """Move a heading to the next page if what follows it begins there."""
    layout = document.documentLayout()
    block = document.begin()
    while block.isValid():
        after = block.next()
        if block.blockFormat().headingLevel() and after.isValid():
            top = layout.blockBoundingRect(block).top()
            bottom = layout.blockBoundingRect(after).bottom() + _AFTER_HEADING
            if int(top // page) != int(bottom // page):
                form = block.blockFormat()
                form.setPageBreakPolicy(QtGui.QTextFormat.PageBreakFlag.PageBreak_AlwaysBefore)
                QtGui.QTextCursor(block).setBlockFormat(form)
                # Qt would lay out only a part of what follows.
                document.markContentsDirty(0, document.characterCount())
        block = after


def _dress_tables(document: Any) -> None:
    """Repeat the heads of tables on each page, and let tables fill its width."""
    for frame in document.rootFrame().childFrames():
        if isinstance(frame, QtGui.QTextTable):
            form = frame.format()
            form.setBorder(0)
            form.setCellSpacing(0)
            form.setBorderCollapse(True)
            if form.headerRowCount():
                kinds = QtGui.QTextLength.Type
                form.setWidth(QtGui.QTextLength(kinds.PercentageLength, 100))
                if frame.columns() >= _MANY_COLUMNS:
                    # Otherwise the numbers leave no room for the names in the first column.
                    first = QtGui.QTextLength(kinds.FixedLength, _FIRST_COLUMN)
                    rest = [QtGui.QTextLength()] * (frame.columns() - 1)
                    form.setColumnWidthConstraints([first, *rest])
            frame.setFormat(form)


def _draw_page(painter: Any, document: Any, number: int, room: Any) -> None:
    painter.save()
    painter.translate(0.0, -number * room.height())
    part = QtCore.QRectF(0.0, number * room.height(), room.width(), room.height())
    painter.setClipRect(part)
    context = QtGui.QAbstractTextDocumentLayout.PaintContext()
    context.clip = part
    document.documentLayout().draw(painter, context)
    painter.restore()


def _draw_footer(painter: Any, room: Any, title: str, page: str) -> None:
    """Write the title and the number of the page below the text."""
    font = QtGui.QFont(QtGui.QApplication.font().family())
    font.setPixelSize(10)
    painter.setFont(font)
    painter.setPen(QtGui.QColor("#5a6270"))
    place = QtCore.QRectF(0.0, room.height(), room.width(), _FOOTER * _MM)
    flags = QtCore.Qt.AlignmentFlag
    metrics = QtGui.QFontMetricsF(font)
    left = metrics.elidedText(title, QtCore.Qt.TextElideMode.ElideRight, room.width() * 0.8)
    painter.drawText(place, int(flags.AlignBottom | flags.AlignLeft), left)
    painter.drawText(place, int(flags.AlignBottom | flags.AlignRight), page)
