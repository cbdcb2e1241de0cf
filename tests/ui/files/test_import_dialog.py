# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialog for importing a table: guesses, choices, the result before anything is written."""

from __future__ import annotations

import shlex
import subprocess
import sys
import threading

import pytest
from opened_window import OpenedWindow, threads_left
from PyQt5 import QtCore, QtGui, QtTest, QtWidgets

from wattui.formats import import_preview
from wattui.session import Session
from wattui.ui.files import import_dialog
from wattui.ui.widgets.screen_fit import FRAME

_Qt = QtCore.Qt


@pytest.fixture
def window():
    opened = OpenedWindow()
    yield opened
    opened.close()
    assert threads_left() == []


def table(path, line, header="", count=30):
    path.write_text(header + "".join(line(n) + "\n" for n in range(count)))
    return path


@pytest.fixture
def unnamed(tmp_path):
    """A table without a header, of which nothing shows which column is the power."""
    return table(
        tmp_path / "log.csv", lambda n: f"23/02/2024 12:00:{n:02d};{200 + n % 3};0,{n:02d}5"
    )


@pytest.fixture
def ambiguous(tmp_path):
    """A table of which nothing shows which number is the month."""
    return table(
        tmp_path / "us.csv", lambda n: f"03/02/2024 12:00:{n:02d},{50 + n % 3}.5", "Time,Power\n"
    )


def shown(window, path, ready=True):
    """Open a table, and return the dialog once its preview is there."""
    window.context.files.open([path])
    return dialog_of(window, ready)


def dialog_of(window, ready=True):
    files = window.context.files
    window.wait_for(lambda: files.dialog is not None, "the dialog")
    dialog = files.dialog
    if ready:
        previewed(window, dialog)
    return dialog


def previewed(window, dialog):
    window.wait_for(lambda: dialog.preview is not None and dialog.ok.isEnabled(), "the preview")


def choose(window, combo, text):
    """Choose an entry of a list by keys, as a person does."""
    combo.setFocus()
    index = combo.findText(text)
    assert index >= 0, text
    while combo.currentIndex() != index:
        down = combo.currentIndex() < index
        QtTest.QTest.keyClick(combo, _Qt.Key_Down if down else _Qt.Key_Up)
    window.handle_events()


def sessions(window):
    return [window.bench.session_path]


def test_a_table_of_which_nothing_is_known_is_imported_by_choosing_its_columns(window, unnamed):
    dialog = shown(window, unnamed, ready=False)
    window.wait_for(lambda: "which column is the power" in dialog.figures.text(), "the question")
    assert not dialog.ok.isEnabled()
    assert [one.currentText() for one in dialog.grid.contents] == ["Time", "Left out", "Left out"]
    choose(window, dialog.grid.contents[1], "Power")
    previewed(window, dialog)
    assert dialog.figures.text().startswith("30 records from 2024-02-23 11:59:59 to")
    assert dialog.records.item(1, 1).text() == "201.0"
    choose(window, dialog.grid.contents[2], "Current")
    choose(window, dialog.grid.units[2], "mA")
    window.wait_for(
        lambda: dialog.preview is not None and dialog.records.columnCount() == 3, "the current"
    )
    assert window.bench.session_path is None
    QtTest.QTest.keyClick(dialog, _Qt.Key_Return)
    window.wait_for(lambda: window.model.state == "opened", "the imported session")
    with Session.open(window.bench.session_path) as imported:
        samples = list(imported.samples(1))
        notes = [one.event.text for one in imported.events()]
    assert [one.values[0] for one in samples] == [2000 + 10 * (n % 3) for n in range(30)]
    assert any("current from column 2 in mA" in note for note in notes)


def test_a_guess_is_shown_with_its_reason_and_can_be_changed(window, ambiguous):
    dialog = shown(window, ambiguous)
    assert dialog.grid.reasons[1].text() == "by its name, in W since no unit is given"
    assert dialog.times.currentText() == "%d/%m/%Y %H:%M:%S"
    assert "3 February 2024, 12:00:00" in dialog.times_note.text()
    assert "A guess" in dialog.times_note.text()
    assert "this computer" in dialog.zone_note.text()
    before = dialog.figures.text()
    choose(window, dialog.times, "%m/%d/%Y %H:%M:%S")
    window.wait_for(
        lambda: dialog.preview is not None and dialog.figures.text() != before, "the other month"
    )
    assert "2 March 2024" not in dialog.figures.text()
    assert "2024-03-02" in dialog.figures.text()
    choose(window, dialog.grid.units[1], "kW")
    # A meter sends 5,000 W at most.
    window.wait_for(lambda: "has a value" in dialog.figures.text(), "the refusal of kW")
    assert "their units" in dialog.figures.text()
    assert not dialog.ok.isEnabled()


