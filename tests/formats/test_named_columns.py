# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables whose columns are named: by their header, by their kind, or by the user."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from format_samples import BEGIN, METER, full, imported, samples_of, session

from wattui.errors import FormatError
from wattui.formats import detect, write
from wattui.formats.import_files import ImportResult
from wattui.formats.reading.column_choice import ColumnChoice, parse_columns
from wattui.formats.reading.source import Assumptions
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import Event, EventKind
from wattui.measurement.sample import Sample
from wattui.session import BulkWriter, Session, Span

IN_UTC = Assumptions(zone=UTC)


def micros(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * MICROSECONDS)


def named(text: str, time_format: str = "", **more: object) -> Assumptions:
    return Assumptions(
        zone=UTC,
        columns=parse_columns(text),
        time_format=time_format,
        **more,  # type: ignore[arg-type]
    )


def powers(samples: list[Sample]) -> list[int | None]:
    return [one.values[0] for one in samples]


def says(result: ImportResult, words: str) -> bool:
    return any(words in note for note in result.notes)


# -- by header and kind --


def test_time_and_watts(tmp_path: Path) -> None:
    text = (
        "timestamp,power\n2024-01-01T00:00:00Z,55.2\n2024-01-01T00:00:01Z,55.3\n"
        "2024-01-01T00:00:03Z,55.1\n"
    )
    result, samples = imported(tmp_path, text)
    assert powers(samples) == [552, 553, 551]
    assert [one.gap_us for one in samples] == [0, 0, MICROSECONDS]
    assert samples[0].time_us == micros("2024-01-01")
    assert says(result, "time from 'timestamp', power from 'power' in W")


@pytest.mark.parametrize("sign", [" ", ",", ", ", ";", "\t"])
@pytest.mark.parametrize("unit", [1, 1_000])
def test_epoch_and_watts(tmp_path: Path, sign: str, unit: int) -> None:
    text = "".join(f"{(1795648816 + n) * unit + unit // 4}{sign}64.{n % 9}\n" for n in range(200))
    _, samples = imported(tmp_path, text)
    assert powers(samples) == [640 + n % 9 for n in range(200)]
    start = 1795648816 * MICROSECONDS + (250_000 if unit > 1 else 0)
    assert [one.time_us for one in samples] == [start + n * MICROSECONDS for n in range(200)]


def test_date_time_and_watts_between_blanks(tmp_path: Path) -> None:
    text = "".join(f"2024-01-01 00:00:{n:02d} 55.{n % 10}\n" for n in range(60))
    _, samples = imported(tmp_path, text, assumptions=IN_UTC)
    assert powers(samples) == [550 + n % 10 for n in range(60)]
    assert samples[59].time_us == micros("2024-01-01 00:00:59")


def test_columns_by_name_in_the_order_of_the_alphabet(tmp_path: Path) -> None:
    text = (
        "datetime,timestamp,Hz,PowerFactor,VA,WH,amps,cost,volts,watts\n"
        "2016-08-10T12:00:00,1470830400,60.0,93,176.5,21.3,1.474,0.1,119.8,164.1\n"
        "2016-08-10T12:00:02,1470830402,60.0,93,179.7,21.4,1.500,0.1,119.8,167.1\n"
    )
    result, samples = imported(tmp_path, text)
    values = (1641, 1198, 1474, 213, 100, *[None] * 8, 93, None, None, 600, 1765)
    assert samples[0].values == values
    assert samples[0].time_us == 1470830400 * MICROSECONDS
    assert samples[1].interval_us == 2 * MICROSECONDS
    assert says(result, "power_factor from 'PowerFactor' in %")
    assert says(result, "left out: 'datetime'")


@pytest.mark.parametrize(
    ("header", "cell", "power"),
    [
        ("Power (kW)", "1.2345", 12345),
        ("power_kw", "1.2345", 12345),
        ("Power [mW]", "55200", 552),
        ("Active Power", "55.2", 552),
        ('"Watts"', '"55.2"', 552),
        ("P", "5.52e1", 552),
    ],
)
def test_a_unit_in_the_header_is_used(tmp_path: Path, header: str, cell: str, power: int) -> None:
    text = f"time,{header}\n" + "".join(f"{1795648816 + n},{cell}\n" for n in range(9))
    _, samples = imported(tmp_path, text)
    assert powers(samples) == [power] * 9


@pytest.mark.parametrize("header", ["time,energy", "time,temperature", "watts,humidity", "a,b"])
def test_columns_that_no_name_shows_are_not_guessed(tmp_path: Path, header: str) -> None:
    (tmp_path / "x.csv").write_text(f"{header}\n" + "2024-01-01T00:00:00Z,55.2\n" * 3)
    with pytest.raises(FormatError, match="no known format") as caught:
        detect(tmp_path / "x.csv")
    assert "--columns" in caught.value.hint


