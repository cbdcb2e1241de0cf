# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that other programs left behind: their lines, and what goes wrong with them."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import NoReturn
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from format_samples import BEGIN, absent, full, imported, samples_of, session
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from wattui.errors import Cancelled, FormatError
from wattui.formats import all_formats, detect, log_2011, write
from wattui.formats.import_files import import_files
from wattui.formats.reading import source as source_module
from wattui.formats.reading import text_table
from wattui.formats.reading.block import Block
from wattui.formats.reading.local_times import LocalTimes
from wattui.formats.reading.source import Assumptions, Source
from wattui.formats.registry import records
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import EventKind
from wattui.measurement.fields import FIELD_INDEX
from wattui.session import Session

IN_UTC = Assumptions(zone=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def micros(text: str, zone: object = UTC) -> int:
    moment = datetime.fromisoformat(text).replace(tzinfo=zone)  # type: ignore[arg-type]
    return round(moment.timestamp() * MICROSECONDS)


def log(count: int, start: str = "2016-11-09 13:24:18.123456") -> list[str]:
    begin = micros(start)
    lines = []
    for n in range(count):
        moment = datetime.fromtimestamp((begin + n * MICROSECONDS) / MICROSECONDS, UTC)
        lines.append(f"{moment.replace(tzinfo=None)} {n} 42.{n % 10} 119.8 0.361\n")
    return lines


# -- each program's lines --


def test_a_line_of_the_2011_log(tmp_path: Path) -> None:
    text = (
        "2016-11-09 13:24:18.123456 17 42.3 119.8 0.361\n"
        "2016-11-09 13:24:19 18.0 1342.3 119.8 11.361\n"
        "2016-11-09 13:24:20.5 19 0.3 99.8 0.361\n"
    )
    result, samples = imported(tmp_path, text, assumptions=IN_UTC)
    assert set(result.formats.values()) == {"2011-log"}
    assert [one.values[:4] for one in samples] == [
        (423, 1198, 361, None),
        (13423, 1198, 11361, None),
        (3, 998, 361, None),
    ]
    assert samples[0].time_us == micros("2016-11-09 13:24:18.123456")
    assert samples[1].time_us == micros("2016-11-09 13:24:19")
    assert samples[2].time_us == micros("2016-11-09 13:24:20.500000")


def test_the_2015_csv_with_its_odd_scales(tmp_path: Path) -> None:
    text = (
        "Meter, Time, W, V, A, WH, Cost, WH/Mo, Cost/Mo, Wmax, Vmax, Amax, Wmin, Vmin, Amin, "
        "PF, DC, PC, HZ, VA\n"
        "ttyUSB0, 2015-06-01 12:00:00.123456, 42.3, 119.8, 0.361, 1.2, 0.005, 3045.6, 2.437, "
        "50.1, 120.3, 0.4, 40.0, 119.0, 0.35, 97, 100, 2, 60.0, 432, \n"
    )
    result, samples = imported(tmp_path, text, assumptions=IN_UTC)
    assert result.counts == {"ttyUSB0": 1}
    assert samples[0].values == (
        *(423, 1198, 361, 12, 5, 30456, 2437, 501, 1203, 400, 400, 1190, 350),
        *(97, 100, 2, 600, 432),
    )


def test_the_2015_csv_fetched_from_a_memory(tmp_path: Path) -> None:
    values = "42.3, 119.8, 0.361, 1.2, 0.005, 3045.6, 2.437, 50.1, 120.3, 0.4, 40.0, 119.0, 0.35"
    line = f"2015-06-01 12:00:0%d, {values}, 97, 100, 2, 60.0, 432, \n"
    result, samples = imported(tmp_path, line % 1 + line % 2, assumptions=IN_UTC)
    assert result.skipped == []
    assert [one.values[17] for one in samples] == [432, 432]
    assert any("read-out" in note for note in result.notes)


def test_the_2015_csv_with_packets(tmp_path: Path) -> None:
    packet = "#d, -, 18, 423, 1198, 361" + ", 1" * 14 + ", 432;\r\n, \n"
    header = "Meter, Time, W, V, A, WH, Cost\n"
    result, samples = imported(tmp_path, header + packet * 3, assumptions=Assumptions(start=BEGIN))
    assert set(result.formats.values()) == {"2015-csv"}
    assert [one.values[17] for one in samples] == [432] * 3
    assert samples[0].time_us == BEGIN + MICROSECONDS


@pytest.mark.parametrize("comma", [False, True])
@pytest.mark.parametrize("more", ["", "\t60.0\t43.2"])
def test_the_makers_export(tmp_path: Path, comma: bool, more: str) -> None:
    names = "Time\tWatts\tVolts\tAmps\tWattHrs\tCost\tAvg Kwh\tMo Cost\tMax Wts\tMax Vlt\tMax Amp"
    names += "\tMin Wts\tMin Vlt\tMin Amp\tPwr Fct\tDty Cyc\tPwr Cyc\r\n"
    values = "42.3\t119.8\t0.361\t1.2\t0.005\t30.456\t2.437\t50.1\t120.3\t0.400\t40.0\t119.0\t0.350"
    values += f"\t0.97\t1.00\t2{more}\r\n"
    lines = "".join(f"{time}\t{values}" for time in ("0.00000000", "0.00001157", "0.00002315"))
    text = names + (lines.replace(".", ",") if comma else lines) + "\x1a"
    result, samples = imported(tmp_path, text, assumptions=Assumptions(start=BEGIN))
    assert set(result.formats.values()) == {"maker"}
    assert result.skipped == []
    assert [one.time_us - BEGIN for one in samples] == [n * MICROSECONDS for n in (1, 2, 3)]
    assert samples[0].values == (
        *(423, 1198, 361, 12, 5, 30456, 2437, 501, 1203, 400, 400, 1190, 350, 97, 100, 2),
        *((600, 432) if more else (None, None)),
    )


def test_lab11_takes_only_what_its_names_mean(tmp_path: Path) -> None:
    text = (
        "# Readings from a Watts Up? Meter\n# 2015-12-10 03:42:42.000001\n\n"
        "timestamp,W,V,A,WH,Cost\n"
        "1449718962000,42.3,119.8,36.1,1.2,0.005,30456.0,24370.0,501.0,1203.0,400.0,40.0,40.0\n"
    )
    result, samples = imported(tmp_path, text)
    assert set(result.formats.values()) == {"lab11"}
    assert samples[0].values == (423, 1198, 361, 12, 5, *[None] * 13)
    assert samples[0].time_us == 1_449_718_962 * MICROSECONDS


def test_lab11_json_lines(tmp_path: Path) -> None:
    text = (
        '{"time": 1449718962000, "watts": 42.3, "volts": 119.8, "amps": 36.1, "watt-hours": 1.2, '
        '"dollars": 0.005, "power factor": 501.0}\n'
    )
    _, samples = imported(tmp_path, text)
    assert samples[0].values == (423, 1198, 361, 12, 5, *[None] * 13)


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("42.3, 119.8, 0.36, 1.2", (423, 1198, 360, None)),
        (
            "[watts] 42.3, [volts] 119.8, [amps] 0.36, [watt hours] 1.2",
            (423, 1198, 360, 12),
        ),
        ("[13:24:18] 42.3, 119.8, 0.361, 1.2", (423, 1198, 361, None)),
        ("42.3, 119.8, 36.1, 1.2", (423, 1198, 361, None)),  # divided by ten, whatever it is
    ],
)
def test_the_lines_of_the_c_client(
    tmp_path: Path, line: str, values: tuple[int | None, ...]
) -> None:
    result, samples = imported(tmp_path, f"{line}\n" * 3)
    assert set(result.formats.values()) == {"c-client"}
    assert {one.values[:4] for one in samples} == {values}


