# SPDX-License-Identifier: GPL-3.0-or-later
"""Alerts: a value that stays above or below a threshold.  Pure: samples in, changes out.

The window and the command line write them alike::

    power > 100
    power > 100 W for 10s
    voltage below 110 for 2 min
    power of Fridge < 2 W for 1h
    total power > 1.5 kW for 30s

An alert is raised once its condition has held for its time, without a gap.  It ends once the value
has been back on the other side by 2 % of the threshold for the same time, so that a value that
wavers around the threshold does not raise one alert after the other.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from wattui.measurement.clock import MICROSECONDS, microseconds
from wattui.measurement.energy import GAP_FACTOR
from wattui.measurement.events import Event, EventKind, MeterInfo
from wattui.measurement.fields import FIELD_INDEX, FIELDS, Field
from wattui.measurement.sample import Sample
from wattui.measurement.text import parse_duration

#: Share of the threshold by which a value must be back for an alert to end.
HYSTERESIS: Final = 0.02

#: Fields whose sum over several meters means something.
SUMMED: Final = ("power", "apparent_power", "current", "energy")

#: The most records of a meter that wait for those of the others.
_MOST_WAITING: Final = 1000

#: The longest text of an alert, in characters.
_LONGEST: Final = 200

_PREFIXES: Final = {"": 1.0, "k": 1e3, "m": 1e-3}

_GRAMMAR: Final = re.compile(
    r"\s*(?P<total>total\s+)?(?P<field>[a-z][a-z_' ]*?)"
    r"(?:\s+of\s+(?:\"(?P<quoted>[^\"]+)\"|(?P<meter>[^<>\"]+?)))?"
    r"\s*(?:(?P<above>>|\babove\s)|(?P<below><|\bbelow\s))"
    r"\s*(?P<number>\d+(?:[.,]\d*)?|[.,]\d+)\s*(?P<unit>(?!for\b)[a-z]+|%)?"
    r"(?:\s+for\s+(?P<hold>.+?))?\s*",
    re.IGNORECASE,
)

_EXAMPLE: Final = "Write it as in “power > 100 W for 10s”."


@dataclass(frozen=True, slots=True)
class AlertRule:
    """When to alert."""

    #: Name of a field.
    field: str
    #: Whether it alerts above the threshold, or else below it.
    above: bool
    #: The threshold, in the field's base unit.
    threshold: float
    #: How long the condition must hold, in microseconds; 0 for a single record.
    hold_us: int = 0
    #: Whether it is the sum of all meters.
    total: bool = False
    #: Name, serial number or port of the only meter that counts; empty for each of them.
    meter: str = ""

    @property
    def measured(self) -> Field:
        """The field."""
        return FIELDS[FIELD_INDEX[self.field]]

    @property
    def subject(self) -> str:
        """What is watched: ``total power``, ``power of "Fridge"``."""
        name = self.field.replace("_", " ")
        of = f' of "{self.meter}"' if self.meter else ""
        return f"{'total ' if self.total else ''}{name}{of}"

    @property
    def limit(self) -> str:
        """The condition without its subject: ``> 100 W for 10 s``."""
        unit = f" {self.measured.unit}" if self.measured.unit else ""
        hold = f" for {_exact(Decimal(self.hold_us) / MICROSECONDS)} s" if self.hold_us else ""
        sign = ">" if self.above else "<"
        return f"{sign} {_exact(Decimal(repr(self.threshold)))}{unit}{hold}"

    def __str__(self) -> str:
        """Return the alert as it can be typed."""
        return f"{self.subject} {self.limit}"

    def is_beyond(self, value: float) -> bool:
        """Check whether a value is beyond the threshold."""
        return value > self.threshold if self.above else value < self.threshold

    def is_back(self, value: float) -> bool:
        """Check whether a value is back by the margin that ends an alert."""
        margin = self.threshold * HYSTERESIS
        if self.above:
            return value <= self.threshold - margin
        return value >= self.threshold + margin

    def concerns(self, meter: MeterInfo) -> bool:
        """Check whether it is about a meter."""
        known = (meter.name, meter.label, meter.serial_number, meter.port, meter.key)
        return not self.meter or self.meter.casefold() in (one.casefold() for one in known)


def parse_alert(text: str) -> AlertRule:
    """Return the alert that a text describes.

    Raises
    ------
    ValueError
        It describes none; the message is for people.
    """
    found = _GRAMMAR.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None:
        raise ValueError(f"“{text[:_LONGEST]}” is not an alert. {_EXAMPLE}")
    measured = _field(found["field"])
    total, meter = bool(found["total"]), (found["quoted"] or found["meter"] or "").strip()
    if total and measured.name not in SUMMED:
        names = ", ".join(SUMMED)
        raise ValueError(f"{measured.name} has no total; these fields have one: {names}.")
    if total and meter:
        raise ValueError("The total is that of all meters: leave out “total” or the meter.")
    try:
        hold = microseconds(parse_duration(found["hold"])) if found["hold"] else 0
    except ValueError as error:
        raise ValueError(f"{error}. Write 10s, 5m, 8h or 1h30m after “for”.") from None
    number = float(found["number"].replace(",", ".")) * _factor(measured, found["unit"] or "")
    return AlertRule(measured.name, bool(found["above"]), number, hold, total, meter)


def _field(name: str) -> Field:
    """Return the field of a name, as it is called in code or in the window."""
    wanted = "_".join(name.split()).casefold()
    for one in FIELDS:
        if wanted in (one.name, one.column, "_".join(one.label.split()).casefold()):
            return one
    names = ", ".join(one.name for one in FIELDS)
    raise ValueError(f"There is no field “{name.strip()}”. The fields are: {names}.")


def _factor(measured: Field, unit: str) -> float:
    """Return the factor from a unit that was typed to the field's own."""
    if not unit:
        return 1.0
    if unit == "%" and not measured.unit and measured.high == measured.scale:
        return 0.01
    for prefix, factor in _PREFIXES.items():
        if measured.unit and unit.casefold() == f"{prefix}{measured.unit}".casefold():
            return factor
    known = f"its unit is {measured.unit}" if measured.unit else "it has no unit"
    raise ValueError(f"{unit} is not a unit of {measured.name}: {known}.")


