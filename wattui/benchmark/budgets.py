# SPDX-License-Identifier: GPL-3.0-or-later
"""Budgets for continuous integration: a largest energy, and no more than before."""

from __future__ import annotations

from pathlib import Path

from wattui.benchmark.exports import BaselineError, ratio_text, read_baseline
from wattui.benchmark.quantity_text import joules_text, with_error
from wattui.benchmark.result import CommandResult, MeasurementResult
from wattui.benchmark.worth import compare
from wattui.errors import BudgetExceeded


def check_budgets(
    outcome: MeasurementResult, most_joules: float | None = None, baseline: Path | None = None
) -> None:
    """Check the energies above idle.

    Parameters
    ----------
    outcome
        The result.
    most_joules
        The largest mean in J that a command may have; None for any.
    baseline
        An earlier result, than which no command may be clearly worse; None for none.

    Raises
    ------
    BudgetExceeded
        A command needs more.
    BaselineError
        The earlier result cannot be read, or has none of the commands.
    """
    if most_joules is not None:
        for one in outcome.commands:
            _check_most(one, most_joules)
    if baseline is not None:
        _check_baseline(outcome, baseline)


def _check_most(one: CommandResult, most: float) -> None:
    if one.above.mean <= most:
        return
    clearly = one.above.low > most
    raise BudgetExceeded(
        f"{one.command.name} needed {with_error(one.above.mean, one.above.half_width)} above idle, "
        f"and {joules_text(most, most / 1000)} is allowed",
        "That is clear." if clearly else "The interval includes the limit: more runs may tell.",
    )


def _check_baseline(outcome: MeasurementResult, path: Path) -> None:
    meter, before = read_baseline(path)
    known = [one for one in outcome.commands if one.command.name in before]
    if not known:
        names = ", ".join(before) or "none"
        raise BaselineError(
            f"{path} has none of the commands", f"Name them alike with -n. It has: {names}."
        )
    for one in known:
        found = compare(one.above, before[one.command.name])
        if not (found.is_clear and found.difference > 0):
            continue
        same = meter == outcome.log.meter_key
        other = "" if same else " It was measured with another meter, whose 1.5 % does not cancel."
        raise BudgetExceeded(
            f"{one.command.name} needs {ratio_text(found)} times the energy above idle of "
            f"{path.name}",
            f"It was {joules_text(before[one.command.name].mean, found.half_width)}, and is "
            f"{with_error(one.above.mean, one.above.half_width)}.{other}",
        )
