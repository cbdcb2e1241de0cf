# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands from any thread, which the one thread with the port sends.

The calling thread passes an action to the reader thread and waits for it, with a deadline.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from wattui.client.conversation import Conversation, not_connected
from wattui.client.link import Link, refuse_erasing
from wattui.client.live import LiveRecording
from wattui.errors import LinkLost, NoAnswer, WattuiError
from wattui.protocol import Command, Reply, Version

#: Seconds to wait for the reader thread where no other time limit is given.
_GRACE: Final = 2.0


class Requests:
    """Requests and conversations with one meter, never two at the same time."""

    def __init__(self, url: str, live: LiveRecording) -> None:
        self._url = url
        self._live = live
        self._turn = threading.Lock()
        # Protects the link and the actions meant for it, so that none outlives its link.
        self._lock = threading.Lock()
        self._link: Link | None = None
        self._actions: queue.SimpleQueue[Callable[[Link], None]] = queue.SimpleQueue()
        self._conversation: Conversation | None = None
        # Whether it is a single request, between questions of the live recording.
        self._single = False

    # -- any thread except the reader -------------------------------------------------

    def request(self, command: Command, timeout: float, *, consent: bool) -> Reply | None:
        """Send a command and wait for its answer; see ``MeterClient.request``."""
        refuse_erasing(command, consent=consent)
        with self._talk(timeout=timeout, single=True) as conversation:
            return conversation.ask(command, timeout, consent=consent)

    def conversation(
        self, *, pause: str, timeout: float
    ) -> contextlib.AbstractContextManager[Conversation]:
        """Talk with the meter exclusively; see ``MeterClient.conversation``."""
        return self._talk(pause=pause, timeout=timeout)

    @contextlib.contextmanager
    def _talk(
        self, *, pause: str = "", timeout: float, single: bool = False
    ) -> Iterator[Conversation]:
        if not self._turn.acquire(timeout=timeout):
            raise NoAnswer(
                f"The meter at {self._url} is busy",
                "Wait until its memory or settings have been read.",
            )
        conversation = Conversation(self)

        def begin(link: Link) -> None:
            self._conversation, self._single = conversation, single
            if pause:
                self._live.pause(link, pause)

        with contextlib.ExitStack() as stack:
            stack.callback(self._turn.release)
            stack.callback(self._end, pause=bool(pause))
            self.on_reader(begin, timeout + _GRACE)
            yield conversation

    def _end(self, *, pause: bool) -> None:
        """End a conversation; live recording resumes, now or when there is a link again."""
        self._conversation = None
        if pause:
            try:
                self.on_reader(self._live.resume)
            except LinkLost:
                self._live.resume(None)

    def on_reader(self, action: Callable[[Link], None], timeout: float = _GRACE) -> None:
        """Run an action with the link on the reader thread, and wait for it.

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

        with self._lock:
            link = self._link
            if link is None:
                raise not_connected(self._url)
            self._actions.put(act)
        link.port.cancel_read()
        if not done.wait(timeout):
            given_up.set()
            raise not_connected(self._url)
        if failure:
            raise failure[0]

    # -- the reader thread ------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Whether a thread is talking with the meter."""
        return self._conversation is not None

    def open(self, link: Link) -> None:
        """Accept requests from now on."""
        with self._lock:
            self._link = link

    def dispatch(self, replies: Sequence[Reply]) -> None:
        """Pass replies on to the conversation, if there is one."""
        conversation = self._conversation
        if conversation is None:
            return
        if self._single and self._live.asks:
            # A version that recording asked for must not pass for "unknown command".
            replies = [reply for reply in replies if not isinstance(reply, Version)]
        conversation.put(replies)

    def act(self, link: Link) -> None:
        """Run the actions of other threads.

        Raises
        ------
        LinkLost
            The port is gone.
        """
        with contextlib.suppress(queue.Empty):
            while True:
                self._actions.get_nowait()(link)

    def close(self) -> None:
        """Accept no further requests, and end the conversation: the link is lost.

        Commands that were meant for this link must not be sent over the next one.
        """
        with self._lock:
            if self._link is None:
                return
            self._link = None
            with contextlib.suppress(queue.Empty):
                while True:
                    self._actions.get_nowait()
        conversation = self._conversation
        if conversation is not None:
            conversation.link_lost(not_connected(self._url))
