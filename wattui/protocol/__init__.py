# SPDX-License-Identifier: GPL-3.0-or-later
"""The serial protocol of the Watts up?: framing, commands and replies. Pure.

Nothing here uses a clock, a port or a thread: it turns bytes into packets and typed
replies, and commands into bytes.

``packet``
    The packet, which the meter and the host both send.
``framing``
    :class:`Framer` finds packets, or typed replies, in the bytes of the wire.
``models``
    The models of the meter, as one table.
``commands``
    Every command of the meter, each made by one function, and which of them erase
    the memory.
``replies``
    Every reply as a type; :func:`parse` makes one from a packet.
``fast_records``
    A faster way from bytes to records, for bytes that contain nothing else.
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
