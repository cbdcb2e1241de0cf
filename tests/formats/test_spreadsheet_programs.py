# SPDX-License-Identifier: GPL-3.0-or-later
"""The spreadsheet dialects in LibreOffice: times arrive as times, numbers as numbers."""

from __future__ import annotations

import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from format_samples import full, session

from wattui.formats import write
from wattui.formats.export_job import Dialect
from wattui.session import Session

pytestmark = pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not there")

_OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
_TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"
_TYPE, _DATE = f"{{{_OFFICE}}}value-type", f"{{{_OFFICE}}}date-value"

#: Separator, language: as its dialog has them when a file is opened, with special numbers.
_READ = {
    Dialect.SPREADSHEET: "CSV:59,34,76,1,,1031,false,true",
    Dialect.SPREADSHEET_POINT: "CSV:44,34,76,1,,1033,false,true",
}


@pytest.mark.parametrize("dialect", _READ)
def test_times_of_a_spreadsheet_dialect_are_times_in_libreoffice(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, dialect: Dialect
) -> None:
    profile = tmp_path_factory.getbasetemp() / "libreoffice"
    with Session.open(session(tmp_path / "run.wattui", full(4))) as opened:
        write(opened, tmp_path / "run.csv", dialect=dialect)
    command = [
        *("soffice", f"-env:UserInstallation={profile.as_uri()}", "--headless"),
        *(f"--infilter={_READ[dialect]}", "--convert-to", "fods", "run.csv"),
    ]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=100)
    rows = ET.parse(tmp_path / "run.fods").getroot().iter(f"{{{_TABLE}}}table-row")
    cells = [row.findall(f"{{{_TABLE}}}table-cell") for row in rows]
    records = [row for row in cells if len(row) > 20 and row[0].get(_TYPE) != "string"]
    assert len(records) == 4
    assert [one.get(_TYPE) for one in records[0][:5]] == ["date", *["float"] * 2, "string", "float"]
    assert all((row[0].get(_DATE) or "").startswith("2016-11-09T") for row in records)
