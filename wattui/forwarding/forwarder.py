# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends what sessions have on disk to a target, on a separate thread."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from wattui.errors import DiskRefused, SessionDamaged, SessionError, WattuiError
from wattui.forwarding.cursors import Cursors
from wattui.forwarding.target import Batch, Target, TargetDropped, TargetRefused
from wattui.measurement.totals import Tally
from wattui.session import Session, open_checked
from wattui.session.lock import is_being_written
from wattui.session.session_file import SessionMeter
from wattui.session.watched import WatchedSession

_log = logging.getLogger(__name__)

#: Samples of a batch: enough that a round trip does not matter, and little memory.
BATCH: Final = 2_000

#: Seconds between two looks for new samples, and between tries after a failure.
_LOOK: Final = 1.0
_FIRST_RETRY, _LAST_RETRY = 1.0, 120.0

Complain = Callable[[WattuiError], object]


class Forwarder:
    """Sends sessions to one target, in order and at least once.

    Parameters
    ----------
    target, cursors
        What receives the samples, and what remembers how far it has them.
    complain
        Called on its thread with each failure, but only once while the same kind lasts.
    look, retry
        Seconds between two looks for samples; and after a failure, at first.
    """

    def __init__(
        self,
        target: Target,
        cursors: Cursors,
        complain: Complain,
        look: float = _LOOK,
        retry: float = _FIRST_RETRY,
    ) -> None:
        self.target = target
        #: Samples that the target has received from this forwarder.
        self.sent = 0
        self._cursors = cursors
        self._complain = complain
        self._look = look
        self._first_retry = self._retry = retry
        self._complained: type | None = None
        # Sessions that were compared with their checksums; and whether they were recorded then.
        self._sound: set[tuple[Path, bool]] = set()
        #: Sessions that this program records.
        self._own: set[Path] = set()
        #: Samples that the target will never have.
        self.dropped = 0
        self._wake = threading.Event()
        self._deadline: float | None = None
        self._thread = threading.Thread(target=self._run, name="wattui forwarder", daemon=True)

    def start(self) -> None:
        """Begin to send, first what earlier runs could not."""
        self._thread.start()

    def add(self, session: Path) -> None:
        """Send a session too, while it is recorded and afterwards.  Any thread."""
        path = session.absolute()
        self._own.add(path)
        self._cursors.add(self.target.name, path)
        self._wake.set()

    @property
    def failing(self) -> bool:
        """Whether the last try failed.  Any thread."""
        return self._complained is not None

    def hurry(self, timeout: float) -> None:
        """Set the end, in *timeout* seconds at most, and return immediately.  Any thread."""
        if self._deadline is None:
            self._deadline = time.monotonic() + timeout
            self._wake.set()

    def close(self, timeout: float = 10.0) -> bool:
        """Send what is left, for *timeout* seconds at most; the rest is sent by the next run.

        Returns
        -------
        bool
            Whether everything was sent.
        """
        self.hurry(timeout)
        assert self._deadline is not None
        self._thread.join(max(0.0, self._deadline - time.monotonic()) + 1.0)
        done = not self._thread.is_alive() and not self.failing
        return done and not self._sessions()

    def _sessions(self) -> list[Path]:
        """Return the sessions to send, without those that another program records and sends."""
        pending = self._cursors.pending(self.target.name)
        return [one for one in pending if one in self._own or not is_being_written(one)]

    # -- on its thread -------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while True:
                self._wake.clear()
                # Whatever was committed before a close is seen by the round after it.
                last_round = self._deadline is not None
                wait = self._round()
                if last_round and (not wait or self._is_late(wait)):
                    return
                self._wake.wait(wait or self._look)
        finally:
            self.target.close()

    def _is_late(self, wait: float = 0.0) -> bool:
        return self._deadline is not None and time.monotonic() + wait > self._deadline

    def _round(self) -> float:
        """Send everything that is there; return the seconds until the next try, or 0."""
        unread: SessionError | None = None
        try:
            for session in self._sessions():
                try:
                    self._send_session(session)
                except SessionError as error:
                    unread = error  # the others are sent nevertheless
                if self._is_late():
                    break
            if unread is not None:
                raise unread
        except (WattuiError, OSError) as error:
            return self._failed(error)
        except Exception as error:  # noqa: BLE001 - a recording does not end for a target
            _log.exception("%s", self.target.name)
            return self._failed(error)
        self._retry, self._complained = self._first_retry, None
        return 0.0

    def _failed(self, error: Exception) -> float:
        known = error if isinstance(error, WattuiError) else WattuiError(f"{error}")
        if type(known) is not self._complained:
            self._complained = type(known)
            hint = f"{known.hint} " if known.hint else ""
            words = "Samples stay in the session meanwhile, and are sent later."
            self._complain(type(known)(known.what, f"{hint}{words}"))
        wait = self._retry
        self._retry = min(2 * self._retry, _LAST_RETRY)
        if isinstance(known, TargetRefused | DiskRefused):
            self._retry = _LAST_RETRY
        return wait

    def _send_session(self, path: Path) -> None:
        """Send what is new in a session.

        Raises
        ------
        SessionError
            It cannot be read now; it is tried again.
        """
        # In this order: what is written before the lock goes is seen by what follows.
        written = is_being_written(path)
        try:
            if (path, written) not in self._sound:
                self._check(path)
                self._sound.add((path, written))
            with Session.open(path) as session:
                done = self._send_samples(session, path)
        except SessionError as error:
            if not path.exists():
                done = True
            elif written or isinstance(error, DiskRefused):
                raise
            else:
                done = self._send_readable(path, error)
        if done and not written:
            self._sound -= {(path, True), (path, False)}
            self._cursors.remove(self.target.name, path)

    def _check(self, path: Path) -> None:
        """Compare what is about to be sent with its checksums: nothing sent can be taken back.

        Raises
        ------
        SessionDamaged
            It is not what was recorded.
        """
        with WatchedSession.open(path) as session:
            for meter in session.meters:
                until = self._cursors.sent_until(self.target.name, path, meter.info.key)
                for _rows in session.rows(meter.id, until):
                    if self._is_late():
                        return

    def _send_readable(self, path: Path, error: SessionError) -> bool:
        """Send what can be read of a damaged session, and report what is wrong."""
        if not isinstance(error, SessionDamaged):
            self._complain(error)
            return True
        try:
            with open_checked(path) as session:
                damage = "; ".join(session.damage)
                self._complain(SessionDamaged(f"{path}: {damage}", "The rest of it is sent."))
                return self._send_samples(session, path)
        except DiskRefused:
            raise
        except SessionError as unreadable:
            self._complain(unreadable)
            return True

    def _send_samples(self, session: Session, path: Path) -> bool:
        """Send the samples that the target does not have; return whether it has all of them."""
        for meter in session.meters:
            for batch in self._batches(session, path, meter):
                self._send(batch)
                until = batch.samples[-1].time_us
                self._cursors.sent(self.target.name, path, meter.info.key, until)
                if self._is_late():
                    return False
        return True

    def _send(self, batch: Batch) -> None:
        try:
            self.target.send(batch)
        except TargetDropped as error:
            if not self.dropped:
                self._complain(error)
            self.dropped += len(batch)
        else:
            self.sent += len(batch)

    def _batches(self, session: Session, path: Path, meter: SessionMeter) -> Iterator[Batch]:
        until = self._cursors.sent_until(self.target.name, path, meter.info.key)
        energy = 0.0 if until is None else session.energy_before(meter.id, until)
        samples = session.samples(meter.id, start_us=until)
        while part := list(itertools.islice(samples, BATCH)):
            tally, energies = Tally(), []
            for sample in part:
                tally.add((sample,))
                energies.append(energy + tally.energy_wh)
            energy = energies[-1]
            yield Batch(meter.info, part, energies)
