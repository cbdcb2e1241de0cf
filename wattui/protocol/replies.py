# SPDX-License-Identifier: GPL-3.0-or-later
"""Every reply of the meter as a type (protocol, *Commands*)."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from wattui.measurement.fields import FIELD_COUNT, POWER_LIMIT, WIRE_MAXIMUM, WireValue
from wattui.measurement.sample import complete
from wattui.protocol.models import model_of
from wattui.protocol.packet import Packet


class FullHandling(enum.IntEnum):
    """What the meter does when its memory is full."""

    STOP = 0
    OVERWRITE = 1
    CONDENSE = 2


class LoggingMode(enum.IntEnum):
    """What the meter is doing with its records."""

    STOPPED = 0
    INTERNAL = 1
    EXTERNAL = 2


class Record(tuple[WireValue, ...]):
    """``#d``: one record.  Older meters send 16 fields; the others are None then.

    It is the tuple of its values, since a hundred thousand may arrive together.
    """

    __slots__ = ()
    __match_args__ = ("values",)

    @property
    def values(self) -> tuple[WireValue, ...]:
        """Integers of the wire, one per field of FIELDS; None if absent."""
        return self

    def __repr__(self) -> str:
        return f"Record({super().__repr__()})"


@dataclass(frozen=True, slots=True)
class Version:
    """``#v``: the identity of the meter."""

    model: int
    memory: int
    hardware: tuple[int, int]
    firmware: tuple[int, int]
    #: Year, month, day, hour, minute and perhaps second, as digits.
    built: str
    checksum: str

    @property
    def model_name(self) -> str:
        """The model as it is printed on the meter."""
        model = model_of(self.model)
        return model.title if model is not None else f"model {self.model}"

    @property
    def firmware_text(self) -> str:
        """The firmware's version, as in ``3.14``."""
        return "{}.{}".format(*self.firmware)

    @property
    def built_text(self) -> str:
        """When the firmware was built: ``2006-12-21 19:10``."""
        digits = self.built
        if len(digits) not in (12, 14) or not digits.isdigit():
            return digits
        pairs = [digits[i : i + 2] for i in range(4, len(digits), 2)]
        return f"{digits[:4]}-{'-'.join(pairs[:2])} {':'.join(pairs[2:])}"

    @property
    def has_network(self) -> bool:
        """Whether the meter has Ethernet and so takes the network commands."""
        model = model_of(self.model)
        return model is not None and model.has_network


@dataclass(frozen=True, slots=True)
class FieldNames:
    """``#h``: the names of the fields."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FieldSelection:
    """``#c``: which fields are logged in the memory."""

    chosen: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class RecordLimit:
    """``#n,-,1``: how many records fit into the memory."""

    limit: int


@dataclass(frozen=True, slots=True)
class ReadoutStart:
    """``#n,-,3``: number of records that follow, and seconds between them."""

    interval: int
    count: int


@dataclass(frozen=True, slots=True)
class ReadoutEnd:
    """``#l``: the end of a read-out or of external logging."""

    interval: int | None


@dataclass(frozen=True, slots=True)
class LoggingState:
    """``#s``: interval in seconds, and what the meter is logging."""

    interval: int
    mode: LoggingMode


@dataclass(frozen=True, slots=True)
class TcpLoggingStarted:
    """``#i,-``: from now on records are posted over HTTP."""


@dataclass(frozen=True, slots=True)
class FullHandlingReply:
    """``#o``: what happens when the memory is full."""

    handling: FullHandling


@dataclass(frozen=True, slots=True)
class UserParameters:
    """``#u``: rate in mils per kWh, duty-cycle threshold in W, currency."""

    rate_mils: int
    threshold: int
    euro: bool


@dataclass(frozen=True, slots=True)
class Calibration:
    """``#f``: calibration factors: 48 of them, 14 on older firmware."""

    factors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NetworkAddress:
    """``#i,q`` and ``#i,s``: the meter's addresses (.NET)."""

    ip: str
    gateway: str
    dns1: str
    dns2: str
    netmask: str
    dhcp: bool
    #: Twelve hexadecimal digits; empty in the answer to a write.
    mac: str = ""


@dataclass(frozen=True, slots=True)
class PostTarget:
    """``#i,e`` and ``#i,x``: where records are posted to (.NET), every *interval* s."""

    host: str
    port: int
    file: str
    user_agent: str
    interval: int


@dataclass(frozen=True, slots=True)
class NetworkAction:
    """``#i,r``, ``#i,w`` and ``#i,z``: reloaded, saved or reset."""

    action: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """A packet that cannot be a reply of a meter: unknown, or with impossible arguments."""

    packet: Packet


Reply = (
    Record
    | Version
    | FieldNames
    | FieldSelection
    | RecordLimit
    | ReadoutStart
    | ReadoutEnd
    | LoggingState
    | TcpLoggingStarted
    | FullHandlingReply
    | UserParameters
    | Calibration
    | NetworkAddress
    | PostTarget
    | NetworkAction
    | Malformed
)

_EMPTY: Final = frozenset(("", "_", "-"))
_LONGEST_NUMBER: Final = len(str(WIRE_MAXIMUM))


