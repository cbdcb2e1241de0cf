# SPDX-License-Identifier: GPL-3.0-or-later
"""A question with a button for each answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyface.qt import QtCore, QtGui

from wattui.measurement.text import count_text, date_text
from wattui.ui.theme.style_sheet import GRID
from wattui.ui.widgets.plain_text import PlainLabel
from wattui.ui.widgets.screen_fit import fit_to_screen, scroll_above

if TYPE_CHECKING:
    from wattui.model.bench import Bench
    from wattui.model.meter import Meter
    from wattui.ui.widgets.task_bar import Task

#: Width of a question in pixels.
WIDTH = 500


class Question(QtGui.QDialog):
    """A question with a button for each answer; closing it gives the last answer.

    It is modal for its parent window only, and does not block.
    """

    #: An answer was given, by its name.
    answered = QtCore.Signal(str)

    def __init__(
        self,
        parent: QtGui.QWidget | None,
        title: str,
        lines: Sequence[str],
        answers: Sequence[tuple[str, str, str]],
        check: str = "",
    ) -> None:
        """Ask; *answers* are triples of a name, a label and a role of the style sheet.

        *check* is the label of a check box below the lines.
        """
        super().__init__(parent)
        self.setWindowTitle("wattui")
        self.setWindowModality(QtCore.Qt.WindowModality.WindowModal)
        self.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName(title)
        self.setAccessibleDescription(" ".join(lines))
        layout = QtGui.QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 2 * GRID + 4, 3 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        layout.addWidget(self._label(title, "question"))
        self.labels = [self._label(line, "") for line in lines]
        for label in self.labels:
            layout.addWidget(label)
        self.check = QtGui.QCheckBox(check)
        self.check.setVisible(bool(check))
        layout.addWidget(self.check)
        layout.addSpacing(GRID)
        layout.addLayout(self._button_row(answers))
        self.setFixedWidth(WIDTH)
        # Many lines, or large letters on a small screen.
        scroll_above(layout)
        fit_to_screen(self)

    def _button_row(self, answers: Sequence[tuple[str, str, str]]) -> QtGui.QHBoxLayout:
        row = QtGui.QHBoxLayout()
        row.setSpacing(GRID)
        row.addStretch(1)
        self.buttons: dict[str, QtGui.QPushButton] = {}
        self._last = answers[-1][0]
        for name, text, role in answers:
            button = QtGui.QPushButton(text)
            button.setProperty("role", role)
            button.setAutoDefault(False)
            button.clicked.connect(lambda _on, name=name: self._answer(name))
            self.buttons[name] = button
            row.addWidget(button)
        self.buttons[self._last].setDefault(True)
        return row

    def showEvent(self, event: QtGui.QShowEvent) -> None:
        """Focus the answer that changes nothing."""
        super().showEvent(event)
        self.buttons[self._last].setFocus()

    def _label(self, text: str, look: str) -> QtGui.QLabel:
        label = PlainLabel(text)
        label.setWordWrap(True)
        if look:
            label.setProperty("look", look)
        return label

    def _answer(self, name: str) -> None:
        self.hide()
        self.answered.emit(name)
        self.close()

    def reject(self) -> None:
        """Answer with the last button on Esc and on closing."""
        if self.isVisible():
            self._answer(self._last)


def closing_question(
    parent: QtGui.QWidget | None, bench: Bench, tasks: Sequence[Task], *, recording: bool
) -> Question:
    """Make the question whether to close a window that is at work: ``stop`` or ``keep``.

    Parameters
    ----------
    bench, recording
        The meters, and whether they are being recorded.
    tasks
        The other work that closing would end.
    """
    meters = [meter for meter in bench.meters if meter.connected]
    lines = [task.loss for task in tasks]
    if bench.disk_problem and bench.disk_waiting:
        title = f"{count_text(bench.disk_waiting, 'sample')} would be lost"
        lines = [f"{bench.disk_problem}. Samples that are not saved yet are lost.", *lines]
        answers = [("stop", "Close and lose them", "danger"), ("keep", "Keep recording", "")]
        return Question(parent, title, [_recording_text(meters), *lines], answers)
    if recording:
        ending = "Closing the window ends the recording. Everything is saved."
        lines = [_recording_text(meters), ending, *lines]
    names = [*(["recording"] if recording else []), *(task.name for task in tasks)]
    listed = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    keep = "Keep recording" if recording else "Keep the window open"
    answers = [("stop", "Stop and close", "danger"), ("keep", keep, "")]
    title = f"Stop {listed} and close the window?"
    return Question(parent, title, lines, answers, check="Do not ask again")


def _recording_text(meters: Sequence[Meter]) -> str:
    starts = [meter.since for meter in meters if meter.sample_count]
    verb = "has" if len(meters) == 1 else "have"
    since = f" since {date_text(min(starts))}" if starts else ""
    return f"{count_text(len(meters), 'meter')} {verb} been recording{since}."
