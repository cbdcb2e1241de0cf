# SPDX-License-Identifier: GPL-3.0-or-later
"""Passes calls from worker threads to the thread that sets traits.

Workers and reader threads never touch a trait.  They post a call, and one thread at a time
runs it:

- If :attr:`MainThread.wake` is set, as by a window, or the event loop of a GUI runs, the
  GUI's thread runs the calls.
- If there is no event loop, as in a script, at a prompt or in a notebook, the posting
  thread runs them before :meth:`MainThread.post` returns.

The calls never overlap, and so observers of the traits never run at the same time.  How a
GUI is woken is injected: no layer below the window knows Qt.
"""

from __future__ import annotations

import functools
import math
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

from wattui.errors import WattuiError

#: Least time between two reports of progress, in seconds.
REPORT_TIME: Final = 0.1

_Result = TypeVar("_Result")
_Method = TypeVar("_Method", bound=Callable[..., Any])

#: A function that makes the GUI's thread call :meth:`MainThread.drain`.
Wake = Callable[[], None]


class MainThread:
    """Runs calls of other threads one at a time, on the GUI's thread if there is one.

    Parameters
    ----------
    wake
        Called on the posting thread when there is something to drain and no wake-up is
        pending; None if calls are run at once unless a GUI's event loop runs.
    """

    #: Returns the wake-up of a GUI whose event loop runs, else None.  See
    #: :func:`wattui.ui.window.qt_wakeup.running_loop`.
    running_loop: Callable[[MainThread], Wake | None] = staticmethod(lambda _main_thread: None)

    def __init__(self, wake: Wake | None = None) -> None:
        self._wake = wake
        self._lock = threading.Lock()
        #: Held by the thread that runs the calls or sets traits.
        self.turn = threading.RLock()
        self._calls: deque[Callable[[], None]] = deque()
        self._pending = False
        self._posted = threading.Condition(self._lock)
        self._workers: set[threading.Thread] = set()
        self._draining = 0
        self._at_end: list[Callable[[], None]] = []

    def set_wake(self, wake: Wake | None) -> None:
        """Set or remove the wake-up; waits for a call that another thread is running."""
        with self.turn:
            self._wake = wake
        if self._calls:
            self._hand_over()

    def post(self, call: Callable[[], None]) -> None:
        """Run *call* on the main thread, in the order of posting.  Any thread."""
        with self._lock:
            self._calls.append(call)
            self._posted.notify_all()
        self._hand_over()

    def _hand_over(self) -> None:
        wake = self._wake or self.running_loop(self)
        if wake is None:
            with self.turn:
                # A window may have opened while this thread waited for its turn.
                wake = self._wake or self.running_loop(self)
                if wake is None:
                    while not self._draining and self.drain():
                        pass
                    return
        with self._lock:
            if self._pending or not self._calls:
                return
            self._pending = True
        wake()

    def drain(self) -> int:
        """Run what was posted so far and return the number of calls.  Main thread only.

        A call that raises is reported by :func:`sys.excepthook`, as by the status bar of a
        window; the calls after it still run.
        """
        with self.turn:
            with self._lock:
                calls = list(self._calls)
                self._calls.clear()
                self._pending = False
            self._draining += 1
            for call in calls:
                _run_reported(call)
            self._draining -= 1
            at_end, self._at_end = self._at_end, []
            for call in at_end:
                _run_reported(call)
        return len(calls)

    def once(self, call: Callable[[], None]) -> None:
        """Run *call* once, however often this is requested during a drain. Main thread only.

        It runs at the end of the drain, or immediately outside of one.
        """
        if not self._draining:
            call()
        elif call not in self._at_end:
            self._at_end.append(call)

    def wait_for_post(self, timeout: float) -> bool:
        """Wait until there is something to drain; return whether there is."""
        with self._lock:
            return self._posted.wait_for(lambda: bool(self._calls), timeout)

    def run(
        self,
        name: str,
        work: Callable[[], _Result],
        done: Callable[[_Result], None] = lambda _result: None,
        failed: Callable[[Exception], None] | None = None,
    ) -> threading.Thread:
        """Run *work* on a separate thread, then *done* or *failed* on the main thread.

        *failed* also gets an error that *done* raises.  Whatever happens, someone is told:
        without *failed*, and if it is an error in the program, :func:`sys.excepthook`
        reports it.
        """

        def fail(error: Exception) -> None:
            if failed is not None:
                failed(error)
            if failed is None or not isinstance(error, WattuiError | OSError):
                raise error

        def finish(result: _Result) -> None:
            try:
                done(result)
            except Exception as error:  # noqa: BLE001 - passed on to the caller
                fail(error)

        def body() -> None:
            try:
                result = work()
            except Exception as error:  # noqa: BLE001 - passed on to the caller
                self.post(functools.partial(fail, error))
            else:
                self.post(functools.partial(finish, result))
            finally:
                with self._lock:
                    self._workers.discard(threading.current_thread())

        thread = threading.Thread(target=body, name=f"wattui {name}")
        with self._lock:
            self._workers.add(thread)
        thread.start()
        return thread

    def join(self, timeout: float) -> list[str]:
        """Wait for the threads of :meth:`run`; return the names of those that still run."""
        with self._lock:
            workers = list(self._workers)
        deadline = time.monotonic() + timeout
        for worker in workers:
            if worker is not threading.current_thread():
                worker.join(max(0.0, deadline - time.monotonic()))
        return [worker.name for worker in workers if worker.is_alive()]


class ProgressPacer:
    """Passes a worker's progress on to the main thread, ten times per second at most.

    Parameters
    ----------
    post
        Runs a call on the main thread.
    show
        Called there with how much is done, and of how much.
    """

    def __init__(
        self, post: Callable[[Callable[[], None]], None], show: Callable[[int, int], None]
    ) -> None:
        self._post = post
        self._show = show
        self._reported = -math.inf

    def report(self, done: int, total: int) -> None:
        """Report progress.  Called on the worker."""
        now = time.monotonic()
        if now - self._reported >= REPORT_TIME or done == total:
            self._reported = now
            self._post(lambda: self._show(done, total))


def in_turn(method: _Method) -> _Method:
    """Decorate a method that sets traits: it waits until no other thread is setting any."""

    @functools.wraps(method)
    def waiting(self: Any, *arguments: Any, **named: Any) -> Any:
        with self.main_thread.turn:
            return method(self, *arguments, **named)

    return cast(_Method, waiting)


def _run_reported(call: Callable[[], None]) -> None:
    try:
        call()
    except Exception as error:  # noqa: BLE001 - those behind it must run
        sys.excepthook(type(error), error, error.__traceback__)
