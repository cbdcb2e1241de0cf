# SPDX-License-Identifier: GPL-3.0-or-later
"""``sim://`` URLs: which meter, with which load and which faults.

``sim://MODEL?KEY=VALUE&...``, as in ``sim://es?load=fridge&speed=60``.  The keys are those of
:data:`KEYS`; the page *Simulated meters* of the documentation explains them.
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl, urlsplit

from wattui.measurement.clock import SYSTEM_CLOCK, Clock, ScaledClock
from wattui.measurement.fields import FIELD_COUNT, FIELDS
from wattui.protocol import FullHandling, LoggingMode, PostTarget
from wattui.protocol.commands import MAX_INTERVAL
from wattui.protocol.models import MODELS, find_model
from wattui.simulator.disturbed_load import Disturbance, DisturbedLoad, Switch
from wattui.simulator.faults import Faults, parse_faults
from wattui.simulator.loads import LOADS, Load, find_load
from wattui.simulator.meter_setup import MeterSetup
from wattui.simulator.network import HttpPoster
from wattui.simulator.record_memory import RecordMemory
from wattui.simulator.replays import CaptureReplay, Replay, ReplayRequest, open_replay
from wattui.simulator.simulated_meter import SimulatedMeter

#: Records in the memory of a meter whose URL has no ``memory``.
DEFAULT_LOGGED: Final = 600

_TARGET: Final = re.compile(
    r"(?P<host>[A-Za-z0-9.-]{1,40}|\[[0-9A-Fa-f:.]{2,38}\]):(?P<port>[0-9]{1,5})"
    r"(?P<file>/[!-\"$-+.-:<-~-]{0,39})?"
)

_Choice = TypeVar("_Choice", bound=IntEnum)


@dataclass(frozen=True, slots=True)
class SimOptions:
    """What a ``sim://`` URL says: one attribute per key."""

    model: str = "pro"
    load: str = "desktop"
    speed: float = 1.0
    seed: int = 0
    switch: Path | None = None
    lag: float = 0.0
    noise: float = 0.0
    drift: float = 0.0
    faults: Faults = field(default_factory=Faults)
    replay: Path | None = None
    meter: int = 1
    loop: bool = False
    rewind: bool = False
    interval: int = 1
    memory: str = ""
    fields: tuple[bool, ...] = (True,) * FIELD_COUNT
    full: FullHandling = FullHandling.STOP
    logging: LoggingMode = LoggingMode.INTERNAL
    id: str = ""
    serial: str = ""
    #: None: 115200, but any other works as well.
    baud: int | None = None
    firmware: str = "new"
    mains: int = 120
    deaf: float = 2.0
    replies: bool = True
    #: Whether and where it posts: 1 for where its settings say, or HOST:PORT/FILE.
    post: str = ""

    @property
    def old(self) -> bool:
        """Whether the meter is of the generation before USB."""
        return self.firmware == "old"

    def logged(self) -> int:
        """Return how many intervals were logged before the start."""
        text = self.memory
        if not text:
            return 0 if self.replay else DEFAULT_LOGGED
        if not text.startswith("full"):
            return int(text)
        model = find_model(self.model, old=self.old)
        limit = RecordMemory(model.memory, self.fields[: model.fields]).limit
        if self.full is FullHandling.CONDENSE and text == "full":
            return limit * 7 // 4  # condensed once, and nearly full again
        return limit + int(text[5:] or 0)


def parse_url(url: str) -> SimOptions:
    """Read a ``sim://`` URL.

    Raises
    ------
    ValueError
        A key or a value is unknown; the message lists the known ones.
    """
    parts = urlsplit(url)
    if parts.scheme != "sim":
        raise ValueError(f"{url!r} does not begin with sim://")
    # Different URLs are different meters; the same URL always has the same number.
    number = zlib.crc32(url.encode("utf-8", "replace")) % 100_000
    values: dict[str, Any] = {"serial": f"SIM{number:05d}"}
    if parts.netloc:
        values["model"] = _model(parts.netloc)
    for key, value in parse_qsl(parts.query, keep_blank_values=True, errors="surrogateescape"):
        if key not in KEYS:
            raise ValueError(f"unknown key {key!r}; use one of {', '.join(KEYS)}")
        try:
            values[key] = KEYS[key](value)
        except ValueError as error:
            raise ValueError(f"{key}={value}: {error}") from None
    return SimOptions(**values)


