# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding out what hangs on a port: the speed, and whether it is a meter.

Sends Control-X and ``#V,R`` only: nothing here touches the meter's memory.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from wattui.client.link import Arrival, Link
from wattui.errors import Cancelled, NoAnswer, NotAMeter
from wattui.measurement.events import MeterInfo
from wattui.ports.port import Port, open_port
from wattui.protocol import Version, commands

_log = logging.getLogger(__name__)

#: Speeds of the meters, the likeliest first (protocol, *Line and framing*).
BAUDRATES: Final = (115_200, 19_200, 9_600)

#: Seconds within which a meter answers, or is to be taken for absent.
ANSWER_TIME: Final = 2.0

# After Control-X: longest wait for the line to become quiet, in seconds.
_QUIET_LIMIT: Final = 0.5
# A live meter sends one record a second at most.  Three or more that come at more
# than twice that rate are the rest of a read-out.
_LIVE_RATE: Final = 2.0
_MANY: Final = 3


@dataclass(slots=True)
class Found:
    """A meter on a port."""

    #: None where it sends records but does not answer.
    version: Version | None
    baudrate: int
    #: Records that came unasked meanwhile.
    backlog: list[Arrival] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Identified:
    """What is on a port: for whoever only wants to know."""

    info: MeterInfo
    version: Version | None
    baudrate: int


def _never() -> bool:
    return False


def _nobody(_text: str) -> None:
    pass


def find_meter(
    link: Link,
    *,
    baudrates: Sequence[int] = BAUDRATES,
    answer_time: float = ANSWER_TIME,
    stopped: Callable[[], bool] = _never,
    activity: Callable[[str], None] = _nobody,
) -> Found:
    """Ask at one speed after the other what meter this is.

    Parameters
    ----------
    link
        An open port.
    baudrates
        Speeds to try, in this order.
    answer_time
        Seconds to wait for the answer at each of them.
    stopped
        Asked at least ten times a second: whether to give up.
    activity
        Told what is being tried, as in ``asking at 19200 baud``.

    Raises
    ------
    NoAnswer
        Nothing came at any speed.
    NotAMeter
        Something came, and it was none of a meter's replies.
    LinkLost
        The port is gone.
    Cancelled
        *stopped* said so.
    """
    before = link.framer.counts.bytes
    backlog: list[Arrival] = []
    for baudrate in baudrates:
        link.port.baudrate = baudrate
        activity(f"asking at {baudrate} baud")
        version = _ask(link, backlog, answer_time, stopped)
        if version is not None:
            return Found(version, baudrate, _only_live(backlog))
        if backlog:
            _log.info("%s: sends records, but does not answer", link.port.url)
            return Found(None, baudrate, backlog)
    if link.framer.counts.bytes > before:
        raise NotAMeter(
            f"What answers at {link.port.url} is no Watts up? meter",
            "Choose another port.",
        )
    speeds = ", ".join(map(str, baudrates))
    raise NoAnswer(
        f"Nothing answers at {link.port.url} (asked at {speeds} baud)",
        "Look whether the meter has mains power and is plugged into this port.",
    )


def _ask(
    link: Link, backlog: list[Arrival], answer_time: float, stopped: Callable[[], bool]
) -> Version | None:
    """Ask at the present speed; records that come instead go into the backlog."""
    link.interrupt()
    quiet_by = time.monotonic() + min(_QUIET_LIMIT, answer_time)
    while time.monotonic() < quiet_by:
        _give_up_if(stopped)
        arrival = link.receive()
        if arrival is None:
            break
        _keep(arrival, backlog)
    link.send(commands.read_version())
    deadline = time.monotonic() + answer_time
    may_repeat, something_came = True, False
    while time.monotonic() < deadline:
        _give_up_if(stopped)
        arrival = link.receive()
        if arrival is None:
            if something_came and may_repeat:
                # The first packet after opening a port is often cut off.
                link.send(commands.read_version())
                may_repeat = False
            continue
        something_came = True
        _keep(arrival, backlog)
        for reply in arrival.replies:
            if isinstance(reply, Version):
                return reply
    return None


def _give_up_if(stopped: Callable[[], bool]) -> None:
    if stopped():
        raise Cancelled("Connecting was cancelled")


def _keep(arrival: Arrival, backlog: list[Arrival]) -> None:
    if arrival.records:
        backlog.append(arrival)


def _only_live(backlog: list[Arrival]) -> list[Arrival]:
    """Drop what an unfinished read-out of the memory left on the line.

    Its records are old ones.  They come far faster than any meter measures.
    """
    count = sum(len(arrival.records) for arrival in backlog)
    if count < _MANY:
        return backlog
    span = backlog[-1].monotonic - backlog[0].monotonic
    if span * _LIVE_RATE >= count - 1:
        return backlog
    _log.info("%d records of an unfinished read-out were thrown away", count)
    return []


def first_info(port: Port, name: str = "", interval: float = 1.0) -> MeterInfo:
    """Give what is known of a meter before it was asked."""
    # Simulated meters are all made with the same serial number, unless told otherwise.
    number = port.serial_number
    key = port.url if "://" in port.url else number or port.url
    return MeterInfo(key, port.url, name, serial_number=number, interval=interval)


def meter_info(known: MeterInfo, version: Version | None) -> MeterInfo:
    """Add to what is known of a meter what it said of itself, if it did."""
    if version is None:
        return known
    return replace(known, model=version.model_name, firmware=version.firmware_text)


def identify(
    url: str,
    *,
    name: str = "",
    answer_time: float = ANSWER_TIME,
    stopped: Callable[[], bool] = _never,
    activity: Callable[[str], None] = _nobody,
) -> Identified:
    """Open a port, ask what meter is there, and close the port again.

    Raises
    ------
    PortError
        The port cannot be opened.
    NoAnswer, NotAMeter
        There is no meter on it.
    Cancelled
        *stopped* said so.
    """
    port = open_port(url)
    known = first_info(port, name)
    try:
        found = find_meter(Link(port), answer_time=answer_time, stopped=stopped, activity=activity)
    finally:
        port.close()
    return Identified(meter_info(known, found.version), found.version, found.baudrate)
