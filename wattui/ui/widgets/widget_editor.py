# SPDX-License-Identifier: GPL-3.0-or-later
"""The base of the window's editors: a Qt widget that shows a trait and some others."""

from __future__ import annotations

from typing import ClassVar

from pyface.qt import QtGui
from traitsui.qt.editor import Editor


class WidgetEditor(Editor):
    """An editor that is updated when its trait or another one of the object changes."""

    #: Other traits that are shown, as an expression for ``observe``.
    watched: ClassVar[str] = ""

    def make(self) -> QtGui.QWidget:
        """Make the control."""
        raise NotImplementedError

    def init(self, parent: object) -> None:
        """Make the control and show the trait."""
        self.control = self.make()
        if self.watched:
            self.context_object.observe(self._changed, self.watched)
        self.update_editor()
        self.set_tooltip()

    def dispose(self) -> None:
        """Stop observing the object."""
        if self.watched:
            self.context_object.observe(self._changed, self.watched, remove=True)
        super().dispose()

    def _changed(self, _event: object) -> None:
        self.update_editor()
