# SPDX-License-Identifier: GPL-3.0-or-later
"""Serve simulated meters on pseudo-terminals, for any serial program."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

import click

from wattui.cli import exits
from wattui.cli.file_options import File, PortName, Use
from wattui.cli.help import command
from wattui.cli.options import quiet_option
from wattui.cli.output import Output
from wattui.cli.stop_signals import Ending
from wattui.errors import WattuiError
from wattui.measurement.text import printable
from wattui.protocol.models import MODELS
from wattui.simulator.faults import LASTING, TIMED
from wattui.simulator.loads import LOADS
from wattui.simulator.sim_url import MEANINGS, meter_from_url

if TYPE_CHECKING:
    from wattui.simulator.simulated_meter import SimulatedMeter

#: Maximum number of meters: more than a USB hub can hold.
_MOST: Final = 64

#: Seconds between two checks whether the simulator still runs.
_PATIENCE: Final = 0.5

_EXAMPLES = (
    ("wattui simulate", "Simulate one PRO with a desktop computer as its load."),
    ("wattui simulate --count 4 --model pro --model es", "Simulate two PRO and two PRO ES."),
    (
        "wattui simulate --replay fan.raw --speed 100",
        "Replay a capture a hundred times faster.",
    ),
    ("wattui simulate --link /tmp/meter --faults unplug@30:10", "Unplug it after 30 s for 10 s."),
    ("wattui simulate 'sim://net?load=fridge&memory=full'", "Simulate a .NET with a full memory."),
)


_TABLES = {
    "Keys of a URL (sim://MODEL?KEY=VALUE&KEY=VALUE)": list(MEANINGS.items()),
    "Faults (NAME or NAME:VALUE, separated by commas)": [
        *((str(fault), meaning) for fault, (_value, meaning) in LASTING.items()),
        *((f"{fault}@START:DURATION", meaning) for fault, meaning in TIMED.items()),
    ],
}


@command("simulate", examples=_EXAMPLES, tables=_TABLES)
@click.argument("urls", nargs=-1, type=PortName(), metavar="[sim://...]...")
@click.option(
    "--count", type=click.IntRange(1, _MOST), metavar="N",
    help="Number of meters. By default one for each URL, model, load or link.",
)  # fmt: skip
@click.option(
    "--model", "models", multiple=True, metavar="MODEL",
    help=f"{', '.join(MODELS)}. Several are assigned in turn.",
)  # fmt: skip
@click.option(
    "--load", "loads", multiple=True, metavar="LOAD",
    help=f"{', '.join(LOADS)}. Several are assigned in turn.",
)  # fmt: skip
@click.option("--speed", metavar="N", help="How many times faster the meters' time runs.")
@click.option(
    "--seed", type=click.IntRange(0), metavar="N",
    help="Random seed of the loads and faults; each further meter adds one to it.",
)  # fmt: skip
@click.option("--faults", metavar="FAULTS", help="Faults to simulate, such as cut,nul,unplug@60:5.")
@click.option(
    "--replay", type=File(Use.READ), metavar="FILE",
    help="Send the records of a raw capture, one per interval.",
)  # fmt: skip
@click.option(
    "--link", "links", multiple=True, type=File(Use.LINK), metavar="PATH",
    help="Symbolic link to the pseudo-terminal, whose name changes when the meter is plugged in "
    "again. For several meters give several, or one to which numbers are appended.",
)  # fmt: skip
@quiet_option("Print only the names of the ports.")
def simulate(
    urls: tuple[str, ...], count: int | None, models: tuple[str, ...], loads: tuple[str, ...],
    speed: str | None, seed: int | None, faults: str | None, replay: Path | None,
    links: tuple[Path, ...], quiet: bool,
) -> None:  # fmt: skip
    """Serve simulated meters on pseudo-terminals, for any serial program.

    The name of each port is printed on a line of its own. Any program for a Watts up?
    can open it, until Ctrl-C or SIGTERM ends the simulation. wattui itself needs no
    pseudo-terminal: it can open a sim:// URL as a port.
    """
    if urls and (models or loads):
        raise click.UsageError("Give models and loads in the URLs or as options, not both.")
    common = {
        "speed": speed,
        "faults": faults,
        "replay": None if replay is None else str(replay),
    }
    wanted = _urls(urls, count, models, loads, seed, common, len(links))
    meters = [_meter(url) for url in wanted]
    _serve(meters, _links(links, len(meters)), wanted, quiet=quiet)


def _urls(
    urls: Sequence[str],
    count: int | None,
    models: Sequence[str],
    loads: Sequence[str],
    seed: int | None,
    common: dict[str, str | None],
    links: int,
) -> list[str]:
    """Return the URL of each meter; options are added to the given URLs."""
    number = count or max(len(urls), len(models), len(loads), links, 1)
    if count is not None and len(urls) > count:
        raise click.UsageError(f"There are more than {count} URLs.")
    wanted: list[str] = []
    for i in range(number):
        url = urls[i % len(urls)] if urls else f"sim://{models[i % len(models)] if models else ''}"
        query = {key: value for key, value in common.items() if value is not None}
        if loads:
            query["load"] = loads[i % len(loads)]
        if seed is not None or number > max(len(urls), 1):
            query["seed"] = str((seed or 0) + i)
        separator = "&" if "?" in url else "?"
        wanted.append(
            f"{url}{separator}{urlencode(query, errors='surrogateescape')}" if query else url
        )
    return wanted


def _links(links: Sequence[Path], count: int) -> list[Path | None]:
    if len(links) == 1 and count > 1:
        return [links[0].with_name(f"{links[0].name}{i}") for i in range(1, count + 1)]
    if links and len(links) != count:
        raise click.UsageError(f"There are {count} meters but {len(links)} links.")
    return list(links) or [None] * count


def _meter(url: str) -> SimulatedMeter:
    try:
        return meter_from_url(url)
    except ValueError as error:
        raise click.UsageError(f"{printable(str(error))}.") from error


def _serve(
    meters: Sequence[SimulatedMeter],
    links: Sequence[Path | None],
    urls: Sequence[str],
    *,
    quiet: bool,
) -> None:
    try:
        from wattui.simulator.pty_server import PtyServer
    except ImportError as error:
        raise WattuiError(
            "This system has no pseudo-terminals",
            "Use a sim:// URL as the port instead: wattui log sim://pro",
        ) from error
    with Ending() as ending:
        try:
            server = PtyServer(meters, links)
        except OSError as error:
            raise exits.disk_error(
                error, error.filename or "The pseudo-terminal", "created"
            ) from error
        with server:
            output = Output(ended=ending)
            for path, url in zip(server.paths, urls, strict=True):
                output.line(path)
                if not quiet:
                    exits.say(f"{path} is {printable(url)}")
            if not quiet:
                exits.say("Press Ctrl-C to stop.")
            sys.stderr.flush()
            while not ending.wait(_PATIENCE) and not server.wait(0):
                pass
        if server.error is not None:
            raise WattuiError(f"The simulator stopped: {server.error}", "Please report this.")
