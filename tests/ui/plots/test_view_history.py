# SPDX-License-Identifier: GPL-3.0-or-later
"""Back and forward through the views."""

from __future__ import annotations

import pytest

from wattui.ui.plots.time_view import TimeView
from wattui.ui.plots.view_history import SETTLED, ViewHistory


class Viewed:
    """A view of a run of an hour, its history, and a clock."""

    def __init__(self, live=False):
        self.now = 0.0
        self.view = TimeView(live=live)
        self.history = ViewHistory(view=self.view, clock=lambda: self.now)
        self.view.follow(3600.0, 0.0)

    def show(self, start, stop, after=10.0):
        self.now += after
        self.view.show(start, stop)

    @property
    def shown(self):
        return self.view.start, self.view.stop


def test_back_shows_the_view_before_and_forward_the_one_that_was_left():
    one = Viewed()
    whole = one.shown
    one.show(100, 200)
    one.show(500, 900)
    assert one.history.can_go_back
    assert not one.history.can_go_forward
    one.history.back()
    assert one.shown == (100, 200)
    one.history.back()
    assert one.shown == whole
    assert one.view.whole
    assert not one.history.can_go_back
    one.history.forward()
    one.history.forward()
    assert one.shown == (500, 900)
    assert not one.history.can_go_forward


def test_a_drag_is_one_view():
    one = Viewed()
    for step in range(50):
        one.show(100 + step, 200 + step, after=SETTLED / 4)
    one.history.back()
    assert one.view.whole


def test_another_move_after_going_back_leaves_nothing_ahead():
    one = Viewed()
    one.show(100, 200)
    one.history.back()
    one.show(300, 400)
    assert not one.history.can_go_forward
    one.history.back()
    assert one.view.whole


def test_records_that_arrive_are_no_views_of_their_own():
    one = Viewed(live=True)
    one.show(3500, 3700)
    for last in range(3601, 3700):
        one.now += 1.0
        one.view.follow(float(last))
    one.history.back()
    assert one.view.whole
    assert not one.history.can_go_back


def test_a_view_that_followed_the_live_edge_follows_it_again():
    one = Viewed(live=True)
    one.now += 10
    one.view.show_last(60)
    one.show(100, 200)
    one.view.follow(3650.0)
    one.history.back()
    assert one.view.pinned
    assert one.view.stop == pytest.approx(3650, abs=1)
    assert one.view.width == pytest.approx(60, abs=1)


def test_another_session_has_no_views_before():
    one = Viewed()
    one.show(100, 200)
    one.view.forget()
    one.view.follow(50.0, 0.0)
    assert not one.history.can_go_back
