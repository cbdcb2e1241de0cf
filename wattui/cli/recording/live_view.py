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
from wattui.cli.output import home_path
from wattui.cli.recording.line_view import QuietView, alert_text, state_words
from wattui.cli.recording.recording import Recording, Track
from wattui.cli.recording.relay_keys import HOW_TO_SWITCH, RelayKeys
from wattui.client import ClientState
from wattui.errors import LinkLost, PortNotFound
from wattui.measurement.alerts import AlertChange
from wattui.measurement.energy import error_of_sum
from wattui.measurement.events import Event, EventKind
from wattui.measurement.fields import FIELD_INDEX, FIELDS, Field
from wattui.measurement.replay_mark import joined_replays
from wattui.measurement.sample import Sample
from wattui.measurement.text import (
    count_text,
    counter_text,
    elapsed_text,
    energy_text,
    total_energy_label,
    total_power_label,
)
from wattui.measurement.totals import Tally
from wattui.session import WriterStatus
from wattui.session.health import HealthReport

_SHOWN: Final[tuple[Field, ...]] = tuple(
    FIELDS[FIELD_INDEX[name]] for name in ("power", "voltage", "current", "power_factor")
)

#: Seconds between two redraws.
_PERIOD: Final = 0.5

#: Title of the first column, and widths of others: the largest reading of a line at 230 V, so
#: that columns keep their width.
_NAME: Final = "Meter"
_LEAST: Final = {"W": 6, "V": 5, "A": 6, "PF": 4}

_DOTS: Final = {
    ClientState.RUNNING: ("●", "green"),
    ClientState.OPENING: ("○", "yellow"),
    ClientState.LOST: ("○", "yellow"),
    ClientState.FAILED: ("×", "red"),
    ClientState.CLOSED: ("·", "dim"),
}

#: Space between two columns, and the least width of the name.
_SPACE: Final = 2
_NAME_WIDTH: Final = 10

#: Enough for ``12:31:07 recording, switching the load off``; a name that is replayed is shortened.
_STATE_WIDTH: Final = 42

#: The columns that a terminal which is too narrow for all numbers goes without, in this order.
_LEFT_OUT: Final = ("PF", "A", "V", "Samples")

#: Lines besides the meters and their problems: path, head, totals, remarks, disk, keys.
_OTHER_LINES: Final = 9


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
        return energy_text(self.energy_wh, self.error_wh)

    @property
    def counter(self) -> str:
        """How far the meter's own counter advanced."""
        return (
            "no counter"
            if math.isnan(self.counter_wh)
            else f"counter {counter_text(self.counter_wh)}"
        )

    @property
    def gaps(self) -> str:
        """How many gaps there are."""
        return count_text(self.gap_count, "gap")

    def cells(self, *, roomy: bool) -> tuple[Text, Text]:
        """Return the cells for energy and samples, with a second line if there is room."""
        energy, samples = Text(self.energy), Text(f"{self.count:,}")
        if roomy:
            energy.append(f"\n{self.counter}", style="dim")
            samples.append(f"\n{self.gaps}", style="yellow" if self.gap_count else "dim")
        return energy, samples


