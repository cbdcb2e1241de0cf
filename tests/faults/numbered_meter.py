# SPDX-License-Identifier: GPL-3.0-or-later
"""A meter on a pty that numbers its records, so that each one that was sent is known.

The number is in the field of the meter's own counter.  The meter goes on measuring and
numbering while it is unplugged, as a real one does: those records must be reported as lost.
"""

from __future__ import annotations

import contextlib
import errno
import os
import pty
import random
import select
import termios
import threading
import time
import tty
from pathlib import Path

from suite_size import FULL

VERSION = b"#v,-,8,1,65206,5,2,3,14,200612211910,0;\r\n"
BANNER = b"\r\nWattsUp? $Revision: 3.14\r\n"

#: Seconds within which anything happens, however slow the machine.
DEADLINE = 100.0 if FULL else 50.0


def packet(number: int) -> bytes:
    """Return the record with that number."""
    watts = 1000 + number % 50
    return b"#d,-,18,%d,1200,833,%d,_,0,0,%d,1,1,1,1,1,95,0,0,600,1000;\r\n" % (
        watts,
        number,
        watts,
    )


class NumberedMeter:
    """A meter behind a symlink; a context manager.

    Parameters
    ----------
    link
        Name of the port. It points to another pty each time the meter is plugged in.
    period
        Seconds of real time between two records.
    baudrate
        The only speed at which the meter understands and is understood; 0 for any.
    before
        Number before that of the first record.
    """

    def __init__(
        self, link: Path, period: float = 0.02, baudrate: int = 0, before: int = 0
    ) -> None:
        self.link = link
        #: Number of the last record.
        self.number = before
        #: Number of the first record since :meth:`begin`.
        self.first = before + 1
        self._period = period
        self._speed = getattr(termios, f"B{baudrate}") if baudrate else None
        self._logging = self._silent = self._held = False
        self._due = float("inf")
        self._heard = b""
        self._noise: list[bytes] = []
        self._cut = 0
        self._garbling: random.Random | None = None
        self._beginning = False
        self._answers: list[bytes] = []
        self._changed = threading.Condition(threading.RLock())
        self._master = -1
        self._ending = False
        self._wake_out, self._wake_in = os.pipe()
        self.plug()
        self._thread = threading.Thread(target=self._run, name="numbered meter", daemon=True)
        self._thread.start()

    # -- what happens to it --

    def plug(self, link: Path | None = None) -> None:
        """Plug it in, behind another name if one is given."""
        with self._changed:
            if self._master >= 0:
                return
            self._master, slave = pty.openpty()
            tty.setraw(slave, termios.TCSANOW)
            name = os.ttyname(slave)
            os.close(slave)
            os.set_blocking(self._master, False)
            self.link = link or self.link
            new = self.link.with_name(f".{self.link.name}.new")
            new.unlink(missing_ok=True)
            new.symlink_to(name)
            new.replace(self.link)
            self._heard = b""
            self._wake()

    def unplug(self, *, in_packet: bool = False) -> None:
        """Pull the plug, in the middle of the next record if *in_packet*."""
        with self._changed:
            if in_packet and self._logging and not self._held:
                self._cut = 1
                assert self._changed.wait_for(lambda: self._master < 0, DEADLINE)
            elif self._master >= 0:
                self._close()

    def _close(self) -> None:
        os.close(self._master)
        self._master = -1
        self.link.unlink(missing_ok=True)
        self._changed.notify_all()

    def be_silent(self, silent: bool = True) -> None:
        """Neither send nor answer, but go on measuring."""
        with self._changed:
            self._silent = silent

    def power_cycle(self) -> None:
        """Lose the power and restart: the meter forgets that it was told to send records."""
        with self._changed:
            # What it would have measured until it is asked again does not exist.
            self._logging = False
            self._noise.append(BANNER)
            self._wake()

    def say(self, data: bytes) -> None:
        """Send bytes that are not a record."""
        with self._changed:
            self._noise.append(data)
            self._wake()

    def garble(self, chance: random.Random, *, beginning: bool = False) -> None:
        """Garble the next record, by bytes that no meter sends; also its ``#`` if *beginning*.

        A digit that becomes another digit could not be noticed: records have no checksum.
        """
        with self._changed:
            self._garbling, self._beginning = chance, beginning
            assert self._changed.wait_for(lambda: self._garbling is None, DEADLINE)

    def garble_answers(self, *answers: bytes) -> None:
        """Answer with these bytes the next times that it is asked what it is."""
        with self._changed:
            self._answers += answers

    def skip(self, records: int) -> None:
        """Measure records that go nowhere, as while the computer sleeps."""
        with self._changed:
            self.number += records

    def hold(self, held: bool = True) -> None:
        """Stop measuring, or go on."""
        with self._changed:
            self._held = held
            self._due = time.monotonic() + self._period
            self._wake()

    def begin(self) -> None:
        """Begin a run: records count from the next one on, once a program asks for them."""
        with self._changed:
            self._logging = self._held = self._silent = False
            self.first = self.number + 1

    def wait(self, number: int) -> None:
        """Wait until it has measured that many records since the start."""
        with self._changed:
            reached = self._changed.wait_for(lambda: self.number >= number, DEADLINE)
            assert reached, f"the meter was at {self.number} of {number} records"

    def wait_more(self, count: int) -> None:
        """Wait until it has measured that many more records."""
        self.wait(self.number + count)

    def wait_logging(self) -> None:
        """Wait until a program has asked for records."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._logging, DEADLINE)

    @property
    def sent(self) -> range:
        """The numbers of the records since the beginning of the run."""
        return range(self.first, self.number + 1)

    def __enter__(self) -> NumberedMeter:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._ending = True
        self._wake()
        self._thread.join(DEADLINE)
        with self._changed:
            if self._master >= 0:
                self._close()
        os.close(self._wake_in)
        os.close(self._wake_out)

    # -- its thread --

    def _wake(self) -> None:
        os.write(self._wake_in, b"\0")

    def _run(self) -> None:
        while not self._ending:
            with self._changed:
                master, wait = self._master, 0.5
                if self._logging and not self._held:
                    wait = max(0.0, self._due - time.monotonic())
            poll = select.poll()
            poll.register(self._wake_out, select.POLLIN)
            if master >= 0 and not self._hung_up(master):
                poll.register(master, select.POLLIN)
            else:
                wait = min(wait, 0.01)  # the system does not report that a pty is opened
            poll.poll(wait * 1000)
            if select.select([self._wake_out], [], [], 0)[0]:
                os.read(self._wake_out, 4096)
            with self._changed:
                self._serve()

    @staticmethod
    def _hung_up(master: int) -> bool:
        poll = select.poll()
        try:
            poll.register(master, select.POLLIN)
            return any(event & (select.POLLHUP | select.POLLNVAL) for _, event in poll.poll(0))
        except OSError:
            return True

    def _serve(self) -> None:
        self._listen()
        while self._noise:
            self._send(self._noise.pop(0))
        now = time.monotonic()
        if self._logging and not self._held:
            while self._due <= now:
                self._due += self._period
                self._measure()
        self._changed.notify_all()

    def _measure(self) -> None:
        self.number += 1
        data = packet(self.number)
        if self._garbling is not None:
            changed = bytearray(data)
            for _byte in range(self._garbling.randrange(1, 4)):
                changed[self._garbling.randrange(len(data) - 2)] = self._garbling.randrange(
                    128, 256
                )
            if self._beginning:
                changed[0] = 255
            data, self._garbling = bytes(changed), None
        if self._cut:
            self._cut = 0
            self._send(data[: len(data) // 2])
            self._close()
        else:
            self._send(data)

    def _listen(self) -> None:
        if self._master < 0:
            return
        data = b""
        with contextlib.suppress(OSError):  # EIO: nobody has it open; EAGAIN: nothing came
            data = os.read(self._master, 4096)
        if not data or self._silent or not self._understood():
            return
        self._heard += data
        *commands, self._heard = self._heard.split(b";")
        for command in commands:
            self._obey(command)

    def _understood(self) -> bool:
        if self._speed is None:
            return True
        return termios.tcgetattr(self._master)[5] == self._speed

    def _obey(self, command: bytes) -> None:
        if command.endswith(b"#V,R,0"):
            self._send(self._answers.pop(0) if self._answers else VERSION)
        elif b"#L,W,3,E" in command and not self._logging:
            self._logging = True
            self._due = time.monotonic() + self._period
        elif command.endswith(b"#L,R,0"):
            self._logging = False

    def _send(self, data: bytes) -> None:
        if self._master < 0 or self._silent:
            return
        if not self._understood():
            data = bytes(byte ^ 0x5A | 0x80 for byte in data)
        try:
            os.write(self._master, data)
        except OSError as error:
            # Nobody reads, and there is no room: the adapter's buffer overflows.
            if error.errno not in (errno.EAGAIN, errno.EIO):
                raise
