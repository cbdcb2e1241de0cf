# SPDX-License-Identifier: GPL-3.0-or-later
"""A bar in a narrow window: what the menus have too gives way to the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyface.qt import QtCore, QtGui


class BarRoom(QtCore.QObject):
    """Hides controls of a bar that there is no room for.

    Parameters
    ----------
    bar
        The bar.
    giving_way
        The controls that may be hidden, the first one first.
    """

    def __init__(self, bar: QtGui.QWidget, giving_way: Sequence[QtGui.QWidget]) -> None:
        super().__init__(bar)
        self._bar = bar
        self._giving_way = list(giving_way)
        least = self._needed([one for one in self._controls() if one not in self._giving_way])
        bar.setMinimumWidth(least)
        bar.installEventFilter(self)

    def eventFilter(self, _watched: Any, event: Any) -> bool:
        """Choose again what is shown when the bar or one of its controls has another size."""
        if event.type() in (QtCore.QEvent.Type.Resize, QtCore.QEvent.Type.LayoutRequest):
            self._choose()
        return False

    def _choose(self) -> None:
        shown = self._controls()
        for control in self._giving_way:
            hidden = self._needed(shown) > self._bar.width()
            if hidden:
                shown.remove(control)
            if control.isHidden() != hidden:
                control.setVisible(not hidden)

    def _controls(self) -> list[QtGui.QWidget]:
        layout = self._bar.layout()
        found = (layout.itemAt(index).widget() for index in range(layout.count()))
        return [one for one in found if one is not None]

    def _needed(self, controls: Sequence[QtGui.QWidget]) -> int:
        layout = self._bar.layout()
        margins = layout.contentsMargins()
        widths = [one.minimumWidth() or one.minimumSizeHint().width() for one in controls]
        # The two spaces between groups of buttons shrink to nothing.
        between = layout.spacing() * (len(controls) + 1)
        return sum(widths) + between + margins.left() + margins.right()