class LiveView(QuietView):
    """A small table, redrawn in place; a context manager that leaves the last state visible."""

    def __init__(self, recording: Recording, screen: Console, ends: str) -> None:
        self._recording = recording
        self._screen = screen
        self._ends = ends
        #: Asks before a key switches a load.
        self.relays = RelayKeys(recording)
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

    def other_meter(self, track: Track, what: str) -> None:
        """Show it below the readings."""
        del track
        self._remarks = [*self._remarks[-2:], exits.printable(f"{what}.")]

    def disk(self, status: WriterStatus) -> None:
        """Show that the disk is not accepting data, as long as that lasts."""
        waiting = f"{count_text(status.waiting, 'sample')} in memory"
        self._disk = f"{status.problem} ({waiting}). {status.hint}" if status.problem else ""

    def disk_low(self, report: HealthReport) -> None:
        """Show that the disk fills up, as long as it does."""
        self._low = f"{report.warning}. {report.hint}" if report.warning else ""

    def alert(self, change: AlertChange) -> None:
        """Show it below the readings."""
        self._remarks = [*self._remarks[-2:], exits.printable(f"{alert_text(change)}.")]

    def alert_failed(self, what: str) -> None:
        """Show below the readings that the command of an alert failed."""
        self._remarks = [*self._remarks[-2:], exits.printable(f"{what}.")]

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
        if len(tracks) > 1:
            parts.extend(_line(text, "bold", wrap=True) for text in _totals(tracks))
        parts.extend(self._troubles(tracks, rows=len(tracks) * (1 + roomy)))
        parts.extend(_line(text, "dim") for text in self._remarks)
        if self._disk:
            parts.append(_line(self._disk, "bold red", wrap=True))
        elif self._low:
            parts.append(_line(self._low, "yellow", wrap=True))
        if self._ends:
            question = self.relays.question
            parts.append(_line(question, "bold", wrap=True) if question else self._keys())
        return Group(*parts)

    def _keys(self) -> Text:
        hint = f" {HOW_TO_SWITCH}" if self.relays.usable else ""
        return Text(self._ends + hint, style="dim")

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
        replays = joined_replays(track.replay for track in self._recording.tracks)
        doing = exits.printable(f"Replaying {replays} into ") if replays else "Recording into "
        head = Text.assemble(doing, (exits.printable(home_path(path)), "bold"))
        head.overflow = "fold"
        return head

    def _table(self, tracks: list[Track], *, roomy: bool) -> Table:
        """Return the table; columns that have no room are left out, and no number is cut off."""
        rows = [_cells(track, roomy=roomy) for track in tracks]
        widths = {
            title: max(*(_cell_width(row[title]) for row in rows), len(title), _LEAST.get(title, 0))
            for title in rows[0]
            if title != _NAME
        }
        # What a meter does, below its name, has room before the last columns do.
        states = [line.cell_len for row in rows for line in row[_NAME].split()[1:]]
        least = max(_NAME_WIDTH, min(max(states, default=0), _STATE_WIDTH))
        for title in _LEFT_OUT:
            if least + sum(widths.values()) + _SPACE * len(widths) > self._screen.width:
                del widths[title]
        # In a narrow terminal the name is shortened, not the numbers.
        room = self._screen.width - sum(widths.values()) - _SPACE * len(widths)
        table = Table(box=None, padding=(0, _SPACE, 0, 0), pad_edge=False, header_style="dim")
        table.add_column(_NAME, no_wrap=True, overflow="ellipsis", max_width=max(room, 1))
        for title, width in widths.items():
            table.add_column(title, justify="right", no_wrap=True, min_width=width)
        for row in rows:
            table.add_row(*(row[title] for title in (_NAME, *widths)))
        return table


def _cells(track: Track, *, roomy: bool) -> dict[str, Text]:
    """Return the cells of a meter by the titles of their columns."""
    state = ClientState.FAILED if track.failure else track.state
    state = ClientState.LOST if track.paused else state
    dot, colour = _DOTS[ClientState.CLOSED if track.done and not track.failure else state]
    name = Text.assemble((dot, colour), " ", exits.printable(track.label))
    if roomy:
        name.append(f"\n  {exits.printable(_short_state(track))}", style="dim")
    style = "bold" if track.live or track.done else "dim"
    readings = {one.symbol: Text(_reading(track.tally.last, one), style=style) for one in _SHOWN}
    energy, samples = TallySum.of(track.tally).cells(roomy=roomy)
    return {_NAME: name, **readings, "Energy": energy, "Samples": samples}


def _cell_width(cell: Text) -> int:
    """Return the width of the widest line of a cell, in characters."""
    return max(line.cell_len for line in cell.split())


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
    elif track.paused and not track.done:
        words = f"{state_words(track)}."
    return words if not words or track.url in words else exits.printable(f"{track.label}: {words}")


def _short_state(track: Track) -> str:
    lost = track.state is ClientState.LOST and not track.done
    absent = "no post" if track.posts else "unplugged"
    words = absent if lost else "failed" if track.failure else state_words(track)
    words = "paused" if track.paused and not track.done else words
    elapsed = track.tally.elapsed_s
    return f"{elapsed_text(elapsed)} {words}" if elapsed else words


def _reading(last: Sample | None, shown: Field) -> str:
    return "–" if last is None else shown.format(last[shown.name])


def _totals(tracks: list[Track]) -> list[str]:
    """Return two statements: the power of live meters, and the energy of all of them."""
    live = [t.tally.last for t in tracks if t.live and not t.done]
    powers = [last["power"] for last in live if last is not None]
    known = [power for power in powers if power is not None]
    lines = []
    if known:
        lines.append(f"{total_power_label(len(known))}: {_SHOWN[0].format(sum(known))} W")
    total = TallySum.of(*(track.tally for track in tracks))
    parts = (total.energy, total.counter, count_text(total.count, "sample"), total.gaps)
    return [*lines, f"{total_energy_label(len(tracks))}: {', '.join(parts)}"]
