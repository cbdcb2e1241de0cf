# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of ``wattui log``, from opening the ports to the path of the session."""

from __future__ import annotations

import contextlib
import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import click

from wattui.cli import exits
from wattui.cli.output import Output, console
from wattui.cli.recording.line_view import JsonLinesView, LinesView, QuietView
from wattui.cli.recording.live_view import LiveView, TallySum
from wattui.cli.recording.raw_file import RawFile
from wattui.cli.recording.recording import Recording, RecordingView
from wattui.cli.recording.status_file import StatusFile
from wattui.cli.recording.unattended import Unattended, UnattendedOptions
from wattui.cli.session_files import export_format, export_session
from wattui.cli.stop_signals import Ending
from wattui.cli.terminal import NO_KEYS, keyboard
from wattui.desktop.alert_command import AlertCommand
from wattui.desktop.atomic_file import stream_number
from wattui.desktop.folders import sessions_folder
from wattui.desktop.heap import share_heap
from wattui.errors import Cancelled, NoAnswer, WattuiError
from wattui.measurement.alerts import AlertRule
from wattui.measurement.planned_end import NO_END, PlannedEnd
from wattui.measurement.text import count_text, counter_text, duration_text
from wattui.ports.listen_url import is_listen_url, parse_listen_url
from wattui.ports.port import open_port
from wattui.session import make_folder
from wattui.session.alert_listener import AlertListener

#: Seconds between two checks of the clock when nothing happens.
_PATIENCE: Final = 1.0

#: Seconds that a key may wait for its effect.
_KEY_PATIENCE: Final = 0.1

_QUIT: Final = frozenset("qQ")
_HOW_TO_END: Final = "q or Ctrl-C ends the recording."
_OUTPUT_LOST: Final = (exits.OutputClosed, exits.OutputRefused)


@dataclass(frozen=True)
class Options:
    """What to record, how to show it, and what to write."""

    urls: tuple[str, ...]
    interval: int = 1
    duration: float | None = None
    csv: Path | None = None
    dialect: str = "standard"
    raw: Path | None = None
    session: Path | None = None
    quiet: bool = False
    json: bool = False
    plain: bool = False
    unattended: UnattendedOptions = field(default_factory=UnattendedOptions)
    #: File that shows how the recording is doing; None for none.
    status: Path | None = None
    #: Whether the CSV may replace another session.
    force: bool = False
    #: When to end besides the duration.
    end: PlannedEnd = NO_END
    #: The alerts, and the command that is run for each; None for none.
    alerts: tuple[AlertRule, ...] = ()
    alert_command: AlertCommand | None = None
    #: Databases and brokers that get the samples too.
    targets: tuple[str, ...] = ()
    #: Where Prometheus fetches figures; empty for nowhere.
    prometheus: str = ""
    #: Serial numbers of meters that post, and whether their relay is to open.
    relays: dict[str, bool] = field(default_factory=dict)
    #: Returns whether nothing more will come, as at the end of a replay; None: never.
    over: Callable[[], bool] | None = None

    @property
    def several(self) -> bool:
        """Whether there may be several meters."""
        if len(self.urls) > 1 or self.unattended.every:
            return True
        return any(
            is_listen_url(url) and not parse_listen_url(url).serial_number for url in self.urls
        )

    @property
    def writes_to_output(self) -> bool:
        """Whether the CSV goes to standard output."""
        return self.csv is not None and stream_number(self.csv) == 1

    @property
    def is_data(self) -> bool:
        """Whether standard output is for a program that reads records, and nothing else."""
        return self.writes_to_output or (self.json and not self.quiet)

    def check(self) -> None:
        """Refuse what cannot be written.

        Raises
        ------
        click.UsageError
            It cannot.
        """
        if self.raw is not None and len(self.urls) > 1:
            raise click.UsageError("--raw writes the bytes of one meter: give one port.")
        if self.raw is not None and any(map(is_listen_url, self.urls)):
            raise click.UsageError(
                "--raw writes the bytes of a serial port. Meters that post have none."
            )
        if self.csv is not None:
            export_format(self.csv)

    def accompany(self, recording: Recording, stack: contextlib.ExitStack) -> None:
        """Start what goes on beside a recording: its status file, and sending its samples."""
        if self.status is not None:
            stack.enter_context(StatusFile(self.status, recording))
        if self.targets or self.prometheus:
            from wattui.cli.recording.forwarding import Forwarding

            stack.enter_context(Forwarding(self.targets, self.prometheus, recording))

    def make_alerts(self, recording: Recording) -> AlertListener:
        """Return what watches a recording for alerts."""
        return AlertListener(
            self.alerts,
            lambda meter, mark: recording.recorder.on_event(meter, mark),
            recording.show_alert,
            recording.show_failed_alert,
            self.alert_command,
            lambda: recording.recorder.path,
        )


