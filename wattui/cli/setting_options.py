# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that name settings of a meter, read from what is typed."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import click

from wattui.errors import SettingOutOfRange
from wattui.protocol import FullHandling
from wattui.protocol.commands import MAX_RATE_MILS

#: Names of the handlings of a full memory.
HANDLINGS: Final = {handling.name.lower(): handling for handling in FullHandling}

_MILS: Final = 1000


def fields_option(text: str) -> tuple[bool, ...]:
    """Give a choice of fields, for ``type=`` of an option."""
    from wattui.memory_words import parse_fields

    try:
        return parse_fields(text)
    except SettingOutOfRange as error:
        raise click.BadParameter(str(error)) from error


def parse_rate(text: str) -> int:
    """Give a rate per kWh in the meter's thousandths.

    Raises
    ------
    SettingOutOfRange
        The meter does not take it; the range is named.
    """
    try:
        mils = Decimal(text) * _MILS
    except InvalidOperation:
        mils = Decimal(-1)
    if not mils.is_finite() or not 0 <= mils <= MAX_RATE_MILS or mils != int(mils):
        raise SettingOutOfRange(
            f"A rate of {text} per kWh is outside of what the meter takes",
            f"Choose a value from 0 to {MAX_RATE_MILS / _MILS:g}, in steps of 0.001.",
        )
    return int(mils)


def rate_option(text: str) -> int:
    """Give a rate in mils, for ``type=`` of an option."""
    try:
        return parse_rate(text)
    except SettingOutOfRange as error:
        raise click.BadParameter(str(error)) from error


def _handling(_ctx: click.Context, _param: click.Parameter, name: str | None) -> Any:
    return None if name is None else HANDLINGS[name]


#: What the meter does when its memory is full.
handling_option: Callable[[Any], Any] = click.option(
    "--full-handling", type=click.Choice(tuple(HANDLINGS)), callback=_handling,
    help="What happens when the memory is full: stop; overwrite the oldest records; condense "
    "(start at 1 s, drop every other record and double the interval each time it is full).",
)  # fmt: skip
