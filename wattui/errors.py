# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong: one tree of exceptions, importable from anywhere.

Each says what happened, to what, and what to do now::

    WattuiError
    ├── PortError                  something is wrong with the port
    │   ├── PortNotFound           /dev/ttyUSB7 is not there: mistyped, or unplugged
    │   ├── PortDenied             it is there, but this user may not open it
    │   ├── PortBusy               another program, or another window, has it open
    │   ├── PortUnknown            sim:// was meant, smi:// was typed
    │   └── LinkLost               the meter was unplugged while in use
    ├── MeterError                 the port is fine; what is on it is not
    │   ├── NoAnswer               nothing came back within two seconds
    │   ├── NotAMeter              something answered, and it was no Watts up?
    │   ├── UnexpectedReply        a meter answered something else than was asked for
    │   ├── SettingNotTaken        it was written, read back, and differs
    │   ├── ReadoutIncomplete      fewer records came than were announced, twice
    │   └── WouldEraseMemory       the command erases the memory; nobody consented
    ├── SessionError               something is wrong with a session file
    │   ├── NotASession            it is some other file
    │   ├── SessionTooNew          a later wattui wrote it
    │   ├── SessionDamaged         it was a session, and was damaged since
    │   └── DiskRefused            full, read-only or gone
    ├── FormatError                a file to import that nothing here can read
    ├── DisplayMissing             no display, or the libraries of a window are missing
    ├── SettingOutOfRange          refused before it was sent; the range is named
    └── Cancelled                  somebody asked for it to stop
"""

from __future__ import annotations

from typing import ClassVar


class WattuiError(Exception):
    """Something failed that a person can understand and do something about."""

    #: Exit status of the command line.
    exit_status: ClassVar[int] = 1

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        #: What happened, and to what: one sentence without a full stop.
        self.what = what
        #: What to do now: one sentence; may be empty.
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.what}. {self.hint}".rstrip() if self.hint else self.what


class PortError(WattuiError):
    """Something is wrong with the port."""

    exit_status = 3


class PortNotFound(PortError):
    """There is no such port."""


class PortDenied(PortError):
    """The port is there, but this user may not open it."""


class PortBusy(PortError):
    """Another program has the port open."""


class PortUnknown(PortError):
    """The port's URL has a scheme or an option that nothing here knows."""


class LinkLost(PortError):
    """The meter was unplugged, or the connection broke, while in use."""


class MeterError(WattuiError):
    """The port is fine; what is on it is not."""

    exit_status = 4


class NoAnswer(MeterError):
    """Nothing answered within the two seconds of the protocol."""


class NotAMeter(MeterError):
    """Something answered, and it was no Watts up?."""


class UnexpectedReply(MeterError):
    """A meter answered something else than was asked for."""


class SettingNotTaken(MeterError):
    """A setting was written and read back, and differs."""


class ReadoutIncomplete(MeterError):
    """Fewer records came than the meter announced, even when asked again."""


class WouldEraseMemory(MeterError):
    """The command erases the meter's memory, and nobody consented to that."""

    exit_status = 5


class SessionError(WattuiError):
    """Something is wrong with a session file."""

    exit_status = 6


class NotASession(SessionError):
    """The file is no session."""


class SessionTooNew(SessionError):
    """A later version of wattui wrote the session."""


class SessionDamaged(SessionError):
    """The file was a session, and was damaged since."""


class DiskRefused(SessionError):
    """The disk did not take what was to be written: full, read-only or gone."""


class FormatError(WattuiError):
    """A file to import that none of the formats can read."""

    exit_status = 7


class SettingOutOfRange(WattuiError):
    """A value outside of the range that the meter takes; nothing was sent."""

    exit_status = 2


class DisplayMissing(WattuiError):
    """The window cannot be opened here."""

    exit_status = 8


class Cancelled(WattuiError):
    """Somebody asked for it to stop, and it stopped."""

    exit_status = 130
