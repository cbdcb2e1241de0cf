# SPDX-License-Identifier: GPL-3.0-or-later
"""Show or change the settings of the meter on PORT."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from wattui.cli.erase_consent import connected_meter, erase_option, memory_state, refuse_to_erase
from wattui.cli.exits import say
from wattui.cli.file_options import File, PortName, Use
from wattui.cli.help import command
from wattui.cli.options import json_option, logging_options, setting_options
from wattui.cli.settings_json import Wanted, changes_to, read_wanted, settings_json
from wattui.errors import SettingOutOfRange, WouldEraseMemory
from wattui.measurement.text import count_text, duration_text, printable
from wattui.protocol import LoggingMode

if TYPE_CHECKING:
    from wattui.client import MeterClient
    from wattui.meter_memory.settings import Settings
    from wattui.meter_memory.state import MemoryState
    from wattui.protocol import Calibration

_EXAMPLES = (
    ("wattui config /dev/ttyUSB0", "Show the state of the memory and all settings."),
    ("wattui config /dev/ttyUSB0 --rate 0.12 --currency euro", "Set the price of a kWh."),
    (
        "wattui config /dev/ttyUSB0 --interval 10 --fields w,v,a --erase-memory",
        "Change settings that erase the memory.",
    ),
    ("wattui config /dev/ttyUSB0 --json > meter.json", "Save all settings in a file."),
    ("wattui config /dev/ttyUSB1 --apply meter.json", "Apply them to another meter."),
)

#: Calibration factors on a line.
_FACTORS: Final = 8

#: Options that are settings, and those that are parts of the network address or the posting.
_SETTINGS: Final = (
    *("interval", "full_handling", "fields", "rate_mils", "threshold", "euro", "logging"),
)
_NETWORK: Final = ("ip", "gateway", "dns1", "dns2", "netmask", "dhcp")
_POST: Final = {
    "post_host": "host",
    "post_port": "port",
    "post_file": "file",
    "user_agent": "user_agent",
    "post_interval": "interval",
}
_ACTIONS: Final = ("save_network", "reset_network", "restart", "start_posting")


@command("config", examples=_EXAMPLES)
@click.argument("port", type=PortName(), metavar="PORT")
@logging_options(" †")
@setting_options
@json_option("Print all settings as JSON.")
@click.option(
    "--apply", "file", type=File(Use.READ), metavar="FILE.json",
    help="Apply the settings in a file made by --json, except for logging, which --logging "
    "starts or stops. Options take precedence.",
)  # fmt: skip
@erase_option
def config(
    port: str, as_json: bool, file: Path | None, erase_memory: bool, **options: Any
) -> None:  # fmt: skip
    """Show or change the settings of the meter on PORT.

    Without options, the state of the memory and all settings are shown. With options,
    settings that differ are written, read back and compared. Changing a setting marked †
    erases the meter's memory: without --erase-memory it is refused, and nothing is
    written.
    """
    from wattui.meter_memory.settings import read_calibration, read_settings

    wanted = _wanted(options, file)
    actions = {name for name in _ACTIONS if options[name]}
    if "reset_network" in actions and ("network" in wanted or "post" in wanted):
        raise click.UsageError("Use --reset-network without other network settings.")
    with connected_meter(port) as client:
        _require_network(client, actions)
        before = read_settings(client)
        if wanted:
            _write(client, wanted, before, port, erase=erase_memory)
        _act(client, actions)
        if wanted or actions:
            after = read_settings(client)
            if not as_json:
                _print_changes(client, before, after)
                return
            before = after
        state, calibration = memory_state(client), read_calibration(client)
        if as_json:
            click.echo(json.dumps(settings_json(client, before, state, calibration), indent=2))
        else:
            _show(client, before, state, calibration)


# -- what to write -----------------------------------------------------------------


def _wanted(options: dict[str, Any], file: Path | None) -> Wanted:
    """Return the settings to write; options take precedence over the file."""
    wanted = {} if file is None else read_wanted(file)
    # Starting or stopping to log is not a setting to copy from one meter to another.
    if wanted.pop("logging", None) is not None and options["logging"] is None:
        say("Logging is left as it is; give --logging to change it.")
    wanted |= {name: options[name] for name in _SETTINGS if options[name] is not None}
    network = {name: options[name] for name in _NETWORK if options[name] is not None}
    post = {to: options[name] for name, to in _POST.items() if options[name] is not None}
    for name, parts in (("network", network), ("post", post)):
        if parts:
            wanted[name] = wanted.get(name, {}) | parts
    return wanted


# -- writing -----------------------------------------------------------------------


def _write(
    client: MeterClient, wanted: Wanted, before: Settings, port: str, *, erase: bool
) -> None:
    """Write settings that differ; first refuse those that erase the memory without consent."""
    from wattui.meter_memory.logging_modes import start_external_logging, stop_logging
    from wattui.meter_memory.settings import apply

    changes = changes_to(wanted, before)
    try:
        apply(client, changes, erase=erase)
    except WouldEraseMemory as error:
        raise refuse_to_erase(error.what, port, client, memory_state(client)) from None
    if wanted.get("logging") is LoggingMode.STOPPED:
        stop_logging(client)
    elif wanted.get("logging") is LoggingMode.EXTERNAL:
        start_external_logging(client)


def _require_network(client: MeterClient, actions: set[str]) -> None:
    version = client.version
    if actions & {"save_network", "reset_network", "start_posting"} and not (
        version and version.has_network
    ):
        raise SettingOutOfRange("This meter has no network", "Only a .NET has a network.")


def _act(client: MeterClient, actions: set[str]) -> None:
    from wattui.meter_memory.logging_modes import (
        reset_network,
        restart,
        save_network,
        start_posting,
    )

    if "reset_network" in actions:
        reset_network(client)
        say("The network settings were reset to the factory defaults.")
    if "save_network" in actions:
        save_network(client)
        say("The network settings were saved.")
    if "restart" in actions:
        restart(client)
        say("The meter was restarted.")
    if "start_posting" in actions:
        start_posting(client)
        say("The meter posts its records from now on.")


# -- showing -----------------------------------------------------------------------


def _setting_rows(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield the settings that can be written: name and value."""
    from wattui.meter_memory.wording import HANDLING_SENTENCES, MODE_SENTENCES, fields_text

    if settings.logging is not None:
        yield "Logging", MODE_SENTENCES[settings.logging.mode]
        yield "Interval", f"{settings.logging.interval} s"
    handling = settings.full_handling
    if handling is not None:
        yield "Full handling", f"{handling.name.lower()}. {HANDLING_SENTENCES[handling]}"
    if settings.fields is not None:
        yield "Fields", fields_text(settings.fields)
    if settings.record_limit is not None:
        yield "Records that fit", f"{settings.record_limit:,}"
    user = settings.user
    if user is not None:
        yield "Rate", f"{user.rate_mils / 1000:.3f} {'euro' if user.euro else 'dollar'} per kWh"
        yield "Duty-cycle threshold", f"{user.threshold} W"
    if settings.network is not None:
        one = settings.network
        yield "Address", f"{one.ip}, mask {one.netmask}, {'' if one.dhcp else 'no '}DHCP"
        yield "Gateway", one.gateway
        yield "Name servers", f"{one.dns1}, {one.dns2}"
    if settings.post is not None:
        post = settings.post
        yield "Posting to", f"{post.host}:{post.port}{post.file}, every {post.interval} s"
        yield "User agent", post.user_agent


