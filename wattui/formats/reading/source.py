# SPDX-License-Identifier: GPL-3.0-or-later
"""A file to import: its bytes and its lines in blocks, and its beginning.

Lines are returned as text that ends in LF, whichever program wrote them: byte-order marks are
removed, the UTF-16 of Windows is decoded, bytes that are not UTF-8 are read as Latin-1, CR LF
and CR become LF.  Files that were compressed with gzip are read as they were before.
"""

from __future__ import annotations

import codecs
import gzip
import io
import os
import stat
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import IO, Final, cast

from wattui.errors import Cancelled, FormatError
from wattui.formats.reading.column_choice import ColumnChoice
from wattui.measurement.clock import microseconds
from wattui.measurement.events import Event, MeterInfo

#: Called with the amount that is done, and the total.
Progress = Callable[[int, int], None]

#: Bytes that are read in one step: about ten thousand lines.
BLOCK_BYTES: Final = 1 << 20

#: Bytes of the beginning from which a format is detected.
HEAD_BYTES: Final = 1 << 16

#: Characters of the longest line that is read.
LONGEST_LINE: Final = 1 << 16

#: Most skipped lines that are listed with their reason; all of them are counted.
MOST_LISTED: Final = 1_000

#: The beginning of a file made by gzip.
_GZIP: Final = b"\x1f\x8b"

#: Name of the handler that reads bytes as Latin-1 where they are not UTF-8.
_LATIN_1: Final = "wattui.latin-1"

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
        return f"{shown_name(self.path)}, {where}: {self.reason}"


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
    """The user's information about a file that does not contain it itself."""

    #: Seconds between two records; None: taken from the file or its times, else 1.
    interval: float | None = None
    #: Start of the first interval, in microseconds UTC; None: such that the last record is
    #: as old as the file.
    start: int | None = None
    #: Time zone of local times; None is that of this machine.
    zone: tzinfo | None = None
    #: Name of the meter; empty: the one in the file, else the file's name.
    meter: str = ""
    #: What the columns of a table hold; empty: what the file itself says.
    columns: tuple[ColumnChoice, ...] = ()
    #: How the times of a table are written; empty: what they look like.
    time_format: str = ""
    #: Sign between the cells of a table, a blank for any number of them; empty: found out.
    delimiter: str = ""
    #: Decimal sign of a table; empty: found out.
    decimal: str = ""
    #: Which line of a table names its columns, of those that are not empty, from 1 on; 0: none;
    #: None: found out.
    header: int | None = None

    @property
    def of_table(self) -> bool:
        """Whether the file is to be read as a table, whatever its format."""
        return bool(
            self.columns
            or self.time_format
            or self.delimiter
            or self.decimal
            or self.header is not None
        )


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
            more = b""
            while len(more) < size and (data := _some(file, size - len(more), path)):
                more += data
            raw += more
            lines = _decoder(raw).decode(raw).removeprefix("\ufeff").split("\n")
            whole = len(more) < size
            if not whole and len(lines) > 1:
                lines.pop()
            if whole or not all(line.startswith("# ") for line in lines):
                break
            size = len(raw)
    if not raw.strip(b"\0\x1a\r\n\t \xef\xbb\xbf\xff\xfe"):
        raise FormatError(f"{shown_path(path)} is empty", "There is nothing in it to import.")
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
        #: Its name in messages.
        self.name = shown_name(path)
        self.assumptions = assumptions or Assumptions()
        self.skipped = skipped if skipped is not None else SkippedLines()
        #: The assumptions, in order; the values have no meaning.
        self.notes: dict[str, None] = {}
        #: The file's information about its meters, by the names that it uses for them.
        self.meters: dict[str, MeterInfo] = {}
        #: Marks that the file contains.
        self.events: list[Event] = []
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
        with _opened(self.path) as file:
            while True:
                if self.cancelled is not None and self.cancelled():
                    raise Cancelled(f"The import of {self.name} was cancelled")
                data = _some(file, BLOCK_BYTES, self.path, self._cut_off)
                if not data:
                    return
                yield data
                if self._progress is not None:
                    # Of a compressed file, the bytes on the disk.
                    raw = file.fileobj if isinstance(file, gzip.GzipFile) else file
                    done = cast("IO[bytes]", raw).tell()
                    self._progress(done, max(self.size, done))

    def _cut_off(self) -> None:
        self.note("The compressed file is incomplete: everything up to its end was read")

    def end(self, size: int) -> bytes:
        """Return the last bytes of the file.

        Raises
        ------
        FormatError
            The file cannot be read.
        """
        last = b""
        with _opened(self.path) as file:
            if not isinstance(file, gzip.GzipFile):
                file.seek(max(0, self.size - size))
            while data := _some(file, BLOCK_BYTES, self.path):
                last = (last + data)[-size:]
        return last

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
        check: codecs.IncrementalDecoder | None = None
        for data in self.blocks():
            if decoder is None:
                decoder = _decoder(data)
                if _encoding(data) == "utf-8":
                    check = codecs.getincrementaldecoder("utf-8")()
                yield decoder.decode(data).removeprefix("\ufeff")
            else:
                yield decoder.decode(data)
            try:
                if check is not None and not (data.isascii() and not check.getstate()[0]):
                    check.decode(data)
            except UnicodeDecodeError:
                self.note("The file is not UTF-8: bytes that are not UTF-8 were read as Latin-1")
                check = None
        if decoder is not None:
            yield decoder.decode(b"", final=True)