def test_captures_of_a_real_meter(captures: Path, tmp_path: Path) -> None:
    given = Assumptions(interval=1.0)
    for name, count, total, energy, counter in (
        ("fan", 1_792, 755_658, 20.99, 20.3),
        ("iphone4", 6_423, 314_974, 8.75, 6.7),
    ):
        target = tmp_path / f"{name}.wattui"
        result = import_files([captures / f"{name}.raw"], target, given)
        assert result.count == count
        with Session.open(target) as opened:
            figures = opened.statistics(1)
        assert sum(one.values[0] or 0 for one in samples_of(target)) == total
        assert figures.energy_wh == pytest.approx(energy, abs=0.005)
        assert figures.counter_wh == pytest.approx(counter)


# -- what goes wrong --


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_line_ends_and_encodings(tmp_path: Path, end: str, mark: str, encoding: str) -> None:
    if encoding == "utf-16-be" and not mark:
        pytest.skip("nothing says that it is")
    text = (mark + "".join(log(30)).replace("\n", end)).encode(encoding)
    result, samples = imported(tmp_path, text, assumptions=IN_UTC)
    assert result.skipped == []
    assert len(samples) == 30


def test_mixed_line_ends_keep_their_numbers(tmp_path: Path) -> None:
    lines = log(6)
    text = lines[0] + lines[1][:-1] + "\r\n" + lines[2][:-1] + "\r" + "broken\n" + lines[3]
    result, samples = imported(tmp_path, text, assumptions=IN_UTC)
    assert [one.line for one in result.skipped] == [4]
    assert len(samples) == 4


