# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that several commands share, and parsers for their values."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from wattui.cli.file_options import File, Use, force_option
from wattui.errors import SettingOutOfRange
from wattui.measurement.clock import microseconds
from wattui.measurement.moment import Moment, parse_moment
from wattui.measurement.planned_end import parse_end_time, parse_energy
from wattui.measurement.text import parse_duration, parse_zone
from wattui.protocol import FullHandling, LoggingMode
from wattui.protocol.commands import MAX_INTERVAL, MAX_RATE_MILS, MAX_THRESHOLD

if TYPE_CHECKING:
    from wattui.desktop.alert_command import AlertCommand
    from wattui.measurement.alerts import AlertRule

_Value = TypeVar("_Value")

NEW_FILE: Final = File(Use.CREATE)
Decorator = Callable[[Any], Any]


def together(*options: Decorator) -> Decorator:
    """Return one decorator for several options, shown in this order in the help."""

    def decorate(function: Any) -> Any:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def duration(text: str) -> float:
    """Return the seconds of an option's value: for ``type=`` of an option."""
    try:
        return parse_duration(text)
    except ValueError as error:
        raise click.BadParameter(
            f"{error}. Write seconds (90), or 90s, 5m, 8h, 2d, 1h30m."
        ) from None


def interval(text: str) -> int:
    """Return the whole seconds between two records: for ``type=`` of an option."""
    try:
        seconds = parse_duration(text)
    except ValueError:
        seconds = 0.0
    if seconds != int(seconds) or not 1 <= seconds <= MAX_INTERVAL:
        raise click.BadParameter(
            f"{text!r} is not a valid interval. Write whole seconds from 1 s to "
            f"{MAX_INTERVAL} s, such as 1, 10s or 5m."
        )
    return int(seconds)


# -- times within a session: 12:30, a date, 1h30m, -10m -----------------------------


def moment(text: str) -> Moment:
    """Return the time of an option's value: for ``type=`` of an option."""
    try:
        return parse_moment(text)
    except (ValueError, OverflowError, OSError):
        raise click.BadParameter(
            f"{text!r} is not a valid time. Write a time of day (12:30), a date and time "
            "(2026-02-03T12:30), a time since the start (1h30m) or before the end (-10m)."
        ) from None


#: Which part of a session, and which of its meters.
part_options: Final = together(
    click.option(
        "--from", "start", type=moment, metavar="TIME",
        help="Where to start: a time of day (12:30), a date and time (2026-02-03T12:30), a time "
        "since the session's start (1h30m) or before its end (-10m).",
    ),
    click.option(
        "--to", "stop", type=moment, metavar="TIME",
        help="Where to stop, in the same form as --from.",
    ),
    click.option(
        "--span", "span_name", metavar="NAME",
        help="The part that was given this name, instead of --from and --to.",
    ),
    click.option(
        "--meter", "meters", multiple=True, metavar="METER",
        help="Only this meter: its number in the session (1, 2, ...), its name, serial number or "
        "port. Can be given several times.",
    ),
)  # fmt: skip


# -- what an old file does not contain ---------------------------------------------


damage_options: Final = together(
    click.option(
        "--strict", is_flag=True,
        help="Refuse a damaged session (exit code 6) instead of leaving out what is damaged.",
    ),
    click.option(
        "--keep-damaged", "keep_changed", is_flag=True,
        help="Include samples that have changed since they were recorded.",
    ),
)  # fmt: skip


