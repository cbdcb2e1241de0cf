# SPDX-License-Identifier: GPL-3.0-or-later
"""A new format is one module in ``wattui/formats`` and one line in the registry."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

MODULE = '''
"""Lines of epoch seconds and watts: ``1795648816.738420 64.0``."""

import re

from wattui.formats.file_format import Format
from wattui.formats.reading.text_table import Column, Holds, Layout, field_column, read_table

LAYOUT = Layout((Column(Holds.TIME, 6, low=1), field_column(0, 1)), None, str.split)


def recognises(head):
    return all(re.fullmatch(r"[0-9]{10}[.][0-9]+ [0-9.]+", line) for line in head.lines)


def read(source):
    return read_table(source, LAYOUT)


def write(job):
    for time, _interval, _gap, power, *_others in job.rows():
        yield f"{time / 1e6:.6f} {power / 10}\\n"


FORMAT = Format("time-and-watts", "time and watts", ".dat", recognises, read, write)
'''

PROGRAM = """
import sys
import wattui.formats
wattui.formats.__path__.append(sys.argv[1])
from wattui.formats import time_and_watts
from wattui.formats.registry import all_formats
all_formats()["time-and-watts"] = time_and_watts.FORMAT
from wattui.cli.program import program
program(sys.argv[2:], standalone_mode=False)
"""


def test_a_new_format_is_imported_and_exported(tmp_path: Path) -> None:
    (tmp_path / "time_and_watts.py").write_text(MODULE)
    old, new, session = (str(tmp_path / name) for name in ("old.dat", "new.dat", "run.wattui"))
    lines = "".join(f"{1795648816 + n}.738420 {64 + n / 10:.1f}\n" for n in range(200))
    Path(old).write_text(lines)
    for words in (
        ["import", old, "--session", session],
        ["export", session, "--format", "time-and-watts", "-o", new],
        ["export", "--help"],
    ):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(tmp_path), *words],
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    assert "time-and-watts" in "".join(done.stdout.split())
    assert Path(new).read_text() == lines
