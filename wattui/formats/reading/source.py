# SPDX-License-Identifier: GPL-3.0-or-later
"""A file to import: its bytes in blocks, its lines in whole blocks, its beginning.

Whatever wrote it, lines come out as UTF-8 that end in LF: byte-order marks are taken
off, UTF-16 of Windows is converted, CR LF and CR become LF.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import IO, Final

from wattui.errors import Cancelled, FormatError
from wattui.formats.reading.block import Assumptions, Progress, SkippedLines
from wattui.measurement.clock import microseconds
from wattui.measurement.events import MeterInfo

#: Bytes that are read at once: some ten thousand lines.
BLOCK_BYTES: Final = 1 << 20

#: Bytes of the beginning by which a format is told.
HEAD_BYTES: Final = 1 << 16

#: A line that is longer is none.
LONGEST_LINE: Final = 1 << 16

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


#: Bytes before the first line of a block, so that a word can begin before it.
PAD: Final = 16

_PADDING: Final = b"\n" * PAD


@dataclass(slots=True)
class Lines:
    """Whole lines of a file, each with its LF."""

    #: The lines, from :data:`PAD` on; what follows them is to come again.
    padded: bytes
    #: Where the last one has ended.
    end: int
    #: Number of the first one, from 1.
    first: int
    #: How many they are, where whoever reads them has counted; counting twice takes time.
    count: int | None = None

    @property
    def data(self) -> bytes:
        """The lines alone."""
        return self.padded[PAD : self.end]


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of a file."""

    #: Bytes as they are.
    raw: bytes
    #: The first lines as text; one that is cut off is left out unless it is the only one.
    lines: tuple[str, ...]

    def data_lines(self, comment: str = "#") -> list[str]:
        """Give the lines that are neither empty nor a comment."""
        return [one for one in self.lines if one.strip() and not one.startswith(comment)]


def read_head(path: Path) -> Head:
    """Read the beginning of a file.

    Raises
    ------
    FormatError
        It cannot be read, or is empty.
    """
    with _opened(path) as file:
        try:
            raw = file.read(HEAD_BYTES)
        except OSError as error:
            raise _unreadable(path, error) from error
    if not raw.strip(b"\0\x1a\r\n\t \xef\xbb\xbf\xff\xfe"):
        raise FormatError(f"{path} is empty", "There is nothing in it to import.")
    encoding, mark = _encoding(raw)
    text = raw[mark:].decode(encoding, "replace").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    if len(raw) == HEAD_BYTES and len(lines) > 1:
        lines.pop()
    return Head(raw, tuple(line for line in lines if line))


class Source:
    """One file that is being read.

    Parameters
    ----------
    path
        The file.
    assumptions
        What a person says of it.
    skipped
        Takes the broken lines.
    progress
        Called with the bytes read of this file and its size.
    cancelled
        Asked at each block.
    """

    def __init__(
        self,
        path: Path,
        assumptions: Assumptions | None = None,
        skipped: SkippedLines | None = None,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> None:
        self.path = path
        self.assumptions = assumptions or Assumptions()
        self.skipped = skipped if skipped is not None else SkippedLines()
        #: What was assumed, in the order in which it was; the values mean nothing.
        self.notes: dict[str, None] = {}
        #: What the file tells of its meters, by the names that it has for them.
        self.meters: dict[str, MeterInfo] = {}
        self._progress = progress
        self._cancelled = cancelled
        try:
            found = path.stat()
        except OSError as error:
            raise _unreadable(path, error) from error
        self.size = found.st_size
        #: When the file was written last, in microseconds UTC.
        self.written = microseconds(found.st_mtime)

    @property
    def zone(self) -> tzinfo | None:
        """Time zone of the file's local times; None is the local one."""
        return self.assumptions.zone

    def note(self, text: str) -> None:
        """Keep a note on what was assumed; the same one only once."""
        self.notes.setdefault(text)

    def skip(self, line: int, reason: str) -> None:
        """Take note of a line that cannot be read."""
        self.skipped.add(self.path, line, reason)

    def blocks(self) -> Iterator[bytes]:
        """Give the bytes as they are, a block at a time.

        Raises
        ------
        FormatError
            The file cannot be read.
        Cancelled
            Somebody asked for it to stop.
        """
        done = 0
        with _opened(self.path) as file:
            while True:
                if self._cancelled is not None and self._cancelled():
                    raise Cancelled(f"The import of {self.path.name} was cancelled")
                try:
                    data = file.read(BLOCK_BYTES)
                except OSError as error:
                    raise _unreadable(self.path, error) from error
                if not data:
                    return
                done += len(data)
                yield data
                if self._progress is not None:
                    self._progress(done, max(self.size, done))

    def lines(self) -> Iterator[Lines]:
        """Give the lines, many at a time, each ended by LF."""
        rest = b""
        number = 1
        for data in self._plain():
            padded = b"".join((_PADDING, rest, data))
            end = padded.rfind(b"\n", PAD) + 1
            if not end and len(padded) > LONGEST_LINE:
                self.skip(number, "the line has no end")
                # What follows it up to the next line end is not read either.
                rest = padded[-1:]
                continue
            if end:
                lines = Lines(padded, end, number)
                yield lines
                if lines.count is None:
                    lines.count = padded.count(b"\n", PAD, end)
                number += lines.count
            rest = padded[end or PAD :]
        if rest:
            yield Lines(b"".join((_PADDING, rest, b"\n")), PAD + len(rest) + 1, number)

    def _plain(self) -> Iterator[bytes]:
        """Give the bytes as UTF-8 with LF at the line ends."""
        held = b""
        decoder: codecs.IncrementalDecoder | None = None
        for number, data in enumerate(self.blocks()):
            if not number:
                encoding, mark = _encoding(data)
                data = data[mark:]
                if encoding != "utf-8":
                    decoder = codecs.getincrementaldecoder(encoding)("replace")
            if decoder is not None:
                data = decoder.decode(data).encode("utf-8", "replace")
            if held:
                data, held = held + data, b""
            if b"\r" in data:
                if data.endswith(b"\r"):
                    data, held = data[:-1], b"\r"
                data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            yield data
        yield held and b"\n"


def _encoding(raw: bytes) -> tuple[str, int]:
    """Give the encoding and the length of the byte-order mark."""
    for mark, name in _MARKS:
        if raw.startswith(mark):
            return name, len(mark)
    # Windows' UTF-16 without its mark: every other byte is nought.
    start = raw[:64]
    if len(start) >= 8 and not any(start[1::2]) and all(start[::2]):
        return "utf-16-le", 0
    return "utf-8", 0


def _opened(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> FormatError:
    reason = error.strerror or str(error)
    return FormatError(f"{path} cannot be read ({reason})", "Check its name and who may read it.")
