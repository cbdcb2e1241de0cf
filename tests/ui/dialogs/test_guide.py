# SPDX-License-Identifier: GPL-3.0-or-later
"""Help: the list of keys in groups, the guide in a window, the log and the data folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from event_loop import application
from opened_window import OpenedWindow
from PyQt5 import QtCore, QtGui, QtTest, QtWidgets

from wattui.desktop.folders import sessions_folder
from wattui.errors import WattuiError
from wattui.ui.dialogs import guide
from wattui.ui.dialogs.guide import CONTENTS, GuideSheet, guide_folder, heading_slug
from wattui.ui.window import actions
from wattui.ui.window.key_groups import GROUPS

_Qt = QtCore.Qt


@pytest.fixture
def window():
    opened = OpenedWindow()
    yield opened
    opened.close()


@pytest.fixture
def desktop(monkeypatch):
    """Return the list of what the desktop opens; it has a program for everything."""
    found = []
    opens = lambda url: found.append(url.toLocalFile() or url.toString()) or True  # noqa: E731
    monkeypatch.setattr(QtGui.QDesktopServices, "openUrl", opens)
    return found


def sheets():
    tops = QtWidgets.QApplication.topLevelWidgets()
    return {one.windowTitle(): one for one in tops if isinstance(one, QtWidgets.QDialog)}


def click_text(sheet, text, number=0):
    """Click a text in a sheet with the mouse."""
    cursor = QtGui.QTextCursor(sheet.text.document())
    for _ in range(number + 1):
        cursor = sheet.text.document().find(text, cursor)
    assert not cursor.isNull(), text
    sheet.text.setTextCursor(cursor)
    sheet.text.ensureCursorVisible()
    cursor.setPosition(cursor.selectionStart() + 2)
    place = sheet.text.cursorRect(cursor).center()
    QtTest.QTest.mouseClick(sheet.text.viewport(), _Qt.LeftButton, _Qt.NoModifier, place)


def headings(sheet):
    block, found = sheet.text.document().begin(), []
    while block.isValid():
        if block.blockFormat().headingLevel():
            found.append(heading_slug(block.text()))
        block = block.next()
    return found


def test_f1_shows_groups_whose_links_open_the_guide(window):
    window.key(_Qt.Key_F1)
    keys = sheets()["Keys and mouse"]
    text = keys.text.toPlainText()
    assert [text.index(group.title) for group in GROUPS]
    click_text(keys, "guide", 1)
    window.handle_events()
    shown = sheets()["Guide: The window"]
    assert shown.page == "window.md"
    assert shown.text.verticalScrollBar().value() > 0
    shown.close()
    keys.close()


def test_every_group_has_a_page_with_its_heading():
    application()
    for group in GROUPS:
        page, _, heading = group.page.partition("#")
        sheet = GuideSheet(None)
        sheet.go(page)
        assert not heading or heading in headings(sheet), group.page


def test_the_guide_follows_its_links_and_goes_back(window, desktop):
    window.key(_Qt.Key_F1, _Qt.ShiftModifier)
    (sheet,) = [one for one in sheets().values() if isinstance(one, GuideSheet)]
    assert sheet.page == CONTENTS
    assert not sheet.back.isEnabled()
    click_text(sheet, "Several meters", 1)
    assert sheet.page == "several-meters.md"
    sheet.follow(QtCore.QUrl("#export"))
    place = sheet.text.verticalScrollBar().value()
    assert place > 0
    click_text(sheet, "wide form")
    assert sheet.page == "csv.md"
    window.click(sheet.back)
    assert (sheet.page, sheet.text.verticalScrollBar().value()) == ("several-meters.md", place)
    window.click(sheet.contents)
    assert sheet.page == CONTENTS
    sheet.go("window.md")
    click_text(sheet, "the dark theme")
    assert sheet.page == "window.md"
    assert desktop == [str(guide_folder() / "images/window-dark.png")]
    sheet.close()


def pictures(sheet):
    """Return the names of the pictures of a page, with their widths and those of their data."""
    document, block, found = sheet.text.document(), sheet.text.document().begin(), {}
    while block.isValid():
        for one in block.textFormats():
            image = one.format.toImageFormat()
            if image.isValid():
                kind = QtGui.QTextDocument.ImageResource
                data = document.resource(kind, QtCore.QUrl(image.name()))
                found[image.name()] = (image.width(), QtGui.QImage(data).width())
        block = block.next()
    return found


def test_small_pictures_of_the_guide_keep_their_size_and_large_ones_are_smoothed(window):
    window.key(_Qt.Key_F1, _Qt.ShiftModifier)
    (sheet,) = [one for one in sheets().values() if isinstance(one, GuideSheet)]
    room = sheet.text.viewport().width()
    assert QtGui.QImage(str(guide_folder() / "images/alerts.png")).width() < room
    sheet.go("alerts.md")
    assert pictures(sheet)["images/alerts.png"][0] == 0, "the picture's own width"
    sheet.go("marks.md")
    width, data = pictures(sheet)["images/marks.png"]
    assert room - 40 < width <= room
    assert data == width
    sheet.close()


def test_every_link_of_the_guide_leads_somewhere():
    application()
    for page in sorted(guide_folder().glob("*.md")):
        sheet = GuideSheet(None)
        sheet.go(page.name)
        block = sheet.text.document().begin()
        links = set()
        while block.isValid():
            links |= {one.format.anchorHref() for one in block.textFormats()}
            block = block.next()
        for link in links - {""}:
            name, _, heading = link.partition("#")
            if QtCore.QUrl(link).scheme() or name.startswith(".."):
                continue
            assert (guide_folder() / (name or page.name)).exists(), link
            if heading and (not name or name.endswith(".md")):
                sheet.go(name or page.name)
                assert heading in headings(sheet), link


def test_a_page_that_is_not_installed_says_so():
    application()
    sheet = GuideSheet(None)
    sheet.go("../CHANGELOG-of-another.md")
    assert "not a part of the guide" in sheet.text.toPlainText()


def test_without_the_guide_there_is_an_error_that_says_what_to_do(window, monkeypatch, tmp_path):
    monkeypatch.setattr(guide, "CONTENTS", "no such page.md")
    with pytest.raises(WattuiError, match="not installed"):
        guide_folder()
    window.handler.do(window.info, "guide")
    assert "The guide is not installed" in window.model.message


def test_help_opens_the_log_file_and_shows_the_data_folder(window, desktop, monkeypatch, tmp_path):
    log = tmp_path / "wattui.log"
    log.write_text("started\n")
    monkeypatch.setattr(actions, "log_file", lambda: log)
    window.handler.do(window.info, "open_log")
    window.handler.do(window.info, "data_folder")
    window.wait_for(lambda: len(desktop) == 2, "the folder")
    assert desktop == [str(log), str(sessions_folder())]
    assert Path(desktop[1]).is_dir()
    assert window.model.message == ""


def test_where_nothing_opens_a_folder_its_path_is_copied(window, monkeypatch):
    monkeypatch.setattr(QtGui.QDesktopServices, "openUrl", lambda _url: False)
    for name in ("data_folder", "show_folder"):
        QtWidgets.QApplication.clipboard().clear()
        window.model.message = ""
        window.handler.do(window.info, name)
        window.wait_for(lambda: "its path was copied" in window.model.message, "the message")
        assert QtWidgets.QApplication.clipboard().text() == str(sessions_folder())
