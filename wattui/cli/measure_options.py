# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of `wattui measure`: hyperfine's names wherever hyperfine has one."""

from __future__ import annotations

from typing import Any, Final

import click

from wattui.cli.file_options import File, Use, force_option
from wattui.cli.options import duration, together


def _energy(text: str) -> float:
    from wattui.benchmark.quantity_text import parse_joules

    try:
        return parse_joules(text)
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from None


def _duration(text: str) -> float:
    """Return the seconds of a duration, which may be zero."""
    return 0.0 if text.strip(" smh") in ("0", "0.0") else duration(text)


def _export(name: str, what: str) -> Any:
    return click.option(
        f"--export-{name}", type=File(Use.WRITE), metavar="FILE",
        help=f"Write the result as {what}. Use - for standard output.",
    )  # fmt: skip


#: What is run, and how often.
command_options: Final = together(
    click.option(
        *("-r", "--runs"), type=click.IntRange(1, 10_000), default=10, show_default=True,
        metavar="N", help="Number of runs per command.",
    ),
    click.option(
        *("-w", "--warmup"), type=click.IntRange(0, 10_000), default=0, show_default=True,
        metavar="N", help="Number of runs per command that do not count, before the others.",
    ),
    click.option(
        *("-n", "--command-name"), multiple=True, metavar="NAME",
        help="Name of a command. Can be given once per command.",
    ),
    click.option(
        *("-p", "--prepare"), multiple=True, metavar="CMD",
        help="Command to run before each run, once for all or once per command.",
    ),
    click.option(
        *("-C", "--conclude"), multiple=True, metavar="CMD",
        help="Command to run after each run, once for all or once per command.",
    ),
    click.option(
        *("-s", "--setup"), default="", metavar="CMD",
        help="Command to run before the first baseline.",
    ),
    click.option(
        *("-c", "--cleanup"), default="", metavar="CMD", help="Command to run after the last run.",
    ),
    click.option(
        *("-P", "--parameter-scan"), nargs=3, multiple=True, metavar="VAR MIN MAX",
        help="Measure once for each value from MIN to MAX, which replaces {VAR}.",
    ),
    click.option(
        *("-D", "--parameter-step-size"), metavar="DELTA", help="Step of --parameter-scan.",
    ),
    click.option(
        *("-L", "--parameter-list"), nargs=2, multiple=True, metavar="VAR VALUES",
        help="Measure once for each of the values, separated by commas, which replaces {VAR}.",
    ),
    click.option(
        "--order", type=click.Choice(("interleaved", "random", "sequential")),
        default="interleaved", show_default=True,
        help="Order of several commands: alternately, by chance, or all runs of one first. A drift "
        "does the least harm in the first two.",
    ),
    click.option(
        *("-S", "--shell"), default="default", show_default="/bin/sh", metavar="SHELL",
        help="Shell that runs the commands, or none.",
    ),
    click.option("-N", "no_shell", is_flag=True, help="The same as --shell=none."),
    click.option(
        *("-i", "--ignore-failure"), is_flag=True,
        help="Go on if a command fails or takes too long, and count runs that fail.",
    ),
    click.option(
        "--timeout", type=duration, metavar="TIME",
        help="End a command that takes longer.",
    ),
    click.option("--show-output", is_flag=True, help="Show what the commands print."),
    click.option(
        "--output", default="null", metavar="WHERE",
        help="Where the output of the commands goes: null (the default), inherit, or a file.",
    ),
)  # fmt: skip

#: How it is measured.
method_options: Final = together(
    click.option(
        "--min-time", type=_duration, default="10s", show_default=True, metavar="TIME",
        help="A run repeats its command until this time has passed, and its energy is divided.",
    ),
    click.option(
        "--idle", type=_duration, default="30s", show_default=True, metavar="TIME",
        help="Length of the quiet baseline before and after.",
    ),
    click.option(
        "--settle", type=_duration, default="60s", show_default=True, metavar="TIME",
        help="How long to wait between runs for the idle level, at most.",
    ),
    click.option(
        "--find-lag", is_flag=True,
        help="Find the lag of the meter, and remember it: this switches a load on and off for a "
        "minute and a half. The load is COMMAND, or all processors of this machine.",
    ),
    click.option(
        "--lag", type=click.FloatRange(0.0, 60.0), metavar="SECONDS",
        help="Lag of the meter instead of the one that was found, or of 2.5 s.",
    ),
    click.option(
        "--idle-level", type=click.FloatRange(0.0), metavar="WATTS",
        help="Subtract this idle level instead of the measured one.",
    ),
)  # fmt: skip

#: Results for other programs, and when to fail.
budget_options: Final = together(
    _export("json", "JSON, with every run"),
    _export("csv", "a CSV file with one line per command"),
    _export("markdown", "a Markdown table"),
    force_option,
    click.option(
        "--max-energy", type=_energy, metavar="ENERGY",
        help="Fail if the mean energy above idle of a command is larger: 120J, 1.5kJ, 0.2Wh.",
    ),
    click.option(
        "--fail-if-worse-than", type=File(Use.READ), metavar="FILE.json",
        help="Fail if a command clearly needs more energy than in this file of --export-json.",
    ),
)  # fmt: skip
