# SPDX-License-Identifier: GPL-3.0-or-later
"""Watches the recordings of a bench: their alerts, and their planned end.  Main thread only."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from traits.api import Bool, Dict, HasStrictTraits, Instance, Property, Str, Tuple, observe

from wattui.desktop.alert_command import AlertCommand
from wattui.measurement.alerts import AlertChange, AlertRule, parse_alert
from wattui.measurement.clock import microseconds
from wattui.measurement.planned_end import PlannedEnd
from wattui.model.bench import Bench
from wattui.model.bench_recording import BenchRecording
from wattui.model.viewable import declared
from wattui.session.alert_listener import AlertListener

#: How late the last sample may be before a planned end no longer waits for it, in seconds.
_PATIENCE: Final = 2.0
#: The same in intervals of the meter.
_LATE: Final = 3


@dataclass(frozen=True, slots=True)
class ShownAlert:
    """An alert as it is shown until it is dismissed: the last time that it was raised."""

    change: AlertChange
    #: When it was over, in microseconds UTC; None while it lasts.
    over_us: int | None = None

    @property
    def key(self) -> tuple[AlertRule, str]:
        """Its rule, and the key of its meter, which a total does not have."""
        return key_of(self.change)


def key_of(change: AlertChange) -> tuple[AlertRule, str]:
    """Return the rule of a change, and the key of its meter."""
    return change.rule, "" if change.meter is None else change.meter.key


class RecordingWatch(HasStrictTraits):
    """Alerts and the planned end of the recordings of a bench."""

    #: The meters; None once the window has closed.
    bench: Bench | None = declared(Instance(Bench))

    #: The alerts.
    rules: tuple[AlertRule, ...] = declared(Tuple())
    #: The command that is run when an alert is raised, and whether a shell runs it.
    command = Str()
    use_shell = Bool()
    #: The alerts as texts, to be saved.
    texts: list[str] = declared(Property(observe="rules"))

    #: The alerts that were raised and not dismissed, by rule and meter.
    shown: dict[tuple[AlertRule, str], ShownAlert] = declared(Dict())
    #: Why the command failed the last time; empty if it did not.
    failure = Str()

    #: When the recording ends; None for no planned end.
    planned: PlannedEnd | None = declared(Instance(PlannedEnd))
    #: What is left until then, for the status bar; empty without a planned end.
    remaining = Str()
    #: How the last recording ended as planned; empty if it did not.
    ended = Str()

    _recording: BenchRecording | None = declared(Instance(BenchRecording))
    _listener: AlertListener | None = declared(Instance(AlertListener))

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        if self.bench is not None:
            self.bench.when_begun = self._begun

    def close(self) -> None:
        """End it, as the window closes."""
        self._close_listener()
        bench, self.bench = self.bench, None
        if bench is not None and bench.when_begun == self._begun:
            bench.when_begun = lambda _recording: None

    # -- alerts ------------------------------------------------------------------------

    def _get_texts(self) -> list[str]:
        return [str(rule) for rule in self.rules]

    def _set_texts(self, texts: Iterable[str]) -> None:
        found = []
        for text in texts:
            try:
                found.append(parse_alert(text))
            except ValueError:
                continue
        self.rules = tuple(dict.fromkeys(found))

    def watch_for(self, rules: Iterable[AlertRule], command: str, use_shell: bool) -> None:
        """Watch for these alerts from now on, also in the running recording."""
        self.trait_set(
            rules=tuple(dict.fromkeys(rules)), command=command, use_shell=use_shell, failure=""
        )
        self.shown = {key: one for key, one in self.shown.items() if key[0] in self.rules}
        if self._listener is not None:
            self._listener.change(self.rules, self._made_command())
        elif self._recording is not None:
            self._listen()

    def _made_command(self) -> AlertCommand | None:
        """Return the command; None if there is none, or if it cannot be run."""
        if not self.command:
            return None
        try:
            return AlertCommand(self.command, self.use_shell)
        except ValueError as error:
            self.failure = str(error).rstrip(".")
            return None

    def _begun(self, recording: BenchRecording) -> None:
        """Watch a recording that begins."""
        self._close_listener()
        self.trait_set(shown={}, failure="", ended="", _recording=recording)
        if self.planned is not None and self.planned.until_us is not None:
            over = self.planned.until_us <= microseconds(time.time())
            self.planned = None if over else self.planned
        self._listen()

    def _listen(self) -> None:
        recording, bench = self._recording, self.bench
        if not self.rules or recording is None or bench is None:
            return
        post = bench.main_thread.post
        recording.alerts = self._listener = AlertListener(
            self.rules,
            recording.recorder.on_event,
            lambda change: post(lambda: self._changed(change)),
            lambda what: post(lambda: self.trait_set(failure=what)),
            self._made_command(),
            lambda: recording.recorder.path,
        )

    def _close_listener(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()

    def _changed(self, change: AlertChange) -> None:
        """Show that an alert was raised, or is over."""
        key = key_of(change)
        if change.raised:
            self.shown = {**self.shown, key: ShownAlert(change)}
        elif key in self.shown:
            over = replace(self.shown[key], over_us=change.time_us)
            self.shown = {**self.shown, key: over}

    def dismiss(self) -> None:
        """Stop showing alerts that are over, the failure of the command, and a planned end."""
        self.trait_set(shown={}, failure="", ended="")

    @property
    def lasting(self) -> list[ShownAlert]:
        """The alerts that last."""
        return [one for one in self.shown.values() if one.over_us is None]

    def fields_of(self, meter_key: str) -> frozenset[str]:
        """Return the fields of a meter that have an alert now."""
        return frozenset(
            one.change.rule.field for one in self.lasting if one.key[1] == meter_key != ""
        )

    # -- the planned end ---------------------------------------------------------------

    def plan(self, end: PlannedEnd | None) -> None:
        """Plan the end of the running recording, or of the next one; None for no planned end."""
        self.trait_set(planned=end, ended="")
        self.tick()

    @observe("bench:revision")
    def _grown(self, _event: object) -> None:
        self.tick()

    @observe("bench:recording")
    def _recording_changed(self, event: Any) -> None:
        if not event.new and self._recording is not None:
            self._close_listener()
            self.trait_set(_recording=None, planned=None, remaining="")

    def tick(self) -> None:
        """End the recording if it is time to, else show what is left."""
        bench, end = self.bench, self.planned
        if bench is None or end is None:
            self.remaining = ""
            return
        start, last, now = _times(bench)
        if math.isnan(start):
            self.remaining = end.remaining_text(microseconds(now), microseconds(now))
            return
        begin = microseconds(start)
        if bench.recording and end.is_reached(begin, microseconds(last), bench.total_energy):
            self.trait_set(ended=end.text(microseconds(now)), planned=None, remaining="")
            for meter in bench.meters:
                if meter.connected:
                    bench.disconnect(meter)
            return
        self.remaining = end.remaining_text(begin, microseconds(now))


def _times(bench: Bench) -> tuple[float, float, float]:
    """Return when the recording started, how far it has come, and the present, in s UTC."""
    going = [(meter, meter.client) for meter in bench.meters if meter.client is not None]
    now = max((float(client.clock.time()) for _, client in going), default=time.time())
    if not bench.recording or math.isnan(bench.session_stop):
        return math.nan, now, now
    interval = max((meter.interval for meter, _ in going), default=1)
    # A record belongs to the time if more than half of it does; a meter may send none.
    silent = now - _LATE * interval - _PATIENCE
    return bench.session_start, max(bench.session_stop + interval / 2, silent), now