def _show(
    client: MeterClient,
    settings: Settings,
    state: MemoryState | None,
    calibration: Calibration | None,
) -> None:
    """Print the state of the memory and all settings."""
    from wattui.meter_memory.wording import left_text, span_text, used_text

    info, version = client.info, settings.version
    rows = [("Meter", info.label), ("Port", info.port), ("Firmware", info.firmware or "unknown")]
    if version is not None:
        rows.append(("Firmware date", version.built_text))
        rows.append(("Hardware", "{}.{}".format(*version.hardware)))
    if settings.network is not None:
        rows.append(("MAC", settings.network.mac))
    if state is not None:
        rows.append(("Memory", used_text(state)))
        rows.append(("Covers", span_text(state, client.clock.time())))
        rows.append(("Time until full", left_text(state)))
    rows.extend(_setting_rows(settings))
    if calibration is not None:
        rows.extend(_calibration_rows(calibration.factors))
    width = max(len(name) for name, _ in rows)
    for name, text in rows:
        click.echo(f"{name:<{width}}  {printable(text)}".rstrip())


def _calibration_rows(factors: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the calibration factors, a few of them per line."""
    yield "Calibration", count_text(len(factors), "factor")
    width = max(map(len, factors), default=0)
    for start in range(0, len(factors), _FACTORS):
        line = factors[start : start + _FACTORS]
        yield "", "  ".join(f"{one:>{width}}" for one in line)


def _print_changes(client: MeterClient, before: Settings, after: Settings) -> None:
    """Print the settings that changed."""
    old, new = dict(_setting_rows(before)), dict(_setting_rows(after))
    changed = [name for name in new if new[name] != old.get(name)]
    for name in changed:
        click.echo(f"{name}: {printable(new[name])} (was: {printable(old.get(name, 'unknown'))})")
    if not changed:
        say(f"{printable(client.info.label)}: no setting differs; nothing was written.")
    limit, logging = after.record_limit, after.logging
    if limit is not None and logging is not None and "Records that fit" in changed:
        span = duration_text(limit * logging.interval, long=True)
        click.echo(f"With one record every {logging.interval} s, they cover {span}.")
