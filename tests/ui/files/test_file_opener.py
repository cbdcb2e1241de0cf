# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of every kind in the main window: opened, dropped, imported, replayed."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from opened_window import OpenedWindow, own_threads, threads_left
from PyQt5 import QtCore, QtGui, QtWidgets
from session_samples import BEGIN, record, steady

from wattui.desktop.preferences_file import PreferencesFile
from wattui.errors import Cancelled
from wattui.formats import import_files
from wattui.session import Session, verify
from wattui.ui.files import file_actions


@pytest.fixture
def window():
    opened = OpenedWindow()
    yield opened
    opened.close()
    assert threads_left() == []


@pytest.fixture
def log(tmp_path):
    """A log of 2011, with a broken line in it."""
    path = tmp_path / "wattsup.log"
    lines = [f"2011-05-06 12:00:{n:02d}.000000 {n} {40 + n % 3}.5 119.2 0.361" for n in range(60)]
    lines[30] = "2011-05-06 12:00:3"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def session(tmp_path):
    from plot_window import Recording, sample

    recording = Recording(tmp_path, ["server", "desk"])
    for meter in (0, 1):
        recording.add([sample(s, 40 + meter + s % 3) for s in range(1, 61)], meter)
    recording.close()
    return recording.path


def listed(menu):
    """Return the recent sessions in the menu."""
    return [one.text() for one in menu.actions() if one.isEnabled()]


def drop(window, paths):
    """Drop files onto the plots, as a file manager does."""
    data = QtCore.QMimeData()
    data.setUrls([QtCore.QUrl.fromLocalFile(str(path)) for path in paths])
    keep = QtCore.Qt.CopyAction, data, QtCore.Qt.LeftButton, QtCore.Qt.NoModifier
    enter = QtGui.QDragEnterEvent(QtCore.QPoint(400, 300), *keep)
    QtWidgets.QApplication.sendEvent(window.window, enter)
    assert enter.isAccepted()
    event = QtGui.QDropEvent(QtCore.QPointF(400, 300), *keep)
    QtWidgets.QApplication.sendEvent(window.window, event)
    window.handle_events()


def answer(window, **said):
    """Answer the open question."""
    files = window.context.files
    window.wait_for(lambda: files.question_ui is not None, "the question")
    ui = files.question_ui
    assert not ui.control.isModal()
    ui.context["object"].trait_set(**said)
    (button,) = [
        one
        for one in ui.control.findChildren(QtWidgets.QPushButton)
        if one.text() in ("Import", "Replay")
    ]
    window.click(button)


def test_a_session_that_is_dropped_is_shown_with_its_meters(window, session):
    drop(window, [session])
    window.wait_for(lambda: window.model.state == "opened", "the session")
    assert [row.name for row in window.model.meter_rows] == ["server", "desk"]
    assert {row.state for row in window.model.meter_rows} == {"Recorded"}
    window.wait_for(
        lambda: [row.texts["power"] for row in window.model.meter_rows] == ["41.00", "42.00"],
        "the means of the view",
    )
    assert window.settings.recent == [str(session)]
    menu = window.handler.recent_menu
    menu.aboutToShow.emit()
    window.wait_for(lambda: listed(menu) == [session.stem], "the session among the recent ones")


def test_recent_files_are_looked_for_in_the_background(window, session, monkeypatch):
    """A network folder that was gone blocked the window each time the menu was opened."""
    threads = []
    look = file_actions.recent_sessions

    def watched(*given):
        threads.append(threading.current_thread())
        return look(*given)

    monkeypatch.setattr(file_actions, "recent_sessions", watched)
    gone = session.with_name("gone.wattui")
    window.settings.recent = [str(gone), str(session)]
    menu = window.handler.recent_menu
    menu.aboutToShow.emit()
    window.wait_for(lambda: listed(menu) == [session.stem], "the session, without the missing one")
    menu.aboutToShow.emit()
    assert listed(menu) == [session.stem], "what was found before is there at once"
    assert threads
    assert threading.main_thread() not in threads


def test_what_was_recorded_was_not_among_the_recent_sessions(window, session):
    window.connect()
    recorded = window.bench.session_path
    window.model.disconnect()
    window.wait_for(lambda: not window.bench.recording, "the end")
    os.utime(session, (1, 1))
    window.context.files.open([session])
    window.wait_for(lambda: window.bench.opened, "the session")
    menu = window.handler.recent_menu
    menu.aboutToShow.emit()
    window.wait_for(lambda: len(listed(menu)) == 2, "both")
    assert sorted(listed(menu)) == sorted([session.stem, recorded.stem])
    assert menu.toolTipsVisible()
    assert {one.toolTip() for one in menu.actions()} == {str(session), str(recorded)}


