# SPDX-License-Identifier: GPL-3.0-or-later
"""Check whether sessions are as they were recorded."""

from __future__ import annotations

from pathlib import Path

import click

from wattui.cli.exits import complain, say
from wattui.cli.file_options import SessionFile
from wattui.cli.help import command
from wattui.cli.options import quiet_option
from wattui.cli.output import home_path, progress_bar
from wattui.cli.stop_signals import Ending
from wattui.errors import Cancelled, SessionDamaged, SessionError
from wattui.measurement.text import printable

_EXAMPLES = (
    ("wattui verify run.wattui", "Check a session."),
    ("wattui verify --quiet *.wattui", "Check all sessions of a folder; print only faults."),
)


@command("verify", examples=_EXAMPLES)
@click.argument("files", nargs=-1, required=True, type=SessionFile(), metavar="FILE...")
@quiet_option("Print only faults.")
def verify(files: tuple[Path, ...], quiet: bool) -> int:
    """Check whether sessions are as they were recorded.

    The samples of each FILE are compared with their checksums, and the summaries with the
    samples. No file is changed. The exit code is 6 if any of them is damaged or cannot be
    read.
    """
    from wattui.session.checked import REPAIR_HINT
    from wattui.session.checked import verify as check

    status, damaged = 0, False
    with Ending() as ending:
        for file in files:
            try:
                with progress_bar("Checking", quiet=quiet) as progress:
                    faults = check(file, ending, progress)
            except Cancelled:
                raise
            except SessionError as error:
                complain(error)
                status = error.exit_status
                continue
            if not faults and not quiet:
                say(f"{printable(home_path(file))} is as it was recorded.")
            if faults:
                status, damaged = SessionDamaged.exit_status, True
                say(f"{printable(home_path(file))} is damaged:")
                for fault in faults:
                    say(f"  {printable(fault)}.")
    if damaged:
        say(REPAIR_HINT)
    return status
