# SPDX-License-Identifier: GPL-3.0-or-later
"""Mark a moment in a session that is being recorded."""

from __future__ import annotations

from pathlib import Path

import click

from wattui.cli.exits import say
from wattui.cli.file_options import PortName, SessionFile
from wattui.cli.help import command
from wattui.cli.options import moment, quiet_option
from wattui.cli.output import home_path
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.moment import Moment
from wattui.measurement.text import clock_text, printable

_EXAMPLES = (
    ('wattui mark "kettle on"', "Mark this moment in the session that is being recorded."),
    ('wattui mark "kettle on" /dev/ttyUSB1', "Mark it where this meter is being recorded."),
    ('wattui mark "door open" --session run.wattui --at 14:05', "Mark a time in any session."),
)


@command("mark", examples=_EXAMPLES)
@click.argument("text", metavar="TEXT")
@click.argument("port", type=PortName(), metavar="[PORT]", required=False)
@click.option(
    "--session", type=SessionFile(), metavar="FILE",
    help="The session, which need not be recorded now. By default it is the only one that is "
    "being recorded into the data folder.",
)  # fmt: skip
@click.option(
    "--at", "when", type=moment, metavar="TIME",
    help="Mark this time instead of now: a time of day (12:30), a date and time, a time since "
    "the session's start (1h30m) or before its end (-10m).",
)  # fmt: skip
@quiet_option("Print only errors.")
def mark(
    text: str, port: str | None, session: Path | None, when: Moment | None, quiet: bool
) -> None:
    """Mark a moment in a session that is being recorded.

    The window, `wattui log` and `wattui service` may record it meanwhile; the recording goes on
    unharmed. PORT says which one is meant if several are being recorded.
    """
    from wattui.session.running import find_running
    from wattui.session.running import mark as set_mark

    if session is not None and port is not None:
        raise click.UsageError("Give either a port or --session.")
    path = find_running(port or "") if session is None else session
    made = set_mark(text, path, when_us=_time_in(path, when))
    if not quiet:
        moment = clock_text(made.time_us / MICROSECONDS)
        say(printable(f"Marked {moment} in {home_path(path)}."))


def _time_in(path: Path, when: Moment | None) -> int | None:
    """Return a time in a session, in microseconds; None for now.

    Raises
    ------
    UsageError
        The session is not being recorded, and no time was given.
    """
    from wattui.session import Session
    from wattui.session.lock import is_being_written

    if when is None:
        if not is_being_written(path):
            raise click.UsageError(f"{path} is not being recorded now: give a time with --at.")
        return None
    with Session.open(path) as opened:
        span = opened.span_us()
    return None if span is None else when.within(*span)