def test_recent_sessions_are_once_each_newest_first_and_there(tmp_path, monkeypatch):
    """A relative path was listed beside the absolute one, and files that were gone were too."""
    folder, other = tmp_path / "sessions", tmp_path / "other"
    for made in (folder, other):
        made.mkdir()
    times = {folder / "log.wattui": 50, other / "opened.wattui": 10, folder / "run.wattui": 40}
    for path, time in times.items():
        path.touch()
        os.utime(path, (time, time))
    (other / "link.wattui").symlink_to(other / "opened.wattui")
    monkeypatch.chdir(other)
    known = [
        ("link.wattui", 60),
        (str(other / "opened.wattui"), 70),
        (str(other / ".." / "other" / "opened.wattui"), 20),
        ("gone.wattui", 90),
        (str(folder / "run.wattui"), 45),
    ]
    with ThreadPoolExecutor() as workers:  # It waits for the disk.
        found = workers.submit(file_actions.recent_sessions, known, folder).result()
        without = workers.submit(file_actions.recent_sessions, known, tmp_path / "none").result()
    assert found == [other / "opened.wattui", folder / "log.wattui", folder / "run.wattui"]
    assert without[0] == other / "opened.wattui"


def test_a_session_opened_while_the_recent_ones_are_looked_for_is_listed(
    window, session, monkeypatch
):
    """The menu kept what it looked for first, until it was opened once more."""
    begun, proceed = threading.Event(), threading.Event()
    look = file_actions.recent_sessions

    def slow(*given):
        begun.set()
        assert proceed.wait(20)
        return look(*given)

    menu = window.handler.recent_menu
    window.wait_for(lambda: not own_threads("wattui search"), "the first look")
    monkeypatch.setattr(file_actions, "recent_sessions", slow)
    menu.aboutToShow.emit()
    assert begun.wait(20)
    window.settings.recent = [str(session)]
    menu.aboutToShow.emit()
    proceed.set()
    window.wait_for(lambda: listed(menu) == [session.stem], "the session")


def test_sessions_of_the_same_name_are_listed_with_their_folders(window, session, tmp_path):
    (tmp_path / "copies").mkdir()
    copy = tmp_path / "copies" / session.name
    copy.write_bytes(session.read_bytes())
    window.settings.remember_session(session)
    window.settings.remember_session(copy)
    menu = window.handler.recent_menu
    menu.aboutToShow.emit()
    window.wait_for(lambda: len(listed(menu)) == 2, "both")
    assert {text.split(" in ")[1] for text in listed(menu)} == {
        str(session.parent),
        str(copy.parent),
    }


def test_preferences_are_written_in_the_background_before_the_window_has_closed(monkeypatch):
    threads = []
    save = PreferencesFile.save

    def watched(settings):
        threads.append(threading.current_thread())
        save(settings)

    monkeypatch.setattr(PreferencesFile, "save", watched)
    window = OpenedWindow()
    window.model.energy_unit = "kJ"
    window.close()
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()
    assert PreferencesFile.load().energy_unit == "kJ"


def test_an_old_log_is_imported_and_its_broken_line_reported(window, log):
    drop(window, [log])
    answer(window, zone="utc")
    window.wait_for(lambda: window.model.state == "opened", "the imported session")
    (notice,) = window.model.opening_notices
    assert notice.text == "59 records were imported from wattsup.log."
    assert "1 line was skipped" in notice.hint
    assert "wattsup.log, line 31: " in window.context.files.details()
    assert window.model.task is None
    with Session.open(window.bench.session_path) as imported:
        assert imported.count(imported.meters[0].id) == 59
    window.handler.do(window.info, "dismiss_import")
    assert window.model.notices == []


def test_a_cancelled_import_leaves_nothing(window, log, tmp_path):
    big = tmp_path / "big.log"
    lines = log.read_text().splitlines()
    big.write_text("\n".join(lines[0] for _ in range(200_000)))
    window.context.files.open([big])
    answer(window)
    window.context.files.cancel()
    window.wait_for(lambda: not window.context.files.running, "the end of the import")
    assert "cancelled" in window.model.message
    assert window.bench.session_path is None


