# SPDX-License-Identifier: GPL-3.0-or-later
"""The hand-over to the GUI thread, without any event loop."""

from __future__ import annotations

import sys
import threading

import pytest

from wattui.errors import WattuiError
from wattui.model.main_thread import MainThread

DEADLINE = 10.0


def test_many_posts_wake_once_and_run_in_order():
    wakes: list[None] = []
    seen: list[int] = []
    main = MainThread(lambda: wakes.append(None))
    for number in range(1000):
        main.post(lambda number=number: seen.append(number))
    assert len(wakes) == 1
    assert main.drain() == 1000
    assert seen == list(range(1000))
    main.post(lambda: None)
    assert len(wakes) == 2


def test_a_post_from_within_a_call_wakes_again_instead_of_looping():
    main = MainThread(lambda: None)
    seen: list[str] = []

    def first() -> None:
        seen.append("first")
        main.post(lambda: seen.append("second"))

    main.post(first)
    assert main.drain() == 1
    assert seen == ["first"]
    assert main.drain() == 1
    assert seen == ["first", "second"]


@pytest.fixture
def uncaught(monkeypatch) -> list[BaseException]:
    """Return the errors that reach the hook which tells the user."""
    found: list[BaseException] = []
    monkeypatch.setattr(sys, "excepthook", lambda _kind, error, _trace: found.append(error))
    return found


def test_a_call_that_raises_is_reported_and_the_next_one_runs(uncaught):
    main = MainThread(lambda: None)
    seen: list[str] = []
    main.post(lambda: 1 / 0)
    main.post(lambda: seen.append("ran"))
    main.drain()
    assert seen == ["ran"]
    assert [type(error) for error in uncaught] == [ZeroDivisionError]


def test_work_runs_elsewhere_and_its_result_arrives_on_the_main_thread():
    main = MainThread(lambda: None)
    threads: list[threading.Thread] = []
    results: list[int] = []

    def work() -> int:
        threads.append(threading.current_thread())
        return 42

    def done(result: int) -> None:
        threads.append(threading.current_thread())
        results.append(result)

    main.run("a test", work, done)
    assert main.wait_for_post(DEADLINE)
    main.drain()
    assert results == [42]
    assert threads[0].name == "wattui a test"
    assert threads[1] is threading.current_thread()
    assert main.join(DEADLINE) == []


def _fail(error: Exception) -> None:
    raise error


def test_failed_work_tells_why_on_the_main_thread(uncaught):
    main = MainThread(lambda: None)
    errors: list[Exception] = []
    main.run("a test", lambda: _fail(WattuiError("The disk is full")), failed=errors.append)
    assert main.wait_for_post(DEADLINE)
    main.drain()
    assert [str(error) for error in errors] == ["The disk is full"]
    assert uncaught == []


def test_an_error_after_the_work_reaches_those_who_asked_for_it(uncaught):
    main = MainThread(lambda: None)
    errors: list[Exception] = []
    refused = WattuiError("There are no records")
    main.run("a test", lambda: 1, lambda _result: _fail(refused), errors.append)
    assert main.wait_for_post(DEADLINE)
    main.drain()
    assert errors == [refused]
    assert uncaught == []


def test_no_error_of_a_worker_reaches_nobody(uncaught):
    main = MainThread(lambda: None)
    errors: list[Exception] = []
    main.run("nobody asks", lambda: _fail(WattuiError("The name was not stored")))
    assert main.wait_for_post(DEADLINE)
    main.drain()
    main.run("an error of the program", lambda: 1 // 0, failed=errors.append)
    assert main.wait_for_post(DEADLINE)
    main.drain()
    assert [type(error) for error in uncaught] == [WattuiError, ZeroDivisionError]
    assert errors == uncaught[1:]


def test_join_names_the_threads_that_do_not_end():
    main = MainThread(lambda: None)
    gate = threading.Event()
    main.run("a stuck disk", lambda: gate.wait(DEADLINE))
    try:
        assert main.join(0.01) == ["wattui a stuck disk"]
    finally:
        gate.set()
    assert main.join(DEADLINE) == []


def test_a_call_that_is_requested_many_times_runs_once():
    main = MainThread(lambda: None)
    seen: list[str] = []

    def refresh() -> None:
        seen.append("refresh")

    for number in range(3):
        main.post(lambda number=number: (seen.append(str(number)), main.once(refresh)))
    main.drain()
    assert seen == ["0", "1", "2", "refresh"]
    main.once(refresh)
    assert seen[-2:] == ["refresh", "refresh"], "outside of a drain it runs at once"