def test_broken_lines_are_reported_with_their_numbers_and_left_out(tmp_path: Path) -> None:
    lines = log(3_000)
    wrong = {
        5: "2016-11-09 13:24:22.1234",
        700: "2016-13-09 13:24:22.123456 4 42.3 119.8 0.361\n",
        701: "2016-11-09 13:36:02.123456 4 42.3 1x9.8 0.361\n",
        1500: "\0\0\0\0\0\0\x01\n",
        2000: "2016-11-09 13:57:42.123456 4 42.3 119.8 -0.361\n",
        2500: "2016-11-09 14:06:02.123456 4 9999999999.3 119.8 0.361\n",
    }
    for number, text in wrong.items():
        lines[number] = text if text.endswith("\n") else text + "\n"
    result, samples = imported(tmp_path, "".join(lines), assumptions=IN_UTC)
    assert [one.line for one in result.skipped] == [number + 1 for number in wrong]
    assert all(one.reason for one in result.skipped)
    assert len(samples) == 3_000 - len(wrong)
    assert result.skipped_count == len(wrong)


def test_an_incomplete_last_line_is_left_out(tmp_path: Path) -> None:
    text = "".join(log(100))[:-12]
    result, samples = imported(tmp_path, text, assumptions=IN_UTC)
    assert [one.line for one in result.skipped] == [100]
    assert len(samples) == 99


def test_a_repeated_header_is_not_a_broken_line(tmp_path: Path) -> None:
    with Session.open(session(tmp_path / "source.wattui", full(10))) as opened:
        for name in ("csv", "2015-csv", "maker"):
            path = tmp_path / name
            write(opened, path, name)
            text = path.read_text().rstrip("\x1a")
            result, samples = imported(tmp_path, text + text, assumptions=IN_UTC)
            assert result.skipped == [], name
            assert len(samples) == 10, name  # identical records count once


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b"\x1a", b"\0" * 100])
def test_an_empty_file(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(FormatError, match="empty"):
        imported(tmp_path, content)
    assert not (tmp_path / "imported.wattui").exists()


def test_a_header_without_a_record(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="no record"):
        imported(tmp_path, "Meter, Time, W, V, A, WH\n")
    assert list(tmp_path.glob(".*")) == []


def test_files_of_unknown_formats(tmp_path: Path) -> None:
    for content in (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), b"hello\nworld\n", b"a,b,c\n1,2,3\n"):
        (tmp_path / "file").write_bytes(content)
        with pytest.raises(FormatError, match="no known format"):
            detect(tmp_path / "file")
    with pytest.raises(FormatError, match="session already"):
        detect(session(tmp_path / "run.wattui", full(3)))
    with pytest.raises(FormatError, match="cannot be read"):
        detect(tmp_path)
    with pytest.raises(FormatError, match="cannot be read"):
        detect(tmp_path / "not there")


