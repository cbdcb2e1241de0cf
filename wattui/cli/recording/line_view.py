# SPDX-License-Identifier: GPL-3.0-or-later
"""A recording as one line per sample, for files, pipes and other programs.

The first line names the columns.  It starts with ``#``, as does every other line that
is not a sample::

    # time power_w voltage_v current_a power_factor integrated_energy_wh
    2026-02-03T04:05:06.123456+01:00 42.3 119.8 0.361 0.97 0.011750

A value that the meter did not send is ``nan``.  With several meters, or after
another meter answered at the port, the last column is the meter's label, with ``%20`` for
its spaces.
"""

from __future__ import annotations

import json
from typing import Final

from wattui.cli import exits
from wattui.cli.output import Output
from wattui.cli.recording.recording import RecordingView, Track
from wattui.client import ClientState
from wattui.errors import WattuiError
from wattui.measurement.alerts import AlertChange
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import Event, EventKind
from wattui.measurement.fields import FIELDS, INTEGRATED_ENERGY
from wattui.measurement.sample import Sample
from wattui.measurement.text import count_text, iso_text, recent_text, relay_text
from wattui.session import WriterStatus
from wattui.session.health import HealthReport

_SHOWN: Final = ("power", "voltage", "current", "power_factor")
_FIELDS: Final = tuple(field for name in _SHOWN for field in FIELDS if field.name == name)

#: Decimals of the integrated energy in a line, in Wh: fine enough for any record.
_ENERGY_DIGITS: Final = 6

#: Shown as gaps, states or the last line.
_QUIET_EVENTS: Final = frozenset(
    {
        EventKind.STARTED,
        EventKind.STOPPED,
        EventKind.GAP,
        EventKind.LOST,
        EventKind.RECONNECTED,
    }
)


def state_words(track: Track) -> str:
    """Describe the state of a meter's connection in a few words."""
    if track.failure is not None:
        return track.failure.what
    if track.done:
        return "ended"
    match track.state:
        case ClientState.RUNNING if track.paused:
            return f"paused: {track.paused}"
        case ClientState.RUNNING:
            words = f"replaying {track.replay}" if track.replay else "recording"
            relay = relay_text(track.relay_open, track.relay_wanted)
            return f"{words}, {relay}" if relay else words
        case ClientState.LOST:
            when = recent_text(track.lost_since)
            return f"no post since {when}" if track.posts else f"unplugged at {when}, trying again"
        case ClientState.OPENING:
            return track.activity or "opening the port"
        case _:
            return "not open"


def alert_text(change: AlertChange) -> str:
    """Return what an alert says, and of which meter."""
    return change.text if change.meter is None else f"{change.meter.label}: {change.text}"


class QuietView(RecordingView):
    """Prints errors to standard error, and nothing else."""

    _disk_problem = ""
    _disk_hanging = False

    def sample(self, track: Track, sample: Sample) -> None:
        """Show nothing."""

    def event(self, track: Track, event: Event) -> None:
        """Show nothing."""

    def changed(self, track: Track, before: ClientState) -> None:
        """Report that a meter failed, was lost or is back."""
        if track.state is ClientState.FAILED and track.state is not before and track.failure:
            named = track.url in track.failure.what
            what = track.failure.what if named else f"{track.url}: {track.failure.what}"
            exits.complain(WattuiError(what, track.failure.hint))
        elif track.state is ClientState.LOST and track.state is not before:
            exits.say(exits.printable(f"{track.label}: {state_words(track)}."))
        elif track.state is ClientState.RUNNING and before is ClientState.LOST:
            exits.say(exits.printable(f"{track.label}: connected again."))

    def other_meter(self, track: Track, what: str) -> None:
        """Report that another meter answers at a port."""
        exits.say(exits.printable(f"{track.label}: {what}."))

    def disk(self, status: WriterStatus) -> None:
        """Report once that the disk is not accepting data, and once that it is again."""
        problem, self._disk_problem = self._disk_problem, status.problem
        hanging, self._disk_hanging = self._disk_hanging, status.hanging
        if status.problem and status.problem != problem and not (hanging and status.hanging):
            what = f"{status.problem}. Samples are kept in memory meanwhile"
            exits.complain(WattuiError(what, status.hint))
        elif problem and not status.problem:
            verb = "was" if status.dropped == 1 else "were"
            lost = f"; {count_text(status.dropped, 'sample')} {verb} lost"
            dropped = lost if status.dropped else ""
            exits.say(f"The disk is accepting data again{dropped}.")

    def disk_low(self, report: HealthReport) -> None:
        """Report that the disk fills up, or that it no longer does."""
        if report.warning:
            exits.complain(WattuiError(report.warning, report.hint), "Warning")
        else:
            exits.say("The disk has enough room again.")

    def alert(self, change: AlertChange) -> None:
        """Report an alert."""
        exits.say(exits.printable(f"{alert_text(change)}."))

    def alert_failed(self, what: str) -> None:
        """Report that the command of an alert failed."""
        exits.complain(WattuiError(what, "The recording goes on."), "Warning")


