# SPDX-License-Identifier: GPL-3.0-or-later
"""A recording in a terminal: readings that are updated in place."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from wattui.cli import exits
from wattui.cli.output import shown_path
from wattui.cli.recording.line_view import QuietView, state_words
from wattui.cli.recording.recording import Recording, Track
from wattui.client import ClientState
from wattui.errors import LinkLost, PortNotFound
from wattui.measurement.energy import error_of_sum
from wattui.measurement.events import Event, EventKind
from wattui.measurement.fields import FIELD_INDEX, FIELDS, Field
from wattui.measurement.sample import Sample
from wattui.measurement.text import count_text, elapsed_text, energy_error_text
from wattui.measurement.totals import Tally
from wattui.session import WriterStatus
from wattui.session.health import HealthReport

_SHOWN: Final[tuple[Field, ...]] = tuple(
    FIELDS[FIELD_INDEX[name]] for name in ("power", "voltage", "current", "power_factor")
)

#: Seconds between two redraws.
_PERIOD: Final = 0.5

_DOTS: Final = {
    ClientState.RUNNING: ("●", "green"),
    ClientState.OPENING: ("○", "yellow"),
    ClientState.LOST: ("○", "yellow"),
    ClientState.FAILED: ("×", "red"),
    ClientState.CLOSED: ("·", "dim"),
}

#: Columns for the numbers of a table, with the space between them.
_NUMBERS_WIDTH: Final = 60
_NAME_WIDTH: Final = 10

#: Lines besides the meters and their problems: path, head, total, remarks, disk, keys.
_OTHER_LINES: Final = 8


@dataclass(frozen=True)
class TallySum:
    """Sums over one meter, or over all of them."""

    energy_wh: float
    error_wh: float
    counter_wh: float
    count: int
    gap_count: int

    @classmethod
    def of(cls, *tallies: Tally) -> Self:
        """Return the sums over meters."""
        return cls(
            sum(tally.energy_wh for tally in tallies),
            error_of_sum(tally.energy_error_wh for tally in tallies),
            sum(tally.counter_wh for tally in tallies),
            sum(tally.count for tally in tallies),
            sum(tally.gap_count for tally in tallies),
        )

    @property
    def energy(self) -> str:
        """The integrated energy with its limit of error."""
        return energy_error_text(self.energy_wh, self.error_wh, 3)

    @property
    def counter(self) -> str:
        """How far the meter's own counter advanced."""
        return "no counter" if math.isnan(self.counter_wh) else f"counter {self.counter_wh:.1f} Wh"

    @property
    def gaps(self) -> str:
        """How many gaps there are."""
        return count_text(self.gap_count, "gap")

    def cells(self, *, roomy: bool, style: str = "dim") -> tuple[Text, Text]:
        """Return the cells for energy and samples, with a second line if there is room."""
        energy, samples = Text(self.energy), Text(f"{self.count:,}")
        if roomy:
            energy.append(f"\n{self.counter}", style=style)
            samples.append(f"\n{self.gaps}", style="yellow" if self.gap_count else style)
        return energy, samples


