# SPDX-License-Identifier: GPL-3.0-or-later
"""Made-up samples for the tests of sessions, and what a slow and simple sum says of them."""

from __future__ import annotations

import functools
import math
import random
import re
import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from hypothesis import strategies as st

from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.energy import average_power, energy_error_wh
from wattui.measurement.events import MeterInfo
from wattui.measurement.fields import FIELDS, POWER_LIMIT
from wattui.measurement.sample import Sample
from wattui.session import FieldStatistics, SessionWriter, Statistics
from wattui.session.schema import RELEASED

BEGIN = 1_700_000_000 * MICROSECONDS
METER = MeterInfo("A80012", "/dev/ttyUSB0", model="PRO", firmware="3.14", serial_number="A80012")
OTHER = MeterInfo("B1", "sim://es", name="desk", model="PRO ES", interval=2.0)


def sample(second: float, power: int = 423, gap: float = 0, interval: float = 1.0) -> Sample:
    values = (power, 1198, 361, round(second), *(None,) * 14)
    return Sample(
        BEGIN + round(second * MICROSECONDS),
        round(interval * MICROSECONDS),
        values,
        round(gap * MICROSECONDS),
    )


def steady(count: int, first: int = 1) -> list[Sample]:
    return [sample(first + i, 400 + i % 50) for i in range(count)]


def noisy(count: int, seed: int = 0) -> list[Sample]:
    """Samples with jitter, gaps of all sizes, absent values and a counter that is reset."""
    random_ = random.Random(seed)
    made = []
    time, counter = BEGIN, 0
    for _ in range(count):
        interval = MICROSECONDS + random_.randrange(-900, 900)
        gap = 0
        if random_.random() < 0.02:
            gap = random_.choice((3, 20, 300, 5_000, 70_000)) * MICROSECONDS + random_.randrange(9)
        time += interval + gap
        counter = 0 if random_.random() < 0.01 else counter + random_.randrange(3)
        values = [random_.randrange(3000) for _ in FIELDS]
        values[3] = counter
        present = tuple(None if random_.random() < 0.05 else value for value in values)
        made.append(Sample(time, interval, present, gap))
    return made


@st.composite
def sample_lists(draw: st.DrawFn, largest: int = 60) -> list[Sample]:
    steps = draw(
        st.lists(
            st.tuples(
                st.sampled_from([1, 1, 1, 2, 17, 300, 5_000, 200_000]),
                st.sampled_from([0, 0, 0, 0, 5, 4_000, 300_000]),
                st.integers(0, 2**32 - 1),
                st.booleans(),
            ),
            max_size=largest,
        )
    )
    made, time = [], BEGIN + draw(st.integers(0, 10**12))
    for seconds, gap, number, absent in steps:
        interval = seconds * MICROSECONDS
        time += interval + gap * MICROSECONDS
        values = tuple(
            None if absent and i % 3 == number % 3 else (number >> i) % 50_000
            for i in range(len(FIELDS))
        )
        made.append(Sample(time, interval, values, gap * MICROSECONDS))
    return made


def record(path: Path, samples: Sequence[Sample], meter: MeterInfo = METER) -> Path:
    """Write a session through the writer, in batches."""
    with SessionWriter(path) as writer:
        for start in range(0, len(samples), 7):
            writer.on_samples(meter, samples[start : start + 7])
    return path


@functools.cache
def _recorded(count: int) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return record(Path(folder) / "a.wattui", steady(count)).read_bytes()


def record_steady(path: Path, count: int) -> Path:
    """Write a session of steady samples, which is recorded once per process."""
    path.write_bytes(_recorded(count))
    return path


def brute_factor(samples: Sequence[Sample]) -> float:
    """Return energy divided by apparent energy, in the integers of the wire."""
    active = apparent = 0
    for one in samples:
        power, volts, amps = one.values[:3]
        if power is not None and volts is not None and amps is not None:
            product = min(min(volts, 10**7) * min(amps, 10**7), 1000 * POWER_LIMIT)
            active += min(power, POWER_LIMIT) * one.interval_us
            apparent += product * one.interval_us // 1000
    return min(active / apparent, 1.0) if apparent else math.nan


def brute(samples: Sequence[Sample], start: int | None, stop: int | None) -> Statistics:
    """Sum up a span the slow way."""
    chosen = [
        one
        for one in samples
        if (start is None or one.time_us > start) and (stop is None or one.time_us <= stop)
    ]
    if not chosen:
        return Statistics()
    energy = sum((one.values[0] or 0) * one.interval_us for one in chosen) / 36e9
    duration = sum(one.interval_us for one in chosen) / MICROSECONDS
    powered = sum(one.interval_us for one in chosen if one.values[0] is not None) / MICROSECONDS
    counter = [one.values[3] for one in chosen if one.values[3] is not None]
    moved = sum(b - a if b >= a else b for a, b in pairwise(counter))
    fields = {}
    for index, field in enumerate(FIELDS):
        values = [value for one in chosen if (value := one.values[index]) is not None]
        if values:
            fields[field.name] = FieldStatistics(
                len(values),
                sum(values) / len(values) / field.scale,
                min(values) / field.scale,
                max(values) / field.scale,
            )
    if "power" in fields:
        fields["power"] = replace(fields["power"], mean=average_power(energy, powered))
    if "power_factor" in fields:
        fields["power_factor"] = replace(fields["power_factor"], mean=brute_factor(chosen))
    return Statistics(
        len(chosen),
        duration,
        powered,
        sum(one.gap_us for one in chosen) / MICROSECONDS,
        sum(one.gap_us > 0 for one in chosen),
        energy,
        energy_error_wh(energy, powered),
        moved / 10 if counter else float("nan"),
        fields,
    )


def as_version(path: Path, version: int) -> Path:
    """Make a session one that an earlier version of wattui wrote."""
    with closing(sqlite3.connect(path)) as database:
        for step in RELEASED[version:]:
            for table in re.findall(r"CREATE TABLE (\w+)", step):
                database.execute(f"DROP TABLE {table}")
            for table, column in re.findall(r"ALTER TABLE (\w+) ADD COLUMN (\w+)", step):
                database.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        database.execute(f"PRAGMA user_version={version}")
        database.commit()
    return path
