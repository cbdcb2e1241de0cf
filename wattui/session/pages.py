# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows that come in the order of their key, straight into pages of an SQLite file.

SQLite takes a microsecond or more to insert a row.  Where a table is filled for the
first time, in order, its pages can be made as a whole instead, by NumPy.  The format
is SQLite's published one (https://www.sqlite.org/fileformat2.html): the tables of a
session are ``WITHOUT ROWID``, which is to say index b-trees.  A row is a *cell*:
length, header of types, values.  A leaf page holds cells; between two neighbouring
leaves stands a *divider*, a row like any other, which is kept in an interior page.

Integers may be wider than they must be, and columns that are missing at the end of a
row are NULL: both are what SQLite itself reads and writes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from wattui.session.summary import ABSENT, Integers

#: A column of rows: an array (n,), in which ABSENT is NULL; one integer for all; NULL.
Column = Integers | int | None

_LEAF: Final = 0x0A
_INTERIOR: Final = 0x02
_LEAF_HEADER: Final = 8
_INTERIOR_HEADER: Final = 12

#: The byte that SQLite locks; its page holds nothing.
_LOCK_BYTE: Final = 1 << 30

# SQLite's codes for NULL, for 0 and 1, and for integers by their bytes.
_NULL: Final = 0
_NOUGHT: Final = 8
_ONE: Final = 9
_TYPES: Final = ((1, 1, ">i1"), (2, 2, ">i2"), (4, 4, ">i4"), (6, 8, ">i8"))

#: A run of cells of one size: their bytes, the size, and how many.
Run = tuple[bytes, int, int]


class PageFile:
    """An SQLite file with empty tables, to which pages are appended."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("r+b")
        head = self._file.read(100)
        size = int.from_bytes(head[16:18], "big")
        #: Bytes of a page.
        self.size = 65_536 if size == 1 else size
        self._next = int.from_bytes(head[28:32], "big") + 1
        self._lock_page = _LOCK_BYTE // self.size + 1
        # Bytes that something else keeps at the end of pages, or a map of all pages.
        self.plain = head[20] == 0 and head[52:56] == bytes(4)
        self._file.seek(0, 2)

    def append(self, pages: Sequence[bytes]) -> list[int]:
        """Write pages behind the others; give their numbers."""
        if not self._next <= self._lock_page < self._next + len(pages):
            first = self._next
            self._next += len(pages)
            self._file.write(b"".join(pages))
            return list(range(first, self._next))
        before = self._lock_page - self._next
        numbers = self.append(pages[:before]) if before else []
        self._file.write(bytes(self.size))
        self._next += 1
        return numbers + self.append(pages[before:])

    def replace(self, number: int, page: bytes) -> None:
        """Write a page that is there already."""
        self._file.seek((number - 1) * self.size)
        self._file.write(page)
        self._file.seek(0, 2)

    def close(self) -> None:
        """Say in the file's head how many pages there are, and close it."""
        self._file.seek(28)
        self._file.write((self._next - 1).to_bytes(4, "big"))
        self._file.close()

    def abandon(self) -> None:
        """Close the file as it is."""
        self._file.close()


# -- cells --


def runs(columns: Sequence[Column], count: int) -> list[Run]:
    """Give the cells of *count* rows: runs of one size where rows follow that are alike."""
    nullable = [
        (place, column == ABSENT)
        for place, column in enumerate(columns)
        if isinstance(column, np.ndarray) and bool((column == ABSENT).any())
    ]
    if not nullable:
        return [_run(columns, count)]
    kind = np.zeros(count, np.int64)
    for _, absent in nullable:
        kind = kind * 2 + absent
    starts = np.flatnonzero(np.diff(kind, prepend=kind[0] - 1)).tolist()
    made = []
    for begin, end in zip(starts, [*starts[1:], count], strict=True):
        part = [
            column[begin:end] if isinstance(column, np.ndarray) else column for column in columns
        ]
        for place, absent in nullable:
            if absent[begin]:
                part[place] = None
        made.append(_run(part, end - begin))
    return made


