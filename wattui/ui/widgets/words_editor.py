# SPDX-License-Identifier: GPL-3.0-or-later
"""An editor for read-only texts."""

from __future__ import annotations

from pyface.qt import QtCore, QtGui
from traits.api import Bool, Str
from traitsui.api import BasicEditorFactory
from traitsui.qt.editor import Editor

from wattui.ui.widgets.plain_text import PlainLabel


class _TextEditor(Editor):
    """Shows a text that can be long, in a look of the style sheet."""

    def init(self, parent: object) -> None:
        """Make the control."""
        self.control = PlainLabel()
        self.control.setWordWrap(True)
        self.control.setProperty("look", self.factory.look)
        if self.factory.selectable:
            flag = QtCore.Qt.TextInteractionFlag.TextSelectableByMouse
            self.control.setTextInteractionFlags(flag)
        policy = QtGui.QSizePolicy.Policy
        self.control.setSizePolicy(policy.Expanding, policy.Minimum)
        self.update_editor()

    def update_editor(self) -> None:
        """Show the text."""
        self.control.setText(self.value)
        self.control.setVisible(bool(self.value) or self.factory.keeps_place)


class WordsEditor(BasicEditorFactory):
    """Shows a text; nothing while it is empty."""

    klass = _TextEditor
    look = Str("muted")
    selectable = Bool()
    #: Whether an empty text still takes up space.
    keeps_place = Bool()
