# SPDX-License-Identifier: GPL-3.0-or-later
"""Marks and spans in the window: set, named, dragged, compared, undone, with keys and mouse."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from opened_window import OpenedWindow, threads_left
from PyQt5 import QtCore, QtGui, QtTest, QtWidgets
from session_samples import BEGIN, record, sample

from wattui.measurement.clock import MICROSECONDS
from wattui.session import Annotations, Mark, Session, Span
from wattui.ui.marks.name_field import NameField

Shift = QtCore.Qt.ShiftModifier
ORIGIN = BEGIN / MICROSECONDS


@pytest.fixture
def path(tmp_path):
    load = [sample(n + 1, 900 if (n // 600) % 2 == 0 else 35) for n in range(3600)]
    return record(tmp_path / "fridge.wattui", load)


@pytest.fixture
def window(path):
    opened = OpenedWindow()
    opened.window.resize(1024, 700)
    activate(opened)
    opened.context.files.show(path)
    opened.wait_for(lambda: opened.model.has_session and opened.model.plots.frames, "the plots")
    yield opened
    opened.close()
    assert threads_left() == []


def activate(opened):
    """Make it the active window, which has the shortcuts: that of another test may still be."""
    opened.window.activateWindow()
    assert QtTest.QTest.qWaitForWindowActive(opened.window)


def stored(path):
    with Session.open(path) as session:
        return session.marks(), session.spans()


def place(window, second, down=60):
    """Return where a time is on the first plot, in the plots' widget."""
    plot = window.model.plots.shown_rows()[0].plot
    (x,) = plot.index_mapper.map_screen(np.array([ORIGIN + second]))
    return QtCore.QPoint(round(x), round(window.control("component").height() - plot.y2 + down))


def point_at(window, second, down=60):
    control = window.control("component")
    QtTest.QTest.mouseMove(control, place(window, second, down) + QtCore.QPoint(3, 0))
    window.handle_events()
    QtTest.QTest.mouseMove(control, place(window, second, down))
    window.wait_for(lambda: window.model.plots.pointer_time is not None, "the pointer")


def drag(window, start, stop, modifiers=QtCore.Qt.NoModifier, meanwhile=lambda: None):
    control, kinds, left = window.control("component"), QtCore.QEvent, QtCore.Qt.LeftButton
    between = [start + share * (stop - start) for share in (0.3, 0.7, 1.0)]
    for kind, second in (
        (kinds.MouseButtonPress, start),
        *((kinds.MouseMove, second) for second in between),
        (kinds.MouseButtonRelease, stop),
    ):
        held = QtCore.Qt.NoButton if kind == kinds.MouseButtonRelease else left
        button = QtCore.Qt.NoButton if kind == kinds.MouseMove else left
        at = QtCore.QPointF(place(window, second))
        event = QtGui.QMouseEvent(kind, at, button, held, modifiers)
        if kind == kinds.MouseButtonRelease:
            meanwhile()
        QtWidgets.QApplication.sendEvent(control, event)
        window.handle_events()


def drawn(window, marks=None, spans=None):
    """Wait until the plots show this many marks or spans."""
    notes = window.model.plots.notes
    known = window.bench.notes
    window.wait_for(
        lambda: marks in (None, len(notes.marks)) and spans in (None, len(notes.spans)),
        f"{marks} marks and {spans} spans in the plots",
    )
    # The plots read the file too, and may be first.
    window.wait_for(
        lambda: marks in (None, len(known.marks)) and spans in (None, len(known.spans)),
        f"{marks} marks and {spans} spans in the list",
    )


def press(widget, key):
    QtTest.QTest.keyClick(widget, key)
    QtWidgets.QApplication.processEvents()


def field_of(window):
    """Return the field that has the focus in the window, which the tests before may have left."""
    field = window.window.focusWidget()
    assert isinstance(field, QtWidgets.QLineEdit)
    return field


def typed(window, text):
    field = field_of(window)
    QtTest.QTest.keyClicks(field, text)
    QtTest.QTest.keyClick(field, QtCore.Qt.Key_Return)
    window.handle_events()