def _decoder(raw: bytes) -> io.IncrementalNewlineDecoder:
    """Make the decoder of a file that begins with *raw*."""
    encoding = _encoding(raw)
    errors = _LATIN_1 if encoding == "utf-8" else "replace"
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    return io.IncrementalNewlineDecoder(decoder, translate=True)


def _encoding(raw: bytes) -> str:
    """Return the encoding of a file that begins with *raw*."""
    # UTF-16 of Windows without its mark: every other byte is 0.
    start = raw[:64]
    if len(start) >= 8 and not any(start[1::2]) and all(start[::2]):
        return "utf-16-le"
    return next((name for mark, name in _MARKS if raw.startswith(mark)), "utf-8")


def _as_latin_1(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error(_LATIN_1, _as_latin_1)


#: How the temporary folder begins that holds the contents of pipes.
COPIES: Final = "wattui-import-"


def shown_name(path: Path) -> str:
    """Return the name of a file for messages."""
    return _shown(path.name)


def shown_path(path: Path) -> str:
    """Return the path of a file for messages; of a copy of a pipe, the name of the pipe."""
    is_copy = path.parent.parent.name.startswith(COPIES)
    return shown_name(path) if is_copy else _shown(str(path))


def _shown(name: str) -> str:
    """Return a name with escapes for bytes that are not UTF-8, on one line."""
    return shown_text(os.fsencode(name).decode("utf-8", "backslashreplace"))


def shown_text(text: str) -> str:
    """Return a text of a file without characters that control a terminal or end a line."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _opened(path: Path) -> IO[bytes] | gzip.GzipFile:
    try:
        # Opening a pipe would wait for the program at its other end.
        if not stat.S_ISREG(path.stat().st_mode) and not path.is_dir():
            raise FormatError(
                f"{shown_path(path)} is a pipe or a device, not a file",
                "Save it as a file, or import it on the command line with `wattui import`.",
            )
        file = path.open("rb")
        if file.read(len(_GZIP)) != _GZIP:
            file.seek(0)
            return file
        file.close()
        return gzip.GzipFile(path, "rb")
    except OSError as error:
        raise _unreadable(path, error) from error


def _some(
    file: IO[bytes] | gzip.GzipFile,
    size: int,
    path: Path,
    cut_off: Callable[[], None] = lambda: None,
) -> bytes:
    """Read up to *size* bytes; none at the end, also of a compressed file that is cut off."""
    try:
        # Everything that comes before an early end.
        return file.read1(size) if isinstance(file, gzip.GzipFile) else file.read(size)
    except EOFError:
        cut_off()
        return b""
    except zlib.error as error:
        raise FormatError(
            f"{shown_path(path)} is damaged ({error})", "Unpack it, and import the result."
        ) from error
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> FormatError:
    reason = error.strerror or str(error)
    return FormatError(
        f"{shown_path(path)} cannot be read ({reason})",
        "Check its name and that you are allowed to read it.",
    )
