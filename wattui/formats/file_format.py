# SPDX-License-Identifier: GPL-3.0-or-later
"""The description of a file format: how it is detected, read and written.

A format is one module that ends in a :class:`Format`, listed in
:mod:`wattui.formats.registry`.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from wattui.desktop.program_command import extra_hint
from wattui.errors import PackageMissing
from wattui.formats.export_job import Dialect, ExportJob
from wattui.formats.reading.block import Block
from wattui.formats.reading.source import Assumptions, Head, Source


class Missing(StrEnum):
    """Information that is missing in a file, and that the user may add."""

    INTERVAL = "interval"
    START = "start"
    ZONE = "zone"


@dataclass(frozen=True)
class Format:
    """One kind of file."""

    #: Name in code and on the command line.
    name: str
    #: Name that the user sees.
    title: str
    #: Usual suffix of such a file.
    suffix: str
    #: Detects the format from the beginning of a file; None if it is only written.
    recognises: Callable[[Head], bool] | None = None
    #: Yields the records of a file; broken lines go to ``source.skip``.
    read: Callable[[Source], Iterator[Block]] | None = None
    #: Yields the text of a file in parts; None if the format is only read.
    write: Callable[[ExportJob], Iterator[str]] | None = None
    #: Writes a file that is not text, at a path; None for text.
    write_file: Callable[[ExportJob, Path], None] | None = None
    #: The package that writes it, which comes with the extra of the format's name; empty for none.
    package: str = ""
    #: Variants in which it can be written.
    dialects: tuple[Dialect, ...] = (Dialect.STANDARD,)
    #: Whether some of the fields can be chosen.
    chooses_fields: bool = False
    #: Whether one file can hold several meters.
    several_meters: bool = False
    #: Information that it does not contain.
    lacks: frozenset[Missing] = frozenset()
    #: Information that is missing in a certain file, by its beginning, if files differ in that.
    missing: Callable[[Head, Assumptions], frozenset[Missing]] | None = None
    #: What is lost when a session is written in it, one sentence each.
    cannot_hold: tuple[str, ...] = ()
    #: Whether such a file says that its records were replayed.
    holds_replay: bool = False

    @property
    def is_written(self) -> bool:
        """Whether sessions can be exported in it."""
        return self.write is not None or self.write_file is not None

    def require_package(self) -> None:
        """Check that what writes it is installed.

        Raises
        ------
        PackageMissing
            It is not.
        """
        if self.package and importlib.util.find_spec(self.package) is None:
            raise PackageMissing(
                f"The format {self.name} needs {self.package}, which is not installed",
                extra_hint(self.name),
            )

    def lacks_in(self, head: Head, given: Assumptions | None = None) -> frozenset[Missing]:
        """Return what a file that begins so cannot say about its records."""
        if self.missing is None:
            return self.lacks
        return self.missing(head, given or Assumptions())
