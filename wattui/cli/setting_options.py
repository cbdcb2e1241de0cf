# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that name settings of a meter, read from what is typed."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import click

from wattui.errors import SettingOutOfRange
from wattui.protocol import FullHandling, LoggingMode
from wattui.protocol.commands import MAX_INTERVAL, MAX_RATE_MILS, MAX_THRESHOLD

#: Names of the handlings of a full memory.
HANDLINGS: Final = {handling.name.lower(): handling for handling in FullHandling}

_MILS: Final = 1000


def fields_option(text: str) -> tuple[bool, ...]:
    """Give a choice of fields, for ``type=`` of an option."""
    from wattui.meter_memory.wording import parse_fields

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


def _handling_option(mark: str) -> Callable[[Any], Any]:
    return click.option(
        "--full-handling", type=click.Choice(tuple(HANDLINGS)), callback=_handling,
        help="What happens when the memory is full: stop; overwrite the oldest records; condense "
        f"(start at 1 s, drop every other record and double the interval).{mark}",
    )  # fmt: skip


#: What the meter does when its memory is full.
handling_option: Final = _handling_option("")

_seconds: Final = click.IntRange(1, MAX_INTERVAL)
_switch: Final[dict[str, Any]] = {"is_flag": True, "default": False}

#: What `wattui config` sets.
SETTING_OPTIONS: Final[tuple[Callable[[Any], Any], ...]] = (
    click.option(
        *("--interval",),
        type=_seconds,
        metavar="SECONDS",
        help="Time between two records. †",
    ),
    _handling_option(" †"),
    click.option(
        *("--fields",),
        type=fields_option,
        metavar="W,V,...",
        help="Fields to log into the memory, as in w,v,a, or all. †",
    ),
    click.option(
        *("--logging",),
        type=click.Choice(tuple(m.name.lower() for m in LoggingMode)),
        help="Log into the memory (internal †), over the wire, or not at all.",
    ),
    click.option(
        *("--rate", "rate_mils"),
        type=rate_option,
        metavar="MONEY",
        help="Cost of a kWh, 0 to 65.5.",
    ),
    click.option(
        *("--threshold",),
        type=click.IntRange(0, MAX_THRESHOLD),
        metavar="WATTS",
        help="From which power on a load counts as on, for the duty cycle.",
    ),
    click.option(*("--currency",), type=click.Choice(("dollar", "euro")), help="Currency."),
    click.option("--ip", metavar="ADDRESS", help="Address (.NET)."),
    click.option("--gateway", metavar="ADDRESS", help="Gateway (.NET)."),
    click.option("--dns1", metavar="ADDRESS", help="First name server (.NET)."),
    click.option("--dns2", metavar="ADDRESS", help="Second name server (.NET)."),
    click.option("--netmask", metavar="MASK", help="Network mask (.NET)."),
    click.option(
        "--dhcp/--no-dhcp", default=None, help="Get the addresses from the network (.NET)."
    ),
    click.option("--post-host", metavar="HOST", help="Where records are posted to (.NET)."),
    click.option("--post-port", type=click.IntRange(1, 65535), help="Its port (.NET)."),
    click.option("--post-file", metavar="PATH", help="Its file (.NET)."),
    click.option("--user-agent", metavar="TEXT", help="What it is told to be (.NET)."),
    click.option("--post-interval", type=_seconds, help="Seconds between posts (.NET)."),
    click.option("--save-network", **_switch, help="Write the network's settings to memory."),
    click.option("--reset-network", **_switch, help="Set them to factory defaults."),
    click.option("--restart", **_switch, help="Restart the meter; it keeps its settings."),
)
