# SPDX-License-Identifier: GPL-3.0-or-later
"""The hand-over to the GUI thread: many posts, one pending wake-up.

Workers and reader threads never touch a trait.  They post a call; the main
thread runs it.  How the main thread is woken is injected, so that a model is
tested without an event loop, and so that no layer below the window knows Qt.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TypeVar

_log = logging.getLogger(__name__)

_Result = TypeVar("_Result")


class MainThread:
    """Runs calls of other threads on the thread that calls :meth:`drain`.

    Parameters
    ----------
    wake
        Called on the posting thread when there is something to drain and no
        wake-up is pending.  It must bring the main thread to call :meth:`drain`.
    """

    def __init__(self, wake: Callable[[], None] = lambda: None) -> None:
        self.wake = wake
        self._lock = threading.Lock()
        self._calls: deque[Callable[[], None]] = deque()
        self._pending = False
        self._posted = threading.Condition(self._lock)
        self._workers: set[threading.Thread] = set()
        self._draining = 0
        self._at_end: list[Callable[[], None]] = []

    def post(self, call: Callable[[], None]) -> None:
        """Have *call* run on the main thread, in the order of posting.  Any thread."""
        with self._lock:
            self._calls.append(call)
            self._posted.notify_all()
            if self._pending:
                return
            self._pending = True
        self.wake()

    def drain(self) -> int:
        """Run what was posted so far and return the number of calls.  Main thread only.

        A call that raises is logged; those behind it run all the same.
        """
        with self._lock:
            calls = list(self._calls)
            self._calls.clear()
            self._pending = False
        self._draining += 1
        for call in calls:
            _run_logged(call)
        self._draining -= 1
        at_end, self._at_end = self._at_end, []
        for call in at_end:
            _run_logged(call)
        return len(calls)

    def once(self, call: Callable[[], None]) -> None:
        """Run *call* once, however often it is asked for during a drain.  Main thread only.

        It runs at the end of the drain; at once outside of one.
        """
        if not self._draining:
            call()
        elif call not in self._at_end:
            self._at_end.append(call)

    def wait_for_post(self, timeout: float) -> bool:
        """Wait until something is there to drain; tell whether it is."""
        with self._lock:
            return self._posted.wait_for(lambda: bool(self._calls), timeout)

    def run(
        self,
        name: str,
        work: Callable[[], _Result],
        done: Callable[[_Result], None] = lambda _result: None,
        failed: Callable[[Exception], None] | None = None,
    ) -> threading.Thread:
        """Run *work* on a thread of its own, then *done* or *failed* on the main thread.

        Without *failed*, an exception is logged.
        """

        def body() -> None:
            try:
                result = work()
            except Exception as error:  # noqa: BLE001 - handed to whoever asked for the work
                if failed is None:
                    _log.exception("%s failed", name)
                else:
                    self.post(lambda error=error: failed(error))  # type: ignore[misc]
            else:
                self.post(lambda: done(result))
            finally:
                with self._lock:
                    self._workers.discard(threading.current_thread())

        thread = threading.Thread(target=body, name=f"wattui {name}")
        with self._lock:
            self._workers.add(thread)
        thread.start()
        return thread

    def join(self, timeout: float) -> list[str]:
        """Wait for the threads of :meth:`run`; give the names of those that still run."""
        with self._lock:
            workers = list(self._workers)
        deadline = time.monotonic() + timeout
        for worker in workers:
            if worker is not threading.current_thread():
                worker.join(max(0.0, deadline - time.monotonic()))
        return [worker.name for worker in workers if worker.is_alive()]


def _run_logged(call: Callable[[], None]) -> None:
    try:
        call()
    except Exception:  # noqa: BLE001 - those behind it must run
        _log.exception("a call on the main thread failed")
