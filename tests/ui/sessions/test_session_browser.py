# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of sessions, with keys and mouse: search, sort, open, name, note, delete."""

from __future__ import annotations

import os
import time

import pytest
from opened_window import OpenedWindow, threads_left
from PyQt5 import QtCore, QtTest, QtWidgets
from session_samples import METER, OTHER, steady

from wattui.measurement.events import Event, EventKind
from wattui.session import Session, SessionWriter, set_info
from wattui.session.catalogue import SessionState
from wattui.session.health import HealthReport
from wattui.ui.files.file_opener import OpenFiles
from wattui.ui.sessions.session_browser import disk_notices
from wattui.ui.sessions.session_columns import SESSION_COLUMNS, kind_text
from wattui.ui.sessions.session_reader import SessionList

_Qt = QtCore.Qt
_COLUMN = {column.key: number for number, column in enumerate(SESSION_COLUMNS)}
_DAY = 86_400


def make(path, count=30, days=1.0, meter=METER, **facts):
    with SessionWriter(path) as writer:
        writer.on_samples(meter, steady(count))
    for name, value in facts.items():
        set_info(path, name, value)
    then = time.time() - days * _DAY
    os.utime(path, (then, then))
    return path


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("WATTUI_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = tmp_path / "data" / "sessions"
    made.mkdir(parents=True)
    return made


@pytest.fixture
def window(folder, monkeypatch):
    opened = OpenedWindow()
    opened.in_new = []
    monkeypatch.setattr(
        OpenFiles, "in_new_window", lambda _files, path, *_: opened.in_new.append(path)
    )
    yield opened
    opened.close()
    assert threads_left() == []


@pytest.fixture
def three(folder):
    """A fridge of yesterday, a lamp of half a year ago, and a damaged file of long ago."""
    fridge = make(folder / "2026-11-23 14.05.07 fridge.wattui", 60, note="door open")
    lamp = make(folder / "lamp.wattui", 20, days=180, meter=OTHER)
    broken = folder / "broken.wattui"
    broken.write_bytes(b"x" * 5000)
    then = time.time() - 800 * _DAY
    os.utime(broken, (then, then))
    return fridge, lamp, broken


def browse(window):
    """Open the list with its key, and wait until everything is read."""
    window.window.activateWindow()
    window.handle_events()
    window.key(_Qt.Key_O, _Qt.ControlModifier | _Qt.ShiftModifier)
    browser = window.context.sessions
    window.wait_for(lambda: not browser.reader.running, "the list")
    return browser


def names(browser):
    return [entry.path.name for entry in browser.table.rows]


def click_row(window, browser, row, modifiers=_Qt.NoModifier, column="name"):
    rect = browser.view.visualRect(browser.table.index(row, _COLUMN[column]))
    viewport = browser.view.viewport()
    QtTest.QTest.mouseClick(viewport, _Qt.LeftButton, modifiers, rect.center())
    window.handle_events()


def press(window, browser, key, modifiers=_Qt.NoModifier):
    target = QtWidgets.QApplication.focusWidget() or browser
    QtTest.QTest.keyClick(target, key, modifiers)
    window.handle_events()


def row_of(browser, path):
    return names(browser).index(path.name)


def test_the_empty_window_lists_sessions_by_a_click(window, three):
    window.click(window.control("place").buttons["sessions"])
    browser = window.context.sessions
    window.wait_for(lambda: not browser.reader.running, "the list")
    assert len(browser.table.rows) == 3
    browser.close()


def test_an_empty_folder_says_where_sessions_will_be(window, folder):
    browser = browse(window)
    assert browser.empty.isVisible()
    assert str(folder) in browser.empty.text()
    assert not browser.open.isEnabled()


def test_the_list_shows_what_the_sessions_say(window, three):
    browser = browse(window)
    fridge, _lamp, broken = three
    row = row_of(browser, fridge)
    with Session.open(fridge) as session:
        energy = session.statistics(1).energy_wh
    shown = {key: browser.table.index(row, n).data() for key, n in _COLUMN.items()}
    assert shown["name"] == "fridge"
    assert shown["duration"] == "1:00"
    assert shown["energy"].startswith(f"{energy:.3f}"[:4])
    assert "±" in shown["energy"]
    assert shown["note"] == "door open"
    assert shown["kind"] == "Complete"
    entry = browser.table.rows[row_of(browser, broken)]
    assert (entry.state, kind_text(entry)) == (SessionState.DAMAGED, "Damaged")
    assert browser.space.text().startswith("3 sessions, ")
    assert "free on their disk" in browser.space.text()


def test_typing_searches_and_return_opens(window, three):
    browser = browse(window)
    QtTest.QTest.keyClicks(browser.search, "DOOR fri")
    window.handle_events()
    assert names(browser) == [three[0].name]
    assert browser.found.text() == "1 of 3"
    press(window, browser, _Qt.Key_Return)
    assert window.context.sessions is None
    window.wait_for(lambda: window.bench.session_path == three[0], "the session")


def test_a_search_without_a_result_says_so_and_esc_clears_it_first(window, three):
    browser = browse(window)
    QtTest.QTest.keyClicks(browser.search, "zebra")
    window.handle_events()
    assert browser.empty.text() == "No session has “zebra”"
    press(window, browser, _Qt.Key_Escape)
    assert len(browser.table.rows) == 3
    press(window, browser, _Qt.Key_Escape)
    assert window.context.sessions is None


def test_a_click_on_a_header_sorts_and_a_second_one_reverses(window, three):
    browser = browse(window)
    header = browser.view.horizontalHeader()

    def click(key):
        x = header.sectionViewportPosition(_COLUMN[key]) + 8
        QtTest.QTest.mouseClick(
            header.viewport(), _Qt.LeftButton, pos=QtCore.QPoint(x, header.height() // 2)
        )
        window.handle_events()

    sizes = lambda: [entry.size for entry in browser.table.rows]  # noqa: E731
    click("size")
    assert sizes() == sorted(sizes(), reverse=True)
    click("size")
    assert sizes() == sorted(sizes())
    click("name")
    assert [entry.name for entry in browser.table.rows] == ["broken", "fridge", "lamp"]


def test_a_name_and_a_note_are_typed_in_their_row_and_stored(window, three):
    browser = browse(window)
    row = row_of(browser, three[1])
    click_row(window, browser, row)
    press(window, browser, _Qt.Key_F2)
    QtTest.QTest.keyClicks(QtWidgets.QApplication.focusWidget(), "Desk lamp")
    # What is read meanwhile takes nothing away from what is typed.
    browser.reader.refresh()
    window.wait_for(lambda: not browser.reader.running, "another look")
    press(window, browser, _Qt.Key_Return)
    window.wait_for(lambda: browser.table.rows[row].name == "Desk lamp", "the name")
    click_row(window, browser, row)
    press(window, browser, _Qt.Key_F3)
    QtTest.QTest.keyClicks(QtWidgets.QApplication.focusWidget(), "new bulb")
    press(window, browser, _Qt.Key_Return)
    window.wait_for(lambda: browser.table.rows[row].note == "new bulb", "the note")
    with Session.open(three[1]) as session:
        assert session.info["name"] == "Desk lamp"
        assert session.info["note"] == "new bulb"
    assert three[1].exists()


def test_the_list_fits_a_screen_of_800_pixels(window, three):
    browser = browse(window)
    assert browser.minimumSizeHint().width() <= 792


def test_two_sessions_open_beside_each_other(window, three):
    browser = browse(window)
    click_row(window, browser, row_of(browser, three[0]))
    click_row(window, browser, row_of(browser, three[1]), _Qt.ControlModifier)
    assert not browser.open.isEnabled()
    assert browser.found.text().startswith("selected: 2 sessions, ")
    window.click(browser.open_beside)
    assert sorted(window.in_new) == sorted(three[:2])
    assert window.context.sessions is browser


def test_two_sessions_are_laid_over_one_another(window, three):
    browser = browse(window)
    click_row(window, browser, row_of(browser, three[0]))
    assert not browser.compare.isEnabled()
    click_row(window, browser, row_of(browser, three[1]), _Qt.ControlModifier)
    window.click(browser.compare)
    comparison = window.context.comparison
    window.wait_for(lambda: len(comparison.checked()) == 2, "both sessions")
    assert {part.path for part in comparison.checked()} == set(three[:2])
    comparison.close()


def test_deleting_asks_once_for_all_and_moves_them_to_the_trash(window, three, monkeypatch):
    moved = []

    def take(paths):
        moved.extend(paths)
        for path in paths:
            path.unlink()

    monkeypatch.setattr("send2trash.send2trash", take)
    browser = browse(window)
    click_row(window, browser, row_of(browser, three[0]))
    click_row(window, browser, row_of(browser, three[1]), _Qt.ControlModifier)
    press(window, browser, _Qt.Key_Delete)
    question = browser.question
    assert question.windowTitle() == "wattui"
    press(window, question, _Qt.Key_Return)  # the answer that changes nothing
    assert browser.question is None
    assert moved == []
    # Without a screen, no window becomes active again by itself.
    QtTest.QTest.keyClick(browser.view, _Qt.Key_Delete)
    window.handle_events()
    window.click(browser.question.buttons["delete"])
    window.wait_for(lambda: names(browser) == [three[2].name], "the shorter list")
    assert sorted(moved) == sorted(three[:2])
    assert browser.message.text() == "2 sessions moved to the trash"


def test_a_session_that_is_being_recorded_is_shown_as_such_and_not_deleted(window, folder):
    path = folder / "running.wattui"
    with SessionWriter(path) as writer:
        writer.on_event(METER, Event(steady(1)[0].time_us, EventKind.STARTED))
        writer.on_samples(METER, steady(5))
        browser = browse(window)
        assert browser.table.index(0, _COLUMN["kind"]).data() == "Being recorded"
        click_row(window, browser, 0)
        assert not browser.delete.isEnabled()
        press(window, browser, _Qt.Key_Delete)
        assert browser.question is None
        assert "being recorded" in browser.message.text()
        press(window, browser, _Qt.Key_F2)
        QtTest.QTest.keyClicks(QtWidgets.QApplication.focusWidget(), "tonight")
        press(window, browser, _Qt.Key_Return)
        window.wait_for(lambda: browser.table.rows[0].name == "tonight", "the name")
        writer.on_samples(METER, steady(5, first=6))
    with Session.open(path) as session:
        assert session.info["name"] == "tonight"
        assert session.count(1) == 10
    assert path.exists()


def test_files_that_come_and_go_do_so_in_the_list(window, three, folder):
    browser = browse(window)
    click_row(window, browser, row_of(browser, three[1]))
    three[0].unlink()
    new = make(folder / "new.wattui", days=0.5)
    press(window, browser, _Qt.Key_F5)
    window.wait_for(lambda: new.name in names(browser), "the new session")
    assert three[0].name not in names(browser)
    assert [entry.path for entry in browser.view.selected()] == [three[1]]


def test_old_sessions_are_selected_on_request_and_never_deleted_for_their_age(window, three):
    browser = browse(window)
    assert browser.old.text().startswith("1 session, ")
    browser.age.setCurrentIndex(2)
    browser.age.activated.emit(2)
    assert browser.old.text().startswith("2 sessions, ")
    window.click(browser.select_old)
    assert {entry.path for entry in browser.view.selected()} == set(three[1:])
    assert all(path.exists() for path in three)


def test_the_warning_about_a_full_disk_is_in_the_list_too():
    report = HealthReport(free_bytes=50_000_000, urgency=2)
    (notice,) = disk_notices(report, SessionList())
    assert notice.text == report.warning
    (notice,) = disk_notices(None, SessionList(free_bytes=50_000_000))
    assert "50 MB left" in notice.text
    assert disk_notices(HealthReport(), SessionList(free_bytes=10**12)) == []


def test_the_warning_of_a_recording_that_ended_is_not_in_the_list(window, three):
    window.bench.trait_set(health=HealthReport(free_bytes=50_000_000, urgency=2))
    browser = browse(window)
    assert browser.notices.bands == []


def test_sessions_that_were_read_before_are_not_read_again(window, folder, monkeypatch):
    first = make(folder / "0.wattui")
    for number in range(1, 100):
        os.link(first, folder / f"{number}.wattui")
    browser = browse(window)
    browser.close()
    monkeypatch.setattr("wattui.session.catalogue.read_outline", None)
    browser = browse(window)
    assert len(browser.table.rows) == 100
    assert {entry.state for entry in browser.table.rows} == {SessionState.COMPLETE}


def test_the_window_closes_at_once_while_sessions_are_read(window, folder):
    first = make(folder / "0.wattui")
    for number in range(1, 600):
        os.link(first, folder / f"{number}.wattui")
    window.key(_Qt.Key_O, _Qt.ControlModifier | _Qt.ShiftModifier)
    browser = window.context.sessions
    window.wait_for(lambda: browser.list.entries, "the first look")
    assert browser.list.unread
    window.close()
    assert window.context.sessions is None


@pytest.mark.parametrize("size", [0, 19])
def test_no_date_or_number_of_the_list_is_cut_off(window, three, size):
    browser = browse(window)
    if size:
        browser.view.setStyleSheet(f"QTableView {{ font-size: {size}px; }}")
    browser.resize(1200, 600)
    window.handle_events()
    advance = browser.view.fontMetrics().horizontalAdvance
    for row in range(len(browser.table.rows)):
        for key in ("start", "duration", "energy", "size"):
            number = _COLUMN[key]
            if not browser.view.isColumnHidden(number):
                text = browser.table.index(row, number).data()
                assert advance(text) <= browser.view.columnWidth(number) - 20, (key, text)
    assert not browser.view.isColumnHidden(_COLUMN["start"])
