# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions in the main window: opened, interrupted, exported."""

from __future__ import annotations

import csv
import sys
import threading
from pathlib import Path

import pytest
from opened_window import OpenedWindow, own_threads, threads_left
from PyQt5 import QtCore, QtWidgets

from wattui.formats import all_formats, export_job
from wattui.formats.export_job import ExportJob
from wattui.session import Interrupted
from wattui.ui.widgets.task_bar import Task


@pytest.fixture
def window():
    opened = OpenedWindow()
    yield opened
    opened.close()
    assert threads_left() == []


# -- sessions ------------------------------------------------------------------------


@pytest.fixture
def session(tmp_path):
    from plot_window import Recording, sample

    recording = Recording(tmp_path)
    recording.add([sample(second, 40 + second % 3) for second in range(1, 121)])
    recording.close()
    return recording.path


def test_an_opened_session_shows_the_means_of_its_view(window, session):
    window.context.files.open([session])
    window.wait_for(lambda: window.model.readings.current, "the means")
    assert window.model.state == "opened"
    assert window.model.readings.caption == "mean of the view"
    assert window.model.readings.value("power") == "41.00"
    assert window.model.readings.lines[0].startswith("120 records in view")
    assert not window.control("live_button").isEnabled()
    assert window.model.status.words.startswith("Opened, recorded ")


def test_a_file_of_no_known_format_is_reported_in_the_status_bar(window, tmp_path):
    path = tmp_path / "letter.wattui"
    path.write_text("Dear Sir or Madam")
    window.context.files.open([path])
    window.wait_for(lambda: window.model.message, "the refusal")
    assert "letter.wattui" in window.model.message
    assert window.control("status").message.full_text == window.model.message


def test_an_interrupted_recording_is_opened_by_a_click(window, session):
    span = (1_795_442_700_000_000, 1_795_442_820_000_000)
    window.bench.main_thread.join(5)
    window.handle_events()  # The search of the start has found nothing.
    window.bench.interrupted = [Interrupted(session, span, ("server",))]
    window.handle_events()
    (band,) = window.control("notices").bands
    window.click(band.buttons["open_interrupted"])
    window.wait_for(lambda: window.model.state == "opened", "the session")
    assert window.model.notices == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows removes no open file")
def test_the_picture_goes_on_although_the_journal_and_then_the_file_went_away(window):
    def drawn():
        return sum(one.count for one in window.model.plots.statistics.values())

    window.connect()
    path = window.bench.session_path
    path.with_name(f"{path.name}-wal").unlink()
    count = drawn()
    window.wait_for(lambda: drawn() > count + 100, "samples after the journal was removed")
    assert window.bench.session_path == path
    other = path.with_suffix(".other")
    other.write_text("Dear Sir or Madam")
    other.replace(path)
    moved = path.with_name(f"{path.stem} (2){path.suffix}")
    window.wait_for(lambda: window.bench.session_path == moved, "the new file")
    count = drawn()
    window.wait_for(lambda: drawn() > count + 100, "samples after the file was replaced")
    assert path.read_text() == "Dear Sir or Madam"
    window.wait_for(lambda: moved.name in window.model.status.right, "its name")


def export(window, path, **choice):
    from wattui.ui.dialogs.export_dialog import Export, ExportChoice

    chosen = ExportChoice.for_model(window.model)
    chosen.trait_set(**choice)
    over = []
    one = Export(model=window.model, choice=chosen, when_done=lambda: over.append(True))
    one.start(path)
    return one, over


def test_export_writes_the_part_in_view_and_reports_it(window, session, tmp_path):
    window.context.files.open([session])
    window.wait_for(lambda: window.model.plots.view.known, "the view")
    window.model.plots.view.select(
        window.model.plots.view.first + 10, window.model.plots.view.first + 20
    )
    path = tmp_path / "out.csv"
    _one, over = export(window, path, span="selection")
    window.wait_for(lambda: over, "the export")
    assert window.model.task is None
    assert str(path) in window.model.message
    rows = list(csv.reader(line for line in path.open() if not line.startswith("#")))
    assert len(rows) == 11


def test_the_export_offers_every_format_for_one_meter(window, session, tmp_path):
    from wattui.formats import detect
    from wattui.ui.dialogs.export_dialog import WRITABLE, ExportChoice

    choice = ExportChoice(form="lab11", dialect="json")
    assert list(WRITABLE) == [name for name, form in all_formats().items() if form.is_written]
    assert list(choice.dialects) == ["standard", "json"]
    assert "Times finer than a millisecond" in choice.lost
    choice.form = "2011-log"
    assert choice.dialect == "standard"
    window.context.files.open([session])
    window.wait_for(lambda: window.model.has_session, "the session")
    path = tmp_path / "wattsup.log"
    _one, over = export(window, path, form="2011-log")
    window.wait_for(lambda: over, "the export")
    assert detect(path).name == "2011-log"


