# SPDX-License-Identifier: GPL-3.0-or-later
"""Check whether this machine can record, and tell what to do if it cannot."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Final

import click
from rich.text import Text

from wattui.cli.exits import say
from wattui.cli.file_options import File, Use
from wattui.cli.help import command
from wattui.cli.options import json_option
from wattui.cli.output import print_table
from wattui.measurement.text import count_text, printable

_STYLES: Final = {"fine": "green", "note": "yellow", "problem": "bold red"}

_EXAMPLES = (
    ("wattui doctor", "Check this machine."),
    ("wattui doctor --json", "Check it for another program."),
    ("wattui doctor --report problem.txt", "Write what a report of a problem needs."),
)


@command("doctor", examples=_EXAMPLES)
@json_option("Print a JSON list.")
@click.option(
    "--report", type=File(Use.WRITE), metavar="FILE",
    help="Write a problem report: checks, settings, sizes of sessions and logs, without names.",
)  # fmt: skip
def doctor(as_json: bool, report: Path | None) -> int:
    """Check whether this machine can record, and tell what to do if it cannot.

    Looks at versions, ports, permissions, services that take over ports, the display and
    the disk. No port is opened and nothing is changed. The exit code is 1 if there is a
    problem.

    A report is a text file. Names of users, computers, folders, sessions and meters, serial
    numbers and addresses are replaced, as in <user> or <meter 1>. Read it before you pass it on.
    """
    if report is not None:
        return _write(report)
    from wattui.client.diagnosis import Verdict, diagnose

    found = diagnose()
    problems = [one for one in found if one.verdict is Verdict.PROBLEM]
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(one) for one in found], indent=2))
        return 1 if problems else 0
    rows = [
        (Text(one.verdict, style=_STYLES[one.verdict]), one.topic, printable(one.text))
        for one in found
    ]
    print_table(("Verdict", "Topic", "Found"), rows)
    for one in found:
        if one.hint:
            click.echo(f"\n{one.topic}: {printable(one.hint)}")
        if one.command:
            click.echo(f"\n    {printable(one.command)}")
    number = count_text(len(problems), "problem") if problems else "No problem"
    click.echo(f"\n{number} found.")
    return 1 if problems else 0


def _write(goal: Path) -> int:
    """Write a problem report; return the exit code."""
    from wattui.desktop.atomic_file import STANDARD_OUTPUT, draft_file
    from wattui.report.problem_report import problem_report

    text = problem_report()
    with draft_file(goal, "utf-8") as file:
        file.write(text)
    if goal != STANDARD_OUTPUT:
        say(f"The report is {printable(str(goal))}. Read it before you pass it on.")
    return 0
