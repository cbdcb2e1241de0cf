# SPDX-License-Identifier: GPL-3.0-or-later
"""Which span is in view: the live edge, panning, zooming, limits."""

from __future__ import annotations

import pytest

from wattui.ui.plots.time_view import FIRST_WIDTH, MARGIN, MIN_WIDTH, TimeView

START = 1_795_442_700.0


def recorded(length=3600.0):
    """Return the view of an opened session."""
    view = TimeView()
    view.follow(START + length, START)
    return view


def live(length=600.0):
    """Return the view of a session that is being recorded."""
    view = TimeView(live=True)
    view.follow(START + length, START)
    return view


def test_an_opened_session_is_shown_whole():
    view = recorded()
    assert view.start == START
    assert START + 3600 < view.stop < START + 3600 * 1.05
    assert view.whole


def test_a_run_that_has_just_started_gets_a_minute():
    view = live(1.0)
    assert (view.start, view.stop) == (START, START + FIRST_WIDTH)


def test_a_live_run_grows_in_steps_so_that_the_axis_stands_still_between_them():
    view = live(600.0)
    stops = set()
    for second in range(601, 700):
        view.follow(START + second)
        assert view.start == START
        assert view.stop >= START + second
        stops.add(view.stop)
    assert len(stops) <= 4


def test_a_zoomed_pinned_view_moves_with_the_edge_at_its_width():
    view = live(600.0)
    view.zoom(0.1)
    width = view.width
    assert view.pinned
    view.follow(START + 700.0)
    assert view.width == pytest.approx(width)
    assert view.start < START + 700.0 <= view.stop
    assert view.stop - (START + 700.0) < 0.05 * width


def test_panning_away_from_the_edge_unpins_and_going_live_pins_again():
    view = live(600.0)
    view.zoom(0.1)
    view.pan(-1.0)
    assert not view.pinned
    seen = (view.start, view.stop)
    view.follow(START + 700.0)
    assert (view.start, view.stop) == seen
    view.go_live()
    assert view.pinned
    assert view.stop >= START + 700.0


def test_panning_back_to_the_edge_pins_again():
    view = live(600.0)
    view.zoom(0.1)
    view.pan(-0.5)
    assert not view.pinned
    view.pan(10.0)
    assert view.pinned


def test_zooming_keeps_the_moment_under_the_pointer():
    view = recorded()
    at = START + 900.0
    share = (at - view.start) / view.width
    view.zoom(0.25, at)
    assert (at - view.start) / view.width == pytest.approx(share)
    assert not view.pinned


def test_zooming_in_near_the_live_edge_stays_pinned():
    view = live(600.0)
    view.zoom(0.5, view.stop - 0.01 * view.width)
    assert view.pinned


def test_a_view_is_never_narrower_than_two_seconds_nor_much_wider_than_the_run():
    view = recorded()
    for _ in range(60):
        view.zoom(0.5, START + 1000.0)
    assert view.width == pytest.approx(MIN_WIDTH)
    for _ in range(60):
        view.zoom(2.0)
    assert view.width == pytest.approx(3600.0 * (1 + 2 * MARGIN))
    assert view.start <= START < START + 3600 <= view.stop


@pytest.mark.parametrize("fraction", [-50.0, 50.0])
def test_panning_stops_a_margin_beyond_the_data(fraction):
    view = recorded()
    view.zoom(0.1)
    view.pan(fraction)
    assert view.start >= START - MARGIN * view.width - 1e-6
    assert view.stop <= START + 3600 + MARGIN * view.width + 1e-6


def test_zoom_and_back_comes_to_the_same_view():
    view = recorded()
    view.show(START + 1000.0, START + 2000.0)
    view.zoom(0.5)
    view.zoom(2.0)
    assert view.start == pytest.approx(START + 1000.0)
    assert view.stop == pytest.approx(START + 2000.0)


