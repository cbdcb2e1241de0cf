# SPDX-License-Identifier: GPL-3.0-or-later
"""The hand-over to the GUI thread, without any event loop."""

from __future__ import annotations

import logging
import threading

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


def test_a_call_that_raises_is_logged_and_the_next_one_runs(caplog):
    main = MainThread(lambda: None)
    seen: list[str] = []
    main.post(lambda: 1 / 0)
    main.post(lambda: seen.append("ran"))
    with caplog.at_level(logging.ERROR):
        main.drain()
    assert seen == ["ran"]
    assert "a call on the main thread failed" in caplog.text


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


def test_failed_work_tells_why_on_the_main_thread():
    main = MainThread(lambda: None)
    errors: list[Exception] = []
    main.run("a test", lambda: 1 // 0, failed=errors.append)
    assert main.wait_for_post(DEADLINE)
    main.drain()
    assert isinstance(errors[0], ZeroDivisionError)


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
