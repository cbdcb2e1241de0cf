# SPDX-License-Identifier: GPL-3.0-or-later
"""Standard input, output and error that the caller closed: ``wattui log PORT >&-``.

The next file or port that is opened would get the number of the closed stream, and what is
meant for a reader would go into a session or to a meter.  So each of the three is opened on
nothing instead, and commands work as if someone were reading.
"""

from __future__ import annotations

import io
import os
import sys
from typing import Final

_STREAMS: Final = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


def open_closed_streams() -> None:
    """Open each closed standard stream on the null device.  Call it before anything is opened.

    What a stream cannot encode, such as a name that is not UTF-8, is written as an escape.
    """
    for number, (name, mode) in enumerate(_STREAMS):
        if not _is_open(number):
            nothing = os.open(os.devnull, os.O_RDWR)
            if nothing != number:
                os.dup2(nothing, number)
                os.close(nothing)
            os.set_inheritable(number, True)
        if getattr(sys, name) is None:
            # Python found it closed.
            stream = open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