def test_fit_shows_the_whole_run_and_fires_an_event():
    view = recorded()
    fitted = []
    view.observe(fitted.append, "fitted")
    view.zoom(0.01, START + 5)
    view.fit()
    assert view.whole
    assert view.start == START
    assert view.stop > START + 3600
    assert len(fitted) == 1


def test_a_move_fires_once_for_both_ends():
    view = recorded()
    fired = []
    view.observe(fired.append, "moved")
    view.pan(-0.05)
    assert len(fired) == 1
    view.show(view.start, view.stop)
    assert len(fired) == 1


def test_a_selection_is_in_order_and_within_the_data():
    view = recorded()
    view.select(START + 200.0, START - 50.0)
    assert view.selection == (START, START + 200.0)
    view.select(START + 100.0, START + 100.0)
    assert view.selection is None
    view.select(START + 1.0, START + 2.0)
    view.clear_selection()
    assert view.selection is None


def test_a_selection_that_ends_at_the_live_edge_grows_with_the_run():
    view = live(600.0)
    view.select(START + 100.0, START + 600.0)
    assert view.growing
    view.follow(START + 601.0)
    assert view.selection == (START + 100.0, START + 601.0)
    assert view.selection_to_read[1] > START + 602.0, "a record of now would be left out"
    view.move_begin(START + 200.0)
    view.follow(START + 602.0)
    assert view.selection == (START + 200.0, START + 602.0)
    view.move_end(START + 300.0)
    assert view.selection_to_read == view.selection == (START + 200.0, START + 300.0)
    view.follow(START + 603.0)
    assert view.selection == (START + 200.0, START + 300.0)
    opened = recorded(600.0)
    opened.select(START, START + 600.0)
    assert not opened.growing


def test_a_selection_is_of_whole_seconds_and_leaves_out_no_record_at_the_end():
    view = recorded(600.00005)
    view.select(START + 99.7, START + 250.2)
    assert view.selection == (START + 100.0, START + 250.0)
    view.select(START - 1.0, START + 600.00005)
    assert view.selection == (view.first, view.last)
    view.zoom(0.01)
    view.select(view.start + 0.12, view.start + 1.58)
    assert view.selection[1] - view.selection[0] == pytest.approx(1.5, abs=0.11)


def test_a_selection_is_moved_and_resized_within_the_run():
    view = recorded(600.0)
    view.select(START + 100.0, START + 200.0)
    view.move_selection(START + 550.0)
    assert view.selection == (START + 500.0, START + 600.0)
    view.move_selection(START - 9.0)
    assert view.selection == (START, START + 100.0)
    view.move_end(START - 9.0)
    assert view.selection == (START, START + 1.0)
    view.move_end(START + 300.0)
    view.move_begin(START + 400.0)
    assert view.selection == (START + 299.0, START + 300.0)
    view.select(START + 100.0, START + 200.0)
    view.show_selection()
    assert view.start == pytest.approx(START + 95.0)
    assert view.stop == pytest.approx(START + 205.0)


def test_the_last_minutes_are_shown_and_followed():
    view = live(3600.0)
    view.show_last(300.0)
    assert view.width == pytest.approx(300.0)
    assert view.pinned
    view.follow(START + 3700.0)
    assert view.start < START + 3700.0 - 290.0
    assert view.stop > START + 3700.0
    opened = recorded(3600.0)
    opened.show_last(60.0)
    assert opened.start == pytest.approx(START + 3540.6)


def test_a_session_that_ends_stays_where_it_was():
    view = live(600.0)
    view.zoom(0.2)
    seen = (view.start, view.stop)
    view.live = False
    view.follow(START + 601.0)
    assert (view.start, view.stop) == seen


def test_a_view_can_be_reset_for_another_session():
    view = recorded()
    view.select(START, START + 5)
    view.forget()
    assert not view.known
    assert view.selection is None
    view.follow(50.0, 10.0)
    assert view.start == 10.0