def test_cancelling_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "old.log").write_text("".join(log(100)))
    with pytest.raises(Cancelled):
        import_files([tmp_path / "old.log"], tmp_path / "run.wattui", cancelled=lambda: True)
    assert [path.name for path in tmp_path.iterdir()] == ["old.log"]


def test_progress_reaches_all_bytes_of_all_files(tmp_path: Path) -> None:
    paths = [tmp_path / "one.log", tmp_path / "two.log"]
    for number, path in enumerate(paths):
        path.write_text("".join(log(50, f"2016-11-0{number + 1} 12:00:00")))
    reports: list[tuple[int, int]] = []
    import_files(paths, tmp_path / "x.wattui", progress=lambda *both: reports.append(both))
    total = sum(path.stat().st_size for path in paths)
    assert reports[-1] == (total, total)
    assert reports == sorted(reports)


# -- times --


def test_gaps_by_two_and_a_half_intervals(tmp_path: Path) -> None:
    lines = log(100)
    del lines[50:52], lines[20]
    result, samples = imported(tmp_path, "".join(lines), assumptions=IN_UTC)
    assert [(n, one.gap_us) for n, one in enumerate(samples) if one.gap_us] == [
        (49, 2 * MICROSECONDS)
    ]
    assert samples[20].interval_us == 2 * MICROSECONDS
    assert samples[49].interval_us == MICROSECONDS
    assert result.notes[-1].endswith("taken as UTC")


def test_the_interval_of_the_user_counts(tmp_path: Path) -> None:
    lines = log(100)[::10]
    _, samples = imported(tmp_path, "".join(lines), assumptions=Assumptions(1.0, zone=UTC))
    assert {one.interval_us for one in samples} == {MICROSECONDS}
    assert [one.gap_us for one in samples] == [0] + [9 * MICROSECONDS] * 9
    _, samples = imported(tmp_path, "".join(lines), assumptions=IN_UTC)
    assert {(one.interval_us, one.gap_us) for one in samples} == {(10 * MICROSECONDS, 0)}


def test_times_increase_in_the_hour_that_comes_twice(tmp_path: Path) -> None:
    utc = [micros("2016-10-29 23:59:00") + n * 60 * MICROSECONDS for n in range(240)]
    lines = []
    for time in utc:
        local = datetime.fromtimestamp(time / MICROSECONDS, BERLIN).replace(tzinfo=None)
        lines.append(f"{local} 0 42.3 119.8 0.361\n")
    _, samples = imported(tmp_path, "".join(lines), assumptions=Assumptions(zone=BERLIN))
    assert [one.time_us for one in samples] == utc
    assert {one.gap_us for one in samples} == {0}