def test_the_command_that_is_shown_imports_the_same(window, unnamed, tmp_path):
    dialog = shown(window, unnamed, ready=False)
    window.wait_for(lambda: dialog.look is not None, "the table")
    choose(window, dialog.grid.contents[1], "Power")
    choose(window, dialog.grid.units[1], "0.1W")
    window.wait_for(lambda: dialog.preview is not None, "the preview")
    dialog.meter.field.setFocus()
    QtTest.QTest.keyClicks(dialog.meter.field, "a fan")
    dialog.zone.lineEdit().selectAll()
    dialog.zone.setFocus()
    QtTest.QTest.keyClicks(dialog.zone, "Europe/Berlin")
    dialog.delimiter.setFocus()
    window.wait_for(lambda: "Berlin" in dialog.command.text(), "the command")
    previewed(window, dialog)
    window.click(dialog.copy)
    command = QtWidgets.QApplication.clipboard().text()
    words = shlex.split(command)
    assert words[:2] == ["wattui", "import"]
    done = subprocess.run(
        [sys.executable, "-m", "wattui", *words[1:], "--session", str(tmp_path / "by.wattui")],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert "Columns that were left out: column 2".lower() in done.stderr.lower()
    window.click(dialog.ok)
    window.wait_for(lambda: window.model.state == "opened", "the imported session")
    found = []
    for path in (tmp_path / "by.wattui", window.bench.session_path):
        with Session.open(path) as opened:
            found.append((opened.meters[0].info.name, list(opened.samples(1))))
    assert found[0] == found[1]
    assert found[0][0] == "a fan"


def test_return_in_a_field_shows_the_result_before_it_imports(window, ambiguous):
    dialog = shown(window, ambiguous)
    dialog.zone.setFocus()
    dialog.zone.lineEdit().selectAll()
    QtTest.QTest.keyClicks(dialog.zone, "Nowhere")
    QtTest.QTest.keyClick(dialog.zone, _Qt.Key_Return)
    window.handle_events()
    assert dialog.isVisible()
    assert "is not a time zone" in dialog.zone_note.text()
    dialog.zone.lineEdit().selectAll()
    QtTest.QTest.keyClicks(dialog.zone, "+05:00")
    before = dialog.figures.text()
    QtTest.QTest.keyClick(dialog.zone, _Qt.Key_Return)
    window.handle_events()
    assert dialog.isVisible()
    window.wait_for(
        lambda: dialog.preview is not None and dialog.figures.text() != before, "the zone"
    )
    assert window.bench.session_path is None


@pytest.mark.parametrize("way", ["Esc", "Cancel", "the close button"])
def test_dismissing_the_dialog_imports_nothing(window, ambiguous, way):
    dialog = shown(window, ambiguous)
    if way == "Esc":
        QtTest.QTest.keyClick(dialog, _Qt.Key_Escape)
    elif way == "Cancel":
        window.click(dialog.cancel)
    else:
        dialog.close()
    window.wait_for(lambda: window.context.files.dialog is None, "the end of the dialog")
    assert not window.context.files.running
    assert window.bench.session_path is None


def test_the_file_is_read_on_workers_and_a_choice_ends_the_reading(window, unnamed, monkeypatch):
    """Each choice starts over: what is not needed any longer stops, and nothing of it is shown."""
    started, threads, going_on = [], [], threading.Event()

    def slow(paths, given, progress, cancelled):
        threads.append(threading.current_thread())
        started.append(cancelled)
        if len(started) == 1:
            assert going_on.wait(20)
            assert cancelled()
        return import_preview.preview_files(paths, given, progress, cancelled)

    def watched(path, given):
        threads.append(threading.current_thread())
        return import_preview.look_at_table(path, given)

    monkeypatch.setattr(import_dialog, "preview_files", slow)
    monkeypatch.setattr(import_dialog, "look_at_table", watched)
    dialog = shown(window, unnamed, ready=False)
    window.wait_for(lambda: dialog.look is not None, "the table")
    choose(window, dialog.grid.contents[1], "Power")
    window.wait_for(lambda: started, "the first reading")
    assert not dialog.ok.isEnabled()
    choose(window, dialog.grid.contents[2], "Voltage")
    going_on.set()
    window.wait_for(lambda: dialog.preview is not None, "the second reading")
    assert dialog.records.columnCount() == 3
    assert threading.main_thread() not in threads


def test_closing_the_window_ends_the_dialog_and_its_worker(unnamed):
    window = OpenedWindow()
    shown(window, unnamed, ready=False)
    window.close()
    assert threads_left() == []


def test_another_delimiter_decimal_sign_and_header(window, tmp_path):
    path = table(tmp_path / "odd.csv", lambda n: f"{1700000000 + n}|{50 + n}", "names\nt|p (W)\n")
    dialog = shown(window, path, ready=False)
    window.wait_for(lambda: dialog.look is not None, "the table")
    assert dialog.delimiter.currentText() == "Bar"
    assert dialog.header.currentText() == "Line 2"
    previewed(window, dialog)
    choose(window, dialog.header, "None")
    window.wait_for(
        lambda: dialog.preview is not None and not dialog.look.table.header, "no header"
    )
    assert "--header 0" in dialog.command.text()


def test_a_table_without_times_asks_for_start_and_interval(window, tmp_path):
    path = table(tmp_path / "w.csv", lambda n: f"{50 + n},{n}", "watts,x\n")
    dialog = shown(window, path)
    assert dialog.start.isVisible()
    assert dialog.interval.isVisible()
    assert not dialog.times.isVisible()
    dialog.interval.field.setFocus()
    QtTest.QTest.keyClicks(dialog.interval.field, "0,5")
    dialog.start.field.setFocus()
    QtTest.QTest.keyClicks(dialog.start.field, "2024-02-03 10:00")
    dialog.meter.field.setFocus()
    window.wait_for(
        lambda: dialog.preview is not None and "every 0.5 s" in dialog.figures.text(), "the times"
    )
    assert "from 2024-02-03 10:00:00 to 2024-02-03 10:00:15" in dialog.figures.text()
    assert "--interval 0.5 --start '2024-02-03 10:00:00'" in dialog.command.text()


def test_import_table_in_the_menu_takes_a_log_that_is_known(window, tmp_path, monkeypatch):
    path = table(
        tmp_path / "old.log", lambda n: f"2011-05-06 12:00:{n:02d} {n} {40 + n % 3}.5 119.2"
    )
    monkeypatch.setattr(QtWidgets.QFileDialog, "getOpenFileNames", lambda *_: ([str(path)], ""))
    window.handler.do(window.info, "import_table")
    dialog = dialog_of(window, ready=False)
    window.wait_for(lambda: dialog.look is not None, "the table")
    assert len(dialog.grid.contents) == 5
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear Sir or Madam\n")
    monkeypatch.setattr(QtWidgets.QFileDialog, "getOpenFileNames", lambda *_: ([str(letter)], ""))
    window.handler.do(window.info, "import_table")
    window.wait_for(lambda: "not a table of text" in window.model.message, "the refusal")


def test_every_choice_has_a_name_and_is_reached_by_tab(window, ambiguous):
    dialog = shown(window, ambiguous)
    kinds = (QtWidgets.QComboBox, QtWidgets.QPushButton, QtWidgets.QTableWidget)
    for kind in kinds:
        for one in dialog.findChildren(kind):
            assert one.accessibleName() or one.text(), one
    reached, order = set(), []
    for _ in range(40):
        focus = QtWidgets.QApplication.focusWidget()
        if focus in reached:
            break
        reached.add(focus)
        order.append(focus)
        QtTest.QTest.keyClick(focus, _Qt.Key_Tab)
    wanted = [dialog.delimiter, dialog.decimal, dialog.header, *dialog.grid.contents]
    wanted += [dialog.records, dialog.command, dialog.ok, dialog.cancel]
    places = [order.index(one) for one in wanted]
    assert places == sorted(places)


@pytest.mark.parametrize("size", [(1024, 700), (800, 480)])
def test_it_fits_a_small_screen_with_its_buttons_in_view(window, ambiguous, size, monkeypatch):
    monkeypatch.setattr(
        "wattui.ui.widgets.screen_fit.available", lambda _window: QtCore.QRect(0, 0, *size)
    )
    dialog = shown(window, ambiguous)
    assert dialog.width() <= size[0] - FRAME[0]
    assert dialog.height() <= size[1] - FRAME[1]
    for button in (dialog.ok, dialog.cancel):
        corner = button.mapTo(dialog, button.rect().bottomRight())
        assert dialog.rect().contains(corner)
    figures = dialog.figures.mapTo(dialog, QtCore.QPoint())
    assert dialog.rect().contains(figures)
    assert isinstance(dialog, QtWidgets.QDialog)
    assert QtGui.QKeySequence.mnemonic(dialog.ok.text()).toString() == "Alt+I"