class LiveView(QuietView):
    """A small table, redrawn in place; a context manager that leaves the last state visible."""

    def __init__(self, recording: Recording, screen: Console, ends: str) -> None:
        self._recording = recording
        self._screen = screen
        self._ends = ends
        self._remarks: list[str] = []
        self._disk = self._low = ""
        self._drawn = 0.0
        self._live = Live(
            console=screen, auto_refresh=False, redirect_stdout=False, redirect_stderr=False
        )
        self._gone = False

    def __enter__(self) -> LiveView:
        self._guarded(lambda: self._live.start(refresh=False))
        self.redraw()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends = ""
        self.redraw()
        self._guarded(self._live.stop)

    # -- what happens ------------------------------------------------------------

    def event(self, track: Track, event: Event) -> None:
        """Remember the last events, to show them below the readings."""
        if event.kind in (EventKind.GAP, EventKind.CLOCK_STEPPED, EventKind.DROPPED):
            self._remarks = [
                *self._remarks[-2:],
                exits.printable(f"{track.label}: {event.text or event.kind}"),
            ]

    def changed(self, track: Track, before: ClientState) -> None:
        """Redraw soon."""
        del track, before
        self._drawn = 0.0

    def disk(self, status: WriterStatus) -> None:
        """Show that the disk is not accepting data, as long as that lasts."""
        waiting = f"{count_text(status.waiting, 'sample')} in memory"
        self._disk = f"{status.problem} ({waiting}). {status.hint}" if status.problem else ""

    def disk_low(self, report: HealthReport) -> None:
        """Show that the disk fills up, as long as it does."""
        self._low = f"{report.warning}. {report.hint}" if report.warning else ""

    # -- drawing -------------------------------------------------------------------

    def refresh(self) -> None:
        """Redraw if it is time to."""
        if time.monotonic() - self._drawn >= _PERIOD:
            self.redraw()

    def redraw(self) -> None:
        """Redraw now."""
        self._drawn = time.monotonic()
        self._guarded(lambda: self._live.update(self._drawing(), refresh=True))

    def _guarded(self, draw: Any) -> None:
        """Draw; recording goes on even if the terminal is gone."""
        if self._gone:
            return
        try:
            draw()
        except (OSError, ValueError):
            self._gone = True

    def _drawing(self) -> Group:
        path = self._recording.path
        parts: list[Any] = [self._head(path)]
        tracks = self._recording.tracks
        roomy = 2 * len(tracks) + 8 <= self._screen.height
        parts.append(self._table(tracks, roomy=roomy))
        parts.extend(self._troubles(tracks, rows=len(tracks) * (1 + roomy)))
        parts.extend(_line(text, "dim") for text in self._remarks)
        if self._disk:
            parts.append(_line(self._disk, "bold red", wrap=True))
        elif self._low:
            parts.append(_line(self._low, "yellow", wrap=True))
        if self._ends:
            parts.append(Text(self._ends, style="dim"))
        return Group(*parts)

    def _troubles(self, tracks: list[Track], rows: int) -> list[Text]:
        """Return the meters' problems, in as many lines as the terminal has left."""
        troubles = [text for text in map(_trouble, tracks) if text]
        room = max(self._screen.height - rows - _OTHER_LINES, 1)
        width = self._screen.width
        if sum(1 + len(text) // width for text in troubles) <= room:
            return [_line(text, wrap=True) for text in troubles]
        if len(troubles) <= room:
            return [_line(text) for text in troubles]
        more = _line(f"... and {len(troubles) - room + 1} more", "dim")
        return [*(_line(text) for text in troubles[: room - 1]), more]

    def _head(self, path: Path | None) -> Text:
        if path is None:
            return Text("Waiting for the first sample.")
        head = Text.assemble("Recording into ", (exits.printable(shown_path(path)), "bold"))
        head.overflow = "fold"
        return head

    def _table(self, tracks: list[Track], *, roomy: bool) -> Table:
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
        # In a narrow terminal the name is shortened, not the numbers.
        room = max(self._screen.width - _NUMBERS_WIDTH, _NAME_WIDTH)
        table.add_column("Meter", no_wrap=True, overflow="ellipsis", max_width=room)
        for shown in _SHOWN:
            # As wide as the largest reading of a line at 230 V, so that columns keep their width.
            widest = {"W": "3680.0", "V": "230.0", "A": "16.000"}.get(shown.symbol, "1.00")
            table.add_column(shown.symbol, justify="right", no_wrap=True, min_width=len(widest))
        table.add_column("Energy", justify="right", no_wrap=True)
        table.add_column("Samples", justify="right", no_wrap=True)
        for track in tracks:
            self._add_row(table, track, roomy=roomy)
        if len(tracks) > 1:
            table.add_row(*_total_row(tracks, roomy=roomy), style="bold")
        return table

    def _add_row(self, table: Table, track: Track, *, roomy: bool) -> None:
        state = ClientState.FAILED if track.failure else track.state
        dot, colour = _DOTS[ClientState.CLOSED if track.done and not track.failure else state]
        name = Text.assemble((dot, colour), " ", exits.printable(track.label))
        if roomy:
            name.append(f"\n  {_short_state(track)}", style="dim")
        current = track.state is ClientState.RUNNING or track.done
        readings = [
            Text(_reading(track.tally.last, shown), style="bold" if current else "dim")
            for shown in _SHOWN
        ]
        table.add_row(name, *readings, *TallySum.of(track.tally).cells(roomy=roomy))


def _line(text: str, style: str = "", *, wrap: bool = False) -> Text:
    return Text(
        exits.printable(text),
        style=style,
        no_wrap=not wrap,
        overflow="fold" if wrap else "ellipsis",
    )


def _trouble(track: Track) -> str:
    """Return a meter's problem and what to do; empty if all is well."""
    words = ""
    if track.failure is not None:
        words = f"{track.failure.what}. {track.failure.hint}"
    elif track.state is ClientState.LOST and not track.done:
        words = f"{state_words(track)}."
        if track.error is not None and not isinstance(track.error, (LinkLost, PortNotFound)):
            # It is back, but something else is in the way.
            words = f"{state_words(track)}: {track.error.what}. {track.error.hint}"
    return words if not words or track.url in words else exits.printable(f"{track.label}: {words}")


def _short_state(track: Track) -> str:
    lost = track.state is ClientState.LOST and not track.done
    words = "unplugged" if lost else "failed" if track.failure else state_words(track)
    elapsed = track.tally.elapsed_s
    return f"{elapsed_text(elapsed)} {words}" if elapsed else words


def _reading(last: Sample | None, shown: Field) -> str:
    return "–" if last is None else shown.format(last[shown.name])


def _total_row(tracks: list[Track], *, roomy: bool) -> list[Text]:
    """Return the row of all meters: the power of running ones, and sums of the other columns."""
    running = [t for t in tracks if t.state is ClientState.RUNNING or t.done]
    powers = [t.tally.last["power"] for t in running if t.tally.last is not None]
    known = [power for power in powers if power is not None]
    watts = _SHOWN[0].format(sum(known)) if known else "–"
    total = TallySum.of(*(track.tally for track in tracks))
    cells = total.cells(roomy=roomy, style="not bold dim")
    return [Text("  Total"), Text(watts), Text(), Text(), Text(), *cells]
