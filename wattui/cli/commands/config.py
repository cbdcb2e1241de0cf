# SPDX-License-Identifier: GPL-3.0-or-later
"""Show or change the settings of the meter on PORT."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from wattui.cli.erase_consent import connected_meter, erase_option, memory_state, refuse_to_erase
from wattui.cli.exits import printable, say
from wattui.cli.help import command
from wattui.cli.options import json_option, logging_options, setting_options
from wattui.cli.settings_json import Wanted, read_wanted, settings_json
from wattui.errors import SettingOutOfRange, WouldEraseMemory
from wattui.measurement.text import duration_text
from wattui.protocol import LoggingMode

if TYPE_CHECKING:
    from wattui.client import MeterClient
    from wattui.meter_memory.settings import Changes, Settings
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

_NETWORK: Final = ("ip", "gateway", "dns1", "dns2", "netmask", "dhcp")
_POST: Final = {
    "post_host": "host",
    "post_port": "port",
    "post_file": "file",
    "user_agent": "user_agent",
    "post_interval": "interval",
}


@dataclass(frozen=True)
class _Actions:
    """What else to do with the meter."""

    save_network: bool = False
    reset_network: bool = False
    restart: bool = False


@command("config", examples=_EXAMPLES)
@click.argument("port", metavar="PORT")
@logging_options(" †")
@setting_options
@json_option("Print all settings as JSON.")
@click.option(
    "--apply", "file", type=click.Path(path_type=Path), metavar="FILE.json",
    help="Apply the settings in a file made by --json. Options take precedence.",
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

    wanted, actions = _wanted(options, file), _actions(options)
    if actions.reset_network and (wanted.network or wanted.post):
        raise click.UsageError("Give --reset-network without other network settings.")
    with connected_meter(port) as client:
        _require_network(client, actions)
        before = read_settings(client)
        if wanted.any:
            _write(client, wanted, before, port, erase=erase_memory)
        _act(client, actions)
        if wanted.any or actions != _Actions():
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
    currency = options["currency"]
    typed = Wanted(
        interval=options["interval"],
        full_handling=options["full_handling"],
        fields=options["fields"],
        rate_mils=options["rate_mils"],
        threshold=options["threshold"],
        euro=None if currency is None else currency == "euro",
        logging=options["logging"],
        network={n: options[n] for n in _NETWORK if options[n] is not None} or None,
        post={to: options[n] for n, to in _POST.items() if options[n] is not None} or None,
    )
    if file is None:
        return typed
    read = read_wanted(file)
    merged = {
        one.name: _over(getattr(typed, one.name), getattr(read, one.name)) for one in fields(Wanted)
    }
    return Wanted(**merged)


def _over(first: Any, second: Any) -> Any:
    if isinstance(first, dict) and isinstance(second, dict):
        return second | first
    return second if first is None else first


def _actions(options: dict[str, Any]) -> _Actions:
    return _Actions(**{one.name: bool(options[one.name]) for one in fields(_Actions)})


# -- writing -----------------------------------------------------------------------


def _write(
    client: MeterClient, wanted: Wanted, before: Settings, port: str, *, erase: bool
) -> None:
    """Write settings that differ; first refuse those that erase the memory without consent."""
    from wattui.meter_memory.logging_modes import start_external_logging, stop_logging
    from wattui.meter_memory.settings import apply

    changes = _changes(wanted, before)
    try:
        apply(client, changes, erase=erase)
    except WouldEraseMemory as error:
        raise refuse_to_erase(error.what, port, client, memory_state(client)) from None
    if wanted.logging is LoggingMode.STOPPED:
        stop_logging(client)
    elif wanted.logging is LoggingMode.EXTERNAL:
        start_external_logging(client)


def _changes(wanted: Wanted, before: Settings) -> Changes:
    """Return the changes; starting internal logging needs an interval."""
    from wattui.meter_memory.settings import nearest_interval

    changes = wanted.changes(before)
    if changes.start_internal and changes.interval is None and before.logging is not None:
        return replace(changes, interval=nearest_interval(before.logging.interval))
    return changes


def _require_network(client: MeterClient, actions: _Actions) -> None:
    version = client.version
    if (actions.save_network or actions.reset_network) and not (version and version.has_network):
        raise SettingOutOfRange("This meter has no network", "Only a .NET has a network.")


def _act(client: MeterClient, actions: _Actions) -> None:
    from wattui.meter_memory.logging_modes import reset_network, restart, save_network

    if actions.reset_network:
        reset_network(client)
        say("The network settings were reset to the factory defaults.")
    if actions.save_network:
        save_network(client)
        say("The network settings were saved.")
    if actions.restart:
        restart(client)
        say("The meter was restarted.")


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
        rows.append(("Calibration", " ".join(calibration.factors)))
    width = max(len(name) for name, _ in rows)
    for name, text in rows:
        click.echo(f"{name:<{width}}  {printable(text)}".rstrip())


def _print_changes(client: MeterClient, before: Settings, after: Settings) -> None:
    """Print the settings that changed."""
    old, new = dict(_setting_rows(before)), dict(_setting_rows(after))
    changed = [name for name in new if new[name] != old.get(name)]
    for name in changed:
        click.echo(f"{name}: {printable(new[name])} (was: {printable(old.get(name, 'unknown'))})")
    if not changed:
        say(f"{printable(client.info.label)}: nothing differs, so nothing was written.")
    limit, logging = after.record_limit, after.logging
    if limit is not None and logging is not None and "Records that fit" in changed:
        span = duration_text(limit * logging.interval, long=True)
        click.echo(f"With one record every {logging.interval} s, they cover {span}.")