def test_a_cancelled_export_leaves_no_file(window, session, tmp_path, monkeypatch):
    cancelled, drafts = threading.Event(), []
    chunks = ExportJob.chunks

    def slow(job, part):
        for chunk in chunks(job, part):
            yield chunk
            drafts.extend(folder.glob(".*.part"))
            assert cancelled.wait(20)

    monkeypatch.setattr(ExportJob, "chunks", slow)
    window.context.files.open([session])
    window.wait_for(lambda: window.model.has_session, "the session")
    folder = tmp_path / "exports"
    folder.mkdir()
    one, over = export(window, folder / "out.csv")
    bar = window.control("status")
    assert bar.task.isVisible()
    window.wait_for(lambda: drafts, "the draft")
    one.cancel()
    cancelled.set()
    window.wait_for(lambda: over, "the end of the export")
    assert window.model.message == "The export was cancelled; no file was left behind"
    assert list(folder.iterdir()) == []


def test_ctrl_e_asks_and_goes_on_to_the_file(window, session, tmp_path, monkeypatch):
    path = tmp_path / "asked.csv"
    monkeypatch.setattr(QtWidgets.QFileDialog, "getSaveFileName", lambda *_a, **_k: (str(path), ""))
    window.context.files.open([session])
    window.wait_for(lambda: window.model.has_session, "the session")
    window.key(QtCore.Qt.Key_E, QtCore.Qt.ControlModifier)
    dialogs = [w for w in QtWidgets.QApplication.topLevelWidgets() if w.windowTitle() == "Export"]
    assert not dialogs[0].isModal()
    (button,) = [b for b in dialogs[0].findChildren(QtWidgets.QPushButton) if b.text() == "Export…"]
    window.click(button)
    window.wait_for(path.exists, "the file")
    window.wait_for(lambda: window.model.task is None, "the end of the export")
    assert window.settings.export_folder == str(tmp_path)


@pytest.mark.parametrize("there", [True, False])
def test_an_export_starts_in_the_folder_of_the_last_one(
    window, session, tmp_path, monkeypatch, there
):
    """The folder is looked for while the user chooses: its disk may be slow."""
    offered = []

    def ask(_parent, _title, name, *_):
        offered.append(name)
        return "", ""

    monkeypatch.setattr(QtWidgets.QFileDialog, "getSaveFileName", ask)
    folder = tmp_path / "exports"
    if there:
        folder.mkdir()
    window.settings.export_folder = str(folder)
    window.context.files.open([session])
    window.wait_for(lambda: window.model.has_session, "the session")
    window.key(QtCore.Qt.Key_E, QtCore.Qt.ControlModifier)
    window.wait_for(lambda: not looking(), "the look at the folder")
    window.context.export.chosen(True)
    expected = folder if there else Path.home()
    assert offered == [str(expected / f"{session.stem}.csv")]
    window.window.findChild(QtWidgets.QDialog).close()


def looking():
    """Return whether a worker still looks at a disk."""
    return bool(own_threads("wattui search"))


def test_work_in_the_background_shows_progress_and_cancel(window):
    cancelled = []
    task = Task("Copying", 250, 1000, lambda: cancelled.append(True))
    window.model.show_task("copy", task)
    bar = window.control("status")
    assert bar.task.progress.value() == 250
    window.click(bar.task.cancel)
    assert cancelled == [True]
    window.model.show_task("copy")
    assert not bar.task.isVisible()


@pytest.mark.parametrize("name", [name for name, form in all_formats().items() if form.write])
def test_every_format_of_the_registry_can_be_exported(window, session, tmp_path, name):
    window.context.files.open([session])
    window.wait_for(lambda: window.model.has_session, "the session")
    path = tmp_path / f"out{all_formats()[name].suffix}"
    _one, over = export(window, path, form=name)
    window.wait_for(lambda: over, "the export")
    assert window.model.message.startswith(f"Exported to {path}")
    assert path.stat().st_size


@pytest.mark.parametrize("way", ["name", "symlink", "hard link"])
def test_an_export_never_replaces_the_session_that_is_shown(window, session, tmp_path, way):
    window.context.files.open([session])
    window.wait_for(lambda: window.model.has_session, "the session")
    path = session if way == "name" else tmp_path / "out.csv"
    if way == "symlink":
        path.symlink_to(session)
    elif way == "hard link":
        path.hardlink_to(session)
    before = session.read_bytes()
    _one, over = export(window, path)
    window.wait_for(lambda: over, "the export")
    assert window.model.message.startswith("Not exported: ")
    assert "would be written over itself" in window.model.message
    assert session.read_bytes() == before


def test_an_export_that_is_longer_than_a_spreadsheet_says_so(
    window, session, tmp_path, monkeypatch
):
    monkeypatch.setattr(export_job, "SHEET_LINES", 3)
    window.context.files.open([session])
    window.wait_for(lambda: window.model.has_session, "the session")
    _one, over = export(window, tmp_path / "out.csv")
    window.wait_for(lambda: over, "the export")
    assert " rows, " in window.model.message
    assert "Spreadsheets end at 3 lines, and this file has " in window.model.message


def test_a_format_for_one_meter_asks_which():
    from wattui.ui.dialogs.export_dialog import ALL_METERS, ExportChoice

    choice = ExportChoice(labels={"A1": "fan", "A2": "lamp"}, shown_meter="A2")
    assert choice.meter == ALL_METERS
    choice.form = "2011-log"
    assert choice.meters == ["A1", "A2"]
    assert choice.meter == "A2"
    choice.dialect = choice.dialects[0]
    choice.form = "wide-csv"
    assert choice.meters == [ALL_METERS, "A1", "A2"]
