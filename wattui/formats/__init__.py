# SPDX-License-Identifier: GPL-3.0-or-later
"""File formats, one a module: reader and writer together.

::

    form = detect(path)                   # by what is in the file, not by its name
    for block in read(path):              # arrays: times, fields, intervals
        ...
    write("log-2011", session, path)      # where the format can hold it

:func:`wattui.formats.import_files.import_files` makes a session of files.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from wattui.errors import FormatError
from wattui.formats import (
    c_client,
    csv_2015,
    csv_reading,
    json_lines,
    lab11,
    log_2011,
    maker,
    raw_capture,
)
from wattui.formats.reading.block import Assumptions, Block, Format
from wattui.formats.reading.source import Head, Source, read_head

__all__ = ["FORMATS", "Assumptions", "Block", "Format", "detect", "read", "write"]

#: All formats by their names, the most particular first: that is how they are told.
FORMATS: Final[dict[str, Format]] = {
    module.FORMAT.name: module.FORMAT
    for module in (
        *(csv_reading, json_lines, csv_2015, maker, lab11),
        *(log_2011, raw_capture, c_client),
    )
}

_SQLITE: Final = b"SQLite format 3\0"


def detect(path: Path | str) -> Format:
    """Tell the format of a file by its content.

    Raises
    ------
    FormatError
        It is empty, cannot be read, or is of no format that is known.
    """
    found = Path(path)
    head = read_head(found)
    for form in FORMATS.values():
        if form.recognises(head):
            return form
    raise _unknown(found, head)


def _unknown(path: Path, head: Head) -> FormatError:
    if head.raw.startswith(_SQLITE):
        return FormatError(
            f"{path} is a session already, or another program's database",
            "Open it as a session: it needs no import.",
        )
    titles = ", ".join(form.title for form in FORMATS.values())
    return FormatError(
        f"{path} is in no format that is known here", f"What can be imported: {titles}."
    )


def read(path: Path | str, assumptions: Assumptions | None = None) -> Iterator[Block]:
    """Give the records of a file in blocks; broken lines are left out.

    Raises
    ------
    FormatError
        As :func:`detect`.
    """
    found = Path(path)
    return detect(found).read(Source(found, assumptions))


def write(name: str, session: Any, path: Path | str, **options: Any) -> int:
    """Write a session in a format; give how many samples.

    Options are those of the format's ``write``: ``meters``, ``start``, ``stop``,
    ``progress``, ``cancelled`` for all of them.

    Raises
    ------
    KeyError
        There is no format of that name.
    FormatError
        The format cannot hold it, such as several meters.
    Cancelled, DiskRefused, SessionDamaged
        See :func:`wattui.formats.csv_file.write_csv`.
    """
    return FORMATS[name].write(session, path, **options)
