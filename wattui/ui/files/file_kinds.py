# SPDX-License-Identifier: GPL-3.0-or-later
"""What the files are that the user wants to open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wattui.errors import FormatError
from wattui.formats import detect, named_columns
from wattui.formats.file_format import Missing
from wattui.formats.import_preview import is_table
from wattui.formats.reading.source import Source, read_head
from wattui.formats.registry import is_session, records


@dataclass(frozen=True, slots=True)
class Found:
    """The kinds of files among those to open."""

    sessions: tuple[Path, ...]
    #: Files of other programs, and what is missing in them.
    others: tuple[Path, ...]
    lacks: tuple[Missing, ...]
    #: Tables of text of which the user says what their columns are.
    tables: tuple[Path, ...] = ()


def look_into(paths: Sequence[Path], tables: bool = True) -> Found:
    """Separate sessions from other files by their content; blocks on the disk.

    *tables*: whether tables of text that no program is known to write are taken as such.

    Raises
    ------
    FormatError
        The format of a file is unknown.
    """
    sessions = tuple(path for path in paths if is_session(path) or not path.exists())
    rest = [path for path in paths if path not in sessions]
    chosen = tuple(path for path in rest if tables and _is_open_table(path))
    others = tuple(path for path in rest if path not in chosen)
    lacking = {name for path in others for name in detect(path).lacks_in(read_head(path))}
    return Found(sessions, others, tuple(one for one in Missing if one in lacking), chosen)


def _is_open_table(path: Path) -> bool:
    """Check whether a file is a table of which the user must say how it is read."""
    try:
        form = detect(path)
        if form is named_columns.FORMAT:
            return True
        next(records(form, Source(path)), None)
    except FormatError:
        return is_table(path)
    return False