def time_zone(text: str) -> tzinfo:
    """Return the time zone of an option's value: for ``type=`` of an option."""
    try:
        return parse_zone(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _date(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is not a date and time. Write 2016-11-09 13:24:18."
        ) from None


def start_time(start: datetime | None, zone: tzinfo | None) -> int | None:
    """Return the value of ``--start`` in microseconds UTC; without a zone it is in the file's."""
    if start is None:
        return None
    if start.tzinfo is None and zone is not None:
        start = start.replace(tzinfo=zone)
    try:
        return microseconds(start.timestamp())
    except (OverflowError, OSError, ValueError) as error:
        raise click.BadParameter(f"{start} is out of range.", param_hint="--start") from error


#: Time between two records of a file without times.
file_interval_option: Final = click.option(
    *("-i", "--interval"), type=duration, metavar="TIME",
    help="Time between two records, if the file does not contain it. By default it is taken from "
    "the times in the file, or else is 1 s.",
)  # fmt: skip

#: What to assume about a file of another program.
assumption_options: Final = together(
    file_interval_option,
    click.option(
        "--start", type=_date, metavar="TIME",
        help="When the recording started, if the file has no date. By default the recording ends "
        "when the file was last written.",
    ),
    click.option(
        "--zone", type=time_zone, metavar="ZONE",
        help="Time zone of local times, such as Europe/Berlin, UTC or +01:00. By default it is "
        "the zone of this computer.",
    ),
)  # fmt: skip


# -- what is written and printed ---------------------------------------------------

#: Kinds of CSV.
CSV_DIALECTS: Final = ("standard", "spreadsheet", "spreadsheet-point")

dialect_option: Final = click.option(
    "--dialect", type=click.Choice(CSV_DIALECTS), default="standard", show_default=True,
    help="Kind of CSV: spreadsheet has semicolons, decimal commas and times that spreadsheets "
    "recognise; spreadsheet-point has commas, decimal points and such times.",
)  # fmt: skip


def csv_options(when: str) -> Decorator:
    """Return the options for a CSV file in addition to the session; *when*: a sentence or two."""
    return together(
        click.option(
            *("-o", "--output"), type=File(Use.WRITE), metavar="FILE.csv",
            help=f"Also write a CSV file{when} Use - for standard output.",
        ),
        force_option,
        dialect_option,
    )  # fmt: skip


#: Those of a recording.
recorded_csv_options: Final = csv_options(
    " at the end. The session has every sample even if the program is killed first; `wattui "
    "export` then writes the CSV file."
)


def session_option(text: str, kind: File = NEW_FILE) -> Decorator:
    """Return the option for the path of the session to write, by default a new one."""
    return click.option("--session", type=kind, metavar="FILE.wattui", help=text)


new_session_option: Final = session_option(
    "Path of the new session, which must not exist. By default it goes into the data folder, "
    "named by time and meter."
)

#: How `wattui log` and `wattui replay` show samples.
line_options: Final = together(
    click.option("--json", is_flag=True, help="Print one JSON object per line and sample."),
    click.option("--plain", is_flag=True, help="Print one line per sample, even in a terminal."),
)


def quiet_option(text: str = "Print only errors and the path of the session.") -> Decorator:
    """Return the option that prints less."""
    return click.option("-q", "--quiet", is_flag=True, help=text)


def json_option(text: str) -> Decorator:
    """Return the option to print JSON for another program."""
    return click.option("--json", "as_json", is_flag=True, help=text)


# -- recording ---------------------------------------------------------------------

#: Time between two records.
interval_option: Final = click.option(
    *("-i", "--interval"), type=interval, default="1s", show_default=True, metavar="TIME",
    help="Time between two records: seconds, or 10s, 1m.",
)  # fmt: skip


def folder_option(text: str) -> Decorator:
    """Return the option for the folder of new sessions."""
    return click.option("--output-dir", "folder", type=File(Use.FOLDER), metavar="DIR", help=text)


def rotation_option(text: str) -> Decorator:
    """Return the option for when a new session begins."""
    return click.option("--rotate", "rotation", type=_rotation, metavar="WHEN", help=text)


def _rotation(text: str) -> Any:
    from wattui.session.rotation import Rotation

    try:
        return Rotation.parse(text)
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from error


# -- when a recording ends, and alerts ----------------------------------------------


def _end_time(text: str) -> int:
    try:
        return parse_end_time(text, microseconds(time.time()))
    except ValueError as error:
        raise click.BadParameter(f"{error}, or 2026-02-03T18:30.") from error


def _energy(text: str) -> float:
    try:
        return parse_energy(text)
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from error


def _alert(text: str) -> AlertRule:
    from wattui.measurement.alerts import parse_alert

    try:
        return parse_alert(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


#: When a recording ends, besides its duration; the first of all ends it.
end_options: Final = together(
    click.option(
        "--until", type=_end_time, metavar="TIME",
        help="When to end: the next 18:30, or a date and time (2026-02-03T18:30).",
    ),
    click.option(
        "--energy", type=_energy, metavar="ENERGY",
        help="At which energy of all meters to end, such as 500Wh, 1.5kWh or 2MJ.",
    ),
)  # fmt: skip

#: Alerts, and what is done then.
alert_options: Final = together(
    click.option(
        "--alert", "alerts", type=_alert, multiple=True, metavar="CONDITION",
        help="Report and mark when a value stays beyond a threshold: 'power > 100 for 10s', "
        "'voltage below 110', 'total power > 1.5 kW', 'power of Fridge < 2 W for 1h'. Can be "
        "given several times.",
    ),
    click.option(
        "--on-alert", "on_alert", metavar="COMMAND",
        help="Run this command, without a shell, whenever an alert is raised.",
    ),
    click.option(
        "--alert-shell", is_flag=True, help="Let a shell run the command of --on-alert.",
    ),
)  # fmt: skip


def alert_command(
    alerts: tuple[AlertRule, ...], line: str | None, *, shell: bool
) -> AlertCommand | None:
    """Return the command of ``--on-alert``; None if there is none."""
    if line is None and shell:
        raise click.UsageError("--alert-shell needs --on-alert.")
    if line is None:
        return None
    if not alerts:
        raise click.UsageError("--on-alert needs --alert.")
    from wattui.desktop.alert_command import AlertCommand

    try:
        command = AlertCommand(line, shell=shell)
        if problem := command.problem():
            raise ValueError(problem)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--on-alert") from error
    return command


# -- settings of a meter -----------------------------------------------------------


def _checked(parse: Callable[[str], _Value]) -> Callable[[str], _Value]:
    """Return a parser whose refusals are errors of the option."""

    def value(text: str) -> _Value:
        try:
            return parse(text)
        except SettingOutOfRange as error:
            raise click.BadParameter(str(error)) from error

    return value


def _parse_fields(text: str) -> tuple[bool, ...]:
    from wattui.meter_memory.wording import parse_fields

    return parse_fields(text)


def parse_rate(text: str) -> int:
    """Return a price per kWh in the meter's thousandths.

    Raises
    ------
    SettingOutOfRange
        The meter does not accept it; the hint gives the range.
    """
    try:
        mils = Decimal(text) * 1000
    except ArithmeticError:
        mils = Decimal(-1)
    if not mils.is_finite() or not 0 <= mils <= MAX_RATE_MILS or mils != int(mils):
        raise SettingOutOfRange(
            f"A price of {text} per kWh is out of the meter's range",
            f"Choose a value from 0 to {MAX_RATE_MILS / 1000:g}, in steps of 0.001.",
        )
    return int(mils)


def _setting(name: str, text: str, **options: Any) -> Decorator:
    return click.option(*name.split(), help=text, **options)


def logging_options(mark: str = "") -> Decorator:
    """Return the options for what a meter logs into its memory; *mark* ends their help."""
    return together(
        _setting(
            "--fields", f"Fields to log into the memory, such as w,v,a, or all.{mark}",
            type=_checked(_parse_fields), metavar="W,V,...",
        ),
        _setting(
            "--interval", f"Time between two records: seconds, or 10s, 1m.{mark}", type=interval,
            metavar="TIME",
        ),
        _setting(
            "--full-handling",
            "What to do when the memory is full: stop logging; overwrite the oldest records; or "
            "condense, which starts at 1 s, drops every other record and doubles the interval."
            + mark,
            type=click.Choice(FullHandling, case_sensitive=False),
        ),
    )  # fmt: skip


#: Everything else that `wattui config` sets.
setting_options: Final = together(
    _setting(
        "--logging", "Log into the memory (internal †), over the wire (external), or not at all.",
        type=click.Choice(LoggingMode, case_sensitive=False),
    ),
    _setting(
        "--rate rate_mils", "Price of one kWh, from 0 to 65.5.",
        type=_checked(parse_rate), metavar="MONEY",
    ),
    _setting(
        "--threshold", "Power above which a load counts as on, for the duty cycle.",
        type=click.IntRange(0, MAX_THRESHOLD), metavar="WATTS",
    ),
    _setting(
        "--currency euro", "Currency of the price.", type=click.Choice(("dollar", "euro")),
        callback=lambda _ctx, _option, name: None if name is None else name == "euro",
    ),
    _setting("--ip", "IP address (.NET).", metavar="ADDRESS"),
    _setting("--gateway", "Gateway (.NET).", metavar="ADDRESS"),
    _setting("--dns1", "First name server (.NET).", metavar="ADDRESS"),
    _setting("--dns2", "Second name server (.NET).", metavar="ADDRESS"),
    _setting("--netmask", "Network mask (.NET).", metavar="MASK"),
    _setting("--dhcp/--no-dhcp", "Get the addresses by DHCP (.NET).", default=None),
    _setting("--post-host", "Host to post records to (.NET).", metavar="HOST"),
    _setting("--post-port", "Port on that host (.NET).", type=click.IntRange(1, 65535)),
    _setting("--post-file", "Path on that host (.NET).", metavar="PATH"),
    _setting("--user-agent", "User agent to post with (.NET).", metavar="TEXT"),
    _setting(
        "--post-interval", "Time between two posts (.NET).", type=interval, metavar="TIME"
    ),
    _setting("--save-network", "Save the network settings, which puts them into effect (.NET).",
             is_flag=True),
    _setting("--reset-network", "Reset the network settings to the factory defaults (.NET).",
             is_flag=True),
    _setting("--start-posting", "Start posting records over the network, for `wattui listen`; the "
             "memory keeps its records (.NET).", is_flag=True),
    _setting("--restart", "Restart the meter, which keeps its settings.", is_flag=True),
)  # fmt: skip


# -- where samples go besides the session ---------------------------------------------


def _target(*schemes: str) -> Callable[[str], str]:
    """Return the check of a URL: for ``type=`` of an option."""

    def check(text: str) -> str:
        from wattui.forwarding import open_target

        if text.partition(":")[0].lower() not in schemes:
            raise click.BadParameter(f"{text!r} does not begin with {' or '.join(schemes)}://.")
        open_target(text)
        return text

    return check


#: Databases and brokers that get every sample.
forward_options: Final = together(
    click.option(
        "--influx", type=_target("http", "https"), multiple=True, metavar="URL",
        help="Send samples to InfluxDB, VictoriaMetrics, QuestDB or Telegraf: "
        "http://HOST:8086/?db=NAME, or ?org=NAME&bucket=NAME.",
    ),
    click.option(
        "--mqtt", type=_target("mqtt", "mqtts"), multiple=True, metavar="URL",
        help="Send samples to a broker, where Home Assistant finds them: mqtt://USER@HOST/TOPIC.",
    ),
    click.option(
        "--postgres", type=_target("postgresql", "postgres"), multiple=True, metavar="URL",
        help="Send samples to a table of PostgreSQL: postgresql://USER@HOST/DATABASE.",
    ),
    click.option(
        "--prometheus", metavar="[HOST]:NUMBER",
        help="Serve the readings to Prometheus, such as at :9464; to this machine only, unless "
        "HOST is given.",
    ),
)  # fmt: skip
