# SPDX-License-Identifier: GPL-3.0-or-later
"""What to measure: commands with their parameters, how often, and in which order. Pure."""

from __future__ import annotations

import itertools
import random
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final

from wattui.errors import WattuiError

#: The most commands that parameters may make.
_MOST_COMMANDS: Final = 1_000


class PlanError(WattuiError):
    """The commands, or their parameters, make no sense."""

    exit_status = 2


class Order(StrEnum):
    """In which order commands are run."""

    #: One run of each, then the next of each: a drift concerns all of them.
    INTERLEAVED = "interleaved"
    #: One run of each in random order, then again.
    RANDOM = "random"
    #: All runs of one, then all of the next.
    SEQUENTIAL = "sequential"


@dataclass(frozen=True, slots=True)
class MeasuredCommand:
    """A command to measure."""

    name: str
    #: As it was typed, with its parameters.
    text: str
    #: Run before and after each of its runs; empty for nothing.
    prepare: str = ""
    conclude: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MeasurementPlan:
    """Commands, and how they are measured.  Times are seconds."""

    commands: tuple[MeasuredCommand, ...]
    runs: int = 10
    warmup: int = 0
    order: Order = Order.INTERLEAVED
    #: A run repeats its command until this time has passed.
    min_time: float = 10.0
    #: Length of the quiet baseline before and after.
    idle: float = 30.0
    #: How long to wait for the idle level between runs, at most.
    settle: float = 60.0
    #: After how long a command is ended; None for never.
    timeout: float | None = None
    #: The shell and its arguments; empty to run commands directly.
    shell_words: tuple[str, ...] = ("/bin/sh", "-c")
    #: Whether a command may fail.
    ignore_failure: bool = False
    #: Where its output goes: ``null``, ``inherit``, or a file.
    output: str = "null"
    #: Run before the first run of all, and after the last; empty for nothing.
    setup: str = ""
    cleanup: str = ""

    def words(self, text: str) -> list[str]:
        """Return a command as the words that are executed.

        Raises
        ------
        PlanError
            Without a shell, it has quotes that do not match, or no words.
        """
        if self.shell_words:
            return [*self.shell_words, text]
        try:
            words = shlex.split(text)
        except ValueError as error:
            raise PlanError(
                f"{text!r} cannot be split into words: {error}",
                "Close its quotes, or run it in a shell, without -N.",
            ) from error
        if not words:
            raise PlanError("A command is empty", "Give a command to run.")
        return words

    def schedule(self, seed: int | None = None) -> Iterator[tuple[int, int, bool]]:
        """Yield command, number of the run from 1, and whether it is a warm-up, in order."""
        counted = [(number, True) for number in range(1, self.warmup + 1)]
        counted += [(number, False) for number in range(1, self.runs + 1)]
        chosen = list(range(len(self.commands)))
        if self.order is Order.SEQUENTIAL:
            yield from ((one, *number) for one in chosen for number in counted)
            return
        draw = random.Random(seed)
        for number in counted:
            if self.order is Order.RANDOM:
                draw.shuffle(chosen)
            yield from ((one, *number) for one in chosen)


def scan_values(low: str, high: str, step: str = "1") -> list[str]:
    """Return the values of a parameter scan, both ends included.

    Raises
    ------
    PlanError
        They are not numbers, or the scan has no end.

    Examples
    --------
    >>> scan_values("0.3", "0.7", "0.2")
    ['0.3', '0.5', '0.7']
    """
    try:
        first, last, each = Decimal(low), Decimal(high), Decimal(step)
        finite = first.is_finite() and last.is_finite() and each.is_finite()
    except InvalidOperation:
        finite = False
    if not finite:
        raise PlanError(
            f"A scan from {low!r} to {high!r} in steps of {step!r} is not one of numbers",
            "Give numbers, as in -P threads 1 8.",
        )
    if first > last or each <= 0 or (last - first) / each >= _MOST_COMMANDS:
        raise PlanError(
            f"A scan from {low} to {high} in steps of {step} has no values, or too many",
            f"Give the lower number first, and at most {_MOST_COMMANDS} values.",
        )
    count = int((last - first) / each) + 1
    return [f"{(first + n * each).normalize():f}" for n in range(count)]


def filled(text: str, parameters: Mapping[str, str]) -> str:
    """Return a text with ``{name}`` replaced by the value of each parameter."""
    for name, value in parameters.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _one_for_each(texts: Sequence[str], count: int, option: str) -> list[str]:
    """Return one text per command: none, the same, or its own."""
    if len(texts) <= 1:
        return [*texts, *[""] * (1 - len(texts))] * count
    if len(texts) != count:
        raise PlanError(
            f"{option} is given {len(texts)} times for {count} commands",
            f"Give {option} once for all commands, or once for each.",
        )
    return list(texts)


def make_commands(
    texts: Sequence[str],
    *,
    names: Sequence[str] = (),
    prepare: Sequence[str] = (),
    conclude: Sequence[str] = (),
    parameters: Mapping[str, Sequence[str]] | None = None,
) -> tuple[MeasuredCommand, ...]:
    """Return the commands, one for each combination of parameters.

    Raises
    ------
    PlanError
        There are no commands, too many, or more names than commands.
    """
    if not texts:
        raise PlanError("There is no command to measure", "Give one: wattui measure -- COMMAND.")
    if len(names) > len(texts):
        raise PlanError(
            f"There are {len(names)} names for {len(texts)} commands", "Give one name per command."
        )
    before = _one_for_each(prepare, len(texts), "--prepare")
    after = _one_for_each(conclude, len(texts), "--conclude")
    named = [*names, *texts[len(names) :]]
    plain = [MeasuredCommand(*one) for one in zip(named, texts, before, after, strict=True)]
    scans = dict(parameters or {})
    combinations = list(itertools.product(*scans.values()))
    if len(combinations) * len(plain) > _MOST_COMMANDS:
        raise PlanError(
            f"The parameters make {len(combinations) * len(plain):,} commands",
            f"At most {_MOST_COMMANDS:,} can be measured at a time.",
        )
    return tuple(
        _with_parameters(one, dict(zip(scans, values, strict=True)), named=one.name != one.text)
        for one in plain
        for values in combinations
    )


def _with_parameters(
    one: MeasuredCommand, values: Mapping[str, str], *, named: bool
) -> MeasuredCommand:
    name = filled(one.name, values)
    if named and values and name == one.name:
        name += f" ({', '.join(f'{key} = {value}' for key, value in values.items())})"
    return replace(
        one,
        name=name,
        text=filled(one.text, values),
        prepare=filled(one.prepare, values),
        conclude=filled(one.conclude, values),
        parameters=dict(values),
    )
