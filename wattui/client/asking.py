# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions from any thread, asked by the one thread that has the port.

Whoever asks leaves an action for the reader thread and waits, with a deadline.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from wattui.client.conversation import Conversation, no_answer, not_connected
from wattui.client.link import Link, refuse_erasing
from wattui.client.live import Live
from wattui.client.requests import Pending
from wattui.errors import LinkLost, NoAnswer, WattuiError
from wattui.protocol import Command, Reply, Version

#: Seconds that whoever asks waits longer than the reader thread does itself.
_GRACE: Final = 2.0


class Asking:
    """Requests and conversations of one meter, one at a time."""

    def __init__(self, url: str, live: Live) -> None:
        self._url = url
        self._live = live
        self._alone = threading.Lock()
        # Guards the link and the actions meant for it, so that none outlives its link.
        self._lock = threading.Lock()
        self._link: Link | None = None
        self._actions: queue.SimpleQueue[Callable[[Link], None]] = queue.SimpleQueue()
        self._pending: Pending | None = None
        self._conversation: Conversation | None = None

    # -- from any thread but the reader ---------------------------------------------

    def request(self, command: Command, timeout: float, *, consent: bool) -> Reply | None:
        """Send a command and wait for its answer; see ``MeterClient.request``."""
        refuse_erasing(command, consent=consent)
        pending = Pending(command, timeout)

        def send(link: Link) -> None:
            if pending.done:
                return
            link.send(command, consent=consent)
            if command.reply is None:
                pending.finish(None)
            else:
                pending.deadline = time.monotonic() + timeout

        with self._turn(timeout):
            self._pending = pending
            try:
                self._post(send)
                return pending.wait(timeout + _GRACE)
            except TimeoutError:
                error = no_answer(command, timeout)
                pending.fail(error)
                raise error from None
            finally:
                self._pending = None

    @contextlib.contextmanager
    def conversation(self, *, pause: bool, timeout: float) -> Iterator[Conversation]:
        """Talk with the meter alone; see ``MeterClient.conversation``."""
        with self._turn(timeout):
            talk = Conversation(self)

            def begin(link: Link) -> None:
                self._conversation = talk
                if pause:
                    self._live.pause(link)

            try:
                self.on_reader(begin, timeout)
                yield talk
            finally:
                self._conversation = None
                self._resume()

    def _resume(self) -> None:
        """Have live recording go on: now, or as soon as there is a link again."""
        try:
            self.on_reader(self._live.resume, _GRACE)
        except LinkLost:
            self._live.resume(None)

    @contextlib.contextmanager
    def _turn(self, timeout: float) -> Iterator[None]:
        if not self._alone.acquire(timeout=timeout):
            raise NoAnswer(
                f"The meter at {self._url} is busy",
                "Wait until its memory or its settings have been read.",
            )
        try:
            yield
        finally:
            self._alone.release()

    def on_reader(self, action: Callable[[Link], None], timeout: float) -> None:
        """Have the reader thread do something with the link, and wait until it did.

        Raises
        ------
        LinkLost
            The meter is not connected.
        """
        done, given_up = threading.Event(), threading.Event()
        failure: list[WattuiError] = []

        def act(link: Link) -> None:
            if given_up.is_set():
                return
            try:
                action(link)
            except WattuiError as error:
                failure.append(error)
                raise
            finally:
                done.set()

        self._post(act)
        if not done.wait(timeout):
            given_up.set()
            raise not_connected(self._url)
        if failure:
            raise failure[0]

    def _post(self, action: Callable[[Link], None]) -> None:
        with self._lock:
            link = self._link
            if link is None:
                raise not_connected(self._url)
            self._actions.put(action)
        link.port.cancel_read()

    # -- the reader thread ------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Whether somebody waits for an answer."""
        pending = self._pending
        return self._conversation is not None or (pending is not None and not pending.done)

    def open(self, link: Link) -> None:
        """Take questions from now on."""
        with self._lock:
            self._link = link

    def dispatch(self, replies: Sequence[Reply]) -> None:
        """Show what came to whoever waits for it."""
        talk = self._conversation
        if talk is not None:
            talk.put(replies)
            return
        pending = self._pending
        if pending is None or pending.done:
            return
        for reply in replies:
            # A version that recording asked for must not pass for "unknown command".
            if isinstance(reply, Version) and self._live.asks:
                continue
            if pending.offer(reply):
                break

    def act(self, link: Link) -> None:
        """Do what other threads asked for.

        Raises
        ------
        LinkLost
            The port is gone.
        """
        with contextlib.suppress(queue.Empty):
            while True:
                self._actions.get_nowait()(link)
        pending = self._pending
        if pending is not None and time.monotonic() > pending.deadline:
            pending.fail(no_answer(pending.command, pending.timeout))

    def close(self) -> None:
        """Take no more questions; tell whoever waits that no answer will come.

        What was meant for this link must not be sent over the next one.
        """
        with self._lock:
            if self._link is None:
                return
            self._link = None
            with contextlib.suppress(queue.Empty):
                while True:
                    self._actions.get_nowait()
        error = not_connected(self._url)
        pending, talk = self._pending, self._conversation
        if pending is not None:
            pending.fail(error)
        if talk is not None:
            talk.lost(error)