def _exact(number: Decimal) -> str:
    """Return a number with all of its digits, and no exponent."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True, slots=True)
class AlertChange:
    """An alert was raised, or is over."""

    rule: AlertRule
    #: Whether it was raised.
    raised: bool
    #: When, in microseconds UTC, and the value then.
    time_us: int
    value: float
    #: The meter; None for the total.
    meter: MeterInfo | None

    @property
    def text(self) -> str:
        """What happened, in a line: ``power 132.4 W: > 100 W for 10 s``."""
        measured = self.rule.measured
        value = f"{measured.format(self.value)} {measured.unit}".rstrip()
        what = f"{'total ' if self.rule.total else ''}{measured.name.replace('_', ' ')}"
        if self.raised:
            return f"Alert: {what} {value}, {self.rule.limit}"
        return f"Alert over: {what} {value}, no longer {self.rule.limit}"

    @property
    def event(self) -> Event:
        """The mark that is set for it."""
        return Event(self.time_us, EventKind.MARK, self.text)


class AlertState:
    """Watches one value: of one meter, or the total."""

    def __init__(self, rule: AlertRule) -> None:
        self.rule = rule
        self.raised = False
        # Since when the value asks for the other state, in microseconds; None if it does not.
        self._since: int | None = None

    def take(self, start_us: int, stop_us: int, value: float | None, *, gap: bool = False) -> bool:
        """Take a value for an interval; return whether the state changed.

        Parameters
        ----------
        start_us, stop_us
            The interval, in microseconds.
        value
            In the base unit; None if it is not known.
        gap
            Whether something is missing before it.
        """
        if gap:
            self._since = None
        rule = self.rule
        wanted = value is not None and (
            rule.is_back(value) if self.raised else rule.is_beyond(value)
        )
        if not wanted:
            self._since = None
            return False
        if self._since is None:
            self._since = start_us
        # A record belongs to the time if more than half of it lies within.
        if stop_us - self._since < rule.hold_us - (stop_us - start_us) / 2:
            return False
        self.raised = not self.raised
        self._since = None
        return True


@dataclass(frozen=True, slots=True)
class _Value:
    """The value of one record, or the sum of several."""

    time_us: int
    interval_us: int
    #: None if it is not known.
    value: float | None


class _Total:
    """Adds up what the meters measured at the same time: records that end close together."""

    def __init__(self) -> None:
        # The records of each meter that are not in a sum yet, oldest first.
        self._waiting: dict[str, deque[_Value]] = {}
        # The meters of which a record was left out since the last sum.
        self._left_out: set[str] = set()
        self._summed: int | None = None

    def leave(self, key: str) -> None:
        """Go on without a meter, which sends nothing for now."""
        self._waiting.pop(key, None)

    def add(self, key: str, latest: _Value) -> Iterator[tuple[_Value, bool]]:
        """Yield each sum that a record completes, and whether something is missing before it."""
        self._waiting.setdefault(key, deque(maxlen=_MOST_WAITING)).append(latest)
        while all(self._waiting.values()):
            first = {name: records[0] for name, records in self._waiting.items()}
            newest = max(one.time_us for one in first.values())
            interval = max(one.interval_us for one in first.values())
            late = {
                name for name, one in first.items() if 2 * (newest - one.time_us) > interval
            } - self._left_out
            if not late:
                yield self._sum(list(first.values()), newest, interval)
                late = set(first)
                self._left_out.clear()
            else:
                # The next record of that meter is closer.
                self._left_out |= late
            for name in late:
                self._waiting[name].popleft()

    def _sum(self, records: list[_Value], newest: int, interval: int) -> tuple[_Value, bool]:
        before, self._summed = self._summed, newest
        missing = before is not None and newest - before > GAP_FACTOR * interval
        known = [one.value for one in records if one.value is not None]
        total = sum(known) if len(known) == len(records) else None
        if before is not None and not missing:
            interval = max(newest - before, 0)
        return _Value(newest, interval, total), missing


class AlertWatch:
    """Watches the samples of all meters; for one thread at a time."""

    def __init__(self, rules: Iterable[AlertRule]) -> None:
        self.rules = tuple(rules)
        self._states: dict[tuple[AlertRule, str], AlertState] = {}
        self._totals: dict[AlertRule, _Total] = {}

    @property
    def raised(self) -> list[tuple[AlertRule, str]]:
        """The alerts that are raised, each with the key of its meter, which a total has not."""
        return [key for key, state in self._states.items() if state.raised]

    def change(self, rules: Iterable[AlertRule]) -> None:
        """Watch for other alerts from now on; those that stay go on."""
        self.rules = tuple(rules)
        staying = set(self.rules)
        self._states = {key: state for key, state in self._states.items() if key[0] in staying}
        self._totals = {rule: total for rule, total in self._totals.items() if rule in staying}

    def take(self, meter: MeterInfo, samples: Sequence[Sample]) -> list[AlertChange]:
        """Take samples of a meter, and return what changed."""
        return [
            change
            for rule in self.rules
            if rule.concerns(meter)
            for sample in samples
            for change in self._take_one(rule, meter, sample)
        ]

    def leave(self, meter: MeterInfo) -> None:
        """Go on with totals without a meter, which sends nothing for now."""
        for total in self._totals.values():
            total.leave(meter.key)

    def _take_one(self, rule: AlertRule, meter: MeterInfo, sample: Sample) -> list[AlertChange]:
        index = FIELD_INDEX[rule.field]
        wire = sample.values[index] if index < len(sample.values) else None
        value = _Value(sample.time_us, sample.interval_us, FIELDS[index].to_base(wire))
        values: Iterable[tuple[_Value, bool]] = [(value, sample.gap_us > 0)]
        source = None if rule.total else meter
        if rule.total:
            values = self._totals.setdefault(rule, _Total()).add(meter.key, value)
        key = "" if source is None else source.key
        state = self._states.setdefault((rule, key), AlertState(rule))
        return [
            AlertChange(rule, state.raised, one.time_us, one.value, source)
            for one, gap in values
            if state.take(one.time_us - one.interval_us, one.time_us, one.value, gap=gap)
            if one.value is not None
        ]
