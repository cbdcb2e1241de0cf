# SPDX-License-Identifier: GPL-3.0-or-later
"""A session through every format and back: exact where the format can hold it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from format_samples import BEGIN, METER, absent, full, samples_of, session

from wattui.errors import Cancelled, FormatError
from wattui.formats import all_formats, detect, read, write
from wattui.formats.import_files import import_files
from wattui.formats.reading.source import Assumptions
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import MeterInfo
from wattui.measurement.fields import FIELD_COUNT, FIELD_INDEX
from wattui.measurement.sample import Sample
from wattui.session import BulkWriter, Session

ZONE = ZoneInfo("Europe/Berlin")
PLAIN = Assumptions(interval=1.0, start=BEGIN, zone=UTC)

#: Fields that a format holds; the others come back absent.
HELD = {
    "2011-log": ("power", "voltage", "current"),
    "lab11": ("power", "voltage", "current", "energy", "cost"),
    "ptdaemon": ("power", "voltage", "current", "power_factor"),
}

#: Each way of writing: format and options.
WAYS = [
    ("csv", {}),
    ("csv", {"dialect": "spreadsheet"}),
    ("csv", {"dialect": "spreadsheet-point"}),
    ("json-lines", {}),
    ("2011-log", {"zone": UTC}),
    ("2015-csv", {"zone": UTC}),
    ("lab11", {}),
    ("lab11", {"dialect": "json"}),
    ("ptdaemon", {"zone": UTC}),
    ("maker", {}),
    ("maker", {"dialect": "spreadsheet"}),
    ("raw", {}),
    ("c-client", {}),
    ("c-client", {"dialect": "labels"}),
]
NAMED = [f"{name} {' '.join(map(str, options.values()))}".strip() for name, options in WAYS]


def through(
    folder: Path, name: str, options: dict, samples: Sequence[Sample], given: Assumptions = PLAIN
) -> list[Sample]:
    source = session(folder / "source.wattui", samples)
    target = folder / f"there{all_formats()[name].suffix}"
    with Session.open(source) as opened:
        assert write(opened, target, name, **options) == len(samples)
    assert detect(target) is all_formats()[name]
    result = import_files([target], folder / "back.wattui", given)
    assert result.skipped == []
    assert result.count == len(samples)
    return samples_of(folder / "back.wattui")


def held(name: str, samples: Sequence[Sample]) -> list[tuple[int | None, ...]]:
    keep = {FIELD_INDEX[field] for field in HELD.get(name, FIELD_INDEX)}
    return [tuple(v if i in keep else None for i, v in enumerate(s.values)) for s in samples]


@pytest.mark.parametrize("way", WAYS, ids=NAMED)
def test_values_are_exact(tmp_path: Path, way: tuple[str, dict]) -> None:
    samples = full(500)
    back = through(tmp_path, *way, samples)
    assert [one.values for one in back] == held(way[0], samples)


@pytest.mark.parametrize("way", WAYS, ids=NAMED)
def test_absent_values_stay_absent(tmp_path: Path, way: tuple[str, dict]) -> None:
    samples = absent(full(100))
    back = through(tmp_path, *way, samples)
    assert [one.values for one in back] == held(way[0], samples)


@pytest.mark.parametrize("way", WAYS, ids=NAMED)
def test_times_intervals_and_gaps(tmp_path: Path, way: tuple[str, dict]) -> None:
    name = way[0]
    samples = full(200)
    if name == "maker":
        # It counts from the first record, in steps of 0.86 ms: whole seconds are meant.
        given = replace(PLAIN, start=samples[0].time_us - samples[0].interval_us)
    else:
        given = PLAIN
    back = through(tmp_path, *way, samples, given)
    if "interval" in all_formats()[name].lacks:
        assert [one.time_us for one in back] == [
            BEGIN + MICROSECONDS * n for n in range(1, len(samples) + 1)
        ]
        assert {one.gap_us for one in back} == {0}
        return
    if name in ("lab11", "ptdaemon"):
        exact = [(round(s.time_us / 1000) * 1000, s.interval_us, s.gap_us) for s in samples]
    else:
        exact = [(one.time_us, one.interval_us, one.gap_us) for one in samples]
    assert [(one.time_us, one.interval_us, one.gap_us) for one in back] == exact


@pytest.mark.parametrize("way", WAYS[:4], ids=NAMED[:4])
def test_our_own_formats_keep_uneven_intervals_and_several_meters(
    tmp_path: Path, way: tuple[str, dict]
) -> None:
    one = [Sample(BEGIN + n * 1_000_003, 999_000 + n, (n, None), n % 5) for n in range(1, 300)]
    two = [Sample(BEGIN + n * 3_333_333, 3_333_333, (n, 1200, 7)) for n in range(1, 90)]
    other = MeterInfo("B1", "sim://es", 'desk, "left"', "PRO ES", interval=3.0)
    with BulkWriter(tmp_path / "source.wattui") as writer:
        writer.add_samples(METER, one)
        writer.add_samples(other, two)
    with Session.open(tmp_path / "source.wattui") as opened:
        write(opened, tmp_path / "there", way[0], **way[1])
        energies = [opened.statistics(n).energy_wh for n in (1, 2)]
    result = import_files([tmp_path / "there"], tmp_path / "back.wattui")
    assert result.skipped == []
    assert sorted(result.counts.values()) == [len(two), len(one)]
    with Session.open(tmp_path / "back.wattui") as opened:
        ids = {meter.info.label: meter.id for meter in opened.meters}
        assert set(ids) == {"bench", 'desk, "left"'}
        order = [ids["bench"], ids['desk, "left"']]
        assert [opened.statistics(n).energy_wh for n in order] == energies
    for number, samples in zip(order, (one, two), strict=True):
        back = samples_of(tmp_path / "back.wattui", number)
        assert [(s.time_us, s.interval_us, s.gap_us) for s in back] == [
            (s.time_us, s.interval_us, s.gap_us) for s in samples
        ]
        full_rows = [s.values + (None,) * (FIELD_COUNT - len(s.values)) for s in samples]
        assert [s.values for s in back] == full_rows


def test_a_csv_with_thousands_of_gaps_in_its_head_is_recognised(tmp_path: Path) -> None:
    samples = [
        Sample(BEGIN + n * 5 * MICROSECONDS, MICROSECONDS, (n,), 4 * MICROSECONDS)
        for n in range(1, 1_500)
    ]
    back = through(tmp_path, "csv", {}, samples)
    assert [(one.time_us, one.gap_us) for one in back] == [
        (one.time_us, one.gap_us) for one in samples
    ]


def test_a_csv_describes_its_meters(tmp_path: Path) -> None:
    through(tmp_path, "csv", {}, full(20))
    with Session.open(tmp_path / "back.wattui") as opened:
        assert opened.meters[0].info == METER


@pytest.mark.parametrize(
    "name", [n for n, form in all_formats().items() if form.write and not form.several_meters]
)
def test_a_format_for_one_meter_refuses_several(tmp_path: Path, name: str) -> None:
    with BulkWriter(tmp_path / "two.wattui") as writer:
        writer.add_samples(METER, full(3))
        writer.add_samples(MeterInfo("B", "", "other"), full(3))
    assert all_formats()[name].cannot_hold
    with Session.open(tmp_path / "two.wattui") as opened:
        with pytest.raises(FormatError, match="bench, other"):
            write(opened, tmp_path / "there", name)
        assert not (tmp_path / "there").exists()
        assert write(opened, tmp_path / "there", name, meters=[2]) == 3


@pytest.mark.parametrize("way", WAYS, ids=NAMED)
def test_writing_can_be_cancelled(tmp_path: Path, way: tuple[str, dict]) -> None:
    source = session(tmp_path / "source.wattui", full(30))
    with Session.open(source) as opened, pytest.raises(Cancelled):
        write(opened, tmp_path / "there", way[0], cancelled=lambda: True, **way[1])
    assert [path.name for path in tmp_path.iterdir()] == ["source.wattui"]


def test_reading_gives_arrays(tmp_path: Path) -> None:
    samples = absent(full(100))
    with Session.open(session(tmp_path / "source.wattui", samples)) as opened:
        write(opened, tmp_path / "there", "2015-csv", zone=ZONE)
    (block,) = read(tmp_path / "there", Assumptions(zone=ZONE))
    assert block.meter == "bench"
    assert block.time is not None
    assert block.time.tolist() == [one.time_us for one in samples]
    assert block.values.shape == (100, FIELD_COUNT)