def _run(columns: Sequence[Column], count: int) -> Run:
    """Give the cells of rows that have their values, and their NULLs, in the same places."""
    types = []
    body = bytearray()
    wide: list[tuple[int, str, Integers]] = []
    for column in _without_end(columns):
        if column is None:
            types.append(_NULL)
            continue
        low, high = (column, column) if isinstance(column, int) else _ends(column)
        if low == high and low in (0, 1):
            types.append(_ONE if low else _NOUGHT)
            continue
        code, size, form = _width(low, high)
        types.append(code)
        if low == high:
            body += low.to_bytes(size, "big", signed=True)
        else:
            assert isinstance(column, np.ndarray)
            wide.append((len(body), form, column))
            body += bytes(size)
    header = bytes((len(types) + 1, *types))
    length = len(header) + len(body)
    cell = _length(length) + header + bytes(body)
    if not wide:
        return cell * count, len(cell), count
    table: NDArray[Any] = np.empty((count, len(cell)), np.uint8)
    table[:] = np.frombuffer(cell, np.uint8)
    start = len(cell) - len(body)
    for offset, form, column in wide:
        place = np.ndarray((count,), form, table, start + offset, (len(cell),))
        place[:] = column
    return table.tobytes(), len(cell), count


def _without_end(columns: Sequence[Column]) -> Sequence[Column]:
    """Leave out the NULLs at the end."""
    end = len(columns)
    while columns[end - 1] is None:
        end -= 1
    return columns[:end]


def _ends(column: Integers) -> tuple[int, int]:
    return int(column.min()), int(column.max())


def _width(low: int, high: int) -> tuple[int, int, str]:
    for code, size, form in _TYPES:
        if -(1 << (8 * size - 1)) <= low and high < 1 << (8 * size - 1):
            return code, size, form
    raise ValueError(f"{low} to {high} does not fit into 64 bits")


def _length(length: int) -> bytes:
    """Give a length as SQLite's variable integer; a row has less than 16384 bytes."""
    return bytes((length,)) if length < 0x80 else bytes((length >> 7 | 0x80, length & 0x7F))


# -- pages --


class Leaves:
    """A stretch of a b-tree: rows in order of the key, as leaf pages.

    The first page's cells and the last ones are held back, since what stands before
    and behind them in the tree is not known yet.
    """

    def __init__(self, file: PageFile) -> None:
        self._file = file
        self._room = file.size - _LEAF_HEADER
        #: Cells before the pages.
        self.head: list[bytes] = []
        #: Pages, each followed by its divider.
        self.pages: list[int] = []
        self.dividers: list[bytes] = []
        #: Cells behind the pages; never empty where there are some.
        self.tail: list[bytes] = []
        self._tail_bytes = 0
        self._full = False

    def add(self, columns: Sequence[Column], count: int) -> None:
        """Add rows that come after all others; at most 60 columns have NULLs among them."""
        for data, size, number in runs(columns, count):
            done = 0
            while done < number:
                if self._full:
                    self._flush()
                if self.head and not self.tail:
                    done += self._whole_pages(data, size, number, done)
                cell = data[done * size : (done + 1) * size]
                self.tail.append(cell)
                self._tail_bytes += len(cell) + 2
                # The first one that does not fit is the divider.
                self._full = self._tail_bytes > self._room
                done += 1

    def _flush(self) -> None:
        """Let go of a page and its divider: something follows them."""
        if not self.head:
            self.head = self.tail
        else:
            self.pages += self._file.append([leaf(self._file.size, self.tail[:-1])])
            self.dividers.append(self.tail[-1])
        self.tail, self._tail_bytes, self._full = [], 0, False

    def _whole_pages(self, data: bytes, size: int, number: int, done: int) -> int:
        """Make pages of cells of one size, as many as there are; give the cells used."""
        each = self._room // (size + 2)
        # At least one cell stays, to follow the last divider.
        count = (number - done - 1) // (each + 1)
        if count <= 0:
            return 0
        start = _leaf_start(self._file.size, each, size)
        step = (each + 1) * size
        begin = done * size
        places = range(begin, begin + count * step, step)
        self.pages += self._file.append([start + data[at : at + each * size] for at in places])
        self.dividers += [data[at + each * size : at + step] for at in places]
        return count * (each + 1)


