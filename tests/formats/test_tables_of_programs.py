# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of spreadsheets, loggers and smart plugs: read right, or refused with a reason."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from wattui.errors import FormatError
from wattui.formats.import_files import import_files
from wattui.formats.import_preview import (
    MeterPreview,
    Preview,
    command_line,
    is_table,
    look_at_table,
    preview_files,
)
from wattui.formats.reading.column_choice import parse_columns
from wattui.formats.reading.source import Assumptions
from wattui.formats.reading.time_patterns import patterns_of, read_moment

COUNT = 20
START = datetime(2024, 2, 3, 21, 59, 50, tzinfo=UTC)
IN_UTC = Assumptions(zone=UTC)

Line = Callable[[datetime, int], str]


def lines(line: Line, step: float = 1, start: datetime = START, count: int = COUNT) -> str:
    return "".join(line(start + timedelta(seconds=step * n), n) + "\n" for n in range(count))


def watts(n: int) -> str:
    return f"{55 + n % 3}.{n % 10}"


def comma(n: int) -> str:
    return watts(n).replace(".", ",")


def preview(
    folder: Path, content: str | bytes, given: Assumptions = IN_UTC, name: str = "x.csv"
) -> Preview:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return preview_files([path], given)


def only(found: Preview) -> MeterPreview:
    (meter,) = found.meters
    return meter


def notes(found: Preview) -> str:
    return "\n".join(found.result.notes)


