# SPDX-License-Identifier: GPL-3.0-or-later
"""The span of the run that is in view: panning, zooming, and the live edge.

Pure logic: no drawing, no clock.  Times are seconds since 1970, UTC.
"""

from __future__ import annotations

from typing import Final

from traits.api import Bool, Event, Float, HasStrictTraits, Property, Tuple, Union, observe

#: The least width of a view, in seconds.
MIN_WIDTH: Final = 2.0

#: The width of the view of a run that has just started, in seconds.
FIRST_WIDTH: Final = 60.0

#: How far a view may go beyond the data, as a share of its width.
MARGIN: Final = 0.1

#: How much the view of a growing run is widened in one step: the axis does not move in between.
GROWTH: Final = 0.06

#: The width of a view in which tenths of a second are seen, in seconds.
_FINE: Final = 30.0

#: How far beyond the last record that is known a growing selection is read, in seconds.
_AHEAD: Final = 3600.0


class TimeView(HasStrictTraits):
    """The span in view, and how it moves.

    A view is *whole* (the run from its start, growing with it), or has a fixed width.
    A *pinned* view follows the live edge.
    """

    #: The span in view: seconds, UTC.
    start = Float(0.0)
    stop = Float(FIRST_WIDTH)

    #: The span that has data: start of the first interval, end of the last.
    first = Float(0.0)
    last = Float(0.0)

    #: Whether there is any data.
    known = Bool(False)

    #: Whether records are still arriving.
    live = Bool(False)

    #: Whether the view follows the live edge.
    pinned = Bool(True)

    #: Whether the view shows the run from its start.
    whole = Bool(True)

    #: The selected span, in seconds, UTC; None if nothing is selected.
    selection = Union(None, Tuple(Float, Float))

    #: Whether the selection ends at the live edge, and grows with the run.
    growing = Bool(False)

    #: Whether the next drag selects a span, and whether one is being dragged.
    selecting = Bool(False)
    dragging = Bool(False)

    #: Seconds between start and stop.
    width = Property(Float, observe="[start,stop]")

    #: Start or stop changed; fired once for both.
    moved = Event()

    #: The whole run was requested.
    fitted = Event()

    #: Someone is about to move the view.
    leaving = Event()

    def _get_width(self) -> float:
        return self.stop - self.start

    # --- the data -----------------------------------------------------------------------

    def follow(self, last: float, first: float | None = None) -> None:
        """Set the span of the data, in seconds; a pinned view moves along."""
        if first is not None:
            self.first = first
        self.last = max(last, self.first)
        if not self.known:
            self.known = True
            self._fit()
        elif self.pinned and self.live:
            self._to_edge()
        elif self.whole and not self.live:
            self._fit()
        if self.growing and self.selection is not None:
            self.selection = (self.selection[0], self.last)

    def forget(self) -> None:
        """Return to the state without data, for another session."""
        self.known = False
        self.trait_set(selection=None, growing=False, selecting=False)
        self.first = self.last = 0.0
        self.whole = self.pinned = True
        self._move(0.0, FIRST_WIDTH)

    # --- actions of the user ------------------------------------------------------------

    def fit(self) -> None:
        """Show the whole run, and while it is live also room for further records."""
        self.show_run()
        self.fitted = True

    def show_run(self) -> None:
        """Show the whole run, and leave the value axes as they are."""
        self.leaving = True
        self._fit()

    def _fit(self) -> None:
        self.whole = True
        self.pinned = self.live or self.pinned
        if self.live:
            self._to_edge(again=True)
            return
        length = max(self.last - self.first, MIN_WIDTH)
        self._move(self.first, self.first + length * 1.01)

    def go_live(self) -> None:
        """Follow the live edge, at the present width."""
        self.leaving = True
        self.pinned = True
        self._to_edge()

    def pan(self, fraction: float) -> None:
        """Move by a share of the width: later if positive."""
        self.show(self.start + fraction * self.width, self.stop + fraction * self.width)

    def zoom(self, factor: float, at: float | None = None) -> None:
        """Make the view *factor* times as wide; the time *at* stays where it is.

        Without *at*, the live edge of a pinned view stays where it is, and otherwise the
        middle.
        """
        low, high = self._widths()
        width = min(max(self.width * factor, low), high)
        on_edge = self.pinned and self.live
        if at is None:
            at = self.last if on_edge else (self.start + self.stop) / 2
        elif on_edge and at > self.stop - 0.06 * self.width:
            at = self.last
        share = (at - self.start) / self.width if self.width > 0 else 0.5
        start = at - min(max(share, 0.0), 1.0) * width
        self.show(start, start + width)

    def show(self, start: float, stop: float) -> None:
        """Show a span, in seconds, moved to where there is data.

        The view is pinned if it reaches the live edge.
        """
        self.leaving = True
        low, high = self._widths()
        width = min(max(stop - start, low), high)
        start = (start + stop - width) / 2
        margin = MARGIN * width
        # A view wider than the run may show all of it at either side.
        least = min(self.first - margin, self.last + margin - width)
        most = max(self.last + margin - width, self.first - margin)
        start = min(max(start, least), most)
        self._move(start, start + width)
        self.pinned = self.stop >= self.last - 1e-6
        self.whole = self.pinned and self.start <= self.first + 1e-6 and width >= self.length

    def show_last(self, seconds: float) -> None:
        """Show the last *seconds* of the run, and follow its live edge."""
        width = max(seconds, MIN_WIDTH)
        stop = self.last + 0.01 * width
        self.show(stop - width, stop)

    # --- the selection ------------------------------------------------------------------

    def select(self, start: float, stop: float) -> None:
        """Select a span, in seconds, given in either order; clear the selection if it is empty.

        A selection that reaches the live edge grows with the run.
        """
        low, high = sorted((self.snapped(start), self.snapped(stop)))
        self.growing = self.live and high > low and high >= self.last
        self.selection = (low, high) if high > low else None

    def snapped(self, moment: float) -> float:
        """Return a time of the run on a whole second of it, or on a tenth where that is seen.

        So the times of a selection, which are shown in seconds, agree with its duration.
        """
        step = 0.1 if self.is_fine else 1.0
        if moment > self.last - step / 2:
            return self.last
        return max(self.first + step * round((moment - self.first) / step), self.first)

    @property
    def is_fine(self) -> bool:
        """Whether tenths of a second are seen in the view."""
        return self.width < _FINE

    def move_selection(self, start: float) -> None:
        """Move the selection so that it begins at a time, but stays within the run."""
        if self.selection is not None:
            width = self.selection[1] - self.selection[0]
            start = max(min(start, self.last - width), self.first)
            self.select(start, start + width)

    def move_end(self, stop: float) -> None:
        """Move the end of the selection, which is at least a thousandth of the view long."""
        if self.selection is not None:
            self.select(self.selection[0], max(stop, self.selection[0] + self._least()))

    def move_begin(self, start: float) -> None:
        """Move the beginning of the selection, which is at least a thousandth of the view long."""
        if self.selection is not None:
            stop = self.selection[1]
            self.select(min(start, stop - self._least()), stop)

    def _least(self) -> float:
        return max(self.width / 1000, 0.1 if self.is_fine else 1.0)

    @property
    def selection_to_read(self) -> tuple[float, float] | None:
        """The selection; one that grows takes in what has been recorded meanwhile."""
        if self.selection is None or not self.growing:
            return self.selection
        return (self.selection[0], self.last + _AHEAD)

    def clear_selection(self) -> None:
        """Clear the selection, and select nothing by the next drag."""
        self.trait_set(selection=None, growing=False, selecting=False)

    def show_selection(self) -> None:
        """Show the selection, and a little on either side of it."""
        if self.selection is not None:
            start, stop = self.selection
            margin = 0.05 * (stop - start)
            self.show(start - margin, stop + margin)

    @property
    def length(self) -> float:
        """Seconds of data."""
        return self.last - self.first

    # --- within -------------------------------------------------------------------------

    def _widths(self) -> tuple[float, float]:
        """Return the least and the greatest sensible width."""
        return MIN_WIDTH, max(self.length * (1 + 2 * MARGIN), FIRST_WIDTH)

    def _to_edge(self, again: bool = False) -> None:
        """Move so that the latest record is in view, at the right.

        A view of the whole run stays as it is while the edge is in it, unless *again*.
        """
        if self.whole:
            if again or self.stop < self.last or self.start != self.first:
                length = max(self.length * (1 + GROWTH), FIRST_WIDTH)
                self._move(self.first, self.first + length)
            return
        stop = self.last + 0.01 * self.width
        self._move(stop - self.width, stop)

    def _move(self, start: float, stop: float) -> None:
        if (start, stop) != (self.start, self.stop):
            self.trait_setq(start=start)
            self.stop = stop
            self.trait_property_changed("start", None, start)
            self.moved = True

    @observe("live")
    def _live_changed_to(self, _event: object) -> None:
        if self.live and self.known and self.pinned:
            self._to_edge()