def test_m_marks_the_moment_at_the_pointer_and_n_names_it(window, path):
    point_at(window, 1200)
    window.key(QtCore.Qt.Key_M)
    drawn(window, marks=1)
    assert window.model.message.endswith("press N to name it")
    window.key(QtCore.Qt.Key_N)
    assert isinstance(field_of(window), NameField)
    typed(window, "door m")  # a letter is not a shortcut here
    window.wait_for(lambda: window.bench.notes.marks[0].text == "door m", "the name")
    ((mark,), _spans) = stored(path)
    assert mark.time_us == pytest.approx(BEGIN + 1200 * MICROSECONDS, abs=6 * MICROSECONDS)
    assert window.window.isVisible()


def test_escape_leaves_a_name_as_it_was(window):
    Annotations(window.bench.session_path).add(Mark(0, BEGIN + 600 * MICROSECONDS, "door"))
    window.bench.notes.look()
    drawn(window, marks=1)
    window.key(QtCore.Qt.Key_N)
    field = field_of(window)
    QtTest.QTest.keyClicks(field, "other")
    QtTest.QTest.keyClick(field, QtCore.Qt.Key_Escape)
    window.handle_events()
    assert not window.window.findChildren(NameField)
    assert window.bench.notes.marks[0].text == "door"


def test_m_without_the_pointer_on_a_plot_says_what_to_do(window):
    window.key(QtCore.Qt.Key_M)
    assert window.model.message == "Point at a moment in the plots, and press M to mark it"
    window.key(QtCore.Qt.Key_K)
    assert window.model.message == "Select a part first: drag with Shift held down"


def test_a_mark_is_dragged_and_the_view_stays(window, path):
    Annotations(path).add(Mark(0, BEGIN + 1000 * MICROSECONDS, "door"))
    window.bench.notes.look()
    drawn(window, marks=1)
    view = window.model.plots.view.start, window.model.plots.view.stop
    drag(window, 1000, 2000)
    window.wait_for(lambda: window.bench.notes.can_undo, "the change")
    ((mark,), _spans) = stored(path)
    assert mark.time_us == pytest.approx(BEGIN + 2000 * MICROSECONDS, abs=8 * MICROSECONDS)
    assert (window.model.plots.view.start, window.model.plots.view.stop) == view
    window.key(QtCore.Qt.Key_Z, QtCore.Qt.ControlModifier)
    window.wait_for(lambda: window.bench.notes.can_redo, "undo")
    assert stored(path)[0][0].time_us == BEGIN + 1000 * MICROSECONDS
    window.key(QtCore.Qt.Key_Z, QtCore.Qt.ControlModifier | Shift)
    window.wait_for(lambda: not window.bench.notes.can_redo, "redo")
    assert stored(path)[0] == [mark]


def test_a_mark_that_is_dragged_while_another_is_found_goes_where_it_is_let_go(window, path):
    """While records arrived, the mark was forgotten before it was let go, which was an error."""
    notes = Annotations(path)
    notes.add(Mark(0, BEGIN + 1000 * MICROSECONDS, "door"))
    window.bench.notes.look()
    drawn(window, marks=1)

    def find_another():
        notes.add(Mark(0, BEGIN + 500 * MICROSECONDS, "outside"))
        window.bench.notes.look()
        drawn(window, marks=2)

    drag(window, 1000, 2000, meanwhile=find_another)
    window.wait_for(lambda: window.bench.notes.can_undo, "the change")
    times = {one.text: one.time_us - BEGIN for one in stored(path)[0]}
    assert times["door"] == pytest.approx(2000 * MICROSECONDS, abs=8 * MICROSECONDS)
    assert times["outside"] == 500 * MICROSECONDS
    window.wait_for(lambda: window.model.plots.notes.held is None, "the drawing of the file")