def meter_from_url(url: str, clock: Clock | None = None) -> SimulatedMeter:
    """Return the meter that a ``sim://`` URL describes.

    Raises
    ------
    ValueError
        The URL makes no sense, or the capture to replay cannot be read.
    """
    return meter_from_options(parse_url(url), clock)


def meter_from_options(options: SimOptions, clock: Clock | None = None) -> SimulatedMeter:
    """Return the meter that the options describe; see :func:`meter_from_url`."""
    if clock is None:
        clock = SYSTEM_CLOCK if options.speed == 1.0 else ScaledClock(options.speed)
    setup = MeterSetup(
        seed=options.seed,
        baudrate=options.baud or 115_200,
        minds_baudrate=options.baud is not None,
        old=options.old,
        serial_number=options.serial,
        interval=options.interval,
        chosen=options.fields,
        handling=options.full,
        logged=options.logged(),
        mode=options.logging,
        volts=options.mains,
        deaf_for=options.deaf,
        talkative=options.replies,
    )
    meter = SimulatedMeter(
        options.model,
        load=_plugged_in(options, setup),
        replay=_replay(options),
        clock=clock,
        faults=options.faults,
        poster=HttpPoster() if options.post else None,
        setup=setup,
    )
    if options.post not in ("", "1"):
        meter.post_to(post_target(options.post, options.interval))
    return meter


def post_target(text: str, interval: int) -> PostTarget:
    """Return where a meter posts to, from HOST:PORT or HOST:PORT/FILE.

    Raises
    ------
    ValueError
        The text is something else.
    """
    found = _TARGET.fullmatch(text)
    if found is None or not 1 <= int(found["port"]) <= 65_535:
        raise ValueError("use 1, or HOST:PORT, or HOST:PORT/FILE")
    host = found["host"].strip("[]")
    return PostTarget(host, int(found["port"]), found["file"] or "/", "WattsUp.NET", interval)


def _plugged_in(options: SimOptions, setup: MeterSetup) -> Load:
    load = find_load(options.load, seed=setup.seed, volts=setup.volts, hertz=setup.hertz)
    switch = None if options.switch is None else Switch(options.switch, options.speed)
    change = Disturbance(options.lag, options.noise, options.drift, switch)
    return load if change == Disturbance() else DisturbedLoad(load, change, setup.seed)


def _replay(options: SimOptions) -> Replay | None:
    if options.replay is None:
        return None
    request = ReplayRequest(options.replay, options.meter, options.loop, options.rewind)
    try:
        return open_replay(request) or CaptureReplay.from_file(
            options.replay, loop=options.loop, rewind=options.rewind
        )
    except OSError as error:
        raise ValueError(f"cannot read {options.replay}: {error.strerror}") from error


# -- the values of the keys ----------------------------------------------------------


def _model(text: str) -> str:
    return find_model(text).name


def _load(text: str) -> str:
    find_load(text)
    return text


def _memory(text: str) -> str:
    text = text.replace(" ", "+")  # a plus in a query is a space
    kind, plus, more = text.partition("+")
    if kind == "full" and (not plus or more.isdigit()):
        return text
    return str(_whole(0, 10_000_000)(text))


def _fields(text: str) -> tuple[bool, ...]:
    if text.lower() == "all":
        return (True,) * FIELD_COUNT
    names = [name.strip().lower() for name in text.split(",")]
    known = [item.header.lower() for item in FIELDS]
    for name in names:
        if name not in known:
            raise ValueError(f"unknown field {name!r}; use {', '.join(known)}")
    return tuple(name in names for name in known)


