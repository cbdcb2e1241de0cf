# SPDX-License-Identifier: GPL-3.0-or-later
"""What a ``sim://`` URL says: which meter, on what load, and what goes wrong.

``sim://MODEL?KEY=VALUE&...``, as in ``sim://es?load=fridge&speed=60``.  The model
may be left out, and given as ``model=`` as well.

============ ======================================================================
key          value
============ ======================================================================
model        ``standard``, ``pro`` (default), ``es``, ``net``, ``blind``
load         ``idle``, ``lamp``, ``fridge``, ``desktop`` (default), ``charger``,
             ``noise``
speed        how many times as fast the meter's time runs; default 1
seed         a whole number: another one gives another course of the same load
faults       what goes wrong: see :mod:`wattui.simulator.faults`
replay       a raw capture whose records are sent as they are, one an interval;
             starts with the first when external logging is started, and falls
             silent after the last; with :mod:`wattui.formats.replay_source` also any
             recording, whose records keep their distances
meter        number of the meter in a recording to replay; default 1
loop         ``1``: the replay starts again after its last record
rewind       ``1``: the replay starts again whenever the port is opened
interval     seconds between two records of the memory; default 1
memory       intervals that were logged before the start, or ``full``, or ``full+N``;
             default 600, with a replay 0
fields       logged fields, as ``w,v,a`` or ``all`` (default), by their headers
full         handling of a full memory: ``stop`` (default), ``overwrite``, ``condense``
             or 0, 1, 2
logging      ``internal`` (default), ``stopped``, ``external``: what it does at first
id           a name: opening the same id again is the same meter, memory and all
serial       FTDI serial number; by default one that follows from the URL
baud         baud rate of the meter; heard at another one it is garbage
firmware     ``old``: before USB, with 16 fields, 14 factors and its own banner
mains        volts of the mains: 120 (default; 60 Hz) or, from 200 on, 50 Hz
deaf         seconds for which it is deaf after a restart; default 2
replies      ``1``: answers also where the specification names no answer
post         ``1``: a .NET really posts over HTTP
============ ======================================================================
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from wattui.measurement.clock import SYSTEM_CLOCK, Clock, ScaledClock
from wattui.measurement.fields import FIELD_COUNT, FIELDS
from wattui.protocol import FullHandling, LoggingMode
from wattui.protocol.commands import MAX_INTERVAL
from wattui.simulator.capture_replay import AnyReplay, Replay
from wattui.simulator.faults import Faults, parse_faults
from wattui.simulator.loads import LOADS, find_load
from wattui.simulator.meter_setup import Setup
from wattui.simulator.models import find_model
from wattui.simulator.network import HttpPoster
from wattui.simulator.record_memory import RecordMemory
from wattui.simulator.simulated_meter import SimulatedMeter
from wattui.simulator.timed_replay import Wanted, open_replay

#: Records of the past in a memory about which the URL says nothing.
DEFAULT_LOGGED: Final = 600


@dataclass(slots=True)
class SimOptions:
    """What a ``sim://`` URL says; the keys of the module's table, checked."""

    model: str = "pro"
    load: str = "desktop"
    speed: float = 1.0
    seed: int = 0
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
    #: None: 115200, and whatever it is heard at.
    baud: int | None = None
    old: bool = False
    mains: int = 120
    deaf: float = 2.0
    replies: bool = False
    post: bool = False

    def logged(self) -> int:
        """Give how many intervals were logged before the start."""
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
        A key or a value is not known; the message names those that are.
    """
    parts = urlsplit(url)
    if parts.scheme != "sim":
        raise ValueError(f"{url!r} does not begin with sim://")
    # Two URLs are two meters, and the same one is known again by the same number.
    number = zlib.crc32(url.encode("utf-8", "replace")) % 100_000
    options = SimOptions(serial=f"SIM{number:05d}")
    if parts.netloc:
        _set_model(options, parts.netloc)
    for key, value in parse_qsl(parts.query, keep_blank_values=True):
        if key not in _KEYS:
            raise ValueError(f"no key {key!r}; there are {', '.join(_KEYS)}")
        try:
            _KEYS[key](options, value)
        except ValueError as error:
            raise ValueError(f"{key}={value}: {error}") from None
    return options


def meter_from_url(url: str, clock: Clock | None = None) -> SimulatedMeter:
    """Make the meter that a ``sim://`` URL describes.

    Raises
    ------
    ValueError
        The URL cannot be understood, or the capture to replay cannot be read.
    """
    return meter_from_options(parse_url(url), clock)


def meter_from_options(options: SimOptions, clock: Clock | None = None) -> SimulatedMeter:
    """Make the meter that the options describe; see :func:`meter_from_url`."""
    if clock is None:
        clock = SYSTEM_CLOCK if options.speed == 1.0 else ScaledClock(options.speed)
    setup = Setup(
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
    return SimulatedMeter(
        options.model,
        load=find_load(options.load, seed=setup.seed, volts=setup.volts, hertz=setup.hertz),
        replay=_replay(options),
        clock=clock,
        faults=options.faults,
        poster=HttpPoster() if options.post else None,
        setup=setup,
    )


def _replay(options: SimOptions) -> AnyReplay | None:
    if options.replay is None:
        return None
    wanted = Wanted(options.replay, options.meter, options.loop, options.rewind)
    try:
        found = open_replay(wanted)
        if found is not None:
            return found
        return Replay.from_file(options.replay, loop=options.loop, rewind=options.rewind)
    except OSError as error:
        raise ValueError(f"cannot read {options.replay}: {error.strerror}") from error


def _set_model(options: SimOptions, value: str) -> None:
    options.model = find_model(value).name


def _set_load(options: SimOptions, value: str) -> None:
    if value not in LOADS:
        raise ValueError(f"no load {value!r}; there are {', '.join(LOADS)}")
    options.load = value


def _set_memory(options: SimOptions, value: str) -> None:
    value = value.replace(" ", "+")  # what the query makes of a plus
    kind, plus, more = value.partition("+")
    if kind == "full" and (not plus or more.isdigit()):
        options.memory = value
    else:
        options.memory = str(_whole(0, 10_000_000)(value))


def _set_fields(options: SimOptions, value: str) -> None:
    if value.lower() == "all":
        options.fields = (True,) * FIELD_COUNT
        return
    names = [name.strip().lower() for name in value.split(",")]
    known = [item.header.lower() for item in FIELDS]
    for name in names:
        if name not in known:
            raise ValueError(f"no field {name!r}; there are {', '.join(known)}")
    options.fields = tuple(name in names for name in known)


def _set_full(options: SimOptions, value: str) -> None:
    names = {handling.name.lower(): handling for handling in FullHandling}
    names |= {str(int(handling)): handling for handling in FullHandling}
    if value not in names:
        raise ValueError(f"no handling {value!r}; there are {', '.join(names)}")
    options.full = names[value]


def _set_logging(options: SimOptions, value: str) -> None:
    names = {mode.name.lower(): mode for mode in LoggingMode}
    if value not in names:
        raise ValueError(f"no mode {value!r}; there are {', '.join(names)}")
    options.logging = names[value]


def _set_firmware(options: SimOptions, value: str) -> None:
    if value not in ("old", "new"):
        raise ValueError(f"no firmware {value!r}; there are old, new")
    options.old = value == "old"


def _set_speed(options: SimOptions, value: str) -> None:
    options.speed = _real(value, 0.001, 1e6)


def _set_deaf(options: SimOptions, value: str) -> None:
    options.deaf = _real(value, 0.0, 3600.0)


def _set_faults(options: SimOptions, value: str) -> None:
    options.faults = parse_faults(value)


def _set_replay(options: SimOptions, value: str) -> None:
    if not value:
        raise ValueError("name the file of a raw capture")
    options.replay = Path(value)


def _real(text: str, low: float, high: float) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not low <= number <= high:
        raise ValueError(f"a number from {low:g} to {high:g} is needed")
    return number


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not low <= int(text[:12]) <= high:
            raise ValueError(f"a whole number from {low} to {high} is needed")
        return int(text)

    return read


def _text(text: str) -> str:
    return text


def _flag(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError("0 or 1 is needed")
    return text == "1"


def _setter(name: str, read: Callable[[str], object]) -> Callable[[SimOptions, str], None]:
    return lambda options, value: setattr(options, name, read(value))


_KEYS: Final[dict[str, Callable[[SimOptions, str], None]]] = {
    "model": _set_model,
    "load": _set_load,
    "speed": _set_speed,
    "seed": _setter("seed", _whole(0, 2**31)),
    "faults": _set_faults,
    "replay": _set_replay,
    "meter": _setter("meter", _whole(1, 1_000)),
    "loop": _setter("loop", _flag),
    "rewind": _setter("rewind", _flag),
    "interval": _setter("interval", _whole(1, MAX_INTERVAL)),
    "memory": _set_memory,
    "fields": _set_fields,
    "full": _set_full,
    "logging": _set_logging,
    "id": _setter("id", _text),
    "serial": _setter("serial", _text),
    "baud": _setter("baud", _whole(50, 4_000_000)),
    "firmware": _set_firmware,
    "mains": _setter("mains", _whole(90, 280)),
    "deaf": _set_deaf,
    "replies": _setter("replies", _flag),
    "post": _setter("post", _flag),
}
