# SPDX-License-Identifier: GPL-3.0-or-later
"""``wattui replay``: a recording through the whole program, as if it were live."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from wattui.cli import exits
from wattui.cli.commands.export import CSV_DIALECTS, find_session
from wattui.cli.commands.import_command import moment, start_option, zone_option
from wattui.cli.help import command
from wattui.cli.span_options import duration_option
from wattui.errors import FormatError
from wattui.measurement.text import count_text, duration_text

if TYPE_CHECKING:
    from wattui.formats.replay_source import Recorded, ReplayPort

#: Seconds, really, that the last records have to reach the session.
_GRACE: Final = 0.5

_EXAMPLES: Final = (
    ("wattui replay run.wattui --speed 60", "An hour in a minute."),
    ("wattui replay wattsup.log --speed 3600 --quiet", "An old log, as fast as it goes."),
    ("wattui replay fan.raw --gui", "A raw capture in the window."),
)


@command("replay", examples=_EXAMPLES)
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option(
    "--speed", type=click.FloatRange(0.001, 1e6), default=1.0, show_default=True, metavar="N",
    help="How many times as fast as it was.",
)  # fmt: skip
@click.option(
    "--meter", "meters", multiple=True, metavar="METER",
    help="Only this meter: its number in the session (1, 2, ...) or its name. May be given "
    "several times.",
)  # fmt: skip
@click.option("--gui", is_flag=True, help="In the window, not in the terminal.")
@click.option(
    *("-i", "--interval"), type=duration_option, metavar="TIME",
    help="Time between two records, where the file does not tell it.",
)  # fmt: skip
@click.option("--start", type=start_option, metavar="MOMENT", help="As with `wattui import`.")
@click.option("--zone", type=zone_option, metavar="ZONE", help="As with `wattui import`.")
@click.option(
    *("-o", "--output"), type=click.Path(path_type=Path), metavar="FILE.csv",
    help="Write a CSV at the end.",
)  # fmt: skip
@click.option(
    "--dialect", type=click.Choice(CSV_DIALECTS), default="standard", show_default=True,
    help="Kind of CSV; spreadsheet has semicolons and decimal commas.",
)  # fmt: skip
@click.option(
    "--session", type=click.Path(path_type=Path), metavar="FILE.wattui",
    help="Name of the new session, which must not exist.",
)  # fmt: skip
@click.option("--json", is_flag=True, help="Print a JSON object a line and sample.")
@click.option("--plain", is_flag=True, help="Print a line a sample, in a terminal too.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors and the path.")
def replay(
    file: Path, speed: float, meters: Sequence[str], gui: bool, interval: float | None,
    start: datetime | None, zone: tzinfo | None, **options: Any,
) -> int:  # fmt: skip
    """Play a session, or an old FILE, through the whole program as if it were live.

    Each meter of the recording becomes a simulated one that sends its records at their
    own distances, gaps and all. They are recorded into a new session as `wattui log`
    does it; it ends with the last record, or by q or Ctrl-C. The clock starts at the present.
    """
    from wattui.formats.reading.source import Assumptions
    from wattui.formats.replay_source import prepare

    assumptions = Assumptions(interval, moment(start, zone), zone)
    with tempfile.TemporaryDirectory(prefix="wattui-replay-") as folder:
        recorded = prepare(find_session(file), speed, assumptions, Path(folder))
        ports = _chosen(recorded, file, meters)
        if gui:
            return _in_the_window(ports)
        if not options["quiet"]:
            for note in recorded.notes:
                exits.say(exits.printable(f"{note}."))
            samples = count_text(sum(port.samples for port in ports), "sample")
            exits.say(
                f"{samples} in {duration_text(recorded.duration)}, "
                f"replayed in {duration_text(recorded.duration / speed)}."
            )
        return _in_the_terminal(recorded, ports, options)


def _chosen(recorded: Recorded, file: Path, names: Sequence[str]) -> list[ReplayPort]:
    """Give the meters that were named; all that have samples where none was."""
    there = [port for port in recorded.ports if port.samples]
    if not there:
        raise FormatError(f"There is no record in {file}", "There is nothing to replay.")
    if not names:
        return there
    chosen = []
    for name in names:
        for number, port in enumerate(recorded.ports, 1):
            info = port.info
            if name in (str(number), info.name, info.label, info.serial_number, info.key):
                chosen.append(port)
                break
        else:
            listed = ", ".join(f"{n} {p.info.label}" for n, p in enumerate(recorded.ports, 1))
            raise click.UsageError(f"No meter {name!r} in {file}. There is: {listed}.")
    return chosen


def _in_the_window(ports: Sequence[ReplayPort]) -> int:
    from wattui.cli.commands.gui import _window

    app = _window()
    urls, names = [port.url for port in ports], [port.info.name for port in ports]
    status: Any = app.run(ports=urls, names=names)
    return status if isinstance(status, int) else 0


def _in_the_terminal(
    recorded: Recorded, ports: Sequence[ReplayPort], options: dict[str, Any]
) -> int:
    from wattui.cli.commands.log import Options, record

    return record(
        Options(
            tuple(port.url for port in ports),
            max(1, round(max(port.info.interval for port in ports))),
            csv=options["output"],
            dialect=options["dialect"],
            session=options["session"],
            quiet=options["quiet"],
            json=options["json"],
            plain=options["plain"],
            over=lambda: recorded.over_for(ports) > _GRACE,
        )
    )
