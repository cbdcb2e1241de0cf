# SPDX-License-Identifier: GPL-3.0-or-later
"""Iterate over the samples of one meter: :func:`meter`, for scripts and notebooks."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Final, Self

from wattui.client.meter_client import MeterClient
from wattui.client.post_client import client_at
from wattui.client.states import ClientState
from wattui.measurement.events import Event, MeterInfo
from wattui.measurement.sample import Sample

#: The most samples that wait for a slow loop: a few megabytes, almost three hours of one meter.
SAMPLE_LIMIT: Final = 10_000
#: Events that are remembered.
EVENT_LIMIT: Final = 1_000

#: Longest wait for the meter when the stream is opened, in seconds.
_CONNECT_TIMEOUT: Final = 30.0
#: Seconds between two checks for Ctrl-C, which does not interrupt a wait on Windows.
_LOOK: Final = 0.5

_ENDED: Final = (ClientState.CLOSED, ClientState.FAILED)


class SampleStream:
    """The samples of one meter, in the order of their arrival; returned by :func:`meter`.

    It is a context manager, and it can be iterated over.  ``with`` connects the meter and
    disconnects it at the end.  A loop without ``with`` does so itself.

    A loop that is slower than the meter loses nothing for the first *limit* samples.  After
    that the oldest are dropped: :attr:`dropped` counts them, and the next sample has a gap of
    that length.

    Parameters
    ----------
    client
        The meter, not started.  The stream starts and stops it.
    limit
        The most samples that wait for the loop.
    """

    def __init__(self, client: MeterClient, limit: int = SAMPLE_LIMIT) -> None:
        #: How many samples were dropped because the loop was too slow.
        self.dropped = 0
        self._client = client
        self._limit = limit
        self._samples: deque[Sample] = deque()
        self._events: deque[Event] = deque(maxlen=EVENT_LIMIT)
        # Microseconds covered by the samples dropped before the first one.
        self._missing = 0
        self._changed = threading.Condition()
        client.add_listener(self)
        client.add_state_listener(self._wake)

    @property
    def info(self) -> MeterInfo:
        """Model, firmware, port and name of the meter, as far as they are known."""
        return self._client.info

    @property
    def events(self) -> Sequence[Event]:
        """What has happened so far, such as gaps: the last 1,000 events, oldest first."""
        with self._changed:
            return tuple(self._events)

    def open(self) -> None:
        """Connect the meter and wait until it answers.

        Raises
        ------
        PortError
            The port cannot be opened.
        NoAnswer, NotAMeter
            There is no meter at the port.
        """
        with self._changed:
            self._samples.clear()
            self._missing = 0
        self._client.start()
        try:
            self._client.wait_running(_CONNECT_TIMEOUT)
        except BaseException:
            self._client.stop()
            raise

    def close(self) -> None:
        """Disconnect the meter; loops end once the samples that have arrived are used up."""
        self._client.stop()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Sample]:
        """Yield the samples until the stream is closed.

        Raises
        ------
        WattuiError
            The meter failed: :class:`~wattui.errors.LinkLost` after it was unplugged.
        """
        opens = self._client.state in _ENDED
        if opens:
            self.open()
        try:
            while (sample := self._next()) is not None:
                yield sample
        finally:
            if opens:
                self.close()

    def _next(self) -> Sample | None:
        """Wait for the next sample and return it; None when the stream has been closed."""
        with self._changed:
            while not self._changed.wait_for(self._ready, _LOOK):
                pass
            if self._samples:
                sample = self._samples.popleft()
                missing, self._missing = self._missing, 0
                return replace(sample, gap_us=sample.gap_us + missing) if missing else sample
        if self._client.state is ClientState.FAILED and self._client.error is not None:
            raise self._client.error
        return None

    def _ready(self) -> bool:
        return bool(self._samples) or self._client.state in _ENDED

    # -- the reader thread ------------------------------------------------------------

    def on_samples(self, meter: MeterInfo, samples: Sequence[Sample]) -> None:
        """Take samples from the client."""
        del meter
        with self._changed:
            self._samples.extend(samples)
            while len(self._samples) > self._limit:
                oldest = self._samples.popleft()
                self._missing += oldest.gap_us + oldest.interval_us
                self.dropped += 1
            self._changed.notify_all()

    def on_event(self, meter: MeterInfo | None, event: Event) -> None:
        """Take an event from the client."""
        del meter
        with self._changed:
            self._events.append(event)

    def _wake(self, _client: MeterClient) -> None:
        with self._changed:
            self._changed.notify_all()


def meter(url: str, interval: int = 1, *, name: str = "", reconnect: bool = False) -> SampleStream:
    """Return the live samples of a meter, to iterate over.

    Nothing is recorded, and the meter's memory is not erased::

        with wattui.meter("/dev/ttyUSB0") as meter:
            print(meter.info.model)
            for sample in meter:
                print(sample.time, sample["power"])

    The loop ends with ``break``, with Ctrl-C, or when the meter fails.  A shorter form is
    ``for sample in wattui.meter("sim://pro"):``, which connects when the loop starts and
    disconnects when it ends.

    Parameters
    ----------
    url
        Port of the meter: a device such as ``/dev/ttyUSB0`` or ``COM3``, or a URL such as
        ``sim://pro``, the built-in simulated meter.
    interval
        Seconds between two records.
    name
        What people call the meter.
    reconnect
        Whether the loop waits for a meter that was unplugged.  Without it the loop raises
        :class:`~wattui.errors.LinkLost`.

    Returns
    -------
    SampleStream
        ``sample.time`` is an aware datetime (UTC), ``sample["power"]`` is in W and
        ``sample["energy"]`` in Wh; a field is None if the meter sent no value.

    Raises
    ------
    SettingOutOfRange
        No meter accepts that interval.

    Examples
    --------
    >>> with meter("sim://pro?load=lamp&speed=60") as lamp:
    ...     first = next(iter(lamp))
    >>> first.interval
    1.0
    """
    return SampleStream(client_at(url, interval=interval, name=name, reconnect=reconnect))
