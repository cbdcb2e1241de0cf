# SPDX-License-Identifier: GPL-3.0-or-later
"""Record .NET meters that post their records over the network."""

from __future__ import annotations

from typing import Any

import click

from wattui.cli.exits import say
from wattui.cli.help import command
from wattui.cli.options import interval
from wattui.cli.recording.recording_options import Ports, options_from, recording_options
from wattui.cli.recording.recording_run import record
from wattui.errors import PortUnknown
from wattui.ports.listen_url import DEFAULT_PORT, AddressRange, parse_listen_url, parse_network
from wattui.protocol.posts import SERIAL_NUMBER

_EXAMPLES = (
    ("wattui listen --bind 0.0.0.0", "Record every .NET of the private network that posts here."),
    (
        "wattui listen --bind 192.168.1.7 --allow 192.168.1.0/24 --meter 1234",
        "Record one meter; only its network may post.",
    ),
    (
        "wattui listen --bind 0.0.0.0 --relay 1234=off -d 5m",
        "Switch the load of a meter off, and record for five minutes.",
    ),
    (
        "wattui simulate 'sim://net?post=127.0.0.1:8080'",
        "A simulated meter that posts to `wattui listen` on this machine.",
    ),
)


def _network(text: str) -> AddressRange:
    try:
        return parse_network(text)
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from error


def _relay(text: str) -> tuple[str, bool]:
    serial_number, _, state = text.partition("=")
    if not SERIAL_NUMBER.fullmatch(serial_number) or state not in ("on", "off"):
        raise click.BadParameter(f"{text!r} is not SERIAL=on or SERIAL=off.")
    return serial_number, state == "off"


def _meter(text: str) -> str:
    if not SERIAL_NUMBER.fullmatch(text):
        raise click.BadParameter(f"{text!r} is not a serial number.")
    return text


@command("listen", examples=_EXAMPLES)
@click.option(
    "--port", type=click.IntRange(1, 65_535), default=DEFAULT_PORT, show_default=True,
    metavar="NUMBER", help="Port to receive posts at. It must be set in the meters too.",
)  # fmt: skip
@click.option(
    "--bind", "host", default="127.0.0.1", show_default=True, metavar="ADDRESS",
    help="Address of this machine to receive posts at; 0.0.0.0 for all. By default only this "
    "machine itself can post.",
)  # fmt: skip
@click.option(
    "--allow", "allowed", type=_network, multiple=True, metavar="NETWORK",
    help="Only accept posts from this address or network, such as 192.168.1.0/24. Can be given "
    "several times. By default private networks may post.",
)  # fmt: skip
@click.option(
    "--meter", "meters", type=_meter, multiple=True, metavar="SERIAL",
    help="Only record this meter. Can be given several times.",
)  # fmt: skip
@click.option(
    "--relay", "relays", type=_relay, multiple=True, metavar="SERIAL=on|off",
    help="Switch the load of this meter on or off. Fails if the meter does not confirm it. Can "
    "be given several times.",
)  # fmt: skip
@click.option(
    *("-i", "--interval"), type=interval, metavar="TIME",
    help="Make the meters post this often: seconds, or 10s, 1m. By default they post as they are "
    "set.",
)  # fmt: skip
@recording_options
def listen(
    port: int, host: str, allowed: tuple[AddressRange, ...], meters: tuple[str, ...],
    relays: tuple[tuple[str, bool], ...], interval: int | None, **values: Any,
) -> int:  # fmt: skip
    """Record .NET meters that post their records over the network.

    A .NET sends its records to a web server by itself, without a computer beside it. Set the
    address of this machine in it once, by USB: `wattui config PORT --post-host ADDRESS
    --post-port 8080 --save-network --start-posting`.

    Each meter that posts is recorded into the session, by its serial number, and times are
    those of arrival. Posts that are missing are gaps. In a terminal, r switches a load, after a
    question. Everything else is as in `wattui log`; `wattui log listen://ADDRESS:PORT` is the
    same.
    """
    query = [f"allow={one}" for one in allowed]
    if interval is not None:
        query.append(f"interval={interval}")
    address = f"[{host}]" if ":" in host else host
    options = "?" + "&".join(query) if query else ""
    urls = [f"listen://{address}:{port}/{one}{options}" for one in meters or ("",)]
    try:
        where = parse_listen_url(urls[0])
    except PortUnknown as error:
        raise click.UsageError(str(error)) from None
    if not values["quiet"]:
        networks = ", ".join(map(str, where.allowed)) if allowed else "private networks"
        say(f"Waiting for posts to {where.host}, port {port}, from {networks}.")
    return record(options_from(Ports(urls, relays=dict(relays)), values))
