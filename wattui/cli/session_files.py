# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions and files as they are named on the command line, and the export of a session."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wattui.cli import exits
from wattui.cli.options import Moment
from wattui.cli.output import progress_bar, shown_path
from wattui.cli.stop_signals import Ending

if TYPE_CHECKING:
    from wattui.measurement.events import MeterInfo
    from wattui.session import Session


def say_wrote(path: Path, *, quiet: bool) -> None:
    """Report a file that was written."""
    if not quiet:
        exits.say(f"Wrote {exits.printable(shown_path(path))}.")


def export_session(
    source: Path,
    output: Path,
    form: str = "csv",
    *,
    start: Moment | None = None,
    stop: Moment | None = None,
    meters: Sequence[str] = (),
    quiet: bool = False,
    **options: Any,
) -> None:
    """Write a session to a file, with a progress bar in a terminal.

    *options* are those of :class:`wattui.formats.export_job.ExportJob`.

    Raises
    ------
    WattuiError
        The session cannot be read, the file cannot be written, a meter is not in the
        session, or the export was cancelled.
    """
    from wattui.formats import write
    from wattui.session import Session

    with (
        Ending() as ending,
        Session.open(source) as session,
        progress_bar("Writing", quiet=quiet) as progress,
    ):
        chosen = chosen_meters(session, meters)
        first, last = chosen_span(session, start, stop)
        write(
            session, output, form, meters=chosen, start=first, stop=last,
            progress=progress, cancelled=ending, **options,
        )  # fmt: skip
    say_wrote(output, quiet=quiet)


def find_meters(infos: Sequence[MeterInfo], names: Sequence[str]) -> list[int]:
    """Return the positions of the named meters.

    Raises
    ------
    UsageError
        A name matches no meter; the message lists those that exist.
    """
    chosen = []
    for name in names:
        for position, info in enumerate(infos):
            known = {info.name, info.label, info.serial_number, info.port, info.key}
            if name in known | {str(position + 1)}:
                chosen.append(position)
                break
        else:
            listed = ", ".join(f"{n} {info.label}" for n, info in enumerate(infos, 1))
            raise click.UsageError(f"There is no meter {name!r}. Meters are: {listed}.")
    return chosen


def chosen_meters(session: Session, names: Sequence[str]) -> list[int] | None:
    """Return the ids of the named meters; None for all.

    Raises
    ------
    UsageError
        A meter is not in the session.
    """
    if not names:
        return None
    positions = find_meters([meter.info for meter in session.meters], names)
    return [session.meters[position].id for position in positions]


def chosen_span(
    session: Session, start: Moment | None, stop: Moment | None
) -> tuple[int | None, int | None]:
    """Return the requested part of a session, in microseconds; None for its ends.

    Raises
    ------
    UsageError
        It ends before it starts.
    """
    span = session.span_us() if start is not None or stop is not None else None
    if span is None:
        return None, None
    first = None if start is None else start.within(*span)
    if stop is None:
        return first, None
    # A time of day is the first one after the start.
    last = stop.within(first if stop.of_day and first is not None else span[0], span[1])
    if (span[0] if first is None else first) >= last:
        raise click.UsageError("--from is not before --to.")
    return first, last
