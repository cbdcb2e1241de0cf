# SPDX-License-Identifier: GPL-3.0-or-later
"""A recording as lines: one a sample, for files, pipes and other programs.

The plain form begins with a line that names its columns, and so does every other
line that is no sample begin with ``#``::

    # time power_w voltage_v current_a power_factor integrated_energy_wh
    2026-02-03T04:05:06.123456+01:00 42.3 119.8 0.361 0.97 0.011750

A value that the meter did not send is ``nan``.  Where several meters are recorded, a
last column holds the port.
"""

from __future__ import annotations

import json
from typing import Final

from wattui.cli import exits
from wattui.cli.output import Output
from wattui.cli.recording.recording import Track, View
from wattui.client import ClientState
from wattui.errors import WattuiError
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import Event, EventKind
from wattui.measurement.fields import FIELDS, INTEGRATED_ENERGY
from wattui.measurement.sample import Sample
from wattui.measurement.text import clock_text, iso_text
from wattui.session import WriterStatus

_SHOWN: Final = ("power", "voltage", "current", "power_factor")
_FIELDS: Final = tuple(field for name in _SHOWN for field in FIELDS if field.name == name)

#: Decimals of the integrated energy in a line, in Wh: less than any record adds.
_ENERGY_DIGITS: Final = 6

#: Told as gaps, states or the last line already.
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
    """Say in a few words what a meter's connection is doing."""
    if track.failure is not None:
        return track.failure.what
    if track.done:
        return "ended"
    match track.state:
        case ClientState.RUNNING:
            return "recording"
        case ClientState.LOST:
            return f"unplugged at {clock_text(track.lost_since)}, trying again"
        case ClientState.OPENING:
            return track.activity or "opening the port"
        case _:
            return "not open"


class QuietView(View):
    """Says on standard error what failed, and nothing else."""

    _disk_problem = ""

    def sample(self, track: Track, sample: Sample) -> None:
        """Show nothing."""

    def event(self, track: Track, event: Event) -> None:
        """Show nothing."""

    def changed(self, track: Track, before: ClientState) -> None:
        """Say that a meter failed or was lost."""
        if track.state is ClientState.FAILED and track.state is not before and track.failure:
            named = track.url in track.failure.what
            what = track.failure.what if named else f"{track.url}: {track.failure.what}"
            exits.complain(WattuiError(what, track.failure.hint))
        elif track.state is ClientState.LOST and track.state is not before:
            exits.say(f"{track.label}: {state_words(track)}.")
        elif track.state is ClientState.RUNNING and before is ClientState.LOST:
            exits.say(f"{track.label}: connected again.")

    def disk(self, status: WriterStatus) -> None:
        """Say once that the disk refuses, and once that it takes again."""
        problem, self._disk_problem = self._disk_problem, status.problem
        if status.problem and status.problem != problem:
            what = f"{status.problem}. The samples wait in memory"
            exits.complain(WattuiError(what, status.hint))
        elif problem and not status.problem:
            dropped = f"; {status.dropped} samples were lost" if status.dropped else ""
            exits.say(f"The disk takes samples again{dropped}.")


class LinesView(QuietView):
    """Prints a line a sample to standard output, and what happens to standard error."""

    def __init__(self, output: Output, *, several: bool) -> None:
        self._output = output
        self._several = several
        self._printed = False
        #: Why nothing is printed any more.
        self.refused: WattuiError | None = None
        #: Whether the end came before there was room for all lines.
        self.cut_short = False

    def header(self) -> str:
        """Give the line before the first sample; empty for none."""
        names = ["time", *(f.column for f in _FIELDS), INTEGRATED_ENERGY.column]
        return "# " + " ".join(names + ["meter"] * self._several)

    def sample_line(self, track: Track, sample: Sample) -> str:
        """Give the line of a sample."""
        values = [(field, sample[field.name]) for field in _FIELDS]
        words = [
            iso_text(sample.time_us),
            *("nan" if value is None else field.format(value) for field, value in values),
            f"{track.tally.energy_wh:.{_ENERGY_DIGITS}f}",
        ]
        if self._several:
            words.append(track.url.replace(" ", "%20"))
        return " ".join(words)

    def remark(self, text: str) -> None:
        """Print a line that is no sample."""
        self._line(f"# {text}")

    def sample(self, track: Track, sample: Sample) -> None:
        """Print a sample's line; before the first one the header."""
        if not self._printed and (header := self.header()):
            # A first line that cannot be printed ends the recording: see _line.
            self._line(header)
        if sample.gap_us:
            self.remark(
                f"gap {sample.gap_us / MICROSECONDS:.3f} s before the next sample: {track.url}"
            )
        self._line(self.sample_line(track, sample))
        self._printed = True

    def event(self, track: Track, event: Event) -> None:
        """Print an event as a remark."""
        if event.kind not in _QUIET_EVENTS:
            text = " ".join(f"{event.kind}: {event.text}".split())
            self.remark(f"{iso_text(event.time_us)} {track.url} {text}")

    def changed(self, track: Track, before: ClientState) -> None:
        """Say on standard error what a meter's connection is doing."""
        if track.state is ClientState.RUNNING and before is ClientState.OPENING and track.info:
            exits.say(f"{track.info.label}: recording.")
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
            exits.complain(
                WattuiError(error.what, "Nothing more is printed; the recording goes on.")
            )


class JsonLinesView(LinesView):
    """Prints a JSON object a line for each sample: every field, by the names of the CSV."""

    def header(self) -> str:
        """Give nothing: every line is an object."""
        return ""

    def sample_line(self, track: Track, sample: Sample) -> str:
        """Give the sample as JSON."""
        row: dict[str, object] = {
            "time": iso_text(sample.time_us),
            "unix_time": sample.time_us / MICROSECONDS,
            "meter": track.url,
        }
        row.update((field.column, sample[field.name]) for field in FIELDS)
        row[INTEGRATED_ENERGY.column] = round(track.tally.energy_wh, _ENERGY_DIGITS)
        row["interval_s"] = sample.interval_us / MICROSECONDS
        row["gap_s"] = sample.gap_us / MICROSECONDS
        return json.dumps(row)

    def remark(self, text: str) -> None:
        """Print nothing: gaps are in the samples."""
