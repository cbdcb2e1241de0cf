# SPDX-License-Identifier: GPL-3.0-or-later
"""What `wattui measure` does: measure, compute again, find the lag; then show and export."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from wattui.benchmark.budgets import check_budgets
from wattui.benchmark.experiment import Experiment
from wattui.benchmark.exports import to_csv, to_json, to_markdown
from wattui.benchmark.lag import CYCLES, FINDING, lag_of, remember_lag, switch_load
from wattui.benchmark.method import Lag
from wattui.benchmark.plan import MeasurementPlan
from wattui.benchmark.record_source import open_source
from wattui.benchmark.result import MeasurementResult, NothingMeasured
from wattui.benchmark.session_result import evaluate_session, last_measurement
from wattui.cli import exits
from wattui.cli.measure_view import MeasureView, summary_lines
from wattui.cli.output import console, home_path
from wattui.cli.session_files import say_wrote, sessions_of
from wattui.cli.stop_signals import Ending
from wattui.cli.window_start import window_program
from wattui.desktop.atomic_file import stream_number, write_file
from wattui.errors import Cancelled, PortNotFound, WattuiError
from wattui.measurement.text import count_text, printable
from wattui.session import Session, make_folder

#: Uncertainty of a lag that was typed, in s.
_TYPED_UNCERTAINTY = 0.5


def measure_commands(port: str, plan: MeasurementPlan, options: dict[str, Any]) -> int:
    """Measure the commands of a plan; return the exit status."""
    port = port or only_port()
    experiment: Experiment | None = None
    failure: WattuiError | None = None
    with Ending() as ending, MeasureView(plan, console(error=True), quiet=options["quiet"]) as view:
        _prepare_folder(options["session"])
        view.beat()
        try:
            with open_source(port, options["session"], ending, view.beat) as source:
                view.source = source
                lag = _typed_lag(options) or lag_of(source.info.key)
                experiment = Experiment(plan, source, lag, view)
                experiment.run()
        except WattuiError as error:
            # What was measured before is in the session, and is shown.
            failure = error
        view.source = None
    if experiment is None:
        raise failure or Cancelled("Nothing was measured")
    return _finish(experiment, failure, options)


def _finish(experiment: Experiment, failure: WattuiError | None, options: dict[str, Any]) -> int:
    """Show what was measured, also after a failure; return the exit status."""
    path = experiment.path
    try:
        outcome = evaluate_session(path, experiment.log, idle_level=options["idle_level"])
    except NothingMeasured as nothing:
        _say_session(path, options)
        raise (failure or nothing) from None
    if failure is not None and not isinstance(failure, Cancelled):
        exits.complain(failure)
    return _show(outcome, path, options, failure)


def again(path: Path, options: dict[str, Any]) -> int:
    """Compute the last measurement of a session again; return the exit status."""
    given = {"lag": _typed_lag(options), "idle_level": options["idle_level"]}
    with sessions_of([path]) as (readable,):
        outcome = evaluate_session(readable.path, last_measurement(readable.path), **given)
        return _show(outcome, path, options, None, readable.path)


def find(port: str, commands: Sequence[str], options: dict[str, Any]) -> int:
    """Find the lag of a meter, and remember it; return the exit status."""
    port = port or only_port()
    words = ["/bin/sh", "-c", commands[0]] if commands else []
    plan = MeasurementPlan((), runs=CYCLES)
    shown = MeasureView(plan, console(error=True), quiet=options["quiet"], seconds=FINDING)
    with Ending() as ending, shown as view:
        _prepare_folder(options["session"])
        view.beat()
        with open_source(port, options["session"], ending, view.beat) as source:
            view.source = source

            def show(cycle: int) -> None:
                view.stage("Load", None, cycle, 0.0)

            found = switch_load(source, words, show)
            view.source = None
            key, label = source.info.key, source.info.label
    path = remember_lag(key, found.lag)
    click.echo(
        f"Lag of {printable(label)}: {found.lag.seconds:.2f} ± {found.lag.uncertainty:.2f} s, "
        f"with a load of {found.watts:.1f} W."
    )
    if not options["quiet"]:
        exits.say(f"It is remembered in {printable(home_path(path))}.")
    return 0


def only_port() -> str:
    """Return the port of the only meter that is plugged in.

    Raises
    ------
    PortNotFound
        There is none, or several.
    """
    from wattui.ports.listing import list_ports

    found = [one.url for one in list_ports() if one.likely_meter]
    if len(found) == 1:
        return found[0]
    if found:
        raise PortNotFound(
            f"{count_text(len(found), 'meter')} are plugged in: {', '.join(found)}",
            f"Give the port to measure with: wattui measure {found[0]} -- COMMAND.",
        )
    raise PortNotFound(
        "No Watts up? meter is plugged in",
        "Give a port first: wattui measure PORT -- COMMAND. sim://pro is a simulated meter.",
    )


def _prepare_folder(session: Path | None) -> None:
    from wattui.desktop.folders import sessions_folder

    make_folder(sessions_folder() if session is None else session.absolute().parent)


def _typed_lag(options: dict[str, Any]) -> Lag | None:
    seconds = options["lag"]
    return None if seconds is None else Lag(seconds, _TYPED_UNCERTAINTY, "given")


def _show(
    outcome: MeasurementResult,
    path: Path,
    options: dict[str, Any],
    failure: WattuiError | None,
    readable: Path | None = None,
) -> int:
    """Write the files, print the result, and return the exit status.

    *readable* is what can be read of the session if it is damaged.
    """
    try:
        _write_files(outcome, path, options, readable or path)
    finally:
        # Whatever fails: the result may have taken hours.
        _print(outcome, options)
    _say_session(path, options)
    if failure is not None:
        if isinstance(failure, Cancelled):
            exits.say("Interrupted: the result is that of the runs that were measured.")
        return failure.exit_status
    check_budgets(outcome, options["max_energy"], options["fail_if_worse_than"])
    return 0


def _write_files(
    outcome: MeasurementResult, path: Path, options: dict[str, Any], readable: Path
) -> None:
    texts = {
        "json": to_json(outcome, path),
        "csv": to_csv(outcome),
        "markdown": to_markdown(outcome),
    }
    for form, text in texts.items():
        if (file := options[f"export_{form}"]) is not None:
            _write(file, text, quiet=options["quiet"])
    if options["plot"] is not None:
        _plot(outcome, readable, options["plot"], quiet=options["quiet"])


def _print(outcome: MeasurementResult, options: dict[str, Any]) -> None:
    exported = [options[f"export_{form}"] for form in ("json", "csv", "markdown")]
    taken = any(one is not None and stream_number(one) == 1 for one in exported)
    if taken and options["quiet"]:
        return
    screen = console(error=taken)
    width = screen.width if screen.is_terminal else 100
    for line in summary_lines(outcome, width):
        screen.print(line, soft_wrap=not screen.is_terminal)


def _write(path: Path, text: str, *, quiet: bool) -> None:
    if stream_number(path) == 1:
        click.echo(text, nl=False)
        return
    # A command and the name of a session may have bytes that are not UTF-8.
    write_file(path, text.encode(errors="backslashreplace"))
    say_wrote(path, quiet=quiet)


def _say_session(path: Path, options: dict[str, Any]) -> None:
    if not options["quiet"] and options["again"] is None:
        exits.say(f"The session is {printable(home_path(path))}")


def _plot(outcome: MeasurementResult, path: Path, output: Path, *, quiet: bool) -> None:
    window_program(screen=False).application()
    figure = importlib.import_module("wattui.ui.figure.run_figure")
    with Session.open(path) as session:
        figure.save_runs(outcome, session, output)
    say_wrote(output, quiet=quiet)
