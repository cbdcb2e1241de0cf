# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds samples in the pages of a damaged file, whatever is left of its structure.

SQLite finds a row from the top of a tree; where a page in between is gone, so is everything
below it.  A row itself is a record in a page of its own kind
(https://www.sqlite.org/fileformat.html, B-tree pages), and those are looked through here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from wattui.session.schema import SAMPLE_COLUMNS

#: Kinds of pages that hold rows of a table without rowid, and the size of their headers.
_HEADERS: Final = {0x0A: 8, 0x02: 12}

#: Bytes of an integer by its type in a record; 8 and 9 are the numbers 0 and 1.
_BYTES: Final = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 8: 0, 9: 0}

#: Values of a row, its meter included: at first release, and now.
_LEAST: Final = 22
_MOST: Final = 1 + len(SAMPLE_COLUMNS)

_PAGE_SIZE: Final = 4096

Row = tuple[int | None, ...]


def scan_rows(path: Path) -> Iterator[Row]:
    """Yield each sample in any page, in no order, some twice: meter, time, ... as in the table."""
    with path.open("rb") as file:
        head = file.read(100)
        size = int.from_bytes(head[16:18], "big")
        size = 65536 if size == 1 else size
        if size < 512 or size & (size - 1):
            size = _PAGE_SIZE
        file.seek(0)
        while len(page := file.read(size)) > _HEADERS[0x02]:
            yield from _rows_of(page)


def _rows_of(page: bytes) -> Iterator[Row]:
    header = _HEADERS.get(page[0])
    if header is None:
        return
    for number in range(int.from_bytes(page[3:5], "big")):
        place = header + 2 * number
        cell = int.from_bytes(page[place : place + 2], "big")
        if place + 2 <= cell < len(page):
            row = _row_at(page, cell + (4 if header > 8 else 0))
            if row is not None:
                yield row


def _row_at(page: bytes, place: int) -> Row | None:
    """Return the record there; None if it is not that of a sample."""
    try:
        size, place = _number(page, place)
        end = place + size
        head, at = _number(page, place)
        value, types = place + head, []
        while at < place + head:
            kind, at = _number(page, at)
            types.append(kind)
        if not _LEAST <= len(types) <= _MOST or end > len(page):
            return None
        row: list[int | None] = []
        for kind in types:
            width = _BYTES[kind]
            row.append(_integer(kind, page[value : value + width]))
            value += width
    except (IndexError, KeyError):
        return None
    if value != end:
        return None
    return (*row, *[None] * (_MOST - len(row)))


def _integer(kind: int, data: bytes) -> int | None:
    if kind == 0:
        return None
    return kind - 8 if kind >= 8 else int.from_bytes(data, "big", signed=True)


def _number(page: bytes, place: int) -> tuple[int, int]:
    """Return the number of variable length at *place*, and where it ends."""
    number = 0
    for _ in range(8):
        byte = page[place]
        place += 1
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            return number, place
    return number << 8 | page[place], place + 1