def test_a_selection_becomes_a_span_with_a_name_that_is_compared(window, path):
    drag(window, 600, 1200, Shift)
    window.key(QtCore.Qt.Key_K)
    drawn(window, spans=1)
    panel = window.control("marks")
    assert panel.isVisible()
    window.wait_for(lambda: panel.view.is_editing, "the field for the name")
    typed(window, "idle")
    window.wait_for(lambda: window.bench.notes.spans[0].name == "idle", "the name")
    drag(window, 1200, 1800, Shift)
    window.click(panel.buttons["keep_span"])
    drawn(window, spans=2)
    window.wait_for(lambda: panel.view.is_editing, "the field for the name")
    typed(window, "cooling")
    names = ["idle", "cooling"]
    window.wait_for(lambda: [one.name for one in window.bench.notes.spans] == names, "the name")
    idle, cooling = window.bench.notes.spans
    assert idle.colour != cooling.colour
    window.model.marks.chosen = idle
    window.click(panel.buttons["baseline"])
    with Session.open(path) as session:
        parts = [session.statistics(1, one.start_us, one.stop_us) for one in (idle, cooling)]
    rows = {row.note.name: row for row in window.model.marks.rows}
    assert rows["cooling"].keys[3] == parts[1].energy_wh
    assert rows["cooling"].keys[6] == parts[1].energy_wh / parts[0].energy_wh
    assert rows["cooling"].texts[5] == "90.0 W"
    assert rows["idle"].is_baseline
    panel.view.sortByColumn(3, QtCore.Qt.DescendingOrder)
    names = [panel.view.order.index(row, 0).data() for row in range(2)]
    assert names == ["cooling", "idle"]


def test_names_keep_their_room_however_often_the_list_is_shown(window, path):
    drag(window, 600, 1200, Shift)
    window.key(QtCore.Qt.Key_K)
    drawn(window, spans=1)
    view = window.control("marks").view
    window.wait_for(lambda: view.is_editing, "the field for the name")
    typed(window, "idle")
    window.wait_for(lambda: window.bench.notes.spans[0].name == "idle", "the name")
    columns = range(view.model().columnCount())
    for width in range(420, 760, 20):
        view.resize(width, 100)
        window.handle_events()
        hidden = [view.isColumnHidden(column) for column in columns]
        view.make_room()
        assert [view.isColumnHidden(column) for column in columns] == hidden, width
        assert view.columnWidth(0) >= 140 or sum(hidden) == 4, width


def test_the_list_jumps_selects_and_removes(window, path):
    notes = Annotations(path)
    mark = notes.add(Mark(0, BEGIN + 3000 * MICROSECONDS, "door"))
    span = notes.add(Span(0, BEGIN, BEGIN + 500 * MICROSECONDS, "start"))
    window.bench.notes.look()
    drawn(window, marks=1, spans=1)
    window.key(QtCore.Qt.Key_B)
    view = window.control("marks").view
    window.model.plots.view.show(ORIGIN + 100, ORIGIN + 200)
    window.wait_for(lambda: len(window.model.marks.rows) == 2, "the rows")
    view.setFocus()
    press(view, QtCore.Qt.Key_Down)
    press(view, QtCore.Qt.Key_Down)
    assert window.model.marks.chosen == mark
    shown = window.model.plots.view
    assert shown.start < ORIGIN + 3000 < shown.stop
    press(view, QtCore.Qt.Key_Up)
    assert shown.selection == (ORIGIN, ORIGIN + 500)
    press(view, QtCore.Qt.Key_Return)
    assert (shown.start, shown.stop) == pytest.approx((ORIGIN - 25, ORIGIN + 525))
    press(view, QtCore.Qt.Key_Delete)
    window.wait_for(lambda: not window.bench.notes.spans, "the removal")
    assert stored(path) == ([mark], [])
    window.key(QtCore.Qt.Key_Z, QtCore.Qt.ControlModifier)
    window.wait_for(lambda: window.bench.notes.spans, "undo")
    assert stored(path) == ([mark], [span])


def test_a_click_on_the_name_of_a_span_selects_it(window, path):
    span = Annotations(path).add(
        Span(0, BEGIN + 1000 * MICROSECONDS, BEGIN + 2000 * MICROSECONDS, "cooling")
    )
    window.bench.notes.look()
    drawn(window, spans=1)
    control = window.control("component")
    QtTest.QTest.mouseClick(control, QtCore.Qt.LeftButton, pos=place(window, 1050, 14))
    window.handle_events()
    assert window.model.marks.chosen == span
    assert window.model.plots.view.selection == (ORIGIN + 1000, ORIGIN + 2000)


