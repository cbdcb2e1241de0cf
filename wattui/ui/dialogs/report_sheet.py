# SPDX-License-Identifier: GPL-3.0-or-later
"""*Report a problem*: what a report contains, shown before it is saved."""

from __future__ import annotations

import functools
from pathlib import Path

from pyface.qt import QtGui

from wattui.report.problem_report import problem_report
from wattui.session.destination import write_guarded
from wattui.ui.dialogs.about import Sheet
from wattui.ui.widgets.action import WindowContext

#: The name that is proposed for the file.
_NAME = "wattui-problem.txt"


class ReportSheet(Sheet):
    """Shows the text of a report, which is saved or copied exactly as shown."""

    def __init__(self, context: WindowContext) -> None:
        super().__init__(context.window, "Report a problem", 800, 600)
        self._context = context
        self.text.setPlainText("Collecting versions, checks and logs…")
        self.copy = self._button("&Copy", "Copy the text to the clipboard", self._copy)
        self.save = self._button("&Save…", "Save the text to a file", self._save)

    def _button(self, label: str, tip: str, do: object) -> QtGui.QPushButton:
        button = QtGui.QPushButton(label)
        button.setAutoDefault(False)
        button.setEnabled(False)
        button.setToolTip(tip)
        button.clicked.connect(do)
        self.row.insertWidget(self.row.count() - 2, button)
        return button

    def show_report(self, text: str) -> None:
        """Show the text, which can be saved from now on."""
        self.text.setPlainText(text)
        for button in (self.copy, self.save):
            button.setEnabled(True)

    def _copy(self) -> None:
        QtGui.QApplication.clipboard().setText(self.text.toPlainText())
        self._context.model.message = "Copied the report"

    def _save(self) -> None:
        name, _ = QtGui.QFileDialog.getSaveFileName(
            self, "Save the report", str(Path.home() / _NAME), "Text (*.txt);;All files (*)"
        )
        if not name:
            return
        model, path = self._context.model, Path(name)
        # Names of files may have bytes that are not UTF-8.
        text = self.text.toPlainText().encode(errors="backslashreplace")
        write = functools.partial(write_guarded, path, text)
        model.bench.main_thread.run(
            f"writing {path}",
            write,
            lambda _done: model.trait_set(message=f"Saved {path}"),
            lambda error: model.trait_set(message=f"Not saved: {error}"),
        )


def report_problem(context: WindowContext) -> ReportSheet:
    """Show what a report of a problem contains, once it is collected."""
    sheet = ReportSheet(context)
    closed: list[object] = []
    sheet.destroyed.connect(closed.append)
    sheet.show()

    def show(text: str) -> None:
        if not closed:
            sheet.show_report(text)

    def failed(error: Exception) -> None:
        if not closed:
            sheet.text.setPlainText(f"The report cannot be made: {error}")

    context.model.bench.main_thread.run("a problem report", problem_report, show, failed)
    return sheet