GERMAN = "%d.%m.%Y %H:%M:%S"
KINDS: dict[str, tuple[str, Line]] = {
    "a German spreadsheet": (
        "Zeit;Leistung (W);Spannung (V)\n",
        lambda t, n: f"{t:%d.%m.%Y %H:%M:%S};{comma(n)};230,{n % 10}",
    ),
    "tabs": ("Time\tWatts\n", lambda t, n: f"{t:%Y-%m-%d %H:%M:%S}\t{watts(n)}"),
    "sep= and kW": (
        "sep=;\nTime;Power [kW]\n",
        lambda t, n: f"{t:%Y-%m-%d %H:%M:%S};0,0{watts(n).replace('.', '')}",
    ),
    "milliwatts in the name": (
        "time,P_mW\n",
        lambda t, n: f"{t:%Y-%m-%dT%H:%M:%S}Z,{watts(n).replace('.', '')}00",
    ),
    "nanoseconds": ("ts,power\n", lambda t, n: f"{t.timestamp():.0f}000000000,{watts(n)}"),
    "milliseconds between blanks": ("", lambda t, n: f"{t.timestamp():.0f}000 {watts(n)}"),
    "an offset": (
        "time,power\n",
        lambda t, n: f"{t + timedelta(hours=1):%Y-%m-%dT%H:%M:%S}+01:00,{watts(n)}",
    ),
    "date and time": ("Date,Time,Watts\n", lambda t, n: f"{t:%Y-%m-%d},{t:%H:%M:%S},{watts(n)}"),
    "German date and time": (
        "Datum;Uhrzeit;Leistung in W\n",
        lambda t, n: f"{t:%d.%m.%Y};{t:%H:%M:%S};{comma(n)}",
    ),
    "a two-digit year": ("date,watts\n", lambda t, n: f"{t:%d.%m.%y %H:%M:%S},{watts(n)}"),
    "slashes, the year first": ("time,W\n", lambda t, n: f"{t:%Y/%m/%d %H:%M:%S},{watts(n)}"),
    "a compact time": ("date,watts\n", lambda t, n: f"{t:%Y%m%d%H%M%S},{watts(n)}"),
    "ctime": ("time,watts\n", lambda t, n: f"{t:%a %b %d %H:%M:%S %Y},{watts(n)}"),
    "the month as a word": ("time,watts\n", lambda t, n: f"{t:%d-%b-%Y %H:%M:%S},{watts(n)}"),
    "UTC behind the time": ("time,watts\n", lambda t, n: f"{t:%Y-%m-%d %H:%M:%S} UTC,{watts(n)}"),
    "days of a spreadsheet": (
        "date,watts\n",
        lambda t, n: (
            f"{45325 + (t.hour * 3600 + t.minute * 60 + t.second) / 86400 + (t.day - 3):.8f}"
            f",{watts(n)}"
        ),
    ),
    "a smart plug of Shelly": (
        "timestamp,power(W),voltage(V),current(A),total_act_energy(Wh)\n",
        lambda t, n: f"{t.timestamp():.0f},{watts(n)},230.{n % 10},0.25,{n}",
    ),
    "Tasmota": (
        "Time,ENERGY.Total,ENERGY.Power,ENERGY.Factor,ENERGY.Voltage\n",
        lambda t, n: f"{t:%Y-%m-%dT%H:%M:%S},1.234,{watts(n)},0.93,230",
    ),
    "Home Assistant": (
        "entity_id,state,last_changed\n",
        lambda t, n: f"sensor.plug_power,{watts(n)},{t:%Y-%m-%dT%H:%M:%S}.000Z",
    ),
    "InfluxDB": (
        "#group,false,false,true\n#default,_result,,\n,result,table,_time,_value,_field\n",
        lambda t, n: f",,0,{t:%Y-%m-%dT%H:%M:%S}Z,{watts(n)},power",
    ),
    "Grafana": ('"Time","power"\n', lambda t, n: f'"{t:%Y-%m-%d %H:%M:%S}","{watts(n)} W"'),
    "a plug-in meter": (
        "Time, Volts, Amps, Watts, VA, Hz, PF, kWh\n",
        lambda t, n: f"{t:%Y-%m-%d %H:%M:%S}, 119.1, 0.46, {watts(n)}, 56, 60.0, 0.99, 0.12",
    ),
    "lines before the header": (
        "Logger v1.2\nSerial 1234\n\nDate,Time,Power (W)\n",
        lambda t, n: f"{t:%Y-%m-%d},{t:%H:%M:%S},{watts(n)}",
    ),
    "units below the header": (
        "time,power,voltage\n,kW,V\n",
        lambda t, n: f"{t:%Y-%m-%d %H:%M:%S},0.0{watts(n).replace('.', '')},230.1",
    ),
    "the header again": (
        "time,watts\n",
        lambda t, n: ("time,watts\n" if n == 9 else "") + f"{t:%Y-%m-%d %H:%M:%S},{watts(n)}",
    ),
    "empty lines": (
        "\n\ntime,watts\n\n",
        lambda t, n: f"{t:%Y-%m-%d %H:%M:%S},{watts(n)}" + "\n\n" * (n % 3),
    ),
    "a delimiter at the end": (
        "time;watts;\n",
        lambda t, n: f"{t:%Y-%m-%d %H:%M:%S};{comma(n)};",
    ),
    "a cell of two lines": (
        "time,note,watts\n",
        lambda t, n: f'{t:%Y-%m-%dT%H:%M:%S},"{"a" + chr(10) + "b" if n == 7 else "c"}",{watts(n)}',
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_of_another_program_is_read(tmp_path: Path, kind: str) -> None:
    header, line = KINDS[kind]
    found = preview(tmp_path, header + lines(line))
    meter = only(found)
    assert meter.count == COUNT
    assert meter.stop - meter.start == COUNT * 10**6
    assert meter.stop == (START + timedelta(seconds=COUNT - 1)).timestamp() * 10**6
    assert [values["power"] for _, values in meter.first] == [55.0, 56.1, 57.2, 55.3, 56.4]
    assert (meter.gaps, found.result.skipped_count) == (0, 0)


ENCODINGS = {
    "UTF-16 with its mark": ("utf-16", "\r\n"),
    "UTF-16 without": ("utf-16-le", "\n"),
    "Latin-1": ("latin-1", "\r\n"),
    "UTF-8 with its mark": ("utf-8-sig", "\n"),
    "CR": ("utf-8", "\r"),
}


@pytest.mark.parametrize("kind", ENCODINGS)
def test_a_german_table_in_an_encoding_of_windows(tmp_path: Path, kind: str) -> None:
    encoding, end = ENCODINGS[kind]
    text = "Zeit;Stromstärke (A);Wirkleistung [W]\n" + lines(
        lambda t, n: f"{t:%d.%m.%Y %H:%M:%S};0,25;{comma(n)}"
    )
    meter = only(preview(tmp_path, text.replace("\n", end).encode(encoding)))
    assert meter.count == COUNT
    assert meter.first[1][1] == {"power": 56.1, "current": 0.25}


# -- numbers --


@pytest.mark.parametrize(
    ("text", "power"),
    [
        ('time,watts\n2024-01-01 00:00:00,"1,210.5"\n2024-01-01 00:00:01,"1,211"\n', 1210.5),
        ("time;watts\n2024-01-01 00:00:00;1.210,5\n2024-01-01 00:00:01;1.211\n", 1210.5),
        ("time;watts\n2024-01-01 00:00:00;1 210,5\n2024-01-01 00:00:01;900\n", 1210.5),
        ("time;watts;v\n2024-01-01 00:00:00;1,210;230,1\n2024-01-01 00:00:01;1,3;230,1\n", 1.2),
        ("time,watts\n2024-01-01 00:00:00,1.210\n2024-01-01 00:00:01,1.300\n", 1.2),
    ],
)
def test_groups_of_digits_and_decimal_signs(tmp_path: Path, text: str, power: float) -> None:
    assert only(preview(tmp_path, text)).first[0][1]["power"] == power


@pytest.mark.parametrize(
    "text",
    [
        "time;watts\n2024-01-01 00:00:00;1,210\n2024-01-01 00:00:01;1,211\n",
        "time;watts\n01.02.2024 00:00:00;1.210\n01.02.2024 00:00:01;1.211\n",
    ],
)
def test_a_number_that_can_be_thousands_or_decimals_is_refused(tmp_path: Path, text: str) -> None:
    """1,210 in a German table was read as 1.2 W without a word; it may well be 1210 W."""
    with pytest.raises(FormatError, match="decimal sign of the file is not certain") as caught:
        preview(tmp_path, text)
    assert "--decimal comma" in caught.value.hint
    for decimal in ".,":
        found = preview(tmp_path, text, Assumptions(zone=UTC, decimal=decimal))
        assert only(found).first[0][1]["power"] == (1.2 if decimal in text else 1210.0)


def test_cells_without_a_value_are_no_records(tmp_path: Path) -> None:
    absent = dict(enumerate(("NaN", "null", "N/A", "", "-", "unavailable"), 5))
    text = "time,watts\n" + lines(lambda t, n: f"{t:%Y-%m-%d %H:%M:%S},{absent.get(n, watts(n))}")
    found = preview(tmp_path, text)
    assert only(found).count == COUNT - len(absent)
    assert (only(found).gaps, only(found).missing) == (1, len(absent) * 10**6)
    assert found.result.skipped_count == 0
    assert f"{len(absent)} records without a value: a gap instead" in notes(found)


def test_a_single_record_without_a_value_is_a_gap_and_no_energy(tmp_path: Path) -> None:
    """The record after it stood for both of their intervals."""
    line: Line = lambda t, n: f"{t:%Y-%m-%d %H:%M:%S},{'' if n in (0, 7, 19) else 36}"  # noqa: E731
    meter = only(preview(tmp_path, "time,watts\n" + lines(line)))
    assert (meter.count, meter.gaps, meter.missing) == (17, 1, 10**6)
    assert meter.covered == 17 * 10**6
    assert meter.energy_wh == pytest.approx(0.17)
    assert meter.start == START.timestamp() * 10**6


@pytest.mark.parametrize("size", [3, 7, 20_001])
def test_gaps_without_a_value_do_not_depend_on_blocks(tmp_path: Path, size: int) -> None:
    """Blocks of a file begin and end within them."""
    text = "time,watts\n" + lines(
        lambda t, n: f"{t:%Y-%m-%d %H:%M:%S},{'' if 3 < n % size < 6 or n > 41_000 else 36}",
        count=41_010,
    )
    meter = only(preview(tmp_path, text))
    filled = [n for n in range(41_010) if not (3 < n % size < 6 or n > 41_000)]
    assert meter.count == len(filled)
    assert meter.missing == (filled[-1] - filled[0] + 1 - len(filled)) * 10**6


def test_a_table_without_any_value_is_refused(tmp_path: Path) -> None:
    text = "time,watts,volts\n" + lines(lambda t, n: f"{t:%Y-%m-%d %H:%M:%S},nan,nan")
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(FormatError, match="has a value"):
        preview_files([tmp_path / "x.csv"], Assumptions(columns=parse_columns("time=0,power=1")))
    with pytest.raises(FormatError, match="has a value"):
        import_files(
            [tmp_path / "x.csv"], tmp_path / "x.wattui",
            Assumptions(columns=parse_columns("time=0,power=1")),
        )  # fmt: skip
    assert not (tmp_path / "x.wattui").exists()


def test_a_scale_that_is_taken_for_granted_is_in_the_notes(tmp_path: Path) -> None:
    line: Line = lambda t, n: f"{t:%Y-%m-%dT%H:%M:%S}Z,{watts(n)}"  # noqa: E731
    found = preview(tmp_path, "time,power\n" + lines(line))
    assert "power from 'power' in W (by its name, in W since no unit is given)" in notes(found)
    found = preview(tmp_path, "time,power (units)\n" + lines(line))
    assert "in W since units is not a known unit" in notes(found)
    found = preview(tmp_path, "time,watts\n" + lines(line))
    assert "since" not in notes(found)


def test_tenths_of_a_watt(tmp_path: Path) -> None:
    text = "time,power\n" + lines(lambda t, n: f"{t.timestamp():.0f},{watts(n).replace('.', '')}")
    given = Assumptions(columns=parse_columns("time=0,power=1:0.1W"))
    assert only(preview(tmp_path, text, given)).first[1][1] == {"power": 56.1}


def test_negative_powers_are_left_out_and_reported(tmp_path: Path) -> None:
    text = "time,watts\n" + lines(
        lambda t, n: f"{t:%Y-%m-%d %H:%M:%S},{-1 if n == 3 else watts(n)}"
    )
    found = preview(tmp_path, text)
    assert found.result.skipped_count == 1
    assert "out of range" in str(found.result.skipped[0])


# -- times --


@pytest.mark.parametrize("clock", ["%H:%M:%S", "%I:%M:%S %p"])
def test_day_and_month_that_may_be_either_are_refused(tmp_path: Path, clock: str) -> None:
    text = "time,watts\n" + lines(lambda t, n: f"{t:%m/%d/%Y} {t:{clock}},{watts(n)}")
    with pytest.raises(FormatError, match="which number is the day") as caught:
        preview(tmp_path, text)
    for form, month in ((f"%m/%d/%Y {clock}", 2), (f"%d/%m/%Y {clock}", 3)):
        assert form in caught.value.hint
        found = preview(tmp_path, text, Assumptions(zone=UTC, time_format=form))
        assert datetime.fromtimestamp(only(found).stop / 10**6, UTC).month == month


def test_a_day_above_12_or_a_midnight_shows_which_is_the_month(tmp_path: Path) -> None:
    starts = (datetime(2024, 2, 23, 12, tzinfo=UTC), datetime(2024, 2, 3, 23, 59, 50, tzinfo=UTC))
    for form in ("%m/%d/%Y", "%d/%m/%Y", "%d-%m-%y"):
        for start in starts:
            text = "time,watts\n" + lines(
                lambda t, n, form=form: f"{t:{form}} {t:%I:%M:%S %p},{watts(n)}",  # type: ignore[misc]
                start=start,
            )
            found = preview(tmp_path, text)
            assert only(found).stop == (start + timedelta(seconds=COUNT - 1)).timestamp() * 10**6
            assert f"times were read as {form} %I:%M:%S %p" in notes(found)


def test_times_of_day_alone_are_dated_by_the_file_across_midnight(tmp_path: Path) -> None:
    start = datetime(2024, 2, 3, 23, 59, 50, tzinfo=UTC)
    text = (
        "Running for 480.0 seconds (48 samples at 10.0 second intervals).\n\n"
        "  Time    User  Nice  Watts\n"
        + lines(lambda t, n: f"{t:%H:%M:%S}   1.2   0.0  {watts(n)}", start=start)
        + "-------- ----- ----- ------\n Average   1.2   0.0  55.00\n"
    )
    path = tmp_path / "powerstat.txt"
    path.write_text(text)
    written = datetime(2024, 2, 4, 0, 0, 30, tzinfo=UTC).timestamp()
    os.utime(path, (written, written))
    for given in (IN_UTC, Assumptions(zone=UTC, start=round(start.timestamp() * 10**6))):
        found = preview_files([path], given)
        assert only(found).stop == (start + timedelta(seconds=COUNT - 1)).timestamp() * 10**6
        assert found.result.skipped_count == 2
    assert "time of day and no date" in notes(preview_files([path], IN_UTC))


def test_days_of_a_spreadsheet_are_no_seconds_since_the_start(tmp_path: Path) -> None:
    """45325.9 was read as a second of a recording of some microseconds."""
    text = "date,watts\n" + lines(lambda t, n: f"{45325.5 + n / 86400:.8f},{watts(n)}")
    found = preview(tmp_path, text)
    assert only(found).stop - only(found).start == COUNT * 10**6
    assert "read as excel" in notes(found)


def test_small_numbers_as_times_are_noted_as_seconds(tmp_path: Path) -> None:
    text = "time,watts\n" + lines(lambda t, n: f"{n},{watts(n)}")
    assert "taken as seconds since the start" in notes(preview(tmp_path, text))
    given = Assumptions(start=10**15, time_format="elapsed-ms")
    text = "time,watts\n" + lines(lambda t, n: f"{n * 1000},{watts(n)}")
    assert only(preview(tmp_path, text, given)).interval == 10**6


def test_the_hour_that_occurs_twice_in_autumn(tmp_path: Path) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    start = datetime(2024, 10, 26, 23, 0, tzinfo=UTC)
    text = "Zeit;Leistung (W)\n" + lines(
        lambda t, n: f"{t.astimezone(berlin):%d.%m.%Y %H:%M:%S};{comma(n)}", 600, start
    )
    found = preview(tmp_path, text, Assumptions(zone=berlin))
    assert only(found).stop == (start + timedelta(seconds=600 * (COUNT - 1))).timestamp() * 10**6
    assert only(found).gaps == 0


@pytest.mark.parametrize(
    ("text", "pattern", "moment"),
    [
        ("3. Mär 2024 10:00:00", "%d. %b %Y %H:%M:%S", datetime(2024, 3, 3, 10)),
        ("03.02.2024 21:59:50,123", "%d.%m.%Y %H:%M:%S.%f", None),
        ("12:00:01 AM", "%I:%M:%S %p", datetime(1970, 1, 1, 0, 0, 1)),
        ("12:00:01 p.m.", "%I:%M:%S %p", datetime(1970, 1, 1, 12, 0, 1)),
        ("21:59:50 03.02.2024", "%H:%M:%S %d.%m.%Y", datetime(2024, 2, 3, 21, 59, 50)),
        ("2024-02-03 21:59:50 +0130", "%Y-%m-%d %H:%M:%S %z", None),
    ],
)
def test_patterns_of_times(text: str, pattern: str, moment: datetime | None) -> None:
    assert patterns_of(text)[0] == pattern
    assert moment is None or read_moment(text, pattern) == moment


def test_months_and_halves_of_a_day_are_read_in_any_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    """Qt sets the locale of the desktop: with a German one, strptime knew neither PM nor Dec."""
    import _strptime

    class German:
        def __init__(self) -> None:
            raise AssertionError("the locale was asked")

    monkeypatch.setattr(_strptime, "LocaleTime", German)
    moment = read_moment("03-Dec-2024 09:00:00 PM", "%d-%b-%Y %I:%M:%S %p")
    assert moment == datetime(2024, 12, 3, 21)


def test_a_fraction_that_is_missing_where_it_is_zero() -> None:
    form = "%d.%m.%Y %H:%M:%S.%f"
    assert read_moment("03.02.2024 10:00:00", form) == datetime(2024, 2, 3, 10)
    assert read_moment("03.02.2024 10:00:00,5", form).microsecond == 500_000


# -- several things in one table --


def test_states_that_are_not_powers_are_left_out(tmp_path: Path) -> None:
    names = ("sensor.plug_power", "sensor.plug_voltage", "switch.plug")
    text = "entity_id,state,last_changed\n" + lines(
        lambda t, n: f"{names[n % 3]},{watts(n) if n % 3 < 2 else 'on'},{t:%Y-%m-%dT%H:%M:%S}Z"
    )
    found = preview(tmp_path, text)
    assert only(found).label == "sensor.plug_power"
    assert only(found).count == 7
    assert "sensor.plug_voltage, switch.plug" in notes(found)


@pytest.mark.parametrize(
    "text",
    [
        "timestamp,total_act_energy,max_voltage\n1707000000,1.2,231\n1707000060,1.2,231\n",
        "23/02/2024 10:00:00,55.2,230.1\n23/02/2024 10:00:01,55.3,230.1\n",
    ],
)
def test_a_table_without_a_power_is_refused_with_its_columns(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(FormatError, match="no known format") as caught:
        import_files([tmp_path / "x.csv"], tmp_path / "x.wattui")
    assert "--columns" in caught.value.hint
    assert is_table(tmp_path / "x.csv")
    with pytest.raises(FormatError, match="which column of the file is the power") as caught:
        preview_files([tmp_path / "x.csv"], Assumptions(time_format="s"))
    assert "0 'timestamp'" in caught.value.hint or "0 to 2" in caught.value.hint


@pytest.mark.parametrize("content", [b"Dear Sir or Madam\n", b"\x7fELF\0\0\0\1,2\n3,4\n", b"a,b\n"])
def test_what_is_not_a_table(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    assert not is_table(tmp_path / "x")


# -- what the user says --


def test_delimiter_header_and_decimal_sign_can_be_given(tmp_path: Path) -> None:
    text = "names here\nt:p\n" + lines(lambda t, n: f"{t.timestamp():.0f}:{comma(n)}")
    given = Assumptions(
        delimiter=":", header=2, decimal=",", columns=parse_columns("time=t,power=p")
    )
    assert only(preview(tmp_path, text, given)).first[1][1] == {"power": 56.1}
    given = Assumptions(header=0, columns=parse_columns("time=0,power=1"))
    text = lines(lambda t, n: f"{t.timestamp():.0f},{watts(n)}")
    assert only(preview(tmp_path, text, given)).count == COUNT


def test_the_command_that_the_dialog_shows_is_understood(tmp_path: Path) -> None:
    path = tmp_path / "it's a file.csv"
    path.write_text("a;b\n" + lines(lambda t, n: f"{t:%d/%m/%Y %H:%M:%S};1,{200 + n}"))
    given = Assumptions(
        columns=parse_columns("time=0,power=1:kW"), time_format="%d/%m/%Y %H:%M:%S",
        delimiter=";", decimal=",", header=1, zone=UTC, meter="a fan",
    )  # fmt: skip
    command = command_line([path], given).removeprefix("wattui ")
    program = f"{sys.executable} -m wattui {command} --dry-run"
    done = subprocess.run(
        program, shell=True, capture_output=True, text=True, timeout=60, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    expected = only(preview_files([path], given))
    assert f"a fan: {COUNT} records from " in done.stdout
    assert f"{expected.first[0][1]['power']:.1f}" in done.stdout
    assert list(tmp_path.glob("*.wattui")) == []


def test_a_look_shows_what_is_guessed_and_why(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("Zeit;Leistung\n" + lines(lambda t, n: f"{t:%d/%m/%Y %H:%M:%S};{comma(n)}"))
    look = look_at_table(path, Assumptions())
    assert (look.table.delimiter, look.table.point, look.table.header_line) == (";", ",", 1)
    assert [str(one) for one in look.choices] == ["time=0", "power=1"]
    assert "no unit" in look.choices[1].reason
    assert [one.name for one in look.forms] == ["%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S"]
    assert "which number is the day" in str(look.problem)


def test_an_import_writes_what_its_preview_showed(tmp_path: Path) -> None:
    header, line = KINDS["a German spreadsheet"]
    (tmp_path / "x.csv").write_text(header + lines(line))
    found = preview_files([tmp_path / "x.csv"], IN_UTC)
    result = import_files([tmp_path / "x.csv"], tmp_path / "x.wattui", IN_UTC)
    assert result.counts == {one.label: one.count for one in found.meters}
    assert result.notes == found.result.notes