def test_what_is_being_typed_stays_when_another_program_adds_a_mark(window, path):
    Annotations(path).add(Mark(0, BEGIN + 600 * MICROSECONDS, "door"))
    window.bench.notes.look()
    drawn(window, marks=1)
    window.key(QtCore.Qt.Key_B)
    view = window.control("marks").view
    view.edit(view.order.index(0, 0))
    QtTest.QTest.keyClicks(field_of(window), "typed")
    Annotations(path).add(Mark(0, BEGIN, "outside"))
    window.bench.notes.look()
    drawn(window, marks=2)
    assert view.is_editing
    QtTest.QTest.keyClick(field_of(window), QtCore.Qt.Key_Return)
    window.wait_for(lambda: view.order.rowCount() == 2, "the other mark")
    texts = {"typed", "outside"}
    window.wait_for(lambda: {one.text for one in window.bench.notes.marks} == texts, "the name")


def test_a_mark_from_outside_appears_within_the_tick_of_the_window(window, path):
    Annotations(path).add(Mark(0, BEGIN + 600 * MICROSECONDS, "outside"))
    drawn(window, marks=1)


def test_spans_are_exported_as_csv_and_json(window, path, tmp_path):
    Annotations(path).add(Span(0, BEGIN, BEGIN + 500 * MICROSECONDS, "start"))
    window.bench.notes.look()
    drawn(window, spans=1)
    for name in ("spans.csv", "spans.json"):
        window.model.marks.export(tmp_path / name)
        window.wait_for(lambda name=name: name in window.model.message, "the export")
        assert window.model.message.startswith("Exported")
    assert (tmp_path / "spans.csv").read_text().splitlines()[1].startswith("start,")
    found = json.loads((tmp_path / "spans.json").read_text())
    assert found["spans"][0]["name"] == "start"
    window.model.marks.export(path)
    window.wait_for(lambda: "Not exported" in window.model.message, "the refusal")


def test_a_hostile_name_is_shown_as_it_is(window, path):
    Annotations(path).add(Span(0, BEGIN, BEGIN + 10**9, "<b>x</b>\u202e\x07", "#29a576"))
    window.bench.notes.look()
    drawn(window, spans=1)
    window.key(QtCore.Qt.Key_B)
    shown = window.control("marks").view.order.index(0, 0).data()
    assert "<b>x</b>" in shown
    assert "\u202e" not in shown
    assert "\x07" not in shown


def test_a_session_that_cannot_be_changed_keeps_its_marks(window, path):
    """Of a damaged session, what can be read of it is shown: no mark goes into that copy."""
    window.bench.notes.show(path, changeable=False)
    point_at(window, 50)
    window.key(QtCore.Qt.Key_M)
    assert "cannot be changed" in window.model.message
    window.bench.main_thread.join(10.0)
    assert stored(path) == ([], [])


def test_marks_set_while_recording_are_named_and_undone():
    opened = OpenedWindow()
    try:
        opened.connect()
        activate(opened)
        opened.key(QtCore.Qt.Key_M)
        drawn(opened, marks=1)
        opened.key(QtCore.Qt.Key_N)
        typed(opened, "kettle")
        opened.wait_for(lambda: opened.bench.marks[0][1] == "kettle", "the name")
        opened.key(QtCore.Qt.Key_Z, QtCore.Qt.ControlModifier)
        opened.key(QtCore.Qt.Key_Z, QtCore.Qt.ControlModifier)
        opened.wait_for(lambda: opened.bench.marks == [], "undo")
        notes = Annotations(opened.bench.session_path)
        mark = notes.add(replace(Mark(0, 0), time_us=round(opened.bench.session_start * 1e6)))
        opened.wait_for(lambda: opened.bench.notes.marks == (mark,), "a mark from outside")
    finally:
        opened.close()