def record(options: Options) -> int:
    """Record until it is time to end; return the exit status."""
    share_heap()
    options.check()
    if options.session is None and options.unattended.folder is None:
        make_folder(sessions_folder())
    unattended = Unattended(options.unattended)
    unattended.prepare_folder()
    with contextlib.ExitStack() as stack:
        raw = None if options.raw is None else stack.enter_context(RawFile(options.raw))
        recording = Recording(
            options.urls,
            interval=options.interval,
            duration=options.duration,
            end=options.end,
            alerts=options.make_alerts if options.alerts else None,
            session=options.session,
            opener=open_port if raw is None else raw.open_port,
            make_recorder=unattended.make_recorder if unattended.rotates else None,
            wait=options.unattended.wait,
            relays=options.relays,
        )
        options.accompany(recording, stack)
        hang_up = unattended.hang_up if unattended.rotates else None
        ending = stack.enter_context(Ending(recording.wake, hang_up))
        run = _Run(options, recording, ending, unattended)
        try:
            run.record()
        except KeyboardInterrupt:
            try:
                recording.abandon()
            except WattuiError as error:
                exits.complain(error)
            raise
        if raw is not None and raw.failure is not None:
            run.fail(raw.failure, reported=True)
        return run.finish()


class _Run:
    """Record, show, and finish with the CSV file and the path of the session."""

    def __init__(
        self, options: Options, recording: Recording, ending: Ending, unattended: Unattended
    ) -> None:
        self._options = options
        self._unattended = unattended
        self._recording = recording
        self._ending = ending
        self._output = Output(ended=ending)
        # Errors that were reported; the first one gives the exit status.
        self._failures: list[WattuiError] = []
        # Whether a user or signal ended it, not its duration or a failure.
        self._ended_by_hand = False
        # Whether some samples were recorded but not shown.
        self._unshown = False

    def record(self) -> None:
        """Record, and show it, until it is time to end."""
        recording = self._recording
        failures: list[WattuiError] = []
        with self._view() as view:
            # In this order: a failure while stopping must not hide the reason for stopping.
            with _collected(failures):
                recording.start()
                self._unattended.started()
                self._follow(view)
            self._unattended.stopping()
            # The disk may already not accept data.
            with _collected([] if recording.refused else failures):
                recording.stop(view)
        # Errors could not be printed until now because of the live view.
        for error in failures:
            self.fail(error)
        for failure in recording.failures:
            self.fail(failure, reported=not isinstance(view, LiveView))
        lines = view if isinstance(view, LinesView) else None
        self._unshown = recording.not_shown > 0 or (lines is not None and lines.cut_short)
        refused = None if lines is None else lines.refused
        if refused is not None and refused not in self._failures:
            self.fail(refused, reported=True)

    def fail(self, error: WattuiError, *, reported: bool = False) -> None:
        """Register an error, and report it unless that was done already."""
        self._failures.append(error)
        if not reported and not isinstance(error, exits.OutputClosed):
            exits.complain(error)

    @contextlib.contextmanager
    def _view(self) -> Iterator[RecordingView]:
        options = self._options
        if options.quiet or options.writes_to_output:
            yield QuietView()
        elif options.json:
            yield JsonLinesView(self._output, several=options.several)
        elif options.plain or not sys.stdout.isatty():
            yield LinesView(self._output, several=options.several)
        else:
            with LiveView(self._recording, console(), _HOW_TO_END) as live:
                yield live

    def _follow(self, view: RecordingView) -> None:
        """Show the recording until it is time to end."""
        recording = self._recording
        live = view if isinstance(view, LiveView) else None
        with keyboard() if live is not None else contextlib.nullcontext(NO_KEYS) as keys:
            while not recording.over:
                if keys.usable:
                    recording.show(view, 0)
                    pressed = keys.pressed(_KEY_PATIENCE)
                    if live is not None:
                        pressed = live.relays.take(pressed)
                    if _QUIT & set(pressed):
                        self._ending.end()
                else:
                    recording.show(view, _PATIENCE)
                if self._ending():
                    self._ended_by_hand = True
                    return
                if live is not None:
                    live.refresh()
                recording.stop_those_done()
                recording.look_at_disk(view)
                if self._unattended.wanted:
                    self._unattended.look(recording)
                if self._options.over is not None and self._options.over():
                    return
                if recording.refused is not None:
                    # The session cannot even be started, so there is nothing to go on for.
                    raise recording.refused

    # -- the end -------------------------------------------------------------------

    def finish(self) -> int:
        """Report what was recorded, write the CSV, print the path; return the exit status."""
        path = self._recording.path
        for serial_number, open_ in self._recording.relays.pending.items():
            self.fail(
                NoAnswer(
                    f"The load of {serial_number} was not switched {'off' if open_ else 'on'}",
                    "It takes two posts of the meter after the first one: record for longer.",
                )
            )
        if path is None:
            self._explain_nothing()
        else:
            self._summarise()
            self._export(path)
            self._print_path(path)
        return self._failures[0].exit_status if self._failures else 0

    def _explain_nothing(self) -> None:
        """Report why there is no session."""
        if self._failures:
            return
        nothing = "Ended before the first sample: nothing was recorded"
        if self._ended_by_hand and self._options.unattended.wait:
            exits.say(f"{nothing}.")
        elif self._ended_by_hand:
            self.fail(Cancelled(nothing))
        elif waiting := [track for track in self._recording.tracks if track.posts]:
            what = f"No meter posted to {waiting[0].url}: nothing was recorded"
            refused = waiting[0].last_activity.partition("; ")[2]
            hint = "Check where the meter posts to: `wattui config` shows it by USB."
            self.fail(NoAnswer(f"{what}; {refused}" if refused else what, hint))
        else:
            self.fail(
                NoAnswer("The meter sent no sample: nothing was recorded", "Check the meter.")
            )

    def _summarise(self) -> None:
        """Print to standard error what was recorded of each meter."""
        if self._options.quiet:
            return
        if self._unshown:
            exits.say(
                "The output was too slow to show every sample. The session contains all of them."
            )
        for track in self._recording.tracks:
            if track.tally.count:
                figures = TallySum.of(track.tally)
                counter = f"the meter's counter advanced by {counter_text(figures.counter_wh)}"
                if math.isnan(figures.counter_wh):
                    counter = "the meter sent no counter"
                exits.say(
                    f"{exits.printable(track.label)}: {count_text(figures.count, 'sample')} in "
                    f"{duration_text(track.tally.elapsed_s)}, {figures.gaps}, "
                    f"{figures.energy} integrated; {counter}."
                )

    def _export(self, path: Path) -> None:
        options = self._options
        if options.csv is None:
            return
        try:
            export_session(
                path, options.csv, dialect=options.dialect, force=options.force, quiet=options.quiet
            )
        except WattuiError as error:
            self.fail(error)

    def _print_path(self, path: Path) -> None:
        """Print the session's path as the last line; to standard error if that fails or is data."""
        if self._options.is_data:
            exits.say(f"The session is {exits.printable(str(path))}")
            return
        lost = [e for e in self._failures if isinstance(e, _OUTPUT_LOST)]
        try:
            if not lost and self._output.path(path):
                return
        except _OUTPUT_LOST as error:
            self.fail(error)
        exits.drop_output(sys.stdout)
        exits.say(f"The session is {exits.printable(str(path))}")


@contextlib.contextmanager
def _collected(failures: list[WattuiError]) -> Iterator[None]:
    """Collect an error to report it later."""
    try:
        yield
    except WattuiError as error:
        failures.append(error)
