# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds out what is connected to a port: the baud rate, and whether it is a meter.

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
from wattui.protocol import NetworkAddress, Version, commands

_log = logging.getLogger(__name__)

#: Speeds of the meters, the likeliest first (protocol, *Line and framing*).
BAUDRATES: Final = (115_200, 19_200, 9_600)

#: A meter that has not answered after this many seconds is absent.
ANSWER_TIME: Final = 2.0

#: Longest wait for the hardware address of a .NET, in seconds.
_MAC_TIME: Final = 1.0

# After Control-X: longest wait for the line to become quiet, in seconds.
_QUIET_LIMIT: Final = 0.5
# A live meter sends one record per second at most.  Three or more at over twice that
# rate are the rest of a read-out.
_LIVE_RATE: Final = 2.0
_MANY: Final = 3


@dataclass(slots=True)
class FoundMeter:
    """A meter on a port."""

    #: None if it sends records but does not answer.
    version: Version | None
    baudrate: int
    #: Records that arrived in the meantime.
    backlog: list[Arrival] = field(default_factory=list)
    #: Hardware address of a .NET at a port without a serial number; empty if unknown.
    mac: str = ""


@dataclass(frozen=True, slots=True)
class Identified:
    """The meter on a port, as :func:`identify` reports it."""

    info: MeterInfo
    #: None if it sends records but does not answer.
    version: Version | None
    #: Bits per second.
    baudrate: int


def _never() -> bool:
    return False


def _ignore(_text: str) -> None:
    pass


def find_meter(
    link: Link,
    *,
    baudrates: Sequence[int] = BAUDRATES,
    answer_time: float = ANSWER_TIME,
    stopped: Callable[[], bool] = _never,
    activity: Callable[[str], None] = _ignore,
) -> FoundMeter:
    """Find the meter on an open port by trying one speed after another.

    Parameters
    ----------
    link
        An open port.
    baudrates
        Speeds to try, in this order.
    answer_time
        Seconds to wait for the answer at each of them.
    stopped
        Called at least ten times a second; returns whether to give up.
    activity
        Called with a description of each try, as in ``trying 19200 baud``.

    Raises
    ------
    NoAnswer
        Nothing arrived at any speed.
    NotAMeter
        Something arrived that no meter sends.
    LinkLost
        The port is gone.
    Cancelled
        *stopped* returned True.
    """
    before = link.framer.counts.bytes
    backlog: list[Arrival] = []
    for baudrate in baudrates:
        link.port.baudrate = baudrate
        activity(f"trying {baudrate} baud")
        version = _ask(link, backlog, answer_time, stopped)
        if version is not None:
            mac = ""
            if version.has_network and not link.port.serial_number:
                mac = _ask_mac(link, backlog, answer_time, stopped)
            return FoundMeter(version, baudrate, _only_live(backlog), mac)
        if backlog:
            _log.info("%s: sends records, but does not answer", link.port.url)
            return FoundMeter(None, baudrate, backlog)
    if link.framer.counts.bytes > before:
        raise NotAMeter(
            f"The device at {link.port.url} is not a Watts up? meter",
            "Check the port, or pick another.",
        )
    speeds = ", ".join(map(str, baudrates))
    raise NoAnswer(
        f"Nothing answers at {link.port.url} (tried {speeds} baud)",
        "Check that the meter has mains power and is plugged into this port.",
    )


def _ask(
    link: Link, backlog: list[Arrival], answer_time: float, stopped: Callable[[], bool]
) -> Version | None:
    """Ask for the version at the present speed; other records go into the backlog."""
    link.interrupt()
    quiet_by = time.monotonic() + min(_QUIET_LIMIT, answer_time)
    while time.monotonic() < quiet_by:
        if _receive(link, backlog, stopped) is None:
            break
    link.send(commands.read_version())
    deadline = time.monotonic() + answer_time
    may_repeat, something_came = True, False
    while time.monotonic() < deadline:
        arrival = _receive(link, backlog, stopped)
        if arrival is None:
            if something_came and may_repeat:
                # The first packet after opening a port is often cut off.
                link.send(commands.read_version())
                may_repeat = False
            continue
        something_came = True
        for reply in arrival.replies:
            if isinstance(reply, Version):
                return reply
    return None


def _ask_mac(
    link: Link, backlog: list[Arrival], answer_time: float, stopped: Callable[[], bool]
) -> str:
    """Ask a .NET for its hardware address; other records go into the backlog."""
    link.send(commands.read_network_address())
    deadline = time.monotonic() + min(answer_time, _MAC_TIME)
    while time.monotonic() < deadline:
        arrival = _receive(link, backlog, stopped)
        for reply in arrival.replies if arrival is not None else ():
            if isinstance(reply, NetworkAddress):
                return reply.mac
    return ""


def _receive(link: Link, backlog: list[Arrival], stopped: Callable[[], bool]) -> Arrival | None:
    """Return what arrives next, None if nothing does; its records go into the backlog."""
    if stopped():
        raise Cancelled("Connecting was cancelled")
    arrival = link.receive()
    if arrival is not None and arrival.records:
        backlog.append(arrival)
    return arrival


def _only_live(backlog: list[Arrival]) -> list[Arrival]:
    """Return the backlog, or nothing if it is the rest of an unfinished read-out.

    Records of a read-out are old.  They arrive far faster than any meter measures.
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
    """Return what is known about a meter before it has answered."""
    # Simulated meters of the same URL have the same serial number.
    number = port.serial_number
    key = port.url if "://" in port.url else number or port.url
    return MeterInfo(key, port.url, name, serial_number=number, interval=interval)


def add_version(known: MeterInfo, version: Version | None, mac: str = "") -> MeterInfo:
    """Add model and firmware to what is known about a meter, if it reported them.

    At a port without a serial number they, and the hardware address, are in its key: another
    meter can answer there another time.
    """
    if version is None:
        return known
    info = replace(known, model=version.model_name, firmware=version.firmware_text)
    if info.serial_number:
        return info
    key = f"{info.port} {info.model} {info.firmware} {mac}".rstrip()
    return replace(info, key=key)


def is_same_meter(key: str, other: str) -> bool:
    """Check whether two keys may be of one meter, which did not report everything each time."""
    return f"{key} ".startswith(f"{other} ") or f"{other} ".startswith(f"{key} ")


def identify(
    url: str,
    *,
    name: str = "",
    answer_time: float = ANSWER_TIME,
    stopped: Callable[[], bool] = _never,
    activity: Callable[[str], None] = _ignore,
) -> Identified:
    """Open a port, find out which meter is there, and close the port again.

    The meter's memory and settings stay as they are.

    Parameters
    ----------
    url
        Port, as :func:`~wattui.api.open_port` accepts it.
    name
        What people call the meter.
    answer_time
        Seconds to wait for an answer at each of three speeds.
    stopped
        Called at least ten times a second; returns whether to give up.
    activity
        Called with a description of each try, as in ``trying 19200 baud``.

    Returns
    -------
    Identified
        Model, firmware and serial number of the meter, and the speed of the port.

    Raises
    ------
    PortError
        The port cannot be opened.
    NoAnswer, NotAMeter
        There is no meter at the port.
    LinkLost
        The port vanished.
    Cancelled
        *stopped* returned True.

    Examples
    --------
    >>> identify("sim://es").info.model
    'PRO ES'
    """
    port = open_port(url)
    known = first_info(port, name)
    try:
        found = find_meter(Link(port), answer_time=answer_time, stopped=stopped, activity=activity)
    finally:
        port.close()
    info = add_version(known, found.version, found.mac)
    return Identified(info, found.version, found.baudrate)
