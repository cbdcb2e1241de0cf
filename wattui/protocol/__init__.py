# SPDX-License-Identifier: GPL-3.0-or-later
"""The serial protocol of the Watts up?: framing, commands and replies. Pure.

Nothing here knows a clock, a port or a thread: bytes come in, packets and typed
replies come out, and the other way round.

``packet``
    The packet, which both sides send.
``framing``
    :class:`Framer` cuts packets, or typed replies, out of whatever comes over the
    wire.
``models``
    The models of the meter, as one table.
``commands``
    Every command of the meter, each made by one function; which of them erase
    the memory.
``replies``
    Every reply as a type; :func:`parse` makes one from a packet.
``records``
    The short way from bytes to records, where the bytes are nothing else.
"""

from wattui.protocol import commands
from wattui.protocol.commands import Command
from wattui.protocol.framing import Framer, FramerCounts
from wattui.protocol.packet import Packet, encode
from wattui.protocol.replies import (
    Calibration,
    FieldNames,
    FieldSelection,
    FullHandling,
    FullHandlingReply,
    LoggingMode,
    LoggingState,
    Malformed,
    NetworkAction,
    NetworkAddress,
    PostTarget,
    ReadoutEnd,
    ReadoutStart,
    Record,
    RecordLimit,
    Reply,
    TcpLoggingStarted,
    UserParameters,
    Version,
    parse,
)

__all__ = [
    "Calibration",
    "Command",
    "FieldNames",
    "FieldSelection",
    "Framer",
    "FramerCounts",
    "FullHandling",
    "FullHandlingReply",
    "LoggingMode",
    "LoggingState",
    "Malformed",
    "NetworkAction",
    "NetworkAddress",
    "Packet",
    "PostTarget",
    "ReadoutEnd",
    "ReadoutStart",
    "Record",
    "RecordLimit",
    "Reply",
    "TcpLoggingStarted",
    "UserParameters",
    "Version",
    "commands",
    "encode",
    "parse",
]