def test_decimal_commas_and_a_commented_header(tmp_path: Path) -> None:
    text = "# logged in the cellar\n# time;power\n" + "".join(
        f"2024-01-01 00:00:{n:02d},5;55,{n % 10}\n" for n in range(20)
    )
    _, samples = imported(tmp_path, text, assumptions=IN_UTC)
    assert powers(samples) == [550 + n % 10 for n in range(20)]
    assert samples[0].time_us == micros("2024-01-01 00:00:00.5")


def test_local_times_are_in_the_zone_of_the_user(tmp_path: Path) -> None:
    text = "time,watts\n2024-01-01 00:00:00,55.2\n2024-01-01 00:00:01,55.2\n"
    result, samples = imported(tmp_path, text, assumptions=IN_UTC)
    assert samples[0].time_us == micros("2024-01-01")
    assert says(result, "local times without a zone: taken as UTC")


def test_seconds_since_the_start(tmp_path: Path) -> None:
    text = "seconds,watts\n" + "".join(f"{n / 2},55.2\n" for n in range(20))
    result, samples = imported(tmp_path, text, assumptions=Assumptions(start=BEGIN))
    assert [one.time_us for one in samples] == [BEGIN + n * MICROSECONDS // 2 for n in range(20)]
    result, samples = imported(tmp_path, text)
    written = (tmp_path / "file1.txt").stat().st_mtime
    assert samples[-1].time_us == pytest.approx(written * MICROSECONDS, abs=10)
    assert says(result, "as old as the file")


def test_several_meters_in_a_column(tmp_path: Path) -> None:
    text = "time,meter,watts\n" + "".join(
        f"{1795648816 + n // 2},{'ab'[n % 2]},{50 + n % 2}.0\n" for n in range(40)
    )
    result, _ = imported(tmp_path, text)
    assert result.counts == {"a": 20, "b": 20}


def test_times_in_whole_minutes_are_spread(tmp_path: Path) -> None:
    text = "timestamp,power\n" + "".join(
        f"2024-01-01T00:{n // 60:02d}:00Z,{50 + n % 10}.0\n" for n in range(25, 600)
    )
    result, samples = imported(tmp_path, text)
    assert {one.interval_us for one in samples} == {MICROSECONDS}
    assert says(result, "coarser than its records")


def test_broken_rows_are_reported(tmp_path: Path) -> None:
    lines = [f"{1795648816 + n},55.2" for n in range(300)]
    lines[7], lines[200], lines[250] = "1795648823,abc", "1795649016", "yesterday,55.2"
    result, samples = imported(tmp_path, "time,watts\n" + "\n".join(lines) + "\n")
    assert [one.line for one in result.skipped] == [9, 202, 252]
    assert len(samples) == 297


# -- by the user --


def test_columns_by_number_and_name_with_units(tmp_path: Path) -> None:
    text = "x;when;what;mA\n" + "".join(
        f"{n};03.02.2024 10:00:{n:02d};1,2345;{500 + n}\n" for n in range(30)
    )
    given = named("time=when,power=2:kW,current=mA:mA", "%d.%m.%Y %H:%M:%S")
    result, samples = imported(tmp_path, text, assumptions=given)
    assert [one.values[:3] for one in samples] == [(12345, None, 500 + n) for n in range(30)]
    assert samples[0].time_us == micros("2024-02-03 10:00:00")
    assert says(result, "power from 'what' in kW")
    assert says(result, "left out: 'x'")


def test_a_table_without_header_and_without_times(tmp_path: Path) -> None:
    text = "".join(f"{n} 55 {n % 3}\n" for n in range(20))
    result, samples = imported(tmp_path, text, assumptions=named("power=1,power_factor=2:%"))
    assert [(one.values[0], one.values[13]) for one in samples] == [(550, n % 3) for n in range(20)]
    assert says(result, "does not contain its interval")


def test_fields_of_the_c_client_are_named(tmp_path: Path) -> None:
    text = "173.0, 119.8, 1.474, 94.0\n" * 5
    given = named("power=0,voltage=1,current=2,power_factor=3:%")
    _, samples = imported(tmp_path, text, assumptions=given)
    assert samples[0].values[:3] == (1730, 1198, 1474)
    assert samples[0].values[13] == 94


def test_date_and_time_in_two_columns(tmp_path: Path) -> None:
    text = "".join(f"2024-02-03,10:00:{n:02d},55.2\n" for n in range(30))
    _, samples = imported(tmp_path, text, assumptions=named("date=0,time=1,power=2"))
    assert samples[29].time_us == micros("2024-02-03 10:00:29")
    given = named("date=0,time=1,power=2", "%d/%m/%Y %H:%M:%S")
    text = "".join(f"03/02/2024,10:00:{n:02d},55.2\n" for n in range(30))
    _, samples = imported(tmp_path, text, assumptions=given)
    assert samples[29].time_us == micros("2024-02-03 10:00:29")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("power", "does not name a column"),
        ("power=", "does not name a column"),
        ("time=0", "no column has a value of the meter"),
        ("power=1,power=2", "power is named twice"),
        ("pressure=1,power=2", "'pressure' cannot be read"),
        ("power=1:mA", "mA is not a unit of power"),
        ("power=1:%", "% is not a unit of power"),
        ("", "no column"),
    ],
)
def test_what_is_wrong_with_a_choice_of_columns(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_columns(text)


def test_a_choice_of_columns() -> None:
    assert parse_columns('time=0, watts="P, total", voltage=a:b, PF=3:%') == (
        ColumnChoice("time", 0),
        ColumnChoice("power", "P, total"),
        ColumnChoice("voltage", "a:b"),
        ColumnChoice("power_factor", 3, "%"),
    )


def test_errors_name_the_columns_and_the_times(tmp_path: Path) -> None:
    text = "when,what\n" + "03.02.2024 around 10,55.2\n" * 3
    with pytest.raises(FormatError, match="no column 'watts' for power") as caught:
        imported(tmp_path, text, assumptions=named("time=0,power=watts"))
    assert "0 'when', 1 'what'" in caught.value.hint
    with pytest.raises(FormatError, match="no column 7"):
        imported(tmp_path, text, assumptions=named("time=0,power=7"))
    with pytest.raises(FormatError, match=r"'03.02.2024 around 10' is not a date") as caught:
        imported(tmp_path, text, assumptions=named("time=0,power=1"))
    assert "--time-format" in caught.value.hint
    with pytest.raises(FormatError, match=r"does not match '%Y'"):
        imported(tmp_path, text, assumptions=named("time=0,power=1", "%Y"))
    with pytest.raises(FormatError, match="'dmy' is not a time format"):
        imported(tmp_path, text, assumptions=named("time=0,power=1", "dmy"))


def test_the_command_imports_a_table(tmp_path: Path) -> None:
    lines = "".join(f"03.02.2024 10:00:{n:02d};x;55,2\n" for n in range(30))
    (tmp_path / "t.csv").write_text(lines)

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "wattui", "import", "t.csv", "--zone", "UTC", *words],
            capture_output=True, text=True, timeout=60, cwd=tmp_path,
        )  # fmt: skip

    done = run("--columns", "time=0,power=2", "--time-format", "%d.%m.%Y %H:%M:%S",
               "--session", "run.wattui")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert powers(samples_of(tmp_path / "run.wattui")) == [552] * 30
    assert "Columns that were left out: column 1".lower() in done.stderr.lower()
    done = run("--columns", "power=9")
    assert done.returncode == 7
    assert "0 to 2" in done.stderr
    done = run("--columns", "pressure=1")
    assert done.returncode == 2
    assert "pressure" in done.stderr


