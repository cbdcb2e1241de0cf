# SPDX-License-Identifier: GPL-3.0-or-later
"""Export a session, or a part of it, as CSV or in another format."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Final

import click

from wattui.cli.file_options import File, SessionFile, Use, force_option
from wattui.cli.help import command
from wattui.cli.options import (
    damage_options,
    duration,
    part_options,
    quiet_option,
    time_zone,
)
from wattui.cli.session_files import export_format, export_session
from wattui.formats import all_formats
from wattui.formats.export_job import Dialect
from wattui.measurement.fields import FIELDS
from wattui.measurement.moment import Moment

#: Formats that can be written.
_FORMATS: Final = [name for name, form in all_formats().items() if form.is_written]

_EXAMPLES = (
    ("wattui export run.wattui -o run.csv", "Export the whole session."),
    ("wattui export run.wattui -o start.csv --to 10m", "Export its first ten minutes."),
    ("wattui export run.wattui -o end.csv --from -1h", "Export its last hour."),
    ("wattui export run.wattui -o power.csv --fields power", "Export the power alone."),
    ("wattui export run.wattui -o wide.csv --wide", "Write columns for each meter."),
    ("wattui export run.wattui -o old.log --format 2011-log", "Write a log like wattsup.py."),
    ("wattui export run.wattui -o noon.csv --from 11:30 --to 12:30", "Export an hour at noon."),
)


def field_names(text: str) -> tuple[str, ...]:
    """Return the fields of an option's value: for ``type=`` of an option."""
    if text.strip().lower() == "all":
        return tuple(field.name for field in FIELDS)
    names = []
    for word in text.lower().split(","):
        found = [f.name for f in FIELDS if word.strip() in (f.name, f.column, f.symbol.lower())]
        if not found:
            known = ", ".join(field.name for field in FIELDS)
            raise click.BadParameter(f"There is no field {word.strip()!r}. Fields are: {known}.")
        names.append(found[0])
    return tuple(dict.fromkeys(names))


@command("export", examples=_EXAMPLES)
@click.argument("session", type=SessionFile())
@click.option(
    *("-o", "--output"), type=File(Use.WRITE), required=True, metavar="FILE",
    help="The file to write; an existing one is replaced. Use - for standard output.",
)  # fmt: skip
@force_option
@part_options
@click.option(
    "--format", "form", type=click.Choice(_FORMATS), metavar="NAME",
    help=f"Format of the file: {', '.join(_FORMATS)}. By default the ending decides: .csv, .jsonl, "
    ".parquet, .xlsx, .log or .raw. Parquet and xlsx need the extra of that name.",
)  # fmt: skip
@click.option(
    "--dialect", type=click.Choice([one.value for one in Dialect]), default="standard",
    show_default=True, help="Variant of the format: spreadsheet (csv, wide-csv, maker) has "
    "decimal commas, and semicolons in CSV; spreadsheet-point (csv, wide-csv) has decimal points; "
    "both have times that spreadsheets recognise. labels is for c-client, and json for lab11.",
)  # fmt: skip
@click.option(
    "--zone", type=time_zone, metavar="ZONE",
    help="Time zone of the local times in a 2011-log, 2015-csv or ptdaemon, such as UTC. By "
    "default it is the zone of this computer.",
)  # fmt: skip
@click.option(
    "--wide", is_flag=True,
    help="Write one row per time with columns for each meter: short for --format wide-csv.",
)  # fmt: skip
@click.option(
    "--fields", type=field_names, metavar="FIELDS",
    help="Fields of a csv, wide-csv, parquet or xlsx, separated by commas, or all. By default all "
    "of them, but of a wide-csv a wide-csv power,voltage,current,power_factor,energy.",
)  # fmt: skip
@click.option(
    "--interval", type=duration, metavar="TIME",
    help="With --wide: time between two rows. By default the shortest interval of the meters.",
)  # fmt: skip
@damage_options
@quiet_option("Print only errors.")
def export(
    session: Path, output: Path, force: bool, start: Moment | None, stop: Moment | None,
    span_name: str | None, meters: Sequence[str], form: str | None, dialect: str,
    zone: tzinfo | None, wide: bool, fields: Sequence[str] | None, interval: float | None,
    strict: bool, keep_changed: bool, quiet: bool,
) -> None:  # fmt: skip
    """Export a session, or a part of it, as CSV or in another format.

    SESSION is a path, or a name from the list of `wattui sessions`. The file appears
    once it is complete. To read a CSV with pandas: read_csv(path, comment="#",
    parse_dates=["time"]). The session is compared with its checksums: what is damaged is
    reported and left out as a gap.
    """
    if wide and form not in (None, "wide-csv"):
        raise click.UsageError("--wide is short for --format wide-csv. Leave out one of them.")
    form = export_format(output, "wide-csv" if wide else form)
    if form != "wide-csv" and interval is not None:
        raise click.UsageError("--interval needs --wide.")
    if fields is not None and not all_formats()[form].chooses_fields:
        raise click.UsageError(f"The format {form} has fields of its own: leave out --fields.")
    export_session(
        session, output, form, start=start, stop=stop, span_name=span_name, meters=meters,
        dialect=dialect, zone=zone, fields=fields or (), interval=interval,
        force=force, quiet=quiet, strict=strict, keep_changed=keep_changed,
    )  # fmt: skip
