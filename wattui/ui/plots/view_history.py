# SPDX-License-Identifier: GPL-3.0-or-later
"""The views that were shown before: back and forward through them."""

from __future__ import annotations

import time
from collections.abc import Callable as CallableType
from dataclasses import dataclass
from typing import Final

from traits.api import Bool, Callable, Float, HasStrictTraits, Instance, List, observe

from wattui.ui.plots.time_view import TimeView

#: Moves less than this many seconds apart, as in a drag, are one.
SETTLED: Final = 0.7

#: How many views are remembered.
_MOST: Final = 100


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a view showed."""

    start: float
    stop: float
    #: Whether it was the whole run, and whether it followed the live edge.
    whole: bool
    follows: bool


class ViewHistory(HasStrictTraits):
    """The views that someone left by panning, zooming or fitting.  Main thread only."""

    #: The view.
    view = Instance(TimeView)
    #: Whether there is an earlier view, and a later one that was left by going back.
    can_go_back = Bool(False)
    can_go_forward = Bool(False)
    #: The time in seconds, for tests.
    clock: CallableType[[], float] = Callable(time.monotonic)

    _behind = List(Instance(_Shown))
    _ahead = List(Instance(_Shown))
    _moved = Float(-SETTLED)
    _going = Bool(False)

    def back(self) -> None:
        """Show the view before."""
        self._go(self._behind, self._ahead)

    def forward(self) -> None:
        """Show the view again that was left by going back."""
        self._go(self._ahead, self._behind)

    def _go(self, source: list[_Shown], target: list[_Shown]) -> None:
        present = self._present()
        while source and source[-1] == present:
            source.pop()
        if source:
            target.append(present)
            self._going = True
            self._show(source.pop())
            self._going = False
            self._moved = -SETTLED
        self._count()

    def _show(self, shown: _Shown) -> None:
        if shown.whole:
            self.view.show_run()
        elif shown.follows and self.view.live:
            self.view.show_last(shown.stop - shown.start)
        else:
            self.view.show(shown.start, shown.stop)

    def _present(self) -> _Shown:
        view = self.view
        return _Shown(view.start, view.stop, view.whole, view.pinned and view.live)

    def _count(self) -> None:
        self.trait_set(can_go_back=bool(self._behind), can_go_forward=bool(self._ahead))

    @observe("view:leaving")
    def _leaving(self, _event: object) -> None:
        """Remember the view that is about to be left."""
        if self._going or not self.view.known:
            return
        now = self.clock()
        if now - self._moved >= SETTLED:
            self._behind = [*self._behind, self._present()][-_MOST:]
            self._ahead = []
            self._count()
        self._moved = now

    @observe("view:known")
    def _other_run(self, _event: object) -> None:
        """Forget the views of another session."""
        self.trait_set(_behind=[], _ahead=[])
        self._count()
