# SPDX-License-Identifier: GPL-3.0-or-later
"""A file to import: its bytes in blocks, its lines in whole blocks, its beginning.

Lines come out as text that ends in LF, whatever wrote them: byte-order marks are removed,
the UTF-16 of Windows is decoded, CR LF and CR become LF.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import IO, Final

from wattui.errors import Cancelled, FormatError
from wattui.measurement.clock import microseconds
from wattui.measurement.events import MeterInfo

#: Called with the amount that is done, and the whole amount.
Progress = Callable[[int, int], None]

#: Bytes that are read at once: some ten thousand lines.
BLOCK_BYTES: Final = 1 << 20

#: Bytes of the beginning from which a format is detected.
HEAD_BYTES: Final = 1 << 16

#: Characters of the longest line that is read.
LONGEST_LINE: Final = 1 << 16

#: Most skipped lines that are listed with their reason; all of them are counted.
MOST_LISTED: Final = 1_000

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A line that could not be read."""

    path: Path
    #: Counted from 1; 0 if the format has no lines.
    line: int
    #: Why: a few words without a full stop.
    reason: str

    def __str__(self) -> str:
        where = f"line {self.line}" if self.line else "packets"
        return f"{self.path.name}, {where}: {self.reason}"


@dataclass(slots=True)
class SkippedLines:
    """The broken lines of an import: the first ones with their reasons, all of them counted."""

    listed: list[Skipped] = field(default_factory=list)
    count: int = 0

    def add(self, path: Path, line: int, reason: str) -> None:
        """Add a broken line."""
        self.count += 1
        if len(self.listed) < MOST_LISTED:
            self.listed.append(Skipped(path, line, reason))


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What the user says about a file where the file itself does not."""

    #: Seconds between two records; None: taken from the file or its times, else 1.
    interval: float | None = None
    #: Start of the first interval, in microseconds UTC; None: such that the last record is
    #: as old as the file.
    start: int | None = None
    #: Time zone of local times; None is that of this machine.
    zone: tzinfo | None = None
    #: Name of the meter; empty: the one in the file, else the file's name.
    meter: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of a file."""

    #: Bytes as they are.
    raw: bytes
    #: The first lines as text; an incomplete last line is left out unless it is the only one.
    lines: tuple[str, ...]

    def data_lines(self, comment: str = "#") -> list[str]:
        """Return the lines that are neither empty nor a comment."""
        return [one for one in self.lines if one.strip() and not one.startswith(comment)]


def read_head(path: Path) -> Head:
    """Read the beginning of a file, up to a line that is not a comment at least.

    Raises
    ------
    FormatError
        It cannot be read, or is empty.
    """
    raw, size = b"", HEAD_BYTES
    with _opened(path) as file:
        while True:
            try:
                more = file.read(size)
            except OSError as error:
                raise _unreadable(path, error) from error
            raw += more
            lines = _decoder(raw).decode(raw).removeprefix("\ufeff").split("\n")
            whole = len(more) < size
            if not whole and len(lines) > 1:
                lines.pop()
            if whole or not all(line.startswith("# ") for line in lines):
                break
            size = len(raw)
    if not raw.strip(b"\0\x1a\r\n\t \xef\xbb\xbf\xff\xfe"):
        raise FormatError(f"{path} is empty", "There is nothing in it to import.")
    return Head(raw, tuple(line for line in lines if line))


class Source:
    """One file that is being read.

    Parameters
    ----------
    path
        The file.
    assumptions
        What the user says about it.
    skipped
        Collects the broken lines.
    progress
        Called with the bytes read from this file and its size.
    cancelled
        Called before each block; True ends the reading.
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
        #: What was assumed, in that order; the values mean nothing.
        self.notes: dict[str, None] = {}
        #: What the file says about its meters, by the names it uses for them.
        self.meters: dict[str, MeterInfo] = {}
        self._progress = progress
        #: Called before each block; True ends the reading.
        self.cancelled = cancelled
        try:
            found = path.stat()
        except OSError as error:
            raise _unreadable(path, error) from error
        self.size = found.st_size
        #: When the file was last written, in microseconds UTC.
        self.written = microseconds(found.st_mtime)

    @property
    def zone(self) -> tzinfo | None:
        """Time zone of the file's local times; None is the local one."""
        return self.assumptions.zone

    def note(self, text: str) -> None:
        """Record an assumption; the same one only once."""
        self.notes.setdefault(text)

    def skip(self, line: int, reason: str) -> None:
        """Record a line that cannot be read."""
        self.skipped.add(self.path, line, reason)

    def blocks(self) -> Iterator[bytes]:
        """Yield the bytes as they are, one block at a time.

        Raises
        ------
        FormatError
            The file cannot be read.
        Cancelled
            *cancelled* returned True.
        """
        done = 0
        with _opened(self.path) as file:
            while True:
                if self.cancelled is not None and self.cancelled():
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

    def lines(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the number of a line, counted from 1, and the lines from there, many at a time."""
        number, rest = 1, ""
        for text in self._texts():
            lines = (rest + text).split("\n")
            rest = lines.pop()
            if lines:
                yield number, lines
                number += len(lines)
            if len(rest) > LONGEST_LINE:
                self.skip(number, "the line has no end")
                # What follows it up to the next line end is not read either.
                rest = "\N{REPLACEMENT CHARACTER}"
        if rest:
            yield number, [rest]

    def _texts(self) -> Iterator[str]:
        decoder: io.IncrementalNewlineDecoder | None = None
        for data in self.blocks():
            if decoder is None:
                decoder = _decoder(data)
                yield decoder.decode(data).removeprefix("\ufeff")
            else:
                yield decoder.decode(data)
        if decoder is not None:
            yield decoder.decode(b"", final=True)


def _decoder(raw: bytes) -> io.IncrementalNewlineDecoder:
    """Make the decoder of a file that begins with *raw*."""
    encoding = next((name for mark, name in _MARKS if raw.startswith(mark)), "utf-8")
    # UTF-16 of Windows without its mark: every other byte is 0.
    start = raw[:64]
    if len(start) >= 8 and not any(start[1::2]) and all(start[::2]):
        encoding = "utf-16-le"
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    return io.IncrementalNewlineDecoder(decoder, translate=True)


def _opened(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> FormatError:
    reason = error.strerror or str(error)
    return FormatError(
        f"{path} cannot be read ({reason})", "Check its name and that you are allowed to read it."
    )