# -- our own CSV that was changed --


def ours(folder: Path) -> list[str]:
    with Session.open(session(folder / "source.wattui", full(30))) as opened:
        write(opened, folder / "ours.csv")
    return (folder / "ours.csv").read_text().splitlines()


def test_our_csv_with_a_column_added_and_others_removed(tmp_path: Path) -> None:
    lines = [line for line in ours(tmp_path) if not line.startswith("#")]
    head, *rows = ([cell for n, cell in enumerate(x.split(",")) if n != 6] for x in lines)
    text = "\n".join(",".join(row) for row in ([*head, "my_note"], *([*r, "a b"] for r in rows)))
    result, samples = imported(tmp_path, text)
    assert set(result.formats.values()) == {"csv"}
    assert [one.values[:3] for one in samples] == [(*one.values[:2], None) for one in full(30)]
    assert [one.gap_us for one in samples] == [one.gap_us for one in full(30)]
    assert says(result, "left out: my_note")


def test_our_csv_saved_by_pandas_with_its_index(tmp_path: Path) -> None:
    lines = [line for line in ours(tmp_path) if not line.startswith("#")]
    text = "\n".join(f"{n - 1 if n else ''},{line}" for n, line in enumerate(lines))
    _, samples = imported(tmp_path, text)
    assert samples == full(30)


