# SPDX-License-Identifier: GPL-3.0-or-later
"""Set up the meter on PORT to log on its own, without a computer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from wattui.cli.erase_consent import connected_meter, erase_option, fetch_line, refuse_to_erase
from wattui.cli.file_options import PortName
from wattui.cli.help import command
from wattui.cli.options import logging_options
from wattui.errors import SettingNotTaken
from wattui.measurement.text import printable
from wattui.protocol import FullHandling, LoggingMode

if TYPE_CHECKING:
    from wattui.meter_memory.settings import Changes
    from wattui.meter_memory.state import MemoryState
    from wattui.meter_memory.wording import Endurance

_EXAMPLES = (
    (
        "wattui arm /dev/ttyUSB0 --fields w,v,a --interval 60",
        "Show how long the memory would last.",
    ),
    (
        "wattui arm /dev/ttyUSB0 --fields w,v,a --interval 60 --erase-memory",
        "Start: clear the memory, and log one record per minute.",
    ),
    ("wattui fetch /dev/ttyUSB0", "Fetch the records afterwards."),
)


@command("arm", examples=_EXAMPLES)
@click.argument("port", type=PortName(), metavar="PORT")
@logging_options()
@erase_option
def arm(
    port: str, fields: tuple[bool, ...] | None, interval: int | None,
    full_handling: FullHandling | None, erase_memory: bool,
) -> None:  # fmt: skip
    """Set up the meter on PORT to log on its own, without a computer.

    The meter then logs into its memory, which is cleared first. Fewer fields and a
    longer interval make the memory last longer; the command shows how long. Settings
    that are left out stay as they are. Without --erase-memory, nothing is changed: the
    command only shows how long the memory would last and what would be lost.
    """
    from wattui.meter_memory.settings import apply, check
    from wattui.meter_memory.state import read_memory_state
    from wattui.meter_memory.wording import fields_text

    with connected_meter(port) as client:
        state = read_memory_state(client)
        changes = _changes(state, fields, interval, full_handling)
        check(changes)
        plan = _plan(changes, state)
        if not erase_memory:
            shown = fields_text(_chosen(changes, state))
            click.echo(f"Logging {shown} {_pace(plan.handling, changes.interval)}. {plan.text}")
            what = "Starting it erases the meter's memory"
            raise refuse_to_erase(what, port, client, state)
        after = apply(client, changes, erase=erase_memory)
        if after.logging is None or after.logging.mode is not LoggingMode.INTERNAL:
            raise SettingNotTaken("The meter did not start to log into its memory", "Try again.")
        state = read_memory_state(client)
        _report(port, state, _plan(changes, state), changes.interval)


def _changes(
    state: MemoryState,
    fields: tuple[bool, ...] | None,
    interval: int | None,
    handling: FullHandling | None,
) -> Changes:
    """Return what to write; a setting that was left out stays as it is."""
    from wattui.meter_memory.settings import Changes, nearest_interval

    if handling is None:
        handling = FullHandling.STOP if state.full_handling is None else state.full_handling
    if handling is FullHandling.CONDENSE:
        if interval not in (None, 1):
            raise click.UsageError(
                "With condensing, logging starts at 1 s: leave out --interval, or choose another "
                "--full-handling."
            )
        interval = 1
    return Changes(
        interval=interval or nearest_interval(state.interval),
        full_handling=handling,
        fields=fields,
        start_internal=True,
    )


def _chosen(changes: Changes, state: MemoryState) -> tuple[bool, ...]:
    """Return the fields that will be logged; an older meter has fewer."""
    if changes.fields is None:
        return state.fields or ()
    return changes.fields if state.fields is None else changes.fields[: len(state.fields)]


def _plan(changes: Changes, state: MemoryState) -> Endurance:
    from wattui.meter_memory.wording import endurance

    handling = changes.full_handling or FullHandling.STOP
    return endurance(_chosen(changes, state), changes.interval or 1, handling, state)


def _pace(handling: FullHandling, interval: int | None) -> str:
    if handling is FullHandling.CONDENSE:
        return "every second at first"
    return "every second" if interval == 1 else f"every {interval} s"


def _report(port: str, state: MemoryState, plan: Endurance, interval: int | None) -> None:
    """Print what was started, how long it will last, and how to fetch the records."""
    from wattui.meter_memory.wording import fields_text

    pace = _pace(plan.handling, interval)
    click.echo(f"The meter now logs {fields_text(state.fields)} into its memory, {pace}.")
    click.echo(plan.text)
    if plan.seconds is not None and plan.handling is FullHandling.STOP:
        end = datetime.now() + timedelta(seconds=plan.seconds)
        click.echo(f"It will be full on {end:%Y-%m-%d at %H:%M} if the meter stays powered.")
    click.echo("You can unplug it from the computer now. After a power cut it goes on by itself.")
    click.echo(f"To fetch the records later: {printable(fetch_line(port))}")
    click.echo("Recording it live, in the window or with wattui log, stops its own logging.")
