# SPDX-License-Identifier: GPL-3.0-or-later
"""``wattui arm``: a meter made ready to log by itself, away from any computer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import click

from wattui.cli.erase_consent import asked, erase_option, fetch_line, refuse_to_erase
from wattui.cli.exits import printable
from wattui.cli.help import command
from wattui.cli.setting_options import fields_option, handling_option
from wattui.errors import SettingNotTaken
from wattui.protocol import FullHandling, LoggingMode
from wattui.protocol.commands import MAX_INTERVAL

if TYPE_CHECKING:
    from wattui.meter_memory.settings import Changes
    from wattui.meter_memory.state import MemoryState
    from wattui.meter_memory.wording import Endurance

_EXAMPLES: Final = (
    ("wattui arm /dev/ttyUSB0 --fields w,v,a --interval 60", "Say how long that would last."),
    (
        "wattui arm /dev/ttyUSB0 --fields w,v,a --interval 60 --erase-memory",
        "Start it: the memory is emptied, and fills with a record a minute.",
    ),
    ("wattui fetch /dev/ttyUSB0", "Read it out, afterwards."),
)


@command("arm", examples=_EXAMPLES)
@click.argument("port", metavar="PORT")
@click.option(
    "--fields", type=fields_option, metavar="W,V,...",
    help="Fields to log, as in w,v,a, or all; fewer fields last longer. As they are, otherwise.",
)  # fmt: skip
@click.option(
    "--interval", type=click.IntRange(1, MAX_INTERVAL), metavar="SECONDS",
    help="Time between two records. As it is, otherwise.",
)  # fmt: skip
@handling_option
@erase_option
def arm(
    port: str, fields: tuple[bool, ...] | None, interval: int | None,
    full_handling: FullHandling | None, erase_memory: bool,
) -> None:  # fmt: skip
    """Prepare the meter on PORT for the field: it logs into its own memory, without a computer.

    Says how long the memory will last. The memory is emptied for it: without
    --erase-memory it only says what would be, and what would be lost.
    """
    from wattui.meter_memory.settings import apply, check
    from wattui.meter_memory.state import read_memory_state
    from wattui.meter_memory.wording import fields_text

    with asked(port) as client:
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
            raise SettingNotTaken(
                "The meter was told to log into its memory, and does not", "Try again."
            )
        state = read_memory_state(client)
        _tell(port, state, _plan(changes, state), changes.interval)


def _changes(
    state: MemoryState,
    fields: tuple[bool, ...] | None,
    interval: int | None,
    handling: FullHandling | None,
) -> Changes:
    """Give what is to be written: what was not named stays as it is."""
    from wattui.meter_memory.settings import Changes

    if handling is None:
        handling = FullHandling.STOP if state.full_handling is None else state.full_handling
    if handling is FullHandling.CONDENSE:
        if interval not in (None, 1):
            raise click.UsageError(
                "Under condensing logging starts at 1 s: leave out --interval, or choose another "
                "--full-handling."
            )
        interval = 1
    return Changes(
        interval=interval or min(max(state.interval, 1), MAX_INTERVAL),
        full_handling=handling,
        fields=fields,
        start_internal=True,
    )


def _chosen(changes: Changes, state: MemoryState) -> tuple[bool, ...]:
    """Give the fields that will be logged; an older meter has fewer."""
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


def _tell(port: str, state: MemoryState, plan: Endurance, interval: int | None) -> None:
    """Say what was started, how long it will last, and how to read it out."""
    from wattui.meter_memory.wording import fields_text

    pace = _pace(plan.handling, interval)
    click.echo(f"The meter logs {fields_text(state.fields)} into its memory, {pace}.")
    click.echo(plan.text)
    if plan.seconds is not None and plan.handling is FullHandling.STOP:
        end = datetime.now() + timedelta(seconds=plan.seconds)
        click.echo(f"It is full on {end:%Y-%m-%d at %H:%M}, if the meter keeps its power.")
    click.echo("It can be unplugged from the computer now, and goes on when power comes back.")
    click.echo(f"To read it out later: {printable(fetch_line(port))}")
    click.echo("Recording it live, in the window or by wattui log, ends its own logging.")