@pytest.mark.parametrize("column", ["time", "unix_time"])
def test_two_columns_of_our_csv(tmp_path: Path, column: str) -> None:
    lines = [line.split(",") for line in ours(tmp_path) if not line.startswith("#")]
    places = [lines[0].index(name) for name in (column, "power_w")]
    text = "\n".join(",".join(line[place] for place in places) for line in lines)
    _, samples = imported(tmp_path, text)
    assert [(one.time_us, one.values[0]) for one in samples] == [
        (one.time_us, one.values[0]) for one in full(30)
    ]


# -- SPEC PTDaemon --


def test_a_power_log_of_ptdaemon_with_its_marks(tmp_path: Path) -> None:
    line = "Time,11-25-2026 10:00:0{}.123,Watts,16{}.1,Volts,119.5,Amps,{},PF,0.93,Mark,{}\n"
    marks = ["notset", "notset", "run_1", "run_1", "run_2", "notset", "run_2"]
    text = "".join(line.format(n, n, -1 if n == 2 else 1.401, m) for n, m in enumerate(marks))
    result, samples = imported(tmp_path, text, assumptions=IN_UTC)
    assert set(result.formats.values()) == {"ptdaemon"}
    assert powers(samples) == [1601 + 10 * n for n in range(7)]
    assert [one.values[2] for one in samples] == [1401, 1401, None, *[1401] * 4]
    assert samples[0].values[13] == 93
    assert samples[0].time_us == micros("2026-11-25 10:00:00.123000")
    with Session.open(result.path) as opened:
        found = [one.event for one in opened.events([EventKind.MARK])]
    assert [(one.text, (one.time_us - samples[0].time_us) // MICROSECONDS) for one in found] == [
        ("run_1", 2), ("run_2", 4), ("run_2", 6),
    ]  # fmt: skip


def test_a_written_power_log_names_spans_and_marks(tmp_path: Path) -> None:
    samples = full(30)
    start = samples[0].time_us - samples[0].interval_us
    with BulkWriter(tmp_path / "run.wattui") as writer:
        writer.add_samples(METER, samples)
        writer.add_span(Span(0, samples[4].time_us, samples[14].time_us, "all, of it"))
        writer.add_span(Span(0, samples[9].time_us, samples[12].time_us, "inner\npart"))
        writer.add_event(Event(start + 1, EventKind.MARK, "go"))
    with Session.open(tmp_path / "run.wattui") as opened:
        write(opened, tmp_path / "run.log", "ptdaemon", zone=UTC)
    lines = (tmp_path / "run.log").read_text().splitlines()
    found = [line.rpartition(",")[2] for line in lines]
    assert found == [
        "go", *["notset"] * 4, *["all of it"] * 5, *["inner part"] * 3, *["all of it"] * 2,
        *["notset"] * 15,
    ]  # fmt: skip
    assert re.fullmatch(
        r"Time,\d\d-\d\d-20\d\d \d\d:\d\d:\d\d\.\d{3},Watts,[\d.]+,Volts,[\d.]+,Amps,[\d.]+,"
        r"PF,[\d.]+,Mark,go",
        lines[0],
    )


# -- the maker's export, saved again --


@pytest.mark.parametrize("sign", [",", ";"])
def test_the_makers_export_saved_as_csv(tmp_path: Path, sign: str) -> None:
    text = (
        "Time,Watts,Volts,Amps,WattHrs,Cost,Avg Kwh,Mo Cost,Max Wts,Max Vlt,Max Amp,Min Wts,"
        "Min Vlt,Min Amp,Pwr Fct,Dty Cyc,Pwr Cyc\n"
        "0.00000000,42.3,119.8,0.361,1.0,0.001,31.0,2.5,42.5,120,0.36,42,119,0.36,0.88,0,0,60.0,46.9\n"
        "0.00001157,42.4,119.8,0.361,1.0,0.001,31.0,2.5,42.5,120,0.36,42,119,0.36,0.88,0,0,60.0,46.9\n"
    )
    text = text.replace(",", ";").replace(".", ",") if sign == ";" else text
    result, samples = imported(tmp_path, text, assumptions=Assumptions(start=BEGIN))
    assert set(result.formats.values()) == {"maker"}
    assert result.skipped == []
    assert samples[0].values == (
        *(423, 1198, 361, 10, 1, 31000, 2500, 425, 1200, 360, 420, 1190, 360, 88, 0, 0, 600, 469),
    )
    assert [one.time_us - BEGIN for one in samples] == [MICROSECONDS, 2 * MICROSECONDS]