def test_a_file_that_cannot_be_read_took_away_the_progress_of_an_import(window, log, monkeypatch):
    monkeypatch.setattr(import_files, "import_files", lambda *args: wait_until(args[-1]))
    window.context.files.open([log])
    answer(window)
    window.wait_for(lambda: window.model.task, "the import")
    window.context.files.open([log.with_name("absent.wattui")])
    window.wait_for(lambda: "absent" in window.model.message, "the refusal")
    assert window.model.task.text == "Importing wattsup.log"
    assert window.context.files.running
    window.context.files.open([log])
    answer(window)
    window.wait_for(lambda: "the import" in window.model.message, "the second refusal")
    window.click(window.control("status").task.cancel)
    window.wait_for(lambda: window.model.task is None, "the end of the import")
    assert window.model.message == "The import was cancelled; nothing was left behind"


def wait_until(cancelled):
    while not cancelled():
        threading.Event().wait(0.01)
    raise Cancelled("It was cancelled")


def test_a_log_without_records_says_so_instead_of_playing_nothing(window, session, monkeypatch):
    """The refusal was raised after the work, and reached nobody."""
    from wattui.formats import replay_source
    from wattui.formats.replay_source import Recorded

    monkeypatch.setattr(replay_source, "prepare", lambda path, *_, **__: Recorded(path, (), 0.0))
    window.context.files.replay(session)
    answer(window)
    window.wait_for(lambda: "no records" in window.model.message, "the refusal")
    assert window.model.task is None


def test_a_file_of_unknown_format_is_refused_with_a_message(window, tmp_path):
    path = tmp_path / "letter.txt"
    path.write_text("Dear Sir or Madam\n")
    drop(window, [path])
    window.wait_for(lambda: "letter.txt" in window.model.message, "the refusal")


def test_while_it_records_a_session_opens_in_another_window(window, session, monkeypatch):
    started = []
    monkeypatch.setattr(
        QtCore.QProcess, "startDetached", lambda *command: started.append(command) or (True, 1)
    )
    window.connect()
    drop(window, [session])
    window.wait_for(lambda: started, "the other window")
    assert str(session) in started[0][1]
    assert window.bench.recording


def test_a_session_is_replayed_with_all_of_its_meters(window, session):
    window.context.files.replay(session)
    answer(window, speed=60.0)
    window.wait_for(
        lambda: [one.sample_count for one in window.bench.meters] == [60, 60], "every record"
    )
    assert [one.name for one in window.bench.meters] == ["server", "desk"]
    window.handler.do(window.info, "disconnect_all")
    window.wait_for(lambda: not window.bench.recording, "the end")


def test_all_ports_on_the_command_line_are_connected(window):
    """Only the first one was connected."""
    urls = ["sim://pro?load=desktop&speed=60", "sim://es?load=fridge&speed=60&seed=2"]
    window.model.connect_ports([*urls, urls[0]], ["server", "desk"])
    meters = window.bench.meters
    window.wait_for(lambda: all(one.sample_count for one in meters), "samples of both")
    assert [one.url for one in meters] == urls
    assert [one.name for one in meters] == ["server", "desk"]
    assert window.bench.meter is meters[0]
    window.handler.do(window.info, "disconnect_all")
    window.wait_for(lambda: not window.bench.recording, "the end")


def test_an_old_log_that_was_replayed_leaves_no_folder_behind(log, tmp_path, monkeypatch):
    passing = tmp_path / "passing"
    passing.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(passing))
    window = OpenedWindow()
    window.context.files.replay(log)
    answer(window, speed=60.0, zone="utc")
    window.wait_for(lambda: window.model.marking, "a record")
    assert list(passing.glob("wattui-replay-*/wattsup.log.wattui"))
    window.close()
    assert list(passing.glob("wattui-replay-*")) == []


def test_the_export_offers_the_wide_form_for_several_meters(window, session, tmp_path):
    from wattui.ui.dialogs.export_dialog import Export, ExportChoice

    window.context.files.open([session])
    window.wait_for(lambda: window.model.state == "opened", "the session")
    choice = ExportChoice.for_model(window.model)
    assert choice.several
    choice.form = "wide-csv"
    over, path = [], tmp_path / "wide.csv"
    Export(model=window.model, choice=choice, when_done=lambda: over.append(True)).start(path)
    window.wait_for(lambda: over, "the export")
    rows = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    assert "server" in rows[0]
    assert "desk" in rows[0]
    assert len(rows) == 61