def _leaf_start(page_size: int, count: int, size: int) -> bytes:
    """Give what stands before the cells in a leaf of *count* cells of one size."""
    content = page_size - count * size
    pointers = np.arange(content, page_size, size, dtype=">u2").tobytes()
    start = struct.pack(">BHHHB", _LEAF, 0, count, content, 0) + pointers
    return start + bytes(content - len(start))


def leaf(page_size: int, cells: Sequence[bytes]) -> bytes:
    """Make a leaf page."""
    return _page(page_size, struct.pack(">BHH", _LEAF, 0, len(cells)), b"", cells)


def interior(page_size: int, children: Sequence[int], dividers: Sequence[bytes]) -> bytes:
    """Make an interior page of n + 1 children and the n dividers between them."""
    cells = [
        child.to_bytes(4, "big") + divider
        for child, divider in zip(children[:-1], dividers, strict=True)
    ]
    start = struct.pack(">BHH", _INTERIOR, 0, len(cells))
    return _page(page_size, start, children[-1].to_bytes(4, "big"), cells)


def _page(page_size: int, start: bytes, end: bytes, cells: Sequence[bytes]) -> bytes:
    content = page_size - sum(map(len, cells))
    pointers, place = [], content
    for cell in cells:
        pointers.append(place)
        place += len(cell)
    head = start + struct.pack(">HB", content & 0xFFFF, 0) + end
    head += struct.pack(f">{len(cells)}H", *pointers)
    return head + bytes(content - len(head)) + b"".join(cells)


class _Tree:
    """Children and the dividers between them, from left to right."""

    def __init__(self, file: PageFile) -> None:
        self.file = file
        self.children: list[int] = []
        self.dividers: list[bytes] = []

    def take(self, cells: list[bytes], *, last: bool) -> None:
        """Make leaves of cells; but for the *last* a divider follows each."""
        room = self.file.size - _LEAF_HEADER
        while True:
            count, used = 0, 0
            for cell in cells:
                used += len(cell) + 2
                if used > room:
                    break
                count += 1
            left = len(cells) - count
            if last and not left:
                self.children += self.file.append([leaf(self.file.size, cells)])
                return
            if not last and left <= 1:
                count = len(cells) - 1
            elif left == 1 or (not last and left == 2):
                # The divider must have something on its right.
                count -= 1
            self.children += self.file.append([leaf(self.file.size, cells[:count])])
            self.dividers.append(cells[count])
            cells = cells[count + 1 :]
            if not cells:
                return


def finish(file: PageFile, root: int, stretches: Iterable[Leaves]) -> None:
    """Make a tree of stretches that are in order of the key; *root* is its first page."""
    tree = _Tree(file)
    waiting: list[bytes] = []
    for stretch in stretches:
        waiting += stretch.head
        if stretch.pages:
            tree.take(waiting, last=False)
            tree.children += stretch.pages
            tree.dividers += stretch.dividers
            waiting = []
        waiting += stretch.tail
    size = file.size
    if not tree.children and sum(len(cell) + 2 for cell in waiting) <= size - _LEAF_HEADER:
        file.replace(root, leaf(size, waiting))
        return
    tree.take(waiting, last=True)
    children, dividers = tree.children, tree.dividers
    while True:
        groups = _groups(size, dividers)
        if len(groups) == 1:
            file.replace(root, interior(size, children, dividers))
            return
        pages = [interior(size, children[a : b + 1], dividers[a:b]) for a, b in groups]
        dividers = [dividers[b] for _, b in groups[:-1]]
        children = file.append(pages)


def _groups(page_size: int, dividers: Sequence[bytes]) -> list[tuple[int, int]]:
    """Divide the dividers into pages; between two groups one is left out, for above."""
    groups = []
    begin, used = 0, 0
    # The last one must not be left out: there is always room for one more.
    room = page_size - _INTERIOR_HEADER - max(map(len, dividers)) - 6
    for place, divider in enumerate(dividers):
        used += len(divider) + 6
        if used > room and place < len(dividers) - 1:
            groups.append((begin, place))
            begin, used = place + 1, 0
    groups.append((begin, len(dividers)))
    return groups