def _handling(text: str) -> FullHandling:
    return FullHandling(int(text)) if text in ("0", "1", "2") else _choice(FullHandling)(text)


def _choice(kind: type[_Choice]) -> Callable[[str], _Choice]:
    def read(text: str) -> _Choice:
        names = {member.name.lower(): member for member in kind}
        if text not in names:
            raise ValueError(f"use one of {', '.join(names)}")
        return names[text]

    return read


def _firmware(text: str) -> str:
    if text not in ("old", "new"):
        raise ValueError("use one of old, new")
    return text


def _post(text: str) -> str:
    if text not in ("0", "1"):
        post_target(text, 1)
    return "" if text == "0" else text


def _path(text: str) -> Path:
    if not text:
        raise ValueError("name the file")
    # A URL is UTF-8, whatever the names of files are here.
    return Path(os.fsdecode(text.encode("utf-8", "surrogateescape")))


def _number(low: float, high: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = float("nan")
        if not low <= number <= high:
            raise ValueError(f"a number from {low:g} to {high:g} is needed")
        return number

    return read


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not low <= int(text[:12]) <= high:
            raise ValueError(f"a whole number from {low} to {high} is needed")
        return int(text)

    return read


def _flag(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError("0 or 1 is needed")
    return text == "1"


#: How the value of each key is read; keys are attributes of :class:`SimOptions`.
KEYS: Final[dict[str, Callable[[str], object]]] = {
    "model": _model,
    "load": _load,
    "speed": _number(0.001, 1e6),
    "seed": _whole(0, 2**31),
    "switch": _path,
    "lag": _number(0.0, 60.0),
    "noise": _number(0.0, 1_000.0),
    "drift": _number(-1e5, 1e5),
    "faults": parse_faults,
    "replay": _path,
    "meter": _whole(1, 1_000),
    "loop": _flag,
    "rewind": _flag,
    "interval": _whole(1, MAX_INTERVAL),
    "memory": _memory,
    "fields": _fields,
    "full": _handling,
    "logging": _choice(LoggingMode),
    "id": str,
    "serial": str,
    "baud": _whole(50, 4_000_000),
    "firmware": _firmware,
    "mains": _whole(90, 280),
    "deaf": _number(0.0, 3600.0),
    "replies": _flag,
    "post": _post,
}

#: What each key means, for people.
MEANINGS: Final[dict[str, str]] = {
    "model": f"{', '.join(MODELS)}; the same as MODEL",
    "load": f"what is plugged in: {', '.join(LOADS)}",
    "speed": "how many times faster the meter's time runs",
    "seed": "a whole number; a different one changes the course of the load",
    "switch": "a file of lines TIME WATTS or WATTS that switch a load in addition",
    "lag": "seconds by which records are behind the load",
    "noise": "standard deviation of the records, in W",
    "drift": "change of the power per hour, in W",
    "faults": "what goes wrong; see below",
    "replay": "a file whose records are sent: a raw capture, or any recording",
    "meter": "which meter of a recording to replay: 1, 2, ...",
    "loop": "1: the replay starts again after its last record",
    "rewind": "1: the replay starts again whenever the port is opened",
    "interval": "seconds between two records in the meter's memory",
    "memory": f"intervals logged before the start ({DEFAULT_LOGGED}), or full, or full+N",
    "fields": "fields that are chosen, as in w,v,a; or all",
    "full": "what a full memory does: stop, overwrite or condense",
    "logging": "what the meter does at first: internal, stopped or external",
    "id": "any name; the same id always means the same meter",
    "serial": "FTDI serial number",
    "baud": "baud rate; at any other rate the meter sends garbage",
    "firmware": "new or old: from before USB, with 16 fields",
    "mains": "mains voltage in V; 60 Hz below 200 V, 50 Hz from there on",
    "deaf": "seconds for which the meter ignores commands after a restart",
    "replies": "0: the meter is silent after #R,W and #O,W",
    "post": "where a .NET posts its records: HOST:PORT/FILE, or 1 for where its settings say",
}
