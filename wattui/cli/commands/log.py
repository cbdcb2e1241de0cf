# SPDX-License-Identifier: GPL-3.0-or-later
"""``wattui log``: record one or several meters without a window."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import click

from wattui.cli import exits
from wattui.cli.commands.export import CSV_DIALECTS, check_destination, export_session
from wattui.cli.help import command
from wattui.cli.output import Output, console, shown_path
from wattui.cli.recording.line_view import JsonLinesView, LinesView, QuietView
from wattui.cli.recording.live_view import Figures, LiveView
from wattui.cli.recording.raw_file import RawFile
from wattui.cli.recording.recording import Recording, View
from wattui.cli.recording.unattended import Unattended, UnattendedOptions, rotation_option
from wattui.cli.span_options import duration_option
from wattui.cli.stop_signals import Ending
from wattui.cli.terminal import NO_KEYS, keyboard
from wattui.desktop.folders import sessions_folder
from wattui.errors import Cancelled, DiskRefused, NoAnswer, PortNotFound, WattuiError
from wattui.measurement.text import count_text, duration_text
from wattui.ports.port import open_port
from wattui.protocol.commands import MAX_INTERVAL
from wattui.session import make_folder
from wattui.session.rotation import Rotation

#: Seconds between two looks at the clock where nothing happens.
_PATIENCE: Final = 1.0

#: Seconds that a key may wait for an answer.
_KEY_PATIENCE: Final = 0.1

#: Seconds that the path may wait for whoever reads the output.
_PATH_PATIENCE: Final = 2.0

_QUIT: Final = frozenset("qQ")
_HOW_TO_END: Final = "q or Ctrl-C ends the recording."
_OUTPUT_LOST: Final = (exits.OutputClosed, exits.OutputRefused)

_EXAMPLES: Final = (
    ("wattui log /dev/ttyUSB0", "Watch and record one meter until q or Ctrl-C."),
    ("wattui log /dev/ttyUSB0 -d 8h -o night.csv", "Record for eight hours, then write a CSV."),
    ("wattui log /dev/ttyUSB0 /dev/ttyUSB1", "Record two meters into one session."),
    ("wattui log --all --quiet", "Record every meter that is plugged in; print the path only."),
    (
        "wattui log 'sim://pro?speed=60' -d 1h",
        "An hour of a simulated meter, in a minute.",
    ),
)


@dataclass(frozen=True)
class Options:
    """What was asked for on the command line."""

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
    #: What nobody looks after.
    unattended: UnattendedOptions = field(default_factory=UnattendedOptions)
    #: Says when nothing more will come, as at the end of a replay; None: never.
    over: Callable[[], bool] | None = None


@command("log", examples=_EXAMPLES)
@click.argument("ports", nargs=-1, metavar="PORT...")
@click.option("--all", "every", is_flag=True, help="Record every meter that is plugged in.")
@click.option(
    *("-i", "--interval"), type=click.IntRange(1, MAX_INTERVAL), default=1, show_default=True,
    metavar="SECONDS", help="Time between two records.",
)  # fmt: skip
@click.option(
    *("-d", "--duration"), type=duration_option, metavar="TIME",
    help="How long to record: seconds, or 90s, 5m, 8h, 2d, 1h30m. By the meter's clock: a "
    "simulated meter at ten times the speed is done in a tenth of it.",
)  # fmt: skip
@click.option(
    *("-o", "--output"), type=click.Path(path_type=Path), metavar="FILE.csv",
    help="Write a CSV when the recording has ended. If the program is killed before, "
    "the session has every sample: `wattui export` writes the CSV from it.",
)  # fmt: skip
@click.option(
    "--dialect", type=click.Choice(CSV_DIALECTS), default="standard", show_default=True,
    help="Kind of CSV; spreadsheet has semicolons and decimal commas.",
)  # fmt: skip
@click.option(
    "--raw", type=click.Path(path_type=Path), metavar="FILE",
    help="Append the bytes of the wire to this file, as they come. One meter only.",
)  # fmt: skip
@click.option(
    "--session", type=click.Path(path_type=Path), metavar="FILE.wattui",
    help="Name of the session, which must not exist. By default it lies in the data folder, "
    "named by time and meter.",
)  # fmt: skip
@click.option(
    "--output-dir", "folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    help="Folder of the session, made where it is not there. SIGHUP begins a new one.",
)  # fmt: skip
@click.option(
    "--rotate", "rotation", type=rotation_option, metavar="WHEN",
    help="With --output-dir: a session a day, hour or week, or for each 100MB.",
)  # fmt: skip
@click.option("--csv", is_flag=True, help="With --output-dir: a CSV beside each, too.")
@click.option(
    "--wait", is_flag=True,
    help="Wait for a port that is not there or fails, for good; with --all, record meters that "
    "are plugged in later, too.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object a line and sample.")
@click.option("--plain", is_flag=True, help="Print a line a sample, in a terminal too.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors and the path.")
def log(
    ports: tuple[str, ...], every: bool, interval: int, duration: float | None,
    output: Path | None, dialect: str, raw: Path | None, session: Path | None,
    folder: Path | None, rotation: Rotation | None, csv: bool, wait: bool,
    as_json: bool, plain: bool, quiet: bool,
) -> int:  # fmt: skip
    """Record meters in the terminal: no window, no sample lost.

    In a terminal the readings are shown in place; q or Ctrl-C ends. Where the output
    goes to a file or a program, a line is printed for each sample, after it is on disk:
    time, W, V, A, power factor and integrated Wh, below a line that names them and
    begins with #. Gaps are told in lines that begin with # as well.

    The last line on standard output is always the path of the session, where at least
    one sample was recorded.

    A meter that is unplugged is tried again until it is back. Where one of several
    fails, the others go on, and its exit code is given at the end. SIGTERM and a closed
    terminal end a recording as properly as q does.
    """
    # A log runs through a live view.
    plain = plain or logging.getLogger("wattui").isEnabledFor(logging.DEBUG)
    if folder is None and (rotation is not None or csv):
        raise click.UsageError("--rotate and --csv are for --output-dir.")
    if folder is not None and (session is not None or output is not None):
        raise click.UsageError("--output-dir names its sessions itself; --csv writes CSVs.")
    unattended = UnattendedOptions(folder, rotation or Rotation(), csv, wait, every, quiet)
    options = Options(
        _chosen_ports(ports, every=every, wait=wait), interval, duration, output, dialect, raw,
        session, quiet, as_json, plain, unattended,
    )  # fmt: skip
    return record(options)


def _chosen_ports(ports: Sequence[str], *, every: bool, wait: bool) -> tuple[str, ...]:
    """Give the ports to record, each once."""
    if every:
        from wattui.ports.listing import list_ports

        found = [port.url for port in list_ports() if port.likely_meter]
        if not found and not ports and not wait:
            raise PortNotFound(
                "No Watts up? meter is plugged in",
                "`wattui ports` lists what there is; sim://pro is a simulated meter.",
            )
        ports = [*ports, *found]
    if not ports and not (every and wait):
        raise click.UsageError(
            "Name a port, or say --all. `wattui ports` lists the ports; "
            "sim://pro is a simulated meter."
        )
    twice = next((port for i, port in enumerate(ports) if port in ports[:i]), None)
    if twice is not None and not every:
        hint = " Add ?id=2 to simulate another meter." if twice.startswith("sim:") else ""
        raise click.UsageError(f"{twice} is named twice.{hint}")
    return tuple(dict.fromkeys(ports))


def record(options: Options) -> int:
    """Record until it is time to end; give the exit status."""
    if options.raw is not None and len(options.urls) > 1:
        raise click.UsageError("--raw takes the bytes of one meter: name one port.")
    if options.csv is not None:
        check_destination(options.csv)
    if options.session is not None:
        check_destination(options.session)
        if options.session.exists():
            raise DiskRefused(
                f"{options.session} exists already", "Choose another name for the new session."
            )
    elif options.unattended.folder is None:
        make_folder(sessions_folder())
    unattended = Unattended(options.unattended)
    unattended.prepare_folder()
    with contextlib.ExitStack() as stack:
        raw = None if options.raw is None else stack.enter_context(RawFile(options.raw))
        recording = Recording(
            options.urls,
            interval=options.interval,
            duration=options.duration,
            session=options.session,
            opener=open_port if raw is None else raw.open_port,
            make_recorder=unattended.make_recorder if unattended.rotates else None,
            wait=options.unattended.wait,
        )
        hang_up = unattended.hang_up if unattended.rotates else None
        ending = stack.enter_context(Ending(recording.wake, hang_up))
        run = _Run(options, recording, ending, unattended)
        try:
            run.record()
        except KeyboardInterrupt:
            recording.abandon()
            raise
        if raw is not None and raw.failure is not None:
            run.fail(raw.failure, told=True)
        return run.finish()


class _Run:
    """One run of ``wattui log``, from opening the ports to the path of the session."""

    def __init__(
        self, options: Options, recording: Recording, ending: Ending, unattended: Unattended
    ) -> None:
        self._options = options
        self._unattended = unattended
        self._recording = recording
        self._ending = ending
        self._output = Output(ended=ending)
        # What went wrong and was told; the first gives the exit status.
        self._failures: list[WattuiError] = []
        # Whether somebody ended it, and not its duration or a failure.
        self._ended_by_hand = False
        # Whether samples were recorded that nobody was shown.
        self._unshown = False

    def record(self) -> None:
        """Record, and show it, until it is time to end."""
        recording = self._recording
        failures: list[WattuiError] = []
        with self._view() as view:
            # In this order: what fails while it stops must not hide why it stopped.
            with _kept(failures):
                recording.start()
                self._unattended.started()
                self._follow(view)
            self._unattended.stopping()
            # The disk has said already that it refuses, perhaps.
            with _kept([] if recording.refused else failures):
                recording.stop(view)
        # A live view stands in the way of errors until now.
        for error in failures:
            self.fail(error)
        for failure in recording.failures:
            self.fail(failure, told=not isinstance(view, LiveView))
        lines = view if isinstance(view, LinesView) else None
        self._unshown = recording.not_shown > 0 or (lines is not None and lines.cut_short)
        refused = None if lines is None else lines.refused
        if refused is not None and refused not in self._failures:
            self.fail(refused, told=True)

    def fail(self, error: WattuiError, *, told: bool = False) -> None:
        """Take note of what went wrong, and say so unless it was told already."""
        self._failures.append(error)
        if not told and not isinstance(error, exits.OutputClosed):
            exits.complain(error)

    @contextlib.contextmanager
    def _view(self) -> Iterator[View]:
        options = self._options
        several = len(options.urls) > 1 or options.unattended.every
        if options.quiet:
            yield QuietView()
        elif options.json:
            yield JsonLinesView(self._output, several=several)
        elif options.plain or not sys.stdout.isatty():
            yield LinesView(self._output, several=several)
        else:
            with LiveView(self._recording, console(), _HOW_TO_END) as live:
                yield live

    def _follow(self, view: View) -> None:
        """Show what comes, until it is time to end."""
        recording = self._recording
        live = view if isinstance(view, LiveView) else None
        with keyboard() if live is not None else contextlib.nullcontext(NO_KEYS) as keys:
            while not recording.over:
                if keys.usable:
                    recording.show(view, 0)
                    if _QUIT & set(keys.pressed(_KEY_PATIENCE)):
                        self._ending.end()
                else:
                    recording.show(view, _PATIENCE)
                if self._ending():
                    self._ended_by_hand = True
                    return
                if live is not None:
                    live.refresh()
                recording.stop_those_done()
                if self._unattended.wanted:
                    self._unattended.look(recording)
                if self._options.over is not None and self._options.over():
                    return
                self._check_disk()

    def _check_disk(self) -> None:
        """End where the session cannot even be begun: there is nothing to keep on for."""
        refused = self._recording.refused
        if refused is not None:
            raise refused

    # -- the end -------------------------------------------------------------------

    def finish(self) -> int:
        """Say what was recorded, write the CSV, print the path; give the exit status."""
        path = self._recording.path
        if path is None:
            self._explain_nothing()
        else:
            self._summarise()
            self._export(path)
            self._print_path(path)
        return self._failures[0].exit_status if self._failures else 0

    def _explain_nothing(self) -> None:
        """Say why there is no session."""
        if self._failures:
            return
        if self._ended_by_hand and self._options.unattended.wait:
            exits.say("Ended before the first sample came: nothing was recorded.")
        elif self._ended_by_hand:
            self.fail(Cancelled("Ended before the first sample came: nothing was recorded"))
        else:
            self.fail(
                NoAnswer(
                    "No sample came in all that time: nothing was recorded", "Look at the meter."
                )
            )

    def _summarise(self) -> None:
        """Say on standard error what was recorded of each meter."""
        if self._options.quiet:
            return
        if self._unshown:
            exits.say("Not every sample was shown: the output was too slow. The session has all.")
        for track in self._recording.tracks:
            if track.tally.count:
                figures = Figures.of(track.tally)
                exits.say(
                    f"{exits.printable(track.label)}: {count_text(figures.count, 'sample')} in "
                    f"{duration_text(track.tally.elapsed_s)}, {figures.gaps}, "
                    f"{figures.energy} integrated; the meter's counter moved "
                    f"{figures.counter_wh:.1f} Wh."
                )

    def _export(self, path: Path) -> None:
        options = self._options
        if options.csv is None:
            return
        try:
            export_session(path, options.csv, dialect=options.dialect, quiet=options.quiet)
        except WattuiError as error:
            self.fail(error)
        else:
            if not options.quiet:
                exits.say(f"Wrote {exits.printable(shown_path(options.csv))}.")

    def _print_path(self, path: Path) -> None:
        """Print the session's path, the last line; where that fails, on standard error."""
        lost = [e for e in self._failures if isinstance(e, _OUTPUT_LOST)]
        try:
            if not lost and self._output.line(str(path), _PATH_PATIENCE):
                return
        except _OUTPUT_LOST as error:
            self.fail(error)
        exits.drop_output(sys.stdout)
        exits.say(f"The session is {exits.printable(str(path))}")


@contextlib.contextmanager
def _kept(failures: list[WattuiError]) -> Iterator[None]:
    """Keep an error for later."""
    try:
        yield
    except WattuiError as error:
        failures.append(error)