def test_a_damaged_session_is_shown_without_what_is_wrong_and_can_be_saved(window, tmp_path):
    path = damaged_session(tmp_path / "a.wattui")
    before = path.read_bytes()
    drop(window, [path])
    window.wait_for(lambda: window.model.opening_notices, "the notice")
    (notice,) = window.model.opening_notices
    assert notice.text.startswith("a.wattui is damaged. PRO A80012: ")
    window.wait_for(lambda: window.bench.meters[0].sample_count < 6_000, "what can be read")
    left = window.bench.meters[0].sample_count
    assert window.bench.saved_path == path
    assert window.bench.session_path != path
    assert f"In {tmp_path};" in window.control("status").right.toolTip()
    window.key(QtCore.Qt.Key_M)
    assert window.bench.marks == [], "no mark goes into the temporary copy"
    assert not window.control("mark_button").isEnabled()
    window.wait_for(lambda: window.control("notices").bands, "the notice on the screen")
    (band,) = window.control("notices").bands
    window.click(band.buttons["save_readable"])
    window.wait_for(lambda: "Saved as" in window.model.message, "the saved session")
    goal = tmp_path / "a repaired.wattui"
    window.wait_for(lambda: window.bench.session_path == goal, "the saved session in the window")
    assert window.model.opening_notices == []
    assert window.bench.meters[0].sample_count == left
    assert path.read_bytes() == before
    assert verify(goal) == []


def damaged_session(path):
    """Record a session, and change one of its samples."""
    record(path, steady(6_000))
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE sample SET power=9000 WHERE time=?", (BEGIN + 10**6 * 5_500,))
    connection.close()
    return path


def test_the_notice_about_damage_outlived_the_session_that_it_was_about(window, tmp_path):
    path = damaged_session(tmp_path / "a.wattui")
    window.context.files.open([path])
    window.wait_for(lambda: window.bench.damaged_path == path, "what can be read")
    assert [one.key for one in window.model.opening_notices] == ["damaged"]
    window.connect()
    assert window.model.opening_notices == []
    assert window.bench.previous_path == path, "not the temporary copy"


def test_stop_and_connect_shows_where_the_run_before_is(window, monkeypatch):
    started = []
    monkeypatch.setattr(
        QtCore.QProcess, "startDetached", lambda _program, arguments: started.append(arguments) or 1
    )
    window.connect()
    before = window.bench.session_path
    window.model.disconnect()
    window.wait_for(lambda: not window.bench.recording, "the end")
    assert window.model.notices == []
    window.connect()
    (notice,) = window.model.notices
    assert before.name in notice.text
    assert str(before.parent) in notice.hint
    (band,) = window.control("notices").bands
    window.click(band.buttons["open_previous"])
    window.wait_for(lambda: started, "another window")
    assert started[0][-1] == str(before)
    assert window.bench.recording
    window.wait_for(lambda: not window.control("notices").bands, "the notice to go")
    window.model.disconnect()
    window.wait_for(lambda: not window.bench.recording, "the end")
    window.connect()
    (band,) = window.control("notices").bands
    window.click(band.buttons["dismiss_previous"])
    assert window.model.notices == []


def test_a_session_file_that_was_replaced_was_not_mentioned_in_the_window(window):
    window.connect()
    path = window.bench.session_path
    other = path.with_name("other")
    other.write_bytes(b"another file")
    other.replace(path)
    window.wait_for(lambda: window.model.notices, "the notice")
    (notice,) = window.model.notices
    assert notice.text == f"{path.name} was replaced by another file while it was recorded."
    assert window.bench.session_path.name in notice.hint
    (band,) = window.control("notices").bands
    window.click(band.buttons["dismiss_replaced"])
    assert window.model.notices == []
    assert window.bench.recording


def test_a_session_with_odd_values_is_shown_as_far_as_it_can_be_read(window, tmp_path):
    """A text in its summaries ended in "Something went wrong"."""
    path = record(tmp_path / "a.wattui", steady(300))
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE summary SET n_power='text', count=NULL")
    connection.close()
    window.context.files.open([path])
    window.wait_for(lambda: window.model.opening_notices, "the notice")
    window.wait_for(lambda: window.model.state == "opened", "what can be read")
    assert "damaged" in window.model.opening_notices[0].text
    assert window.bench.meters[0].sample_count == 300


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to(path)])
def test_what_is_not_a_file_is_refused_at_once(window, tmp_path, make):
    """A pipe instead of a session blocked the window."""
    path = tmp_path / "a.wattui"
    make(path)
    window.context.files.open([path])
    window.wait_for(lambda: window.model.message, "the refusal")
    assert str(path) in window.model.message
    assert "went wrong" not in window.model.message