def test_local_times_in_pieces_are_as_in_one_piece(tmp_path: Path) -> None:
    utc = np.arange(micros("2016-10-29 20:00:00"), micros("2016-10-30 06:00:00"), 7 * 10**6)
    offset = np.where(utc < micros("2016-10-30 01:00:00"), 2, 1) * 3600 * MICROSECONDS
    for size in (1, 50, 10**6):
        times = LocalTimes(BERLIN)
        found = [times.to_utc(part) for part in np.array_split(utc + offset, len(utc) // size + 1)]
        assert (np.concatenate(found) == utc).all()


def test_a_clock_that_was_set_back(tmp_path: Path) -> None:
    lines = log(50) + log(50, "2016-11-09 13:20:00")
    result, samples = imported(tmp_path, "".join(lines), assumptions=IN_UTC)
    times = [one.time_us for one in samples]
    assert len(times) == 100
    assert all(b - a == MICROSECONDS for a, b in pairwise(times))
    with Session.open(result.path) as opened:
        (event,) = opened.events([EventKind.CLOCK_STEPPED])
    assert "went back" in event.event.text
    assert any("went back" in note for note in result.notes)


def test_a_file_without_times_ends_when_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "run.raw"
    with Session.open(session(tmp_path / "source.wattui", full(30))) as opened:
        write(opened, path, "raw")
    result = import_files([path], tmp_path / "run.wattui", Assumptions(interval=2.0))
    samples = samples_of(result.path)
    assert samples[-1].time_us == pytest.approx(path.stat().st_mtime * 1e6, abs=10)
    assert samples[0].interval_us == 2 * MICROSECONDS
    assert any("as old as the file" in note for note in result.notes)


def test_assumptions_are_notes_of_the_session(tmp_path: Path) -> None:
    result, _ = imported(tmp_path, "".join(log(5)), assumptions=Assumptions(zone=BERLIN))
    with Session.open(result.path) as opened:
        notes = [one.event.text for one in opened.events([EventKind.NOTE])]
    assert notes == result.notes
    assert any("Europe/Berlin" in note for note in notes)


# -- several files --


def test_a_file_that_continues_another_of_its_meter(tmp_path: Path) -> None:
    first, second = log(50), log(50, "2016-11-09 13:30:00")
    given = Assumptions(zone=UTC, meter="bench")
    result, samples = imported(tmp_path, "".join(second), "".join(first), assumptions=given)
    assert result.counts == {"bench": 100}
    assert [n for n, one in enumerate(samples) if one.gap_us] == [50]


def test_files_that_overlap_are_of_several_meters(tmp_path: Path) -> None:
    result, _ = imported(
        tmp_path, "".join(log(50)), "".join(log(40)), assumptions=Assumptions(meter="bench")
    )
    assert result.counts == {"bench": 50, "bench (2)": 40}
    assert any("overlaps" in note for note in result.notes)


def test_files_of_several_meters_make_one_session(tmp_path: Path) -> None:
    raw = "#d,-,18,423,1198,361" + ",1" * 15 + ";\r\n"
    result, _ = imported(tmp_path, "".join(log(50)), raw * 20, assumptions=IN_UTC)
    assert result.counts == {"file1": 50, "file2": 20}
    with Session.open(result.path) as opened:
        assert [meter.info.name for meter in opened.meters] == ["file1", "file2"]
        assert not opened.interrupted


# -- many lines at once are read as one by one --

NUMBERS = st.one_of(
    st.from_regex(r"[0-9]{1,6}\.[0-9]", fullmatch=True),
    st.from_regex(r"[0-9]{1,3}\.[0-9]{3}", fullmatch=True),
    st.from_regex(r"[0-9.]{1,9}", fullmatch=True),
    st.text("0123456789.-+e_n a", max_size=9),
    st.sampled_from(["", "nan", "-nan", "inf", "1e3", "1_0", "4294967295", "4294967296", '"1"']),
)
TIMES = st.one_of(
    st.datetimes(datetime(1985, 1, 1), datetime(2105, 1, 1)).map(str),
    st.from_regex(
        r"20[0-9]{2}-[01][0-9]-[0-3][0-9] [0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{0,7})?",
        fullmatch=True,
    ),
    st.text("0123456789-: .TZ", max_size=27),
)
MOMENTS = st.one_of(
    st.integers(0, 2**32).map(str),
    st.from_regex(r"1[0-9]{9}\.[0-9]{1,9}", fullmatch=True),
    st.integers(10**12, 10**13).map(str),
    NUMBERS,
)
NAMES = st.sampled_from(["a", "b", '"a,b"', '"a;""b"""', "0", "nan", "a, b", "a,,b", ""])

#: The beginning of a file, and what a line is made of.
KINDS = {
    "2011-log": ("2016-11-09 13:24:18.123456 17 42.3 119.8 0.361", " ", [TIMES, *[NUMBERS] * 4]),
    "csv": (
        "time,unix_time,meter,power_w,interval_s,gap_s\nx,1449718962.5,a,42.3,1,0",
        *(",", [st.just("x"), MOMENTS, NAMES, *[NUMBERS] * 3]),
    ),
    "csv spreadsheet": (
        "unix_time;meter;power_w;interval_s;gap_s\n1449718962,5;a;42,3;1;0",
        *(";", [MOMENTS.map(lambda one: one.replace(".", ",")), NAMES, *[NUMBERS] * 3]),
    ),
    "2015-csv": (
        "Meter, Time, W, V, A\na, 2015-06-01 12:00:00, " + "1.0, " * 18,
        *(", ", [NAMES, TIMES, *[NUMBERS] * 18, st.just("")]),
    ),
    "maker": (
        "Time\tWatts\tVolts\n" + "0.0\t" + "\t".join(["1.0"] * 16),
        *("\t", [*[NUMBERS] * 17]),
    ),
    "lab11": ("1449718962000" + ",1.0" * 12, ",", [MOMENTS, *[NUMBERS] * 12]),
    "c-client": ("42.3, 119.8, 0.36, 1", ", ", [NUMBERS] * 4),
    "columns": (
        "time,watts,meter,note\n1449718962.5,42.3,a,x",
        *(",", [MOMENTS, NUMBERS, NAMES, NAMES]),
    ),
    "columns of local times": (
        "time;watts;note\n2016-11-09 13:24:18,5;42,3;x",
        *(";", [TIMES, NUMBERS.map(lambda one: one.replace(".", ",")), st.sampled_from("ab")]),
    ),
}


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_many_lines_at_once_are_read_as_one_by_one(
    tmp_path: Path, kind: str, data: st.DataObject
) -> None:
    head, sign, cells = KINDS[kind]
    usual = head.rpartition("\n")[2].split(sign)
    usual = [" ".join(usual[:2]), *usual[2:]] if kind == "2011-log" else usual
    # Most cells are as usual, so that some lines are.
    mixed = [st.just(one) | st.just(one) | cell for one, cell in zip(usual, cells, strict=True)]
    lines = data.draw(st.lists(st.tuples(*mixed).map(sign.join), min_size=1, max_size=6))
    path = tmp_path / "old"
    path.write_text("\n".join([head, *lines]) + "\n")
    found, skipped = {}, {}
    for way in ("many", "one"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(text_table, "_FEW", 1 if way == "many" else 10**9)
            if way == "one":
                patch.setattr(text_table._Table, "_many", _refuse)
            source = Source(path, Assumptions(start=BEGIN, zone=UTC))
            blocks = records(all_formats()[kind.split()[0]], source)
            try:
                found[way] = sorted(row for block in blocks for row in _rows(block))
            except FormatError:
                found[way] = []
            skipped[way] = source.skipped.listed
    assert found["many"] == found["one"]
    assert skipped["many"] == skipped["one"]


USUAL_TIMES = st.one_of(
    st.datetimes(datetime(1985, 1, 1), datetime(2105, 1, 1)).map("{:%Y-%m-%d %H:%M:%S.%f}".format),
    st.from_regex(
        r"20[0-2][0-9]-[01][0-9]-[0-3][0-9] [0-2][0-9]:[0-6][0-9]:[0-6][0-9]\.[0-9]{5,7}",
        fullmatch=True,
    ),
)
TENTHS = st.from_regex(r"[0-9]{1,10}\.[0-9]", fullmatch=True)
AMPS = st.from_regex(r"[0-9]{1,7}\.[0-9]{3}", fullmatch=True)
USUAL = st.tuples(USUAL_TIMES, st.integers(0, 10**10).map(str), TENTHS, TENTHS, AMPS).map(" ".join)


@settings(deadline=None, max_examples=120)
@given(st.lists(USUAL, min_size=1, max_size=3))
def test_the_fast_way_of_the_2011_log_is_the_usual_one(lines: list[str]) -> None:
    try:
        block = log_2011.read_usual(lines)
    except ValueError:
        event("refused")
        return
    event("read")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "old.log"
        path.write_text("\n".join(lines) + "\n")
        source = Source(path, IN_UTC)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(text_table._Table, "_many", _refuse)
            blocks = records(all_formats()["2011-log"], source)
            found = [row for one in blocks for row in _rows(one)]
    assert sorted(found) == sorted(_rows(block))
    assert source.skipped.listed == []


def _refuse(*_arguments: object) -> NoReturn:
    raise ValueError("one by one")


def _rows(block: Block) -> list[tuple[object, ...]]:
    spans = (block.time, block.interval, block.gap)
    columns = [[-1] * len(block) if one is None else one.tolist() for one in spans]
    return [
        (block.meter, *row[:3], *row[3])
        for row in zip(*columns, block.values.tolist(), strict=True)
    ]


# -- garbage --

HEADS = [
    b"",
    b"2016-11-09 13:24:18.123456 17 42.3 119.8 0.361\n",
    b"Meter, Time, W, V, A, WH, Cost\nttyUSB0, 2015-06-01 12:00:00, 1.0, " + b"1, " * 17 + b"\n",
    b"Time\tWatts\tVolts\tAmps\n0.0\t1.0\t2.0\t3.0\n",
    b"1449718962000,42.3,119.8,36.1" + b",1.0" * 9 + b"\n",
    b'{"time": 1449718962000, "watts": 42.3}\n',
    b'{"unix_time": 1449718962.5, "power_w": 42.3, "meter": "a"}\n',
    b"42.3, 119.8, 0.36\n",
    b"#d,-,18" + b",1" * 18 + b";\r\n",
    b"unix_time,meter,power_w,interval_s,gap_s\n1449718962.5,a,42.3,1,0\n",
    b"unix_time;meter;power_w\n1449718962,5;a;42,3\n",
    b"time,watts\n2024-01-01T00:00:00Z,55.2\n",
    b"1795648816.738420 64.0\n",
    b"[13:24:18] 42.3, 119.8, 0.36\n[watts] 42.3\n",
    b"Time,11-25-2026 10:00:00.123,Watts,164.1,Volts,119.5,Mark,run\n",
    b"Time,Watts,Volts,Amps\n0.0,1.0,2.0,3.0\n",
]


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    head=st.sampled_from(HEADS),
    tail=st.one_of(
        st.binary(max_size=300),
        st.lists(
            st.sampled_from([*HEADS, b"#", b",", b"\t", b"\r", b"\n", b"9" * 25, b"nan", b"-1"]),
            max_size=12,
        ).map(b"".join),
    ),
)
def test_any_bytes_give_an_error_or_skipped_lines(tmp_path: Path, head: bytes, tail: bytes) -> None:
    target = tmp_path / "run.wattui"
    target.unlink(missing_ok=True)
    (tmp_path / "file").write_bytes(head + tail)
    try:
        result = import_files([tmp_path / "file"], target)
    except FormatError:
        assert not target.exists()
        return
    assert result.count == sum(len(samples_of(target, n + 1)) for n in range(len(result.counts)))


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.sampled_from([name for name, form in all_formats().items() if form.write]),
    places=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=8),
    cut=st.floats(0, 1),
)
def test_damaged_files_give_an_error_or_skipped_lines(
    tmp_path: Path,
    written: dict[str, bytes],
    name: str,
    places: list[tuple[float, int]],
    cut: float,
) -> None:
    data = bytearray(written[name])
    for place, byte in places:
        data[int(place * (len(data) - 1))] = byte
    (tmp_path / "file").write_bytes(data[: max(1, int(len(data) * (0.5 + cut / 2)))])
    target = tmp_path / "run.wattui"
    target.unlink(missing_ok=True)
    try:
        import_files([tmp_path / "file"], target, IN_UTC)
    except FormatError:
        assert not target.exists()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("written")
    found = {}
    with Session.open(session(folder / "source.wattui", absent(full(20)))) as opened:
        for name, form in all_formats().items():
            if form.write:
                write(opened, folder / name, name)
                found[name] = (folder / name).read_bytes()
    return found


def test_a_line_without_an_end_takes_no_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_module, "BLOCK_BYTES", 1 << 17)
    text = "".join(log(3)) + "x" * 1_000_000 + "\n" + "".join(log(3, "2016-11-09 14:00:00"))
    result, samples = imported(tmp_path, text, assumptions=IN_UTC)
    assert len(samples) == 6
    assert result.skipped_count >= 1


def test_blocks_end_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "".join(log(300)).replace("\n", "\r\n")
    _, whole = imported(tmp_path, text, assumptions=IN_UTC)
    monkeypatch.setattr(source_module, "BLOCK_BYTES", 333)
    _, pieces = imported(tmp_path, text, assumptions=IN_UTC)
    assert pieces == whole
    assert whole[7].values[FIELD_INDEX["power"]] == 427
