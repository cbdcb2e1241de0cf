# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions and lines for the tests of the formats."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from wattui.formats.import_files import ImportResult, import_files
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import MeterInfo
from wattui.measurement.fields import FIELD_COUNT
from wattui.measurement.sample import Sample
from wattui.session import BulkWriter, Session

#: 2016-11-09 12:24:18.123456 UTC.
BEGIN = 1_478_694_258_123_456
METER = MeterInfo(
    "A80012", "/dev/ttyUSB0", "bench", "PRO ES", "3.14", serial_number="A80012", interval=1.0
)


def full(count: int, *, seed: int = 0, step: int = MICROSECONDS) -> list[Sample]:
    """Samples with every field, as large as fields get, and occasional gaps."""
    chance = random.Random(seed)
    samples = []
    time = BEGIN
    for number in range(count):
        gap = 30 * step if number % 50 == 20 else 0
        time += step + gap
        values = [
            *(chance.randrange(50_000), chance.randrange(900, 2_800), chance.randrange(20_000)),
            *(chance.randrange(2**24), chance.randrange(2**20), chance.randrange(2**24)),
            chance.randrange(2**20),
            *(chance.randrange(50_000), chance.randrange(2_800), chance.randrange(20_000)) * 2,
            *(chance.randrange(101), chance.randrange(101), chance.randrange(256)),
            *(chance.randrange(400, 700), chance.randrange(50_000)),
        ]
        assert len(values) == FIELD_COUNT
        samples.append(Sample(time, step, tuple(values), gap))
    return samples


def absent(samples: Sequence[Sample]) -> list[Sample]:
    """The same, with fields left out here and there."""
    return [
        Sample(
            one.time_us,
            one.interval_us,
            tuple(None if (i + n) % 7 == 3 else v for i, v in enumerate(one.values)),
            one.gap_us,
        )
        for n, one in enumerate(samples)
    ]


def session(path: Path, samples: Sequence[Sample], meter: MeterInfo = METER) -> Path:
    """Write samples into a session."""
    with BulkWriter(path) as writer:
        writer.add_samples(meter, samples)
    return path


def samples_of(path: Path, meter: int = 1) -> list[Sample]:
    """Read the samples of a session."""
    with Session.open(path) as opened:
        return list(opened.samples(meter))


def imported(
    folder: Path, *texts: str | bytes, suffix: str = ".txt", **options: object
) -> tuple[ImportResult, list[Sample]]:
    """Import texts as files; give the result and the samples of the first meter."""
    paths = []
    for number, text in enumerate(texts, 1):
        path = folder / f"file{number}{suffix}"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        paths.append(path)
    target = folder / "imported.wattui"
    target.unlink(missing_ok=True)
    result = import_files(paths, target, **options)  # type: ignore[arg-type]
    return result, samples_of(target)
