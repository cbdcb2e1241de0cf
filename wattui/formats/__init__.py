# SPDX-License-Identifier: GPL-3.0-or-later
"""File formats, one per module: reader and writer together.

::

    form = detect(path)                   # by what is in the file, not by its name
    for block in read(path):              # arrays: times, fields, intervals
        ...
    write(session, path, "2011-log")      # if the format can hold it

:func:`wattui.formats.import_files.import_files` makes a session from files.
"""

from __future__ import annotations

from wattui.formats.registry import all_formats, detect, read, write, write_csv, write_job

__all__ = ["all_formats", "detect", "read", "write", "write_csv", "write_job"]
