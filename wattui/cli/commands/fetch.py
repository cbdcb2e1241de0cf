# SPDX-License-Identifier: GPL-3.0-or-later
"""``wattui fetch``: the meter's memory, as a session."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from wattui.cli import exits
from wattui.cli.commands.export import CSV_DIALECTS, check_destination, export_session, find_session
from wattui.cli.erase_consent import asked, fetch_line
from wattui.cli.help import command
from wattui.cli.output import Output, console, shown_path
from wattui.cli.stop_signals import Ending
from wattui.errors import Cancelled, DiskRefused, LinkLost, ReadoutIncomplete, WattuiError
from wattui.measurement.text import count_text

if TYPE_CHECKING:
    from wattui.client import MeterClient
    from wattui.meter_memory.readout import Readout

_EXAMPLES: Final = (
    ("wattui fetch /dev/ttyUSB0", "Read out the memory, and keep it as a session."),
    ("wattui fetch /dev/ttyUSB0 -o week.csv", "Write it as CSV, too."),
    (
        "wattui fetch /dev/ttyUSB0 --session part.wattui",
        "Complete what an earlier fetch left in that session; nothing is in it twice.",
    ),
)

#: Seconds that the path may wait for whoever reads the output.
_PATH_PATIENCE: Final = 2.0

Progress = Callable[[int, int], None]


@command("fetch", examples=_EXAMPLES)
@click.argument("port", metavar="PORT")
@click.option(
    *("-o", "--output"), type=click.Path(path_type=Path), metavar="FILE.csv",
    help="Write a CSV as well.",
)  # fmt: skip
@click.option(
    "--dialect", type=click.Choice(CSV_DIALECTS), default="standard", show_default=True,
    help="Kind of CSV; spreadsheet has semicolons and decimal commas.",
)  # fmt: skip
@click.option(
    "--session", type=click.Path(path_type=Path), metavar="FILE.wattui",
    help="Name of the session: a new one, or one that an earlier fetch of this meter left, "
    "which is completed. By default a new one in the data folder.",
)  # fmt: skip
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors and the path.")
def fetch(
    port: str, output: Path | None, dialect: str, session: Path | None, quiet: bool
) -> int:  # fmt: skip
    """Read out the memory of the meter on PORT and keep it as a session.

    The memory keeps its records, and the meter goes on with its own logging. The times
    are counted back from the read-out, and marked as reconstructed. Ctrl-C cancels: what
    has come is kept, marked as partial, and the exit code is 130. A meter that is
    unplugged in the middle is waited for.

    The last line on standard output is the path of the session, where there is one.
    """
    from wattui.meter_memory.readout import read_memory

    goal = None if session is None else _goal(session)
    if output is not None:
        check_destination(output)
    with Ending() as ending:
        with asked(port, ending) as client, _progress(client, quiet=quiet) as progress:
            readout = read_memory(client, progress, ending)
        if not len(readout.records):
            return _nothing(readout, quiet=quiet)
        path = _kept(readout, goal)
    if not quiet:
        _summarise(readout, path)
    status = 0
    if readout.reasons and _is_partial(path):
        status = _incomplete(readout, port, path, cancelled=ending())
    if output is not None:
        status = _export(path, output, dialect, quiet=quiet) or status
    Output().line(str(path), _PATH_PATIENCE)
    return status


def _goal(path: Path) -> Path:
    """Give the session that is to be made or completed, before the meter is asked.

    Raises
    ------
    DiskRefused
        It exists and is no read-out of a memory, or it cannot be written.
    """
    from wattui.meter_memory.save_readout import readout_label
    from wattui.session import Session

    goal = find_session(path)
    check_destination(goal)
    if goal.exists():
        with Session.open(goal) as session:
            if readout_label(session.info) is None:
                raise DiskRefused(
                    f"{goal} is a session that was not fetched from a meter's memory",
                    "Choose another name for the new session.",
                )
    return goal


def _kept(readout: Readout, goal: Path | None) -> Path:
    """Keep what was read out as a session; give where it is."""
    from wattui.meter_memory.save_readout import save_readout

    path = save_readout(readout, readout.meter, goal)
    if goal is not None and path != goal.absolute():
        exits.say(
            f"{exits.printable(shown_path(goal))} holds records of another meter or memory, and "
            "was left as it is."
        )
    return path


def _nothing(readout: Readout, *, quiet: bool) -> int:
    """Say that there is nothing to keep; give the exit status."""
    if readout.reasons:
        reasons = "; ".join(readout.reasons)
        if "cancelled" in reasons:
            raise Cancelled("Cancelled before the first record came: nothing was kept")
        raise ReadoutIncomplete(f"Nothing came: {reasons}", "Try again.")
    if not quiet:
        exits.say("The meter's memory is empty: there is nothing to keep.")
    return 0


def _summarise(readout: Readout, path: Path) -> None:
    """Say on standard error what came, and how its times are to be taken."""
    from wattui.measurement.text import duration_text
    from wattui.meter_memory.save_readout import readout_label
    from wattui.session import Session

    with Session.open(path) as session:
        label = readout_label(session.info)
    count = count_text(len(readout.records), "record")
    if not readout.complete and readout.expected:
        count = f"{len(readout.records):,} of {count_text(readout.expected, 'record')}"
    exits.say(
        f"{exits.printable(readout.meter.label)}: {count}, one every {readout.interval} s, "
        f"{duration_text(readout.span, long=True)} in all."
    )
    if label is not None:
        exits.say(label.reconstructed)
    for note in readout.notes:
        exits.say(f"{note}.")


def _is_partial(path: Path) -> bool:
    """Tell whether records are missing yet, an earlier read-out included."""
    from wattui.meter_memory.save_readout import PARTIAL
    from wattui.session import Session

    with Session.open(path) as session:
        return PARTIAL in session.info


def _incomplete(readout: Readout, port: str, path: Path, *, cancelled: bool) -> int:
    """Say what is missing, and how to complete it; give the exit status."""
    error: WattuiError
    again = f"{fetch_line(port)} --session {exits.printable(str(path))!r}"
    hint = f"To fetch all of it: {again}"
    reasons = "; ".join(readout.reasons)
    if cancelled:
        error = Cancelled("The read-out was cancelled: what came is kept as partial", hint)
    elif "unplugged" in reasons:
        error = LinkLost(f"The read-out is kept as partial: {reasons}", hint)
    else:
        error = ReadoutIncomplete(f"The read-out is kept as partial: {reasons}", hint)
    exits.complain(error)
    return error.exit_status


def _export(path: Path, output: Path, dialect: str, *, quiet: bool) -> int:
    try:
        export_session(path, output, dialect=dialect, quiet=quiet)
    except WattuiError as error:
        exits.complain(error)
        return error.exit_status
    if not quiet:
        exits.say(f"Wrote {exits.printable(shown_path(output))}.")
    return 0


@contextlib.contextmanager
def _progress(client: MeterClient, *, quiet: bool) -> Iterator[Progress | None]:
    """Show records of total, their rate and the time left, where somebody watches."""
    if quiet or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from wattui.client import ClientState

    exits.say("Ctrl-C ends the read-out; what has come is kept.")
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(None),
        TextColumn("{task.completed:,.0f} of {task.fields[of]} records"),
        TextColumn("{task.fields[rate]}"), TimeRemainingColumn(), TextColumn("left"),
        console=console(error=True), transient=True, expand=True,
    )  # fmt: skip
    rate = _Rate()
    with bar:
        task = bar.add_task("Fetching", total=None, of="?", rate="")

        def show(done: int, total: int) -> None:
            bar.update(
                task, completed=done, total=total or None, of=f"{total:,}" if total else "?",
                rate=rate.text(done),
            )  # fmt: skip

        def tell(client: MeterClient) -> None:
            lost = client.state is ClientState.LOST
            bar.update(task, description="Unplugged: plug it in again" if lost else "Fetching")

        client.add_state_listener(tell)
        yield show


class _Rate:
    """Records a second, since the read-out began or began anew."""

    def __init__(self) -> None:
        self._since = time.monotonic()
        self._first = self._last = 0

    def text(self, done: int) -> str:
        """Give the rate in words; empty until it is known."""
        now = time.monotonic()
        if done < self._last or not self._last:
            self._since, self._first = now, done
        self._last = done
        passed = now - self._since
        return f"{(done - self._first) / passed:,.0f}/s" if passed > 0 else ""
