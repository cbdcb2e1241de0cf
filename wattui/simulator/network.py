# SPDX-License-Identifier: GPL-3.0-or-later
"""The network part of a .NET: its settings, and posting records over HTTP.

The meter passes each :class:`Post` to its :class:`Poster` and collects the answers later, so
it never waits, and a test needs no network.
"""

from __future__ import annotations

import http.client
import logging
import queue
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol
from urllib.parse import urlencode

from wattui.measurement.fields import FIELD_INDEX
from wattui.protocol import NetworkAddress, PostTarget
from wattui.protocol.posts import POST_NAMES, PostAnswer, parse_answer

_log = logging.getLogger(__name__)

_FACTORY_ADDRESS: Final = NetworkAddress(
    *("192.168.1.5", "192.168.1.1", "192.168.1.1", "0.0.0.0", "255.255.255.0", True),
)
#: The last three bytes of the hardware address of the first meter.
_FIRST_MAC: Final = 0xD3E4F5
_FACTORY_TARGET: Final = PostTarget("www.example.com", 80, "/post.php", "WattsUp.NET", 60)


@dataclass(frozen=True, slots=True)
class Post:
    """One post: its address and its body."""

    host: str
    port: int
    file: str
    user_agent: str
    body: str


class Poster(Protocol):
    """Sends posts and receives their answers."""

    def post(self, post: Post) -> None:
        """Send a post without waiting for its answer."""

    def answers(self) -> list[str]:
        """Return the answers that have arrived since the previous call."""


class HttpPoster:
    """Posts over HTTP/1.0, one at a time, on a thread that ends after the last one."""

    def __init__(self, timeout: float = 5.0) -> None:
        self._timeout = timeout
        self._waiting: queue.Queue[Post] = queue.Queue(maxsize=4)
        self._answers: queue.Queue[str] = queue.Queue()
        self._busy = threading.Lock()

    def post(self, post: Post) -> None:
        """Queue a post; it is dropped if four are waiting, since a meter has no room for others."""
        try:
            self._waiting.put_nowait(post)
        except queue.Full:
            _log.warning("a post to %s was dropped: four others are still waiting", post.host)
            return
        if self._busy.acquire(blocking=False):
            threading.Thread(target=self._work, name="wattui post", daemon=True).start()

    def answers(self) -> list[str]:
        """Return the answers that have arrived since the previous call."""
        answers: list[str] = []
        while not self._answers.empty():
            answers.append(self._answers.get_nowait())
        return answers

    def _work(self) -> None:
        try:
            while True:
                try:
                    self._send(self._waiting.get_nowait())
                except queue.Empty:
                    return
        finally:
            self._busy.release()

    def _send(self, post: Post) -> None:
        connection = _Connection(post.host, post.port, timeout=self._timeout)
        headers = {
            "User-Agent": post.user_agent,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        try:
            connection.request("POST", post.file, post.body, headers)
            self._answers.put(connection.getresponse().read(4096).decode("ascii", "replace"))
        except (OSError, http.client.HTTPException, ValueError) as error:
            _log.warning("posting to %s:%d failed: %r", post.host, post.port, error)
        finally:
            connection.close()


class _Connection(http.client.HTTPConnection):
    _http_vsn = 10
    _http_vsn_str = "HTTP/1.0"


class Network:
    """Network settings of a .NET, and its posts; settings survive a restart once saved."""

    def __init__(self, serial_number: str, poster: Poster | None = None) -> None:
        self._id = int(re.sub(r"\D", "", serial_number) or "1") or 1
        self.poster = poster
        #: Each meter has a hardware address of its own.
        own = (_FIRST_MAC + self._id - 1) & 0xFFFFFF
        self._factory = replace(_FACTORY_ADDRESS, mac=f"0090C2{own:06X}")
        self.address = self._saved_address = self._factory
        self.target = self._saved_target = _FACTORY_TARGET
        #: Posts since the meter was made.
        self.posted = 0

    def save(self) -> None:
        """Save the settings."""
        self._saved_address, self._saved_target = self.address, self.target

    def reload(self) -> None:
        """Restore the saved settings."""
        self.address, self.target = self._saved_address, self._saved_target

    def reset(self) -> None:
        """Restore the factory defaults."""
        self.address, self.target = self._factory, _FACTORY_TARGET

    def post(
        self, record: Sequence[int], chosen: Sequence[bool], *, relay_open: bool, interval: int
    ) -> None:
        """Post the chosen fields of a record."""
        values: dict[str, int] = {"id": self._id}
        for name, field in POST_NAMES.items():
            index = FIELD_INDEX[field]
            if index < len(chosen) and chosen[index]:
                values[name] = record[index]
        values["rnc"] = int(relay_open)
        values["sr"] = interval
        target = self.target
        self.posted += 1
        if self.poster is not None:
            self.poster.post(
                Post(target.host, target.port, target.file, target.user_agent, urlencode(values))
            )

    def answers(self) -> Iterator[PostAnswer]:
        """Yield the answers that have arrived, without those that say nothing to the meter."""
        for text in self.poster.answers() if self.poster is not None else ():
            answer = parse_answer(text)
            if answer is None:
                continue
            if answer.interval is not None:
                self.target = replace(self.target, interval=answer.interval)
            yield answer
