# SPDX-License-Identifier: GPL-3.0-or-later
"""Save what can be read of a damaged session in a new file."""

from __future__ import annotations

from pathlib import Path

import click

from wattui.cli.exits import say
from wattui.cli.file_options import File, SessionFile, Use
from wattui.cli.help import command
from wattui.cli.options import quiet_option
from wattui.cli.session_files import say_wrote
from wattui.cli.stop_signals import Ending
from wattui.measurement.text import count_text, printable

_EXAMPLES = (
    ("wattui repair run.wattui", "Save it as run repaired.wattui, beside it."),
    ("wattui repair run.wattui -o sound.wattui", "Save it under another name."),
)


@command("repair", examples=_EXAMPLES)
@click.argument("file", type=SessionFile(), metavar="FILE")
@click.option(
    *("-o", "--output"), type=File(Use.CREATE, (".wattui",)), metavar="NEW",
    help="The session to write.  [default: the name of FILE with 'repaired', beside it]",
)  # fmt: skip
@click.option(
    "--keep-damaged", "keep_changed", is_flag=True,
    help="Also save samples that have changed since they were recorded.",
)  # fmt: skip
@quiet_option("Print only what is missing.")
def repair(file: Path, output: Path | None, keep_changed: bool, quiet: bool) -> None:
    """Save what can be read of a damaged session in a new file.

    FILE itself is never changed. Samples are found even where the structure of the file
    is destroyed. Those that have changed since they were recorded are left out as a gap. What is
    missing is listed.
    """
    from wattui.session import repaired_path, salvage

    goal = output or repaired_path(file)
    with Ending() as ending:
        saved = salvage(file.absolute(), goal, keep_changed=keep_changed, cancelled=ending)
    for loss in saved.losses:
        say(printable(f"{loss}."))
    if not quiet:
        rest = "" if saved.losses else "; none of those with a checksum is missing"
        say(f"Saved {count_text(saved.samples, 'sample')}{rest}.")
    say_wrote(goal, quiet=quiet)
