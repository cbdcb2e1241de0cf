# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide in a window: its pages are installed with the program, so no network is needed."""

from __future__ import annotations

import importlib.resources
import re
from pathlib import Path
from typing import Final

from pyface.qt import QtCore, QtGui

from wattui.errors import WattuiError
from wattui.ui.dialogs.about import Sheet
from wattui.ui.widgets.desktop_opener import open_path

#: The first page.
CONTENTS: Final = "README.md"


def guide_folder() -> Path:
    """Return the folder with the pages: installed ones, or those of a checkout.

    Raises
    ------
    WattuiError
        They are not there.
    """
    resources = Path(str(importlib.resources.files("wattui.resources")))
    for folder in (resources / "guide", resources.parent / "docs"):
        if (folder / CONTENTS).is_file():
            return folder
    raise WattuiError(
        "The guide is not installed with this copy of wattui",
        "Read the folder docs of its source, or install wattui again with pip.",
    )


def heading_slug(heading: str) -> str:
    """Return the name that links use for a heading: ``Keys and mouse`` is ``keys-and-mouse``."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


class GuideSheet(Sheet):
    """Shows a page, follows its links, and goes back."""

    def __init__(self, parent: QtGui.QWidget | None) -> None:
        super().__init__(parent, "Guide", 820, 640)
        self._folder = guide_folder()
        #: The pages before this one, with where each was scrolled to.
        self._before: list[tuple[str, int]] = []
        self.page = ""
        self.text.setOpenLinks(False)
        self.text.setSearchPaths([str(self._folder)])
        self.text.anchorClicked.connect(self.follow)
        self.back = QtGui.QPushButton("Back")
        self.contents = QtGui.QPushButton("Contents")
        for number, button in enumerate((self.back, self.contents)):
            button.setAutoDefault(False)
            self.row.insertWidget(number, button)
        self.back.clicked.connect(self.go_back)
        self.contents.clicked.connect(lambda: self.go(CONTENTS))

    def follow(self, url: QtCore.QUrl) -> None:
        """Follow a link: to a page of the guide, or to a picture or an address elsewhere."""
        page = url.path()
        if url.scheme():
            QtGui.QDesktopServices.openUrl(url)
        elif page and not page.endswith(".md"):
            open_path(self._folder / page)
        else:
            self.go(url.toString())

    def go(self, link: str) -> None:
        """Show a page, such as ``window.md#keys-and-mouse``; without a name, part of this one."""
        name, _, heading = link.partition("#")
        if self.page:
            self._before.append((self.page, self.text.verticalScrollBar().value()))
        self._show(name or self.page)
        if heading:
            self._scroll_to(heading)

    def go_back(self) -> None:
        """Show the page before this one, where it was."""
        if self._before:
            page, place = self._before.pop()
            self._show(page)
            self.text.verticalScrollBar().setValue(place)

    def _show(self, page: str) -> None:
        path = self._folder / page
        # The change log and the license are beside the pages in a checkout only.
        text = path.read_text("utf-8") if path.is_file() else f"{page} is not a part of the guide."
        if page != self.page:
            self.page = page
            self.text.setMarkdown(text)
            self._set_tables()
            self._fit_pictures()
            title = self.text.document().begin().text()
            self.setWindowTitle(f"Guide: {title}" if title else "Guide")
        self.text.verticalScrollBar().setValue(0)
        self.back.setEnabled(bool(self._before))

    def _set_tables(self) -> None:
        """Set lines and margins of tables, which Qt's Markdown leaves out."""
        root = self.text.document().rootFrame()
        line = self.palette().color(QtGui.QPalette.ColorRole.Mid)
        for frame in root.childFrames():
            if isinstance(frame, QtGui.QTextTable):
                look = frame.format()
                look.setCellPadding(5)
                look.setCellSpacing(0)
                look.setBorder(1)
                look.setBorderBrush(QtGui.QBrush(line))
                look.setBorderStyle(QtGui.QTextFrameFormat.BorderStyle.BorderStyle_Solid)
                look.setBorderCollapse(True)
                frame.setFormat(look)

    def _fit_pictures(self) -> None:
        """Make pictures no wider than the page; smaller ones keep their size."""
        document = self.text.document()
        room = self.text.viewport().width() - 2 * int(document.documentMargin()) - 12
        cursor = QtGui.QTextCursor(document)
        while not (cursor := document.find("\ufffc", cursor)).isNull():
            picture = cursor.charFormat().toImageFormat()
            image = QtGui.QImage(str(self._folder / picture.name())) if picture.isValid() else None
            if image is not None and image.width() > room:
                # Qt would leave out lines of pixels.
                density = self.devicePixelRatioF()
                smooth = QtCore.Qt.TransformationMode.SmoothTransformation
                image = image.scaledToWidth(min(image.width(), round(room * density)), smooth)
                kind = QtGui.QTextDocument.ResourceType.ImageResource
                document.addResource(kind, QtCore.QUrl(picture.name()), image)
                picture.setWidth(room)
                cursor.setCharFormat(picture)

    def _scroll_to(self, heading: str) -> None:
        """Scroll to a heading: Qt's Markdown has no anchors."""
        block = self.text.document().begin()
        while block.isValid():
            if block.blockFormat().headingLevel() and heading_slug(block.text()) == heading:
                place = self.text.document().documentLayout().blockBoundingRect(block)
                self.text.verticalScrollBar().setValue(int(place.top()))
                return
            block = block.next()


def show_guide(parent: QtGui.QWidget | None, page: str = CONTENTS) -> GuideSheet:
    """Show a page of the guide, such as ``window.md#keys-and-mouse``."""
    sheet = GuideSheet(parent)
    # Where a heading is depends on the width of the window.
    sheet.show()
    sheet.go(page)
    return sheet
