# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetch the memory of the meter on PORT and save it as a session."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wattui.cli import exits
from wattui.cli.erase_consent import connected_meter, fetch_line
from wattui.cli.file_options import PortName, SessionFile, Use
from wattui.cli.help import command
from wattui.cli.options import csv_options, quiet_option, session_option
from wattui.cli.output import Output, Progress, console, home_path
from wattui.cli.session_files import export_session
from wattui.cli.stop_signals import Ending
from wattui.errors import Cancelled, DiskRefused, LinkLost, ReadoutIncomplete, WattuiError
from wattui.measurement.text import count_text, duration_text, printable

if TYPE_CHECKING:
    from wattui.client import MeterClient
    from wattui.meter_memory.readout import Readout

_EXAMPLES = (
    ("wattui fetch /dev/ttyUSB0", "Fetch the memory and save it as a session."),
    ("wattui fetch /dev/ttyUSB0 -o week.csv", "Also write it as CSV."),
    (
        "wattui fetch /dev/ttyUSB0 --session part.wattui",
        "Complete a session that an earlier fetch left incomplete, without duplicates.",
    ),
)


@command("fetch", examples=_EXAMPLES)
@click.argument("port", type=PortName(), metavar="PORT")
@csv_options(", once the records are saved as a session.")
@session_option(
    "Path of the session: a new one, or an earlier fetch from this meter, which is completed. By "
    "default a new session in the data folder.",
    SessionFile(Use.COMPLETE),
)
@quiet_option()
def fetch(
    port: str, output: Path | None, force: bool, dialect: str, session: Path | None, quiet: bool
) -> int:  # fmt: skip
    """Fetch the memory of the meter on PORT and save it as a session.

    The memory keeps its records, and the meter goes on with its own logging. The times are
    estimates, counted back from now, and are marked as reconstructed. Ctrl-C cancels: the
    records received so far are saved and marked as partial, and the exit code is 130. If the
    meter is unplugged, the command waits for it.

    The last line on standard output is the path of the session, if there is one.
    """
    from wattui.meter_memory.readout import read_memory

    if session is not None:
        _require_readout(session)
    with Ending() as ending:
        with connected_meter(port, ending) as client, _progress(client, quiet=quiet) as progress:
            readout = read_memory(client, progress, ending)
        if not len(readout.records):
            return _nothing(readout, quiet=quiet)
        path = _save(readout, session)
    if not quiet:
        _summarise(readout, path)
    status = 0
    if readout.reasons and _is_partial(path):
        status = _incomplete(readout, port, path, cancelled=ending())
    if output is not None:
        try:
            export_session(path, output, dialect=dialect, force=force, quiet=quiet)
        except WattuiError as error:
            exits.complain(error)
            status = error.exit_status
    Output().path(path)
    return status


def _require_readout(goal: Path) -> None:
    """Check the session to write or complete before the meter is read.

    Raises
    ------
    DiskRefused
        It exists and is not a read-out of a memory.
    """
    from wattui.meter_memory.save_readout import readout_label
    from wattui.session import Session

    if goal.exists():
        with Session.open(goal) as session:
            if readout_label(session.info) is None:
                raise DiskRefused(
                    f"{goal} is a session that was not fetched from a meter's memory",
                    "Choose another name for the new session.",
                )


def _save(readout: Readout, goal: Path | None) -> Path:
    """Save the read-out as a session; return its path."""
    from wattui.meter_memory.save_readout import save_readout

    path = save_readout(readout, readout.meter, goal)
    if goal is not None and path != goal.absolute():
        exits.say(
            f"{printable(home_path(goal))} contains records of another meter or memory, "
            "and was not changed."
        )
    return path


def _nothing(readout: Readout, *, quiet: bool) -> int:
    """Report that there is nothing to save; return the exit status."""
    from wattui.meter_memory.readout import Outcome

    if readout.outcome is Outcome.CANCELLED:
        raise Cancelled("Cancelled before the first record: nothing was saved")
    if readout.reasons:
        raise ReadoutIncomplete(f"No records received: {'; '.join(readout.reasons)}", "Try again.")
    if not quiet:
        exits.say("The meter's memory is empty: there is nothing to save.")
    return 0


def _summarise(readout: Readout, path: Path) -> None:
    """Print to standard error what was received, and what its times mean."""
    from wattui.meter_memory.save_readout import readout_label
    from wattui.session import Session

    with Session.open(path) as session:
        label = readout_label(session.info)
    count = count_text(len(readout.records), "record")
    if not readout.complete and readout.expected:
        count = f"{len(readout.records):,} of {count_text(readout.expected, 'record')}"
    exits.say(
        f"{printable(readout.meter.label)}: {count} received, one every "
        f"{readout.interval} s, {duration_text(readout.span, long=True)} in total."
    )
    if label is not None:
        exits.say(label.reconstructed)
    for note in readout.notes:
        exits.say(f"{note}.")


def _is_partial(path: Path) -> bool:
    """Check whether records are still missing, earlier read-outs included."""
    from wattui.session import Session
    from wattui.session.outline import PARTIAL

    with Session.open(path) as session:
        return PARTIAL in session.info


def _incomplete(readout: Readout, port: str, path: Path, *, cancelled: bool) -> int:
    """Report what is missing, and how to complete it; return the exit status."""
    from wattui.meter_memory.readout import Outcome

    error: WattuiError
    again = f"{fetch_line(port)} --session {printable(str(path))!r}"
    hint = f"To fetch all of it: {again}"
    what = f"The session is incomplete, and marked as partial: {'; '.join(readout.reasons)}"
    if cancelled:
        error = Cancelled("Cancelled: the records received so far are saved as partial", hint)
    elif readout.outcome is Outcome.UNPLUGGED:
        error = LinkLost(what, hint)
    else:
        error = ReadoutIncomplete(what, hint)
    exits.complain(error)
    return error.exit_status


@contextlib.contextmanager
def _progress(client: MeterClient, *, quiet: bool) -> Iterator[Progress | None]:
    """Show the records received, their rate and the time left, in a terminal."""
    if quiet or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from wattui.client import ClientState
    from wattui.meter_memory.readout import ReadoutRate

    exits.say("Press Ctrl-C to stop; the records received so far are saved.")
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(None),
        TextColumn("{task.completed:,.0f} of {task.fields[of]} records"),
        TextColumn("{task.fields[rate]}"), TimeRemainingColumn(), TextColumn("left"),
        console=console(error=True), transient=True, expand=True,
    )  # fmt: skip
    rate = ReadoutRate()
    with bar:
        task = bar.add_task("Fetching", total=None, of="?", rate="")

        def show(done: int, total: int) -> None:
            per_second = rate.take(done)
            bar.update(
                task, completed=done, total=total or None, of=f"{total:,}" if total else "?",
                rate=f"{per_second:,.0f}/s" if per_second else "",
            )  # fmt: skip

        def describe(client: MeterClient) -> None:
            lost = client.state is ClientState.LOST
            bar.update(task, description="Unplugged: plug it in again" if lost else "Fetching")

        client.add_state_listener(describe)
        yield show
