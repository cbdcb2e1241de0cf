# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the energy of commands: repeated, above idle, with what the number is worth."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from wattui.cli.file_options import File, PortName, SessionFile, Use, is_device
from wattui.cli.help import ExplainedCommand
from wattui.cli.measure_options import budget_options, command_options, method_options
from wattui.cli.options import NEW_FILE, quiet_option, session_option

if TYPE_CHECKING:
    from wattui.benchmark.plan import MeasurementPlan

#: Options whose files are written.
_WRITTEN: Final = ("session", "plot", "export_json", "export_csv", "export_markdown")

_EXAMPLES: Final = (
    ("wattui measure /dev/ttyUSB0 -- make -j4", "Measure one command, ten times."),
    ("wattui measure -n old ./old -n new ./new", "Compare two commands in alternate order."),
    ("wattui measure -P threads 1 8 'make -j {threads}'", "Measure one command per value."),
    ("wattui measure --find-lag", "Find the lag of the meter, once, with a load of its own."),
    ("wattui measure --again 'run.wattui' --lag 2.2", "Compute an earlier measurement again."),
    ("wattui measure --max-energy 120J -- ./test", "Fail, with exit code 9, if it needs more."),
)

#: Ports as they are typed: a URL, a device, COM3, or a session that is being recorded.
_PORT: Final = re.compile(r"\w[\w+.-]*://.*|/dev/\S+|COM\d+|tty(USB|ACM)\d+|\S[^'\"]*\.wattui")

#: Where the words after ``--`` are kept while the command line is read.
_AFTER: Final = "wattui.cli.measure.after"


class MeasureCommand(ExplainedCommand):
    """A command whose words after ``--`` are those of one command to measure."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the words after ``--`` before click joins them with the others."""
        if "--" in args:
            place = args.index("--")
            ctx.meta[_AFTER] = args[place + 1 :]
            args = args[:place]
        return super().parse_args(ctx, args)


@dataclass(frozen=True)
class Wanted:
    """A port, and the commands that were typed."""

    port: str
    commands: tuple[str, ...]


def split_words(words: Sequence[str], after: Sequence[str] | None) -> Wanted:
    """Return the port and the commands of a command line.

    Before ``--``, each word is a command, as for hyperfine.  The words after it are one command,
    unless the first one is a quoted command by itself.
    """
    port = ""
    if words and (_PORT.fullmatch(words[0]) or is_device(words[0])):
        port = PortName().convert(words[0], None, None)
        words = words[1:]
    if not after:
        return Wanted(port, tuple(words))
    quoted = any(letter.isspace() for letter in after[0])
    extra = tuple(after) if quoted or len(after) == 1 else (shlex.join(after),)
    return Wanted(port, (*words, *extra))


@click.command("measure", cls=MeasureCommand, examples=_EXAMPLES)
@click.argument("typed", nargs=-1, metavar="[PORT] [COMMAND...] [-- COMMAND]")
@command_options
@method_options
@budget_options
@click.option(
    "--again", type=SessionFile(), metavar="SESSION",
    help="Measure nothing: compute the last measurement of a session again, as with another "
    "--lag or --idle-level.",
)  # fmt: skip
@click.option(
    "--plot", type=File(Use.WRITE, (".png", ".svg", ".pdf")), metavar="FILE",
    help="Draw the runs over one another, with the idle level, into a .png, .svg or .pdf file.",
)  # fmt: skip
@session_option(
    "Path of the new session, which must not exist. By default it goes into the data folder.",
    NEW_FILE,
)
@quiet_option("Print only the result.")
@click.pass_context
def measure(ctx: click.Context, /, typed: tuple[str, ...], **options: Any) -> int:
    """Measure the energy of commands: repeated, above idle, with what the number is worth.

    It is to energy what hyperfine is to time, and its options have the same names. Each
    COMMAND is run many times while the meter records the power of the machine that it runs
    on. The idle level is measured before, in between and after, and subtracted.

    Each word is a command; the words after -- are one command. PORT can be left out if one
    meter is plugged in. If a window or `wattui log` is recording the meter, its session is
    used; PORT can also be the path of a session that is being recorded.

    Everything is in a session: the records, and a named span for each run. The page
    "Measure a command" of the guide explains the method.
    """
    from wattui.benchmark.worth import require_statistics
    from wattui.cli.measure_run import again, find, measure_commands

    require_statistics()
    wanted = split_words(typed, ctx.meta.get(_AFTER))
    if options["again"] is not None:
        if wanted.commands or wanted.port:
            raise click.UsageError("--again measures nothing: leave out the port and commands.")
        return again(options["again"], options)
    if options["find_lag"]:
        if len(wanted.commands) > 1:
            raise click.UsageError("--find-lag needs one command at most, which is the load.")
        return find(wanted.port, wanted.commands, options)
    return measure_commands(wanted.port, make_plan(wanted.commands, options), options)


def make_plan(commands: Sequence[str], options: dict[str, Any]) -> MeasurementPlan:
    """Return the plan of a command line."""
    from wattui.benchmark.plan import MeasurementPlan, Order, make_commands, scan_values
    from wattui.session.destination import check_destination, require_different

    parameters: dict[str, list[str]] = {}
    step = options["parameter_step_size"] or "1"
    for name, low, high in options["parameter_scan"]:
        parameters[name] = scan_values(low, high, step)
    for name, values in options["parameter_list"]:
        parameters[name] = values.split(",")
    if options["parameter_step_size"] and not options["parameter_scan"]:
        raise click.UsageError("--parameter-step-size needs --parameter-scan.")
    shell = () if options["no_shell"] else parse_shell(options["shell"])
    output = "inherit" if options["show_output"] else options["output"]
    if output not in ("null", "inherit"):
        check_destination(Path(output), [], force=False)
        others = (options[name] for name in _WRITTEN)
        require_different([*(one for one in others if one is not None), Path(output)])
    return MeasurementPlan(
        make_commands(
            commands, names=options["command_name"], prepare=options["prepare"],
            conclude=options["conclude"], parameters=parameters,
        ),
        runs=options["runs"], warmup=options["warmup"], order=Order(options["order"]),
        min_time=options["min_time"], idle=options["idle"], settle=options["settle"],
        timeout=options["timeout"], shell_words=shell, ignore_failure=options["ignore_failure"],
        output=output, setup=options["setup"], cleanup=options["cleanup"],
    )  # fmt: skip


def parse_shell(text: str) -> tuple[str, ...]:
    """Return the words of a shell, with the option that takes a command; empty for none."""
    if text == "none":
        return ()
    words = ["/bin/sh"] if text == "default" else shlex.split(text)
    if not words:
        raise click.UsageError("--shell is empty: give a shell, or none.")
    return (*words, "-c") if Path(words[-1]).name != "-c" else tuple(words)