class LinesView(QuietView):
    """Prints one line per sample to standard output, and messages to standard error."""

    def __init__(self, output: Output, *, several: bool) -> None:
        self._output = output
        self._several = several
        self._printed = False
        self._has_header = False
        #: Why nothing more is printed; None if it is.
        self.refused: WattuiError | None = None
        #: Whether the recording ended before all lines could be printed.
        self.cut_short = False

    def header(self) -> str:
        """Return the line before the first sample; empty for none."""
        names = ["time", *(f.column for f in _FIELDS), INTEGRATED_ENERGY.column]
        return "# " + " ".join(names + ["meter"] * self._several)

    def sample_line(self, track: Track, sample: Sample) -> str:
        """Return the line of a sample."""
        values = [(field, sample[field.name]) for field in _FIELDS]
        words = [
            iso_text(sample.time_us),
            *("nan" if value is None else field.format(value) for field, value in values),
            f"{track.tally.energy_wh:.{_ENERGY_DIGITS}f}",
        ]
        if self._several:
            words.append(track.label.replace(" ", "%20"))
        return " ".join(words)

    def remark(self, text: str) -> None:
        """Print a line that is not a sample."""
        self._line(f"# {text}")

    def sample(self, track: Track, sample: Sample) -> None:
        """Print the line of a sample, and the header before the first one."""
        if not self._has_header and (header := self.header()):
            # If the first line cannot be printed, the recording ends: see _line.
            self._line(header)
        self._has_header = True
        if track.replay and track.tally.count == 1:
            self.remark(f"{track.label}: a replay of {track.replay}, not a measurement")
        if sample.gap_us:
            self.remark(
                f"gap {sample.gap_us / MICROSECONDS:.3f} s before the next sample: {track.label}"
            )
        self._line(self.sample_line(track, sample))
        self._printed = True

    def other_meter(self, track: Track, what: str) -> None:
        """Report that another meter answers at a port; from now on, each line names its meter."""
        super().other_meter(track, what)
        self._has_header = self._has_header and self._several
        self._several = True

    def event(self, track: Track, event: Event) -> None:
        """Print an event as a remark."""
        if event.kind not in _QUIET_EVENTS:
            text = " ".join(f"{event.kind}: {event.text}".split())
            self.remark(f"{iso_text(event.time_us)} {track.label}: {text}")

    def changed(self, track: Track, before: ClientState) -> None:
        """Report the state of a meter's connection to standard error."""
        if track.state is ClientState.RUNNING and before is ClientState.OPENING and track.info:
            exits.say(exits.printable(f"{track.info.label}: {state_words(track)}."))
        else:
            super().changed(track, before)

    def _line(self, text: str) -> None:
        if self.refused is not None or self.cut_short:
            return
        try:
            self.cut_short = not self._output.line(text)
        except (exits.OutputClosed, exits.OutputRefused) as error:
            self.refused = error
            if not self._printed or isinstance(error, exits.OutputClosed):
                raise
            exits.complain(WattuiError(error.what, "Printing has stopped; the recording goes on."))


class JsonLinesView(LinesView):
    """Prints one JSON object per sample and line: every field, named as in a CSV file."""

    def header(self) -> str:
        """Return nothing: every line is an object."""
        return ""

    def sample_line(self, track: Track, sample: Sample) -> str:
        """Return the sample as JSON."""
        row: dict[str, object] = {
            "time": iso_text(sample.time_us),
            "unix_time": sample.time_us / MICROSECONDS,
            "meter": track.label,
            "serial_number": track.info.serial_number if track.info is not None else "",
            "port": track.url,
        }
        row.update((field.column, sample[field.name]) for field in FIELDS)
        row[INTEGRATED_ENERGY.column] = round(track.tally.energy_wh, _ENERGY_DIGITS)
        row["interval_s"] = sample.interval_us / MICROSECONDS
        row["gap_s"] = sample.gap_us / MICROSECONDS
        if track.replay:
            row["replay_of"] = track.replay
        return json.dumps(row)

    def remark(self, text: str) -> None:
        """Print nothing: gaps are in the samples."""
