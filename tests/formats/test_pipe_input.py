# SPDX-License-Identifier: GPL-3.0-or-later
"""Files from pipes, compressed, with any name and encoding, or given twice."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import threading
from datetime import UTC
from pathlib import Path

import pytest
from format_samples import full, imported, samples_of, session

from wattui.errors import Cancelled, FormatError
from wattui.formats import detect, write
from wattui.formats.import_files import ImportResult, import_files
from wattui.formats.reading.source import Assumptions
from wattui.session import Session

IN_UTC = Assumptions(zone=UTC)
LINES = "".join(f"2016-11-09 13:24:{n:02d} {n} 42.{n % 10} 119.8 0.361\n" for n in range(60))


def says(result: ImportResult, words: str) -> bool:
    return any(words in note for note in result.notes)


def command(folder: Path, *words: str, **options: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "wattui", "import", "--zone", "UTC", *words],
        capture_output=True, timeout=60, cwd=folder, **options,  # type: ignore[call-overload]
    )  # fmt: skip


# -- gzip --


@pytest.mark.parametrize("name", ["csv", "2011-log", "maker", "raw", "json-lines"])
def test_a_file_compressed_by_gzip_is_read_as_it_was(tmp_path: Path, name: str) -> None:
    with Session.open(session(tmp_path / "source.wattui", full(300))) as opened:
        write(opened, tmp_path / "plain", name)
    given = Assumptions(start=10**15, zone=UTC)
    plain = import_files([tmp_path / "plain"], tmp_path / "one.wattui", given)
    (tmp_path / "small.gz").write_bytes(gzip.compress((tmp_path / "plain").read_bytes()))
    reports: list[tuple[int, int]] = []
    other = import_files(
        [tmp_path / "small.gz"], tmp_path / "two.wattui", given, lambda *both: reports.append(both)
    )
    assert other.count == plain.count == 300
    assert samples_of(other.path) == samples_of(plain.path)
    size = (tmp_path / "small.gz").stat().st_size
    assert reports[-1] == (size, size)


def test_a_compressed_file_that_is_cut_off_is_read_up_to_there(tmp_path: Path) -> None:
    whole = gzip.compress(LINES.encode() * 1, mtime=0)
    result, samples = imported(tmp_path, whole[:-60], suffix=".gz", assumptions=IN_UTC)
    assert 0 < len(samples) < 60
    assert says(result, "is incomplete")


def test_a_damaged_compressed_file_is_an_error(tmp_path: Path) -> None:
    data = bytearray(gzip.compress(LINES.encode()))
    data[20:60] = bytes(40)
    with pytest.raises(FormatError):
        imported(tmp_path, bytes(data), suffix=".gz", assumptions=IN_UTC)


# -- pipes --


def test_standard_input_is_imported(tmp_path: Path) -> None:
    for number, word in enumerate(("-", "/dev/stdin")):
        target = tmp_path / f"{number}.wattui"
        done = command(tmp_path, word, "--session", str(target), input=LINES.encode())
        assert done.returncode == 0, done.stderr
        assert len(samples_of(target)) == 60
        with Session.open(target) as opened:
            assert opened.meters[0].info.label == "standard input"


def test_an_unknown_format_on_standard_input_named_a_temporary_file(tmp_path: Path) -> None:
    done = command(tmp_path, "-", input=b"Dear Sir or Madam")
    assert b"Error: standard input has no known format." in done.stderr
    assert b"wattui-import-" not in done.stderr


def test_standard_input_from_a_compressed_file(tmp_path: Path) -> None:
    done = command(tmp_path, "-", "--session", "run.wattui", input=gzip.compress(LINES.encode()))
    assert done.returncode == 0, done.stderr
    assert len(samples_of(tmp_path / "run.wattui")) == 60


def test_a_named_pipe_is_imported_once_somebody_writes_to_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    waited = threading.Event()

    def writes() -> None:
        waited.wait(30)
        (tmp_path / "pipe").write_text(LINES)

    writer = threading.Thread(target=writes)
    writer.start()

    def looks() -> bool:
        waited.set()
        return False

    result = import_files([tmp_path / "pipe"], tmp_path / "run.wattui", IN_UTC, cancelled=looks)
    writer.join(30)
    assert result.counts == {"pipe": 60}


def test_waiting_for_a_pipe_can_be_cancelled(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    answers = iter([False, False])
    with pytest.raises(Cancelled):
        import_files(
            [tmp_path / "pipe"], tmp_path / "run.wattui", cancelled=lambda: next(answers, True)
        )


def test_the_window_does_not_wait_for_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FormatError, match="pipe or a device"):
        detect(tmp_path / "pipe")


def test_a_terminal_and_a_device_are_refused_at_once(tmp_path: Path) -> None:
    main, terminal = os.openpty()
    try:
        done = command(tmp_path, "-", stdin=terminal)
    finally:
        os.close(main)
        os.close(terminal)
    assert done.returncode == 7
    assert b"terminal" in done.stderr
    for device in ("/dev/zero", "/dev/null"):
        with pytest.raises(FormatError, match="is a device"):
            import_files([device], tmp_path / "run.wattui")


# -- names and encodings --


def test_a_name_that_is_not_utf_8_works(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/caf\xe9.log"
    Path(os.fsdecode(name)).write_text(LINES)
    result = import_files([os.fsdecode(name)], tmp_path / "run.wattui", IN_UTC)
    assert result.counts == {"caf\\xe9": 60}
    assert any("caf\\xe9.log" in note for note in result.notes)
    done = subprocess.run(
        [sys.executable, "-m", "wattui", "import", name, "--session", tmp_path / "x.wattui"],
        capture_output=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (tmp_path / "empty").touch()
    (tmp_path / "empty").replace(os.fsdecode(name))
    with pytest.raises(FormatError) as caught:
        import_files([os.fsdecode(name)], tmp_path / "y.wattui")
    str(caught.value).encode()


def test_latin_1_is_read_as_such_and_reported(tmp_path: Path) -> None:
    text = "Meter, Time, W, V, A\nKüche, 2015-06-01 12:00:00, " + "1.0, " * 18 + "\n"
    result, _ = imported(tmp_path, text.encode("latin-1"), assumptions=IN_UTC)
    assert list(result.counts) == ["Küche"]
    assert says(result, "Latin-1")
    result, _ = imported(tmp_path, text, assumptions=IN_UTC)
    assert list(result.counts) == ["Küche"]
    assert not says(result, "Latin-1")


ESCAPE = "a\x1b[2Jb"


@pytest.mark.parametrize(
    "text",
    [
        f"Meter, Time, W, V, A\n{ESCAPE}, 2015-06-01 12:00:00, " + "1.0, " * 18 + "\n",
        f"# meter: {ESCAPE}\n# model: {ESCAPE}\nunix_time,meter,power_w\n1449718962.5,{ESCAPE},4\n",
        f"time,meter,watts,{ESCAPE}\n1449718962.5,{ESCAPE},4,x\n",
        f"Time,11-25-2026 10:00:00.123,Watts,164.1,Mark,{ESCAPE}\n",
        f"[13:24:18] 42.3\n[13:24:19] 42.3\n{ESCAPE}\n",
    ],
)
def test_texts_in_a_file_cannot_control_a_terminal(tmp_path: Path, text: str) -> None:
    result, _ = imported(tmp_path, text, assumptions=IN_UTC)
    assert "\x1b" not in "".join([*result.counts, *result.notes])
    with Session.open(result.path) as opened:
        events = [one.event.text for one in opened.events()]
        assert "\x1b" not in "".join(events)
        assert "\x1b" not in repr([meter.info for meter in opened.meters]).replace("\\x1b", "\x1b")
    (tmp_path / "old.csv").write_text(text)
    done = command(tmp_path, "old.csv", "--session", "run.wattui")
    assert done.returncode == 0
    assert b"\x1b" not in done.stdout + done.stderr


# -- twice --


def test_a_file_given_twice_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "old.log"
    path.write_text(LINES)
    (tmp_path / "copy.log").write_text(LINES)
    (tmp_path / "link.log").symlink_to(path)
    (tmp_path / "other.log").write_text(LINES.replace("42.", "43."))
    result = import_files(
        [path, tmp_path / "copy.log", tmp_path / "link.log", path, tmp_path / "other.log"],
        tmp_path / "run.wattui",
        IN_UTC,
    )
    assert result.counts == {"old": 60, "other": 60}
    assert says(result, "old.log was given twice: it counts once")
    assert says(result, "link.log was given twice: it counts once")
    assert says(result, "copy.log is the same as old.log: it counts once")
