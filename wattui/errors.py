# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong: one tree of exceptions.

Each states what happened, to what, and what to do now::

    WattuiError
    ├── PortError                  something is wrong with the port
    │   ├── PortNotFound           /dev/ttyUSB7 does not exist: mistyped or unplugged
    │   ├── PortDenied             it exists, but this user has no permission to open it
    │   ├── PortBusy               another program or window has it open
    │   ├── PortUnknown            smi:// was typed instead of sim://
    │   └── LinkLost               the meter was unplugged during use
    ├── MeterError                 the port works; the device on it does not
    │   ├── NoAnswer               the device did not answer within two seconds
    │   ├── NotAMeter              a device answered that is not a Watts up?
    │   ├── OtherMeter             another meter than before answered
    │   ├── UnexpectedReply        the meter's answer does not fit the command
    │   ├── SettingNotTaken        a setting was written and read back, and differs
    │   ├── ReadoutIncomplete      twice, fewer records arrived than were announced
    │   └── WouldEraseMemory       the command erases the memory, without consent
    ├── SessionError               something is wrong with a session file
    │   ├── NotASession            the file is not a session
    │   ├── SessionTooNew          a later wattui wrote it
    │   ├── SessionDamaged         the session was damaged
    │   ├── UnknownMeter           the session has no such meter
    │   └── DiskRefused            the disk is full, read-only or gone
    │       └── WouldOverwrite     the file to write is one that is read, or a session
    ├── FormatError                no format can read the file to import
    ├── DisplayMissing             there is no display, or a library is missing
    ├── UnknownField               there is no field of that name
    ├── BudgetExceeded             a command needs more energy than it may
    ├── SettingOutOfRange          the value was refused before it was sent
    └── Cancelled                  the user cancelled
"""

from __future__ import annotations

from typing import ClassVar


class WattuiError(Exception):
    """Base class of all errors that a user can understand and act on.

    Parameters
    ----------
    what
        What happened, and to what: one sentence without a full stop.
    hint
        What to do now, in sentences; may be empty.
    """

    #: Exit status of the command line.
    exit_status: ClassVar[int] = 1

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        #: What happened, and to what: one sentence without a full stop.
        self.what = what
        #: What to do now, in sentences; may be empty.
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.what}. {self.hint}".rstrip() if self.hint else self.what


class PortError(WattuiError):
    """Something is wrong with the port."""

    exit_status = 3


class PortNotFound(PortError):
    """There is no such port: it was mistyped or unplugged."""


class PortDenied(PortError):
    """The port exists, but this user has no permission to open it."""


class PortBusy(PortError):
    """Another program, or another meter of this program, has the port open."""


class PortUnknown(PortError):
    """The scheme or an option of the port's URL is unknown."""


class LinkLost(PortError):
    """The meter was unplugged, or the connection was lost, during use."""


class MeterError(WattuiError):
    """The port works; the device on it does not."""

    exit_status = 4


class NoAnswer(MeterError):
    """The device did not answer within the two seconds of the protocol."""


class NotAMeter(MeterError):
    """A device answered that is not a Watts up?."""


class OtherMeter(MeterError):
    """Another meter answers at a port than before: its samples must not get the name of that one.

    Parameters
    ----------
    key
        Key of the other meter, as in :attr:`wattui.api.MeterInfo.key`.
    """

    def __init__(self, what: str, hint: str = "", key: str = "") -> None:
        super().__init__(what, hint)
        self.key = key


class UnexpectedReply(MeterError):
    """The meter's answer does not fit the command."""


class SettingNotTaken(MeterError):
    """A setting was written and read back, and differs."""


class ReadoutIncomplete(MeterError):
    """Fewer records arrived than the meter announced, in a second attempt as well."""


class WouldEraseMemory(MeterError):
    """The command would erase the meter's memory, and consent was not given."""

    exit_status = 5


class SessionError(WattuiError):
    """Something is wrong with a session file."""

    exit_status = 6


class NotASession(SessionError):
    """The file is not a session."""


class SessionTooNew(SessionError):
    """A later version of wattui wrote the session."""


class SessionDamaged(SessionError):
    """The session was damaged after it was written."""


class UnknownMeter(SessionError, KeyError):
    """The session does not have such a meter."""


class DiskRefused(SessionError):
    """The disk does not accept data: it is full, read-only or gone."""


class WouldOverwrite(DiskRefused):
    """The file to write is also read or written elsewhere, or is a session."""


class FormatError(WattuiError):
    """No format can read the file to import."""

    exit_status = 7


class PackageMissing(WattuiError):
    """A package that comes with an extra is not installed."""

    exit_status = 2


class UnknownField(WattuiError, KeyError):
    """There is no field of that name."""

    exit_status = 2


class SettingOutOfRange(WattuiError):
    """A value is outside the meter's range; nothing was sent."""

    exit_status = 2


class DisplayMissing(WattuiError):
    """The window cannot be opened here."""

    exit_status = 8


class BudgetExceeded(WattuiError):
    """A command needs more energy than it may, or more than before."""

    exit_status = 9


class Cancelled(WattuiError):
    """The user cancelled it."""

    exit_status = 130
