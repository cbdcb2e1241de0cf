# SPDX-License-Identifier: GPL-3.0-or-later
"""Watches a recording for alerts: marks the session, informs the user, and runs a command.

Samples come from the readers' threads, and a mark goes to the disk right after its samples.  What
is shown and run waits for the mark to be on disk, but not for a disk that does not accept data.  It
happens on a separate thread, so that nothing holds up the recording.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from wattui.desktop.alert_command import AlertCommand
from wattui.measurement.alerts import AlertChange, AlertRule, AlertWatch
from wattui.measurement.events import Event, EventKind, MeterInfo
from wattui.measurement.sample import Sample
from wattui.measurement.text import iso_text

_log = logging.getLogger(__name__)

#: Seconds to wait for a mark to be on disk, and for what was found last when a recording ends.
_DISK_PATIENCE: Final = 5.0
_PATIENCE: Final = 2.0

#: After these events a meter sends nothing for a while, and is not part of a total.
_SILENT: Final = (EventKind.LOST, EventKind.PAUSED, EventKind.STOPPED)


class AlertListener:
    """Watches the samples of a recording.

    Parameters
    ----------
    rules
        The alerts.
    mark
        Sets a mark in the session, of a meter or, for None, of all of them.
    changed
        Called when an alert was raised or is over.
    failed
        Called with a sentence without a full stop if the command failed.
    command
        Run when an alert is raised; None for none.
    session
        Returns the path of the session.
    """

    def __init__(
        self,
        rules: Iterable[AlertRule],
        mark: Callable[[MeterInfo | None, Event], None],
        changed: Callable[[AlertChange], None],
        failed: Callable[[str], None],
        command: AlertCommand | None = None,
        session: Callable[[], Path | None] = lambda: None,
    ) -> None:
        self._lock = threading.Lock()
        self._watch = AlertWatch(rules)
        self._mark = mark
        self._changed = changed
        self._failed = failed
        self._command = command
        self._session = session
        self._found: queue.SimpleQueue[tuple[AlertChange, threading.Event, float] | None]
        self._found = queue.SimpleQueue()
        # The marks that are not on disk yet, by the key of their meter.
        self._pending: dict[tuple[str, Event], threading.Event] = {}
        self._thread = threading.Thread(target=self._work, name="wattui alerts", daemon=True)
        self._thread.start()

    def on_samples(self, meter: MeterInfo, samples: Sequence[Sample]) -> None:
        """Look for alerts in samples that were passed on to the disk.  Reader thread."""
        with self._lock:
            for change in self._watch.take(meter, samples):
                on_disk = threading.Event()
                self._pending[_key(change.meter), change.event] = on_disk
                self._mark(change.meter, change.event)
                self._found.put((change, on_disk, time.monotonic() + _DISK_PATIENCE))

    def on_state(self, meter: MeterInfo, event: Event) -> None:
        """Note an event of a meter, which may send nothing after it.  Reader thread."""
        if event.kind in _SILENT:
            with self._lock:
                self._watch.leave(meter)

    def on_event(self, meter: MeterInfo | None, event: Event) -> None:
        """Note that an event is on disk, which may be a mark of an alert.  Any thread."""
        on_disk = self._pending.pop((_key(meter), event), None)
        if on_disk is not None:
            on_disk.set()

    def change(self, rules: Iterable[AlertRule], command: AlertCommand | None) -> None:
        """Watch for other alerts from now on; those that stay go on."""
        with self._lock:
            self._watch.change(rules)
            self._command = command

    def raised(self) -> list[tuple[AlertRule, str]]:
        """Return the alerts that last, each with the key of its meter; empty for a total."""
        with self._lock:
            return self._watch.raised

    def close(self) -> None:
        """End it, once what was found so far is reported."""
        self._found.put(None)
        for on_disk in list(self._pending.values()):
            on_disk.set()
        self._thread.join(_PATIENCE)

    def _work(self) -> None:
        while (found := self._found.get()) is not None:
            change, on_disk, latest = found
            on_disk.wait(max(latest - time.monotonic(), 0))
            try:
                self._report(change)
            except Exception:  # noqa: BLE001 - the alerts after it are reported
                _log.exception("the alert %s was not reported", change.text)

    def _report(self, change: AlertChange) -> None:
        self._changed(change)
        if change.raised and self._command is not None:
            self._command.run(alert_facts(change, self._session()), self._failed)


def _key(meter: MeterInfo | None) -> str:
    return "" if meter is None else meter.key


def alert_facts(change: AlertChange, session: Path | None) -> dict[str, str]:
    """Return the environment variables that describe an alert to a command."""
    rule, meter = change.rule, change.meter
    facts = {
        "ALERT": str(rule),
        "TEXT": change.text,
        "TIME": iso_text(change.time_us),
        "FIELD": rule.field,
        "VALUE": rule.measured.format(change.value),
        "THRESHOLD": f"{rule.threshold:.12g}",
        "UNIT": rule.measured.unit,
        "METER": "" if meter is None else meter.label,
        "SERIAL_NUMBER": "" if meter is None else meter.serial_number,
        "PORT": "" if meter is None else meter.port,
        "SESSION": "" if session is None else str(session),
    }
    # A name may hold what an environment cannot.
    return {f"WATTUI_{name}": text.replace("\0", "") for name, text in facts.items()}
