# SPDX-License-Identifier: GPL-3.0-or-later
"""What the window works around in TraitsUI and Enable.

A test that fails here says that upstream has mended it: the workaround it names can go.
"""

from __future__ import annotations

import subprocess
import sys

import pytest
from PyQt5 import QtCore, QtTest, QtWidgets
from traits.api import HasTraits, Str


class Thing(HasTraits):
    name = Str()


@pytest.fixture
def _application():
    from wattui.ui import app

    return app.application()


@pytest.mark.usefixtures("_application")
def test_esc_closes_a_traitsui_window():
    """Worked around by ``wattui.ui.widgets.key_filter.KeyFilter``."""
    from traitsui.api import Item, View

    ui = Thing().edit_traits(view=View(Item("name"), resizable=True))
    window = ui.control
    QtTest.QTest.keyClick(window, QtCore.Qt.Key_Escape)
    QtWidgets.QApplication.processEvents()
    assert not window.isVisible()


@pytest.mark.usefixtures("_application")
def test_enable_gives_qt_a_float_as_a_size():
    """Worked around by the ``sizeHint`` that ``wattui.ui.window.main_view.dress`` sets."""
    from enable.api import Container, Window

    window = Window(None, size=(100, 100), component=Container(fixed_preferred_size=(900.0, 10.0)))
    try:
        with pytest.raises(TypeError):
            window.control.sizeHint()
    finally:
        window.control.close()


@pytest.mark.usefixtures("_application")
def test_traitsui_removes_the_margins_of_an_editor():
    """Worked around in ``wattui.ui.window.main_view.dress`` for the status bar."""
    from traitsui.api import BasicEditorFactory, UItem, View
    from traitsui.qt.editor import Editor

    class Boxed(Editor):
        def init(self, parent):
            self.control = QtWidgets.QWidget()
            QtWidgets.QHBoxLayout(self.control).setContentsMargins(12, 0, 12, 0)

        def update_editor(self):
            pass

    class Factory(BasicEditorFactory):
        klass = Boxed

    ui = Thing().edit_traits(view=View(UItem("name", editor=Factory())))
    try:
        assert ui.info.name.control.layout().contentsMargins().left() == 0
    finally:
        ui.dispose()


def test_pyface_loads_all_modules_of_qt():
    """Worked around by ``wattui.ui.lean_start.load_pyface``."""
    code = (
        "import os, sys; os.environ['QT_API'] = 'pyqt5'; import pyface.qt.QtCore; "
        "print('PyQt5.QtSql' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "True", done.stderr