def parse(packet: Packet) -> Reply:
    """Return the typed reply in a packet; never raises."""
    if packet.command == "d" and packet.subcommand == "-":  # by far the most frequent
        return _record(packet)
    make = _REPLIES.get(packet.command + packet.subcommand)
    if make is None:
        return Malformed(packet)
    try:
        return make(packet.args)
    except (ValueError, IndexError):
        return Malformed(packet)


def parse_record(args: tuple[str, ...]) -> tuple[WireValue, ...] | None:
    """Return the 18 integers of a record from its arguments; None if they are not a record.

    A record without a single value is not one, nor is one with a power beyond
    :data:`~wattui.measurement.fields.POWER_LIMIT`: no meter sends that, and it would count
    in some figures and not in others.  Of more than 18 values the first 18 are taken.
    """
    args = args[:FIELD_COUNT]
    if not args:
        return None
    try:
        values: tuple[WireValue, ...] = tuple(map(int, args))
    except ValueError:
        try:
            values = tuple(None if arg in _EMPTY else _int(arg) for arg in args)
        except ValueError:
            return None
    else:
        # int() also accepts signs, blanks and underscores, which no meter sends.
        digits = "".join(args)
        if not digits.isdigit() or not digits.isascii():
            return None
    numbers = [value for value in values if value is not None]
    if not numbers or max(numbers) > WIRE_MAXIMUM or (values[0] or 0) > POWER_LIMIT:
        return None
    return values if len(values) == FIELD_COUNT else complete(values)


def _record(packet: Packet) -> Reply:
    values = parse_record(packet.args)
    return Malformed(packet) if values is None else Record(values)


def _int(arg: str) -> int:
    if not arg.isdigit() or not arg.isascii() or len(arg) > _LONGEST_NUMBER:
        raise ValueError(arg)
    return int(arg)


def _flag(arg: str) -> bool:
    if arg not in ("0", "1"):
        raise ValueError(arg)
    return arg == "1"


def _string(arg: str) -> str:
    return "" if arg == "_" else arg


def _exactly(args: tuple[str, ...], count: int) -> tuple[str, ...]:
    if len(args) != count:
        raise ValueError(args)
    return args


def _version(args: tuple[str, ...]) -> Reply:
    model, memory, hw_major, hw_minor, fw_major, fw_minor, built, checksum = _exactly(args, 8)
    return Version(
        _int(model),
        _int(memory),
        (_int(hw_major), _int(hw_minor)),
        (_int(fw_major), _int(fw_minor)),
        built,
        checksum,
    )


def _field_selection(args: tuple[str, ...]) -> Reply:
    if not 1 <= len(args) <= FIELD_COUNT:
        raise ValueError(args)
    return FieldSelection(tuple(map(_flag, args)))


def _limit_or_start(args: tuple[str, ...]) -> Reply:
    if len(args) == 3:
        return ReadoutStart(_int(args[1]), _int(args[2]))
    return RecordLimit(_int(_exactly(args, 1)[0]))


def _readout_end(args: tuple[str, ...]) -> Reply:
    # Any #l ends a read-out.  Some firmware announces two arguments and sends three: a
    # number, nothing, and the interval.
    three = len(args) == 3 and args[1] in _EMPTY
    try:
        return ReadoutEnd(_int(args[2 if three else 1]) if three or len(args) == 2 else None)
    except ValueError:
        return ReadoutEnd(None)


def _logging_state(args: tuple[str, ...]) -> Reply:
    _reserved, interval, mode = _exactly(args, 3)
    return LoggingState(_int(interval), LoggingMode(_int(mode)))


def _user_parameters(args: tuple[str, ...]) -> Reply:
    rate, threshold, euro = _exactly(args, 3)
    return UserParameters(_int(rate), _int(threshold), _flag(euro))


def _network_address(args: tuple[str, ...]) -> Reply:
    if len(args) not in (6, 7):
        raise ValueError(args)
    ip, gateway, dns1, dns2, netmask = map(_string, args[:5])
    mac = _string(args[6]) if len(args) == 7 else ""
    return NetworkAddress(ip, gateway, dns1, dns2, netmask, _flag(args[5]), mac)


def _post_target(args: tuple[str, ...]) -> Reply:
    if len(args) not in (5, 6):  # the spec's own line names a sixth
        raise ValueError(args)
    host, port, file, agent, interval = args[:5]
    return PostTarget(_string(host), _int(port), _string(file), _string(agent), _int(interval))


_REPLIES: Final[dict[str, Callable[[tuple[str, ...]], Reply]]] = {
    "v-": _version,
    "h-": FieldNames,
    "c-": _field_selection,
    "n-": _limit_or_start,
    "l-": _readout_end,
    "s-": _logging_state,
    "o-": lambda args: FullHandlingReply(FullHandling(_int(_exactly(args, 1)[0]))),
    "u-": _user_parameters,
    "f-": Calibration,
    "i-": lambda _args: TcpLoggingStarted(),
    "iq": _network_address,
    "is": _network_address,
    "ie": _post_target,
    "ix": _post_target,
    "ir": lambda _args: NetworkAction("r"),
    "iw": lambda _args: NetworkAction("w"),
    "iz": lambda _args: NetworkAction("z"),
}
